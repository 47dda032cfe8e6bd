// Rows of a first hidden layer: the share of a vector at each position of a template, computed once and only looked up
// and summed afterwards (Chen & Manning 2014, section 3.4).
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "dense.h"

namespace arcparse {

typedef int16_t Half __attribute__((vector_size(register_bytes / 2)));

// Write a register past the caches: memory that nothing reads soon is neither fetched first nor takes the place of
// others there. `to` is a multiple of the register's size.
inline void stream(int16_t* to, Half value) {
#if defined(__AVX512F__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), __m256i(value));
#elif defined(__AVX2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), __m128i(value));
#else
  std::memcpy(to, &value, sizeof value);
#endif
}

// Let other threads see what was written so, before all that is written later.
inline void end_stream() {
#if defined(__AVX2__)
  _mm_sfence();
#endif
}

// Write values as 16-bit integers, times `scale`; values beyond their range become the ends of the range. Return false
// if a value is NaN or infinite, which integers would hide. If the row is `far`, it goes past the caches.
inline bool write_row(const float* value, int count, float scale, bool far, int16_t* row) {
  constexpr float most = 32767;
  constexpr float to_integer = 12582912.f;  // 1.5 * 2^23: a sum of this size has no digits behind the point
  Floats nothing{};
  auto rounded = [&](Floats x) {
    nothing += x - x;
    x = x * scale;
    x = x > most ? broadcast(most) : x;
    x = x < -most ? broadcast(-most) : x;
    return __builtin_convertvector(Integers(x + to_integer), Half);  // the integer is in the low bits
  };
  far = far && reinterpret_cast<uintptr_t>(row) % sizeof(Half) == 0;
  int k = 0;
  for (; k + lanes <= count; k += lanes) {
    const Half integers = rounded(load(value + k));
    if (far) stream(row + k, integers);
    else std::memcpy(row + k, &integers, sizeof integers);
  }
  if (k < count) {
    const Half integers = rounded(load_part(value + k, count - k));
    std::memcpy(row + k, &integers, size_t(count - k) * sizeof(int16_t));
  }
  float sum = 0;
  for (int i = 0; i < lanes; i++) sum += nothing[i];
  return sum == 0;
}

// Write values as they are; sums of them show NaN.
inline bool write_row(const float* value, int count, float, bool, float* row) {
  std::copy(value, value + count, row);
  return true;
}

// Makes rows from vectors: a projection, if there is one, and the first layer's weights.
class FirstLayer {
 public:
  // weight [inputs][outputs]; `bias` [outputs] is added to each row: the row of no token, negated.
  FirstLayer(int inputs, int outputs, const float* weight, const float* bias, std::unique_ptr<Dense> projection,
             Precision precision)
      : outputs_(outputs), projection_(std::move(projection)) {
    for (int begin = 0; begin < outputs; begin += COLUMNS) {
      int size = std::min(COLUMNS, outputs - begin);
      std::vector<float> own(size_t(inputs) * size);
      for (int k = 0; k < inputs; k++)
        std::copy(weight + size_t(k) * outputs + begin, weight + size_t(k) * outputs + begin + size,
                  own.data() + size_t(k) * size);
      columns_.emplace_back(inputs, size, own.data(), bias + begin, precision);
    }
  }

  // Write the rows of `count` vectors into the rows `place` of a table [..][outputs], or the first rows if it is null.
  // Return false if rows of integers would hide a value that is not a number.
  template <class T>
  bool operator()(int count, const float* vectors, const int32_t* place, float scale, T* table) const {
    const Dense& first = columns_[0];
    const int together = std::min(ROWS, count);
    Aligned<char> rows(size_t(together) * first.row_bytes());
    Aligned<float> output(size_t(together) * first.width());
    const bool far = size_t(count) * size_t(outputs_) * sizeof(T) > NEAR;
    bool are_numbers = true;
    for (int begin = 0; begin < count; begin += ROWS) {
      int size = std::min(ROWS, count - begin);
      put(vectors + size_t(begin) * inputs(), size, rows.data());
      for (size_t number = 0; number < columns_.size(); number++) {
        const Dense& dense = columns_[number];
        dense(rows.data(), size, output.data());
        for (int i = 0; i < size; i++) {
          size_t row = place ? place[begin + i] : begin + i;
          are_numbers &= write_row(output.data() + size_t(i) * dense.width(), dense.outputs(), scale, far,
                                   table + row * outputs_ + number * COLUMNS);
        }
      }
    }
    end_stream();
    return are_numbers;
  }

 private:
  static constexpr size_t NEAR = 1 << 20;  // bytes of rows that stay in the second cache until they are read
  static constexpr int ROWS = 512, COLUMNS = 128;  // of a product: all of it stays in the second cache

  int inputs() const { return projection_ ? projection_->inputs() : columns_[0].inputs(); }

  // Write the input rows of the first layer.
  void put(const float* vectors, int count, char* rows) const {
    if (!projection_) return put_all(columns_[0], vectors, inputs(), count, rows);
    const Dense& dense = *projection_;
    Aligned<char> own(size_t(count) * dense.row_bytes());
    Aligned<float> projected(size_t(count) * dense.width());
    put_all(dense, vectors, inputs(), count, own.data());
    dense(own.data(), count, projected.data());
    put_all(columns_[0], projected.data(), dense.width(), count, rows);
  }

  static void put_all(const Dense& dense, const float* vectors, int stride, int count, char* rows) {
    for (int i = 0; i < count; i++) dense.put(vectors + size_t(i) * stride, rows + size_t(i) * dense.row_bytes());
  }

  int outputs_;
  std::unique_ptr<Dense> projection_;
  std::vector<Dense> columns_;
};

}  // namespace arcparse
