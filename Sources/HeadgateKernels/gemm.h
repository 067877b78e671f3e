// The product of matrices of one type on one instruction set; included once for each. Before, define
//   REAL, VECTOR, MASK   the element, LANES of them in a register, and which of those lanes are meant
//   LANES, ROWS          a tile of the product has up to ROWS rows and two vectors; its sums fill the registers
//   TARGET, NAME(x)      the attribute and the name of a function of this set and type
// and the functions NAME(mask)(count), load(p), load_some(p, mask), store(p, x), store_some(p, mask, x),
// spread(x), add_product(x, y, sum) which is x * y + sum, add(x, y), scale(x, y), and transpose(x) of LANES vectors.
//
// Bound by the arithmetic for m above 12 or so, below by reading B. The block of B that is in use fits the
// second cache, the rows of A that meet it the first. Measured by examples/benchmarks/matrix.sh on a core of Zen 4
// (peak 118 GFLOP/s) at 512 x 512 x 512: AVX-512 110, AVX2 108, plain C 34 GFLOP/s, OpenBLAS 103; at
// 64 x 3136 x 576 with B packed ahead 108 against 82.

enum { NAME(COLUMNS) = 2 * LANES, NAME(WIDTH) = 2048 / sizeof(REAL) / (2 * LANES) * (2 * LANES) };

// c[rows, columns] = alpha * a b (+ c). `a` is packed: `rows` values for each p; rows of `b` lie `pitch` apart.
HG_INLINE TARGET void NAME(tile)(const size_t rows, const size_t vectors, const int is_partial, size_t depth,
                                 const REAL *a, const REAL *b, size_t pitch, MASK mask, REAL alpha, int adds, REAL *c,
                                 size_t c_row) {
  VECTOR sum[ROWS][2];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[i][v] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, a += rows, b += pitch) {
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
                                  size_t pitch, REAL alpha, int adds, REAL *c, size_t c_row) {
  const MASK mask = NAME(mask)(columns > LANES ? columns - LANES : columns);
#define ROW_CASE(R)                                                                                    \
  case R:                                                                                              \
    if (columns == 2 * LANES) {                                                                        \
      NAME(tile)(R, 2, 0, depth, a, b, pitch, mask, alpha, adds, c, c_row);                            \
    } else if (columns > LANES) {                                                                      \
      NAME(tile)(R, 2, 1, depth, a, b, pitch, mask, alpha, adds, c, c_row);                            \
    } else {                                                                                           \
      NAME(tile)(R, 1, 1, depth, a, b, pitch, mask, alpha, adds, c, c_row);                            \
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

// square[p][i] = source[i * item + p]; zeros beyond `items` and `steps`.
HG_INLINE TARGET void NAME(load_square)(size_t items, size_t steps, const REAL *source, size_t item,
                                        VECTOR square[LANES]) {
  if (steps == LANES) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++) {
      square[i] = i < items ? NAME(load)(source + i * item) : NAME(spread)(0);
    }
  } else {
    const MASK wanted = NAME(mask)(steps);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++) {
      square[i] = i < items ? NAME(load_some)(source + i * item, wanted) : NAME(spread)(0);
    }
  }
  NAME(transpose)(square);
}

// target[p * count + i] = source[p * step + i * item]
static TARGET void NAME(pack)(size_t count, size_t depth, const REAL *source, size_t step, size_t item, REAL *target) {
  if (item == 1) {
    if (count == 2 * LANES) {
      for (size_t p = 0; p < depth; p++, source += step, target += 2 * LANES) {
        NAME(store)(target, NAME(load)(source));
        NAME(store)(target + LANES, NAME(load)(source + LANES));
      }
      return;
    }
    for (size_t p = 0; p < depth; p++) {
      for (size_t i = 0; i < count; i++) target[p * count + i] = source[p * step + i];
    }
    return;
  }
  if (step == 1) {
    for (size_t i = 0; i < count; i += LANES) {
      const size_t items = count - i < LANES ? count - i : LANES;
      const MASK wanted = NAME(mask)(items);
      for (size_t p = 0; p < depth; p += LANES) {
        const size_t steps = depth - p < LANES ? depth - p : LANES;
        REAL *to = target + p * count + i;
        VECTOR square[LANES];
        NAME(load_square)(items, steps, source + p + i * item, item, square);
        // A whole vector may be stored over what comes next in the target and is still to be written.
        const int has_room = items == LANES || (count < LANES && (p + LANES - 1) * count + LANES <= depth * count);
        if (steps == LANES && has_room) {
#pragma clang loop unroll(full)
          for (size_t q = 0; q < LANES; q++) NAME(store)(to + q * count, square[q]);
        } else {
#pragma clang loop unroll(full)
          for (size_t q = 0; q < LANES; q++) {
            if (q < steps) NAME(store_some)(to + q * count, wanted, square[q]);
          }
        }
      }
    }
    return;
  }
  for (size_t p = 0; p < depth; p++) {
    for (size_t i = 0; i < count; i++) target[p * count + i] = source[p * step + i * item];
  }
}

// The panels of a block of B: two vectors wide, the last as wide as is left.
static TARGET void NAME(pack_panels)(size_t columns, size_t depth, const REAL *b, size_t b_row, size_t b_column,
                                     REAL *target) {
  for (size_t j = 0; j < columns; j += NAME(COLUMNS)) {
    const size_t width = columns - j < NAME(COLUMNS) ? columns - j : NAME(COLUMNS);
    NAME(pack)(width, depth, b + j * b_column, b_row, b_column, target + j * depth);
  }
}

static TARGET void NAME(gemm_pack)(size_t n, size_t k, const REAL *b, size_t b_row, size_t b_column, REAL *packed) {
  for (size_t p = 0; p < k; p += HG_DEPTH) {
    const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
    NAME(pack_panels)(n, depth, b + p * b_row, b_row, b_column, packed + p * n);
  }
}

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

// The whole product; `packed` is B packed, or NULL, then `b` is read.
static TARGET void NAME(product)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row,
                                 size_t a_column, const REAL *b, size_t b_row, size_t b_column, const REAL *packed,
                                 int accumulate, REAL *c, size_t c_row, size_t c_column) {
  if (m == 0 || n == 0) return;
  if (!packed && NAME(few_rows)(m, n, k, alpha, a, a_row, a_column, b, b_row, b_column, accumulate, c, c_row, c_column)) {
    return;
  }
  if (k == 0) {
    for (size_t i = 0; i < m && !accumulate; i++) {
      for (size_t j = 0; j < n; j++) c[i * c_row + j * c_column] = 0;
    }
    return;
  }
  REAL left[ROWS * HG_DEPTH];
  REAL panel[NAME(COLUMNS) * HG_DEPTH] __attribute__((aligned(64)));
  REAL *block = NULL;
  // Packing B pays only when it is read again.
  const int is_direct = !packed && m <= 2 * ROWS && b_column == 1;
  size_t width = NAME(WIDTH);
  if (!packed && !is_direct) {
    if (m > ROWS && n > NAME(COLUMNS)) {
      const size_t depth = k < HG_DEPTH ? k : HG_DEPTH;
      if (width > n) width = n;
      block = aligned_alloc(64, (width * depth * sizeof(REAL) + 63) / 64 * 64);
    }
    // Without room for a block it goes panel by panel.
    if (!block) width = NAME(COLUMNS);
  }
  for (size_t first = 0; first < n; first += width) {
    const size_t columns = n - first < width ? n - first : width;
    for (size_t p = 0; p < k; p += HG_DEPTH) {
      const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
      const int adds = accumulate || p > 0;
      const REAL *right = packed ? packed + p * n + first * depth : b + p * b_row + first;
      if (!packed && !is_direct) {
        REAL *target = block ? block : panel;
        NAME(pack_panels)(columns, depth, b + p * b_row + first * b_column, b_row, b_column, target);
        right = target;
      }
      size_t slivers = (m + ROWS - 1) / ROWS;
      // As even as possible: a tile of one row cannot keep the arithmetic busy.
      for (size_t i = 0, rows; i < m; i += rows, slivers--) {
        rows = (m - i + slivers - 1) / slivers;
        const REAL *sliver = a + i * a_row + p * a_column;
        if (rows > 1 || a_column != 1) {
          NAME(pack)(rows, depth, sliver, a_column, a_row, left);
          sliver = left;
        }
        for (size_t j = 0; j < columns; j += NAME(COLUMNS)) {
          const size_t count = columns - j < NAME(COLUMNS) ? columns - j : NAME(COLUMNS);
          const REAL *from = is_direct ? right + j : right + j * depth;
          const size_t pitch = is_direct ? b_row : count;
          REAL *to = c + i * c_row + (first + j) * c_column;
          if (c_column == 1) {
            NAME(any_tile)(rows, count, depth, sliver, from, pitch, alpha, adds, to, c_row);
            continue;
          }
          REAL result[ROWS * NAME(COLUMNS)];
          NAME(any_tile)(rows, count, depth, sliver, from, pitch, alpha, 0, result, NAME(COLUMNS));
          for (size_t r = 0; r < rows; r++) {
            for (size_t q = 0; q < count; q++) {
              const REAL value = result[r * NAME(COLUMNS) + q];
              REAL *place = to + r * c_row + q * c_column;
              *place = adds ? *place + value : value;
            }
          }
        }
      }
    }
  }
  free(block);
}

static void NAME(gemm)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                       const REAL *b, size_t b_row, size_t b_column, int accumulate, REAL *c, size_t c_row) {
  if (n < LANES && m > n) {
    // Columns of C lie along the registers when it has fewer columns than rows; no bit changes, for x * y is y * x.
    NAME(product)(n, m, k, alpha, b, b_column, b_row, a, a_column, a_row, NULL, accumulate, c, 1, c_row);
    return;
  }
  NAME(product)(m, n, k, alpha, a, a_row, a_column, b, b_row, b_column, NULL, accumulate, c, c_row, 1);
}

static void NAME(gemm_packed)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                              const REAL *packed, int accumulate, REAL *c, size_t c_row) {
  if (n < LANES) {
    // A single narrow panel lies as B itself would.
    NAME(gemm)(m, n, k, alpha, a, a_row, a_column, packed, n, 1, accumulate, c, c_row);
    return;
  }
  NAME(product)(m, n, k, alpha, a, a_row, a_column, NULL, 0, 0, packed, accumulate, c, c_row, 1);
}

#include "arithmetic.h"

#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef ROWS
#undef NAME
