#include "HeadgateKernels.h"

#include <string.h>

// Four rows of C and as many columns as stay in the first cache with a row of B.
enum { ROWS = 4, COLUMNS = 512 };

// Adds x[r] * b[j] to each row r. Unsigned, because sums may pass 32 bits and then wrap around.
#define DEFINE_ADD_ROW(NAME, TYPE)                                                                \
  static void NAME(size_t columns, const uint32_t x[ROWS], const TYPE *restrict b,                \
                   uint32_t *restrict c0, uint32_t *restrict c1, uint32_t *restrict c2,           \
                   uint32_t *restrict c3) {                                                       \
    const uint32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];                                    \
    for (size_t j = 0; j < columns; j++) {                                                        \
      const uint32_t value = (uint32_t)(int32_t)b[j];                                             \
      c0[j] += x0 * value, c1[j] += x1 * value, c2[j] += x2 * value, c3[j] += x3 * value;         \
    }                                                                                             \
  }

DEFINE_ADD_ROW(add_unsigned, uint8_t)
DEFINE_ADD_ROW(add_signed, int8_t)

static inline uint32_t centred(const void *a, int is_signed, size_t index, int32_t zero) {
  const int32_t value = is_signed ? ((const int8_t *)a)[index] : ((const uint8_t *)a)[index];
  return (uint32_t)value - (uint32_t)zero;
}

void hg_igemm(size_t m, size_t n, size_t k, const void *a, int a_signed, const int32_t *a_zero,
              const void *b, int b_signed, const int32_t *b_zero, int32_t *c) {
  uint32_t tile[ROWS][COLUMNS];
  for (size_t i = 0; i < m; i += ROWS) {
    const size_t rows = m - i < ROWS ? m - i : ROWS;
    for (size_t j = 0; j < n; j += COLUMNS) {
      const size_t columns = n - j < COLUMNS ? n - j : COLUMNS;
      uint32_t sums[ROWS] = {0};
      memset(tile, 0, sizeof tile);
      for (size_t p = 0; p < k; p++) {
        uint32_t x[ROWS] = {0};
        for (size_t r = 0; r < rows; r++) {
          x[r] = centred(a, a_signed, (i + r) * k + p, a_zero[i + r]);
          sums[r] += x[r];
        }
        const uint8_t *row = (const uint8_t *)b + p * n + j;
        if (b_signed) {
          add_signed(columns, x, (const int8_t *)row, tile[0], tile[1], tile[2], tile[3]);
        } else {
          add_unsigned(columns, x, row, tile[0], tile[1], tile[2], tile[3]);
        }
      }
      // What B's zero point takes from each product is the same for a whole row of A.
      for (size_t r = 0; r < rows; r++) {
        for (size_t q = 0; q < columns; q++) {
          const uint32_t value = tile[r][q] - sums[r] * (uint32_t)b_zero[j + q];
          memcpy(c + (i + r) * n + j + q, &value, sizeof value);
        }
      }
    }
  }
}
