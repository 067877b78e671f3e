// The product of matrices of one type on one instruction set; included once for each. Before, define
//   REAL, VECTOR, MASK   the element, LANES of them in a register, and which of those lanes are meant
//   LANES, ROWS          a tile of the product has up to ROWS rows and two vectors; its sums fill the registers
//   TARGET, NAME(x)      the attribute and the name of a function of this set and type
// and the functions NAME(mask)(count), load(p), load_some(p, mask), store(p, x), store_some(p, mask, x),
// spread(x), add_product(x, y, sum) which is x * y + sum, add(x, y), scale(x, y), and transpose(x) of LANES vectors.
//
// Bound by the arithmetic for m above 12 or so, below by reading B. The block of B that is in use fits the
// second cache, the rows of A that meet it the first.

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
      for (size_t p = 0; p < depth; p += LANES) {
        const size_t steps = depth - p < LANES ? depth - p : LANES;
        const REAL *from = source + p + i * item;
        REAL *to = target + p * count + i;
        VECTOR square[LANES];
        if (items == LANES && steps == LANES) {
#pragma clang loop unroll(full)
          for (size_t q = 0; q < LANES; q++) square[q] = NAME(load)(from + q * item);
          NAME(transpose)(square);
#pragma clang loop unroll(full)
          for (size_t q = 0; q < LANES; q++) NAME(store)(to + q * count, square[q]);
          continue;
        }
        const MASK wanted_steps = NAME(mask)(steps), wanted_items = NAME(mask)(items);
#pragma clang loop unroll(full)
        for (size_t q = 0; q < LANES; q++) {
          square[q] = q < items ? NAME(load_some)(from + q * item, wanted_steps) : NAME(spread)(0);
        }
        NAME(transpose)(square);
#pragma clang loop unroll(full)
        for (size_t q = 0; q < LANES; q++) {
          if (q < steps) NAME(store_some)(to + q * count, wanted_items, square[q]);
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

static TARGET void NAME(few_rows)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                                  const REAL *b, size_t b_row, int accumulate, REAL *c, size_t c_row) {
  switch (m) {
  case 1:
    NAME(stream)(1, 8, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);
    break;
  case 2:
    NAME(stream)(2, 4, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);
    break;
  case 3:
    NAME(stream)(3, 4, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);
    break;
  case 4:
    NAME(stream)(4, 4, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);
    break;
  default:
    break;
  }
}

// The whole product; `packed` is B packed, or NULL, then `b` is read.
static TARGET void NAME(product)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row,
                                 size_t a_column, const REAL *b, size_t b_row, size_t b_column, const REAL *packed,
                                 int accumulate, REAL *c, size_t c_row, size_t c_column) {
  if (m == 0 || n == 0) return;
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
  if (m <= 4 && k > 0 && b_column == 1) {
    NAME(few_rows)(m, n, k, alpha, a, a_row, a_column, b, b_row, accumulate, c, c_row);
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

#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef ROWS
#undef NAME
