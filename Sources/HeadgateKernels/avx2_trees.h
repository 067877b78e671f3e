// Bins and trees with AVX2.

typedef __m256i index_f32;
HG_INLINE TARGET __m256i load_index_f32(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
HG_INLINE TARGET __m256i spread_index_f32(int32_t x) { return _mm256_set1_epi32(x); }
HG_INLINE TARGET __m256i subtract_index_f32(__m256i x, __m256i y) { return _mm256_sub_epi32(x, y); }
HG_INLINE TARGET __m256 gather_f32(const float *p, __m256i at) { return _mm256_i32gather_ps(p, at, sizeof *p); }
HG_INLINE TARGET __m256i step_on_f32(__m256i place, __m256 threshold, __m256 value, int32_t step) {
  const __m256i is_below = _mm256_castps_si256(_mm256_cmp_ps(threshold, value, _CMP_LT_OQ));
  return _mm256_add_epi32(place, _mm256_and_si256(is_below, _mm256_set1_epi32(step)));
}
HG_INLINE TARGET void store_bins_f32(uint8_t *p, __m256i bins, __m256 value, __m256i missing) {
  const __m256i all = _mm256_blendv_epi8(bins, missing, _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q)));
  const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(halves, halves));
}

#define REAL float
#define VECTOR __m256
#define LANES 8
#define NAME(x) x##_f32
#include "bins.h"

typedef __m128i index_f64;
HG_INLINE TARGET __m128i load_index_f64(const int32_t *p) { return _mm_loadu_si128((const __m128i *)p); }
HG_INLINE TARGET __m128i spread_index_f64(int32_t x) { return _mm_set1_epi32(x); }
HG_INLINE TARGET __m128i subtract_index_f64(__m128i x, __m128i y) { return _mm_sub_epi32(x, y); }
HG_INLINE TARGET __m256d gather_f64(const double *p, __m128i at) { return _mm256_i32gather_pd(p, at, sizeof *p); }
// The lower half of each lane of a comparison.
HG_INLINE TARGET __m128i lower_halves(__m256d mask) {
  const __m256i even = _mm256_set_epi32(6, 4, 2, 0, 6, 4, 2, 0);
  return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(mask), even));
}
HG_INLINE TARGET __m128i step_on_f64(__m128i place, __m256d threshold, __m256d value, int32_t step) {
  const __m128i is_below = lower_halves(_mm256_cmp_pd(threshold, value, _CMP_LT_OQ));
  return _mm_add_epi32(place, _mm_and_si128(is_below, _mm_set1_epi32(step)));
}
HG_INLINE TARGET void store_bins_f64(uint8_t *p, __m128i bins, __m256d value, __m128i missing) {
  const __m128i all = _mm_blendv_epi8(bins, missing, lower_halves(_mm256_cmp_pd(value, value, _CMP_UNORD_Q)));
  const __m128i words = _mm_packus_epi32(all, all);
  const uint32_t four = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  memcpy(p, &four, sizeof four);
}

#define REAL double
#define VECTOR __m256d
#define LANES 4
#define NAME(x) x##_f64
#include "bins.h"

typedef __m256i bytes;
#define BYTE_LANES 32

HG_INLINE TARGET bytes spread_u8(uint8_t x) { return _mm256_set1_epi8((char)x); }
HG_INLINE TARGET bytes load_u8(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
HG_INLINE TARGET void store_u8(uint8_t *p, bytes x) { _mm256_storeu_si256((__m256i *)p, x); }

HG_INLINE TARGET bytes move_above(bytes leaf, bytes first, bytes middle, bytes bins, bytes threshold) {
  // Not above is the lesser of both: there is no comparison of unsigned bytes.
  const __m256i stays = _mm256_cmpeq_epi8(_mm256_min_epu8(bins, threshold), bins);
  const __m256i moves = _mm256_andnot_si256(stays, _mm256_cmpeq_epi8(leaf, first));
  return _mm256_blendv_epi8(leaf, middle, moves);
}

HG_INLINE TARGET bytes move_outside(bytes leaf, bytes first, bytes middle, bytes bins, const uint8_t *set) {
  const __m256i lower = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set));
  const __m256i upper = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set + 1));
  const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
  const __m256i byte = _mm256_and_si256(_mm256_srli_epi16(bins, 3), _mm256_set1_epi8(15));
  // The highest bit of a bin says which half of the set holds it.
  const __m256i found =
      _mm256_blendv_epi8(_mm256_shuffle_epi8(lower, byte), _mm256_shuffle_epi8(upper, byte), bins);
  const __m256i bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(bins, _mm256_set1_epi8(7)));
  const __m256i stays = _mm256_cmpeq_epi8(_mm256_and_si256(found, bit), bit);
  const __m256i moves = _mm256_andnot_si256(stays, _mm256_cmpeq_epi8(leaf, first));
  return _mm256_blendv_epi8(leaf, middle, moves);
}

#include "trees.h"
