#include "HeadgateKernels.h"

#include <string.h>

void hg_sgemm(size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  for (size_t i = 0; i < m; i++) {
    float *restrict row = c + i * ldc;
    if (beta == 0) {
      memset(row, 0, n * sizeof *row);
    } else {
      for (size_t j = 0; j < n; j++) row[j] *= beta;
    }
    for (size_t p = 0; p < k; p++) {
      const float x = alpha * a[i * lda + p];
      const float *restrict b_row = b + p * ldb;
      for (size_t j = 0; j < n; j++) row[j] += x * b_row[j];
    }
  }
}
