// Scores of a configuration's legal actions: the best of them, and the logarithm of their sum of exponentials.
#pragma once
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#include <cmath>
#include <limits>

#include "simd.h"

namespace arcparse {

// Return a bit for each lane of a comparison.
inline unsigned bits(Integers mask) {
#if defined(__AVX512DQ__)
  return _mm512_movepi32_mask(__m512i(mask));
#elif defined(__AVX2__)
  return unsigned(_mm256_movemask_ps(__m256(mask)));
#elif defined(__SSE2__)
  return unsigned(_mm_movemask_ps(__m128(mask)));
#else
  unsigned found = 0;
  for (int i = 0; i < lanes; i++) found |= unsigned(mask[i] & 1) << i;
  return found;
#endif
}

// Return e^x for x <= 0, as exact as a float: 2^n times a polynomial of the rest (Cephes' minimax coefficients).
inline Floats exponential(Floats x) {
  x = x < -87 ? broadcast(-87.f) : x;  // below, it would be less than the smallest normal number; NaN stays
  const float magic = 12582912;  // 1.5 x 2^23: the sum with it is rounded to a whole number
  const Floats shifted = x * 1.44269504f + magic, n = shifted - magic;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats sum = r * 1.9875691500e-4f + 1.3981999507e-3f;
  for (float coefficient : {8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    sum = sum * r + coefficient;
  const Integers power = (Integers(shifted) - Integers(broadcast(magic)) + 127) << 23;
  return (sum * r * r + r + 1) * Floats(power);
}

// The scores of one configuration: `width` of them, a multiple of `lanes`, and -1 for each legal action, else 0.
class LegalScores {
 public:
  struct Best {
    int action;
    float score;
  };

  LegalScores(const float* score, const int32_t* legal, int width) : score_(score), legal_(legal), width_(width) {}

  int width() const { return width_; }

  // Return the scores of actions [action, action + lanes), -infinity for an illegal one.
  Floats at(int action) const {
    const Integers legal = *reinterpret_cast<const Integers*>(legal_ + action);
    const Integers illegal = Integers(broadcast(-std::numeric_limits<float>::infinity()));
    return Floats((Integers(load(score_ + action)) & legal) | (illegal & ~legal));
  }

  // Return the best action, the first of equals; NaN if a score is not a number.
  Best best() const {
    Floats greatest = at(0), nothing = greatest != greatest ? greatest : Floats{};
    for (int a = lanes; a < width_; a += lanes) {
      const Floats own = at(a);
      nothing += own != own ? own : Floats{};
      greatest = maximum(own, greatest);
    }
    const float score = largest(greatest);
    for (int i = 0; i < lanes; i++)
      if (nothing[i] != nothing[i]) return {0, nothing[i]};
    for (int a = 0; a < width_; a += lanes)
      if (const unsigned found = bits(at(a) == broadcast(score))) return {a + __builtin_ctz(found), score};
    return {0, std::numeric_limits<float>::quiet_NaN()};
  }

  // Return the logarithm of the sum of e^score.
  float log_sum() const {
    Floats greatest = at(0);
    for (int a = lanes; a < width_; a += lanes) greatest = maximum(at(a), greatest);
    const float most = largest(greatest);
    Floats sums{};
    for (int a = 0; a < width_; a += lanes) sums += exponential(at(a) - broadcast(most));
    float sum = 0;
    for (int i = 0; i < lanes; i++) sum += sums[i];
    return most + std::log(sum);
  }

 private:
  const float* score_;
  const int32_t* legal_;
  int width_;
};

}  // namespace arcparse
