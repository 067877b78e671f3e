#ifndef HEADGATE_KERNELS_H
#define HEADGATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "HeadgateRows.h"

/// C[m, n] = alpha * A[m, k] B[k, n], plus C as it was when `accumulate` is not 0.
///
/// Element (i, p) of A lies at a[i * a_row + p * a_column], that of B likewise, so that transposed
/// matrices need no copy; C is row-major with rows `ldc` apart. Without `accumulate` C is not read.
/// The order in which products are added depends on m being below 4 or not, and on nothing else but k.
void hg_sgemm(size_t m, size_t n, size_t k, float alpha,
              const float *a, size_t a_row, size_t a_column,
              const float *b, size_t b_row, size_t b_column,
              int accumulate, float *c, size_t ldc);

/// C[m, n] = (A[m, k] - a_zero) (B[k, n] - b_zero) modulo 2^32, all row-major.
///
/// Elements of A and B are int8 where `a_signed`, `b_signed` are not 0, else uint8. There is one
/// `a_zero` for each row of A, one `b_zero` for each column of B, within the range of the elements; C
/// need not be initialised.
void hg_igemm(size_t m, size_t n, size_t k, const void *a, int a_signed, const int32_t *a_zero,
              const void *b, int b_signed, const int32_t *b_zero, int32_t *c);

#endif
