// Functions of floats on one instruction set; included once for each. Before, define
//   VECTOR, MASK, LANES, TARGET, NAME(x)   as for gemm.h
// and the functions NAME(mask), load, load_some, store, store_some and spread that gemm.h needs.
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

// 2^n e^r with |r| up to half of ln 2, e^r = 1 + r + r^2 q(r) to 2^-28.
HG_INLINE TARGET VECTOR NAME(exp)(VECTOR x) {
  // Beyond these the result is infinite, or zero. NaN is neither.
  x = NAME(select)(x > 89, NAME(spread)(89), x);
  x = NAME(select)(x < -104, NAME(spread)(-104), x);
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
  const VECTOR power = (r * r) * q + r + 1;
  // In two steps, for 2^n itself may be no number where the result is one.
  const NAME(integers) n = (NAME(integers))((NAME(naturals))shifted - 0x4B400000), half = n >> 1;
  const VECTOR first = (VECTOR)((NAME(naturals))(half + 127) << 23);
  const VECTOR second = (VECTOR)((NAME(naturals))(n - half + 127) << 23);
  return power * first * second;
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
  const VECTOR great = 1 - 2 / (NAME(exp)(size + size) + 1);
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
  const VECTOR great = 1 - NAME(exp)(-(z * q));
  return NAME(with_sign_of)(NAME(select)(size < 1, small, great), x);
}

HG_INLINE TARGET VECTOR NAME(gelu)(VECTOR x) {
  return 0.5f * x * (NAME(erf)(x * NAME(spread)(0x1.6a09e6p-1f)) + 1);
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
  return NAME(select)(is_least, NAME(spread)(0), NAME(exp)(NAME(select)(is_least, NAME(spread)(-87), x)));
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

#undef VECTOR
#undef MASK
#undef LANES
#undef NAME
