// Products of floats that are rounded to bfloat16, with sums in float32; included once for each instruction set, after
// gemm.h and functions.h for floats, whose names it uses. Before, define
//   VECTOR, MASK, LANES, ROWS, TARGET, NAME(x)   as for gemm.h
//
// A product of two numbers of bfloat16 has 16 digits, so that it is exact in float32. B lies in bfloat16 and becomes
// floats on its way into the registers, which are then multiplied and added as floats. The sums are those of gemm.h for
// the rounded numbers, to the last bit, with the same kernels.
//
// There is an instruction for pairs of such products, vdpbf16ps. On a core of an Intel Xeon of the fifth generation it
// takes two cycles, in which floats multiply and add as much twice: its peak is 85 GFLOP/s where that of floats is 178.
// So it is not used, and what is saved is half of the memory.
//
// Few rows are bound by reading B, others by the arithmetic. With AVX-512 on that core and B of 1024 x 1024 not in the
// second cache, one row takes 0.56 of the time that it takes in float32, 4 rows 0.58, 8 rows 0.79, 64 rows 1.09.

#include "each_row.h"

// x rounded to the nearest number of bfloat16, of two equally near to the even one. NaN becomes quiet.
HG_INLINE TARGET VECTOR NAME(narrowed)(VECTOR x) {
  const NAME(naturals) all = (NAME(naturals))x, odd = all >> 16 & 1;
  const NAME(naturals) nan = (all & 0x80000000) | 0x7FC00000;
  // A half of the last place less one, and one more when the place is odd: carries exactly when rounding goes up.
  const VECTOR near = (VECTOR)((all + 0x7FFF + odd) & 0xFFFF0000);
  return NAME(select)(x == x, near, (VECTOR)nan);
}

static TARGET void NAME(narrow)(size_t n, const float *x, float *y) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) NAME(store)(y + i, NAME(narrowed)(NAME(load)(x + i)));
  if (i == n) return;
  const MASK mask = NAME(mask)(n - i);
  NAME(store_some)(y + i, mask, NAME(narrowed)(NAME(load_some)(x + i, mask)));
}

// A row of a panel of B: column j and column LANES + j lie in the halves of word j.
HG_INLINE TARGET void NAME(load_pair)(const uint16_t *row, VECTOR pair[2]) {
  NAME(naturals) words;
  memcpy(&words, row, sizeof words);
  pair[0] = (VECTOR)(words << 16), pair[1] = (VECTOR)(words & 0xFFFF0000);
}

// Each panel has all of its rows one after the other, the last panel zeros for the columns that are none.
static TARGET void NAME(narrow_pack)(size_t n, size_t k, const float *b, size_t b_row, size_t b_column,
                                     uint16_t *packed) {
  float panel[NAME(COLUMNS) * HG_DEPTH] __attribute__((aligned(64)));
  for (size_t j = 0; j < n; j += NAME(COLUMNS)) {
    const size_t width = n - j < NAME(COLUMNS) ? n - j : NAME(COLUMNS);
    const MASK first = NAME(mask)(width < LANES ? width : LANES);
    const MASK second = NAME(mask)(width > LANES ? width - LANES : 0);
    for (size_t p = 0; p < k; p += HG_DEPTH) {
      const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
      NAME(pack)(width, depth, b + p * b_row + j * b_column, b_row, b_column, panel);
      for (size_t q = 0; q < depth; q++, packed += NAME(COLUMNS)) {
        const float *row = panel + q * width;
        const VECTOR low = NAME(narrowed)(NAME(load_some)(row, first));
        const VECTOR high = width > LANES ? NAME(narrowed)(NAME(load_some)(row + LANES, second)) : NAME(spread)(0);
        const NAME(naturals) words = (NAME(naturals))low >> 16 | (NAME(naturals))high;
        memcpy(packed, &words, sizeof words);
      }
    }
  }
}

// sums of [rows, panels * COLUMNS] = alpha * a b (+ c). `a` is packed as for a tile; panels of `b` lie `panel` numbers
// apart. With each row what the next panels have there is called for, `ahead` numbers further.
HG_INLINE TARGET void NAME(narrow_tile)(const size_t rows, const size_t panels, size_t columns, size_t depth,
                                        const float *a, const uint16_t *b, size_t panel, size_t ahead, float alpha,
                                        int adds, float *c, size_t c_row) {
  VECTOR sum[ROWS][8];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * panels; v++) sum[i][v] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, a += rows, b += NAME(COLUMNS)) {
#pragma clang loop unroll(full)
    for (size_t g = 0; g < panels; g++) {
      VECTOR y[2];
      __builtin_prefetch(b + g * panel + ahead, 0, 2);
      NAME(load_pair)(b + g * panel, y);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; i++) {
        const VECTOR x = NAME(spread)(a[i]);
        sum[i][2 * g] = NAME(add_product)(x, y[0], sum[i][2 * g]);
        sum[i][2 * g + 1] = NAME(add_product)(x, y[1], sum[i][2 * g + 1]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * panels; v++) {
      if (v * LANES >= columns) continue;
      const MASK mask = NAME(mask)(columns - v * LANES < LANES ? columns - v * LANES : LANES);
      float *target = c + i * c_row + v * LANES;
      const VECTOR value = NAME(scale)(alpha, sum[i][v]);
      NAME(store_some)(target, mask, adds ? NAME(add)(NAME(load_some)(target, mask), value) : value);
    }
  }
}

// How many panels are read side by side, for one alone would wait for each sum.
#define PANELS(R) (ROWS / (R) >= 4 ? 4 : ROWS / (R) >= 2 ? 2 : 1)

HG_INLINE TARGET void NAME(narrow_panels)(const size_t rows, const size_t panels, const NAME(job) *job,
                                          const NAME(area) *part, size_t p, size_t depth, const float *a) {
  const size_t n = part->end_column, k = job->k, step = panels * NAME(COLUMNS);
  const uint16_t *b = job->narrow_b + p * NAME(COLUMNS);
  const int adds = job->accumulate || p > 0;
  size_t j = part->column;
  for (; j + (panels - 1) * NAME(COLUMNS) < n; j += step) {
    const size_t ahead = j + (2 * panels - 1) * NAME(COLUMNS) < n ? step * k : 0;
    NAME(narrow_tile)
    (rows, panels, n - j, depth, a, b + j * k, NAME(COLUMNS) * k, ahead, job->alpha, adds, job->c + j, job->c_row);
  }
  for (; panels > 1 && j < n; j += NAME(COLUMNS)) {
    NAME(narrow_tile)
    (rows, 1, n - j, depth, a, b + j * k, NAME(COLUMNS) * k, 0, job->alpha, adds, job->c + j, job->c_row);
  }
}

// A product of one sliver: bound by reading B, which becomes floats in the registers.
static TARGET void NAME(narrow_few_rows)(const NAME(job) *job) {
  float left[ROWS * HG_DEPTH];
  const NAME(area) part = NAME(part)(job->m, job->n, 0, job->share);
  if (part.row == part.end_row || part.column == part.end_column) return;
  for (size_t p = 0; p < job->k; p += HG_DEPTH) {
    const size_t depth = job->k - p < HG_DEPTH ? job->k - p : HG_DEPTH;
    job->make_sliver(job, 0, job->m, p, depth, left);
#define ROW_CASE(R)                                                \
  case R:                                                          \
    NAME(narrow_panels)(R, PANELS(R), job, &part, p, depth, left); \
    break;
    switch (job->m) {
      EACH_ROW(ROW_CASE)
    default:
      break;
    }
#undef ROW_CASE
  }
  NAME(finish)(job->finish, 0, job->m, part.column, part.end_column - part.column, job->c + part.column, job->c_row);
}

#undef PANELS

static TARGET void NAME(rounded_sliver)(const NAME(job) *job, size_t i, size_t rows, size_t p, size_t depth,
                                        float *target) {
  NAME(pack)(rows, depth, job->a + i * job->a_row + p * job->a_column, job->a_column, job->a_row, target);
  NAME(narrow)(rows * depth, target, target);
}

static TARGET const uint16_t *NAME(wide_panel)(const NAME(job) *job, size_t j, size_t p, size_t depth, float *target) {
  const uint16_t *row = job->narrow_b + j * job->k + p * NAME(COLUMNS);
  const uint16_t *next = j + NAME(COLUMNS) < job->n ? row + NAME(COLUMNS) * job->k : row;
  for (size_t q = 0; q < depth; q++, row += NAME(COLUMNS), target += NAME(COLUMNS)) {
    VECTOR pair[2];
    NAME(load_pair)(row, pair);
    NAME(store)(target, pair[0]), NAME(store)(target + LANES, pair[1]);
  }
  return next;
}

static TARGET void NAME(narrow_gemm_packed)(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row,
                                            size_t a_column, const uint16_t *packed, int accumulate,
                                            const NAME(hg_finish) *finish, float *c, size_t c_row,
                                            hg_share share) {
  const NAME(job) job = {.m = m, .n = n, .k = k, .alpha = alpha, .a = a, .a_row = a_row, .a_column = a_column,
                         .narrow_b = packed, .make_sliver = NAME(rounded_sliver), .make_panel = NAME(wide_panel),
                         .accumulate = accumulate, .finish = finish, .c = c, .c_row = c_row, .c_column = 1,
                         .share = share};
  if (m > 0 && m <= ROWS && n > 0 && k > 0) {
    NAME(narrow_few_rows)(&job);
  } else {
    NAME(product)(&job);
  }
}

// A in the order of the slivers.
static TARGET void NAME(narrow_pack_left)(size_t m, size_t k, const float *a, size_t a_row, size_t a_column,
                                          uint16_t *packed) {
  float sliver[ROWS * HG_DEPTH];
  for (size_t p = 0; p < k; p += HG_DEPTH) {
    const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
    for (size_t i = 0, rows; i < m; i += rows, packed += rows * depth) {
      rows = NAME(sliver_rows)(m, i);
      NAME(pack)(rows, depth, a + i * a_row + p * a_column, a_column, a_row, sliver);
      float_to_bfloat16(rows * depth, sliver, packed);
    }
  }
}

static TARGET void NAME(wide_sliver)(const NAME(job) *job, size_t i, size_t rows, size_t p, size_t depth,
                                     float *target) {
  bfloat16_to_float(rows * depth, job->narrow_a + p * job->m + i * depth, target);
}

static TARGET void NAME(narrow_gemm_patches)(size_t m, size_t n, size_t k, const uint16_t *packed,
                                             const NAME(hg_patches) *patches, int accumulate,
                                             const NAME(hg_finish) *finish, float *c, size_t c_row,
                                             hg_share share) {
  const NAME(job) job = {.m = m, .n = n, .k = k, .alpha = 1, .narrow_a = packed, .make_sliver = NAME(wide_sliver),
                         .patches = patches, .accumulate = accumulate, .finish = finish, .c = c, .c_row = c_row,
                         .c_column = 1, .share = share};
  NAME(product)(&job);
}

#undef VECTOR
#undef MASK
#undef LANES
#undef ROWS
#undef NAME
