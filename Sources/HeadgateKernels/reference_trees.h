// Bins and trees with plain C.

#define DEFINE_INDICES(NAME, REAL, VECTOR, LANES)                                                       \
  typedef int32_t NAME(index) __attribute__((vector_size(4 * LANES), aligned(4)));                       \
  HG_INLINE NAME(index) NAME(load_index)(const int32_t *p) { return *(const NAME(index) *)p; }        \
  HG_INLINE NAME(index) NAME(spread_index)(int32_t x) { return x - (NAME(index)){0}; }                \
  HG_INLINE NAME(index) NAME(subtract_index)(NAME(index) x, NAME(index) y) { return x - y; }          \
  HG_INLINE VECTOR NAME(gather)(const REAL *p, NAME(index) at) {                                      \
    VECTOR result;                                                                                    \
    for (size_t i = 0; i < LANES; i++) result[i] = p[at[i]];                                     \
    return result;                                                                                    \
  }                                                                                                   \
  HG_INLINE NAME(index) NAME(step_on)(NAME(index) place, VECTOR threshold, VECTOR value, int32_t step) { \
    return place + (__builtin_convertvector(threshold < value, NAME(index)) & step);                     \
  }                                                                                                   \
  HG_INLINE void NAME(store_bins)(uint8_t *p, NAME(index) bins, VECTOR value, NAME(index) missing) {  \
    for (size_t i = 0; i < LANES; i++) {                                                              \
      p[i] = (uint8_t)(value[i] != value[i] ? missing[i] : bins[i]);                        \
    }                                                                                                 \
  }

DEFINE_INDICES(FLOATS, float, float_lanes, 4)
DEFINE_INDICES(DOUBLES, double, double_lanes, 2)

#define REAL float
#define VECTOR float_lanes
#define LANES 4
#define NAME FLOATS
#include "bins.h"

#define REAL double
#define VECTOR double_lanes
#define LANES 2
#define NAME DOUBLES
#include "bins.h"

typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));
#define BYTE_LANES 16

HG_INLINE bytes spread_u8(uint8_t x) { return x - (bytes){0}; }
HG_INLINE bytes load_u8(const uint8_t *p) { return *(const bytes *)p; }
HG_INLINE void store_u8(uint8_t *p, bytes x) { *(bytes *)p = x; }

HG_INLINE bytes move_above(bytes leaf, bytes first, bytes middle, bytes bins, bytes threshold) {
  const bytes moves = (bytes)(leaf == first) & (bytes)(bins > threshold);
  return (leaf & ~moves) | (middle & moves);
}

HG_INLINE bytes move_outside(bytes leaf, bytes first, bytes middle, bytes bins, const uint8_t *set) {
  for (size_t i = 0; i < BYTE_LANES; i++) {
    const int is_inside = set[bins[i] / 8] >> bins[i] % 8 & 1;
    if (leaf[i] == first[i] && !is_inside) leaf[i] = middle[i];
  }
  return leaf;
}

#include "trees.h"
