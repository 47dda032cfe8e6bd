// Tables of the precomputed first layer (Chen & Manning 2014, section 3.4): it is a sum of rows, one for each feature.
//
// A table has a row for each value of a feature at each position: [values][positions][width]. Rows are stored less the
// row of NONE, and the sum of NONE's rows at all positions is in the bias: so a feature without a token costs nothing.
// Numbers are floats or, less exact and twice as fast, 16-bit integers, `scale` of which are 1.
#pragma once
#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include <algorithm>
#include <cmath>

#include "features.h"
#include "simd.h"

namespace arcparse {

typedef int16_t Shorts __attribute__((vector_size(register_bytes), aligned(2), may_alias));

// Add integers; a sum outside the range of 16 bits becomes the nearest number inside.
inline Shorts add_saturating(Shorts a, Shorts b) {
#if defined(__AVX512BW__)
  return Shorts(_mm512_adds_epi16(__m512i(a), __m512i(b)));
#elif defined(__AVX2__)
  return Shorts(_mm256_adds_epi16(__m256i(a), __m256i(b)));
#elif defined(__SSE2__)
  return Shorts(_mm_adds_epi16(__m128i(a), __m128i(b)));
#elif defined(__ARM_NEON)
  return Shorts(vqaddq_s16(int16x8_t(a), int16x8_t(b)));
#else
  Shorts sum;
  for (int i = 0; i < register_bytes / 2; i++) sum[i] = int16_t(std::clamp(a[i] + b[i], -32768, 32767));
  return sum;
#endif
}

// How numbers of a row are added, and how a register of sums becomes floats.
struct FloatRow {
  using Vector = Floats;
  static constexpr int numbers = lanes;
  static Vector add(Vector a, Vector b) { return a + b; }
  static void write(Vector sum, float, float* to) { store(to, sum); }
};

struct ShortRow {
  using Vector = Shorts;
  static constexpr int numbers = 2 * lanes;
  static Vector add(Vector a, Vector b) { return add_saturating(a, b); }
  static void write(Vector sum, float unit, float* to) {
    typedef int16_t Half __attribute__((vector_size(register_bytes / 2)));
    Half half[2];
    std::memcpy(half, &sum, sizeof sum);
    for (int i = 0; i < 2; i++)
      store(to + i * lanes, __builtin_convertvector(__builtin_convertvector(half[i], Integers), Floats) * unit);
  }
};

// A table that comes with each call, and the row of each token of a sentence in it.
struct Block {
  const char* table;
  const int32_t* row;
  Block from(int64_t token) const { return {table, row + token}; }
};

class FeatureTables {
 public:
  using Positions = std::vector<int32_t>;  // the slot of each
  static constexpr size_t AHEAD = 12;

  // bias [width]; labels [number][label positions][width]; the width fills whole registers. No scale is for floats.
  FeatureTables(int width, float scale, const char* bias, Positions main, Positions tags, Positions label,
                const char* labels, int number)
      : width_(width), scale_(scale), main_(std::move(main)), tags_(std::move(tags)), label_(std::move(label)),
        bias_(row_bytes()), labels_(size_t(number) * label_.size() * row_bytes()) {
    std::memcpy(bias_.data(), bias, row_bytes());
    std::memcpy(labels_.data(), labels, size_t(number) * label_.size() * row_bytes());
  }

  int width() const { return width_; }
  size_t row_bytes() const { return size_t(width_) * (scale_ ? sizeof(int16_t) : sizeof(float)); }
  size_t positions() const { return main_.size() + tags_.size() + label_.size(); }
  const Positions& label_positions() const { return label_; }

  // Write the rows of a configuration; return their number. token [slots], label [label positions]: NONE if there is none.
  size_t rows(const int32_t* token, const int32_t* label, const Block& main, const Block& tags, const char** row) const {
    const char** next = known(main_, token, main, row);
    next = known(tags_, token, tags, next);
    const size_t bytes = row_bytes(), positions = label_.size();
    for (size_t i = 0; i < positions; i++) {
      *next = labels_.data() + (size_t(std::max(label[i], 0)) * positions + i) * bytes;
      next += label[i] != NONE;
    }
    return size_t(next - row);
  }

  // Write the sum of rows and the bias [width]. The next AHEAD rows are fetched from memory meanwhile.
  void sum(const char* const* row, size_t count, float* output) const {
    if (scale_) sum_as<ShortRow>(row, count, output);
    else sum_as<FloatRow>(row, count, output);
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

  template <class Row>
  void sum_as(const char* const* row, size_t count, float* output) const {
    const int registers = width_ / Row::numbers;
    int done = 0;
    if constexpr (register_count == 32)
      for (; done + 12 <= registers; done += 12) sum_block<Row, 12>(row, count, done, output);
    for (; done + 8 <= registers; done += 8) sum_block<Row, 8>(row, count, done, output);
    for (; done + 4 <= registers; done += 4) sum_block<Row, 4>(row, count, done, output);
    for (; done < registers; done++) sum_block<Row, 1>(row, count, done, output);
  }

  // Sum the registers of all rows from `first` on.
  template <class Row, int registers>
  void sum_block(const char* const* row, size_t count, int first, float* output) const {
    using Vector = typename Row::Vector;
    const size_t from = size_t(first) * register_bytes;
    Vector sum[registers];
    for (int i = 0; i < registers; i++) sum[i] = reinterpret_cast<const Vector*>(bias_.data() + from)[i];
    for (size_t r = 0; r < count; r++) {
      for (int i = 0; i < registers * register_bytes; i += 64) __builtin_prefetch(row[r + AHEAD] + from + i);
      auto* own = reinterpret_cast<const Vector*>(row[r] + from);
      for (int i = 0; i < registers; i++) sum[i] = Row::add(sum[i], own[i]);
    }
    for (int i = 0; i < registers; i++) Row::write(sum[i], 1 / scale_, output + (first + i) * Row::numbers);
  }

  int width_;
  float scale_;
  Positions main_, tags_, label_;
  Aligned<char> bias_, labels_;
};

}  // namespace arcparse
