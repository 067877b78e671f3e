// The tile of a product that the registers hold; included by gemm.h, whose names it uses.

#include "each_row.h"

// c[rows, columns] = alpha * a b (+ c). `a` is packed: `rows` values for each p; rows of `b` lie `pitch` apart. With
// each of them what a row of a panel takes is called for, from `ahead` on every `stride` elements.
HG_INLINE TARGET void NAME(tile)(const size_t rows, const size_t vectors, const int is_partial, size_t depth,
                                 const REAL *a, const REAL *b, size_t pitch, const REAL *ahead, size_t stride,
                                 MASK mask, REAL alpha, int adds, REAL *c, size_t c_row) {
  VECTOR sum[ROWS][2];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[i][v] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, a += rows, b += pitch, ahead += stride) {
    __builtin_prefetch(ahead, 0, 2);
    if (NAME(COLUMNS) * sizeof(REAL) > 64) __builtin_prefetch(ahead + LANES, 0, 2);
    VECTOR y[2];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      y[v] = is_partial && v + 1 == vectors ? NAME(load_some)(b + v * LANES, mask) : NAME(load)(b + v * LANES);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const VECTOR x = NAME(spread)(a[i]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sum[i][v] = NAME(add_product)(x, y[v], sum[i][v]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      REAL *target = c + i * c_row + v * LANES;
      const VECTOR value = NAME(scale)(alpha, sum[i][v]);
      if (is_partial && v + 1 == vectors) {
        NAME(store_some)(target, mask, adds ? NAME(add)(NAME(load_some)(target, mask), value) : value);
      } else {
        NAME(store)(target, adds ? NAME(add)(NAME(load)(target), value) : value);
      }
    }
  }
}

// The same for whole rows of two vectors, with A as it is: `rows` rows that begin `a_row` elements apart. When it
// `copies`, what is read of it is written to `packed` on the way, for the panels that come after. A copy by itself would
// take a twentieth of the time of 12 panels, and this one half of that.
HG_INLINE TARGET void NAME(copying_tile)(const size_t rows, const int copies, size_t depth, const REAL *a,
                                         size_t a_row, REAL *packed, const REAL *b, const REAL *ahead, size_t stride,
                                         REAL alpha, int adds, REAL *c, size_t c_row) {
  VECTOR sum[ROWS][2];
  // Three rows to a pointer, for there are not as many registers as rows.
  const REAL *start[(ROWS + 2) / 3];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
    if (i % 3 == 0) start[i / 3] = a + i * a_row;
    sum[i][0] = sum[i][1] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, packed += rows, b += NAME(COLUMNS), ahead += stride) {
    __builtin_prefetch(ahead, 0, 2);
    if (NAME(COLUMNS) * sizeof(REAL) > 64) __builtin_prefetch(ahead + LANES, 0, 2);
    const VECTOR y[2] = {NAME(load)(b), NAME(load)(b + LANES)};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const REAL value = start[i / 3][i % 3 * a_row];
      if (copies) packed[i] = value;
      const VECTOR x = NAME(spread)(value);
      sum[i][0] = NAME(add_product)(x, y[0], sum[i][0]), sum[i][1] = NAME(add_product)(x, y[1], sum[i][1]);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i += 3) start[i / 3]++;
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2; v++) {
      REAL *target = c + i * c_row + v * LANES;
      const VECTOR value = NAME(scale)(alpha, sum[i][v]);
      NAME(store)(target, adds ? NAME(add)(NAME(load)(target), value) : value);
    }
  }
}

static TARGET void NAME(any_tile)(size_t rows, size_t columns, size_t depth, const REAL *a, const REAL *b,
                                  size_t pitch, const REAL *ahead, size_t stride, REAL alpha, int adds, REAL *c,
                                  size_t c_row) {
  const MASK mask = NAME(mask)(columns > LANES ? columns - LANES : columns);
#define ROW_CASE(R)                                                                                    \
  case R:                                                                                              \
    if (columns == 2 * LANES) {                                                                        \
      NAME(tile)(R, 2, 0, depth, a, b, pitch, ahead, stride, mask, alpha, adds, c, c_row);                            \
    } else if (columns > LANES) {                                                                      \
      NAME(tile)(R, 2, 1, depth, a, b, pitch, ahead, stride, mask, alpha, adds, c, c_row);                            \
    } else {                                                                                           \
      NAME(tile)(R, 1, 1, depth, a, b, pitch, ahead, stride, mask, alpha, adds, c, c_row);                            \
    }                                                                                                  \
    break;
  switch (rows) {
    EACH_ROW(ROW_CASE)
  default:
    break;
  }
#undef ROW_CASE
}

static TARGET void NAME(any_copying_tile)(size_t rows, int copies, size_t depth, const REAL *a, size_t a_row,
                                          REAL *packed, const REAL *b, const REAL *ahead, size_t stride, REAL alpha,
                                          int adds, REAL *c, size_t c_row) {
#define ROW_CASE(R)                                                                              \
  case R:                                                                                        \
    if (copies) {                                                                                \
      NAME(copying_tile)(R, 1, depth, a, a_row, packed, b, ahead, stride, alpha, adds, c, c_row); \
    } else {                                                                                     \
      NAME(copying_tile)(R, 0, depth, a, a_row, packed, b, ahead, stride, alpha, adds, c, c_row); \
    }                                                                                            \
    break;
  switch (rows) {
    EACH_ROW_BUT_ONE(ROW_CASE)
  default:
    break;
  }
#undef ROW_CASE
}

// How many rows the tiles have that begin at row `i`: as even as possible, for a tile of one row cannot keep the
// arithmetic busy.
HG_INLINE size_t NAME(sliver_rows)(size_t m, size_t i) {
  const size_t slivers = (m + ROWS - 1) / ROWS, least = m / slivers, more = m % slivers;
  return i < more * (least + 1) ? least + 1 : least;
}
