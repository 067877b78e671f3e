// Each channel by itself, where channels come last: sums with weights of its own, or the greatest, under a window. On one
// instruction set; included by channels_last.h, whose names it uses.
//
// Channels lie along the registers, so that no stride takes a shuffle; neighbours along a row are computed together, for
// they see the same inputs. Bound by reading those from the first cache.

// Neighbours that are computed together: with what they see they fill the registers.
enum { NAME(NEIGHBOURS) = LANES == 16 ? 8 : 4 };

typedef struct {
  // How far taps and outputs lie from each other.
  size_t columns, column_stride, column_dilation;
} NAME(last_form);

// A row of outputs for a vector of channels: what its taps are, and where it begins.
typedef struct {
  const REAL *x, *weights;
  REAL *y;
  // The rows of the window that lie on the image, from one to before the other.
  size_t rows[2];
  VECTOR offset;
  MASK mask;
} NAME(line);

// The values of a place that lies on the image, or that is at an edge and may not.
typedef enum { NAME(WHOLE), NAME(PARTIAL), NAME(AT_EDGE) } NAME(sight);

// `count` neighbours from column `j` on. At an edge what lies beside the image is not read; whole vectors are read without
// a mask, which would take the arithmetic as long as a product.
HG_INLINE TARGET void NAME(neighbours)(const int sums, const NAME(sight) sight, const size_t count,
                                       const NAME(last_form) form, const hg_convolution *job, const NAME(line) *line,
                                       size_t j) {
  const size_t channels = job->channels, width = job->window.columns, row = job->window.row_dilation * width * channels;
  // Before the first column is beyond the last one as well.
  const size_t column = j * form.column_stride - job->window.columns_before;
  const REAL *x = line->x + (ptrdiff_t)column * (ptrdiff_t)channels;
  const MASK mask = line->mask, none = NAME(mask)(0);
  const VECTOR outside = NAME(spread)(sums ? 0 : -INFINITY);
  VECTOR sum[NAME(NEIGHBOURS)];
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) sum[u] = line->offset;
  for (size_t t = line->rows[0]; t < line->rows[1]; t++) {
    const REAL *from = x + t * row, *weights = sums ? line->weights + t * form.columns * channels : NULL;
    for (size_t c = 0; c < form.columns; c++) {
      VECTOR weight = outside;
      if (sums) {
        weight = sight == NAME(WHOLE) ? NAME(load)(weights + c * channels) : NAME(load_some)(weights + c * channels, mask);
      }
#pragma clang loop unroll(full)
      for (size_t u = 0; u < count; u++) {
        const size_t q = u * form.column_stride + c * form.column_dilation;
        const REAL *place = from + q * channels;
        const VECTOR value = sight == NAME(WHOLE)     ? NAME(load)(place)
                             : sight == NAME(PARTIAL) ? NAME(load_some)(place, mask)
                                                      : NAME(load_or)(place, column + q < width ? mask : none, outside);
        sum[u] = sums ? NAME(add_product)(weight, value, sum[u]) : NAME(greater)(value, sum[u]);
      }
    }
  }
  const VECTOR least = NAME(spread)(job->least), greatest = NAME(spread)(job->greatest);
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) {
    NAME(store_some)(line->y + (j + u) * channels, mask, sums ? NAME(clamp)(sum[u], least, greatest) : sum[u]);
  }
}

// The same for as many as are best computed together of those that are left; gives how many.
HG_INLINE TARGET size_t NAME(next_neighbours)(const int sums, const NAME(sight) sight, const NAME(last_form) form,
                                              const hg_convolution *job, const NAME(line) *line, size_t j) {
  const size_t left = job->window.out_columns - j;
#define COUNT_CASE(COUNT, CONDITION)                                       \
  if (CONDITION) {                                                         \
    NAME(neighbours)(sums, sight, COUNT, form, job, line, j);            \
    return COUNT;                                                          \
  }
#if LANES == 16
  COUNT_CASE(7, left == 7 || left == 14)
  COUNT_CASE(8, left >= 8)
#endif
  COUNT_CASE(4, left >= 4)
  COUNT_CASE(2, left >= 2)
  COUNT_CASE(1, 1)
#undef COUNT_CASE
}

// The taps that lie within an extent, when the first lies at `at`: from range[0] to before range[1].
HG_INLINE void NAME(taps_within)(ptrdiff_t at, size_t taps, size_t dilation, size_t extent, size_t range[2]) {
  const ptrdiff_t step = (ptrdiff_t)dilation, all = (ptrdiff_t)extent;
  const size_t begin = at < 0 ? (size_t)((step - 1 - at) / step) : 0;
  const size_t end = at < all ? (size_t)((all - at + step - 1) / step) : 0;
  range[1] = end < taps ? end : taps;
  range[0] = begin < range[1] ? begin : range[1];
}

// Channels go round fastest, so that all that is read of a place is read at once.
HG_INLINE TARGET void NAME(last_rows)(const int sums, const NAME(last_form) form, const hg_convolution *job,
                                      hg_share share) {
  const hg_window *window = &job->window;
  const size_t channels = job->channels, begin = window->out_rows * share.index / share.count;
  const size_t end = window->out_rows * (share.index + 1) / share.count;
  const size_t reach = (NAME(NEIGHBOURS) - 1) * form.column_stride + (form.columns - 1) * form.column_dilation;
  for (size_t i = begin; i < end; i++) {
    const ptrdiff_t at = (ptrdiff_t)(i * window->row_stride) - (ptrdiff_t)window->rows_before;
    NAME(line) line;
    NAME(taps_within)(at, window->kernel_rows, window->row_dilation, window->rows, line.rows);
    for (size_t j = 0, count; j < window->out_columns; j += count) {
      const size_t column = j * form.column_stride;
      const int is_inside =
          column >= window->columns_before && column + reach < window->columns_before + window->columns;
      for (size_t c = 0; c < channels; c += LANES) {
        line.mask = NAME(mask)(channels - c < LANES ? channels - c : LANES);
        line.offset = NAME(spread)(sums ? 0 : -INFINITY);
        if (sums && job->offsets) line.offset = NAME(load_some)(job->offsets + c, line.mask);
        line.x = job->x + at * (ptrdiff_t)(window->columns * channels) + c;
        line.weights = sums ? job->packed + c : NULL;
        line.y = job->y + i * window->out_columns * channels + c;
        if (!is_inside) {
          count = NAME(next_neighbours)(sums, NAME(AT_EDGE), form, job, &line, j);
        } else if (channels - c < LANES) {
          count = NAME(next_neighbours)(sums, NAME(PARTIAL), form, job, &line, j);
        } else {
          count = NAME(next_neighbours)(sums, NAME(WHOLE), form, job, &line, j);
        }
      }
    }
  }
}

// The most common windows have loops of their own, without a loop along a row of the window.
HG_INLINE TARGET void NAME(last_by_form)(const int sums, const hg_convolution *job, hg_share share) {
  const hg_window *window = &job->window;
  const NAME(last_form) form = {window->kernel_columns, window->column_stride, window->column_dilation};
  if (form.columns == 3 && form.column_dilation == 1 && form.column_stride == 1) {
    NAME(last_rows)(sums, (NAME(last_form)){3, 1, 1}, job, share);
  } else if (form.columns == 3 && form.column_dilation == 1 && form.column_stride == 2) {
    NAME(last_rows)(sums, (NAME(last_form)){3, 2, 1}, job, share);
  } else {
    NAME(last_rows)(sums, form, job, share);
  }
}

static TARGET void NAME(depthwise_last)(const hg_convolution *job, hg_share share) {
  NAME(last_by_form)(1, job, share);
}

static TARGET void NAME(maxima_last)(const hg_convolution *job, hg_share share) {
  NAME(last_by_form)(0, job, share);
}

// y[j * rows + i] = x[i * columns + j]: channels that come first become last, and the other way round.
static TARGET void NAME(turn_image)(size_t rows, size_t columns, const REAL *x, REAL *y) {
  for (size_t i = 0; i < rows; i += LANES) {
    const size_t items = rows - i < LANES ? rows - i : LANES;
    const MASK mask = NAME(mask)(items);
    for (size_t j = 0; j < columns; j += LANES) {
      const size_t steps = columns - j < LANES ? columns - j : LANES;
      VECTOR square[LANES];
      NAME(load_square)(items, steps, x + i * columns + j, columns, square);
#pragma clang loop unroll(full)
      for (size_t p = 0; p < LANES; p++) {
        if (p < steps) NAME(store_some)(y + (j + p) * rows + i, mask, square[p]);
      }
    }
  }
}
