// The product of some rows with a matrix that is packed in panels: two registers of columns, all of the depth, side by
// side.
//
// A block of rows and panels has its sums in registers, as many as fit; each step of the depth reads a panel's two
// registers once for all rows of the block. Few rows take several panels at once: the sums must be enough to hide the
// time that one addition takes. `Number` says how elements of 32 bits are multiplied: one float, or two short integers.
#pragma once
#include "simd.h"

namespace arcparse {

constexpr int panel_columns = 2 * lanes;
constexpr int block_rows = register_count == 32 ? 12 : 6;  // two sums for each, the rest holds a panel and an element

struct FloatNumber {
  using Element = float;
  using Vector = Floats;
  static void add_product(Floats& sum, float x, Floats weight) { sum += x * weight; }
};

template <class Number>
class Panels {
 public:
  using Element = typename Number::Element;
  using Vector = typename Number::Vector;

  Panels(int depth, int columns)
      : depth_(depth), panels_(round_up(columns, panel_columns) / panel_columns), elements_(size_t(depth) * width()) {}

  int depth() const { return depth_; }
  int width() const { return panels_ * panel_columns; }
  Element& at(int k, int column) {
    int panel = column / panel_columns;
    return elements_[(size_t(panel) * depth_ + k) * panel_columns + column % panel_columns];
  }

  // Call finish(row, column, sum) for each register of sums of the product. x: `count` rows, `stride` elements apart.
  template <class Finish>
  void multiply(const Element* x, size_t stride, int count, Finish finish) const {
    for (int panel = 0; panel < panels_;) {
      int together = 1;
      for (int row = 0, blocks = (count + block_rows - 1) / block_rows; blocks > 0; blocks--) {
        int rows = (count - row + blocks - 1) / blocks;  // blocks of nearly equal size
        together = at_once<block_rows>(rows, x + row * stride, stride, row, panel, count <= block_rows, finish);
        row += rows;
      }
      panel += together;
    }
  }

 private:
  // Multiply a block whose number of rows is known when the program runs; return the number of panels that it took.
  template <int rows, class Finish>
  int at_once(int count, const Element* x, size_t stride, int row, int panel, bool alone, Finish& finish) const {
    if constexpr (rows > 1)
      if (count < rows) return at_once<rows - 1>(count, x, stride, row, panel, alone, finish);
    constexpr int most = block_rows / rows < 4 ? block_rows / rows : 4;
    if (alone && panel + most <= panels_) {
      block<rows, most>(x, stride, row, panel, finish);
      return most;
    }
    block<rows, 1>(x, stride, row, panel, finish);
    return 1;
  }

  // A function of its own: inlined into others, it would share its registers with them.
  template <int rows, int panels, class Finish>
  [[gnu::noinline]] void block(const Element* x, size_t stride, int row, int panel, Finish& finish) const {
    Vector sum[rows][2 * panels] = {};
    const Element* weight = elements_.data() + size_t(panel) * depth_ * panel_columns;
    size_t size = size_t(depth_) * panel_columns;
    for (int k = 0; k < depth_; k++, weight += panel_columns)
      for (int p = 0; p < panels; p++) {
        Vector left = *reinterpret_cast<const Vector*>(weight + p * size);
        Vector right = *reinterpret_cast<const Vector*>(weight + p * size + lanes);
        for (int r = 0; r < rows; r++) {
          Number::add_product(sum[r][2 * p], x[r * stride + k], left);
          Number::add_product(sum[r][2 * p + 1], x[r * stride + k], right);
        }
      }
    for (int r = 0; r < rows; r++)
      for (int i = 0; i < 2 * panels; i++) finish(row + r, panel * panel_columns + i * lanes, sum[r][i]);
  }

  int depth_, panels_;
  Aligned<Element> elements_;
};

}  // namespace arcparse
