#include "blocks.h"
#include "sets.h"

#if HG_HAS_X86_SETS

#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TARGET HG_AVX512

HG_INLINE TARGET __mmask16 mask_f32(size_t count) { return (__mmask16)((1u << count) - 1); }
HG_INLINE TARGET __mmask16 mask_between_f32(size_t begin, size_t end) { return mask_f32(end) & ~mask_f32(begin); }
HG_INLINE TARGET __m512 load_f32(const float *p) { return _mm512_loadu_ps(p); }
HG_INLINE TARGET __m512 load_some_f32(const float *p, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, p); }
HG_INLINE TARGET __m512 load_or_f32(const float *p, __mmask16 mask, __m512 other) {
  return _mm512_mask_loadu_ps(other, mask, p);
}
HG_INLINE TARGET void store_f32(float *p, __m512 x) { _mm512_storeu_ps(p, x); }
HG_INLINE TARGET void store_some_f32(float *p, __mmask16 mask, __m512 x) { _mm512_mask_storeu_ps(p, mask, x); }
HG_INLINE TARGET __m512 spread_f32(float x) { return _mm512_set1_ps(x); }
HG_INLINE TARGET __m512 add_f32(__m512 x, __m512 y) { return _mm512_add_ps(x, y); }
HG_INLINE TARGET __m512 scale_f32(float x, __m512 y) { return _mm512_mul_ps(_mm512_set1_ps(x), y); }
HG_INLINE TARGET __m512 add_product_f32(__m512 x, __m512 y, __m512 sum) { return _mm512_fmadd_ps(x, y, sum); }

HG_INLINE TARGET __m512 subtract_f32(__m512 x, __m512 y) { return _mm512_sub_ps(x, y); }
HG_INLINE TARGET void interleave_f32(__m512 x, __m512 y, __m512 pair[2]) {
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  pair[0] = _mm512_permutex2var_ps(x, low, y);
  pair[1] = _mm512_permutex2var_ps(x, _mm512_add_epi32(low, _mm512_set1_epi32(8)), y);
}
HG_INLINE TARGET __m512 clamp_f32(__m512 x, __m512 least, __m512 greatest) {
  // The second operand comes out when one is NaN.
  return _mm512_min_ps(greatest, _mm512_max_ps(least, x));
}

HG_INLINE TARGET __m512 greater_f32(__m512 x, __m512 y) {
  const __mmask16 chosen = _mm512_cmp_ps_mask(x, y, _CMP_GT_OQ) | _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_mask_mov_ps(y, chosen, x);
}

HG_INLINE TARGET __m512 evens_f32(__m512 x, __m512 y) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  return _mm512_permutex2var_ps(x, even, y);
}

// Transposes by exchanging, for each bit of an index, the lanes with that bit of one vector for those without it of
// the vector whose number has it.
HG_INLINE TARGET void transpose_f32(__m512 x[16]) {
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
#pragma clang loop unroll(full)
  for (int bit = 1; bit < 16; bit *= 2) {
    const __m512i step = _mm512_set1_epi32(bit), beyond = _mm512_set1_epi32(16);
    const __mmask16 has = _mm512_test_epi32_mask(lane, step);
    const __m512i first = _mm512_mask_mov_epi32(lane, has, _mm512_sub_epi32(_mm512_add_epi32(lane, beyond), step));
    const __m512i second = _mm512_mask_mov_epi32(_mm512_add_epi32(lane, step), has, _mm512_add_epi32(lane, beyond));
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      if (i & bit) continue;
      const __m512 low = x[i], high = x[i + bit];
      x[i] = _mm512_permutex2var_ps(low, first, high), x[i + bit] = _mm512_permutex2var_ps(low, second, high);
    }
  }
}

#define VECTOR __m512
#define MASK __mmask16
#define LANES 16
#define NAME(x) x##_f32
#include "functions.h"

#define REAL float
#define VECTOR __m512
#define MASK __mmask16
#define LANES 16
#define ROWS 12
#define SLIVERS 20
#define NAME(x) x##_f32
#include "gemm.h"

#define REAL float
#define VECTOR __m512
#define MASK __mmask16
#define LANES 16
#define ROWS 12
#define NAME(x) x##_f32
#include "channels_last.h"

HG_INLINE TARGET __mmask8 mask_f64(size_t count) { return (__mmask8)((1u << count) - 1); }
HG_INLINE TARGET __mmask8 mask_between_f64(size_t begin, size_t end) { return mask_f64(end) & ~mask_f64(begin); }
HG_INLINE TARGET __m512d load_f64(const double *p) { return _mm512_loadu_pd(p); }
HG_INLINE TARGET __m512d load_some_f64(const double *p, __mmask8 mask) { return _mm512_maskz_loadu_pd(mask, p); }
HG_INLINE TARGET __m512d load_or_f64(const double *p, __mmask8 mask, __m512d other) {
  return _mm512_mask_loadu_pd(other, mask, p);
}
HG_INLINE TARGET void store_f64(double *p, __m512d x) { _mm512_storeu_pd(p, x); }
HG_INLINE TARGET void store_some_f64(double *p, __mmask8 mask, __m512d x) { _mm512_mask_storeu_pd(p, mask, x); }
HG_INLINE TARGET __m512d spread_f64(double x) { return _mm512_set1_pd(x); }
HG_INLINE TARGET __m512d add_f64(__m512d x, __m512d y) { return _mm512_add_pd(x, y); }
HG_INLINE TARGET __m512d scale_f64(double x, __m512d y) { return _mm512_mul_pd(_mm512_set1_pd(x), y); }
HG_INLINE TARGET __m512d add_product_f64(__m512d x, __m512d y, __m512d sum) { return _mm512_fmadd_pd(x, y, sum); }
HG_INLINE TARGET __m512d subtract_f64(__m512d x, __m512d y) { return _mm512_sub_pd(x, y); }
HG_INLINE TARGET void interleave_f64(__m512d x, __m512d y, __m512d pair[2]) {
  const __m512i low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
  pair[0] = _mm512_permutex2var_pd(x, low, y);
  pair[1] = _mm512_permutex2var_pd(x, _mm512_add_epi64(low, _mm512_set1_epi64(4)), y);
}
HG_INLINE TARGET __m512d clamp_f64(__m512d x, __m512d least, __m512d greatest) {
  return _mm512_min_pd(greatest, _mm512_max_pd(least, x));
}

HG_INLINE TARGET __m512d greater_f64(__m512d x, __m512d y) {
  const __mmask8 chosen = _mm512_cmp_pd_mask(x, y, _CMP_GT_OQ) | _mm512_cmp_pd_mask(x, x, _CMP_UNORD_Q);
  return _mm512_mask_mov_pd(y, chosen, x);
}

HG_INLINE TARGET __m512d evens_f64(__m512d x, __m512d y) {
  return _mm512_permutex2var_pd(x, _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), y);
}

HG_INLINE TARGET void transpose_f64(__m512d x[8]) {
  const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
#pragma clang loop unroll(full)
  for (int bit = 1; bit < 8; bit *= 2) {
    const __m512i step = _mm512_set1_epi64(bit), beyond = _mm512_set1_epi64(8);
    const __mmask8 has = _mm512_test_epi64_mask(lane, step);
    const __m512i first = _mm512_mask_mov_epi64(lane, has, _mm512_sub_epi64(_mm512_add_epi64(lane, beyond), step));
    const __m512i second = _mm512_mask_mov_epi64(_mm512_add_epi64(lane, step), has, _mm512_add_epi64(lane, beyond));
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      if (i & bit) continue;
      const __m512d low = x[i], high = x[i + bit];
      x[i] = _mm512_permutex2var_pd(low, first, high), x[i + bit] = _mm512_permutex2var_pd(low, second, high);
    }
  }
}

HG_INLINE TARGET __m512d gelu_f64(__m512d x) { return x; }

#define REAL double
#define VECTOR __m512d
#define MASK __mmask8
#define LANES 8
#define ROWS 12
#define SLIVERS 20
#define NAME(x) x##_f64
#include "gemm.h"

#define DEFINE_INTEGER_LANES(SUFFIX)                                                                                  \
  HG_INLINE TARGET __m512i load_##SUFFIX(const uint32_t *p) { return _mm512_loadu_si512(p); }                         \
  HG_INLINE TARGET void store_##SUFFIX(uint32_t *p, __m512i x) { _mm512_storeu_si512(p, x); }                         \
  HG_INLINE TARGET __m512i spread_##SUFFIX(uint32_t x) { return _mm512_set1_epi32((int32_t)x); }                      \
  HG_INLINE TARGET __m512i add_##SUFFIX(__m512i x, __m512i y) { return _mm512_add_epi32(x, y); }                      \
  HG_INLINE TARGET __m512i multiply_##SUFFIX(__m512i x, __m512i y) { return _mm512_mullo_epi32(x, y); }

DEFINE_INTEGER_LANES(i16)

HG_INLINE TARGET __m512i add_dots_i16(__m512i sum, __m512i a, __m512i b) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

#define VECTOR __m512i
#define LANES 16
#define ROWS 12
#define GROUP 2
#define NAME(x) x##_i16
#include "integer_gemm.h"

// Conversions sixteen at a time, the last ones under a mask.

HG_INLINE TARGET __mmask16 lanes_left(size_t n) { return n < 16 ? (__mmask16)((1u << n) - 1) : 0xFFFF; }

static TARGET void half_to_float(size_t n, const uint16_t *x, float *y) {
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 mask = lanes_left(n - i);
    _mm512_mask_storeu_ps(y + i, mask, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, x + i)));
  }
}

static TARGET void float_to_half(size_t n, const float *x, uint16_t *y) {
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 mask = lanes_left(n - i);
    const __m256i half = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(mask, x + i), _MM_FROUND_TO_NEAREST_INT);
    _mm256_mask_storeu_epi16(y + i, mask, half);
  }
}

static TARGET void bfloat16_to_float(size_t n, const uint16_t *x, float *y) {
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 mask = lanes_left(n - i);
    const __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x + i)), 16);
    _mm512_mask_storeu_epi32(y + i, mask, wide);
  }
}

// Not by vcvtneps2bf16, which takes subnormal numbers for zero.
static TARGET void float_to_bfloat16(size_t n, const float *x, uint16_t *y) {
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 mask = lanes_left(n - i);
    const __m512i all = _mm512_maskz_loadu_epi32(mask, x + i), upper = _mm512_srli_epi32(all, 16);
    const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
    const __m512i sum = _mm512_add_epi32(all, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    const __m512i nan =
        _mm512_or_si512(_mm512_and_si512(upper, _mm512_set1_epi32(0x8000)), _mm512_set1_epi32(0x7FC0));
    const __m512 number = _mm512_castsi512_ps(all);
    const __mmask16 is_nan = _mm512_cmp_ps_mask(number, number, _CMP_UNORD_Q);
    const __m512i result = _mm512_mask_mov_epi32(_mm512_srli_epi32(sum, 16), is_nan, nan);
    _mm256_mask_storeu_epi16(y + i, mask, _mm512_cvtepi32_epi16(result));
  }
}

#define VECTOR __m512
#define MASK __mmask16
#define LANES 16
#define ROWS 12
#define NAME(x) x##_f32
#include "bfloat16_gemm.h"

#include "avx512_trees.h"

#define DEFINE_SET(SET, IGEMM, SMALL_TREE_LEAVES)                       \
  const hg_kernel_set SET = {                        \
      .name = "avx512",                              \
      .sgemm = gemm_f32,                             \
      .dgemm = gemm_f64,                             \
      .sgemm_pack = gemm_pack_f32,                   \
      .dgemm_pack = gemm_pack_f64,                   \
      .sgemm_packed = gemm_packed_f32,               \
      .dgemm_packed = gemm_packed_f64,               \
      .sgemm_pack_left = gemm_pack_left_f32,         \
      .dgemm_pack_left = gemm_pack_left_f64,         \
      .sgemm_patches = gemm_patches_f32,             \
      .dgemm_patches = gemm_patches_f64,             \
      .swinograd_weights = winograd_weights_f32,     \
      .swinograd = winograd_f32,                     \
      .dwinograd_weights = winograd_weights_f64,     \
      .dwinograd = winograd_f64,                     \
      .sspread = spread_lines_f32,                   \
      .dspread = spread_lines_f64,                   \
      .sdepthwise = depthwise_f32,                   \
      .ddepthwise = depthwise_f64,                   \
      .smaxima = maxima_f32,                         \
      .dmaxima = maxima_f64,                         \
      .splane_sums = plane_sums_f32,                 \
      .dplane_sums = plane_sums_f64,                 \
      .splane_maxima = plane_maxima_f32,             \
      .dplane_maxima = plane_maxima_f64,             \
      .last_lanes = 16,                              \
      .pack_last = pack_last_f32,                    \
      .convolve_last = convolve_last_f32,            \
      .convolve_first = convolve_first_f32,          \
      .winograd_last = winograd_last_f32,            \
      .depthwise_last = depthwise_last_f32,          \
      .maxima_last = maxima_last_f32,                \
      .turn_image = turn_image_f32,                  \
      .bgemm_columns = COLUMNS_f32,                  \
      .round_to_bfloat16 = narrow_f32,               \
      .bgemm_pack = narrow_pack_f32,                 \
      .bgemm_packed = narrow_gemm_packed_f32,        \
      .bgemm_pack_left = narrow_pack_left_f32,       \
      .bgemm_patches = narrow_gemm_patches_f32,      \
      .igemm = IGEMM,                                \
      .half_to_float = half_to_float,                \
      .float_to_half = float_to_half,                \
      .bfloat16_to_float = bfloat16_to_float,        \
      .float_to_bfloat16 = float_to_bfloat16,        \
      .s_arithmetic = arithmetic_f32,                \
      .d_arithmetic = arithmetic_f64,                \
      .s_products = PRODUCTS_f32,                    \
      .d_products = PRODUCTS_f64,                    \
      .functions =                                   \
          {                                          \
              [HG_EXP] = exp_row_f32,                \
              [HG_SIGMOID] = sigmoid_row_f32,        \
              [HG_TANH] = tanh_row_f32,              \
              [HG_ERF] = erf_row_f32,                \
              [HG_GELU] = gelu_row_f32,              \
          },                                         \
      .exp_sum = exp_sum_f32,                        \
      .greatest = greatest_f32,                      \
      .multiply = multiply_f32,                      \
      .normalize = normalize_f32,                    \
      .advance_memory = advance_memory_f32,          \
      .weigh = weigh_f32,                            \
      .divide = divide_f32,                          \
      .sbins = bins_f32,                             \
      .dbins = bins_f64,                             \
      .sbins_of_row = bins_of_row_f32,               \
      .dbins_of_row = bins_of_row_f64,               \
      .tree_leaves = tree_leaves,                    \
      .sleaf_sums = leaf_sums_f32,                   \
      .dleaf_sums = leaf_sums_f64,                   \
      .small_tree_leaves = SMALL_TREE_LEAVES,        \
  };

DEFINE_SET(hg_avx512_kernels, igemm_i16, NULL)

#undef TARGET
#define TARGET HG_VNNI

DEFINE_INTEGER_LANES(i8)

HG_INLINE TARGET __m512i add_dots_i8(__m512i sum, __m512i a, __m512i b) { return _mm512_dpbusd_epi32(sum, a, b); }

#define VECTOR __m512i
#define LANES 16
#define ROWS 12
#define GROUP 4
#define NAME(x) x##_i8
#include "integer_gemm.h"

DEFINE_SET(hg_avx512_vnni_kernels, igemm_i8, NULL)

#undef TARGET
#define TARGET HG_VBMI

// All tests of a tree are made at once. Then each test knows which test or leaf comes next, and twice as many tests
// further in each round, until the first one knows its leaf.
//
// Bound by the port of the permutations, some 12 cycles a tree: for 100 trees of 63 leaves 0.4 us.
static TARGET void small_tree_leaves(const hg_small_tree *trees, size_t count, size_t rounds, const uint8_t *bins,
                                     uint8_t *leaves) {
  const __m512i all_bins = _mm512_loadu_si512(bins), leaf = _mm512_set1_epi8((char)(2 * HG_SMALL_LEAVES));
  for (size_t t = 0; t < count; t++) {
    const __m512i bin = _mm512_permutexvar_epi8(_mm512_loadu_si512(trees[t].columns), all_bins);
    const __mmask64 is_false = _mm512_cmpgt_epu8_mask(bin, _mm512_loadu_si512(trees[t].operands));
    __m512i next = _mm512_mask_loadu_epi8(_mm512_loadu_si512(trees[t].when_true), is_false, trees[t].when_false);
    for (size_t round = 0; round < rounds; round++) {
      next = _mm512_mask_permutexvar_epi8(next, _mm512_testn_epi8_mask(next, leaf), next, next);
    }
    leaves[t] = (uint8_t)(_mm_cvtsi128_si32(_mm512_castsi512_si128(next)) & (HG_SMALL_LEAVES - 1));
  }
}

DEFINE_SET(hg_avx512_vbmi_kernels, igemm_i8, small_tree_leaves)

#endif
