// A whole plane under a window of a few columns: sums with weights, or the greatest. It is read where it lies; what a
// tap sees outside of it is masked away, so that no copy with padding around it is made. On one instruction set;
// included by gemm.h, whose names it uses.
//
// Bound by reading the plane from the first cache, which takes twice as long across lines of it: four rows of outputs
// are computed at a time, so that weights, and rows that several of them see, are read once. The layers of a mobile net
// at 112 x 112 together take 0.11 ms with AVX-512, and took 0.31 by way of copies.

// Which elements of a vector, and of the one behind it where every other element counts, lie on the row.
typedef struct {
  MASK first, second;
} NAME(seen);

// The lanes of a vector that begins at element `from` of a row which lie on the row.
HG_INLINE TARGET MASK NAME(on_row)(ptrdiff_t from, ptrdiff_t columns) {
  const ptrdiff_t end = columns - from < LANES ? columns - from : LANES, begin = from < 0 ? -from : 0;
  return end <= begin ? NAME(mask)(0) : NAME(mask_between)((size_t)begin, (size_t)end);
}

HG_INLINE TARGET VECTOR NAME(see)(const size_t stride, const REAL *place, const NAME(seen) *seen, VECTOR outside) {
  const VECTOR x = NAME(load_or)(place, seen->first, outside);
  return stride == 1 ? x : NAME(evens)(x, NAME(load_or)(place + LANES, seen->second, outside));
}

// Where the window lies: what is constant in the loops over it.
typedef struct {
  size_t rows, columns, row_stride, row_dilation, column_stride;
} NAME(form);

// A vector of outputs of each of `count` rows, from the rows of the window from `begin` to before `end`, which lie on
// the plane for all of them. The first tap of the first output lies at `x`, though perhaps outside of the plane.
HG_INLINE TARGET void NAME(plane_rows)(const int sums, const NAME(form) form, const size_t count, size_t begin,
                                       size_t end, const NAME(window) *window, const NAME(seen) *seen, const REAL *x,
                                       ptrdiff_t x_row, MASK mask, REAL *y, size_t y_row) {
  const VECTOR outside = NAME(spread)(sums ? 0 : -INFINITY);
  VECTOR sum[NAME(AT_ONCE)];
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) sum[u] = NAME(spread)(window->offset);
  for (size_t t = begin; t < end; t++) {
    for (size_t c = 0; c < form.columns; c++) {
      const VECTOR weight = NAME(spread)(sums ? window->weights[t * form.columns + c] : 0);
#pragma clang loop unroll(full)
      for (size_t u = 0; u < count; u++) {
        const REAL *place = x + (ptrdiff_t)(u * form.row_stride + t * form.row_dilation) * x_row + c;
        const VECTOR value = NAME(see)(form.column_stride, place, seen + c, outside);
        sum[u] = sums ? NAME(add_product)(weight, value, sum[u]) : NAME(greater)(value, sum[u]);
      }
    }
  }
  const VECTOR least = NAME(spread)(window->least), greatest = NAME(spread)(window->greatest);
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) {
    NAME(store_some)(y + u * y_row, mask, sums ? NAME(clamp)(sum[u], least, greatest) : sum[u]);
  }
}

// The rows of a window whose first one lies at `at` that lie on a plane of so many rows: from range[0] to before
// range[1].
HG_INLINE TARGET void NAME(rows_on_plane)(const NAME(form) form, ptrdiff_t at, ptrdiff_t rows, size_t range[2]) {
  const ptrdiff_t step = (ptrdiff_t)form.row_dilation;
  const size_t begin = at < 0 ? (size_t)((step - 1 - at) / step) : 0;
  const size_t end = at < rows ? (size_t)((rows - at + step - 1) / step) : 0;
  range[1] = end < form.rows ? end : form.rows;
  range[0] = begin < range[1] ? begin : range[1];
}

HG_INLINE TARGET void NAME(plane)(const int sums, const NAME(form) form, const hg_plane *plane,
                                  const NAME(window) *window, const REAL *x, REAL *y) {
  const ptrdiff_t rows = (ptrdiff_t)plane->rows, columns = (ptrdiff_t)plane->columns;
  for (size_t j = 0; j < plane->out_columns; j += LANES) {
    const size_t left = plane->out_columns - j;
    const MASK mask = NAME(mask)(left < LANES ? left : LANES);
    const ptrdiff_t column = (ptrdiff_t)(j * form.column_stride) - (ptrdiff_t)plane->columns_before;
    NAME(seen) seen[HG_PLANE_COLUMNS];
    for (size_t c = 0; c < form.columns; c++) {
      seen[c].first = NAME(on_row)(column + (ptrdiff_t)c, columns);
      seen[c].second = NAME(on_row)(column + (ptrdiff_t)c + LANES, columns);
    }
    for (size_t row = 0, count; row < plane->out_rows; row += count) {
      const ptrdiff_t at = (ptrdiff_t)(row * form.row_stride) - (ptrdiff_t)plane->rows_before;
      const size_t reach = (NAME(AT_ONCE) - 1) * form.row_stride + (form.rows - 1) * form.row_dilation;
      const REAL *from = x + at * columns + column;
      REAL *to = y + row * plane->out_columns + j;
      if (at >= 0 && at + (ptrdiff_t)reach < rows && row + NAME(AT_ONCE) <= plane->out_rows) {
        count = NAME(AT_ONCE);
        NAME(plane_rows)
        (sums, form, NAME(AT_ONCE), 0, form.rows, window, seen, from, columns, mask, to, plane->out_columns);
      } else {
        count = 1;
        size_t range[2];
        NAME(rows_on_plane)(form, at, rows, range);
        NAME(plane_rows)
        (sums, form, 1, range[0], range[1], window, seen, from, columns, mask, to, plane->out_columns);
      }
    }
  }
}

// The most common windows have loops of their own, without a loop over the window.
HG_INLINE TARGET void NAME(plane_by_form)(const int sums, const hg_plane *plane, const NAME(window) *window,
                                          const REAL *x, REAL *y) {
  const NAME(form) form = {.rows = plane->kernel_rows,
                           .columns = plane->kernel_columns,
                           .row_stride = plane->row_stride,
                           .row_dilation = plane->row_dilation,
                           .column_stride = plane->column_stride};
  const size_t rows = form.rows, columns = form.columns;
  const int is_small = rows == 3 && columns == 3 && form.row_dilation == 1;
  if (is_small && form.row_stride == 1 && form.column_stride == 1) {
    NAME(plane)(sums, (NAME(form)){3, 3, 1, 1, 1}, plane, window, x, y);
  } else if (is_small && form.row_stride == 2 && form.column_stride == 2) {
    NAME(plane)(sums, (NAME(form)){3, 3, 2, 1, 2}, plane, window, x, y);
  } else if (form.column_stride == 1) {
    NAME(plane)(sums, (NAME(form)){rows, columns, form.row_stride, form.row_dilation, 1}, plane, window, x, y);
  } else {
    NAME(plane)(sums, (NAME(form)){rows, columns, form.row_stride, form.row_dilation, 2}, plane, window, x, y);
  }
}

static TARGET void NAME(plane_sums)(const hg_plane *plane, const REAL *weights, REAL offset, REAL least, REAL greatest,
                                    const REAL *x, REAL *y) {
  const NAME(window) window = {.weights = weights, .offset = offset, .least = least, .greatest = greatest};
  NAME(plane_by_form)(1, plane, &window, x, y);
}

static TARGET void NAME(plane_maxima)(const hg_plane *plane, const REAL *x, REAL *y) {
  const NAME(window) window = {.offset = -INFINITY};
  NAME(plane_by_form)(0, plane, &window, x, y);
}
