// The vector of a form: word embedding, pretrained vector, affixes, shape, and a convolution over characters, side by
// side, each if it has a dimension.
#pragma once
#include <algorithm>
#include <cstdint>

namespace arcparse {

// The tables of a form encoder; the memory belongs to the caller and must outlive it.
struct FormParts {
  int word_dimension, pretrained_dimension, affixes, affix_dimension, shape_dimension, filters;
  const float* word;            // [W][word_dimension]
  const int8_t* pretrained;     // [V][pretrained_dimension], times
  const float* scale;           // [V]
  const float* unknown;         // [pretrained_dimension], for the row UNKNOWN
  const float* affix;           // [S][affix_dimension]
  const float* shape;           // [X][shape_dimension]
  const float* convolution;     // [C][3][filters]: a character's share as the one before, at, or after the middle
  const float* convolution_bias;  // [filters]
};

// The ids of `count` forms.
struct FormIds {
  int count;
  const int32_t *word, *pretrained;  // [count]
  const int32_t* affix;              // [count][affixes]
  const int32_t* shape;              // [count]
  const int64_t* begin;              // [count + 1] of each form's characters
  const int32_t* character;
};

class FormVectors {
 public:
  explicit FormVectors(const FormParts& parts) : parts_(parts) {}

  int dimension() const {
    return parts_.word_dimension + parts_.pretrained_dimension + parts_.affixes * parts_.affix_dimension +
           parts_.shape_dimension + parts_.filters;
  }

  // Write vectors [count][dimension()].
  void operator()(const FormIds& ids, float* vector) const {
    for (int i = 0; i < ids.count; i++) {
      vector = copied(parts_.word, ids.word, i, parts_.word_dimension, vector);
      if (parts_.pretrained_dimension) vector = pretrained(ids.pretrained[i], vector);
      for (int k = 0; k < parts_.affixes; k++)
        vector = copied(parts_.affix, ids.affix, i * parts_.affixes + k, parts_.affix_dimension, vector);
      vector = copied(parts_.shape, ids.shape, i, parts_.shape_dimension, vector);
      if (parts_.filters) vector = convolved(ids.character + ids.begin[i], ids.begin[i + 1] - ids.begin[i], vector);
    }
  }

 private:
  static constexpr int PAD = 0, UNKNOWN = 1;

  static float* copied(const float* table, const int32_t* id, int i, int dimension, float* vector) {
    if (!dimension) return vector;
    const float* row = table + size_t(id[i]) * dimension;
    return std::copy(row, row + dimension, vector);
  }

  float* pretrained(int32_t id, float* vector) const {
    int dimension = parts_.pretrained_dimension;
    if (id == UNKNOWN) return std::copy(parts_.unknown, parts_.unknown + dimension, vector);
    const int8_t* row = parts_.pretrained + size_t(id) * dimension;
    float scale = parts_.scale[id];
    for (int k = 0; k < dimension; k++) vector[k] = row[k] * scale;
    return vector + dimension;
  }

  // The greatest value of each filter, at least 0. Nothing stands before the first character, padding after the last.
  float* convolved(const int32_t* character, int64_t length, float* vector) const {
    int filters = parts_.filters;
    const float* bias = parts_.convolution_bias;
    std::fill(vector, vector + filters, 0.f);
    for (int64_t c = 0; c < length; c++) {
      const float* middle = share(character[c], 1);
      const float* after = share(c + 1 < length ? character[c + 1] : PAD, 2);
      if (c == 0) {
        for (int k = 0; k < filters; k++) vector[k] = std::max(vector[k], bias[k] + middle[k] + after[k]);
      } else {
        const float* before = share(character[c - 1], 0);
        for (int k = 0; k < filters; k++) vector[k] = std::max(vector[k], bias[k] + before[k] + middle[k] + after[k]);
      }
    }
    return vector + filters;
  }

  const float* share(int32_t character, int place) const {
    return parts_.convolution + (size_t(character) * 3 + place) * parts_.filters;
  }

  FormParts parts_;
};

}  // namespace arcparse
