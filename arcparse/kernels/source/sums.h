// Sums of rows of first-layer tables, in floats or in 16-bit integers, `scale` of which are 1.
#pragma once
#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif
#include <algorithm>
#include <cmath>

#include "simd.h"

namespace arcparse {

typedef int16_t Shorts __attribute__((vector_size(register_bytes), aligned(2), may_alias));

// Add numbers. A sum of integers outside the range of 16 bits becomes the nearest number inside.
inline Floats add(Floats a, Floats b) { return a + b; }
inline float add(float a, float b) { return a + b; }
inline int16_t add(int16_t a, int16_t b) { return int16_t(std::clamp(a + b, INT16_MIN, INT16_MAX)); }
inline Shorts add(Shorts a, Shorts b) {
#if defined(__AVX512BW__)
  return Shorts(_mm512_adds_epi16(__m512i(a), __m512i(b)));
#elif defined(__AVX2__)
  return Shorts(_mm256_adds_epi16(__m256i(a), __m256i(b)));
#elif defined(__SSE2__)
  return Shorts(_mm_adds_epi16(__m128i(a), __m128i(b)));
#elif defined(__ARM_NEON)
  return Shorts(vqaddq_s16(int16x8_t(a), int16x8_t(b)));
#else
  for (int i = 0; i < register_bytes / 2; i++) a[i] = add(int16_t(a[i]), int16_t(b[i]));
  return a;
#endif
}

// Write a register of sums and the bias as floats; `unit` is 1 / scale.
inline void finish(Floats sum, float, const float* bias, float* output) { store(output, sum + load(bias)); }
inline void finish(Shorts sum, float unit, const float* bias, float* output) {
  typedef int16_t Half __attribute__((vector_size(register_bytes / 2)));
  Half half[2];
  std::memcpy(half, &sum, sizeof sum);
  for (int i = 0; i < 2; i++) {
    const Floats value = __builtin_convertvector(__builtin_convertvector(half[i], Integers), Floats);
    store(output + i * lanes, value * unit + load(bias + i * lanes));
  }
}

// The register that holds such numbers. (As a template's argument, it would lose its alignment.)
template <class Number>
struct RegisterOf;
template <>
struct RegisterOf<float> {
  using Vector = Floats;
};
template <>
struct RegisterOf<int16_t> {
  using Vector = Shorts;
};

// The rows to sum up, and behind them others that are summed up next: these are fetched from memory in the meantime.
template <class Number>
struct RowList {
  const Number* const* row;
  size_t count, known;
};

template <class Number>
class RowSum {
 public:
  RowSum(const RowList<Number>& list, float scale, const float* bias, float* output)
      : list_(list), unit_(scale ? 1 / scale : 1), bias_(bias), output_(output) {}

  // Write the sums [width] with the bias [width].
  void run(int width) {
    int begin = 0;
    if constexpr (register_count == 32) begin = blocks<12>(begin, width);
    begin = blocks<8>(begin, width);
    begin = blocks<4>(begin, width);
    begin = blocks<1>(begin, width);
    for (; begin < width; begin++) {
      Number sum = 0;
      for (size_t r = 0; r < list_.count; r++) sum = add(sum, list_.row[r][begin]);
      output_[begin] = float(sum) * unit_ + bias_[begin];
    }
  }

 private:
  using Vector = typename RegisterOf<Number>::Vector;
  static constexpr int numbers = register_bytes / int(sizeof(Number));  // in a register
  static constexpr size_t ahead = 12;

  // Sum up as many registers at a time as there are, while so many are left; return the place of the rest.
  template <int registers>
  int blocks(int begin, int width) {
    for (; begin + registers * numbers <= width; begin += registers * numbers) {
      Vector sum[registers] = {};
      for (size_t r = 0; r < list_.count; r++) {
        if (r + ahead < list_.known)
          for (int i = 0; i < registers * numbers; i += 64 / int(sizeof(Number)))
            __builtin_prefetch(list_.row[r + ahead] + begin + i);
        auto* own = reinterpret_cast<const Vector*>(list_.row[r] + begin);
        for (int i = 0; i < registers; i++) sum[i] = add(sum[i], own[i]);
      }
      for (int i = 0; i < registers; i++) {
        const int at = begin + i * numbers;
        finish(sum[i], unit_, bias_ + at, output_ + at);
      }
    }
    return begin;
  }

  const RowList<Number> list_;
  const float unit_;
  const float* bias_;
  float* output_;
};

// Write the sums of rows and the bias [width].
template <class Number>
void sum_rows(const RowList<Number>& list, int width, float scale, const float* bias, float* output) {
  RowSum<Number>(list, scale, bias, output).run(width);
}

}  // namespace arcparse
