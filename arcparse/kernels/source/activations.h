// Functions of the units of a network, for as many values at once as a register holds.
#pragma once
#include "simd.h"

namespace arcparse {

// e^x for x between -28 and 28, which is enough to tell 0 and 1 from all others, and keeps products of three results
// finite; beyond, the result is that of the limit. The relative error is at most about 2e-7 (Cody & Waite 1980: a power
// of two, times a polynomial of what remains; the coefficients are those of Cephes).
inline Floats exponential_within(Floats x) {
  constexpr float limit = 28, log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  constexpr float to_integer = 12582912.f;  // 1.5 * 2^23: a sum of this size has no digits behind the point
  x = x > limit ? broadcast(limit) : x;
  x = x < -limit ? broadcast(-limit) : x;
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
  return (1.f - e) / (1.f + e);
}

// The LSTM's cell (Hochreiter & Schmidhuber 1997, with forget gates): from the sums of its gates and its state to the
// next state and output. The quotients of the logistic functions are brought to one denominator, because a division
// costs as much as ten other operations.
inline Floats lstm_cell(Floats input, Floats forget, Floats candidate, Floats output, Floats& state) {
  Floats i = 1.f + exponential_within(-input), f = 1.f + exponential_within(-forget);
  Floats o = 1.f + exponential_within(-output), g = exponential_within(-2.f * candidate);
  Floats ig = i * (1.f + g);
  state = (state * ig + (1.f - g) * f) / (ig * f);
  Floats s = exponential_within(-2.f * state);
  return (1.f - s) / (o * (1.f + s));
}

}  // namespace arcparse
