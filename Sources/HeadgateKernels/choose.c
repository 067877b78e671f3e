#include <stdlib.h>
#include <string.h>

#include "sets.h"

static const hg_kernel_set *avx512(void) {
#if HG_HAS_X86_SETS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    if (!__builtin_cpu_supports("avx512vnni")) return &hg_avx512_kernels;
    return __builtin_cpu_supports("avx512vbmi") ? &hg_avx512_vbmi_kernels : &hg_avx512_vnni_kernels;
  }
#endif
  return NULL;
}

static const hg_kernel_set *avx2(void) {
#if HG_HAS_X86_SETS
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    return &hg_avx2_kernels;
  }
#endif
  return NULL;
}

static const hg_kernel_set *reference(void) { return &hg_reference_kernels; }

// From the best down.
static const struct {
  const char *name;
  const hg_kernel_set *(*find)(void);
} sets[] = {{"avx512", avx512}, {"avx2", avx2}, {"reference", reference}};

enum { SET_COUNT = sizeof sets / sizeof sets[0] };

const hg_kernel_set *hg_kernels_named(const char *name) {
  for (size_t i = 0; i < SET_COUNT; i++) {
    if (strcmp(sets[i].name, name) == 0) return sets[i].find();
  }
  return NULL;
}

const char *hg_wanted_kernels(void) { return getenv("HEADGATE_KERNELS"); }

const hg_kernel_set *hg_choose_kernels(const char *wanted, hg_choice *choice) {
  *choice = wanted && *wanted ? HG_CHOICE_UNKNOWN : HG_CHOICE_FREE;
  for (size_t i = 0; i < SET_COUNT && *choice == HG_CHOICE_UNKNOWN; i++) {
    if (strcmp(sets[i].name, wanted) == 0) {
      const hg_kernel_set *set = sets[i].find();
      *choice = set ? HG_CHOICE_FORCED : HG_CHOICE_UNSUPPORTED;
      if (set) return set;
    }
  }
  for (size_t i = 0; i < SET_COUNT; i++) {
    const hg_kernel_set *set = sets[i].find();
    if (set) return set;
  }
  return &hg_reference_kernels;
}
