// Bins and trees with AVX-512.

typedef __m512i index_f32;
HG_INLINE TARGET __m512i load_index_f32(const int32_t *p) { return _mm512_loadu_si512(p); }
HG_INLINE TARGET __m512i spread_index_f32(int32_t x) { return _mm512_set1_epi32(x); }
HG_INLINE TARGET __m512i subtract_index_f32(__m512i x, __m512i y) { return _mm512_sub_epi32(x, y); }
HG_INLINE TARGET __m512 gather_f32(const float *p, __m512i at) { return _mm512_i32gather_ps(at, p, sizeof *p); }
HG_INLINE TARGET __m512i step_on_f32(__m512i place, __m512 threshold, __m512 value, int32_t step) {
  const __mmask16 is_below = _mm512_cmp_ps_mask(threshold, value, _CMP_LT_OQ);
  return _mm512_mask_add_epi32(place, is_below, place, _mm512_set1_epi32(step));
}
HG_INLINE TARGET void store_bins_f32(uint8_t *p, __m512i bins, __m512 value, __m512i missing) {
  const __mmask16 is_missing = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(_mm512_mask_mov_epi32(bins, is_missing, missing)));
}

#define REAL float
#define VECTOR __m512
#define LANES 16
#define NAME(x) x##_f32
#include "bins.h"

typedef __m256i index_f64;
HG_INLINE TARGET __m256i load_index_f64(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
HG_INLINE TARGET __m256i spread_index_f64(int32_t x) { return _mm256_set1_epi32(x); }
HG_INLINE TARGET __m256i subtract_index_f64(__m256i x, __m256i y) { return _mm256_sub_epi32(x, y); }
HG_INLINE TARGET __m512d gather_f64(const double *p, __m256i at) { return _mm512_i32gather_pd(at, p, sizeof *p); }
HG_INLINE TARGET __m256i step_on_f64(__m256i place, __m512d threshold, __m512d value, int32_t step) {
  const __mmask8 is_below = _mm512_cmp_pd_mask(threshold, value, _CMP_LT_OQ);
  return _mm256_mask_add_epi32(place, is_below, place, _mm256_set1_epi32(step));
}
HG_INLINE TARGET void store_bins_f64(uint8_t *p, __m256i bins, __m512d value, __m256i missing) {
  const __mmask8 is_missing = _mm512_cmp_pd_mask(value, value, _CMP_UNORD_Q);
  _mm_storel_epi64((__m128i *)p, _mm256_cvtepi32_epi8(_mm256_mask_mov_epi32(bins, is_missing, missing)));
}

#define REAL double
#define VECTOR __m512d
#define LANES 8
#define NAME(x) x##_f64
#include "bins.h"

typedef __m512i bytes;
#define BYTE_LANES 64

HG_INLINE TARGET bytes spread_u8(uint8_t x) { return _mm512_set1_epi8((char)x); }
HG_INLINE TARGET bytes load_u8(const uint8_t *p) { return _mm512_loadu_si512(p); }
HG_INLINE TARGET void store_u8(uint8_t *p, bytes x) { _mm512_storeu_si512(p, x); }

HG_INLINE TARGET bytes move_above(bytes leaf, bytes first, bytes middle, bytes bins, bytes threshold) {
  const __mmask64 here = _mm512_cmpeq_epi8_mask(leaf, first);
  return _mm512_mask_mov_epi8(leaf, _mm512_mask_cmpgt_epu8_mask(here, bins, threshold), middle);
}

HG_INLINE TARGET bytes move_outside(bytes leaf, bytes first, bytes middle, bytes bins, const uint8_t *set) {
  const __mmask64 here = _mm512_cmpeq_epi8_mask(leaf, first);
  const __m512i lower = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)set));
  const __m512i upper = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)set + 1));
  const __m512i bits = _mm512_set1_epi64((long long)0x8040201008040201);
  // A shuffle looks at the lowest four bits of an index, and at the highest: zero.
  const __m512i byte = _mm512_and_si512(_mm512_srli_epi16(bins, 3), _mm512_set1_epi8(31));
  const __mmask64 is_upper = _mm512_cmpgt_epu8_mask(byte, _mm512_set1_epi8(15));
  const __m512i found =
      _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(lower, byte), is_upper, upper,
                               _mm512_and_si512(byte, _mm512_set1_epi8(15)));
  const __m512i bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(bins, _mm512_set1_epi8(7)));
  return _mm512_mask_mov_epi8(leaf, _mm512_mask_testn_epi8_mask(here, found, bit), middle);
}

// Up to 64 values are in registers.
static TARGET void leaf_sums_f32(size_t rows, const uint8_t *leaves, const float *values, size_t count, float *sums) {
  const __mmask64 all = count < 64 ? ((__mmask64)1 << count) - 1 : ~(__mmask64)0;
  __m512 table[4];
  for (int i = 0; i < 4; i++) table[i] = _mm512_maskz_loadu_ps((__mmask16)(all >> 16 * i), values + 16 * i);
  for (size_t row = 0; row < rows; row += 16) {
    const __m512i leaf = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(leaves + row)));
    __m512 value;
    if (count <= 64) {
      const __m512 high = _mm512_permutex2var_ps(table[2], leaf, table[3]);
      const __mmask16 is_high = _mm512_test_epi32_mask(leaf, _mm512_set1_epi32(32));
      value = _mm512_mask_mov_ps(_mm512_permutex2var_ps(table[0], leaf, table[1]), is_high, high);
    } else {
      value = _mm512_i32gather_ps(leaf, values, sizeof *values);
    }
    _mm512_storeu_ps(sums + row, _mm512_add_ps(_mm512_loadu_ps(sums + row), value));
  }
}

static TARGET void leaf_sums_f64(size_t rows, const uint8_t *leaves, const double *values, size_t count,
                                 double *sums) {
  (void)count;
  for (size_t row = 0; row < rows; row += 8) {
    const __m256i leaf = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(leaves + row)));
    const __m512d value = _mm512_i32gather_pd(leaf, values, sizeof *values);
    _mm512_storeu_pd(sums + row, _mm512_add_pd(_mm512_loadu_pd(sums + row), value));
  }
}

#include "trees.h"
