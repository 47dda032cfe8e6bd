// LSTMs over sentences of any mix of lengths: no padding is computed.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "activations.h"
#include "dense.h"

namespace arcparse {

// Rows of floats of the tokens of a batch: token t begins at `values + t * stride`.
template <class T>
struct Rows {
  T* values;
  size_t stride;
  T* operator[](int64_t token) const { return values + size_t(token) * stride; }
};

// Sentences that are read side by side, the longest first, so that those still unfinished are always the first ones.
class Group {
 public:
  // Sentence i has the tokens offset[i]..offset[i + 1] - 1, at least one.
  Group(const std::vector<int64_t>& offset, bool reversed) : offset_(offset), reversed_(reversed) {}

  int size() const { return int(offset_.size()) - 1; }
  int64_t steps() const { return length(0); }

  // The number of sentences that have more than `step` tokens; they were `before` at an earlier step.
  int active(int64_t step, int before) const {
    while (length(before - 1) <= step) before--;
    return before;
  }

  int64_t token(int i, int64_t step) const { return reversed_ ? offset_[i + 1] - 1 - step : offset_[i] + step; }

 private:
  int64_t length(int i) const { return offset_[i + 1] - offset_[i]; }

  const std::vector<int64_t>& offset_;
  bool reversed_;
};

// An LSTM in one direction. Its gates lie one after the other, each padded to whole registers.
class Lstm {
 public:
  // Weights in torch's order: gates input, forget, candidate, output; [4 * hidden][inputs], [4 * hidden][hidden].
  Lstm(int inputs, int hidden, const float* input_weight, const float* recurrent_weight, const float* bias,
       Precision precision)
      : hidden_(hidden),
        padded_((hidden + 15) / 16 * 16),
        input_(by_gates(inputs, input_weight, bias, precision)),
        recurrent_(by_gates(hidden, recurrent_weight, nullptr, precision)) {}

  int inputs() const { return input_.inputs(); }
  int hidden() const { return hidden_; }
  int padded() const { return padded_; }
  const Dense& input() const { return input_; }          // vector -> gates [4][padded()]
  const Dense& recurrent() const { return recurrent_; }  // last output -> gates, to be added

  // Step one cell: from the sums of its gates [4][padded()] to its next state and output [padded()].
  void step(const float* gates, float* state, float* output) const {
    for (int unit = 0; unit < padded_; unit += lanes) {
      const float* gate = gates + unit;
      Floats cell = load(state + unit);
      Floats value = lstm_cell(load(gate), load(gate + padded_), load(gate + 2 * padded_), load(gate + 3 * padded_), cell);
      store(output + unit, value);
      store(state + unit, cell);
    }
  }

  // Read the sentences of a group; write the outputs of each token.
  void read(const Group& group, Rows<const float> vector, Rows<float> output) const;

 private:
  class Reading;

  // Return a product whose outputs are [4][padded_].
  Dense by_gates(int inputs, const float* weight, const float* bias, Precision precision) const {
    int outputs = 4 * padded_;
    std::vector<float> turned(size_t(inputs) * outputs), padded_bias(outputs);
    for (int gate = 0; gate < 4; gate++) {
      for (int unit = 0; unit < hidden_; unit++) {
        int from = gate * hidden_ + unit, to = gate * padded_ + unit;
        if (bias) padded_bias[to] = bias[from];
        for (int k = 0; k < inputs; k++) turned[size_t(k) * outputs + to] = weight[size_t(from) * inputs + k];
      }
    }
    return Dense(inputs, outputs, turned.data(), padded_bias.data(), precision);
  }

  int hidden_, padded_;
  Dense input_, recurrent_;
};

// What an LSTM remembers while it reads a group. Products of the vectors do not wait for the step before, so those of
// several steps are computed together if few sentences are read: each pass over the weights costs as much as many rows.
class Lstm::Reading {
 public:
  Reading(const Lstm& lstm, const Group& group)
      : lstm_(lstm),
        group_(group),
        room_(std::max(ahead, group.size())),
        vectors_(size_t(room_) * lstm.input_.row_bytes()),
        gates_(size_t(room_) * lstm.input_.width()),
        outputs_(size_t(group.size()) * lstm.recurrent_.row_bytes()),
        state_(size_t(group.size()) * lstm.padded_),
        output_(size_t(lstm.padded_)) {}

  void operator()(Rows<const float> vector, Rows<float> output) {
    int active = group_.size();
    for (int64_t step = 0; step < group_.steps();) {
      int64_t end = multiply_ahead(step, active, vector);
      for (float* gates = gates_.data(); step < end; step++) {
        active = group_.active(step, active);
        if (step > 0) lstm_.recurrent_.add(outputs_.data(), active, gates);
        for (int i = 0; i < active; i++, gates += lstm_.input_.width()) advance(i, gates, output[group_.token(i, step)]);
      }
    }
  }

 private:
  static constexpr int ahead = 128;  // rows

  // Compute the vectors' share in the gates of some steps; return the step after them.
  int64_t multiply_ahead(int64_t step, int active, Rows<const float> vector) {
    int count = 0;
    for (; step < group_.steps(); step++) {
      active = group_.active(step, active);
      if (count + active > room_) break;
      for (int i = 0; i < active; i++, count++)
        lstm_.input_.put(vector[group_.token(i, step)], vectors_.data() + size_t(count) * lstm_.input_.row_bytes());
    }
    lstm_.input_(vectors_.data(), count, gates_.data());
    return step;
  }

  void advance(int i, const float* gates, float* output) {
    lstm_.step(gates, state_.data() + size_t(i) * lstm_.padded_, output_.data());
    std::copy(output_.data(), output_.data() + lstm_.hidden_, output);
    lstm_.recurrent_.put(output_.data(), outputs_.data() + size_t(i) * lstm_.recurrent_.row_bytes());
  }

  const Lstm& lstm_;
  const Group& group_;
  int room_;  // rows
  Aligned<char> vectors_;
  Aligned<float> gates_;
  Aligned<char> outputs_;
  Aligned<float> state_, output_;
};

inline void Lstm::read(const Group& group, Rows<const float> vector, Rows<float> output) const {
  Reading(*this, group)(vector, output);
}

// One or more layers, each of an LSTM forwards and, if sentences are read in both directions, one backwards.
class LstmStack {
 public:
  void add_layer(std::vector<Lstm> directions) { layers_.push_back(std::move(directions)); }

  int dimension() const { return dimension(layers_.back()); }

  // Read sentences; sentence i has the tokens offset[i]..offset[i + 1] - 1, and token t the vector row[t], or t if `row`
  // is null, of `vectors` [..][E]. Write outputs [T][dimension()].
  void operator()(int sentences, const int64_t* offset, const int32_t* row, const float* vectors, float* output) const {
    std::vector<int> order;
    for (int i = 0; i < sentences; i++)
      if (offset[i + 1] > offset[i]) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return offset[a + 1] - offset[a] > offset[b + 1] - offset[b]; });
    for (size_t begin = 0; begin < order.size(); begin += TOGETHER) {
      size_t end = std::min(begin + TOGETHER, order.size());
      read({order.begin() + begin, order.begin() + end}, offset, row, vectors, output);
    }
  }

 private:
  static constexpr size_t TOGETHER = 64;  // sentences: the gates of a step stay in the processor's cache

  static int dimension(const std::vector<Lstm>& layer) { return int(layer.size()) * layer[0].hidden(); }

  // Read a few sentences, the longest first.
  void read(const std::vector<int>& sentences, const int64_t* offset, const int32_t* row, const float* vectors,
            float* output) const {
    std::vector<int64_t> begin{0}, token;
    for (int sentence : sentences) {
      for (int64_t t = offset[sentence]; t < offset[sentence + 1]; t++) token.push_back(t);
      begin.push_back(int64_t(token.size()));
    }
    size_t width = layers_[0][0].inputs();
    std::vector<float> last(token.size() * width), next;
    for (size_t t = 0; t < token.size(); t++) {
      const float* vector = vectors + size_t(row ? row[token[t]] : token[t]) * width;
      std::copy(vector, vector + width, last.data() + t * width);
    }
    for (const std::vector<Lstm>& layer : layers_) {
      width = dimension(layer);
      next.resize(token.size() * width);
      for (const Lstm& lstm : layer) {
        bool reversed = &lstm != &layer[0];
        lstm.read(Group(begin, reversed), {last.data(), size_t(lstm.inputs())},
                  {next.data() + (reversed ? lstm.hidden() : 0), width});
      }
      std::swap(last, next);
    }
    for (size_t t = 0; t < token.size(); t++)
      std::copy(last.data() + t * width, last.data() + (t + 1) * width, output + size_t(token[t]) * width);
  }

  std::vector<std::vector<Lstm>> layers_;
};

}  // namespace arcparse
