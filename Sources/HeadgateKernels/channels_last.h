// Convolution of images whose channels come last, [rows, columns, channels]. On one instruction set; included once for
// each with a type that gemm.h was included for, and with the same names.
//
// A tile has the outputs of up to ROWS places for two vectors of features, so that a panel of the weights is read in
// order, and the inputs of a place under a tap are neighbours that are spread one by one: nothing is gathered, no lane is
// wasted where a plane has few places (49 make four tiles, of which each is full but for a place or so), and a stride
// costs nothing. Bound by the arithmetic.

#include "each_row.h"

enum { NAME(PANEL) = 2 * LANES };

// The sums of a tile begin with nothing.
HG_INLINE TARGET void NAME(clear_tile)(const size_t count, const size_t vectors, VECTOR sum[2 * ROWS][2]) {
#pragma clang loop unroll(full)
  for (size_t p = 0; p < count; p++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[p][v] = NAME(spread)(0);
  }
}

// What becomes of the sums of `count` places from `place` on, for the features from `feature` on.
HG_INLINE TARGET void NAME(finish_tile)(const size_t count, const size_t vectors, const hg_convolution *job,
                                        size_t place, size_t feature, VECTOR sum[2 * ROWS][2]) {
  const size_t left = job->features - feature - (vectors - 1) * LANES;
  const MASK mask = NAME(mask)(left < LANES ? left : LANES);
  const VECTOR least = NAME(spread)(job->least), greatest = NAME(spread)(job->greatest);
  VECTOR offset[2];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v++) {
    const MASK some = v + 1 == vectors ? mask : NAME(mask)(LANES);
    offset[v] = job->offsets ? NAME(load_some)(job->offsets + feature + v * LANES, some) : NAME(spread)(0);
  }
  const size_t features = job->features, at = place * features + feature;
  if (job->summand) {
#pragma clang loop unroll(full)
    for (size_t p = 0; p < count; p++) {
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) {
        const REAL *from = job->summand + at + p * features + v * LANES;
        sum[p][v] = NAME(add)(sum[p][v], v + 1 < vectors ? NAME(load)(from) : NAME(load_some)(from, mask));
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t p = 0; p < count; p++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      REAL *to = job->y + at + p * features + v * LANES;
      const VECTOR y = NAME(clamp)(NAME(add)(sum[p][v], offset[v]), least, greatest);
      if (v + 1 < vectors) {
        NAME(store)(to, y);
      } else {
        NAME(store_some)(to, mask, y);
      }
    }
  }
}

// sum[p][v] += x[p][k] * weights[k][v] for all k, in their order. What is read next is called for meanwhile.
HG_INLINE TARGET void NAME(add_run)(const size_t count, const size_t vectors, size_t length, const REAL *const *x,
                                    const REAL *weights, const REAL *ahead, size_t stride, VECTOR sum[2 * ROWS][2]) {
  for (size_t k = 0; k < length; k++, weights += vectors * LANES, ahead += stride) {
    __builtin_prefetch(ahead, 0, 2);
    VECTOR w[2];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) w[v] = NAME(load)(weights + v * LANES);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < count; p++) {
      const VECTOR value = NAME(spread)(x[p][k]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sum[p][v] = NAME(add_product)(value, w[v], sum[p][v]);
    }
  }
}

// Where in a panel a tile reads, and what it calls for meanwhile.
typedef struct {
  const REAL *weights, *ahead;
  size_t feature, stride;
  int is_pointwise, has_long_runs;
} NAME(panel);

HG_INLINE TARGET void NAME(last_tile)(const size_t count, const size_t vectors, const hg_convolution *job,
                                      const NAME(panel) *panel, size_t place) {
  const hg_window *window = &job->window;
  // A row of the window is one run when it lies on the image everywhere.
  const size_t channels = job->channels, runs = panel->has_long_runs ? 1 : window->kernel_columns;
  const size_t length = window->kernel_columns / runs * channels;
  const REAL *weights = panel->weights, *ahead = panel->ahead;
  ptrdiff_t row[2 * ROWS], column[2 * ROWS];
  size_t i = place / window->out_columns, j = place % window->out_columns;
  for (size_t p = 0; p < count; p++) {
    row[p] = (ptrdiff_t)(i * window->row_stride) - (ptrdiff_t)window->rows_before;
    column[p] = (ptrdiff_t)(j * window->column_stride) - (ptrdiff_t)window->columns_before;
    if (++j == window->out_columns) i++, j = 0;
  }
  VECTOR sum[2 * ROWS][2];
  NAME(clear_tile)(count, vectors, sum);
  for (size_t t = 0; t < window->kernel_rows; t++) {
    for (size_t c = 0; c < runs; c++) {
      const ptrdiff_t down = (ptrdiff_t)(t * window->row_dilation), along = (ptrdiff_t)(c * window->column_dilation);
      const REAL *x[2 * ROWS];
      for (size_t p = 0; p < count; p++) {
        // Below zero is beyond as well.
        const size_t r = (size_t)(row[p] + down), q = (size_t)(column[p] + along);
        const int is_inside = r < window->rows && q < window->columns;
        x[p] = is_inside ? job->x + (r * window->columns + q) * channels : job->zeros;
      }
      NAME(add_run)(count, vectors, length, x, weights, ahead, panel->stride, sum);
      weights += length * vectors * LANES, ahead += length * panel->stride;
    }
  }
  NAME(finish_tile)(count, vectors, job, place, panel->feature, sum);
}

// The same where each output is of the one input at its place.
HG_INLINE TARGET void NAME(pointwise_tile)(const size_t count, const size_t vectors, const hg_convolution *job,
                                           const NAME(panel) *panel, size_t place) {
  VECTOR sum[2 * ROWS][2];
  NAME(clear_tile)(count, vectors, sum);
  const REAL *x[2 * ROWS];
#pragma clang loop unroll(full)
  for (size_t p = 0; p < count; p++) x[p] = job->x + (place + p) * job->channels;
  NAME(add_run)(count, vectors, job->channels, x, panel->weights, panel->ahead, panel->stride, sum);
  NAME(finish_tile)(count, vectors, job, place, panel->feature, sum);
}

// The tiles of a panel from `first` to before `end` of `tiles`, which are as even as possible.
HG_INLINE size_t NAME(tile_start)(size_t places, size_t tiles, size_t tile) {
  const size_t least = places / tiles, more = places % tiles;
  return tile * least + (tile < more ? tile : more);
}

static TARGET void NAME(any_last_tile)(size_t count, size_t vectors, const hg_convolution *job,
                                       const NAME(panel) *panel, size_t place) {
#define COUNT_CASE(P)                                   \
  case P:                                               \
    if (panel->is_pointwise && vectors == 2) {          \
      NAME(pointwise_tile)(P, 2, job, panel, place);    \
    } else if (panel->is_pointwise) {                   \
      NAME(pointwise_tile)(P, 1, job, panel, place);    \
    } else if (vectors == 2) {                          \
      NAME(last_tile)(P, 2, job, panel, place);         \
    } else {                                            \
      NAME(last_tile)(P, 1, job, panel, place);         \
    }                                                   \
    break;
  switch (count) {
    EACH_ROW(COUNT_CASE)
  default:
    break;
  }
#undef COUNT_CASE
}

// Whether a window of `outputs` places lies within an extent with all its taps.
HG_INLINE int NAME(lies_within)(size_t outputs, size_t stride, size_t taps, size_t dilation, size_t before,
                                size_t extent) {
  return before == 0 && (outputs - 1) * stride + (taps - 1) * dilation < extent;
}

static TARGET void NAME(convolve_last)(const hg_convolution *job, hg_share share) {
  const hg_window *window = &job->window;
  const size_t places = window->out_rows * window->out_columns;
  const size_t taps = window->kernel_rows * window->kernel_columns, depth = taps * job->channels;
  if (places == 0 || job->features == 0) return;
  const int is_within = NAME(lies_within)(window->out_rows, window->row_stride, window->kernel_rows,
                                          window->row_dilation, window->rows_before, window->rows) &&
                        NAME(lies_within)(window->out_columns, window->column_stride, window->kernel_columns,
                                          window->column_dilation, window->columns_before, window->columns);
  const int is_pointwise = is_within && taps == 1 && window->row_stride * window->column_stride == 1 &&
                           window->columns == window->out_columns;
  const size_t panels = (job->features + NAME(PANEL) - 1) / NAME(PANEL), tiles = (places + ROWS - 1) / ROWS;
  const size_t begin = panels * tiles * share.index / share.count, end = panels * tiles * (share.index + 1) / share.count;
  for (size_t unit = begin; unit < end;) {
    size_t tile = unit % tiles, place = NAME(tile_start)(places, tiles, tile);
    const size_t feature = unit / tiles * NAME(PANEL), left = job->features - feature;
    const size_t vectors = left > LANES ? 2 : 1, stride = left > NAME(PANEL) ? (vectors * LANES + tiles - 1) / tiles : 0;
    NAME(panel) panel = {.weights = job->packed + feature * depth, .feature = feature, .stride = stride,
                         .is_pointwise = is_pointwise, .has_long_runs = is_within && window->column_dilation == 1};
    const size_t least = places / tiles, more = places % tiles;
    for (size_t count; tile < tiles && unit < end; tile++, unit++, place += count) {
      count = least + (tile < more);
      // Each tile calls for its part of the next panel.
      panel.ahead = stride ? panel.weights + (NAME(PANEL) + tile * stride) * depth : panel.weights;
      NAME(any_last_tile)(count, vectors, job, &panel, place);
    }
  }
}

// Element [kernel row, kernel column, channel] of a feature's kernel becomes a lane of a vector; features come in panels.
static TARGET void NAME(pack_last)(size_t features, size_t channels, size_t taps, const REAL *weights, REAL *packed) {
  enum { MOST = 16 };
  REAL some[MOST * NAME(PANEL)];
  for (size_t f = 0, width; f < features; f += NAME(PANEL), packed += taps * channels * width) {
    const size_t left = features - f, count = left < NAME(PANEL) ? left : NAME(PANEL);
    width = left > LANES ? NAME(PANEL) : LANES;
    const REAL *from = weights + f * channels * taps;
    if (taps == 1 && count == width) {
      NAME(pack)(width, channels, from, 1, channels, packed);
      continue;
    }
    for (size_t c = 0; c < channels; c++, from += taps) {
      for (size_t t = 0; t < taps; t += MOST) {
        const size_t depth = taps - t < MOST ? taps - t : MOST;
        NAME(pack)(count, depth, from + t, 1, channels * taps, some);
        for (size_t p = 0; p < depth; p++) {
          REAL *to = packed + ((t + p) * channels + c) * width;
          for (size_t q = 0; q < width; q++) to[q] = q < count ? some[p * count + q] : 0;
        }
      }
    }
  }
}

#include "channels_last_first.h"
#include "channels_last_planes.h"
#include "channels_last_winograd.h"

#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef ROWS
#undef NAME
