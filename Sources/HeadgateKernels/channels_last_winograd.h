// A convolution of 3 x 3 taps in tiles of 2 x 2 outputs, as winograd.h explains it, where channels come last: they lie
// along the registers in both transforms, which then read and write whole vectors of neighbours, and each of the 16
// products is a pointwise convolution of what the first one wrote. On one instruction set; included by channels_last.h,
// whose names it uses.

// Tiles from `begin` to before `end`: element e of B^T d B of tile t lies at inputs + (e * count + t - first) * channels.
static TARGET void NAME(last_tiles_input)(const hg_convolution *job, size_t across, size_t first, size_t count,
                                          size_t begin, size_t end, REAL *inputs) {
  const hg_window *window = &job->window;
  const size_t channels = job->channels;
  for (size_t tile = begin; tile < end; tile++) {
    const size_t row = tile / across * 2 - window->rows_before, column = tile % across * 2 - window->columns_before;
    const REAL *x[16];
    for (size_t r = 0; r < 4; r++) {
      for (size_t s = 0; s < 4; s++) {
        // Above and left of the image is beyond it as well.
        const int is_inside = row + r < window->rows && column + s < window->columns;
        x[r * 4 + s] =
            is_inside ? job->x + ((row + r) * window->columns + column + s) * channels : job->zeros;
      }
    }
    for (size_t c = 0; c < channels; c += LANES) {
      const MASK mask = NAME(mask)(channels - c < LANES ? channels - c : LANES);
      REAL *to = inputs + (tile - first) * channels + c;
      VECTOR down[4][4], both[4];
#pragma clang loop unroll(full)
      for (size_t s = 0; s < 4; s++) {
        VECTOR column[4], sums[4];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < 4; r++) column[r] = NAME(load_some)(x[r * 4 + s] + c, mask);
        NAME(spread_four)(column, sums);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < 4; r++) down[r][s] = sums[r];
      }
#pragma clang loop unroll(full)
      for (size_t r = 0; r < 4; r++) {
        NAME(spread_four)(down[r], both);
#pragma clang loop unroll(full)
        for (size_t s = 0; s < 4; s++) NAME(store_some)(to + (r * 4 + s) * count * channels, mask, both[s]);
      }
    }
  }
}

static TARGET void NAME(last_tiles_output)(const hg_convolution *job, size_t across, size_t first, size_t count,
                                           size_t begin, size_t end, const REAL *products) {
  const hg_window *window = &job->window;
  const size_t features = job->features, element = count * features;
  const VECTOR least = NAME(spread)(job->least), greatest = NAME(spread)(job->greatest);
  for (size_t tile = begin; tile < end; tile++) {
    const size_t row = tile / across * 2, column = tile % across * 2;
    for (size_t f = 0; f < features; f += LANES) {
      const MASK mask = NAME(mask)(features - f < LANES ? features - f : LANES);
      const REAL *from = products + (tile - first) * features + f;
      const VECTOR offset = job->offsets ? NAME(load_some)(job->offsets + f, mask) : NAME(spread)(0);
      VECTOR half[2][4];
#pragma clang loop unroll(full)
      for (size_t s = 0; s < 4; s++) {
        VECTOR values[4], sums[2];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < 4; r++) values[r] = NAME(load_some)(from + (r * 4 + s) * element, mask);
        NAME(gather_four)(values, sums);
        half[0][s] = sums[0], half[1][s] = sums[1];
      }
#pragma clang loop unroll(full)
      for (size_t r = 0; r < 2; r++) {
        VECTOR y[2];
        NAME(gather_four)(half[r], y);
#pragma clang loop unroll(full)
        for (size_t s = 0; s < 2; s++) {
          if (row + r >= window->out_rows || column + s >= window->out_columns) continue;
          const size_t at = ((row + r) * window->out_columns + column + s) * features + f;
          VECTOR value = NAME(add)(y[s], offset);
          if (job->summand) value = NAME(add)(value, NAME(load_some)(job->summand + at, mask));
          NAME(store_some)(job->y + at, mask, NAME(clamp)(value, least, greatest));
        }
      }
    }
  }
}

// See hg_kernel_set.
static TARGET void NAME(winograd_last)(const hg_convolution *job, REAL *scratch, hg_winograd_step step, size_t first,
                                       size_t count, hg_share share) {
  const size_t across = (job->window.out_columns + 1) / 2, channels = job->channels, features = job->features;
  const size_t begin = first + count * share.index / share.count, end = first + count * (share.index + 1) / share.count;
  REAL *products = scratch + 16 * count * channels;
  if (step == HG_WINOGRAD_INPUT) {
    NAME(last_tiles_input)(job, across, first, count, begin, end, scratch);
  } else if (step == HG_WINOGRAD_OUTPUT) {
    NAME(last_tiles_output)(job, across, first, count, begin, end, products);
  } else {
    const size_t width = (features + LANES - 1) / LANES * LANES;
    for (size_t e = 16 * share.index / share.count; e < 16 * (share.index + 1) / share.count; e++) {
      const hg_convolution product = {
          .window = {1, count, 1, count, 1, 1, 1, 1, 1, 1, 0, 0}, .channels = channels, .features = features,
          .packed = job->packed + e * channels * width, .least = -INFINITY, .greatest = INFINITY,
          .x = scratch + e * count * channels, .y = products + e * count * features};
      NAME(convolve_last)(&product, (hg_share){0, 1});
    }
  }
}
