// Functions of the units of a network, for as many values at once as a register holds.
#pragma once
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "simd.h"

namespace arcparse {

// Return x, or the nearer end if it is not between -limit and limit. NaN stays.
inline Floats clamped(Floats x, float limit) {
#if defined(__AVX512F__)
  return Floats(_mm512_max_ps(_mm512_set1_ps(-limit), _mm512_min_ps(_mm512_set1_ps(limit), __m512(x))));
#elif defined(__AVX2__)
  return Floats(_mm256_max_ps(_mm256_set1_ps(-limit), _mm256_min_ps(_mm256_set1_ps(limit), __m256(x))));
#elif defined(__SSE2__)
  return Floats(_mm_max_ps(_mm_set1_ps(-limit), _mm_min_ps(_mm_set1_ps(limit), __m128(x))));
#else
  x = x > limit ? broadcast(limit) : x;
  return x < -limit ? broadcast(-limit) : x;
#endif
}

// Return a / b. Wide registers divide slowly, so there a first guess of 14 bits is made better by Newton's method.
inline Floats quotient(Floats a, Floats b) {
#if defined(__AVX512F__)
  Floats guess = Floats(_mm512_rcp14_ps(__m512(b)));
  return a * (guess * (2.f - b * guess));
#else
  return a / b;
#endif
}

// e^x for x between -28 and 28, which is enough to tell 0 and 1 from all others, and keeps products of three results
// finite; beyond, the result is that of the limit. The relative error is at most about 2e-7 (Cody & Waite 1980: a power
// of two, times a polynomial of what remains; the coefficients are those of Cephes).
inline Floats exponential_within(Floats x) {
  constexpr float limit = 28, log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  constexpr float to_integer = 12582912.f;  // 1.5 * 2^23: a sum of this size has no digits behind the point
  x = clamped(x, limit);
  Floats shifted = x * log2_e + to_integer;
  Floats power = shifted - to_integer;
  Floats rest = x - power * ln2_high - power * ln2_low;
  Floats sum = rest * 1.9875691500e-4f + 1.3981999507e-3f;
  sum = sum * rest + 8.3334519073e-3f;
  sum = sum * rest + 4.1665795894e-2f;
  sum = sum * rest + 1.6666665459e-1f;
  sum = sum * rest + 5.0000001201e-1f;
  sum = sum * (rest * rest) + rest + 1.f;
  return Floats(Integers(sum) + (Integers(shifted) << 23));  // the power is in the low bits of `shifted`
}

inline Floats tanh(Floats x) {
  Floats e = exponential_within(-2.f * x);
  return quotient(1.f - e, 1.f + e);
}

// The LSTM's cell (Hochreiter & Schmidhuber 1997, with forget gates): from the sums of its gates and its state to the
// next state. The quotients of the logistic functions are brought to one denominator, because divisions are slow.
inline Floats lstm_state(Floats input, Floats forget, Floats candidate, Floats state) {
  Floats i = 1.f + exponential_within(-input), f = 1.f + exponential_within(-forget);
  Floats g = exponential_within(-2.f * candidate), ig = i * (1.f + g);
  return quotient(state * ig + (1.f - g) * f, ig * f);
}

// Its output, from the next state and 1 + e^-x of the output gate.
inline Floats lstm_output(Floats gate, Floats state) {
  Floats s = exponential_within(-2.f * state);
  return quotient(1.f - s, gate * (1.f + s));
}

}  // namespace arcparse
