// A dense layer, y = x W + b, with its weights packed for the processor.
//
// Rows of inputs and outputs lie in memory of the caller: row i of the inputs at rows + i * row_bytes(), row i of the
// outputs at output + i * width(). `put` writes an input row, in the form that the weights need. A product reads and
// writes `count` rows and no other, so a prefix of the rows, and a view of later rows, are arguments like any.
#pragma once
#include <memory>

#include "dense_float.h"
#if defined(__AMX_BF16__)
#include "dense_tiles.h"
#elif defined(__AVX2__)
#include "dense_integer.h"
#endif

namespace arcparse {

// float32; the processor's fastest, which is 16-bit integers, or tiles of bfloat16 with a weight's nearest number; or, of
// tiles, `fine` ones with the sum of two numbers for each weight.
enum class Precision { single_, low, fine };

#if defined(__AMX_BF16__)
using LowMatrix = TileMatrix;
#elif defined(__AVX2__)
using LowMatrix = IntegerMatrix;
#else
using LowMatrix = FloatMatrix;
#endif

class Dense {
 public:
  // weight [inputs][outputs], bias [outputs]
  Dense(int inputs, int outputs, const float* weight, const float* bias, Precision precision)
      : inputs_(inputs), outputs_(outputs) {
    if (precision != Precision::single_) low_ = low_matrix(inputs, outputs, weight, precision);
    else single_ = std::make_unique<FloatMatrix>(inputs, outputs, weight);
    bias_ = Aligned<float>(size_t(width()));
    std::memcpy(bias_.data(), bias, size_t(outputs) * sizeof(float));
  }

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }
  int width() const {  // floats from one output row to the next, at least outputs(); those beyond outputs() become 0
    return low_ ? low_->width() : single_->width();
  }
  int row_bytes() const {  // of an input row, a multiple of 64
    return low_ ? low_->row_bytes() : single_->row_bytes();
  }

  // Write an input row from `inputs` floats. NaN and infinity spoil the outputs of their own row alone.
  void put(const float* value, char* row) const {
    put(value, row, [](auto x) { return x; });
  }

  // Write an input row from max(value, 0).
  void put_relu(const float* value, char* row) const {
    put(value, row, [](auto x) { return relu(x); });
  }

  // output = x W + b for `count` rows.
  void operator()(const char* rows, int count, float* output) const { multiply(rows, count, bias_.data(), 0, output); }

  // output += x W for `count` rows, without the bias.
  void add(const char* rows, int count, float* output) const {
    multiply(rows, count, output, size_t(width()), output);
  }

 private:
  static std::unique_ptr<LowMatrix> low_matrix(int inputs, int outputs, const float* weight, Precision precision) {
#if defined(__AMX_BF16__)
    return std::make_unique<TileMatrix>(inputs, outputs, weight, precision == Precision::fine ? 2 : 1);
#else
    return std::make_unique<LowMatrix>(inputs, outputs, weight);
#endif
  }

  template <class Change>
  void put(const float* value, char* row, Change change) const {
    if (low_) low_->put(value, row, change);
    else single_->put(value, row, change);
  }

  void multiply(const char* rows, int count, const float* start, size_t start_stride, float* output) const {
    if (low_) low_->multiply(rows, count, start, start_stride, output);
    else single_->multiply(rows, count, start, start_stride, output);
  }

  int inputs_, outputs_;
  std::unique_ptr<FloatMatrix> single_;  // one of the two
  std::unique_ptr<LowMatrix> low_;
  Aligned<float> bias_;
};

}  // namespace arcparse
