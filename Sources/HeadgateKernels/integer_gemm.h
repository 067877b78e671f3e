// The product of matrices of bytes on one instruction set, exact in 32 bits; included once for each. Before, define
//   VECTOR, LANES, ROWS  as for gemm.h, of 32-bit integers
//   GROUP                how many products with successive p one lane takes at once: 4 of bytes or 2 of 16 bits
//   TARGET, NAME(x)
// and the functions NAME(add_dots)(sum, a, b), load(p), store(p, x), spread(x), add(x, y), multiply(x, y).
//
// Four bytes are an unsigned one of A times a signed one of B: elements of the other kind are moved by 128, and
// so are their zero points. Two of 16 bits are the elements themselves. Zero points come in afterwards:
//   sum (a - za)(b - zb) = sum a b - za sum b - zb (sum a - k za)
// where all is counted modulo 2^32.
//
// Bound by the arithmetic, below some 50 rows by packing B. Measured on a core of Zen 4 at 128 x 768 x 768: bytes
// with AVX-512 358 GOP/s, 16 bits with AVX2 154; the plain loops of reference.c 8.

#include "each_row.h"

enum {
  NAME(COLUMNS) = 2 * LANES,
  NAME(DEPTH) = 512,
  NAME(UNITS) = NAME(DEPTH) / GROUP,
  NAME(WIDTH) = 512,
};

// A block of B: units [panel][p / GROUP][column of the panel], and the sum of each column.
typedef struct {
  uint32_t *units;
  uint32_t *sums;
} NAME(block);

HG_INLINE TARGET uint32_t NAME(unit)(const uint8_t *source, size_t step, size_t count, int is_signed, uint8_t move,
                                     uint32_t *sum) {
  uint32_t unit = 0;
  for (size_t g = 0; g < count; g++) {
    const uint8_t byte = source[g * step] ^ move;
    const int32_t value = is_signed ? (int8_t)byte : byte;
    *sum += (uint32_t)value;
    unit |= (GROUP == 4 ? byte : (uint32_t)value & 0xFFFF) << 32 / GROUP * g;
  }
  return unit;
}

static TARGET void NAME(pack_rows)(size_t rows, size_t depth, const uint8_t *a, size_t a_row, size_t a_column,
                                   int is_signed, uint8_t move, uint32_t *target, uint32_t *sums) {
  for (size_t i = 0; i < rows; i++) {
    uint32_t sum = 0;
    size_t p = 0;
    for (; p + GROUP <= depth; p += GROUP) {
      target[p / GROUP * rows + i] = NAME(unit)(a + i * a_row + p * a_column, a_column, GROUP, is_signed, move, &sum);
    }
    if (p < depth) {
      target[p / GROUP * rows + i] =
          NAME(unit)(a + i * a_row + p * a_column, a_column, depth - p, is_signed, move, &sum);
    }
    sums[i] = sum;
  }
}

HG_INLINE TARGET void NAME(pack_columns)(size_t columns, size_t depth, const uint8_t *b, size_t b_row, size_t b_column,
                                         const int is_signed, uint8_t move, uint32_t *restrict target,
                                         uint32_t *restrict sums) {
  for (size_t j = 0; j < NAME(COLUMNS); j++) sums[j] = 0;
  for (size_t p = 0; p < depth; p += GROUP, target += NAME(COLUMNS)) {
    const size_t count = depth - p < GROUP ? depth - p : GROUP;
    // A local copy has the length of a panel whatever is left of B, and is dense.
    uint8_t rows[GROUP][NAME(COLUMNS)];
    for (size_t g = 0; g < GROUP; g++) {
      const uint8_t *source = b + (p + g) * b_row;
      if (g < count && columns == NAME(COLUMNS) && b_column == 1) {
        memcpy(rows[g], source, NAME(COLUMNS));
      } else {
        for (size_t j = 0; j < NAME(COLUMNS); j++) rows[g][j] = g < count && j < columns ? source[j * b_column] : move;
      }
    }
    for (size_t j = 0; j < NAME(COLUMNS); j++) {
      uint32_t unit = 0;
#pragma clang loop unroll(full)
      for (uint32_t g = 0; g < GROUP; g++) {
        const uint8_t byte = rows[g][j] ^ move;
        const int32_t value = is_signed ? (int8_t)byte : byte;
        sums[j] += (uint32_t)value;
        unit |= (GROUP == 4 ? byte : (uint32_t)value & 0xFFFF) << 32 / GROUP * g;
      }
      target[j] = unit;
    }
  }
}

// c[rows, columns] (+)= a b - a_zero b_sums - b_zero a_rest, with `units` units of depth.
HG_INLINE TARGET void NAME(tile)(const size_t rows, const size_t vectors, size_t units, const uint32_t *a,
                                 const uint32_t *b, const uint32_t *a_zero, const uint32_t *a_rest,
                                 const uint32_t *b_zero, const uint32_t *b_sums, int adds, uint32_t *c, size_t c_row) {
  VECTOR sum[ROWS][2];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sum[i][v] = NAME(spread)(0);
  }
  for (size_t p = 0; p < units; p++, a += rows, b += NAME(COLUMNS)) {
    VECTOR y[2];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) y[v] = NAME(load)(b + v * LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const VECTOR x = NAME(spread)(a[i]);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sum[i][v] = NAME(add_dots)(sum[i][v], x, y[v]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      // Minus signs are in a_zero and a_rest.
      VECTOR value = NAME(add)(sum[i][v], NAME(multiply)(NAME(spread)(a_zero[i]), NAME(load)(b_sums + v * LANES)));
      value = NAME(add)(value, NAME(multiply)(NAME(spread)(a_rest[i]), NAME(load)(b_zero + v * LANES)));
      uint32_t *target = c + i * c_row + v * LANES;
      NAME(store)(target, adds ? NAME(add)(NAME(load)(target), value) : value);
    }
  }
}

static TARGET void NAME(any_tile)(size_t rows, size_t columns, size_t units, const uint32_t *a, const uint32_t *b,
                                  const uint32_t *a_zero, const uint32_t *a_rest, const uint32_t *b_zero,
                                  const uint32_t *b_sums, int adds, uint32_t *c, size_t c_row) {
  // A part of a tile goes over a whole one.
  uint32_t whole[ROWS * NAME(COLUMNS)];
  const int is_whole = columns == NAME(COLUMNS);
  uint32_t *to = is_whole ? c : whole;
  const size_t to_row = is_whole ? c_row : NAME(COLUMNS);
  const int to_adds = is_whole && adds;
#define ROW_CASE(R)                                                                                 \
  case R:                                                                                           \
    if (columns > LANES) {                                                                          \
      NAME(tile)(R, 2, units, a, b, a_zero, a_rest, b_zero, b_sums, to_adds, to, to_row);           \
    } else {                                                                                        \
      NAME(tile)(R, 1, units, a, b, a_zero, a_rest, b_zero, b_sums, to_adds, to, to_row);           \
    }                                                                                               \
    break;
  switch (rows) {
    EACH_ROW(ROW_CASE)
  default:
    break;
  }
#undef ROW_CASE
  if (is_whole) return;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++) {
      const uint32_t value = whole[i * NAME(COLUMNS) + j];
      c[i * c_row + j] = adds ? c[i * c_row + j] + value : value;
    }
  }
}

static TARGET void NAME(igemm)(size_t m, size_t n, size_t k, const void *a, size_t a_row, size_t a_column, int a_signed,
                               const int32_t *a_zero, const void *b, size_t b_row, size_t b_column, int b_signed,
                               const int32_t *b_zero, int32_t *c, size_t c_row) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (size_t i = 0; i < m; i++) memset(c + i * c_row, 0, n * sizeof *c);
    return;
  }
  // Where elements are moved to: A to unsigned, B to signed.
  const uint8_t a_move = GROUP == 4 && a_signed ? 0x80 : 0, b_move = GROUP == 4 && !b_signed ? 0x80 : 0;
  const uint32_t a_offset = a_move, b_offset = 0u - b_move;
  const int a_kind = GROUP == 4 ? 0 : a_signed, b_kind = GROUP == 4 ? 1 : b_signed;
  uint32_t left[ROWS * NAME(UNITS)];
  uint32_t panel[NAME(COLUMNS) * NAME(UNITS)] __attribute__((aligned(64)));
  uint32_t sums[NAME(WIDTH)], zeros[NAME(WIDTH)];
  size_t width = NAME(WIDTH);
  uint32_t *block = NULL;
  if (m > ROWS && n > NAME(COLUMNS)) {
    const size_t columns = (n < width ? n + NAME(COLUMNS) - 1 : width) / NAME(COLUMNS) * NAME(COLUMNS);
    const size_t units = k < NAME(DEPTH) ? (k + GROUP - 1) / GROUP : NAME(UNITS);
    block = hg_lend_block(columns * units * sizeof *block);
  }
  if (!block) width = NAME(COLUMNS);
  uint32_t *right = block ? block : panel;
  for (size_t first = 0; first < n; first += width) {
    const size_t columns = n - first < width ? n - first : width;
    for (size_t j = 0; j < (columns + NAME(COLUMNS) - 1) / NAME(COLUMNS) * NAME(COLUMNS); j++) {
      zeros[j] = b_offset + (b_zero && j < columns ? (uint32_t)b_zero[first + j] : 0);
    }
    for (size_t p = 0; p < k; p += NAME(DEPTH)) {
      const size_t depth = k - p < NAME(DEPTH) ? k - p : NAME(DEPTH), units = (depth + GROUP - 1) / GROUP;
      for (size_t j = 0; j < columns; j += NAME(COLUMNS)) {
        const size_t count = columns - j < NAME(COLUMNS) ? columns - j : NAME(COLUMNS);
        const uint8_t *from = (const uint8_t *)b + p * b_row + (first + j) * b_column;
        if (b_kind) {
          NAME(pack_columns)(count, depth, from, b_row, b_column, 1, b_move, right + j * units, sums + j);
        } else {
          NAME(pack_columns)(count, depth, from, b_row, b_column, 0, b_move, right + j * units, sums + j);
        }
      }
      size_t slivers = (m + ROWS - 1) / ROWS;
      for (size_t i = 0, rows; i < m; i += rows, slivers--) {
        rows = (m - i + slivers - 1) / slivers;
        uint32_t rest[ROWS], zero[ROWS];
        const uint8_t *from = (const uint8_t *)a + i * a_row + p * a_column;
        NAME(pack_rows)(rows, depth, from, a_row, a_column, a_kind, a_move, left, rest);
        for (size_t r = 0; r < rows; r++) {
          const uint32_t z = a_offset + (a_zero ? (uint32_t)a_zero[i + r] : 0);
          zero[r] = 0 - z;
          rest[r] = (uint32_t)depth * z - rest[r];
        }
        for (size_t j = 0; j < columns; j += NAME(COLUMNS)) {
          const size_t count = columns - j < NAME(COLUMNS) ? columns - j : NAME(COLUMNS);
          NAME(any_tile)(rows, count, units, left, right + j * units, zero, rest, zeros + j, sums + j, p > 0,
                         (uint32_t *)c + i * c_row + first + j, c_row);
        }
      }
    }
  }
  hg_take_back_block(block);
}

#undef VECTOR
#undef LANES
#undef ROWS
#undef GROUP
#undef NAME
