#ifndef HEADGATE_ROWS_H
#define HEADGATE_ROWS_H

#include <stddef.h>

// What convolution and pooling do to one row of an image at a time: `x` is read every `stride` elements,
// `y` is dense and does not overlap `x`. All are bound by memory.

/// y[i] = value
void hg_row_fill(size_t n, float value, float *y);

/// y[i] = x[i * stride]
void hg_row_copy(size_t n, const float *x, size_t stride, float *y);

/// y[i] += factor * x[i * stride]
void hg_row_add(size_t n, float factor, const float *x, size_t stride, float *y);

/// y[i] = the greater of y[i] and x[i * stride]; NaN when either is.
void hg_row_max(size_t n, const float *x, size_t stride, float *y);

/// y[i * stride] += x[i]
void hg_row_scatter(size_t n, const float *x, float *y, size_t stride);

/// y[i] = x[i] * factor + offset
void hg_row_scale(size_t n, const float *x, float factor, float offset, float *y);

#endif
