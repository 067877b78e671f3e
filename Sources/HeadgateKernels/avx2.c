#include "blocks.h"
#include "sets.h"

#if HG_HAS_X86_SETS

#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TARGET HG_AVX2

// Loaded from `8 - count` on, the first `count` lanes are set.
static const int32_t lane_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

HG_INLINE TARGET __m256i mask_f32(size_t count) { return _mm256_loadu_si256((const __m256i *)(lane_masks + 8 - count)); }
HG_INLINE TARGET __m256i mask_between_f32(size_t begin, size_t end) {
  return _mm256_andnot_si256(mask_f32(begin), mask_f32(end));
}
HG_INLINE TARGET __m256 load_f32(const float *p) { return _mm256_loadu_ps(p); }
HG_INLINE TARGET __m256 load_some_f32(const float *p, __m256i mask) { return _mm256_maskload_ps(p, mask); }
HG_INLINE TARGET __m256 load_or_f32(const float *p, __m256i mask, __m256 other) {
  return _mm256_blendv_ps(other, _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
}
HG_INLINE TARGET void store_f32(float *p, __m256 x) { _mm256_storeu_ps(p, x); }
HG_INLINE TARGET void store_some_f32(float *p, __m256i mask, __m256 x) { _mm256_maskstore_ps(p, mask, x); }
HG_INLINE TARGET __m256 spread_f32(float x) { return _mm256_set1_ps(x); }
HG_INLINE TARGET __m256 add_f32(__m256 x, __m256 y) { return _mm256_add_ps(x, y); }
HG_INLINE TARGET __m256 scale_f32(float x, __m256 y) { return _mm256_mul_ps(_mm256_set1_ps(x), y); }
HG_INLINE TARGET __m256 add_product_f32(__m256 x, __m256 y, __m256 sum) { return _mm256_fmadd_ps(x, y, sum); }
HG_INLINE TARGET __m256 subtract_f32(__m256 x, __m256 y) { return _mm256_sub_ps(x, y); }
HG_INLINE TARGET void interleave_f32(__m256 x, __m256 y, __m256 pair[2]) {
  const __m256 low = _mm256_unpacklo_ps(x, y), high = _mm256_unpackhi_ps(x, y);
  pair[0] = _mm256_permute2f128_ps(low, high, 0x20), pair[1] = _mm256_permute2f128_ps(low, high, 0x31);
}
HG_INLINE TARGET __m256 clamp_f32(__m256 x, __m256 least, __m256 greatest) {
  // The second operand comes out when one is NaN.
  return _mm256_min_ps(greatest, _mm256_max_ps(least, x));
}

HG_INLINE TARGET __m256 greater_f32(__m256 x, __m256 y) {
  const __m256 chosen = _mm256_or_ps(_mm256_cmp_ps(x, y, _CMP_GT_OQ), _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_ps(y, x, chosen);
}

HG_INLINE TARGET __m256 evens_f32(__m256 x, __m256 y) {
  // Of each half two of x, then two of y.
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(x, y, 0x88)), 0xD8));
}

HG_INLINE TARGET void transpose_f32(__m256 x[8]) {
  __m256 y[8], z[8];
  for (int i = 0; i < 8; i += 2) {
    y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]), y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    z[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44), z[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xEE);
    z[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44), z[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; i++) {
    x[i] = _mm256_permute2f128_ps(z[i], z[i + 4], 0x20), x[i + 4] = _mm256_permute2f128_ps(z[i], z[i + 4], 0x31);
  }
}

#define VECTOR __m256
#define MASK __m256i
#define LANES 8
#define NAME(x) x##_f32
#include "functions.h"

#define REAL float
#define VECTOR __m256
#define MASK __m256i
#define LANES 8
#define ROWS 6
#define SLIVERS 40
#define NAME(x) x##_f32
#include "gemm.h"

#define REAL float
#define VECTOR __m256
#define MASK __m256i
#define LANES 8
#define ROWS 6
#define NAME(x) x##_f32
#include "channels_last.h"

HG_INLINE TARGET __m256i mask_f64(size_t count) {
  return _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(lane_masks + 8 - count)));
}
HG_INLINE TARGET __m256i mask_between_f64(size_t begin, size_t end) {
  return _mm256_andnot_si256(mask_f64(begin), mask_f64(end));
}
HG_INLINE TARGET __m256d load_f64(const double *p) { return _mm256_loadu_pd(p); }
HG_INLINE TARGET __m256d load_some_f64(const double *p, __m256i mask) { return _mm256_maskload_pd(p, mask); }
HG_INLINE TARGET __m256d load_or_f64(const double *p, __m256i mask, __m256d other) {
  return _mm256_blendv_pd(other, _mm256_maskload_pd(p, mask), _mm256_castsi256_pd(mask));
}
HG_INLINE TARGET void store_f64(double *p, __m256d x) { _mm256_storeu_pd(p, x); }
HG_INLINE TARGET void store_some_f64(double *p, __m256i mask, __m256d x) { _mm256_maskstore_pd(p, mask, x); }
HG_INLINE TARGET __m256d spread_f64(double x) { return _mm256_set1_pd(x); }
HG_INLINE TARGET __m256d add_f64(__m256d x, __m256d y) { return _mm256_add_pd(x, y); }
HG_INLINE TARGET __m256d scale_f64(double x, __m256d y) { return _mm256_mul_pd(_mm256_set1_pd(x), y); }
HG_INLINE TARGET __m256d add_product_f64(__m256d x, __m256d y, __m256d sum) { return _mm256_fmadd_pd(x, y, sum); }
HG_INLINE TARGET __m256d subtract_f64(__m256d x, __m256d y) { return _mm256_sub_pd(x, y); }
HG_INLINE TARGET void interleave_f64(__m256d x, __m256d y, __m256d pair[2]) {
  const __m256d low = _mm256_unpacklo_pd(x, y), high = _mm256_unpackhi_pd(x, y);
  pair[0] = _mm256_permute2f128_pd(low, high, 0x20), pair[1] = _mm256_permute2f128_pd(low, high, 0x31);
}
HG_INLINE TARGET __m256d clamp_f64(__m256d x, __m256d least, __m256d greatest) {
  return _mm256_min_pd(greatest, _mm256_max_pd(least, x));
}

HG_INLINE TARGET __m256d greater_f64(__m256d x, __m256d y) {
  const __m256d chosen = _mm256_or_pd(_mm256_cmp_pd(x, y, _CMP_GT_OQ), _mm256_cmp_pd(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_pd(y, x, chosen);
}

HG_INLINE TARGET __m256d evens_f64(__m256d x, __m256d y) {
  return _mm256_permute4x64_pd(_mm256_unpacklo_pd(x, y), 0xD8);
}

HG_INLINE TARGET void transpose_f64(__m256d x[4]) {
  const __m256d y0 = _mm256_unpacklo_pd(x[0], x[1]), y1 = _mm256_unpackhi_pd(x[0], x[1]);
  const __m256d y2 = _mm256_unpacklo_pd(x[2], x[3]), y3 = _mm256_unpackhi_pd(x[2], x[3]);
  x[0] = _mm256_permute2f128_pd(y0, y2, 0x20), x[1] = _mm256_permute2f128_pd(y1, y3, 0x20);
  x[2] = _mm256_permute2f128_pd(y0, y2, 0x31), x[3] = _mm256_permute2f128_pd(y1, y3, 0x31);
}

HG_INLINE TARGET __m256d gelu_f64(__m256d x) { return x; }

#define REAL double
#define VECTOR __m256d
#define MASK __m256i
#define LANES 4
#define ROWS 6
#define SLIVERS 40
#define NAME(x) x##_f64
#include "gemm.h"

HG_INLINE TARGET __m256i load_i16(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
HG_INLINE TARGET void store_i16(uint32_t *p, __m256i x) { _mm256_storeu_si256((__m256i *)p, x); }
HG_INLINE TARGET __m256i spread_i16(uint32_t x) { return _mm256_set1_epi32((int32_t)x); }
HG_INLINE TARGET __m256i add_i16(__m256i x, __m256i y) { return _mm256_add_epi32(x, y); }
HG_INLINE TARGET __m256i multiply_i16(__m256i x, __m256i y) { return _mm256_mullo_epi32(x, y); }
HG_INLINE TARGET __m256i add_dots_i16(__m256i sum, __m256i a, __m256i b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

#define VECTOR __m256i
#define LANES 8
#define ROWS 6
#define GROUP 2
#define NAME(x) x##_i16
#include "integer_gemm.h"

// Numbers eight at a time; the last ones by way of a copy, so that they are rounded by the same instructions.

static TARGET void half_to_float(size_t n, const uint16_t *x, float *y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
  if (i == n) return;
  uint16_t rest[8] = {0};
  float result[8];
  memcpy(rest, x + i, (n - i) * sizeof *x);
  _mm256_storeu_ps(result, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)rest)));
  memcpy(y + i, result, (n - i) * sizeof *y);
}

static TARGET void float_to_half(size_t n, const float *x, uint16_t *y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
  }
  if (i == n) return;
  float rest[8] = {0};
  uint16_t result[8];
  memcpy(rest, x + i, (n - i) * sizeof *x);
  _mm_storeu_si128((__m128i *)result, _mm256_cvtps_ph(_mm256_loadu_ps(rest), _MM_FROUND_TO_NEAREST_INT));
  memcpy(y + i, result, (n - i) * sizeof *y);
}

HG_INLINE TARGET __m256 widened(__m128i x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}

static TARGET void bfloat16_to_float(size_t n, const uint16_t *x, float *y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, widened(_mm_loadu_si128((const __m128i *)(x + i))));
  if (i == n) return;
  uint16_t rest[8] = {0};
  float result[8];
  memcpy(rest, x + i, (n - i) * sizeof *x);
  _mm256_storeu_ps(result, widened(_mm_loadu_si128((const __m128i *)rest)));
  memcpy(y + i, result, (n - i) * sizeof *y);
}

HG_INLINE TARGET __m128i narrowed(__m256 number) {
  const __m256i all = _mm256_castps_si256(number), odd = _mm256_and_si256(_mm256_srli_epi32(all, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(all, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
  const __m256i nan =
      _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi32(all, 16), _mm256_set1_epi32(0x8000)), _mm256_set1_epi32(0x7FC0));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(number, number, _CMP_UNORD_Q));
  const __m256i result = _mm256_blendv_epi8(rounded, nan, is_nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
}

static TARGET void float_to_bfloat16(size_t n, const float *x, uint16_t *y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm_storeu_si128((__m128i *)(y + i), narrowed(_mm256_loadu_ps(x + i)));
  if (i == n) return;
  float rest[8] = {0};
  uint16_t result[8];
  memcpy(rest, x + i, (n - i) * sizeof *x);
  _mm_storeu_si128((__m128i *)result, narrowed(_mm256_loadu_ps(rest)));
  memcpy(y + i, result, (n - i) * sizeof *y);
}

#define VECTOR __m256
#define MASK __m256i
#define LANES 8
#define ROWS 6
#define NAME(x) x##_f32
#include "bfloat16_gemm.h"

#include "avx2_trees.h"

const hg_kernel_set hg_avx2_kernels = {
    .name = "avx2",
    .sgemm = gemm_f32,
    .dgemm = gemm_f64,
    .sgemm_pack = gemm_pack_f32,
    .dgemm_pack = gemm_pack_f64,
    .sgemm_packed = gemm_packed_f32,
    .dgemm_packed = gemm_packed_f64,
    .sgemm_pack_left = gemm_pack_left_f32,
    .dgemm_pack_left = gemm_pack_left_f64,
    .sgemm_patches = gemm_patches_f32,
    .dgemm_patches = gemm_patches_f64,
    .swinograd_weights = winograd_weights_f32,
    .swinograd = winograd_f32,
    .dwinograd_weights = winograd_weights_f64,
    .dwinograd = winograd_f64,
    .sspread = spread_lines_f32,
    .dspread = spread_lines_f64,
    .sdepthwise = depthwise_f32,
    .ddepthwise = depthwise_f64,
    .smaxima = maxima_f32,
    .dmaxima = maxima_f64,
    .splane_sums = plane_sums_f32,
    .dplane_sums = plane_sums_f64,
    .splane_maxima = plane_maxima_f32,
    .dplane_maxima = plane_maxima_f64,
    .last_lanes = 8,
    .pack_last = pack_last_f32,
    .convolve_last = convolve_last_f32,
    .convolve_first = convolve_first_f32,
    .winograd_last = winograd_last_f32,
    .depthwise_last = depthwise_last_f32,
    .maxima_last = maxima_last_f32,
    .turn_image = turn_image_f32,
    .bgemm_columns = COLUMNS_f32,
    .round_to_bfloat16 = narrow_f32,
    .bgemm_pack = narrow_pack_f32,
    .bgemm_packed = narrow_gemm_packed_f32,
    .bgemm_pack_left = narrow_pack_left_f32,
    .bgemm_patches = narrow_gemm_patches_f32,
    .igemm = igemm_i16,
    .half_to_float = half_to_float,
    .float_to_half = float_to_half,
    .bfloat16_to_float = bfloat16_to_float,
    .float_to_bfloat16 = float_to_bfloat16,
    .s_arithmetic = arithmetic_f32,
    .d_arithmetic = arithmetic_f64,
    .s_products = PRODUCTS_f32,
    .d_products = PRODUCTS_f64,
    .functions =
        {
            [HG_EXP] = exp_row_f32,
            [HG_SIGMOID] = sigmoid_row_f32,
            [HG_TANH] = tanh_row_f32,
            [HG_ERF] = erf_row_f32,
            [HG_GELU] = gelu_row_f32,
        },
    .exp_sum = exp_sum_f32,
    .greatest = greatest_f32,
    .multiply = multiply_f32,
    .normalize = normalize_f32,
    .advance_memory = advance_memory_f32,
    .weigh = weigh_f32,
    .divide = divide_f32,
    .sbins = bins_f32,
    .dbins = bins_f64,
    .sbins_of_row = bins_of_row_f32,
    .dbins_of_row = bins_of_row_f64,
    .tree_leaves = tree_leaves,
    .sleaf_sums = hg_sleaf_sums,
    .dleaf_sums = hg_dleaf_sums,
    .small_tree_leaves = NULL,
};

#endif
