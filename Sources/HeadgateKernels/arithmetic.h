// What the registers of one instruction set can do; included by gemm.h, whose names it uses.

enum { NAME(PRODUCTS) = 2 * ROWS * LANES };

// The sums of a full tile go through `rounds` products each, with nothing to load or store between.
static TARGET REAL NAME(arithmetic)(size_t rounds, REAL x, REAL y) {
  const VECTOR factor = NAME(spread)(x), addend = NAME(spread)(y);
  VECTOR sum[2 * ROWS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 2 * ROWS; i++) sum[i] = NAME(spread)((REAL)i);
  for (size_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2 * ROWS; i++) sum[i] = NAME(add_product)(sum[i], factor, addend);
  }
#pragma clang loop unroll(full)
  for (size_t i = 1; i < 2 * ROWS; i++) sum[0] = NAME(add)(sum[0], sum[i]);
  REAL lanes[LANES];
  NAME(store)(lanes, sum[0]);
  return lanes[0];
}
