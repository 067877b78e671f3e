// The last columns of a panel when they are too few to fill a vector; included by gemm.h, whose names it uses.
//
// A tile would compute a whole vector for them. Here rows of A lie along the registers instead, those of some slivers
// at a time, for one sum alone would wait for each product. Where a sliver has more rows than a vector there is no such
// way. A convolution of 512 maps of 7 x 7, of 49 columns, takes 1.9 ms instead of 2.9.

enum {
  // At most so many columns are a tail, of so many slivers at a time: their sums fill half of the registers.
  NAME(TAIL) = ROWS <= LANES ? 4 : 0,
  NAME(TAIL_SLIVERS) = ROWS > 6 ? 4 : 2,
};

// Slivers of A, each packed: `rows` values for each p, and where their rows of C begin.
typedef struct {
  const REAL *a[NAME(TAIL_SLIVERS)];
  size_t rows[NAME(TAIL_SLIVERS)];
  REAL *c[NAME(TAIL_SLIVERS)];
} NAME(slivers);

// c[rows, columns] = alpha * a b (+ c) of each sliver.
HG_INLINE TARGET void NAME(tail)(const size_t count, const size_t columns, size_t depth, const NAME(slivers) *slivers,
                                 const REAL *b, size_t pitch, REAL alpha, int adds, size_t c_row) {
  VECTOR sum[NAME(TAIL_SLIVERS)][4];
  MASK mask[NAME(TAIL_SLIVERS)];
  const REAL *a[NAME(TAIL_SLIVERS)];
#pragma clang loop unroll(full)
  for (size_t s = 0; s < count; s++) {
    mask[s] = NAME(mask)(slivers->rows[s]), a[s] = slivers->a[s];
#pragma clang loop unroll(full)
    for (size_t q = 0; q < columns; q++) sum[s][q] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, b += pitch) {
#pragma clang loop unroll(full)
    for (size_t s = 0; s < count; s++) {
      const VECTOR x = NAME(load_some)(a[s], mask[s]);
#pragma clang loop unroll(full)
      for (size_t q = 0; q < columns; q++) sum[s][q] = NAME(add_product)(x, NAME(spread)(b[q]), sum[s][q]);
      a[s] += slivers->rows[s];
    }
  }
#pragma clang loop unroll(full)
  for (size_t s = 0; s < count; s++) {
#pragma clang loop unroll(full)
    for (size_t q = 0; q < columns; q++) {
      REAL values[LANES];
      NAME(store)(values, NAME(scale)(alpha, sum[s][q]));
      for (size_t r = 0; r < slivers->rows[s]; r++) {
        REAL *place = slivers->c[s] + r * c_row + q;
        *place = adds ? *place + values[r] : values[r];
      }
    }
  }
}

static TARGET void NAME(any_tail)(size_t count, size_t columns, size_t depth, const NAME(slivers) *slivers,
                                  const REAL *b, size_t pitch, REAL alpha, int adds, size_t c_row) {
#define COLUMN_CASE(Q)                                                                                  \
  case Q:                                                                                               \
    if (count == NAME(TAIL_SLIVERS)) {                                                                  \
      NAME(tail)(NAME(TAIL_SLIVERS), Q, depth, slivers, b, pitch, alpha, adds, c_row);                  \
      return;                                                                                           \
    }                                                                                                   \
    for (size_t s = 0; s < count; s++) {                                                                \
      const NAME(slivers) one = {.a = {slivers->a[s]}, .rows = {slivers->rows[s]}, .c = {slivers->c[s]}}; \
      NAME(tail)(1, Q, depth, &one, b, pitch, alpha, adds, c_row);                                      \
    }                                                                                                   \
    break;
  switch (columns) {
    COLUMN_CASE(1)
    COLUMN_CASE(2)
    COLUMN_CASE(3)
    COLUMN_CASE(4)
  default:
    break;
  }
#undef COLUMN_CASE
}
