// The instructions that the processor and the operating system let a program use. Compiled for the baseline, this code
// runs everywhere.
#pragma once
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace arcparse {

#if defined(__x86_64__)
// The builtin asks the operating system too: it must save the registers when it changes threads.
inline bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

inline bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

inline bool has_avxvnni() {
  const unsigned int vnni = 1u << 4;
  unsigned int a, b, c, d;
  return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & vnni);
}

// Linux saves tiles for the processes that have asked; children and threads need not ask again.
inline bool may_use_tiles() {
#if defined(__linux__)
  const int request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

inline bool has_amx() {
  const unsigned int bfloat16_tiles = 1u << 22, tiles = 1u << 24, bfloat16_vectors = 1u << 5;
  unsigned int a, b, c, d, more_a, more_b, more_c, more_d;
  return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & tiles) && (d & bfloat16_tiles) &&
         __get_cpuid_count(7, 1, &more_a, &more_b, &more_c, &more_d) && (more_a & bfloat16_vectors) && may_use_tiles();
}
#else
inline bool has_avx2() { return false; }
inline bool has_avxvnni() { return false; }
inline bool has_avx512() { return false; }
inline bool has_amx() { return false; }
#endif

inline bool processor_runs(const char* level) {
  if (std::strcmp(level, "amx") == 0) return has_amx();
  if (std::strcmp(level, "avx512") == 0) return has_avx512();
  if (std::strcmp(level, "avxvnni") == 0) return has_avxvnni();
  if (std::strcmp(level, "avx2") == 0) return has_avx2();
  return std::strcmp(level, "baseline") == 0;
}

}  // namespace arcparse
