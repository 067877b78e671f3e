// A plane of an image under a sliding window: sums with weights, or the greatest. On one instruction set; included by
// gemm.h, whose names it uses.
//
// Bound by reading the plane once for each tap, from the first cache: up to four vectors of outputs are computed at a
// time, so that a weight is read once for all of them.

enum { NAME(AT_ONCE) = 4 };

// Vectors of outputs that are computed together.
typedef struct {
  size_t count;
  const REAL *from[NAME(AT_ONCE)];
  REAL *to[NAME(AT_ONCE)];
} NAME(outputs);

// What is made of the elements under a window: sums from `offset` on within bounds, or the greatest where there are no
// weights.
typedef struct {
  size_t taps;
  const REAL *weights;
  REAL offset, least, greatest;
} NAME(window);

HG_INLINE TARGET void NAME(slide_vectors)(const int sums, const size_t count, const int is_whole, MASK mask,
                                          const NAME(window) *window, const size_t *steps, const REAL *const *from,
                                          REAL *const *to) {
  VECTOR sum[NAME(AT_ONCE)];
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) sum[u] = NAME(spread)(window->offset);
  for (size_t t = 0; t < window->taps; t++) {
    const VECTOR weight = NAME(spread)(sums ? window->weights[t] : 0);
#pragma clang loop unroll(full)
    for (size_t u = 0; u < count; u++) {
      const REAL *place = from[u] + steps[t];
      const VECTOR x = is_whole ? NAME(load)(place) : NAME(load_some)(place, mask);
      sum[u] = sums ? NAME(add_product)(weight, x, sum[u]) : NAME(greater)(x, sum[u]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t u = 0; u < count; u++) {
    const VECTOR y =
        sums ? NAME(clamp)(sum[u], NAME(spread)(window->least), NAME(spread)(window->greatest)) : sum[u];
    if (is_whole) {
      NAME(store)(to[u], y);
    } else {
      NAME(store_some)(to[u], mask, y);
    }
  }
}

// Outputs from `begin` to `end` of every line, in vectors of which the last may be partial.
HG_INLINE TARGET void NAME(slide_lines)(const int sums, const int is_whole, size_t begin, size_t end,
                                        const NAME(window) *window, const NAME(hg_patches) *patches, size_t lines,
                                        REAL *y) {
  const MASK mask = NAME(mask)(is_whole ? LANES : end - begin);
  NAME(outputs) outputs = {.count = 0};
  for (size_t line = 0; line < lines; line++) {
    for (size_t j = begin; j < end; j += LANES) {
      outputs.from[outputs.count] = patches->start + patches->lines[line] + j;
      outputs.to[outputs.count] = y + line * patches->length + j;
      if (++outputs.count < NAME(AT_ONCE)) continue;
      NAME(slide_vectors)(sums, NAME(AT_ONCE), is_whole, mask, window, patches->steps, outputs.from, outputs.to);
      outputs.count = 0;
    }
  }
  switch (outputs.count) {
  case 1:
    NAME(slide_vectors)(sums, 1, is_whole, mask, window, patches->steps, outputs.from, outputs.to);
    break;
  case 2:
    NAME(slide_vectors)(sums, 2, is_whole, mask, window, patches->steps, outputs.from, outputs.to);
    break;
  case 3:
    NAME(slide_vectors)(sums, 3, is_whole, mask, window, patches->steps, outputs.from, outputs.to);
    break;
  default:
    break;
  }
}

HG_INLINE TARGET void NAME(slide)(const int sums, const NAME(window) *window, const NAME(hg_patches) *patches,
                                  size_t lines, REAL *y) {
  const size_t whole = patches->length / LANES * LANES;
  NAME(slide_lines)(sums, 1, 0, whole, window, patches, lines, y);
  if (whole < patches->length) NAME(slide_lines)(sums, 0, whole, patches->length, window, patches, lines, y);
}

static TARGET void NAME(depthwise)(size_t taps, const REAL *weights, const NAME(hg_patches) *patches, size_t lines,
                                   REAL offset, REAL least, REAL greatest, REAL *y) {
  const NAME(window) window = {
      .taps = taps, .weights = weights, .offset = offset, .least = least, .greatest = greatest};
  NAME(slide)(1, &window, patches, lines, y);
}

static TARGET void NAME(maxima)(size_t taps, const NAME(hg_patches) *patches, size_t lines, REAL *y) {
  const NAME(window) window = {.taps = taps, .weights = NULL, .offset = -INFINITY};
  NAME(slide)(0, &window, patches, lines, y);
}
