// What becomes of a product's elements last; included by gemm.h, whose names it uses.
//
// A tile is finished as soon as its last sums are stored, and lies in the first cache then. One after the other its
// columns of a vector each, so that what belongs to a column is read once: for 12 x 32 some 40 of 3000 cycles, where
// memory would take several times as long for a step of its own. Gelu takes 300, in the midst of products.

// Up to LANES columns. Which parts a finish has is known where this is inlined.
HG_INLINE TARGET void NAME(finish_lanes)(const int is_whole, const int has_rows, const int has_summands,
                                         const int has_gelu, const NAME(hg_finish) *finish, size_t row, size_t rows,
                                         size_t column, MASK mask, REAL *c, size_t c_row) {
  const VECTOR least = NAME(spread)(finish->least), greatest = NAME(spread)(finish->greatest);
  // Negative zero is what changes nothing.
  VECTOR offsets = NAME(spread)((REAL)-0.0);
  if (finish->column_offsets) {
    const REAL *from = finish->column_offsets + column;
    offsets = is_whole ? NAME(load)(from) : NAME(load_some)(from, mask);
  }
  const REAL *row_offsets = has_rows ? finish->row_offsets + row : NULL;
  const size_t summand_row = finish->summand_row;
  const REAL *summands = has_summands ? finish->summands + row * summand_row + column : NULL;
  for (size_t i = 0; i < rows; i++, c += c_row) {
    VECTOR x = is_whole ? NAME(load)(c) : NAME(load_some)(c, mask);
    if (has_rows) x = NAME(add)(x, NAME(spread)(row_offsets[i]));
    x = NAME(add)(x, offsets);
    if (has_summands) {
      x = NAME(add)(x, is_whole ? NAME(load)(summands) : NAME(load_some)(summands, mask));
      summands += summand_row;
    }
    x = NAME(clamp)(x, least, greatest);
    if (has_gelu) x = NAME(gelu)(x);
    if (is_whole) {
      NAME(store)(c, x);
    } else {
      NAME(store_some)(c, mask, x);
    }
  }
}

HG_INLINE TARGET void NAME(finish_with)(const int has_rows, const int has_summands, const int has_gelu,
                                        const NAME(hg_finish) *finish, size_t row, size_t rows, size_t column,
                                        size_t columns, REAL *c, size_t c_row) {
  size_t j = 0;
  const MASK mask = NAME(mask)(columns % LANES);
  for (; j + LANES <= columns; j += LANES) {
    NAME(finish_lanes)(1, has_rows, has_summands, has_gelu, finish, row, rows, column + j, mask, c + j, c_row);
  }
  if (j == columns) return;
  NAME(finish_lanes)(0, has_rows, has_summands, has_gelu, finish, row, rows, column + j, mask, c + j, c_row);
}

// Finishes rows and columns of a product; `c` points to the first of them.
static TARGET void NAME(finish)(const NAME(hg_finish) *finish, size_t row, size_t rows, size_t column, size_t columns,
                                REAL *c, size_t c_row) {
  if (!finish) return;
#define FINISH_CASE(HAS_ROWS, HAS_SUMMANDS, HAS_GELU)                                                              \
  if (!!finish->row_offsets == HAS_ROWS && !!finish->summands == HAS_SUMMANDS && !!finish->has_gelu == HAS_GELU) { \
    NAME(finish_with)(HAS_ROWS, HAS_SUMMANDS, HAS_GELU, finish, row, rows, column, columns, c, c_row);             \
    return;                                                                                                        \
  }
  FINISH_CASE(0, 0, 0)
  FINISH_CASE(1, 0, 0)
  FINISH_CASE(0, 1, 0)
  FINISH_CASE(0, 0, 1)
  FINISH_CASE(1, 1, 0)
  FINISH_CASE(1, 0, 1)
  FINISH_CASE(0, 1, 1)
  FINISH_CASE(1, 1, 1)
#undef FINISH_CASE
}

// Calls for where a tile's sums are stored while they are computed.
HG_INLINE TARGET void NAME(call_tile)(size_t rows, const REAL *c, size_t c_row) {
  for (size_t i = 0; i < rows; i++, c += c_row) {
    __builtin_prefetch(c, 1, 3);
    if (NAME(COLUMNS) * sizeof(REAL) > 64) __builtin_prefetch(c + LANES, 1, 3);
  }
}

// Calls for the summands of a tile, which come from further away than its sums.
HG_INLINE TARGET void NAME(call_summands)(const NAME(hg_finish) *finish, size_t row, size_t rows, size_t column) {
  if (!finish || !finish->summands) return;
  const REAL *from = finish->summands + row * finish->summand_row + column;
  for (size_t i = 0; i < rows; i++, from += finish->summand_row) {
    __builtin_prefetch(from, 0, 3);
    if (NAME(COLUMNS) * sizeof(REAL) > 64) __builtin_prefetch(from + LANES, 0, 3);
  }
}
