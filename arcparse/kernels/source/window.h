// Tags words from the words around them: a feed-forward network over rows of its first layer (Collobert et al. 2011).
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sums.h"
#include "tags.h"

namespace arcparse {

class WindowTagger {
 public:
  // `before` words before a word and `after` behind it; `bias` [width] of the first layer.
  WindowTagger(int before, int after, std::vector<float> bias, TagLayer tags)
      : before_(before), after_(after), bias_(std::move(bias)), tags_(std::move(tags)) {}

  void add_hidden(Dense layer) { hidden_.push_back(std::move(layer)); }

  // Tag the words of sentences, which begin with the root at offset[i]. The table has a row [positions][width] for
  // row[t] of each token, and `outside` is the row of places beyond a sentence. Write tags [columns][T], 0 for the
  // root, and scores [T][outputs] unless it is null.
  template <class T>
  void operator()(int sentences, const int64_t* offset, const int32_t* row, const T* table, const T* outside,
                  float scale, int32_t* tags, float* scores) const;

  int width() const { return int(bias_.size()); }

 private:
  class Batch;

  const Dense& above(size_t layer) const { return layer < hidden_.size() ? hidden_[layer] : tags_.dense(); }

  int before_, after_;
  std::vector<float> bias_;
  std::vector<Dense> hidden_;
  TagLayer tags_;
};

// Words whose first layer is computed and whose other layers are computed together.
class WindowTagger::Batch {
 public:
  explicit Batch(const WindowTagger& tagger) : tagger_(tagger) {
    for (size_t layer = 0; layer <= tagger.hidden_.size(); layer++) {
      inputs_.emplace_back(ROWS * tagger.above(layer).row_bytes());
      outputs_.emplace_back(ROWS * tagger.above(layer).width());
    }
  }

  bool full() const { return tokens_.size() == ROWS; }

  void add(int64_t token, const float* first) {
    put(first, 0, int(tokens_.size()));
    tokens_.push_back(token);
  }

  void finish(int64_t total, int32_t* tags, float* scores) {
    int count = int(tokens_.size());
    for (size_t layer = 0; layer < tagger_.hidden_.size(); layer++) {
      const Dense& dense = tagger_.hidden_[layer];
      dense(inputs_[layer].data(), count, outputs_[layer].data());
      for (int i = 0; i < count; i++) put(outputs_[layer].data() + size_t(i) * dense.width(), layer + 1, i);
    }
    const Dense& last = tagger_.tags_.dense();
    last(inputs_.back().data(), count, outputs_.back().data());
    for (int i = 0; i < count; i++) {
      const float* own = outputs_.back().data() + size_t(i) * last.width();
      tagger_.tags_.best(own, tags + tokens_[i], total);
      if (scores) std::copy(own, own + last.outputs(), scores + size_t(tokens_[i]) * last.outputs());
    }
    tokens_.clear();
  }

 private:
  static constexpr size_t ROWS = 96;

  void put(const float* value, size_t layer, int i) {
    const Dense& dense = tagger_.above(layer);
    dense.put_relu(value, inputs_[layer].data() + size_t(i) * dense.row_bytes());
  }

  const WindowTagger& tagger_;
  std::vector<int64_t> tokens_;
  std::vector<Aligned<char>> inputs_;
  std::vector<Aligned<float>> outputs_;
};

template <class T>
void WindowTagger::operator()(int sentences, const int64_t* offset, const int32_t* row, const T* table,
                              const T* outside, float scale, int32_t* tags, float* scores) const {
  Batch batch(*this);
  Aligned<float> sum(width());
  std::vector<const T*> window(before_ + 1 + after_);
  int64_t total = offset[sentences];
  for (int i = 0; i < sentences; i++) {
    for (int64_t t = offset[i] + 1; t < offset[i + 1]; t++) {
      for (int position = 0; position < int(window.size()); position++) {
        int64_t place = t - before_ + position;
        bool inside = place >= offset[i] && place < offset[i + 1];
        const T* own = inside ? table + size_t(row[place]) * window.size() * width() : outside;
        window[position] = own + size_t(position) * width();
      }
      sum_rows<T>({window.data(), window.size(), window.size()}, width(), scale, bias_.data(), sum.data());
      batch.add(t, sum.data());
      if (batch.full()) batch.finish(total, tags, scores);
    }
  }
  batch.finish(total, tags, scores);
}

}  // namespace arcparse
