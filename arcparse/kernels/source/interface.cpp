// The C interface: one function a line of what Python calls. No exception leaves it.
#include "dense.h"

using namespace arcparse;

extern "C" {

void* arcparse_dense_new(int inputs, int outputs, const float* weight, const float* bias, int low) {
  return new Dense(inputs, outputs, weight, bias, low ? Precision::low : Precision::single_);
}
void arcparse_dense_free(void* dense) { delete static_cast<Dense*>(dense); }

// output [count][outputs] from x [count][inputs]
void arcparse_dense_run(const void* dense, const float* x, int count, float* output) {
  const Dense& d = *static_cast<const Dense*>(dense);
  int room = (count + 31) / 32 * 32;
  std::vector<char> rows(size_t(room) * d.row_bytes() + 64);
  std::vector<float> y(size_t(room) * d.width());
  for (int i = 0; i < count; i++) d.put(x + size_t(i) * d.inputs(), rows.data() + size_t(i) * d.row_bytes());
  d(rows.data(), count, y.data());
  for (int i = 0; i < count; i++) std::memcpy(output + size_t(i) * d.outputs(), y.data() + size_t(i) * d.width(), d.outputs() * sizeof(float));
}
}
