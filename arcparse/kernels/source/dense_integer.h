// A matrix of 16-bit integers: each column has its scale, and each input row its own, which stands behind its numbers.
//
// A sum of products of integers is exact as long as it fits into 32 bits, and it always does: the largest input times
// the sum of a column's magnitudes is below 2^31. So the bits are shared: more inputs, fewer bits for each number.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <limits>

#include "panels.h"

namespace arcparse {

struct PairNumber {
  using Element = int32_t;  // two 16-bit integers
  using Vector = Integers;
  static void add_product(Integers& sum, int32_t x, Integers weight) {
#if defined(__AVX512VNNI__)
    sum = Integers(_mm512_dpwssd_epi32(__m512i(sum), _mm512_set1_epi32(x), __m512i(weight)));
#elif defined(__AVX512F__)
    sum += Integers(_mm512_madd_epi16(_mm512_set1_epi32(x), __m512i(weight)));
#elif defined(__AVXVNNI__)
    sum = Integers(_mm256_dpwssd_avx_epi32(__m256i(sum), _mm256_set1_epi32(x), __m256i(weight)));
#else
    sum += Integers(_mm256_madd_epi16(_mm256_set1_epi32(x), __m256i(weight)));
#endif
  }
};

class IntegerMatrix {
 public:
  IntegerMatrix(int inputs, int outputs, const float* weight)
      : inputs_(inputs),
        largest_(std::fmin(32767.f, std::floor(92681.f / std::sqrt(float(inputs))))),  // 2^16.5: weights get as much
        panels_((inputs + 1) / 2, outputs),
        scale_(size_t(panels_.width())) {
    for (int n = 0; n < outputs; n++) pack_column(n, outputs, weight + n);
  }

  int width() const { return panels_.width(); }
  int row_bytes() const { return round_up(scale_at() + int(sizeof(float)), 64); }

  template <class Change>
  void put(const float* value, char* row, Change change) const {
    Floats greatest{}, nothing{};
    int k = 0;
    auto see = [&](Floats x) {
      greatest = maximum(greatest, maximum(x, -x));
      nothing += x - x;  // NaN if x is NaN or infinite
    };
    for (; k + lanes <= inputs_; k += lanes) see(change(load(value + k)));
    if (k < inputs_) see(change(load_part(value + k, inputs_ - k)));
    float unit = largest(greatest) / largest_;
    for (int i = 0; i < lanes; i++) unit += nothing[i];
    float inverse = unit > std::numeric_limits<float>::min() ? 1 / unit : 0;  // 0 for NaN too: each output then is NaN
    if (inputs_ % 2) std::memset(row + scale_at() - int(sizeof(int32_t)), 0, sizeof(int32_t));  // half a pair is left
    auto* x = reinterpret_cast<int16_t*>(row);
    for (k = 0; k + lanes <= inputs_; k += lanes) put_integers(change(load(value + k)) * inverse, x + k, lanes);
    if (k < inputs_) put_integers(change(load_part(value + k, inputs_ - k)) * inverse, x + k, inputs_ - k);
    std::memcpy(row + scale_at(), &unit, sizeof(float));
  }

  // output = start + x W; the rows of `start` are `start_stride` floats apart
  void multiply(const char* rows, int count, const float* start, size_t start_stride, float* output) const {
    size_t bytes = size_t(row_bytes()), width = size_t(this->width());
    const float* column_scale = scale_.data();
    const char* row_scale = rows + scale_at();
    auto finish = [=](int row, int column, Integers sum) {
      float unit;
      std::memcpy(&unit, row_scale + row * bytes, sizeof(float));
      Floats product = __builtin_convertvector(sum, Floats) * (unit * load(column_scale + column));
      store(output + row * width + column, load(start + row * start_stride + column) + product);
    };
    panels_.multiply(reinterpret_cast<const int32_t*>(rows), bytes / sizeof(int32_t), count, finish);
  }

 private:
  typedef int16_t Shorts __attribute__((vector_size(register_bytes / 2), aligned(2), may_alias));

  int scale_at() const { return panels_.depth() * int(sizeof(int32_t)); }

  // Write the nearest integers of numbers below 2^15.
  static void put_integers(Floats value, int16_t* to, int count) {
    const float shift = 12582912;  // 1.5 x 2^23: the last bit of a sum of this size is 1
    Floats shifted = value + shift;
    Integers bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    Shorts integers = __builtin_convertvector(bits, Shorts);  // the low halves
    std::memcpy(to, &integers, size_t(count) * sizeof(int16_t));
  }

  void pack_column(int n, int outputs, const float* weight) {
    double sum = 0, greatest = 0;
    for (int k = 0; k < inputs_; k++) {
      double size = std::fabs(weight[size_t(k) * outputs]);
      sum += size;
      greatest = std::fmax(greatest, size);
    }
    double room = 2147483647.0 / (largest_ + 1) - inputs_;  // of the magnitudes' sum; rounding adds up to a half each
    double factor = std::fmin(room / sum, 32767 / greatest);
    if (!(factor < 1e30)) factor = 1e30;  // a column of zeros
    scale_[size_t(n)] = float(1 / factor);
    for (int k = 0; k < inputs_; k++) {
      auto value = int16_t(std::lrint(weight[size_t(k) * outputs] * factor));
      std::memcpy(reinterpret_cast<char*>(&panels_.at(k / 2, n)) + k % 2 * sizeof value, &value, sizeof value);
    }
  }

  int inputs_;
  float largest_;  // of an input
  Panels<PairNumber> panels_;
  Aligned<float> scale_;
};

}  // namespace arcparse
