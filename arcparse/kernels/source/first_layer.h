// Rows of a first hidden layer: the share of a vector at each position of a template, computed once and only looked up
// and summed afterwards (Chen & Manning 2014, section 3.4).
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "dense.h"

namespace arcparse {

// Write values as 16-bit integers, times `scale`; values beyond their range become the ends of the range. Return false
// if a value is NaN or infinite, which integers would hide.
inline bool write_row(const float* value, int count, float scale, int16_t* row) {
  typedef int16_t Half __attribute__((vector_size(register_bytes / 2)));
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
  int k = 0;
  for (; k + lanes <= count; k += lanes) {
    Half integers = rounded(load(value + k));
    std::memcpy(row + k, &integers, sizeof integers);
  }
  if (k < count) {
    Half integers = rounded(load_part(value + k, count - k));
    std::memcpy(row + k, &integers, size_t(count - k) * sizeof(int16_t));
  }
  float sum = 0;
  for (int i = 0; i < lanes; i++) sum += nothing[i];
  return sum == 0;
}
// Write values as they are; sums of them show NaN.
inline bool write_row(const float* value, int count, float, float* row) {
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
    Aligned<char> rows(size_t(ROWS) * first.row_bytes());
    Aligned<float> output(size_t(ROWS) * first.width());
    bool are_numbers = true;
    for (int begin = 0; begin < count; begin += ROWS) {
      int size = std::min(ROWS, count - begin);
      put(vectors + size_t(begin) * inputs(), size, rows.data());
      for (size_t number = 0; number < columns_.size(); number++) {
        const Dense& dense = columns_[number];
        dense(rows.data(), size, output.data());
        for (int i = 0; i < size; i++) {
          size_t row = place ? place[begin + i] : begin + i;
          are_numbers &= write_row(output.data() + size_t(i) * dense.width(), dense.outputs(), scale,
                                   table + row * outputs_ + number * COLUMNS);
        }
      }
    }
    return are_numbers;
  }

 private:
  static constexpr int ROWS = 128, COLUMNS = 512;  // of a product: weights and results stay in the processor's cache

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
