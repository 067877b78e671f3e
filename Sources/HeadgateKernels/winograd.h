// Convolution of 3 x 3 taps, two by two outputs at a time, after S. Winograd, Arithmetic Complexity of Computations,
// 1980, as A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016), equation 7, use it:
// F(2 x 2, 3 x 3). A tile of 4 x 4 inputs d and a kernel g give Y = A^T [(G g G^T) * (B^T d B)] A, so that 16 products
// stand for 36; over channels and tiles they are 16 products of matrices. Included by gemm.h, whose names it uses.
//
// Transforming is bound by the second cache. The coefficients of B and A are 0, 1 and -1. Against a product with the
// patches, 64 maps of 56 x 56 take 1.6 ms instead of 2.3 with AVX-512, 128 maps of 28 x 28 1.1 ms instead of 2.1.

// A column of G x.
HG_INLINE void NAME(widen)(double first, double second, double third, double y[4]) {
  const double outer = first + third;
  y[0] = first, y[1] = (outer + second) / 2, y[2] = (outer - second) / 2, y[3] = third;
}

// Element e of G g G^T of each of `count` kernels g lies at elements[e * count]; it is rounded once.
static void NAME(winograd_weights)(size_t count, const REAL *weights, REAL *elements) {
  for (size_t i = 0; i < count; i++, weights += 9) {
    double columns[3][4], row[4];
    for (size_t c = 0; c < 3; c++) NAME(widen)(weights[c], weights[c + 3], weights[c + 6], columns[c]);
    for (size_t r = 0; r < 4; r++) {
      NAME(widen)(columns[0][r], columns[1][r], columns[2][r], row);
      for (size_t c = 0; c < 4; c++) elements[(r * 4 + c) * count + i] = (REAL)row[c];
    }
  }
}

// A column of B^T x: four sums of four vectors.
HG_INLINE TARGET void NAME(spread_four)(const VECTOR x[4], VECTOR y[4]) {
  y[0] = NAME(subtract)(x[0], x[2]), y[1] = NAME(add)(x[1], x[2]);
  y[2] = NAME(subtract)(x[2], x[1]), y[3] = NAME(subtract)(x[1], x[3]);
}

// Transforms the tiles of some lines for the channels from `begin` to before `end`. Element e of B^T d B, for all
// channels and tiles, lies at `target` + e * channels * tiles, in the order of the panels of a product's right side.
static TARGET void NAME(winograd_input)(size_t channels, size_t begin, size_t end, size_t lines,
                                        const NAME(hg_patches) *patches, REAL *target) {
  const size_t tiles = lines * patches->length;
  for (size_t c = begin; c < end; c++) {
    const size_t *steps = patches->steps + c * 16, block = c / HG_DEPTH * HG_DEPTH;
    const size_t depth = channels - block < HG_DEPTH ? channels - block : HG_DEPTH;
    for (size_t first = 0; first < tiles; first += NAME(COLUMNS)) {
      const size_t width = tiles - first < NAME(COLUMNS) ? tiles - first : NAME(COLUMNS);
      REAL *row = target + block * tiles + first * depth + (c - block) * width;
      for (size_t j = 0, count; j < width; j += count) {
        const size_t line = (first + j) / patches->length, within = (first + j) % patches->length;
        count = patches->length - within < width - j ? patches->length - within : width - j;
        if (count > LANES) count = LANES;
        const MASK mask = NAME(mask)(count);
        const REAL *start = patches->start + patches->lines[line] + within;
        VECTOR down[4][4], both[4];
#pragma clang loop unroll(full)
        for (size_t s = 0; s < 4; s++) {
          VECTOR column[4], sums[4];
#pragma clang loop unroll(full)
          for (size_t r = 0; r < 4; r++) column[r] = NAME(load_some)(start + steps[r * 4 + s], mask);
          NAME(spread_four)(column, sums);
#pragma clang loop unroll(full)
          for (size_t r = 0; r < 4; r++) down[r][s] = sums[r];
        }
#pragma clang loop unroll(full)
        for (size_t r = 0; r < 4; r++) {
          NAME(spread_four)(down[r], both);
#pragma clang loop unroll(full)
          for (size_t s = 0; s < 4; s++) NAME(store_some)(row + j + (r * 4 + s) * channels * tiles, mask, both[s]);
        }
      }
    }
  }
}

// A row of A^T x: two sums of four vectors.
HG_INLINE TARGET void NAME(gather_four)(const VECTOR x[4], VECTOR y[2]) {
  y[0] = NAME(add)(NAME(add)(x[0], x[1]), x[2]), y[1] = NAME(subtract)(NAME(subtract)(x[1], x[2]), x[3]);
}

// Turns products of tiles of some lines, each element features * tiles after the one before, into two lines of outputs
// for each, and finishes them, for the features from `begin` to before `end`.
static TARGET void NAME(winograd_output)(const NAME(hg_winograd) *job, size_t begin, size_t end, size_t first,
                                         size_t lines, const REAL *products) {
  const size_t length = job->patches->length, tiles = lines * length, element = job->features * tiles;
  const VECTOR least = NAME(spread)(job->finish->least), greatest = NAME(spread)(job->finish->greatest);
  for (size_t f = begin; f < end; f++) {
    const VECTOR offset = NAME(spread)(job->finish->row_offsets ? job->finish->row_offsets[f] : 0);
    for (size_t line = 0; line < lines; line++) {
      for (size_t j = 0; j < length; j += LANES) {
        const MASK mask = NAME(mask)(length - j < LANES ? length - j : LANES);
        const REAL *from = products + f * tiles + line * length + j;
        VECTOR half[2][4];
#pragma clang loop unroll(full)
        for (size_t s = 0; s < 4; s++) {
          VECTOR column[4], sums[2];
#pragma clang loop unroll(full)
          for (size_t r = 0; r < 4; r++) column[r] = NAME(load_some)(from + (r * 4 + s) * element, mask);
          NAME(gather_four)(column, sums);
          half[0][s] = sums[0], half[1][s] = sums[1];
        }
        for (size_t r = 0; r < 2; r++) {
          const size_t row = 2 * (first + line) + r;
          if (row >= job->rows) break;
          VECTOR sums[2], y[2];
          NAME(gather_four)(half[r], sums);
          NAME(interleave)(sums[0], sums[1], y);
          REAL *target = job->y + (f * job->rows + row) * job->columns + 2 * j;
          const size_t left = job->columns - 2 * j;
          for (size_t part = 0; part < 2 && part * LANES < left; part++, target += LANES) {
            const size_t count = left - part * LANES;
            const MASK some = NAME(mask)(count < LANES ? count : LANES);
            VECTOR value = NAME(add)(y[part], offset);
            if (job->accumulate) value = NAME(add)(NAME(load_some)(target, some), value);
            NAME(store_some)(target, some, NAME(clamp)(value, least, greatest));
          }
        }
      }
    }
  }
}

static TARGET void NAME(winograd)(const NAME(hg_winograd) *job, hg_winograd_step step, size_t first, hg_share share) {
  const size_t channels = job->channels, features = job->features;
  const size_t lines = job->lines - first < job->lines_at_once ? job->lines - first : job->lines_at_once;
  const size_t tiles = lines * job->patches->length;
  const size_t all = step == HG_WINOGRAD_INPUT ? channels : step == HG_WINOGRAD_PRODUCTS ? 16 : features;
  const size_t begin = all * share.index / share.count, end = all * (share.index + 1) / share.count;
  REAL *input = job->scratch, *products = job->scratch + 16 * channels * tiles;
  if (step == HG_WINOGRAD_INPUT) {
    NAME(hg_patches) patches = *job->patches;
    patches.lines += first;
    NAME(winograd_input)(channels, begin, end, lines, &patches, input);
  } else if (step == HG_WINOGRAD_PRODUCTS) {
    for (size_t e = begin; e < end; e++) {
      const NAME(job) product = {.m = features, .n = tiles, .k = channels, .alpha = 1,
                                 .packed_a = job->packed + e * features * channels,
                                 .packed_b = input + e * channels * tiles, .c = products + e * features * tiles,
                                 .c_row = tiles, .c_column = 1, .share = {0, 1}};
      NAME(product)(&product);
    }
  } else {
    NAME(winograd_output)(job, begin, end, first, lines, products);
  }
}
