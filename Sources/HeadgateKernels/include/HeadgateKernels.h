#ifndef HEADGATE_KERNELS_H
#define HEADGATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "HeadgateRows.h"

/// Functions of one float. In all sets NaN gives NaN, and a number the same bits in whatever place of a row. How close
/// each is stands with Swift's RowFunction, and a test holds it.
typedef enum hg_function {
  /// e^x
  HG_EXP,
  /// 1 / (1 + e^-x)
  HG_SIGMOID,
  HG_TANH,
  HG_ERF,
  /// x / 2 (1 + erf(x / sqrt 2))
  HG_GELU,
  HG_FUNCTION_COUNT,
} hg_function;

/// The kernels for one instruction set, as functions that all sets have.
///
/// In all of them element (i, p) of a matrix A lies at a[i * a_row + p * a_column], so that transposed
/// matrices need no copy; C has dense rows that begin `c_row` elements apart. Pointers need the alignment
/// of their elements only. Nothing outside of the matrices is read or written.
///
/// The products are deterministic: an element of C depends on its row of A, its column of B and k alone,
/// to the last bit, not on m, n, strides or alignment. Products are added in the order of p in blocks of
/// HG_DEPTH, then the blocks' sums, times alpha, one after the other.
typedef struct hg_kernel_set {
  /// What HEADGATE_KERNELS calls the set.
  const char *name;

  /// C[m, n] = alpha * A[m, k] B[k, n], plus C as it was when `accumulate` is not 0; else C is not read.
  void (*sgemm)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                const float *b, size_t b_row, size_t b_column, int accumulate, float *c, size_t c_row);
  void (*dgemm)(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                const double *b, size_t b_row, size_t b_column, int accumulate, double *c, size_t c_row);

  /// Copies B[k, n] into the order in which the next functions of the same set read it: k * n elements as well.
  void (*sgemm_pack)(size_t n, size_t k, const float *b, size_t b_row, size_t b_column, float *packed);
  void (*dgemm_pack)(size_t n, size_t k, const double *b, size_t b_row, size_t b_column, double *packed);
  /// As sgemm and dgemm, to the same bits.
  void (*sgemm_packed)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                       const float *packed, int accumulate, float *c, size_t c_row);
  void (*dgemm_packed)(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                       const double *packed, int accumulate, double *c, size_t c_row);

  /// C[m, n] = (A[m, k] - a_zero) (B[k, n] - b_zero) modulo 2^32.
  ///
  /// Elements of A and B are int8 where `a_signed`, `b_signed` are not 0, else uint8. There is one `a_zero`
  /// for each row of A and one `b_zero` for each column of B; NULL stands for zeros.
  void (*igemm)(size_t m, size_t n, size_t k, const void *a, size_t a_row, size_t a_column, int a_signed,
                const int32_t *a_zero, const void *b, size_t b_row, size_t b_column, int b_signed,
                const int32_t *b_zero, int32_t *c, size_t c_row);

  /// Conversions of `n` numbers, rounded to nearest, ties to even. NaN stays NaN with its sign; that of
  /// float16 keeps its upper payload and becomes quiet, that of bfloat16 becomes 0x7FC0 or 0xFFC0.
  void (*half_to_float)(size_t n, const uint16_t *x, float *y);
  void (*float_to_half)(size_t n, const float *x, uint16_t *y);
  void (*bfloat16_to_float)(size_t n, const uint16_t *x, float *y);
  void (*float_to_bfloat16)(size_t n, const float *x, uint16_t *y);

  /// Replaces registers s by s * x + y, `rounds` times `s_products` or `d_products` numbers in each round, and gives a
  /// result that depends on all rounds. Nothing can multiply and add faster, which is what it measures.
  float (*s_arithmetic)(size_t rounds, float x, float y);
  double (*d_arithmetic)(size_t rounds, double x, double y);
  size_t s_products, d_products;

  /// y[i] = f(x[i]); y may be x.
  void (*functions[HG_FUNCTION_COUNT])(size_t n, const float *x, float *y);
  /// y[i] = e^(x[i] - origin), and their sum, added in an order that depends on n only; y may be x.
  float (*exp_sum)(size_t n, const float *x, float origin, float *y);
  /// The greatest of x, which NaN is not; negative infinity when there is none.
  float (*greatest)(size_t n, const float *x);
  /// y[i] /= divisor
  void (*divide)(size_t n, float divisor, float *y);
} hg_kernel_set;

/// What `set->functions[function](n, x, y)` does, for those to whom an array in a structure is no array.
static inline void hg_apply(const hg_kernel_set *set, hg_function function, size_t n, const float *x, float *y) {
  set->functions[function](n, x, y);
}

/// The depth of a block of sums; see hg_kernel_set.
enum { HG_DEPTH = 256 };

/// What became of a wish for a set.
typedef enum hg_choice {
  /// Nothing was wished for: the best set for this CPU.
  HG_CHOICE_FREE,
  HG_CHOICE_FORCED,
  /// No set has that name; the best one for this CPU was taken.
  HG_CHOICE_UNKNOWN,
  /// This CPU or this build lacks the set; the best one for this CPU was taken.
  HG_CHOICE_UNSUPPORTED,
} hg_choice;

/// What the environment variable HEADGATE_KERNELS says; NULL when it is not set.
const char *hg_wanted_kernels(void);

/// The set that is wanted, else the best one for this CPU.
/// Never NULL.
const hg_kernel_set *hg_choose_kernels(const char *wanted, hg_choice *choice);

/// The set of a name; NULL when there is none or this CPU lacks its instructions.
const hg_kernel_set *hg_kernels_named(const char *name);

#endif
