// The network, and the scores of some configurations at once.
#pragma once
#include "dense.h"
#include "tables.h"

namespace arcparse {

// The layers above the first: rectified ones, then the output.
class Layers {
 public:
  explicit Layers(bool cube) : cube_(cube) {}
  void add(Dense layer) { layers_.push_back(std::move(layer)); }

  size_t size() const { return layers_.size(); }
  const Dense& operator[](size_t i) const { return layers_[i]; }

  // Write an input row of the lowest layer from the sums of the first one [width], which are changed.
  void put(float* sum, int width, char* row) const {
    if (!cube_) return layers_[0].put_relu(sum, row);
    for (int i = 0; i < width; i++) sum[i] = sum[i] * sum[i] * sum[i];
    layers_[0].put(sum, row);
  }

 private:
  bool cube_;
  std::vector<Dense> layers_;
};

// Scores configurations of several sentences together, equal ones of a sentence once.
class Scorer {
 public:
  // `most`: configurations that can be scored at once
  Scorer(const Slots& slots, const FeatureTables& tables, const Layers& layers, size_t most)
      : slots_(slots), tables_(tables), layers_(layers), sum_(size_t(tables.width())), node_(size_t(slots.size())),
        seen_size_(size_t(slots.size()) + tables.label_positions().size()), seen_(most * seen_size_), hash_(most),
        start_(most + 1), row_(most * tables.positions()) {
    for (size_t i = 0; i < layers.size(); i++) {
      inputs_.emplace_back(most * size_t(layers[i].row_bytes()));
      outputs_.emplace_back(most * size_t(layers[i].width()) + lanes);
    }
  }

  int count() const { return count_; }
  void clear() { count_ = 0; }

  // Note a configuration; return the row that its scores will have. Rows from `since` on belong to the same sentence.
  int add(const Configuration& c, const Nodes& nodes, const Block& main, const Block& tags, int since) {
    int32_t *token = seen_.data() + size_t(count_) * seen_size_, *label = token + slots_.size();
    const uint64_t hash = see(c, nodes, token, label);
    for (int row = since; row < count_; row++)
      if (hash_[size_t(row)] == hash &&
          std::memcmp(seen_.data() + size_t(row) * seen_size_, token, seen_size_ * sizeof(int32_t)) == 0)
        return row;
    hash_[size_t(count_)] = hash;
    const size_t start = start_[size_t(count_)];
    start_[size_t(count_) + 1] = start + tables_.rows(token, label, main, tags, row_.data() + start);
    return count_++;
  }

  // Score all that is noted.
  void run() {
    const size_t known = start_[size_t(count_)];
    for (int i = 0; i < count_; i++) {
      const size_t start = start_[size_t(i)];
      tables_.sum(row_.data() + start, start_[size_t(i) + 1] - start, known - start, sum_.data());
      layers_.put(sum_.data(), tables_.width(), inputs_[0].data() + size_t(i) * size_t(layers_[0].row_bytes()));
    }
    for (size_t layer = 0; layer < layers_.size(); layer++) {
      layers_[layer](inputs_[layer].data(), count_, outputs_[layer].data());
      if (layer + 1 < layers_.size())
        for (int i = 0; i < count_; i++)
          layers_[layer + 1].put_relu(outputs_[layer].data() + size_t(i) * size_t(layers_[layer].width()),
                                      inputs_[layer + 1].data() + size_t(i) * size_t(layers_[layer + 1].row_bytes()));
    }
  }

  // The scores of a row's actions, with room to read whole registers.
  const float* scores(int row) const {
    return outputs_.back().data() + size_t(row) * size_t(layers_[layers_.size() - 1].width());
  }

 private:
  // Write all that the network sees of a configuration: the token of each slot, the label of each label position.
  uint64_t see(const Configuration& c, const Nodes& nodes, int32_t* token, int32_t* label) {
    slots_.locate(c, nodes, node_.data());
    for (size_t i = 0; i < node_.size(); i++) token[i] = nodes[node_[i]].token;
    for (const int32_t slot : tables_.label_positions()) *label++ = nodes[node_[size_t(slot)]].label;
    uint64_t hash = 0;
    for (size_t i = 0; i < seen_size_; i++) hash = (hash ^ uint32_t(token[i])) * 0x9e3779b97f4a7c15u;
    return hash;
  }

  const Slots& slots_;
  const FeatureTables& tables_;
  const Layers& layers_;
  int count_ = 0;
  Aligned<float> sum_;
  std::vector<int32_t> node_;  // of each slot
  size_t seen_size_;
  std::vector<int32_t> seen_;    // [most][seen_size]
  std::vector<uint64_t> hash_;   // of each row of `seen_`
  std::vector<size_t> start_;    // of each configuration's rows in `row_`
  std::vector<const char*> row_;  // of tables
  std::vector<Aligned<char>> inputs_;  // of each layer
  std::vector<Aligned<float>> outputs_;
};

}  // namespace arcparse
