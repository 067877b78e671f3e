#ifndef HEADGATE_KERNELS_H
#define HEADGATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// C[m, n] = alpha * A[m, k] B[k, n] + beta * C, all row-major. C is not read when beta is 0.
void hg_sgemm(size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc);

#endif
