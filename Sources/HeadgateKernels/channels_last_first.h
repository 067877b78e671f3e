// Convolution from planes, as a network's input has them, to an image whose channels come last. On one instruction set;
// included by channels_last.h, whose names it uses.
//
// The rows of the planes that a row of outputs sees are copied, with zeros beside them, so that a tile of neighbours along
// the row reads them at distances that are known when this is compiled. Bound by the arithmetic, and by the spreading of
// inputs where there is one vector of features only: then twice as many neighbours share a weight.

#include "each_row.h"

// The elements of a plane's row that a row of outputs sees.
HG_INLINE size_t NAME(seen_columns)(const hg_window *window) {
  return (window->out_columns - 1) * window->column_stride + (window->kernel_columns - 1) * window->column_dilation + 1;
}

// The rows of all planes that row `i` of the outputs sees: row t of plane c lies at (c * kernel rows + t) * pitch.
static TARGET void NAME(stage_rows)(const hg_convolution *job, size_t i, size_t pitch, REAL *target) {
  const hg_window *window = &job->window;
  const size_t before = window->columns_before < pitch ? window->columns_before : pitch;
  const size_t room = pitch - before, inside = window->columns < room ? window->columns : room;
  for (size_t c = 0; c < job->channels; c++) {
    for (size_t t = 0; t < window->kernel_rows; t++, target += pitch) {
      // Above the plane is beyond it as well.
      const size_t row = i * window->row_stride + t * window->row_dilation - window->rows_before;
      if (row >= window->rows) {
        NAME(fill)(pitch, 0, target);
        continue;
      }
      NAME(fill)(before, 0, target);
      NAME(copy_apart)(inside, job->x + (c * window->rows + row) * window->columns, 1, target + before);
      NAME(fill)(room - inside, 0, target + before + inside);
    }
  }
}

HG_INLINE TARGET void NAME(first_tile)(const size_t count, const size_t vectors, const size_t stride,
                                       const hg_convolution *job, const REAL *weights, size_t feature, size_t place,
                                       const REAL *x, size_t pitch) {
  const size_t rows = job->channels * job->window.kernel_rows, columns = job->window.kernel_columns;
  const size_t dilation = job->window.column_dilation;
  VECTOR sum[2 * ROWS][2];
  NAME(clear_tile)(count, vectors, sum);
  for (size_t t = 0; t < rows; t++, x += pitch) {
    const REAL *from = x;
    for (size_t c = 0; c < columns; c++, from += dilation, weights += vectors * LANES) {
      VECTOR w[2];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) w[v] = NAME(load)(weights + v * LANES);
#pragma clang loop unroll(full)
      for (size_t p = 0; p < count; p++) {
        const VECTOR value = NAME(spread)(from[p * stride]);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sum[p][v] = NAME(add_product)(value, w[v], sum[p][v]);
      }
    }
  }
  NAME(finish_tile)(count, vectors, job, place, feature, sum);
}

HG_INLINE TARGET void NAME(any_first_tile)(size_t count, const size_t vectors, const size_t stride,
                                           const hg_convolution *job, const REAL *weights, size_t feature,
                                           size_t place, const REAL *x, size_t pitch) {
#define COUNT_CASE(P)                                                                         \
  case P:                                                                                     \
    NAME(first_tile)(P, vectors, stride, job, weights, feature, place, x, pitch);             \
    break;
  switch (count) {
    EACH_ROW(COUNT_CASE)
  default:
    break;
  }
#undef COUNT_CASE
}

// A row of outputs for the features of one panel.
HG_INLINE TARGET void NAME(first_panel)(const size_t vectors, const size_t stride, const hg_convolution *job,
                                        size_t feature, size_t row, const REAL *x, size_t pitch) {
  const size_t depth = job->channels * job->window.kernel_rows * job->window.kernel_columns;
  const size_t outputs = job->window.out_columns;
  const REAL *weights = job->packed + feature * depth;
  size_t j = 0;
  for (; vectors == 1 && j + 2 * ROWS <= outputs; j += 2 * ROWS) {
    NAME(first_tile)(2 * ROWS, vectors, stride, job, weights, feature, row * outputs + j, x + j * stride, pitch);
  }
  const size_t left = outputs - j, tiles = (left + ROWS - 1) / ROWS;
  for (size_t tile = 0, count; tile < tiles; tile++, j += count) {
    count = left / tiles + (tile < left % tiles);
    NAME(any_first_tile)(count, vectors, stride, job, weights, feature, row * outputs + j, x + j * stride, pitch);
  }
}

// The channels of x come first. `scratch` has room for channels * kernel_rows rows that a row of outputs sees.
static TARGET void NAME(convolve_first)(const hg_convolution *job, REAL *scratch, hg_share share) {
  const hg_window *window = &job->window;
  if (window->out_columns == 0) return;
  const size_t pitch = NAME(seen_columns)(window);
  const size_t begin = window->out_rows * share.index / share.count;
  const size_t end = window->out_rows * (share.index + 1) / share.count;
  for (size_t i = begin; i < end; i++) {
    NAME(stage_rows)(job, i, pitch, scratch);
    for (size_t feature = 0; feature < job->features; feature += NAME(PANEL)) {
      const int is_narrow = job->features - feature <= LANES;
      if (window->column_stride == 1 && is_narrow) {
        NAME(first_panel)(1, 1, job, feature, i, scratch, pitch);
      } else if (window->column_stride == 1) {
        NAME(first_panel)(2, 1, job, feature, i, scratch, pitch);
      } else if (is_narrow) {
        NAME(first_panel)(1, 2, job, feature, i, scratch, pitch);
      } else {
        NAME(first_panel)(2, 2, job, feature, i, scratch, pitch);
      }
    }
  }
}
