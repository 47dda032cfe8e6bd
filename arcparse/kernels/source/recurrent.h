// LSTMs over sentences of any mix of lengths: no padding is computed.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "activations.h"
#include "dense.h"

namespace arcparse {

// Sentences that are read side by side, the longest first, so that those still unfinished are always the first ones.
// Rows lie step by step, those of one step in the order of the sentences: so each step's are side by side.
class Steps {
 public:
  // The lengths of the sentences, at least 1.
  explicit Steps(std::vector<int64_t> lengths) : lengths_(std::move(lengths)), begin_{0} {
    int64_t active = sentences();
    for (int64_t step = 0; step < lengths_[0]; step++) {
      while (lengths_[active - 1] <= step) active--;
      begin_.push_back(begin_.back() + active);
    }
  }

  int sentences() const { return int(lengths_.size()); }
  int64_t count() const { return lengths_[0]; }
  int64_t rows() const { return begin_.back(); }
  int64_t begin(int64_t step) const { return begin_[step]; }
  int active(int64_t step) const { return int(begin_[step + 1] - begin_[step]); }

  // The step at which the other direction reads what this direction reads of a sentence at a step, and its row there.
  int64_t mirrored(int64_t step, int sentence) const { return lengths_[sentence] - 1 - step; }
  int64_t mirrored_row(int64_t step, int sentence) const { return begin_[mirrored(step, sentence)] + sentence; }

 private:
  std::vector<int64_t> lengths_, begin_;
};

// Memory for outputs as floats: of the tokens of each sentence, which begins with the token `first`.
struct Outputs {
  float* values;
  size_t stride;
  const int64_t* first;
};

// An LSTM in one direction. Its gates lie one after the other, each padded to whole registers.
class Lstm {
 public:
  // Weights in torch's order: gates input, forget, candidate, output; [4 * hidden][inputs], [4 * hidden][hidden]. Its
  // vectors consist of `parts` of the same size, which lie in memory of their own: the outputs of a layer's directions.
  // Without a weight of vectors, it needs rows of gates.
  Lstm(int parts, int inputs, int hidden, const float* input_weight, const float* recurrent_weight, const float* bias,
       Precision precision)
      : hidden_(hidden),
        padded_(round_up(hidden, 16)),
        recurrent_(by_gates(recurrent_weight, hidden, 0, hidden, nullptr, precision)) {
    if (!input_weight) return;
    for (int part = 0, size = inputs / parts; part < parts; part++)
      input_.push_back(by_gates(input_weight, inputs, part * size, size, part ? nullptr : bias, precision));
  }

  int hidden() const { return hidden_; }
  int padded() const { return padded_; }
  int gates() const { return recurrent_.width(); }  // floats from one row of gates to the next
  const Dense& input(size_t part = 0) const { return input_[part]; }  // a part of a vector -> its share in the gates
  const Dense& recurrent() const { return recurrent_; }  // an output -> its share in the next gates

  // Step one cell: from the sums of its gates [4][padded] to its next state and output [padded]. In one loop, the long
  // way from a gate to the output would leave the processor without work.
  void step(const float* gates, float* state, float* output) const {
    for (int unit = 0; unit < padded_; unit += lanes) {
      const float* gate = gates + unit;
      Floats input = load(gate), forget = load(gate + padded_), candidate = load(gate + 2 * padded_);
      store(state + unit, lstm_state(input, forget, candidate, load(state + unit)));
      store(output + unit, 1.f + exponential_within(-load(gate + 3 * padded_)));
    }
    for (int unit = 0; unit < padded_; unit += lanes)
      store(output + unit, lstm_output(load(output + unit), load(state + unit)));
  }

  // Read sentences, from the end if `backwards`. `input` gives the vectors' share in the gates. Write the outputs as
  // input rows of the next product, and as floats unless `outputs` is null.
  template <class Input>
  void read(const Steps& steps, Input& input, bool backwards, char* rows, const Outputs* outputs) const;

 private:
  // Return a product whose outputs are [4][padded_], of the columns begin..begin + inputs - 1 of a weight.
  Dense by_gates(const float* weight, int columns, int begin, int inputs, const float* bias,
                 Precision precision) const {
    int outputs = 4 * padded_;
    std::vector<float> turned(size_t(inputs) * outputs), padded_bias(outputs);
    for (int gate = 0; gate < 4; gate++) {
      for (int unit = 0; unit < hidden_; unit++) {
        int from = gate * hidden_ + unit, to = gate * padded_ + unit;
        if (bias) padded_bias[to] = bias[from];
        for (int k = 0; k < inputs; k++) turned[size_t(k) * outputs + to] = weight[size_t(from) * columns + begin + k];
      }
    }
    return Dense(inputs, outputs, turned.data(), padded_bias.data(), precision);
  }

  int hidden_, padded_;
  std::vector<Dense> input_;
  Dense recurrent_;
};

// The share in the gates of vectors whose parts are the outputs of the layer below, or of vectors in one part.
// Part 0 is in the order of reading forwards, part 1 in that of reading backwards.
class Products {
 public:
  Products(const Lstm& lstm, const Steps& steps, std::vector<Aligned<char>>& parts, bool backwards)
      : lstm_(lstm), steps_(steps), parts_(parts), backwards_(backwards) {}

  // Write the rows of gates of the steps begin..end - 1.
  void operator()(int64_t begin, int64_t end, float* gates) {
    int64_t first = steps_.begin(begin);
    int count = int(steps_.begin(end) - first);
    for (size_t part = 0; part < parts_.size(); part++) {
      const Dense& dense = lstm_.input(part);
      const char* rows = parts_[part].data() + first * dense.row_bytes();
      if (backwards_ != (part == 1)) rows = gather(begin, end, parts_[part].data(), size_t(dense.row_bytes()));
      if (part) dense.add(rows, count, gates);
      else dense(rows, count, gates);
    }
  }

 private:
  // Return the rows of some steps, from rows in the order of the other direction.
  const char* gather(int64_t step, int64_t end, const char* rows, size_t bytes) {
    gathered_.resize(size_t(steps_.begin(end) - steps_.begin(step)) * bytes);
    for (char* to = gathered_.data(); step < end; step++)
      for (int i = 0; i < steps_.active(step); i++, to += bytes)
        std::memcpy(to, rows + steps_.mirrored_row(step, i) * bytes, bytes);
    return gathered_.data();
  }

  const Lstm& lstm_;
  const Steps& steps_;
  std::vector<Aligned<char>>& parts_;
  bool backwards_;
  std::vector<char> gathered_;
};

// The share in the gates of vectors that was computed before: rows of a table [..][directions][gates], of floats or, if
// there is a scale, of 16-bit integers. Token t has the row row[t].
struct GateTable {
  const void* values;
  float scale;
  const int32_t* row;
};

template <class T>
class GateRows {
 public:
  GateRows(const Lstm& lstm, const Steps& steps, const GateTable& table, int directions, const int64_t* first,
           bool backwards)
      : lstm_(lstm), steps_(steps), table_(table), directions_(directions), first_(first), backwards_(backwards) {}

  void operator()(int64_t begin, int64_t end, float* gates) const {
    const int size = 4 * lstm_.padded();
    for (; begin < end; begin++) {
      for (int i = 0; i < steps_.active(begin); i++, gates += lstm_.gates()) {
        int64_t token = first_[i] + (backwards_ ? steps_.mirrored(begin, i) : begin);
        size_t row = size_t(table_.row[token]) * directions_ + backwards_;
        copy(static_cast<const T*>(table_.values) + row * size, size, gates);
      }
    }
  }

 private:
  void copy(const float* from, int size, float* to) const { std::memcpy(to, from, size_t(size) * sizeof(float)); }
  void copy(const int16_t* from, int size, float* to) const {
    typedef int16_t Half __attribute__((vector_size(register_bytes / 2)));
    float unit = 1 / table_.scale;
    for (int k = 0; k < size; k += lanes) {
      Half half;
      std::memcpy(&half, from + k, sizeof half);
      store(to + k, __builtin_convertvector(__builtin_convertvector(half, Integers), Floats) * unit);
    }
  }

  const Lstm& lstm_;
  const Steps& steps_;
  const GateTable& table_;
  int directions_;
  const int64_t* first_;
  bool backwards_;
};

// The shares of vectors do not wait for the step before, so those of several steps are computed together if few
// sentences are read: each pass over the weights costs as much as many rows.
template <class Input>
void Lstm::read(const Steps& steps, Input& input, bool backwards, char* rows, const Outputs* outputs) const {
  constexpr int64_t ahead = 128;  // rows
  int64_t room = std::min(std::max<int64_t>(ahead, steps.sentences()), steps.rows());
  Aligned<float> gates(size_t(room) * recurrent_.width()), state(size_t(steps.sentences()) * padded_);
  Aligned<float> output{size_t(padded_)};
  size_t bytes = recurrent_.row_bytes();
  for (int64_t step = 0; step < steps.count();) {
    int64_t end = step + 1;
    while (end < steps.count() && steps.begin(end + 1) - steps.begin(step) <= room) end++;
    input(step, end, gates.data());
    for (float* gate = gates.data(); step < end; step++) {
      if (step > 0) recurrent_.add(rows + steps.begin(step - 1) * bytes, steps.active(step), gate);
      for (int i = 0; i < steps.active(step); i++, gate += recurrent_.width()) {
        this->step(gate, state.data() + size_t(i) * padded_, output.data());
        recurrent_.put(output.data(), rows + (steps.begin(step) + i) * bytes);
        if (!outputs) continue;
        int64_t token = outputs->first[i] + (backwards ? steps.mirrored(step, i) : step);
        std::copy(output.data(), output.data() + hidden_, outputs->values + size_t(token) * outputs->stride);
      }
    }
  }
}

// One or more layers, each of an LSTM forwards and, if sentences are read in both directions, one backwards.
class LstmStack {
 public:
  void add_layer(std::vector<Lstm> directions) { layers_.push_back(std::move(directions)); }

  // The number of parts of the vectors that the next layer reads.
  int parts() const { return layers_.empty() ? 1 : int(layers_.back().size()); }
  int dimension() const { return parts() * layers_.back()[0].hidden(); }

  // Read sentences; sentence i has the tokens offset[i]..offset[i + 1] - 1, and token t the vector row[t], or t if
  // `row` is null, of `vectors` [..][E]. Write outputs [T][dimension()].
  void operator()(int sentences, const int64_t* offset, const int32_t* row, const float* vectors, float* output) const {
    by_group(sentences, offset, [&](const Steps& steps, const int64_t* first) {
      std::vector<Aligned<char>> parts;
      parts.push_back(input_rows(steps, first, row, vectors));
      read_above(0, steps, first, std::move(parts), output);
    });
  }

  // The same from rows of gates in place of vectors.
  void operator()(int sentences, const int64_t* offset, const GateTable& table, float* output) const {
    int directions = int(layers_[0].size());
    by_group(sentences, offset, [&](const Steps& steps, const int64_t* first) {
      auto outputs = read_layer(0, steps, first, output, [&](const Lstm& lstm, bool backwards, auto read) {
        if (table.scale) read(GateRows<int16_t>(lstm, steps, table, directions, first, backwards));
        else read(GateRows<float>(lstm, steps, table, directions, first, backwards));
      });
      read_above(1, steps, first, std::move(outputs), output);
    });
  }

 private:
  static constexpr size_t together = 64;  // sentences: the gates of a step stay in the processor's cache

  // Call read(steps, first token of each) for groups of sentences of like length.
  template <class Read>
  static void by_group(int sentences, const int64_t* offset, Read read) {
    std::vector<int> order;
    for (int i = 0; i < sentences; i++)
      if (offset[i + 1] > offset[i]) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return offset[a + 1] - offset[a] > offset[b + 1] - offset[b]; });
    for (size_t begin = 0; begin < order.size(); begin += together) {
      std::vector<int64_t> first, lengths;
      for (size_t i = begin; i < std::min(begin + together, order.size()); i++) {
        first.push_back(offset[order[i]]);
        lengths.push_back(offset[order[i] + 1] - first.back());
      }
      read(Steps(std::move(lengths)), first.data());
    }
  }

  // Read the layers from `number` on, from the outputs of the one below.
  void read_above(size_t number, const Steps& steps, const int64_t* first, std::vector<Aligned<char>> parts,
                  float* output) const {
    for (; number < layers_.size(); number++)
      parts = read_layer(number, steps, first, output, [&](const Lstm& lstm, bool backwards, auto read) {
        read(Products(lstm, steps, parts, backwards));
      });
  }

  // Read a layer and return its outputs; those of the last are written as floats too. give(lstm, backwards, read) calls
  // read with what gives the vectors' share in the gates.
  template <class Give>
  std::vector<Aligned<char>> read_layer(size_t number, const Steps& steps, const int64_t* first, float* output,
                                        Give give) const {
    std::vector<Aligned<char>> rows;
    for (size_t direction = 0; direction < layers_[number].size(); direction++) {
      const Lstm& lstm = layers_[number][direction];
      Outputs outputs{output + direction * lstm.hidden(), size_t(dimension()), first};
      const bool backwards = direction == 1;
      rows.emplace_back(size_t(steps.rows()) * lstm.recurrent().row_bytes());
      give(lstm, backwards, [&](auto input) {
        lstm.read(steps, input, backwards, rows.back().data(), number + 1 == layers_.size() ? &outputs : nullptr);
      });
    }
    return rows;
  }

  // Return the tokens' vectors as input rows of the first layer, which are the same for both directions.
  Aligned<char> input_rows(const Steps& steps, const int64_t* first, const int32_t* row, const float* vectors) const {
    const Dense& dense = layers_[0][0].input();
    Aligned<char> rows(size_t(steps.rows()) * dense.row_bytes());
    for (int64_t step = 0; step < steps.count(); step++) {
      for (int i = 0; i < steps.active(step); i++) {
        int64_t token = first[i] + step;
        const float* vector = vectors + size_t(row ? row[token] : token) * dense.inputs();
        dense.put(vector, rows.data() + size_t(steps.begin(step) + i) * dense.row_bytes());
      }
    }
    return rows;
  }

  std::vector<std::vector<Lstm>> layers_;
};

}  // namespace arcparse
