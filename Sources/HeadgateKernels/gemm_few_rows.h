// Products of few rows, which are bound by reading B; included by gemm.h, whose names it uses.

// sums[rows, columns] += a b for `steps` rows of `b`, one after the other.
HG_INLINE TARGET void NAME(stream_steps)(const size_t rows, const size_t steps, size_t columns, const REAL *a,
                                         size_t a_row, size_t a_column, const REAL *b, size_t b_row, REAL *sums,
                                         size_t width) {
  VECTOR x[8][4];
#pragma clang loop unroll(full)
  for (size_t q = 0; q < steps; q++) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) x[q][i] = NAME(spread)(a[i * a_row + q * a_column]);
  }
  const size_t whole = columns / LANES * LANES;
  const MASK mask = NAME(mask)(columns - whole);
  for (size_t j = 0; j < columns; j += LANES) {
    VECTOR y[8];
#pragma clang loop unroll(full)
    for (size_t q = 0; q < steps; q++) {
      y[q] = j < whole ? NAME(load)(b + q * b_row + j) : NAME(load_some)(b + q * b_row + j, mask);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      VECTOR sum = NAME(load)(sums + i * width + j);
#pragma clang loop unroll(full)
      for (size_t q = 0; q < steps; q++) sum = NAME(add_product)(x[q][i], y[q], sum);
      NAME(store)(sums + i * width + j, sum);
    }
  }
}

// c[rows, n] = alpha * a b (+ c) for dense rows of `b`. Some of them are read at a time from end to end, as memory
// likes it, while the sums wait in the first cache.
HG_INLINE TARGET void NAME(stream)(const size_t rows, const size_t steps, size_t n, size_t k, REAL alpha,
                                   const REAL *a, size_t a_row, size_t a_column, const REAL *b, size_t b_row,
                                   int accumulate, REAL *c, size_t c_row) {
  REAL sums[12288 / sizeof(REAL)] __attribute__((aligned(64)));
  const size_t width = sizeof sums / sizeof(REAL) / rows / LANES * LANES;
  for (size_t first = 0; first < n; first += width) {
    const size_t columns = n - first < width ? n - first : width;
    for (size_t block = 0; block < k; block += HG_DEPTH) {
      const size_t end = k - block < HG_DEPTH ? k : block + HG_DEPTH;
      for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j += LANES) NAME(store)(sums + i * width + j, NAME(spread)(0));
      }
      size_t p = block;
      for (; p + steps <= end; p += steps) {
        NAME(stream_steps)
        (rows, steps, columns, a + p * a_column, a_row, a_column, b + p * b_row + first, b_row, sums, width);
      }
      for (; p < end; p++) {
        NAME(stream_steps)
        (rows, 1, columns, a + p * a_column, a_row, a_column, b + p * b_row + first, b_row, sums, width);
      }
      for (size_t i = 0; i < rows; i++) {
        REAL *target = c + i * c_row + first;
        for (size_t j = 0; j < columns; j++) {
          const REAL value = alpha * sums[i * width + j];
          target[j] = accumulate || block > 0 ? target[j] + value : value;
        }
      }
    }
  }
}

// The same for dense columns of `b`, which are turned into rows on the way, `groups` vectors of them at a time.
HG_INLINE TARGET void NAME(turn_columns)(const size_t rows, const size_t groups, size_t columns, size_t k, REAL alpha,
                                         const REAL *a, size_t a_row, size_t a_column, const REAL *b, size_t b_column,
                                         int accumulate, REAL *c, size_t c_row, size_t c_column) {
  for (size_t block = 0; block < k; block += HG_DEPTH) {
    const size_t end = k - block < HG_DEPTH ? k : block + HG_DEPTH;
    VECTOR sum[4][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
      for (size_t g = 0; g < groups; g++) sum[i][g] = NAME(spread)(0);
    }
    for (size_t p = block; p < end; p += LANES) {
      const size_t steps = end - p < LANES ? end - p : LANES;
#pragma clang loop unroll(full)
      for (size_t g = 0; g < groups; g++) {
        VECTOR square[LANES];
        const size_t items = columns - g * LANES < LANES ? columns - g * LANES : LANES;
        NAME(load_square)(items, steps, b + g * LANES * b_column + p, b_column, square);
#pragma clang loop unroll(full)
        for (size_t q = 0; q < LANES; q++) {
          if (q < steps) {
#pragma clang loop unroll(full)
            for (size_t i = 0; i < rows; i++) {
              sum[i][g] = NAME(add_product)(NAME(spread)(a[i * a_row + (p + q) * a_column]), square[q], sum[i][g]);
            }
          }
        }
      }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      REAL values[2 * LANES];
#pragma clang loop unroll(full)
      for (size_t g = 0; g < groups; g++) NAME(store)(values + g * LANES, NAME(scale)(alpha, sum[i][g]));
      for (size_t q = 0; q < columns; q++) {
        REAL *target = c + i * c_row + q * c_column;
        *target = accumulate || block > 0 ? *target + values[q] : values[q];
      }
    }
  }
}

HG_INLINE TARGET void NAME(turn)(const size_t rows, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row,
                                 size_t a_column, const REAL *b, size_t b_column, int accumulate, REAL *c,
                                 size_t c_row, size_t c_column) {
  size_t j = 0;
  // One row alone would wait for each sum, where the registers are short.
  for (; rows <= 2 && LANES <= 8 && j + 2 * LANES <= n; j += 2 * LANES) {
    NAME(turn_columns)
    (rows, 2, 2 * LANES, k, alpha, a, a_row, a_column, b + j * b_column, b_column, accumulate, c + j * c_column, c_row,
     c_column);
  }
  for (; j < n; j += LANES) {
    NAME(turn_columns)
    (rows, 1, n - j < LANES ? n - j : LANES, k, alpha, a, a_row, a_column, b + j * b_column, b_column, accumulate,
     c + j * c_column, c_row, c_column);
  }
}

// Products of at most four rows, for which B is read once and as it is.
static TARGET int NAME(few_rows)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                                 const REAL *b, size_t b_row, size_t b_column, int accumulate, REAL *c, size_t c_row,
                                 size_t c_column) {
  const int has_dense_rows = b_column == 1 && c_column == 1;
  if (k == 0 || !(has_dense_rows || b_row == 1)) return 0;
#define ROW_CASE(R, STEPS)                                                                                     \
  case R:                                                                                                      \
    if (has_dense_rows) {                                                                                      \
      NAME(stream)(R, STEPS, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);                 \
    } else {                                                                                                   \
      NAME(turn)(R, n, k, alpha, a, a_row, a_column, b, b_column, accumulate, c, c_row, c_column);             \
    }                                                                                                          \
    return 1;
  switch (m) {
    ROW_CASE(1, 8)
    ROW_CASE(2, 4)
    ROW_CASE(3, 4)
    ROW_CASE(4, 4)
  default:
    return 0;
  }
#undef ROW_CASE
}
