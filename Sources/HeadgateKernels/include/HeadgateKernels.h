#ifndef HEADGATE_KERNELS_H
#define HEADGATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "HeadgateRows.h"
#include "HeadgateThreads.h"
#include "HeadgateTrees.h"

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

/// Declares, for a type of number,
///
/// hg_patches: a matrix whose element (p, j) lies at start[steps[p] + lines[j / length] + j % length]. So the patches
/// of an image that a sliding window sees are a matrix, with the taps of the window as rows, and need not be written
/// out.
///
/// hg_finish: what becomes of each element of a product last. Added are the offset of its row, that of its column, and
/// the summand in its place, of which rows lie `summand_row` apart, where there are such; then it is not below `least`
/// and not above `greatest`. NaN stays NaN. Last comes HG_GELU of it, when `has_gelu` is not 0; for floats only.
#define HG_DECLARE_OPERANDS(REAL, SUFFIX)  \
  typedef struct hg_patches_##SUFFIX {     \
    const REAL *start;                     \
    const size_t *steps, *lines;           \
    size_t length;                         \
  } hg_patches_##SUFFIX;                   \
  typedef struct hg_finish_##SUFFIX {      \
    const REAL *row_offsets;               \
    const REAL *column_offsets;            \
    const REAL *summands;                  \
    size_t summand_row;                    \
    REAL least, greatest;                  \
    int has_gelu;                          \
  } hg_finish_##SUFFIX;

HG_DECLARE_OPERANDS(float, f32)
HG_DECLARE_OPERANDS(double, f64)

/// The part of its work that a call does: number `index` of `count`. Parts may be done at the same time by several
/// threads, and give the same bits as one call that does all of it, which is part 0 of 1.
typedef struct hg_share {
  size_t index, count;
} hg_share;

/// A convolution of 3 x 3 taps and stride 1 as 16 products, see winograd.h: of `channels` planes to `features` planes of
/// `rows` and `columns`. `packed` has the 16 elements of the transformed kernels, each a matrix [features, channels]
/// packed by sgemm_pack_left. The patches are those of 4 x 4 inputs two apart, in `lines` lines. `scratch` has room for
/// 16 (channels + features) times the patches of `lines_at_once` lines. `finish` has no column offsets.
#define HG_DECLARE_WINOGRAD(REAL, SUFFIX)                             \
  typedef struct hg_winograd_##SUFFIX {                               \
    size_t channels, features, rows, columns, lines, lines_at_once;   \
    const REAL *packed;                                               \
    const hg_patches_##SUFFIX *patches;                               \
    int accumulate;                                                   \
    const hg_finish_##SUFFIX *finish;                                 \
    REAL *scratch, *y;                                                \
  } hg_winograd_##SUFFIX;

HG_DECLARE_WINOGRAD(float, f32)
HG_DECLARE_WINOGRAD(double, f64)

/// What is done for some lines of a convolution by tiles, one step after the other: each needs all shares of the one
/// before.
typedef enum hg_winograd_step { HG_WINOGRAD_INPUT, HG_WINOGRAD_PRODUCTS, HG_WINOGRAD_OUTPUT } hg_winograd_step;

/// The elements of a line that have the same remainder by a stride: element `i` of them, from `lower` up to `upper`,
/// lies at origin + i * stride of the line; the others lie outside.
typedef struct hg_phase {
  ptrdiff_t origin;
  size_t lower, upper;
} hg_phase;

/// How lines of an image are spread: each of its phases becomes `length` neighbours, with padding for what lies
/// outside. A line of the result is the line of the image that begins at its source, padding alone where that is
/// negative.
typedef struct hg_spread {
  const ptrdiff_t *sources;
  size_t lines;
  const hg_phase *phases;
  size_t phase_count, length, stride;
} hg_spread;

/// A plane of `rows` and `columns` under a window that slides over it: tap (t, c) of output (i, j) lies at row
/// i * row_stride + t * row_dilation - rows_before and column j * column_stride + c - columns_before.
///
/// `column_stride` is 1 or 2, and `kernel_columns` at most HG_PLANE_COLUMNS.
typedef struct hg_plane {
  size_t rows, columns, out_rows, out_columns, kernel_rows, kernel_columns;
  size_t row_stride, row_dilation, column_stride, rows_before, columns_before;
} hg_plane;

enum { HG_PLANE_COLUMNS = 8 };

/// A window that slides over an image of `rows` and `columns`: tap (t, c) of output (i, j) lies at row
/// i * row_stride + t * row_dilation - rows_before, and so along columns. What lies beside the image is zero.
typedef struct hg_window {
  size_t rows, columns, out_rows, out_columns, kernel_rows, kernel_columns;
  size_t row_stride, column_stride, row_dilation, column_dilation, rows_before, columns_before;
} hg_window;

/// A convolution of an image of `channels` to one of `features`, see channels_last.h. The channels come last in `y`, and
/// in `x` unless a function says otherwise. After the sum come the offset of its feature and the summand of its place,
/// where there are such; then it is not below `least` and not above `greatest`. NaN stays NaN.
typedef struct hg_convolution {
  hg_window window;
  size_t channels, features;
  /// What the function of the set has packed, and as many zeros as there are channels.
  const float *packed, *zeros;
  const float *offsets, *summand;
  float least, greatest;
  const float *x;
  float *y;
} hg_convolution;

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

  /// C[m, n] = alpha * A[m, k] B[k, n], plus C as it was when `accumulate` is not 0; else C is not read. Then it is
  /// finished, when `finish` is not NULL.
  void (*sgemm)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                const float *b, size_t b_row, size_t b_column, int accumulate, const hg_finish_f32 *finish, float *c,
                size_t c_row, hg_share share);
  void (*dgemm)(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                const double *b, size_t b_row, size_t b_column, int accumulate, const hg_finish_f64 *finish, double *c,
                size_t c_row, hg_share share);

  /// Copies B[k, n] into the order in which the next functions of the same set read it: k * n elements as well.
  /// Those of B need not be aligned.
  void (*sgemm_pack)(size_t n, size_t k, const float *b, size_t b_row, size_t b_column, float *packed);
  void (*dgemm_pack)(size_t n, size_t k, const double *b, size_t b_row, size_t b_column, double *packed);
  /// As sgemm and dgemm, to the same bits.
  void (*sgemm_packed)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                       const float *packed, int accumulate, const hg_finish_f32 *finish, float *c, size_t c_row,
                       hg_share share);
  void (*dgemm_packed)(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                       const double *packed, int accumulate, const hg_finish_f64 *finish, double *c, size_t c_row,
                       hg_share share);

  /// Copies A[m, k] into the order in which the next functions of the same set read it: m * k elements as well.
  void (*sgemm_pack_left)(size_t m, size_t k, const float *a, size_t a_row, size_t a_column, float *packed);
  void (*dgemm_pack_left)(size_t m, size_t k, const double *a, size_t a_row, size_t a_column, double *packed);
  /// As sgemm and dgemm for an A packed so, with patches as B.
  void (*sgemm_patches)(size_t m, size_t n, size_t k, const float *packed, const hg_patches_f32 *patches,
                        int accumulate, const hg_finish_f32 *finish, float *c, size_t c_row, hg_share share);
  void (*dgemm_patches)(size_t m, size_t n, size_t k, const double *packed, const hg_patches_f64 *patches,
                        int accumulate, const hg_finish_f64 *finish, double *c, size_t c_row, hg_share share);

  /// Products of floats that are rounded to bfloat16, to nearest with ties to even, with sums in float32. A product of
  /// two such numbers is exact in float32, so that this is the sgemm of the same set for the rounded matrices, to the
  /// same bits; what is promised of that one's sums holds here. Subnormal numbers are no zeros, and NaN stays NaN.
  ///
  /// y[i] = x[i] rounded; y may be x.
  void (*round_to_bfloat16)(size_t n, const float *x, float *y);
  /// Packs B[k, n] in bfloat16: k times the next multiple of `bgemm_columns` of n numbers. The columns from j on, a
  /// multiple of it, lie at packed + j * k and are a matrix packed by themselves.
  void (*bgemm_pack)(size_t n, size_t k, const float *b, size_t b_row, size_t b_column, uint16_t *packed);
  size_t bgemm_columns;
  /// As sgemm_packed. A is rounded on its way.
  void (*bgemm_packed)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                       const uint16_t *packed, int accumulate, const hg_finish_f32 *finish, float *c, size_t c_row,
                       hg_share share);
  /// Packs A[m, k] in bfloat16: m * k numbers.
  void (*bgemm_pack_left)(size_t m, size_t k, const float *a, size_t a_row, size_t a_column, uint16_t *packed);
  /// As sgemm_patches, for patches of an image that was rounded before: each of its numbers lies in several of them.
  void (*bgemm_patches)(size_t m, size_t n, size_t k, const uint16_t *packed, const hg_patches_f32 *patches,
                        int accumulate, const hg_finish_f32 *finish, float *c, size_t c_row, hg_share share);

  /// The 16 elements of each of `count` transformed kernels of 3 x 3 weights, `count` elements apart, and a step of a
  /// convolution with such, for the `lines_at_once` lines from `first` on.
  void (*swinograd_weights)(size_t count, const float *weights, float *elements);
  void (*dwinograd_weights)(size_t count, const double *weights, double *elements);
  void (*swinograd)(const hg_winograd_f32 *job, hg_winograd_step step, size_t first, hg_share share);
  void (*dwinograd)(const hg_winograd_f64 *job, hg_winograd_step step, size_t first, hg_share share);

  /// Spreads `channels` images that lie `plane` elements apart into dense ones.
  void (*sspread)(size_t channels, size_t plane, const hg_spread *spread, const float *x, float padding, float *y);
  void (*dspread)(size_t channels, size_t plane, const hg_spread *spread, const double *x, double padding, double *y);

  /// y[j] = offset + weights[0] * patches(0, j) + weights[1] * patches(1, j) + ..., one after the other, for all
  /// columns of `lines` lines; then within the bounds.
  void (*sdepthwise)(size_t taps, const float *weights, const hg_patches_f32 *patches, size_t lines, float offset,
                     float least, float greatest, float *y);
  void (*ddepthwise)(size_t taps, const double *weights, const hg_patches_f64 *patches, size_t lines, double offset,
                     double least, double greatest, double *y);
  /// y[j] = the greatest of patches(0, j), patches(1, j), ..., for all columns of `lines` lines: NaN when one is,
  /// negative infinity without taps.
  void (*smaxima)(size_t taps, const hg_patches_f32 *patches, size_t lines, float *y);
  void (*dmaxima)(size_t taps, const hg_patches_f64 *patches, size_t lines, double *y);
  /// The same of a plane. Taps above and below it add nothing, and those beside it their weight times zero.
  void (*splane_sums)(const hg_plane *plane, const float *weights, float offset, float least, float greatest,
                      const float *x, float *y);
  void (*dplane_sums)(const hg_plane *plane, const double *weights, double offset, double least, double greatest,
                      const double *x, double *y);
  void (*splane_maxima)(const hg_plane *plane, const float *x, float *y);
  void (*dplane_maxima)(const hg_plane *plane, const double *x, double *y);

  /// Convolutions of images whose channels come last, of floats. The features of a kernel are packed `last_lanes` at a
  /// time: those that are missing at the end are zeros, so that packed weights are taps * channels times the next
  /// multiple of it.
  size_t last_lanes;
  /// Packs weights[features, channels, taps] so that those of a tap are neighbours, channel by channel.
  void (*pack_last)(size_t features, size_t channels, size_t taps, const float *weights, float *packed);
  /// y = convolution of x.
  void (*convolve_last)(const hg_convolution *job, hg_share share);
  /// The same for planes x[channels, rows, columns], whose weights are packed as those of one channel with
  /// channels * kernel_rows * kernel_columns taps, and a column stride of 1 or 2. `scratch`, for each share that is
  /// computed at the time, has room for channels * kernel_rows rows of (out_columns - 1) * column_stride +
  /// (kernel_columns - 1) * column_dilation + 1.
  void (*convolve_first)(const hg_convolution *job, float *scratch, hg_share share);
  /// The same for a kernel of 3 x 3 taps and strides of 1, in tiles of 2 x 2 outputs as swinograd: a step for `count`
  /// tiles from `first` on. `packed` has the 16 elements of the transformed kernels, each packed by itself; `scratch` has
  /// room for 16 (channels + features) count.
  void (*winograd_last)(const hg_convolution *job, float *scratch, hg_winograd_step step, size_t first, size_t count,
                        hg_share share);
  /// Each channel with a kernel of its own, packed[taps, channels], or the greatest under the window, as dplane_maxima.
  void (*depthwise_last)(const hg_convolution *job, hg_share share);
  void (*maxima_last)(const hg_convolution *job, hg_share share);
  /// y[j * rows + i] = x[i * columns + j]: channels that come first become last, and the other way round.
  void (*turn_image)(size_t rows, size_t columns, const float *x, float *y);

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
  /// y[i] = e^(x[i] - origin), zero where x[i] - origin is below -87.3, and their sum, added in an order that depends
  /// on n only; y may be x.
  float (*exp_sum)(size_t n, const float *x, float origin, float *y);
  /// The greatest of x, which NaN is not; negative infinity when there is none.
  float (*greatest)(size_t n, const float *x);
  /// y[i] *= factor
  void (*multiply)(size_t n, float factor, float *y);
  /// Of `rows` rows of scores, which lie `row` apart, each with a row of a mask, `mask_row` apart, that is added, or none
  /// when it is NULL: e^(score - greatest) of the row in its place, zero where less than e^-87.3, and their sum in `sums`.
  /// A row of negative infinities becomes zeros; one NaN makes its sum NaN.
  void (*weigh)(size_t rows, size_t n, float *scores, size_t row, const float *mask, size_t mask_row, float *sums);
  /// Divides each row by its sum, by its reciprocal that is; by a sum of zero to zeros.
  void (*divide)(size_t rows, size_t n, const float *sums, float *y, size_t row);
  /// A step of `n` cells of an LSTM from the sums of gates i, o, f and c, `n` each:
  /// c[i] = sigmoid(f) c[i] + sigmoid(i) tanh(c), h[i] = sigmoid(o) tanh(c[i]).
  void (*advance_memory)(size_t n, const float *gates, float *c, float *h);
  /// y[i] = (x[i] - mean) / sqrt(variance + epsilon) * factors[i] + offsets[i], where the variance is the mean of
  /// squares, those of x itself and with 0 for the mean unless `centers`; NULL for no offsets. The order of sums depends
  /// on n only; y may be x. Gives the mean and what the distances are multiplied with, and 1; or 0, and nothing, when the
  /// mean of squares is beyond 1e30 or below 1e-30, where floats do not have them.
  int (*normalize)(size_t n, const float *x, int centers, double epsilon, const float *factors, const float *offsets,
                   float *y, float *mean, float *deviation);

  /// The bins of up to HG_TREE_ROWS rows, `stride` features apart, as a block. Bytes of up to the next multiple of
  /// 64 rows may be written too; what lies there leads to some leaf. The features of 64 rows are fewer than 2^31.
  void (*sbins)(const hg_bins_f32 *forest, const float *x, size_t rows, size_t stride, uint8_t *bins);
  void (*dbins)(const hg_bins_f64 *forest, const double *x, size_t rows, size_t stride, uint8_t *bins);
  /// The bins of one row, side by side, as many as the width of the columns.
  void (*sbins_of_row)(const hg_bins_f32 *forest, const float *x, uint8_t *bins);
  void (*dbins_of_row)(const hg_bins_f64 *forest, const double *x, uint8_t *bins);
  /// The leaves that `rows` rows of a block of bins reach in each of `count` trees, at most HG_TREES_AT_ONCE, from tree
  /// `first` on: those of a tree HG_TREE_ROWS places after those of the one before. `rows` is a multiple of 64 up to
  /// HG_TREE_ROWS.
  void (*tree_leaves)(const hg_trees *trees, size_t first, size_t count, const uint8_t *bins, size_t rows,
                      uint8_t *leaves);
  /// As hg_sleaf_sums and hg_dleaf_sums, to the same bits.
  void (*sleaf_sums)(size_t rows, const uint8_t *leaves, const float *values, size_t count, float *sums);
  void (*dleaf_sums)(size_t rows, const uint8_t *leaves, const double *values, size_t count, double *sums);
  /// The leaf that one row reaches in each of `count` trees, which have no way to a leaf of more than 2^rounds tests.
  /// There are HG_SMALL_COLUMNS bins. NULL where instructions for it are missing.
  void (*small_tree_leaves)(const hg_small_tree *trees, size_t count, size_t rounds, const uint8_t *bins,
                            uint8_t *leaves);
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
