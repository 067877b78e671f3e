#ifndef HEADGATE_SETS_H
#define HEADGATE_SETS_H

#include "HeadgateKernels.h"

// Run-time choice needs no compiler flags: each function of a set names its instructions itself.
#if defined(__x86_64__)
#define HG_HAS_X86_SETS 1
#define HG_AVX2 __attribute__((target("avx2,fma,f16c")))
#define HG_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c")))
#define HG_VNNI __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx2,fma,f16c")))
#define HG_VBMI __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx512vbmi,avx2,fma,f16c")))
#else
#define HG_HAS_X86_SETS 0
#endif

#define HG_INLINE static inline __attribute__((always_inline))

extern const hg_kernel_set hg_reference_kernels;
#if HG_HAS_X86_SETS
extern const hg_kernel_set hg_avx2_kernels, hg_avx512_kernels;
/// As hg_avx512_kernels, with the dot products of bytes that newer CPUs have.
extern const hg_kernel_set hg_avx512_vnni_kernels;
/// As that, with the permutations of bytes that still newer ones have.
extern const hg_kernel_set hg_avx512_vbmi_kernels;
#endif

#endif
