// Copies of matrices in the order in which tiles read them; included by gemm.h, whose names it uses.

// A number that lies where it does in a file, aligned or not; loads of vectors take it from anywhere.
typedef REAL NAME(loose) __attribute__((aligned(1)));

// square[p][i] = source[i * item + p]; zeros beyond `items` and `steps`.
HG_INLINE TARGET void NAME(load_square)(size_t items, size_t steps, const NAME(loose) *source, size_t item,
                                        VECTOR square[LANES]) {
  if (steps == LANES) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++) {
      square[i] = i < items ? NAME(load)((const REAL *)(source + i * item)) : NAME(spread)(0);
    }
  } else {
    const MASK wanted = NAME(mask)(steps);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < LANES; i++) {
      square[i] = i < items ? NAME(load_some)((const REAL *)(source + i * item), wanted) : NAME(spread)(0);
    }
  }
  NAME(transpose)(square);
}

// target[p * count + i] = source[p * step + i * item]
static TARGET void NAME(pack)(size_t count, size_t depth, const NAME(loose) *source, size_t step, size_t item,
                              REAL *target) {
  if (item == 1) {
    if (count == 2 * LANES) {
      for (size_t p = 0; p < depth; p++, source += step, target += 2 * LANES) {
        NAME(store)(target, NAME(load)((const REAL *)source));
        NAME(store)(target + LANES, NAME(load)((const REAL *)source + LANES));
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
static TARGET void NAME(pack_panels)(size_t columns, size_t depth, const NAME(loose) *b, size_t b_row,
                                     size_t b_column, REAL *target) {
  for (size_t j = 0; j < columns; j += NAME(COLUMNS)) {
    const size_t width = columns - j < NAME(COLUMNS) ? columns - j : NAME(COLUMNS);
    NAME(pack)(width, depth, b + j * b_column, b_row, b_column, target + j * depth);
  }
}

static TARGET void NAME(gemm_pack)(size_t n, size_t k, const REAL *matrix, size_t b_row, size_t b_column,
                                   REAL *packed) {
  const NAME(loose) *b = matrix;
  for (size_t p = 0; p < k; p += HG_DEPTH) {
    const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
    NAME(pack_panels)(n, depth, b + p * b_row, b_row, b_column, packed + p * n);
  }
}

// A in the order of the slivers.
static TARGET void NAME(gemm_pack_left)(size_t m, size_t k, const REAL *a, size_t a_row, size_t a_column,
                                        REAL *packed) {
  for (size_t p = 0; p < k; p += HG_DEPTH) {
    const size_t depth = k - p < HG_DEPTH ? k - p : HG_DEPTH;
    for (size_t i = 0, rows; i < m; i += rows) {
      rows = NAME(sliver_rows)(m, i);
      NAME(pack)(rows, depth, a + i * a_row + p * a_column, a_column, a_row, packed + p * m + i * depth);
    }
  }
}

// target[p * width + j] = start[steps[p] + line + j] for up to LANES of a panel's columns.
HG_INLINE TARGET void NAME(gather_run)(size_t count, size_t width, size_t depth, const REAL *start,
                                       const size_t *steps, REAL *target) {
  if (count == LANES) {
    for (size_t p = 0; p < depth; p++) NAME(store)(target + p * width, NAME(load)(start + steps[p]));
    return;
  }
  const MASK mask = NAME(mask)(count);
  for (size_t p = 0; p < depth; p++) {
    NAME(store_some)(target + p * width, mask, NAME(load_some)(start + steps[p], mask));
  }
}

// A panel of the columns from `first` on of patches, `depth` deep from `p` on.
static TARGET void NAME(gather_panel)(size_t first, size_t width, size_t p, size_t depth,
                                      const NAME(hg_patches) *patches, REAL *target) {
  const size_t *steps = patches->steps + p, length = patches->length;
  for (size_t j = 0, count; j < width; j += count) {
    const size_t within = (first + j) % length;
    const REAL *start = patches->start + patches->lines[(first + j) / length] + within;
    count = length - within < width - j ? length - within : width - j;
    if (count == 2 * LANES) {
      for (size_t q = 0; q < depth; q++) {
        NAME(store)(target + q * width, NAME(load)(start + steps[q]));
        NAME(store)(target + q * width + LANES, NAME(load)(start + steps[q] + LANES));
      }
      return;
    }
    if (count > LANES) count = LANES;
    NAME(gather_run)(count, width, depth, start, steps, target + j);
  }
}

// target[i] = value
HG_INLINE TARGET void NAME(fill)(size_t count, REAL value, REAL *target) {
  for (size_t i = 0; i < count; i += LANES) {
    const size_t left = count - i < LANES ? count - i : LANES;
    NAME(store_some)(target + i, NAME(mask)(left), NAME(spread)(value));
  }
}

// target[i] = from[i * stride]
HG_INLINE TARGET void NAME(copy_apart)(size_t count, const REAL *from, size_t stride, REAL *target) {
  if (stride > 2) {
    for (size_t i = 0; i < count; i++) target[i] = from[i * stride];
    return;
  }
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    if (stride == 1) {
      NAME(store)(target + i, NAME(load)(from + i));
    } else {
      // The last element of the second vector is no one's, and may lie beyond.
      const VECTOR second = NAME(load_some)(from + i * 2 + LANES, NAME(mask)(LANES - 1));
      NAME(store)(target + i, NAME(evens)(NAME(load)(from + i * 2), second));
    }
  }
  if (i == count) return;
  const size_t left = count - i, reach = stride == 1 ? left : left * 2 - 1;
  VECTOR x = NAME(load_some)(from + i * stride, NAME(mask)(reach < LANES ? reach : LANES));
  if (stride == 2) {
    const size_t beyond = reach > LANES ? reach - LANES : 0;
    x = NAME(evens)(x, beyond ? NAME(load_some)(from + i * 2 + LANES, NAME(mask)(beyond)) : x);
  }
  NAME(store_some)(target + i, NAME(mask)(left), x);
}

// Spreads images so that the elements under a tap are neighbours; bound by memory, and for short lines by their number.
static TARGET void NAME(spread_lines)(size_t channels, size_t plane, const hg_spread *spread, const REAL *x,
                                      REAL padding, REAL *y) {
  const size_t length = spread->length;
  for (size_t channel = 0; channel < channels; channel++, x += plane) {
    for (size_t line = 0; line < spread->lines; line++) {
      const ptrdiff_t source = spread->sources[line];
      for (size_t f = 0; f < spread->phase_count; f++, y += length) {
        const hg_phase phase = spread->phases[f];
        if (source < 0 || phase.lower == phase.upper) {
          NAME(fill)(length, padding, y);
          continue;
        }
        NAME(fill)(phase.lower, padding, y);
        NAME(copy_apart)
        (phase.upper - phase.lower, x + source + phase.origin + (ptrdiff_t)(phase.lower * spread->stride),
         spread->stride, y + phase.lower);
        NAME(fill)(length - phase.upper, padding, y + phase.upper);
      }
    }
  }
}
