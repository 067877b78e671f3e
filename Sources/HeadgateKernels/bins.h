// Bins of one type of number, on one instruction set, with the vectors of gemm.h and vectors `index` of as many int32.
//
// A binary search without jumps, which would be mispredicted half the time, in several rows or columns side by side.
// Bound by the latency and the number of loads: with AVX-512 2 ns (doubles 3) for a column of 255 thresholds and one row
// of many, in plain C 4 to 5.

// Steps on to where each value is among the thresholds, from `place` on: four vectors at a time, as each step waits for
// the one before.
HG_INLINE TARGET void NAME(search)(const REAL *thresholds, int32_t step, const size_t count, const VECTOR *values,
                                   NAME(index) *place) {
  for (; step > 0; step /= 2) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < count; v++) {
      place[v] = NAME(step_on)(place[v], NAME(gather)(thresholds + step - 1, place[v]), values[v], step);
    }
  }
}

HG_INLINE int NAME(is_near_zero)(REAL x) { return x <= (REAL)1e-35f && x >= -(REAL)1e-35f; }

HG_INLINE uint8_t NAME(category)(int32_t kind, int32_t missing, REAL x) {
  if (x != x) return (uint8_t)missing;
  if (kind == HG_BIN_TRUNCATED_CATEGORY ? x <= -1 : x < 0) return HG_BIN_NO_CATEGORY;
  return x < HG_BIN_CATEGORIES ? (uint8_t)(int)x : HG_BIN_NO_CATEGORY;
}

// The bins of a column that vectors know nothing of: those of categories, and of zeros that are missing.
HG_INLINE void NAME(finish_column)(const NAME(hg_bins) *forest, size_t column, const REAL *x, size_t rows,
                                   size_t stride, uint8_t *bins, size_t step) {
  const int32_t *fields = forest->fields + column;
  const int32_t kind = fields[HG_BIN_KIND * forest->width], missing = fields[HG_BIN_MISSING * forest->width];
  if (kind == HG_BIN_NUMBER) return;
  x += fields[HG_BIN_FEATURE * forest->width];
  for (size_t r = 0; r < rows; r++, x += stride, bins += step) {
    if (kind != HG_BIN_NUMBER_NOT_ZERO) {
      *bins = NAME(category)(kind, missing, *x);
    } else if (NAME(is_near_zero)(*x)) {
      *bins = (uint8_t)missing;
    }
  }
}

static TARGET void NAME(bins_of_row)(const NAME(hg_bins) *forest, const REAL *x, uint8_t *bins) {
  const size_t width = forest->width;
  const int32_t *fields = forest->fields;
  for (size_t c = 0; c < forest->numbers; c += HG_BIN_GROUP) {
    enum { COUNT = HG_BIN_GROUP / LANES };
    VECTOR values[COUNT];
    NAME(index) start[COUNT], place[COUNT];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < COUNT; v++) {
      const int32_t *column = fields + c + v * LANES;
      values[v] = NAME(gather)(x, NAME(load_index)(column + HG_BIN_FEATURE * width));
      start[v] = NAME(load_index)(column + HG_BIN_START * width);
      place[v] = start[v];
    }
    NAME(search)(forest->thresholds, fields[HG_BIN_STEP * width + c], COUNT, values, place);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < COUNT; v++) {
      const NAME(index) missing = NAME(load_index)(fields + HG_BIN_MISSING * width + c + v * LANES);
      NAME(store_bins)(bins + c + v * LANES, NAME(subtract_index)(place[v], start[v]), values[v], missing);
    }
  }
  for (size_t c = forest->has_numbers_only ? forest->count : 0; c < forest->count; c++) {
    NAME(finish_column)(forest, c, x, 1, 0, bins + c, 0);
  }
}

static TARGET void NAME(bins)(const NAME(hg_bins) *forest, const REAL *x, size_t rows, size_t stride, uint8_t *bins) {
  const size_t width = forest->width;
  for (size_t r = 0; r < rows; r += 4 * LANES) {
    NAME(index) at[4];
    for (size_t v = 0; v < 4; v++) {
      int32_t rows_at[LANES];
      for (size_t i = 0; i < LANES; i++) {
        const size_t row = r + v * LANES + i;
        rows_at[i] = (int32_t)((row < rows ? row - r : rows - 1 - r) * stride);
      }
      at[v] = NAME(load_index)(rows_at);
    }
    for (size_t c = 0; c < forest->numbers; c++) {
      const int32_t *fields = forest->fields + c;
      VECTOR values[4];
      NAME(index) place[4];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; v++) {
        values[v] = NAME(gather)(x + r * stride + fields[HG_BIN_FEATURE * width], at[v]);
        place[v] = NAME(spread_index)(0);
      }
      NAME(search)(forest->thresholds + fields[HG_BIN_START * width], fields[HG_BIN_STEP * width], 4, values, place);
      const NAME(index) missing = NAME(spread_index)(fields[HG_BIN_MISSING * width]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < 4; v++) {
        NAME(store_bins)(bins + c * HG_TREE_ROWS + r + v * LANES, place[v], values[v], missing);
      }
    }
  }
  for (size_t c = forest->has_numbers_only ? forest->count : 0; c < forest->count; c++) {
    NAME(finish_column)(forest, c, x, rows, stride, bins + c * HG_TREE_ROWS, 1);
  }
}

#undef REAL
#undef VECTOR
#undef LANES
#undef NAME
