// The C interface: one function a line of what Python calls. No exception leaves it.
//
// A function that makes an object returns it, or nullptr if memory is short; one that works returns 0, or 1 if memory is short.
#include <new>

#include "dense.h"
#include "processor.h"

namespace {

template <class Make>
void* made(Make make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

template <class Work>
int done(Work work) {
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

}  // namespace

using namespace arcparse;

#pragma GCC visibility push(default)  // all else stays inside: several libraries may be open in one process
extern "C" {

// ---- the processor

int arcparse_digest() { return ARCPARSE_DIGEST; }  // of the sources, given by build.py

int arcparse_processor_runs(const char* level) { return processor_runs(level); }

// ---- dense layers

void* arcparse_dense_new(int inputs, int outputs, const float* weight, const float* bias, int low) {
  return made([=] { return new Dense(inputs, outputs, weight, bias, low ? Precision::low : Precision::single_); });
}
void arcparse_dense_free(void* dense) { delete static_cast<Dense*>(dense); }

// output [count][outputs] from x [count][inputs], or from max(x, 0); with `add`, x W is added to what is in output
int arcparse_dense_run(const void* dense, const float* x, int count, int relu, int add, float* output) {
  const Dense& layer = *static_cast<const Dense*>(dense);
  return done([&] {
    size_t inputs = size_t(layer.inputs()), outputs = size_t(layer.outputs());
    size_t bytes = size_t(layer.row_bytes()), width = size_t(layer.width());
    Aligned<char> rows(count * bytes);
    Aligned<float> y(count * width);
    for (size_t i = 0; i < size_t(count); i++) {
      if (relu) layer.put_relu(x + i * inputs, rows.data() + i * bytes);
      else layer.put(x + i * inputs, rows.data() + i * bytes);
      std::memcpy(y.data() + i * width, output + i * outputs, outputs * sizeof(float));
    }
    if (add) layer.add(rows.data(), count, y.data());
    else layer(rows.data(), count, y.data());
    for (size_t i = 0; i < size_t(count); i++)
      std::memcpy(output + i * outputs, y.data() + i * width, outputs * sizeof(float));
  });
}

}  // extern "C"
#pragma GCC visibility pop
