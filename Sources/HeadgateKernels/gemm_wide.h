// Products of few rows with a B that is packed; included by gemm.h, whose names it uses.
//
// The sums of a tile of few rows are so few that each would wait for the one before. So several panels are read side by
// side, as many as keep all sums in registers. Bound by reading B: one row times 256 x 1024 in the second cache takes
// 8.5 us instead of 14.2, at 124 GB/s.

// How many panels a tile of R rows reads.
#define PANELS(R) (ROWS / (R) >= 4 ? 4 : ROWS / (R) >= 2 ? 2 : 1)

enum {
  // Products of more rows keep the arithmetic busy with one panel.
  NAME(WIDE_ROWS) = 4,
  // So many rows of each panel ahead what comes next is called for.
  NAME(WIDE_AHEAD) = 16,
};

// c[rows, panels * COLUMNS] = alpha * a b (+ c). `a` is packed; panels of `b` lie `panel` elements apart.
HG_INLINE TARGET void NAME(wide_tile)(const size_t rows, const size_t panels, size_t depth, const REAL *a,
                                      const REAL *b, size_t panel, REAL alpha, int adds, REAL *c, size_t c_row) {
  VECTOR sum[4][8];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * panels; v++) sum[i][v] = NAME(spread)(0);
  }
  for (size_t p = 0; p < depth; p++, a += rows, b += NAME(COLUMNS)) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * panels; v++) {
      const REAL *from = b + v / 2 * panel + v % 2 * LANES;
      if (LANES * sizeof(REAL) == 64 || v % 2 == 0) __builtin_prefetch(from + NAME(WIDE_AHEAD) * NAME(COLUMNS), 0, 3);
      const VECTOR y = NAME(load)(from);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < rows; i++) sum[i][v] = NAME(add_product)(NAME(spread)(a[i]), y, sum[i][v]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * panels; v++) {
      REAL *target = c + i * c_row + v * LANES;
      const VECTOR value = NAME(scale)(alpha, sum[i][v]);
      NAME(store)(target, adds ? NAME(add)(NAME(load)(target), value) : value);
    }
  }
}

HG_INLINE TARGET void NAME(wide_panels)(const size_t rows, const size_t panels, const NAME(job) *job,
                                        const NAME(area) *part, size_t p, size_t depth, const REAL *a) {
  const REAL *b = job->packed_b + p * job->n;
  const int adds = job->accumulate || p > 0;
  size_t j = part->column;
  for (; j + panels * NAME(COLUMNS) <= part->end_column; j += panels * NAME(COLUMNS)) {
    NAME(wide_tile)
    (rows, panels, depth, a, b + j * depth, NAME(COLUMNS) * depth, job->alpha, adds, job->c + j, job->c_row);
  }
  for (size_t width; j < part->end_column; j += width) {
    width = part->end_column - j < NAME(COLUMNS) ? part->end_column - j : NAME(COLUMNS);
    NAME(any_tile)
    (rows, width, depth, a, b + j * depth, width, b + j * depth, 0, job->alpha, adds, job->c + j, job->c_row);
  }
}

static TARGET void NAME(wide)(const NAME(job) *job) {
  REAL sliver[4 * HG_DEPTH];
  const NAME(area) part = NAME(part)(job->m, job->n, 0, job->share);
  if (part.row == part.end_row || part.column == part.end_column) return;
  for (size_t p = 0; p < job->k; p += HG_DEPTH) {
    const size_t depth = job->k - p < HG_DEPTH ? job->k - p : HG_DEPTH;
    const REAL *left = job->a + p * job->a_column;
    if (job->m > 1 || job->a_column != 1) {
      NAME(pack)(job->m, depth, left, job->a_column, job->a_row, sliver);
      left = sliver;
    }
#define ROW_CASE(R)                                              \
  case R:                                                        \
    NAME(wide_panels)(R, PANELS(R), job, &part, p, depth, left); \
    break;
    switch (job->m) {
      ROW_CASE(1)
      ROW_CASE(2)
      ROW_CASE(3)
      ROW_CASE(4)
    default:
      break;
    }
#undef ROW_CASE
  }
  NAME(finish)(job->finish, 0, job->m, part.column, part.end_column - part.column, job->c + part.column, job->c_row);
}

#undef PANELS
