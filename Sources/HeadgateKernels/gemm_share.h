// Parts of a product for several threads; included by gemm.h, whose names it uses.

// The rows and the columns of C that a call computes: whole slivers of A by whole panels of B.
typedef struct {
  size_t row, end_row, column, end_column;
} NAME(area);

// The first row of a sliver.
HG_INLINE size_t NAME(sliver_start)(size_t m, size_t sliver) {
  const size_t slivers = (m + ROWS - 1) / ROWS, more = m % slivers;
  return sliver * (m / slivers) + (sliver < more ? sliver : more);
}

// A part of C. With parts of its rows B is read in each, which takes some slivers to pay; with parts of its columns A
// is packed in each, unless it was ahead. A kernel of a convolution meets patches, which are gathered in each: columns
// are better as long as there are panels enough to make even parts.
static NAME(area) NAME(part)(size_t m, size_t n, int a_is_packed, hg_share share) {
  const size_t slivers = (m + ROWS - 1) / ROWS, panels = (n + NAME(COLUMNS) - 1) / NAME(COLUMNS);
  const size_t i = share.index, count = share.count;
  const int has_rows = slivers >= 4 * count && !(a_is_packed && panels >= 8 * count);
  if (has_rows || panels < count) {
    return (NAME(area)){NAME(sliver_start)(m, slivers * i / count), NAME(sliver_start)(m, slivers * (i + 1) / count), 0,
                        n};
  }
  const size_t end = panels * (i + 1) / count * NAME(COLUMNS);
  return (NAME(area)){0, m, panels * i / count * NAME(COLUMNS), end < n ? end : n};
}
