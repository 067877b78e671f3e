#include "HeadgateRows.h"

// The dense case has a loop of its own in each function: only that one can be vectorised.

void hg_row_fill(size_t n, float value, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = value;
}

void hg_row_add(size_t n, float factor, const float *restrict x, size_t stride, float *restrict y) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
    return;
  }
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i * stride];
}

void hg_row_add_taps(size_t n, size_t taps, const float *restrict factors, const float *restrict x, size_t gap,
                     size_t stride, float *restrict y) {
  for (; taps >= 3; taps -= 3, factors += 3, x += 3 * gap) {
    const float f0 = factors[0], f1 = factors[1], f2 = factors[2];
    const float *x1 = x + gap, *x2 = x1 + gap;
    if (stride == 1) {
      for (size_t i = 0; i < n; i++) y[i] = ((y[i] + f0 * x[i]) + f1 * x1[i]) + f2 * x2[i];
    } else {
      for (size_t i = 0; i < n; i++) {
        const size_t at = i * stride;
        y[i] = ((y[i] + f0 * x[at]) + f1 * x1[at]) + f2 * x2[at];
      }
    }
  }
  for (; taps > 0; taps--, factors++, x += gap) hg_row_add(n, *factors, x, stride, y);
}

void hg_row_scatter(size_t n, const float *restrict x, float *restrict y, size_t stride) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
    return;
  }
  for (size_t i = 0; i < n; i++) y[i * stride] += x[i];
}

void hg_row_scale(size_t n, const float *restrict x, float factor, float offset, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * factor + offset;
}

// Four sums of four lanes each, for one alone would wait for each addition before the next.
typedef float quad __attribute__((vector_size(16), aligned(4)));
typedef double wide __attribute__((vector_size(32)));

static double total(const wide sums[4]) {
  const wide sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

double hg_row_sum(size_t n, const float *x) {
  wide sums[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (size_t j = 0; j < 4; j++) sums[j] += __builtin_convertvector(*(const quad *)(x + i + 4 * j), wide);
  }
  double sum = total(sums);
  for (; i < n; i++) sum += x[i];
  return sum;
}

double hg_row_squares(size_t n, const float *x, double origin) {
  wide sums[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (size_t j = 0; j < 4; j++) {
      const wide distance = __builtin_convertvector(*(const quad *)(x + i + 4 * j), wide) - origin;
      sums[j] += distance * distance;
    }
  }
  double sum = total(sums);
  for (; i < n; i++) sum += (x[i] - origin) * (x[i] - origin);
  return sum;
}

void hg_row_center(size_t n, const float *restrict x, double origin, double factor, double offset,
                   float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)((x[i] - origin) * factor + offset);
}

void hg_row_multiply_add(size_t n, float *restrict y, const float *restrict factors,
                         const float *restrict offsets) {
  if (offsets) {
    for (size_t i = 0; i < n; i++) y[i] = y[i] * factors[i] + offsets[i];
  } else {
    for (size_t i = 0; i < n; i++) y[i] *= factors[i];
  }
}
