// A dense layer, y = x W + b, with its weights packed for the processor.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace arcparse {

enum class Precision { single_, low };  // float32; or the processor's fastest: bfloat16 tiles, or 16-bit integers

class Dense {
 public:
  // weight [inputs][outputs], bias [outputs]
  Dense(int inputs, int outputs, const float* weight, const float* bias, Precision)
      : inputs_(inputs), outputs_(outputs), weight_(weight, weight + size_t(inputs) * outputs), bias_(bias, bias + outputs) {}

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }
  int width() const { return outputs_; }  // floats from one output row to the next, at least outputs()
  int row_bytes() const { return (inputs_ * int(sizeof(float)) + 63) / 64 * 64; }  // of an input row

  // Write an input row from `inputs` floats.
  void put(const float* value, char* row) const { std::memcpy(row, value, inputs_ * sizeof(float)); }

  // Compute output rows [count][width()] from `count` input rows; room for a multiple of 32 rows must be there in both.
  void operator()(const char* rows, int count, float* output) const {
    for (int i = 0; i < count; i++) {
      const float* x = reinterpret_cast<const float*>(rows + size_t(i) * row_bytes());
      float* y = output + size_t(i) * width();
      std::memcpy(y, bias_.data(), outputs_ * sizeof(float));
      for (int k = 0; k < inputs_; k++) {
        const float* w = weight_.data() + size_t(k) * outputs_;
        for (int n = 0; n < outputs_; n++) y[n] += x[k] * w[n];
      }
    }
  }

 private:
  int inputs_, outputs_;
  std::vector<float> weight_, bias_;
};

}  // namespace arcparse
