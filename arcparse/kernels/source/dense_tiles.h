// A matrix of bfloat16 for the tiles of AMX: a tile is 16 rows of 64 bytes, and one instruction multiplies two of them.
//
// The process must have been given the permission to use tiles (processor.h). Tiles 0 to 3 are sums, others factors.
#pragma once
#include <immintrin.h>

#include <algorithm>

#include "simd.h"

namespace arcparse {

// The shapes of the tiles, while it lives.
class Tiles {
 public:
  // Sums 0 and 1 have `upper` rows, as tile 4 has; sums 2 and 3 and tile 5 have `lower`; tile 6 and 7 are of a matrix.
  Tiles(int upper, int lower) {
    struct {
      uint8_t palette = 1, start = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {};
    } shapes;
    const int rows[] = {upper, upper, lower, lower, upper, lower, 16, 16};
    for (int i = 0; i < 8; i++) shapes.rows[i] = uint8_t(rows[i]);
    // Some compilers do not see that tiles read memory: all that is written before is to be in its place.
    asm volatile("" : : "r"(&shapes) : "memory");
    _tile_loadconfig(&shapes);
  }
  ~Tiles() { _tile_release(); }  // else each change of thread would save them
  Tiles(const Tiles&) = delete;
};

class TileMatrix {
 public:
  // A weight is the sum of `parts` numbers, 1 or 2: each is the bfloat16 nearest to what the others leave.
  TileMatrix(int inputs, int outputs, const float* weight, int parts)
      : inputs_(inputs),
        depth_(round_up(inputs, 32) / 32),
        width_(round_up(outputs, 64)),
        parts_(parts),
        tiles_(size_t(width_ / 16) * depth_ * parts * tile_numbers) {
    for (int k = 0; k < inputs; k++)
      for (int n = 0; n < outputs; n++) {
        uint16_t* tile = tiles_.data() + (size_t(n / 16) * depth_ + k / 32) * parts * tile_numbers;
        float rest = weight[size_t(k) * outputs + n];
        for (int part = 0; part < parts; part++, tile += tile_numbers) {
          __m128bh number = _mm_cvtneps_pbh(_mm_set_ss(rest));
          uint16_t* place = tile + (k % 32 / 2 * 16 + n % 16) * 2 + k % 2;  // pairs of the depth
          std::memcpy(place, &number, sizeof *place);
          uint32_t bits = uint32_t(*place) << 16;
          float value;
          std::memcpy(&value, &bits, sizeof value);
          rest -= value;
        }
      }
  }

  int width() const { return width_; }
  int row_bytes() const { return depth_ * 64; }

  template <class Change>
  void put(const float* value, char* row, Change change) const {
    for (int k = 0; k < inputs_; k += 32, row += 64) {
      __m512 low = change(part(value + k, inputs_ - k)), high = change(part(value + k + 16, inputs_ - k - 16));
      __m512bh numbers = _mm512_cvtne2ps_pbh(high, low);
      std::memcpy(row, &numbers, sizeof numbers);
    }
  }

  // output = start + x W; the rows of `start` are `start_stride` floats apart
  void multiply(const char* rows, int count, const float* start, size_t start_stride, float* output) const {
    size_t bytes = size_t(row_bytes()), width = size_t(width_);
    int whole = count / 32 * 32, rest = count - whole;
    if (whole > 0) {
      Tiles shapes(16, 16);
      for (int from = 0, to; from < width_; from = to) {
        to = std::min(width_, from + columns_at_once());
        for (int row = 0; row < whole; row += 32)
          for (int n = from; n < to; n += 32)
            two_by_two(rows + row * bytes, 16, n, start + row * start_stride, start_stride, output + row * width);
      }
    }
    rows += whole * bytes, start += whole * start_stride, output += whole * width;
    if (rest > 16) {
      int upper = (rest + 1) / 2;
      Tiles shapes(upper, rest - upper);
      for (int n = 0; n < width_; n += 32) two_by_two(rows, upper, n, start, start_stride, output);
    } else if (rest > 0) {
      Tiles shapes(rest, rest);
      for (int n = 0; n < width_; n += 64) one_by_four(rows, n, start, start_stride, output);
    }
  }

 private:
  static constexpr size_t tile_numbers = 512;

  // All columns for each block of rows, if they stay in the second cache; else all rows for two tiles of columns.
  int columns_at_once() const {
    const size_t room = 5 << 18;  // of the 2 MiB that each processor with tiles has
    return size_t(width_) * size_t(row_bytes()) * size_t(parts_) <= room ? width_ : 32;
  }

  static __m512 part(const float* value, int count) {
    return _mm512_maskz_loadu_ps(count >= 16 ? 0xffff : count > 0 ? (1 << count) - 1 : 0, value);
  }

  size_t column_numbers() const { return size_t(depth_) * size_t(parts_) * tile_numbers; }
  const uint16_t* column(int n) const { return tiles_.data() + size_t(n / 16) * column_numbers(); }

  // Two tiles of rows, the first with `upper` rows, by two tiles of columns.
  void two_by_two(const char* x, int upper, int n, const float* start, size_t start_stride, float* output) const {
    size_t bytes = size_t(row_bytes()), sum_bytes = size_t(width_) * sizeof(float);
    size_t start_bytes = start_stride * sizeof(float);
    const char* below = x + upper * bytes;
    const float* start_below = start + upper * start_stride;
    float* output_below = output + size_t(upper) * width_;
    const uint16_t *left = column(n), *right = column(n + 16);
    _tile_loadd(0, start + n, start_bytes);
    _tile_loadd(1, start + n + 16, start_bytes);
    _tile_loadd(2, start_below + n, start_bytes);
    _tile_loadd(3, start_below + n + 16, start_bytes);
    for (int k = 0; k < depth_; k++) {
      _tile_loadd(4, x + k * 64, bytes);
      _tile_loadd(5, below + k * 64, bytes);
      for (int part = 0; part < parts_; part++, left += tile_numbers, right += tile_numbers) {
        _tile_loadd(6, left, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, right, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
    }
    _tile_stored(0, output + n, sum_bytes);
    _tile_stored(1, output + n + 16, sum_bytes);
    _tile_stored(2, output_below + n, sum_bytes);
    _tile_stored(3, output_below + n + 16, sum_bytes);
  }

  // One tile of rows by four tiles of columns: sums enough to hide the time that one product takes.
  void one_by_four(const char* x, int n, const float* start, size_t start_stride, float* output) const {
    size_t bytes = size_t(row_bytes()), sum_bytes = size_t(width_) * sizeof(float);
    size_t start_bytes = start_stride * sizeof(float), next = column_numbers();
    const uint16_t* weight = column(n);
    _tile_loadd(0, start + n, start_bytes);
    _tile_loadd(1, start + n + 16, start_bytes);
    _tile_loadd(2, start + n + 32, start_bytes);
    _tile_loadd(3, start + n + 48, start_bytes);
    for (int k = 0; k < depth_; k++) {
      _tile_loadd(4, x + k * 64, bytes);
      for (int part = 0; part < parts_; part++, weight += tile_numbers) {
        _tile_loadd(6, weight, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, weight + next, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(6, weight + 2 * next, 64);
        _tile_dpbf16ps(2, 4, 6);
        _tile_loadd(7, weight + 3 * next, 64);
        _tile_dpbf16ps(3, 4, 7);
      }
    }
    _tile_stored(0, output + n, sum_bytes);
    _tile_stored(1, output + n + 16, sum_bytes);
    _tile_stored(2, output + n + 32, sum_bytes);
    _tile_stored(3, output + n + 48, sum_bytes);
  }

  int inputs_, depth_, width_, parts_;
  Aligned<uint16_t> tiles_;
};

}  // namespace arcparse
