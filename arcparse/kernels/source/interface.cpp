// The C interface: the functions that Python calls. No exception leaves it.
//
// A function that makes an object returns it, or nullptr if memory is short; one that works returns 0, or 1 if memory
// is short, or 2 if a score is not a number.
#include <exception>

#include "dense.h"
#include "forms.h"
#include "processor.h"
#include "recurrent.h"
#include "first_layer.h"
#include "tags.h"
#include "window.h"
#include "writer.h"
#include "search.h"

namespace {

template <class Make>
void* made(Make make) {
  try {
    return make();
  } catch (const std::exception&) {  // bad_alloc, or length_error for a size that no memory has
    return nullptr;
  }
}

template <class Work>
int done(Work work) {
  try {
    work();
    return 0;
  } catch (const std::exception&) {
    return 1;
  }
}

template <class Work>
int numbers(Work work) {  // it returns false if a score is not a number
  bool are_numbers = false;
  const int status = done([&] { are_numbers = work(); });
  return status != 0 || are_numbers ? status : 2;
}

arcparse::Precision precision(int number) { return static_cast<arcparse::Precision>(number); }

}  // namespace

using namespace arcparse;

#pragma GCC visibility push(default)  // all else stays inside: several libraries may be open in one process
extern "C" {

// ---- the processor

int arcparse_digest() { return ARCPARSE_DIGEST; }  // of the sources, given by build.py

int arcparse_processor_runs(const char* level) { return processor_runs(level); }

// ---- dense layers

void* arcparse_dense_new(int inputs, int outputs, const float* weight, const float* bias, int low) {
  return made([=] { return new Dense(inputs, outputs, weight, bias, precision(low)); });
}
void arcparse_dense_free(void* dense) { delete static_cast<Dense*>(dense); }

// output [count][outputs] from x [count][inputs], or from max(x, 0); with `add`, x W is added to output
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

// ---- forms

void* arcparse_forms_new(int word_dimension, int pretrained_dimension, int affixes, int affix_dimension,
                         int shape_dimension, int filters, const float* word, const int8_t* pretrained,
                         const float* scale, const float* unknown, const float* affix, const float* shape,
                         const float* convolution, const float* convolution_bias) {
  return made([&] {
    return new FormVectors({word_dimension, pretrained_dimension, affixes, affix_dimension, shape_dimension, filters,
                            word, pretrained, scale, unknown, affix, shape, convolution, convolution_bias});
  });
}
void arcparse_forms_free(void* forms) { delete static_cast<FormVectors*>(forms); }
int arcparse_forms_run(const void* forms, int count, const int32_t* word, const int32_t* pretrained,
                       const int32_t* affix, const int32_t* shape, const int64_t* begin, const int32_t* character,
                       float* vectors) {
  (*static_cast<const FormVectors*>(forms))({count, word, pretrained, affix, shape, begin, character}, vectors);
  return 0;
}

// ---- recurrent encoders

// Layers are added one by one: weights [directions][4 * hidden][inputs], or null, and [directions][4 * hidden][hidden],
// bias [directions][4 * hidden].
void* arcparse_lstm_new() {
  return made([] { return new LstmStack; });
}
void arcparse_lstm_free(void* stack) { delete static_cast<LstmStack*>(stack); }
int arcparse_lstm_add(void* stack, int directions, int inputs, int hidden, const float* input_weight,
                      const float* recurrent_weight, const float* bias, int low) {
  return done([&] {
    auto& own = *static_cast<LstmStack*>(stack);
    std::vector<Lstm> layer;
    for (size_t d = 0, gates = 4 * size_t(hidden); d < size_t(directions); d++)
      layer.emplace_back(own.parts(), inputs, hidden, input_weight ? input_weight + d * gates * inputs : nullptr,
                         recurrent_weight + d * gates * hidden, bias + d * gates, precision(low));
    own.add_layer(std::move(layer));
  });
}
int arcparse_lstm_run(const void* stack, int sentences, const int64_t* offset, const int32_t* row,
                      const float* vectors, float* output) {
  return done([&] {
    (*static_cast<const LstmStack*>(stack))(sentences, offset, row, vectors, output);
  });
}

// The same from the vectors' shares in the gates [..][directions][4][hidden, padded to a multiple of 16], if the first
// layer has no weight of vectors; 16-bit integers if there is a scale, else floats.
int arcparse_lstm_run_rows(const void* stack, int sentences, const int64_t* offset, const int32_t* row,
                           const void* table, float scale, float* output) {
  return done([&] {
    (*static_cast<const LstmStack*>(stack))(sentences, offset, GateTable{table, scale, row}, output);
  });
}

// ---- sequence to sequence

// An LSTM decoder of `layers` with `hidden` units: embedding [symbols][embedding], which scores symbols too, with bias
// [symbols]; bridge [memory][2 * layers * hidden]; keys [memory][hidden] or null; readout [inputs][embedding]. The
// weights of the first LSTM come first, as in arcparse_lstm_add.
void* arcparse_writer_new(int symbols, int embedding, int layers, int hidden, int memory, const float* symbol,
                          const float* symbol_bias, const float* input_weight, const float* recurrent_weight,
                          const float* bias, const float* bridge, const float* bridge_bias, const float* keys,
                          float factor, int readout_inputs, const float* readout, const float* readout_bias, int low) {
  return made([&] {
    Precision precise = precision(low);
    std::vector<Lstm> lstms;
    size_t gates = 4 * size_t(hidden);
    for (int layer = 0; layer < layers; layer++) {
      int inputs = layer ? hidden : embedding;
      lstms.emplace_back(1, inputs, hidden, input_weight, recurrent_weight, bias, precise);
      input_weight += gates * inputs, recurrent_weight += gates * hidden, bias += gates;
    }
    std::vector<float> turned(size_t(embedding) * symbols), zeros(hidden);
    for (int s = 0; s < symbols; s++)
      for (int k = 0; k < embedding; k++) turned[size_t(k) * symbols + s] = symbol[size_t(s) * embedding + k];
    std::unique_ptr<Dense> own_keys(keys ? new Dense(memory, hidden, keys, zeros.data(), precise) : nullptr);
    return new Writer({symbol, symbol + size_t(symbols) * embedding}, std::move(lstms),
                      {memory, 2 * layers * hidden, bridge, bridge_bias, precise}, std::move(own_keys), factor,
                      {readout_inputs, embedding, readout, readout_bias, precise},
                      {embedding, symbols, turned.data(), symbol_bias, precise});
  });
}
void arcparse_writer_free(void* writer) { delete static_cast<Writer*>(writer); }
int arcparse_writer_run(const void* writer, int sources, const int64_t* offset, const float* vector,
                        const float* summary, int dimension, const int32_t* limit, const int64_t* begin,
                        int32_t* symbol, int32_t* attended, int32_t* length) {
  return done([&] {
    (*static_cast<const Writer*>(writer))(sources, {offset, vector, summary, size_t(dimension)},
                                          {limit, begin, symbol, attended, length});
  });
}

// ---- rows of a first layer

// `weight` [inputs][outputs]; `projection` [vector][inputs] of vectors with `vector` numbers, or null.
void* arcparse_first_layer_new(int inputs, int outputs, const float* weight, const float* bias, int vector,
                               const float* projection, const float* projection_bias, int low) {
  return made([&] {
    std::unique_ptr<Dense> first;
    if (projection) first.reset(new Dense(vector, inputs, projection, projection_bias, precision(low)));
    return new FirstLayer(inputs, outputs, weight, bias, std::move(first), precision(low));
  });
}
void arcparse_first_layer_free(void* table) { delete static_cast<FirstLayer*>(table); }
// A table of 16-bit integers if there is a scale, else of floats.
int arcparse_first_layer_run(const void* maker, int count, const float* vectors, const int32_t* place, float scale,
                             void* table) {
  return numbers([&] {
    const auto& make = *static_cast<const FirstLayer*>(maker);
    return scale ? make(count, vectors, place, scale, static_cast<int16_t*>(table))
                 : make(count, vectors, place, scale, static_cast<float*>(table));
  });
}

// ---- tags

void* arcparse_tags_new(int inputs, int columns, const int32_t* sizes, const float* weight, const float* bias,
                        int low) {
  return made([&] {
    std::vector<int> own(sizes, sizes + columns);
    int outputs = std::accumulate(own.begin(), own.end(), 0);
    return new TagLayer({inputs, outputs, weight, bias, precision(low)}, std::move(own));
  });
}
void arcparse_tags_free(void* layer) { delete static_cast<TagLayer*>(layer); }
int arcparse_tags_run(const void* layer, int count, const float* vectors, int32_t* tags, float* scores) {
  return done([&] { (*static_cast<const TagLayer*>(layer))(count, vectors, tags, scores); });
}

// Hidden layers above the first are added one by one.
void* arcparse_window_new(int before, int after, int width, const float* bias, int inputs, int columns,
                          const int32_t* sizes, const float* tag_weight, const float* tag_bias, int low) {
  return made([&] {
    std::vector<int> own(sizes, sizes + columns);
    int outputs = std::accumulate(own.begin(), own.end(), 0);
    TagLayer tags({inputs, outputs, tag_weight, tag_bias, precision(low)}, std::move(own));
    return new WindowTagger(before, after, {bias, bias + width}, std::move(tags));
  });
}
void arcparse_window_free(void* tagger) { delete static_cast<WindowTagger*>(tagger); }
int arcparse_window_add(void* tagger, int inputs, int outputs, const float* weight, const float* bias, int low) {
  return done([&] {
    static_cast<WindowTagger*>(tagger)->add_hidden({inputs, outputs, weight, bias, precision(low)});
  });
}
// Tables of 16-bit integers if there is a scale, else of floats.
int arcparse_window_run(const void* tagger, int sentences, const int64_t* offset, const int32_t* row, const void* table,
                        const void* outside, float scale, int32_t* tags, float* scores) {
  return done([&] {
    const auto& tag = *static_cast<const WindowTagger*>(tagger);
    auto run = [&](auto* rows, auto* none) { tag(sentences, offset, row, rows, none, scale, tags, scores); };
    if (scale) run(static_cast<const int16_t*>(table), static_cast<const int16_t*>(outside));
    else run(static_cast<const float*>(table), static_cast<const float*>(outside));
  });
}

// ---- the search of a parser

// A decoder as data; the layers above the first one are added one by one, the output last. transition, action_label
// [actions]; legal [16][actions]; parent, relation [children]; slots of positions; bias [width]; label_table
// [labels][label positions][width], of 16-bit integers if there is a scale, else of floats.
void* arcparse_decoder_new(int actions, const int32_t* transition, const int32_t* action_label, const uint8_t* legal,
                           int stack, int buffer, int children, const int32_t* parent, const int32_t* relation,
                           int main_positions, int tag_positions, int label_positions, const int32_t* main_slot,
                           const int32_t* tag_slot, const int32_t* label_slot, int width, float scale,
                           const float* bias, int labels, const char* label_table, int cube) {
  return made([&] {
    FeatureTables tables(width, scale, bias, {main_slot, main_slot + main_positions},
                         {tag_slot, tag_slot + tag_positions}, {label_slot, label_slot + label_positions}, label_table,
                         labels);
    return new Decoder{System(actions, transition, action_label, legal),
                       Slots(stack, buffer, children, parent, relation), std::move(tables), Layers(cube)};
  });
}
void arcparse_decoder_free(void* decoder) { delete static_cast<Decoder*>(decoder); }
int arcparse_decoder_add(void* decoder, int inputs, int outputs, const float* weight, const float* bias, int low) {
  return done([&] { static_cast<Decoder*>(decoder)->layers.add({inputs, outputs, weight, bias, precision(low)}); });
}
// Rows [T] are of tables in the main block and of tags; the results are described in search.h.
int arcparse_decoder_run(const void* decoder, int sentences, const int64_t* offset, const char* main,
                         const int32_t* main_row, const char* tags, const int32_t* tag_row, int beam, float margin,
                         int normalise, int together, int32_t* head, int32_t* label, float* score, int64_t* scored,
                         int64_t* bytes) {
  const Batch batch{sentences, offset, {main, main_row}, {tags, tag_row}};
  const Settings settings{beam, margin, bool(normalise), together};
  const Trees trees{head, label, score, scored, bytes};
  return numbers([&] { return Search(*static_cast<const Decoder*>(decoder), batch, settings, trees).run(); });
}

}  // extern "C"
#pragma GCC visibility pop
