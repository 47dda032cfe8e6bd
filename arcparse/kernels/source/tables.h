// Tables of the precomputed first layer (Chen & Manning 2014, section 3.4): it is a sum of rows, one for each feature.
//
// A table has a row for each value of a feature at each position: [values][positions][width]. Rows are stored less the
// row of NONE, and the sum of NONE's rows at all positions is in the bias: so a feature without a token costs nothing.
// Numbers are floats or, less exact and twice as fast, 16-bit integers.
#pragma once
#include <algorithm>

#include "features.h"
#include "sums.h"

namespace arcparse {

// A table that comes with each call, and the row of each token of a sentence in it.
struct Block {
  const char* table;
  const int32_t* row;
  Block from(int64_t token) const { return {table, row + token}; }
};

class FeatureTables {
 public:
  using Positions = std::vector<int32_t>;  // the slot of each

  // bias [width]; labels [number][label positions][width]; the width fills whole registers. No scale is for floats.
  FeatureTables(int width, float scale, const float* bias, Positions main, Positions tags, Positions label,
                const char* labels, int number)
      : width_(width), scale_(scale), main_(std::move(main)), tags_(std::move(tags)), label_(std::move(label)),
        bias_(bias, bias + width), labels_(size_t(number) * label_.size() * row_bytes()) {
    std::memcpy(labels_.data(), labels, size_t(number) * label_.size() * row_bytes());
  }

  int width() const { return width_; }
  size_t row_bytes() const { return size_t(width_) * (scale_ ? sizeof(int16_t) : sizeof(float)); }
  size_t positions() const { return main_.size() + tags_.size() + label_.size(); }
  const Positions& label_positions() const { return label_; }

  // Write the rows of a configuration; return their number. token [slots], label [label positions]: NONE if there is
  // none.
  size_t rows(const int32_t* token, const int32_t* label, const Block& main, const Block& tags,
              const char** row) const {
    const char** next = known(main_, token, main, row);
    next = known(tags_, token, tags, next);
    const size_t bytes = row_bytes(), positions = label_.size();
    for (size_t i = 0; i < positions; i++) {
      *next = labels_.data() + (size_t(std::max(label[i], 0)) * positions + i) * bytes;
      next += label[i] != NONE;
    }
    return size_t(next - row);
  }

  // Write the sum of rows and the bias [width]; behind the rows stand others, `known` of both together.
  void sum(const char* const* row, size_t count, size_t known, float* output) const {
    if (scale_) sum_as<int16_t>(row, count, known, output);
    else sum_as<float>(row, count, known, output);
  }

 private:
  const char** known(const Positions& slots, const int32_t* token, const Block& block, const char** next) const {
    const size_t bytes = row_bytes(), positions = slots.size();
    for (size_t i = 0; i < positions; i++) {
      const int own = token[slots[i]];
      *next = block.table + (size_t(block.row[std::max(own, 0)]) * positions + i) * bytes;
      next += own != NONE;
    }
    return next;
  }

  template <class Number>
  void sum_as(const char* const* row, size_t count, size_t known, float* output) const {
    sum_rows<Number>({reinterpret_cast<const Number* const*>(row), count, known}, width_, scale_, bias_.data(), output);
  }

  int width_;
  float scale_;
  Positions main_, tags_, label_;
  std::vector<float> bias_;
  Aligned<char> labels_;
};

}  // namespace arcparse
