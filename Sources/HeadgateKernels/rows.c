#include "HeadgateRows.h"

#include <string.h>

// The dense case has a loop of its own in each function: only that one can be vectorised.

void hg_row_fill(size_t n, float value, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = value;
}

void hg_row_copy(size_t n, const float *restrict x, size_t stride, float *restrict y) {
  if (stride == 1) {
    memcpy(y, x, n * sizeof *y);
    return;
  }
  for (size_t i = 0; i < n; i++) y[i] = x[i * stride];
}

void hg_row_add(size_t n, float factor, const float *restrict x, size_t stride, float *restrict y) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
    return;
  }
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i * stride];
}

static inline float greater(float x, float y) { return x > y || x != x ? x : y; }

void hg_row_max(size_t n, const float *restrict x, size_t stride, float *restrict y) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) y[i] = greater(x[i], y[i]);
    return;
  }
  for (size_t i = 0; i < n; i++) y[i] = greater(x[i * stride], y[i]);
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
