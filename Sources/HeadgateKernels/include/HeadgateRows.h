#ifndef HEADGATE_ROWS_H
#define HEADGATE_ROWS_H

#include <stddef.h>

// What convolution and pooling do to one row of an image at a time: `x` is read every `stride` elements,
// `y` is dense and does not overlap `x`. All are bound by memory.

/// y[i] = value
void hg_row_fill(size_t n, float value, float *y);

/// y[i] += factor * x[i * stride]
void hg_row_add(size_t n, float factor, const float *x, size_t stride, float *y);

/// y[i] += factors[0] * x[i * stride] + factors[1] * x[i * stride + gap] + ..., one after the other: the same bits
/// as one `hg_row_add` for each tap gives, with fewer passes over y.
void hg_row_add_taps(size_t n, size_t taps, const float *factors, const float *x, size_t gap, size_t stride, float *y);

/// y[i * stride] += x[i]
void hg_row_scatter(size_t n, const float *x, float *y, size_t stride);

/// The sum of x in double, in an order that depends on n only.
double hg_row_sum(size_t n, const float *x);

/// The sum of (x[i] - origin)^2 in double, in an order that depends on n only.
double hg_row_squares(size_t n, const float *x, double origin);

/// y[i] = (x[i] - origin) * factor + offset, in double and rounded once.
void hg_row_center(size_t n, const float *x, double origin, double factor, double offset, float *y);

/// y[i] = y[i] * factors[i] + offsets[i]; no offsets are zeros.
void hg_row_multiply_add(size_t n, float *y, const float *factors, const float *offsets);

/// y[i] = x[i] * factor + offset
void hg_row_scale(size_t n, const float *x, float factor, float offset, float *y);

#endif
