// The tile of a product that the registers hold; included by gemm.h, whose names it uses.

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
    ROW_CASE(1)
    ROW_CASE(2)
    ROW_CASE(3)
    ROW_CASE(4)
#if ROWS > 4
    ROW_CASE(5)
    ROW_CASE(6)
#endif
#if ROWS > 6
    ROW_CASE(7)
    ROW_CASE(8)
    ROW_CASE(9)
    ROW_CASE(10)
    ROW_CASE(11)
    ROW_CASE(12)
#endif
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

// Finishes rows and columns of a product; `c` points to the first of them.
static TARGET void NAME(finish)(const NAME(hg_finish) *finish, size_t row, size_t rows, size_t column, size_t columns,
                                REAL *c, size_t c_row) {
  if (!finish) return;
  const VECTOR least = NAME(spread)(finish->least), greatest = NAME(spread)(finish->greatest);
  for (size_t i = 0; i < rows; i++) {
    const VECTOR offset = NAME(spread)(finish->row_offsets ? finish->row_offsets[row + i] : 0);
    REAL *target = c + i * c_row;
    for (size_t j = 0; j < columns; j += LANES) {
      const size_t left = columns - j;
      const int is_whole = left >= LANES;
      const MASK mask = NAME(mask)(is_whole ? LANES : left);
      VECTOR x = NAME(add)(is_whole ? NAME(load)(target + j) : NAME(load_some)(target + j, mask), offset);
      if (finish->column_offsets) {
        const REAL *offsets = finish->column_offsets + column + j;
        x = NAME(add)(x, is_whole ? NAME(load)(offsets) : NAME(load_some)(offsets, mask));
      }
      x = NAME(clamp)(x, least, greatest);
      if (is_whole) {
        NAME(store)(target + j, x);
      } else {
        NAME(store_some)(target + j, mask, x);
      }
    }
  }
}
