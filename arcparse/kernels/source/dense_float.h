// A matrix of float32.
#pragma once
#include "panels.h"

namespace arcparse {

class FloatMatrix {
 public:
  FloatMatrix(int inputs, int outputs, const float* weight) : inputs_(inputs), panels_(inputs, outputs) {
    for (int k = 0; k < inputs; k++)
      for (int n = 0; n < outputs; n++) panels_.at(k, n) = weight[size_t(k) * outputs + n];
  }

  int width() const { return panels_.width(); }
  int row_bytes() const { return round_up(inputs_ * int(sizeof(float)), 64); }

  template <class Change>
  void put(const float* value, char* row, Change change) const {
    float* x = reinterpret_cast<float*>(row);
    int k = 0;
    for (; k + lanes <= inputs_; k += lanes) store(x + k, change(load(value + k)));
    if (k < inputs_) {
      Floats rest = change(load_part(value + k, inputs_ - k));
      std::memcpy(x + k, &rest, size_t(inputs_ - k) * sizeof(float));
    }
  }

  // output = start + x W; the rows of `start` are `start_stride` floats apart
  void multiply(const char* rows, int count, const float* start, size_t start_stride, float* output) const {
    size_t stride = size_t(row_bytes()) / sizeof(float), width = size_t(this->width());
    panels_.multiply(reinterpret_cast<const float*>(rows), stride, count, [=](int row, int column, Floats sum) {
      store(output + row * width + column, load(start + row * start_stride + column) + sum);
    });
  }

 private:
  int inputs_;
  Panels<FloatNumber> panels_;
};

}  // namespace arcparse
