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

// Input rows of a product: [rows] in the order of the steps of one direction.
struct Vectors {
  const char* rows;
  bool backwards;
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
  Lstm(int parts, int inputs, int hidden, const float* input_weight, const float* recurrent_weight, const float* bias,
       Precision precision)
      : hidden_(hidden),
        padded_(round_up(hidden, 16)),
        recurrent_(by_gates(recurrent_weight, hidden, 0, hidden, nullptr, precision)) {
    for (int part = 0, size = inputs / parts; part < parts; part++)
      input_.push_back(by_gates(input_weight, inputs, part * size, size, part ? nullptr : bias, precision));
  }

  int hidden() const { return hidden_; }
  int padded() const { return padded_; }
  const Dense& input() const { return input_[0]; }       // a part of a vector -> its share in the gates
  const Dense& recurrent() const { return recurrent_; }  // an output -> its share in the next gates

  // Step one cell: from the sums of its gates [4][padded] to its next state and output [padded].
  void step(const float* gates, float* state, float* output) const {
    for (int unit = 0; unit < padded_; unit += lanes) {
      const float* gate = gates + unit;
      Floats cell = load(state + unit);
      Floats value = lstm_cell(load(gate), load(gate + padded_), load(gate + 2 * padded_), load(gate + 3 * padded_), cell);
      store(output + unit, value);
      store(state + unit, cell);
    }
  }

  // Read sentences, from the end if `backwards`; write the outputs as input rows of the next product, and as floats
  // unless `outputs` is null.
  void read(const Steps& steps, const std::vector<Vectors>& parts, bool backwards, char* rows, const Outputs* outputs) const;

 private:
  class Reading;

  // Return a product whose outputs are [4][padded_], of the columns begin..begin + inputs - 1 of a weight.
  Dense by_gates(const float* weight, int columns, int begin, int inputs, const float* bias, Precision precision) const {
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

// What an LSTM remembers while it reads. Products of the vectors do not wait for the step before, so those of several
// steps are computed together if few sentences are read: each pass over the weights costs as much as many rows.
class Lstm::Reading {
 public:
  Reading(const Lstm& lstm, const Steps& steps, const std::vector<Vectors>& parts, bool backwards)
      : lstm_(lstm),
        steps_(steps),
        parts_(parts),
        backwards_(backwards),
        room_(int(std::min<int64_t>(std::max(ahead, steps.sentences()), steps.rows()))),
        gathered_(size_t(room_) * lstm.input().row_bytes()),
        gates_(size_t(room_) * lstm.recurrent_.width()),
        state_(size_t(steps.sentences()) * lstm.padded_),
        output_(size_t(lstm.padded_)) {}

  void operator()(char* rows, const Outputs* outputs) {
    size_t bytes = lstm_.recurrent_.row_bytes();
    for (int64_t step = 0; step < steps_.count();) {
      int64_t end = multiply_ahead(step);
      for (float* gates = gates_.data(); step < end; step++) {
        int active = steps_.active(step);
        if (step > 0) lstm_.recurrent_.add(rows + steps_.begin(step - 1) * bytes, active, gates);
        for (int i = 0; i < active; i++, gates += lstm_.recurrent_.width()) {
          lstm_.step(gates, state_.data() + size_t(i) * lstm_.padded_, output_.data());
          lstm_.recurrent_.put(output_.data(), rows + (steps_.begin(step) + i) * bytes);
          if (outputs) hand_over(step, i, *outputs);
        }
      }
    }
  }

 private:
  static constexpr int ahead = 128;  // rows

  // Compute the vectors' share in the gates of some steps; return the step after them.
  int64_t multiply_ahead(int64_t step) {
    int64_t begin = steps_.begin(step), end = step + 1;
    while (end < steps_.count() && steps_.begin(end + 1) - begin <= room_) end++;
    int count = int(steps_.begin(end) - begin);
    for (size_t part = 0; part < parts_.size(); part++) {
      const Dense& dense = lstm_.input_[part];
      const char* rows = parts_[part].backwards == backwards_ ? parts_[part].rows + begin * dense.row_bytes()
                                                              : gather(step, end, parts_[part].rows);
      if (part) dense.add(rows, count, gates_.data());
      else dense(rows, count, gates_.data());
    }
    return end;
  }

  // Return the rows of some steps, from rows in the order of the other direction.
  const char* gather(int64_t step, int64_t end, const char* rows) {
    size_t bytes = lstm_.input().row_bytes();
    for (char* to = gathered_.data(); step < end; step++)
      for (int i = 0; i < steps_.active(step); i++, to += bytes)
        std::memcpy(to, rows + steps_.mirrored_row(step, i) * bytes, bytes);
    return gathered_.data();
  }

  void hand_over(int64_t step, int i, const Outputs& outputs) {
    int64_t token = outputs.first[i] + (backwards_ ? steps_.mirrored(step, i) : step);
    std::copy(output_.data(), output_.data() + lstm_.hidden_, outputs.values + size_t(token) * outputs.stride);
  }

  const Lstm& lstm_;
  const Steps& steps_;
  const std::vector<Vectors>& parts_;
  bool backwards_;
  int room_;  // rows
  Aligned<char> gathered_;
  Aligned<float> gates_, state_, output_;
};

inline void Lstm::read(const Steps& steps, const std::vector<Vectors>& parts, bool backwards, char* rows,
                       const Outputs* outputs) const {
  Reading(*this, steps, parts, backwards)(rows, outputs);
}

// One or more layers, each of an LSTM forwards and, if sentences are read in both directions, one backwards.
class LstmStack {
 public:
  void add_layer(std::vector<Lstm> directions) { layers_.push_back(std::move(directions)); }

  // The number of parts of the vectors that the next layer reads.
  int parts() const { return layers_.empty() ? 1 : int(layers_.back().size()); }
  int dimension() const { return parts() * layers_.back()[0].hidden(); }

  // Read sentences; sentence i has the tokens offset[i]..offset[i + 1] - 1, and token t the vector row[t], or t if `row`
  // is null, of `vectors` [..][E]. Write outputs [T][dimension()].
  void operator()(int sentences, const int64_t* offset, const int32_t* row, const float* vectors, float* output) const {
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
      read(Steps(std::move(lengths)), first, row, vectors, output);
    }
  }

 private:
  static constexpr size_t together = 64;  // sentences: the gates of a step stay in the processor's cache

  // Read a few sentences, which begin with the tokens `first`.
  void read(const Steps& steps, const std::vector<int64_t>& first, const int32_t* row, const float* vectors,
            float* output) const {
    std::vector<Aligned<char>> last;
    last.push_back(input_rows(steps, first, row, vectors));
    for (const std::vector<Lstm>& layer : layers_) {
      bool is_last = &layer == &layers_.back();
      std::vector<Vectors> parts;
      for (size_t part = 0; part < last.size(); part++) parts.push_back({last[part].data(), part == 1});
      std::vector<Aligned<char>> next;
      for (size_t direction = 0; direction < layer.size(); direction++) {
        const Lstm& lstm = layer[direction];
        next.emplace_back(size_t(steps.rows()) * lstm.recurrent().row_bytes());
        Outputs outputs{output + direction * lstm.hidden(), size_t(dimension()), first.data()};
        lstm.read(steps, parts, direction == 1, next.back().data(), is_last ? &outputs : nullptr);
      }
      last = std::move(next);
    }
  }

  // Return the tokens' vectors as input rows of the first layer, which are the same for both directions.
  Aligned<char> input_rows(const Steps& steps, const std::vector<int64_t>& first, const int32_t* row,
                           const float* vectors) const {
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
