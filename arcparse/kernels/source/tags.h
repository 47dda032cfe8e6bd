// The layer that scores the tags of each column, and the best of each.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "dense.h"
#include "scores.h"

namespace arcparse {

// Return the place of the greatest score, the first of equals.
inline int best_of(const float* score, int count) {
  float most = score[0];
  int k = 0;
  if (count >= lanes) {
    Floats greatest = load(score);
    for (k = lanes; k + lanes <= count; k += lanes) greatest = maximum(load(score + k), greatest);
    most = largest(greatest);
  }
  for (; k < count; k++) most = std::max(most, score[k]);
  for (k = 0; k + lanes <= count; k += lanes)
    if (unsigned found = bits(load(score + k) == most)) return k + __builtin_ctz(found);
  for (; k < count; k++)
    if (score[k] == most) return k;
  return 0;  // some are not numbers
}

class TagLayer {
 public:
  // The columns' weights side by side; sizes[c] outputs belong to column c.
  TagLayer(Dense dense, std::vector<int> sizes) : dense_(std::move(dense)), sizes_(std::move(sizes)) {}

  const Dense& dense() const { return dense_; }

  // Write the tags with the highest scores into best[c * stride], columns one after the other.
  void best(const float* scores, int32_t* best, size_t stride) const {
    for (size_t column = 0; column < sizes_.size(); column++) {
      best[column * stride] = best_of(scores, sizes_[column]);
      scores += sizes_[column];
    }
  }

  // Tag `count` tokens from their vectors [count][inputs]: tags [columns][count], and, unless it is null, their scores
  // [count][outputs].
  void operator()(int count, const float* vectors, int32_t* tags, float* scores) const {
    Aligned<char> rows(size_t(ROWS) * dense_.row_bytes());
    Aligned<float> output(size_t(ROWS) * dense_.width());
    for (int begin = 0; begin < count; begin += ROWS) {
      int size = std::min(ROWS, count - begin);
      for (int i = 0; i < size; i++)
        dense_.put(vectors + size_t(begin + i) * dense_.inputs(), rows.data() + size_t(i) * dense_.row_bytes());
      dense_(rows.data(), size, output.data());
      for (int i = 0; i < size; i++) {
        const float* own = output.data() + size_t(i) * dense_.width();
        best(own, tags + begin + i, count);
        if (scores) std::copy(own, own + dense_.outputs(), scores + size_t(begin + i) * dense_.outputs());
      }
    }
  }

 private:
  static constexpr int ROWS = 128;

  Dense dense_;
  std::vector<int> sizes_;
};

}  // namespace arcparse
