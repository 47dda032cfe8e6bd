// Vectors as wide as the processor's registers, by the compiler's vector extensions: one code for all instruction sets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace arcparse {

#if defined(__AVX512F__)
constexpr int register_bytes = 64, register_count = 32;
#elif defined(__AVX2__)
constexpr int register_bytes = 32, register_count = 16;
#elif defined(__aarch64__)
constexpr int register_bytes = 16, register_count = 32;
#else
constexpr int register_bytes = 16, register_count = 16;
#endif
constexpr int lanes = register_bytes / int(sizeof(float));  // numbers of 32 bits in a register

// They may lie at any address that suits one number.
typedef float Floats __attribute__((vector_size(register_bytes), aligned(4), may_alias));
typedef int32_t Integers __attribute__((vector_size(register_bytes), aligned(4), may_alias));

inline Floats load(const float* from) { return *reinterpret_cast<const Floats*>(from); }
inline void store(float* to, Floats value) { *reinterpret_cast<Floats*>(to) = value; }
inline Floats broadcast(float value) { return value - Floats{}; }
inline Integers broadcast(int32_t value) { return value - Integers{}; }

// Load `count` < lanes floats; the other lanes are 0.
inline Floats load_part(const float* from, int count) {
  float part[lanes] = {};
  std::memcpy(part, from, size_t(count) * sizeof(float));
  return load(part);
}

inline Floats maximum(Floats a, Floats b) { return a > b ? a : b; }
inline Floats relu(Floats value) { return value < 0 ? Floats{} : value; }  // keeps NaN

inline float largest(Floats value) {
  float result = value[0];
  for (int i = 1; i < lanes; i++) result = value[i] > result ? value[i] : result;
  return result;
}

constexpr int round_up(int number, int unit) { return (number + unit - 1) / unit * unit; }

// Memory for numbers, zero at first, which begins at a cache line, with a cache line of room behind its end.
template <class Number>
class Aligned {
 public:
  explicit Aligned(size_t size = 0) : lines_(size * sizeof(Number) / sizeof(Line) + 2) {}
  Number* data() { return reinterpret_cast<Number*>(lines_.data()); }
  const Number* data() const { return reinterpret_cast<const Number*>(lines_.data()); }
  Number& operator[](size_t i) { return data()[i]; }
  const Number& operator[](size_t i) const { return data()[i]; }

 private:
  struct alignas(64) Line {
    char bytes[64];
  };
  std::vector<Line> lines_;
};

}  // namespace arcparse
