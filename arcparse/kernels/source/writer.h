// Writes an output symbol by symbol, always the best (greedy): an LSTM decoder with attention and readout (Luong et al.
// 2015), for many sources side by side.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "activations.h"
#include "dense.h"
#include "recurrent.h"

namespace arcparse {

// The sources, encoded: source i has the tokens offset[i]..offset[i + 1] - 1, at least one.
struct Memory {
  const int64_t* offset;
  const float* vector;   // [T][dimension]
  const float* summary;  // [sources][dimension]
  size_t dimension;
};

// Room for the outputs. Output i has at most limit[i] symbols and begins at begin[i] of `symbol` and `attended`.
struct Written {
  const int32_t* limit;
  const int64_t* begin;
  int32_t* symbol;
  int32_t* attended;  // the place in its source that had the most attention as a symbol was written; the last has none
  int32_t* length;
};

class Writer {
 public:
  // The layers' products, and the factor of attention's scores. Without `keys`, they are the vectors themselves.
  Writer(const std::vector<float>& embedding, std::vector<Lstm> layers, Dense bridge, std::unique_ptr<Dense> keys,
         float factor, Dense readout, Dense scores)
      : layers_(std::move(layers)),
        bridge_(std::move(bridge)),
        keys_(std::move(keys)),
        factor_(factor),
        readout_(std::move(readout)),
        scores_(std::move(scores)),
        symbol_gates_(embedding.size() / layers_[0].input().inputs() * layers_[0].input().width()) {
    const Dense& input = layers_[0].input();
    size_t size = input.inputs(), symbols = embedding.size() / size;
    Aligned<char> rows(symbols * input.row_bytes());
    for (size_t i = 0; i < symbols; i++) input.put(embedding.data() + i * size, rows.data() + i * input.row_bytes());
    input(rows.data(), int(symbols), symbol_gates_.data());
  }

  void operator()(int sources, const Memory& memory, const Written& written) const;

 private:
  class Group;
  static constexpr int together = 64;  // sources
  static constexpr int pad = 0, go = 2, end = 3;  // symbols

  int hidden() const { return layers_.back().hidden(); }

  std::vector<Lstm> layers_;
  Dense bridge_;
  std::unique_ptr<Dense> keys_;
  float factor_;
  Dense readout_, scores_;
  Aligned<float> symbol_gates_;  // [symbols]: their share in the gates of the first layer
};

// Rows of a product, from floats [count][inputs], and its results.
inline Aligned<float> product(const Dense& dense, const float* from, int count) {
  Aligned<char> rows(size_t(count) * dense.row_bytes());
  Aligned<float> result(size_t(count) * dense.width());
  for (int i = 0; i < count; i++)
    dense.put(from + size_t(i) * dense.inputs(), rows.data() + size_t(i) * dense.row_bytes());
  dense(rows.data(), count, result.data());
  return result;
}

inline void squash(float* values, int count) {  // there is room for whole registers
  for (int k = 0; k < count; k += lanes) store(values + k, tanh(load(values + k)));
}

// Sources whose outputs are written side by side. When one ends, the last takes its place.
class Writer::Group {
 public:
  Group(const Writer& writer, const Memory& memory, int first, int size)
      : writer_(writer),
        memory_(memory),
        first_token_(memory.offset[first]),
        active_(size),
        source_(size),
        last_(size, go),
        joined_(size_t(writer.readout_.inputs()) + lanes),
        readout_rows_(size_t(size) * writer.readout_.row_bytes()),
        score_rows_(size_t(size) * writer.scores_.row_bytes()),
        readout_(size_t(size) * writer.readout_.width()),
        scores_(size_t(size) * writer.scores_.width()),
        attended_(size) {
    std::iota(source_.begin(), source_.end(), first);
    if (writer.keys_) {
      int tokens = int(memory.offset[first + size] - first_token_);
      keys_ = product(*writer.keys_, memory.vector + size_t(first_token_) * memory.dimension, tokens);
    }
    start(first);
  }

  void write(const Written& written) {
    while (active_ > 0) {
      read();
      for (int i = 0; i < active_;) {
        int source = source_[i];
        int32_t& length = written.length[source];
        last_[i] = length < written.limit[source] ? best(scores_.data() + size_t(i) * writer_.scores_.width()) : end;
        if (last_[i] == end) {
          give_up(i);
          continue;
        }
        written.symbol[written.begin[source] + length] = last_[i];
        written.attended[written.begin[source] + length] = attended_[i];
        length++, i++;
      }
    }
  }

 private:
  struct Layer {
    Aligned<float> gates, state;
    Aligned<char> rows;  // of outputs
  };

  // Set the layers' states: the bridge's results, first an output and then a state for each layer.
  void start(int first) {
    const Dense& bridge = writer_.bridge_;
    Aligned<float> states = product(bridge, memory_.summary + size_t(first) * memory_.dimension, active_);
    int hidden = writer_.hidden();
    for (size_t number = 0; number < writer_.layers_.size(); number++) {
      const Lstm& lstm = writer_.layers_[number];
      size_t size = size_t(active_), width = size_t(lstm.recurrent().width());
      layers_.push_back({Aligned<float>(size * width), Aligned<float>(size * lstm.padded()),
                         Aligned<char>(size * lstm.recurrent().row_bytes())});
      Layer& layer = layers_.back();
      Aligned<float> part(size_t(lstm.padded()));
      for (int i = 0; i < active_; i++) {
        const float* own = states.data() + size_t(i) * bridge.width() + 2 * number * hidden;
        std::copy(own, own + hidden, part.data());
        squash(part.data(), hidden);
        lstm.recurrent().put(part.data(), layer.rows.data() + size_t(i) * lstm.recurrent().row_bytes());
        std::copy(own + hidden, own + 2 * hidden, layer.state.data() + size_t(i) * lstm.padded());
        squash(layer.state.data() + size_t(i) * lstm.padded(), hidden);
      }
    }
  }

  // Read the last symbols and score the next.
  void read() {
    for (size_t number = 0; number < layers_.size(); number++) {
      const Lstm& lstm = writer_.layers_[number];
      Layer& layer = layers_[number];
      size_t width = size_t(lstm.recurrent().width());
      if (number) {
        lstm.input()(layers_[number - 1].rows.data(), active_, layer.gates.data());
      } else {
        for (int i = 0; i < active_; i++) {
          const float* own = writer_.symbol_gates_.data() + size_t(last_[i]) * width;
          std::copy(own, own + width, layer.gates.data() + size_t(i) * width);
        }
      }
      lstm.recurrent().add(layer.rows.data(), active_, layer.gates.data());
      bool is_last = number + 1 == layers_.size();
      Aligned<float> output(size_t(lstm.padded()));
      for (int i = 0; i < active_; i++) {
        float* state = layer.state.data() + size_t(i) * lstm.padded();
        lstm.step(layer.gates.data() + size_t(i) * width, state, output.data());
        lstm.recurrent().put(output.data(), layer.rows.data() + size_t(i) * lstm.recurrent().row_bytes());
        if (is_last) read_out(i, output.data());
      }
    }
    const Dense &readout = writer_.readout_, &scores = writer_.scores_;
    readout(readout_rows_.data(), active_, readout_.data());
    for (int i = 0; i < active_; i++) {
      float* own = readout_.data() + size_t(i) * readout.width();
      squash(own, readout.outputs());
      scores.put(own, score_rows_.data() + size_t(i) * scores.row_bytes());
    }
    scores(score_rows_.data(), active_, scores_.data());
  }

  // Join an output with its context: the sum of its source's vectors, weighted by attention.
  void read_out(int i, const float* output) {
    int hidden = writer_.hidden();
    std::copy(output, output + hidden, joined_.data());
    float* context = joined_.data() + hidden;
    if (writer_.readout_.inputs() > hidden) attend(i, output, context);
    writer_.readout_.put(joined_.data(), readout_rows_.data() + size_t(i) * writer_.readout_.row_bytes());
  }

  void attend(int i, const float* query, float* context) {
    int64_t begin = memory_.offset[source_[i]], count = memory_.offset[source_[i] + 1] - begin;
    size_t stride = writer_.keys_ ? size_t(writer_.keys_->width()) : memory_.dimension;
    const float* key = writer_.keys_ ? keys_.data() + size_t(begin - first_token_) * stride
                                     : memory_.vector + size_t(begin) * stride;
    weight_.assign(size_t(count), 0);
    for (int64_t t = 0; t < count; t++) weight_[t] = writer_.factor_ * dot(query, key + t * stride, writer_.hidden());
    attended_[i] = int32_t(std::max_element(weight_.begin(), weight_.end() - (count > 1)) - weight_.begin());
    float most = *std::max_element(weight_.begin(), weight_.end()), total = 0;
    for (float& weight : weight_) total += weight = std::exp(weight - most);
    const float* vector = memory_.vector + size_t(begin) * memory_.dimension;
    std::fill(context, context + memory_.dimension, 0.f);
    for (int64_t t = 0; t < count; t++, vector += memory_.dimension) {
      float share = weight_[t] / total;
      for (size_t k = 0; k < memory_.dimension; k++) context[k] += share * vector[k];
    }
  }

  static float dot(const float* a, const float* b, int size) {
    Floats sum{};
    int k = 0;
    for (; k + lanes <= size; k += lanes) sum += load(a + k) * load(b + k);
    float rest = 0;
    for (; k < size; k++) rest += a[k] * b[k];
    for (int lane = 0; lane < lanes; lane++) rest += sum[lane];
    return rest;
  }

  int best(const float* scores) const {
    int found = end;
    for (int symbol = 0; symbol < writer_.scores_.outputs(); symbol++) {
      bool better = scores[symbol] > scores[found] || (scores[symbol] == scores[found] && symbol < found);
      if (better && symbol != pad && symbol != go) found = symbol;
    }
    return found;
  }

  // The last source takes the place of one whose output has ended.
  void give_up(int i) {
    int last = --active_;
    if (i == last) return;
    source_[i] = source_[last];
    attended_[i] = attended_[last];
    const size_t width = size_t(writer_.scores_.width());
    std::copy(scores_.data() + last * width, scores_.data() + (last + 1) * width, scores_.data() + i * width);
    for (size_t number = 0; number < layers_.size(); number++) {
      size_t padded = writer_.layers_[number].padded(), bytes = writer_.layers_[number].recurrent().row_bytes();
      float* state = layers_[number].state.data();
      std::copy(state + last * padded, state + (last + 1) * padded, state + i * padded);
      std::memcpy(layers_[number].rows.data() + i * bytes, layers_[number].rows.data() + last * bytes, bytes);
    }
  }

  const Writer& writer_;
  const Memory& memory_;
  int64_t first_token_;
  int active_;
  std::vector<int> source_, last_;  // the source of each place, the symbol last written
  std::vector<Layer> layers_;
  Aligned<float> keys_, joined_;
  Aligned<char> readout_rows_, score_rows_;
  Aligned<float> readout_, scores_;
  std::vector<int32_t> attended_;
  std::vector<float> weight_;
};

inline void Writer::operator()(int sources, const Memory& memory, const Written& written) const {
  std::fill(written.length, written.length + sources, 0);
  for (int first = 0; first < sources; first += together)
    Group(*this, memory, first, std::min(together, sources - first)).write(written);
}

}  // namespace arcparse
