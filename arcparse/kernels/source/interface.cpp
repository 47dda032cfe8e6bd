// The C interface: one function a line of what Python calls. No exception leaves it.
//
// A function that makes an object returns it, or nullptr if memory is short; one that works returns 0, or 1 if memory is
// short, or 2 if a score is not a number.
#include <new>

#include "dense.h"
#include "processor.h"
#include "search.h"

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

// ---- the search of a parser

// A decoder as data; all arrays are copied. A table is [values][positions][width].
struct DecoderParts {
  int32_t actions;
  const int32_t *transition, *label;  // [actions]
  const uint8_t* legal;               // [16][actions]
  int32_t stack, buffer, children;    // numbers of slots
  const int32_t *parent, *relation;   // [children]
  int32_t main_positions, tag_positions, label_positions;
  const int32_t *main_slot, *tag_slot, *label_slot;  // [positions]
  int32_t width, low;
  float scale;
  const float* bias;  // [width] of the first layer
  int32_t labels;
  const float* label_table;
  int32_t inputs;       // of the main block
  const float* share;       // [main positions][inputs][width]
  const float* share_bias;  // [main positions][width]
  int32_t cube, layers;
  const int32_t* units;                // [layers + 1] of the first layer, of each layer above, the output last
  const float *const *weight, *const *layer_bias;  // [layers]
};

void* arcparse_decoder_new(const DecoderParts* parts) {
  return made([&p = *parts] {
    auto slots = [](const int32_t* slot, int32_t count) { return FirstLayer::Positions(slot, slot + count); };
    auto decoder = std::make_unique<Decoder>(Decoder{
        System(p.actions, p.transition, p.label, p.legal), Slots(p.stack, p.buffer, p.children, p.parent, p.relation),
        FirstLayer(p.width, p.low, p.scale, p.bias, slots(p.main_slot, p.main_positions),
                   slots(p.tag_slot, p.tag_positions), slots(p.label_slot, p.label_positions), p.label_table, p.labels),
        Layers(p.cube), Shares()});
    const Precision precision = p.low ? Precision::low : Precision::single_;
    for (int i = 0; i < p.layers; i++)
      decoder->layers.add(p.units[i], p.units[i + 1], p.weight[i], p.layer_bias[i], precision);
    for (size_t i = 0; i < size_t(p.main_positions); i++)
      decoder->shares.add(p.inputs, p.width, p.share + i * size_t(p.inputs) * size_t(p.width),
                          p.share_bias + i * size_t(p.width), precision);
    return decoder.release();
  });
}
void arcparse_decoder_free(void* decoder) { delete static_cast<Decoder*>(decoder); }

// Write `count` rows [width] of a table from floats.
int arcparse_decoder_store(const void* decoder, const float* value, int64_t count, char* row) {
  static_cast<const Decoder*>(decoder)->first.put(value, row, size_t(count));
  return 0;
}

// Write a table [count][main positions][width] from vectors [count][inputs].
int arcparse_decoder_rows(const void* decoder, const float* vector, int64_t count, char* table) {
  const Decoder& d = *static_cast<const Decoder*>(decoder);
  return done([&] { d.shares.rows(d.first, vector, size_t(count), table); });
}

int arcparse_decoder_search(const void* decoder, const Batch* batch, const Settings* settings, const Trees* trees) {
  bool is_number = false;
  const int status =
      done([&] { is_number = Search(*static_cast<const Decoder*>(decoder), *batch, *settings, *trees).run(); });
  return status != 0 || is_number ? status : 2;
}

}  // extern "C"
#pragma GCC visibility pop
