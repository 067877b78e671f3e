#include "HeadgateKernels.h"

#include <string.h>

// Unaligned on purpose: rows of a matrix begin anywhere.
typedef float lanes __attribute__((vector_size(16), aligned(4)));

enum { BLOCK_K = 256, ROWS = 4, COLUMNS = 8 };

// A ROWS x COLUMNS tile of the product stays in registers while k goes by. `b` is packed: COLUMNS
// values for each k.
static inline void tile(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                        const float *b, float out[ROWS][COLUMNS]) {
  const float *row[ROWS];
  for (size_t i = 0; i < ROWS; i++) row[i] = a + (i < rows ? i : 0) * a_row;
  lanes c00 = {0}, c01 = {0}, c10 = {0}, c11 = {0}, c20 = {0}, c21 = {0}, c30 = {0}, c31 = {0};
  for (size_t p = 0; p < k; p++) {
    const lanes b0 = *(const lanes *)(b + p * COLUMNS), b1 = *(const lanes *)(b + p * COLUMNS + 4);
    const size_t at = p * a_column;
    const float a0 = row[0][at], a1 = row[1][at], a2 = row[2][at], a3 = row[3][at];
    c00 += a0 * b0, c01 += a0 * b1;
    c10 += a1 * b0, c11 += a1 * b1;
    c20 += a2 * b0, c21 += a2 * b1;
    c30 += a3 * b0, c31 += a3 * b1;
  }
  memcpy(out[0], &c00, 16), memcpy(out[0] + 4, &c01, 16);
  memcpy(out[1], &c10, 16), memcpy(out[1] + 4, &c11, 16);
  memcpy(out[2], &c20, 16), memcpy(out[2] + 4, &c21, 16);
  memcpy(out[3], &c30, 16), memcpy(out[3] + 4, &c31, 16);
}

static void pack(size_t k, size_t columns, const float *b, size_t b_row, size_t b_column, float *packed) {
  for (size_t p = 0; p < k; p++) {
    for (size_t j = 0; j < COLUMNS; j++) {
      packed[p * COLUMNS + j] = j < columns ? b[p * b_row + j * b_column] : 0;
    }
  }
}

// Few rows: packing B would cost as much as using it, so it is streamed once, eight rows of it at a
// time, so that c is read and written once for eight. Bound by memory bandwidth.
static void stream_rows(size_t n, size_t k, float alpha, const float *a, size_t a_column,
                        const float *b, size_t b_row, float *restrict c) {
  size_t p = 0;
  for (; p + 8 <= k; p += 8) {
    float x[8];
    for (size_t i = 0; i < 8; i++) x[i] = alpha * a[(p + i) * a_column];
    const float *b0 = b + p * b_row, *b1 = b0 + b_row, *b2 = b1 + b_row, *b3 = b2 + b_row;
    const float *b4 = b3 + b_row, *b5 = b4 + b_row, *b6 = b5 + b_row, *b7 = b6 + b_row;
    for (size_t j = 0; j < n; j++) {
      c[j] += ((x[0] * b0[j] + x[1] * b1[j]) + (x[2] * b2[j] + x[3] * b3[j])) +
              ((x[4] * b4[j] + x[5] * b5[j]) + (x[6] * b6[j] + x[7] * b7[j]));
    }
  }
  for (; p < k; p++) {
    const float x = alpha * a[p * a_column];
    const float *b0 = b + p * b_row;
    for (size_t j = 0; j < n; j++) c[j] += x * b0[j];
  }
}

// Few rows and B transposed: each column of B is contiguous, so each result is a dot product.
static float dot(size_t k, const float *a, const float *b) {
  lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  size_t p = 0;
  for (; p + 16 <= k; p += 16) {
    s0 += *(const lanes *)(a + p) * *(const lanes *)(b + p);
    s1 += *(const lanes *)(a + p + 4) * *(const lanes *)(b + p + 4);
    s2 += *(const lanes *)(a + p + 8) * *(const lanes *)(b + p + 8);
    s3 += *(const lanes *)(a + p + 12) * *(const lanes *)(b + p + 12);
  }
  const lanes s = (s0 + s1) + (s2 + s3);
  float total = (s[0] + s[1]) + (s[2] + s[3]);
  for (; p < k; p++) total += a[p] * b[p];
  return total;
}

void hg_sgemm(size_t m, size_t n, size_t k, float alpha,
              const float *a, size_t a_row, size_t a_column,
              const float *b, size_t b_row, size_t b_column,
              int accumulate, float *c, size_t ldc) {
  if (!accumulate) {
    for (size_t i = 0; i < m; i++) memset(c + i * ldc, 0, n * sizeof *c);
  }
  if (m < ROWS && b_column == 1) {
    for (size_t i = 0; i < m; i++) stream_rows(n, k, alpha, a + i * a_row, a_column, b, b_row, c + i * ldc);
    return;
  }
  if (m < ROWS && b_row == 1 && a_column == 1) {
    for (size_t i = 0; i < m; i++) {
      for (size_t j = 0; j < n; j++) c[i * ldc + j] += alpha * dot(k, a + i * a_row, b + j * b_column);
    }
    return;
  }
  float packed[BLOCK_K * COLUMNS];
  for (size_t p = 0; p < k; p += BLOCK_K) {
    const size_t depth = k - p < BLOCK_K ? k - p : BLOCK_K;
    for (size_t j = 0; j < n; j += COLUMNS) {
      const size_t columns = n - j < COLUMNS ? n - j : COLUMNS;
      pack(depth, columns, b + p * b_row + j * b_column, b_row, b_column, packed);
      for (size_t i = 0; i < m; i += ROWS) {
        const size_t rows = m - i < ROWS ? m - i : ROWS;
        float product[ROWS][COLUMNS];
        tile(rows, depth, a + i * a_row + p * a_column, a_row, a_column, packed, product);
        for (size_t r = 0; r < rows; r++) {
          for (size_t q = 0; q < columns; q++) c[(i + r) * ldc + j + q] += alpha * product[r][q];
        }
      }
    }
  }
}
