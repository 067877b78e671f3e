#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "sets.h"

// Plain C for any CPU, and what the other sets are compared with. The vectors are the 16 bytes that every
// 64-bit CPU has; where its instructions multiply and add at once, so does `sum + x * y`.

#define TARGET

#define DEFINE_LANES(NAME, REAL, VECTOR, LANES, BITS)                                                \
  typedef REAL VECTOR __attribute__((vector_size(16), aligned(sizeof(REAL))));                       \
  /* As they lie in a file. */                                                                       \
  typedef REAL VECTOR##_anywhere __attribute__((vector_size(16), aligned(1)));                       \
  typedef REAL REAL##_anywhere __attribute__((aligned(1)));                                          \
  /* A bit for each lane. */                                                                         \
  HG_INLINE unsigned NAME(mask)(size_t count) { return (1u << count) - 1; }                          \
  HG_INLINE unsigned NAME(mask_between)(size_t begin, size_t end) {                                  \
    return NAME(mask)(end) & ~NAME(mask)(begin);                                                     \
  }                                                                                                  \
  HG_INLINE VECTOR NAME(load)(const REAL *p) { return *(const VECTOR##_anywhere *)p; }               \
  HG_INLINE void NAME(store)(REAL *p, VECTOR x) { *(VECTOR *)p = x; }                                \
  HG_INLINE VECTOR NAME(load_or)(const REAL *p, unsigned mask, VECTOR other) {                       \
    for (size_t i = 0; i < LANES; i++) {                                                             \
      if (mask >> i & 1) other[i] = ((const REAL##_anywhere *)p)[i];                                 \
    }                                                                                                \
    return other;                                                                                    \
  }                                                                                                  \
  HG_INLINE VECTOR NAME(load_some)(const REAL *p, unsigned mask) {                                   \
    return NAME(load_or)(p, mask, (VECTOR){0});                                                      \
  }                                                                                                  \
  HG_INLINE void NAME(store_some)(REAL *p, unsigned mask, VECTOR x) {                                \
    for (size_t i = 0; i < LANES; i++) {                                                             \
      if (mask >> i & 1) p[i] = x[i];                                                                \
    }                                                                                                \
  }                                                                                                  \
  HG_INLINE VECTOR NAME(spread)(REAL x) { return x - (VECTOR){0}; }                                  \
  HG_INLINE VECTOR NAME(add)(VECTOR x, VECTOR y) { return x + y; }                                   \
  HG_INLINE VECTOR NAME(subtract)(VECTOR x, VECTOR y) { return x - y; }                              \
  HG_INLINE VECTOR NAME(scale)(REAL x, VECTOR y) { return x * y; }                                   \
  HG_INLINE VECTOR NAME(add_product)(VECTOR x, VECTOR y, VECTOR sum) { return sum + x * y; }         \
  HG_INLINE VECTOR NAME(clamp)(VECTOR x, VECTOR least, VECTOR greatest) {                            \
    const BITS is_low = x < least;                                                                   \
    x = (VECTOR)(((BITS)x & ~is_low) | ((BITS)least & is_low));                                      \
    const BITS is_high = x > greatest;                                                               \
    return (VECTOR)(((BITS)x & ~is_high) | ((BITS)greatest & is_high));                              \
  }                                                                                                  \
  HG_INLINE VECTOR NAME(greater)(VECTOR x, VECTOR y) {                                               \
    const BITS chosen = (x > y) | (x != x);                                                          \
    return (VECTOR)(((BITS)x & chosen) | ((BITS)y & ~chosen));                                       \
  }

#define FLOATS(x) x##_f32
#define DOUBLES(x) x##_f64

typedef int32_t int_lanes __attribute__((vector_size(16)));
typedef int64_t long_lanes __attribute__((vector_size(16)));

DEFINE_LANES(FLOATS, float, float_lanes, 4, int_lanes)
DEFINE_LANES(DOUBLES, double, double_lanes, 2, long_lanes)

HG_INLINE void interleave_f32(float_lanes x, float_lanes y, float_lanes pair[2]) {
  pair[0] = __builtin_shufflevector(x, y, 0, 4, 1, 5), pair[1] = __builtin_shufflevector(x, y, 2, 6, 3, 7);
}

HG_INLINE void interleave_f64(double_lanes x, double_lanes y, double_lanes pair[2]) {
  pair[0] = __builtin_shufflevector(x, y, 0, 2), pair[1] = __builtin_shufflevector(x, y, 1, 3);
}

HG_INLINE float_lanes evens_f32(float_lanes x, float_lanes y) { return __builtin_shufflevector(x, y, 0, 2, 4, 6); }

HG_INLINE double_lanes evens_f64(double_lanes x, double_lanes y) { return __builtin_shufflevector(x, y, 0, 2); }

HG_INLINE void transpose_f32(float_lanes x[4]) {
  const float_lanes low01 = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
  const float_lanes high01 = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  const float_lanes low23 = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  const float_lanes high23 = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  x[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5), x[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  x[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5), x[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

HG_INLINE void transpose_f64(double_lanes x[2]) {
  const double_lanes x0 = x[0], x1 = x[1];
  x[0] = __builtin_shufflevector(x0, x1, 0, 2), x[1] = __builtin_shufflevector(x0, x1, 1, 3);
}

#define VECTOR float_lanes
#define MASK unsigned
#define LANES 4
#define NAME FLOATS
#include "functions.h"

#define REAL float
#define VECTOR float_lanes
#define MASK unsigned
#define LANES 4
#define ROWS 4
#define SLIVERS 60
#define NAME FLOATS
#include "gemm.h"

HG_INLINE double_lanes gelu_f64(double_lanes x) { return x; }

#define REAL float
#define VECTOR float_lanes
#define MASK unsigned
#define LANES 4
#define ROWS 4
#define NAME FLOATS
#include "channels_last.h"

#define REAL double
#define VECTOR double_lanes
#define MASK unsigned
#define LANES 2
#define ROWS 4
#define SLIVERS 60
#define NAME DOUBLES
#include "gemm.h"

HG_INLINE uint32_t element(const void *x, size_t index, int is_signed) {
  return (uint32_t)(is_signed ? ((const int8_t *)x)[index] : ((const uint8_t *)x)[index]);
}

// sums[j] += x * (b[j] - zero[j]). Unsigned, because sums may pass 32 bits and then wrap around.
HG_INLINE void add_row(size_t n, uint32_t x, const uint8_t *b, size_t b_column, const int is_signed,
                       const int32_t *zero, uint32_t *restrict sums) {
  if (b_column == 1 && !zero) {
    for (size_t j = 0; j < n; j++) sums[j] += x * element(b, j, is_signed);
  } else if (b_column == 1) {
    for (size_t j = 0; j < n; j++) sums[j] += x * (element(b, j, is_signed) - (uint32_t)zero[j]);
  } else {
    for (size_t j = 0; j < n; j++) {
      sums[j] += x * (element(b, j * b_column, is_signed) - (zero ? (uint32_t)zero[j] : 0));
    }
  }
}

static void igemm(size_t m, size_t n, size_t k, const void *a, size_t a_row, size_t a_column, int a_signed,
                  const int32_t *a_zero, const void *b, size_t b_row, size_t b_column, int b_signed,
                  const int32_t *b_zero, int32_t *c, size_t c_row) {
  for (size_t i = 0; i < m; i++) {
    uint32_t *sums = (uint32_t *)c + i * c_row;
    memset(sums, 0, n * sizeof *sums);
    for (size_t p = 0; p < k; p++) {
      const uint32_t x = element(a, i * a_row + p * a_column, a_signed) - (a_zero ? (uint32_t)a_zero[i] : 0);
      const uint8_t *row = (const uint8_t *)b + p * b_row;
      if (b_signed) {
        add_row(n, x, row, b_column, 1, b_zero, sums);
      } else {
        add_row(n, x, row, b_column, 0, b_zero, sums);
      }
    }
  }
}

static inline uint32_t bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float number(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void half_to_float(size_t n, const uint16_t *x, float *y) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t sign = (uint32_t)(x[i] & 0x8000) << 16, exponent = x[i] >> 10 & 31, fraction = x[i] & 0x3FF;
    if (exponent == 31) {
      y[i] = number(sign | 0x7F800000 | fraction << 13 | (fraction ? 0x400000 : 0));
    } else if (exponent == 0) {
      // Subnormal: a count of 2^-24, which is exact.
      y[i] = number(sign | bits((float)fraction * 0x1p-24f));
    } else {
      y[i] = number(sign | (exponent + 112) << 23 | fraction << 13);
    }
  }
}

static void float_to_half(size_t n, const float *x, uint16_t *y) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t all = bits(x[i]), sign = all >> 16 & 0x8000, size = all & 0x7FFFFFFF;
    uint32_t half;
    if (size > 0x7F800000) {
      half = 0x7E00 | (size >> 13 & 0x3FF);
    } else if (size >= 0x477FF000) {
      // From halfway between the greatest number and 2^16 on.
      half = 0x7C00;
    } else if (size < 0x38800000) {
      // Subnormal: adding a half makes the unit of the sum 2^-24, so that the addition rounds.
      half = bits(number(size) + 0.5f) - 0x3F000000;
    } else {
      // A half of the last place less one, and one more when the place is odd: carries exactly when rounding goes up.
      half = (size - (112u << 23) + 0xFFF + (size >> 13 & 1)) >> 13;
    }
    y[i] = (uint16_t)(sign | half);
  }
}

static void bfloat16_to_float(size_t n, const uint16_t *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = number((uint32_t)x[i] << 16);
}

static void float_to_bfloat16(size_t n, const float *x, uint16_t *y) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t all = bits(x[i]);
    const int is_nan = (all & 0x7FFFFFFF) > 0x7F800000;
    y[i] = (uint16_t)(is_nan ? (all >> 16 & 0x8000) | 0x7FC0 : (all + 0x7FFF + (all >> 16 & 1)) >> 16);
  }
}

#define VECTOR float_lanes
#define MASK unsigned
#define LANES 4
#define ROWS 4
#define NAME FLOATS
#include "bfloat16_gemm.h"

#include "reference_trees.h"

const hg_kernel_set hg_reference_kernels = {
    .name = "reference",
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
    .last_lanes = 4,
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
    .igemm = igemm,
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
