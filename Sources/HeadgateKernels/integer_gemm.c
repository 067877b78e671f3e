#include "HeadgateKernels.h"

#include <string.h>

// Products of 8-bit integers, computed in floats: a centred element of A and an element of B are at most
// 255 each, so that 256 products sum to less than 2^24. All such sums are exact, in whatever order they
// are added and on whatever instruction set; then they are added up as integers.
enum { DEPTH = 256, ROWS = 64, COLUMNS = 128, STREAM_COLUMNS = 512 };

static inline float centred(const void *a, int is_signed, size_t index, int32_t zero) {
  return (float)((is_signed ? ((const int8_t *)a)[index] : ((const uint8_t *)a)[index]) - zero);
}

static void widen_row(size_t columns, const void *b, int is_signed, size_t start, float *out) {
  if (is_signed) {
    for (size_t j = 0; j < columns; j++) out[j] = ((const int8_t *)b)[start + j];
  } else {
    for (size_t j = 0; j < columns; j++) out[j] = ((const uint8_t *)b)[start + j];
  }
}

// Unsigned, because sums may pass 32 bits and then wrap around.
static inline void add(int32_t *c, float sum) { *c = (int32_t)((uint32_t)*c + (uint32_t)(int32_t)sum); }

#define DEFINE_STREAM(NAME, TYPE)                                                                    \
  static void NAME(size_t columns, size_t depth, size_t n, const float *x, const TYPE *b,            \
                   float *restrict sums) {                                                           \
    size_t p = 0;                                                                                    \
    for (; p + 4 <= depth; p += 4) {                                                                 \
      const TYPE *b0 = b + p * n, *b1 = b0 + n, *b2 = b1 + n, *b3 = b2 + n;                          \
      const float x0 = x[p], x1 = x[p + 1], x2 = x[p + 2], x3 = x[p + 3];                            \
      for (size_t j = 0; j < columns; j++) {                                                         \
        sums[j] += (x0 * (float)b0[j] + x1 * (float)b1[j]) + (x2 * (float)b2[j] + x3 * (float)b3[j]); \
      }                                                                                              \
    }                                                                                                \
    for (; p < depth; p++) {                                                                         \
      for (size_t j = 0; j < columns; j++) sums[j] += x[p] * (float)b[p * n + j];                    \
    }                                                                                                \
  }

DEFINE_STREAM(stream_unsigned, uint8_t)
DEFINE_STREAM(stream_signed, int8_t)

// Few rows: widening B would cost as much as using it, so it is read once, as it is.
static void stream_row(size_t n, size_t depth, const float *x, const void *b, int b_signed, size_t start,
                       int32_t *c) {
  float sums[STREAM_COLUMNS];
  for (size_t j = 0; j < n; j += STREAM_COLUMNS) {
    const size_t columns = n - j < STREAM_COLUMNS ? n - j : STREAM_COLUMNS;
    memset(sums, 0, columns * sizeof *sums);
    if (b_signed) {
      stream_signed(columns, depth, n, x, (const int8_t *)b + start + j, sums);
    } else {
      stream_unsigned(columns, depth, n, x, (const uint8_t *)b + start + j, sums);
    }
    for (size_t q = 0; q < columns; q++) add(c + j + q, sums[q]);
  }
}

void hg_igemm(size_t m, size_t n, size_t k, const void *a, int a_signed, const int32_t *a_zero,
              const void *b, int b_signed, const int32_t *b_zero, int32_t *c) {
  float left[ROWS * DEPTH], right[DEPTH * COLUMNS], product[ROWS * COLUMNS];
  for (size_t i = 0; i < m; i += ROWS) {
    const size_t rows = m - i < ROWS ? m - i : ROWS;
    uint32_t totals[ROWS] = {0};
    memset(c + i * n, 0, rows * n * sizeof *c);
    for (size_t p = 0; p < k; p += DEPTH) {
      const size_t depth = k - p < DEPTH ? k - p : DEPTH;
      for (size_t r = 0; r < rows; r++) {
        float total = 0;
        for (size_t q = 0; q < depth; q++) {
          const float value = centred(a, a_signed, (i + r) * k + p + q, a_zero[i + r]);
          left[r * depth + q] = value;
          total += value;
        }
        totals[r] += (uint32_t)(int32_t)total;
      }
      if (rows < 4) {
        for (size_t r = 0; r < rows; r++) {
          stream_row(n, depth, left + r * depth, b, b_signed, p * n, c + (i + r) * n);
        }
        continue;
      }
      for (size_t j = 0; j < n; j += COLUMNS) {
        const size_t columns = n - j < COLUMNS ? n - j : COLUMNS;
        for (size_t q = 0; q < depth; q++) {
          widen_row(columns, b, b_signed, (p + q) * n + j, right + q * columns);
        }
        hg_sgemm(rows, columns, depth, 1, left, depth, 1, right, columns, 1, 0, product, columns);
        for (size_t r = 0; r < rows; r++) {
          for (size_t q = 0; q < columns; q++) add(c + (i + r) * n + j + q, product[r * columns + q]);
        }
      }
    }
    // What B's zero point takes from each product is the same for a whole row of A.
    for (size_t r = 0; r < rows; r++) {
      int32_t *row = c + (i + r) * n;
      for (size_t j = 0; j < n; j++) row[j] = (int32_t)((uint32_t)row[j] - totals[r] * (uint32_t)b_zero[j]);
    }
  }
}
