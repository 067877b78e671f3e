// Functions of floats on one instruction set; included once for each. Before, define
//   VECTOR, MASK, LANES, TARGET, NAME(x)   as for gemm.h, which comes later
// and the functions NAME(mask), load, load_some, load_or, store, store_some and spread that gemm.h needs.
//
// A number has the same result in whatever place of a row it stands. The polynomials are best approximations in the
// sense of the greatest relative error, found by Lawson's iteration; each comment says how close they are.

typedef int32_t NAME(integers) __attribute__((vector_size(4 * LANES)));
typedef uint32_t NAME(naturals) __attribute__((vector_size(4 * LANES)));

HG_INLINE TARGET VECTOR NAME(select)(NAME(integers) condition, VECTOR x, VECTOR y) {
  return (VECTOR)(((NAME(integers))x & condition) | ((NAME(integers))y & ~condition));
}

HG_INLINE TARGET VECTOR NAME(size)(VECTOR x) { return (VECTOR)((NAME(integers))x & 0x7FFFFFFF); }

HG_INLINE TARGET VECTOR NAME(with_sign_of)(VECTOR x, VECTOR y) {
  return (VECTOR)((NAME(naturals))x | ((NAME(naturals))y & 0x80000000));
}

// 2^n e^r with |r| up to half of ln 2, e^r = 1 + r + r^2 q(r) to 2^-28: e^r, and n in `count`.
HG_INLINE TARGET VECTOR NAME(power)(VECTOR x, NAME(integers) *n) {
  // The sum has no room for digits behind the point.
  const VECTOR shifted = x * NAME(spread)(0x1.715476p0f) + NAME(spread)(0x1.8p23f);
  const VECTOR count = shifted - NAME(spread)(0x1.8p23f);
  // The first part of ln 2 is so short that its product is exact.
  const VECTOR r = (x - count * NAME(spread)(0x1.62e4p-1f)) - count * NAME(spread)(0x1.7f7d1cp-20f);
  VECTOR q = NAME(spread)(0x1.6a215ap-10f);
  q = q * r + NAME(spread)(0x1.123b9ap-7f);
  q = q * r + NAME(spread)(0x1.5558fcp-5f);
  q = q * r + NAME(spread)(0x1.55549p-3f);
  q = q * r + NAME(spread)(0x1.fffffcp-2f);
  *n = (NAME(integers))((NAME(naturals))shifted - 0x4B400000);
  return (r * r) * q + r + 1;
}

HG_INLINE TARGET VECTOR NAME(exp)(VECTOR x) {
  // Beyond these the result is infinite, or zero. NaN is neither.
  x = NAME(select)(x > 89, NAME(spread)(89), x);
  x = NAME(select)(x < -104, NAME(spread)(-104), x);
  NAME(integers) n;
  const VECTOR power = NAME(power)(x, &n);
  // In two steps, for 2^n itself may be no number where the result is one.
  const NAME(integers) half = n >> 1;
  const VECTOR first = (VECTOR)((NAME(naturals))(half + 127) << 23);
  const VECTOR second = (VECTOR)((NAME(naturals))(n - half + 127) << 23);
  return power * first * second;
}

// The same to the last bit for x from -87.3 to 88, whose results are normal numbers, and NaN.
HG_INLINE TARGET VECTOR NAME(exp_of_near)(VECTOR x) {
  NAME(integers) n;
  const VECTOR power = NAME(power)(x, &n);
  return NAME(select)(power == power, (VECTOR)((NAME(naturals))power + ((NAME(naturals))n << 23)), power);
}

HG_INLINE TARGET VECTOR NAME(sigmoid)(VECTOR x) {
  const VECTOR power = NAME(exp)(-NAME(size)(x));
  return NAME(select)(x < 0, power, NAME(spread)(1)) / (power + 1);
}

// x + x^3 p(x^2) to 2^-27 for small x, else 1 - 2 / (e^2x + 1).
HG_INLINE TARGET VECTOR NAME(tanh)(VECTOR x) {
  const VECTOR size = NAME(size)(x), square = x * x;
  VECTOR p = NAME(spread)(-0x1.69711ap-8f);
  p = p * square + NAME(spread)(0x1.4f5ef8p-6f);
  p = p * square + NAME(spread)(-0x1.b7cff2p-5f);
  p = p * square + NAME(spread)(0x1.1103f2p-3f);
  p = p * square + NAME(spread)(-0x1.555524p-2f);
  const VECTOR small = size * (square * p) + size;
  // From 10 on the result is 1.
  const VECTOR z = NAME(select)(size > 10, NAME(spread)(10), size);
  const VECTOR great = 1 - 2 / (NAME(exp_of_near)(z + z) + 1);
  return NAME(with_sign_of)(NAME(select)(size < 0.625f, small, great), x);
}

// x + x p(x^2) to 2^-29 below 1, else 1 - e^(-x q(x)) to 2^-28.
HG_INLINE TARGET VECTOR NAME(erf)(VECTOR x) {
  const VECTOR size = NAME(size)(x), square = x * x;
  VECTOR p = NAME(spread)(0x1.496a5ap-14f);
  p = p * square + NAME(spread)(-0x1.a3f71p-11f);
  p = p * square + NAME(spread)(0x1.5405b4p-8f);
  p = p * square + NAME(spread)(-0x1.b7f90ep-6f);
  p = p * square + NAME(spread)(0x1.ce2cf8p-4f);
  p = p * square + NAME(spread)(-0x1.81273ep-2f);
  p = p * square + NAME(spread)(0x1.06eba8p-3f);
  const VECTOR small = size * p + size;
  // From 4 on the result is 1.
  const VECTOR z = NAME(select)(size > 4, NAME(spread)(4), size);
  VECTOR q = NAME(spread)(-0x1.bbc60cp-13f);
  q = q * z + NAME(spread)(0x1.a2ca34p-9f);
  q = q * z + NAME(spread)(-0x1.75f8d2p-6f);
  q = q * z + NAME(spread)(0x1.aebbd8p-4f);
  q = q * z + NAME(spread)(0x1.458738p-1f);
  q = q * z + NAME(spread)(0x1.20e4c2p0f);
  const VECTOR great = 1 - NAME(exp_of_near)(-(z * q));
  return NAME(with_sign_of)(NAME(select)(size < 1, small, great), x);
}

// x times the part of a normal distribution below x. The part below -z is e^(-z q(z)) / 2, to 2^-26 of the whole; where
// x is less, nothing cancels. From 5.7 on it is less than 1e-8.
HG_INLINE TARGET VECTOR NAME(gelu)(VECTOR x) {
  const VECTOR size = NAME(size)(x), z = NAME(select)(size > 5.7f, NAME(spread)(5.7f), size);
  VECTOR q = NAME(spread)(0x1.07bd4ap-19f);
  q = q * z + NAME(spread)(-0x1.c9ed24p-16f);
  q = q * z + NAME(spread)(0x1.0ea35cp-13f);
  q = q * z + NAME(spread)(0x1.8e1c68p-14f);
  q = q * z + NAME(spread)(-0x1.40dd14p-8f);
  q = q * z + NAME(spread)(0x1.2a1648p-5f);
  q = q * z + NAME(spread)(0x1.45f024p-2f);
  q = q * z + NAME(spread)(0x1.98846cp-1f);
  const VECTOR tail = NAME(select)(size > 5.7f, NAME(spread)(0), 0.5f * NAME(exp_of_near)(-(z * q)));
  return x * NAME(select)(x < 0, tail, 1 - tail);
}

#define DEFINE_ROW_FUNCTION(FUNCTION)                                                        \
  static TARGET void NAME(FUNCTION##_row)(size_t n, const float *x, float *y) {              \
    size_t i = 0;                                                                            \
    for (; i + LANES <= n; i += LANES) NAME(store)(y + i, NAME(FUNCTION)(NAME(load)(x + i))); \
    if (i == n) return;                                                                      \
    const MASK mask = NAME(mask)(n - i);                                                     \
    NAME(store_some)(y + i, mask, NAME(FUNCTION)(NAME(load_some)(x + i, mask)));             \
  }

DEFINE_ROW_FUNCTION(exp)
DEFINE_ROW_FUNCTION(sigmoid)
DEFINE_ROW_FUNCTION(tanh)
DEFINE_ROW_FUNCTION(erf)
DEFINE_ROW_FUNCTION(gelu)

#undef DEFINE_ROW_FUNCTION

// e^x for x up to 0, and zero below -87.3, about where it is no normal number any more: CPUs take a hundred times as
// long for those, and masked scores would give nothing else.
HG_INLINE TARGET VECTOR NAME(exp_or_zero)(VECTOR x) {
  const NAME(integers) is_least = x < NAME(spread)(-87.3f);
  return NAME(select)(is_least, NAME(spread)(0), NAME(exp_of_near)(NAME(select)(is_least, NAME(spread)(-87), x)));
}

static TARGET float NAME(exp_sum)(size_t n, const float *x, float origin, float *y) {
  VECTOR sum = NAME(spread)(0);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const VECTOR power = NAME(exp_or_zero)(NAME(load)(x + i) - origin);
    NAME(store)(y + i, power);
    sum += power;
  }
  if (i < n) {
    const MASK mask = NAME(mask)(n - i);
    NAME(store_some)(y + i, mask, NAME(exp_or_zero)(NAME(load_some)(x + i, mask) - origin));
    sum += NAME(load_some)(y + i, mask);
  }
  float lanes[LANES];
  NAME(store)(lanes, sum);
  for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; j++) lanes[j] += lanes[j + width];
  }
  return lanes[0];
}

static TARGET float NAME(greatest)(size_t n, const float *x) {
  // Four at a time, for one alone would wait for each comparison before the next.
  VECTOR greatest[4];
  for (size_t u = 0; u < 4; u++) greatest[u] = NAME(spread)(-INFINITY);
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
#pragma clang loop unroll(full)
    for (size_t u = 0; u < 4; u++) {
      const VECTOR next = NAME(load)(x + i + u * LANES);
      greatest[u] = NAME(select)(next > greatest[u], next, greatest[u]);
    }
  }
  for (; i + LANES <= n; i += LANES) {
    const VECTOR next = NAME(load)(x + i);
    greatest[0] = NAME(select)(next > greatest[0], next, greatest[0]);
  }
  for (size_t width = 2; width > 0; width /= 2) {
    for (size_t u = 0; u < width; u++) {
      greatest[u] = NAME(select)(greatest[u + width] > greatest[u], greatest[u + width], greatest[u]);
    }
  }
  float lanes[LANES];
  NAME(store)(lanes, greatest[0]);
  for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; j++) lanes[j] = lanes[j + width] > lanes[j] ? lanes[j + width] : lanes[j];
  }
  for (; i < n; i++) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  return lanes[0];
}

static TARGET void NAME(multiply)(size_t n, float factor, float *y) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) NAME(store)(y + i, NAME(load)(y + i) * factor);
  for (; i < n; i++) y[i] *= factor;
}

// Rows of scores and of a mask become weights that have not been divided by their sum. The greatest of all rows come
// first: one row alone would wait for its greatest, its powers and its sum, one after the other. Bound by the
// exponentials, some 10 cycles for a vector.
static TARGET void NAME(weigh)(size_t rows, size_t n, float *scores, size_t row, const float *mask, size_t mask_row,
                               float *sums) {
  for (size_t r = 0; r < rows; r++) {
    float *x = scores + r * row;
    if (mask) {
      const float *summands = mask + r * mask_row;
      size_t i = 0;
      for (; i + LANES <= n; i += LANES) NAME(store)(x + i, NAME(load)(x + i) + NAME(load)(summands + i));
      for (; i < n; i++) x[i] += summands[i];
    }
    sums[r] = NAME(greatest)(n, x);
  }
  for (size_t r = 0; r < rows; r++, scores += row) {
    // Where all are negative infinity the weights are zero; NaN stays NaN.
    sums[r] = NAME(exp_sum)(n, scores, sums[r] == -INFINITY ? 0 : sums[r], scores);
  }
}

static TARGET void NAME(divide)(size_t rows, size_t n, const float *sums, float *y, size_t row) {
  for (size_t r = 0; r < rows; r++) NAME(multiply)(n, sums[r] == 0 ? 0 : 1 / sums[r], y + r * row);
}

// Bound by the five divisions, 16 cycles each for 16 lanes.
static TARGET void NAME(advance_memory)(size_t n, const float *gates, float *c, float *h) {
  for (size_t i = 0; i < n; i += LANES) {
    const MASK mask = NAME(mask)(n - i < LANES ? n - i : LANES);
    const VECTOR input = NAME(sigmoid)(NAME(load_some)(gates + i, mask));
    const VECTOR output = NAME(sigmoid)(NAME(load_some)(gates + n + i, mask));
    const VECTOR forget = NAME(sigmoid)(NAME(load_some)(gates + 2 * n + i, mask));
    const VECTOR candidate = NAME(tanh)(NAME(load_some)(gates + 3 * n + i, mask));
    const VECTOR cell = forget * NAME(load_some)(c + i, mask) + input * candidate;
    NAME(store_some)(c + i, mask, cell);
    NAME(store_some)(h + i, mask, output * NAME(tanh)(cell));
  }
}

// The lanes of four vectors, added in pairs.
HG_INLINE TARGET double NAME(total)(const VECTOR sums[4]) {
  float lanes[LANES];
  NAME(store)(lanes, (sums[0] + sums[1]) + (sums[2] + sums[3]));
  double total[LANES];
  for (size_t j = 0; j < LANES; j++) total[j] = lanes[j];
  for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; j++) total[j] += total[j + width];
  }
  return total[0];
}

// The sums of x[i] - origin and of their squares, each of 1024 at a time in float and those in double: no lane adds more
// than 16 numbers.
HG_INLINE TARGET void NAME(moments)(const int has_squares, size_t n, const float *x, float origin, double moments[2]) {
  moments[0] = moments[1] = 0;
  for (size_t start = 0; start < n; start += 1024) {
    const size_t end = n - start < 1024 ? n : start + 1024;
    VECTOR sums[4], squares[4];
    for (size_t u = 0; u < 4; u++) sums[u] = squares[u] = NAME(spread)(0);
    size_t i = start;
    for (; i + 4 * LANES <= end; i += 4 * LANES) {
#pragma clang loop unroll(full)
      for (size_t u = 0; u < 4; u++) {
        const VECTOR distance = NAME(load)(x + i + u * LANES) - origin;
        sums[u] += distance;
        if (has_squares) squares[u] += distance * distance;
      }
    }
    for (; i < end; i += LANES) {
      const MASK mask = NAME(mask)(end - i < LANES ? end - i : LANES);
      const VECTOR distance = NAME(load_or)(x + i, mask, NAME(spread)(origin)) - origin;
      sums[0] += distance;
      if (has_squares) squares[0] += distance * distance;
    }
    moments[0] += NAME(total)(sums);
    if (has_squares) moments[1] += NAME(total)(squares);
  }
}

static TARGET int NAME(normalize)(size_t n, const float *x, int centers, double epsilon, const float *factors,
                                  const float *offsets, float *y, float *mean, float *deviation) {
  double moments[2];
  float origin = 0;
  if (centers) {
    NAME(moments)(0, n, x, 0, moments);
    origin = (float)(moments[0] / (double)n);
  }
  NAME(moments)(1, n, x, origin, moments);
  // What the origin is away from the mean. A float has the squares, unless they are very great or small.
  const double rest = centers ? moments[0] / (double)n : 0, square = moments[1] / (double)n;
  if (!(square > 1e-30 && square < 1e30)) return 0;
  const double inverse = 1 / __builtin_sqrt(square - rest * rest + epsilon);
  *mean = (float)(origin + rest), *deviation = (float)inverse;
  const VECTOR factor = NAME(spread)((float)inverse), shift = NAME(spread)((float)(-rest * inverse));
  for (size_t i = 0; i < n; i += LANES) {
    const int is_whole = n - i >= LANES;
    const MASK mask = NAME(mask)(is_whole ? LANES : n - i);
    const VECTOR distance = (is_whole ? NAME(load)(x + i) : NAME(load_some)(x + i, mask)) - origin;
    VECTOR value = distance * factor + shift;
    value *= is_whole ? NAME(load)(factors + i) : NAME(load_some)(factors + i, mask);
    if (offsets) value += is_whole ? NAME(load)(offsets + i) : NAME(load_some)(offsets + i, mask);
    if (is_whole) {
      NAME(store)(y + i, value);
    } else {
      NAME(store_some)(y + i, mask, value);
    }
  }
  return 1;
}

#undef VECTOR
#undef MASK
#undef LANES
#undef NAME
