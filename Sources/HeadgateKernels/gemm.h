// The product of matrices of one type on one instruction set; included once for each. Before, define
//   REAL, VECTOR, MASK   the element, LANES of them in a register, and which of those lanes are meant
//   LANES, ROWS          a tile of the product has up to ROWS rows and two vectors; its sums fill the registers
//   SLIVERS              how many tiles' rows of A are packed at a time
//   TARGET, NAME(x)      the attribute and the name of a function of this set and type
// and the functions NAME(mask)(count), load(p), load_some(p, mask), store(p, x), store_some(p, mask, x),
// spread(x), add_product(x, y, sum) which is x * y + sum, add(x, y), subtract(x, y), scale(x, y), clamp(x, least,
// greatest), which leaves NaN, greater(x, y), which is NaN when either is, evens(x, y) of one vector behind the other,
// interleave(x, y, pair), which takes their elements in turns, and transpose(x) of LANES vectors. mask_between(begin,
// end) means the lanes from one to before the other; load_or(p, mask, other) has those of `other` where none is meant.
// gelu(x) is that of functions.h for floats, and called for no others.
//
// A block of rows of A is packed in slivers that fit the second cache together. Each panel of B meets all of them while
// it stays in the first, and meanwhile the next panel is called for, which would otherwise come from memory in the time
// of a few rows. Bound by the arithmetic for m above 30 or so, below by reading B.
//
// Measured by examples/benchmarks/matrix.sh on a core of an Intel Xeon (peak 178 GFLOP/s), B packed ahead, in GFLOP/s:
// 512 x 512 x 512 158 (OpenBLAS 151); with B from memory 128 x 1536 x 384 158 (OpenBLAS 120) and 32 x 384 x 384 134
// (93). With blocks of B in the second cache, and the first rows of A waiting for them, the last two were 128 and 81.

enum { NAME(COLUMNS) = 2 * LANES };

#include "gemm_tile.h"
#include "gemm_finish.h"
#include "gemm_pack.h"
#include "gemm_few_rows.h"
#include "gemm_tail.h"
#include "gemm_share.h"

// A product in all its forms: A packed or as it is; B packed, as it is, or the patches of an image.
typedef struct NAME(job) {
  size_t m, n, k;
  REAL alpha;
  const REAL *a;
  size_t a_row, a_column;
  const REAL *packed_a;
  const REAL *b;
  size_t b_row, b_column;
  const REAL *packed_b;
  const NAME(hg_patches) *patches;
  // A or B in 16 bits, see bfloat16_gemm.h, and what makes of them a sliver of A that begins at row `i`, and the panel
  // of B that begins at column `j`, with rows NAME(COLUMNS) apart. The latter gives where the next panel lies.
  const uint16_t *narrow_a, *narrow_b;
  void (*make_sliver)(const struct NAME(job) *job, size_t i, size_t rows, size_t p, size_t depth, REAL *target);
  const uint16_t *(*make_panel)(const struct NAME(job) *job, size_t j, size_t p, size_t depth, REAL *target);
  int accumulate;
  const NAME(hg_finish) *finish;
  REAL *c;
  size_t c_row, c_column;
  hg_share share;
} NAME(job);

// Where the panels of B lie for a depth of `depth` from `p` on.
typedef struct {
  size_t p, depth;
  // Whether B is read as it is, and not from panels.
  int is_direct;
  // What the panels are made in that are not packed ahead.
  REAL *panel;
  // Whether tiles read A as it is: those of the first panel, which copy it, or all.
  int copies, reads;
} NAME(band);

// How many of a panel's columns are better computed as a tail.
HG_INLINE size_t NAME(column_tail)(const NAME(job) *job, size_t slivers, size_t width) {
  const size_t tail = width % LANES;
  return job->c_column == 1 && slivers >= NAME(TAIL_SLIVERS) && tail <= NAME(TAIL) ? tail : 0;
}

// The tails of `count` slivers, `tail` columns from `j` on, for which `b` has rows `pitch` apart.
static TARGET void NAME(tails)(const NAME(job) *job, const NAME(band) *band, size_t i, size_t count, size_t j,
                               size_t tail, const REAL *left, const REAL *b, size_t pitch) {
  const int adds = job->accumulate || band->p > 0;
  NAME(slivers) slivers;
  for (size_t s = 0, known = 0, rows; s < count; s++, i += rows, left += rows * band->depth) {
    rows = NAME(sliver_rows)(job->m, i);
    slivers.a[known] = job->packed_a ? job->packed_a + band->p * job->m + i * band->depth : left;
    slivers.rows[known] = rows, slivers.c[known] = job->c + i * job->c_row + j;
    if (++known < NAME(TAIL_SLIVERS) && s + 1 < count) continue;
    NAME(any_tail)(known, tail, band->depth, &slivers, b, pitch, job->alpha, adds, job->c_row);
    known = 0;
  }
}

// The tiles of one panel of B with `count` slivers of A, which begin at row `i` and are packed in `left` when the job
// has them not packed ahead.
static TARGET void NAME(column)(const NAME(job) *job, const NAME(band) *band, size_t i, size_t count, size_t j,
                                int is_first, const REAL *left) {
  const size_t m = job->m, p = band->p, depth = band->depth;
  const size_t width = job->n - j < NAME(COLUMNS) ? job->n - j : NAME(COLUMNS);
  const int adds = job->accumulate || p > 0, is_last = p + depth == job->k;
  const REAL *right = band->panel, *next = NULL;
  size_t pitch = width, next_width = width;
  if (job->packed_b) {
    right = job->packed_b + p * job->n + j * depth, next = right + width * depth;
  } else if (job->make_panel) {
    next = (const REAL *)job->make_panel(job, j, p, depth, band->panel);
    pitch = NAME(COLUMNS), next_width = NAME(COLUMNS) * sizeof(uint16_t) / sizeof(REAL);
  } else if (band->is_direct) {
    right = job->b + p * job->b_row + j, pitch = job->b_row;
  } else if (job->patches) {
    NAME(gather_panel)(j, width, p, depth, job->patches, band->panel);
  } else {
    NAME(pack)(width, depth, job->b + p * job->b_row + j * job->b_column, job->b_row, job->b_column, band->panel);
  }
  const size_t tail = NAME(column_tail)(job, count, width);
  if (tail > 0) NAME(tails)(job, band, i, count, j + width - tail, tail, left, right + width - tail, pitch);
  for (size_t s = 0, rows; s < count; s++, i += rows) {
    rows = NAME(sliver_rows)(m, i);
    const REAL *a = job->packed_a ? job->packed_a + p * m + i * depth : left;
    left += rows * depth;
    // What is read next comes from far away: the next panel, each sliver a part of it, or the next sliver.
    const REAL *ahead = right;
    size_t stride = 0;
    if (next) {
      stride = (next_width + count - 1) / count;
      ahead = next + s * stride * depth;
    } else if (job->packed_a && is_first) {
      ahead = a + rows * depth, stride = rows;
    }
    REAL *to = job->c + i * job->c_row + j * job->c_column;
    if (job->c_column == 1) {
      // The few patches of a shallow product leave no time for it.
      if (!job->patches) NAME(call_tile)(rows, to, job->c_row);
      if (is_last) NAME(call_summands)(job->finish, i, rows, j);
      if (band->reads || (band->copies && is_first)) {
        NAME(any_copying_tile)(rows, band->copies, depth, job->a + i * job->a_row + p, job->a_row, (REAL *)a, right,
                               ahead, stride, job->alpha, adds, to, job->c_row);
      } else if (tail < width) {
        NAME(any_tile)(rows, width - tail, depth, a, right, pitch, ahead, stride, job->alpha, adds, to, job->c_row);
      }
      if (is_last) NAME(finish)(job->finish, i, rows, j, width, to, job->c_row);
      continue;
    }
    REAL result[ROWS * NAME(COLUMNS)];
    NAME(any_tile)(rows, width, depth, a, right, pitch, ahead, stride, job->alpha, 0, result, NAME(COLUMNS));
    for (size_t r = 0; r < rows; r++) {
      for (size_t q = 0; q < width; q++) {
        const REAL value = result[r * NAME(COLUMNS) + q];
        REAL *place = to + r * job->c_row + q * job->c_column;
        *place = adds ? *place + value : value;
      }
    }
  }
}

#include "gemm_wide.h"

static TARGET void NAME(product)(const NAME(job) *job) {
  const size_t m = job->m, n = job->n, k = job->k;
  if (m == 0 || n == 0) return;
  const int is_plain = !job->packed_a && !job->packed_b && !job->patches && !job->make_panel;
  if (is_plain && NAME(few_rows)(m, n, k, job->alpha, job->a, job->a_row, job->a_column, job->b, job->b_row,
                                 job->b_column, job->accumulate, job->c, job->c_row, job->c_column)) {
    if (job->c_column == 1) NAME(finish)(job->finish, 0, m, 0, n, job->c, job->c_row);
    return;
  }
  if (k == 0) {
    if (job->share.index > 0) return;
    for (size_t i = 0; i < m && !job->accumulate; i++) {
      for (size_t j = 0; j < n; j++) job->c[i * job->c_row + j * job->c_column] = 0;
    }
    if (job->c_column == 1) NAME(finish)(job->finish, 0, m, 0, n, job->c, job->c_row);
    return;
  }
  REAL panel[NAME(COLUMNS) * HG_DEPTH] __attribute__((aligned(64))), sliver[ROWS * HG_DEPTH];
  REAL *block = NULL;
  const NAME(area) part = NAME(part)(m, n, job->packed_a || job->narrow_a, job->share);
  const size_t slivers = (part.end_row - part.row + ROWS - 1) / ROWS;
  if (slivers == 0 || part.column == part.end_column) return;
  // Packing B pays only when it is read again.
  NAME(band) band = {.is_direct = is_plain && m <= 2 * ROWS && job->b_column == 1, .panel = panel};
  const size_t width = part.end_column - part.column;
  if (!job->packed_a && !job->make_sliver && !band.is_direct && m > 1 && job->a_column == 1 && job->c_column == 1 &&
      width >= NAME(COLUMNS)) {
    // A copy pays for many panels, and where the rows would meet in the same lines of the first cache.
    const int is_spread = job->a_row * sizeof(REAL) % 4096 != 0;
    band.reads = width % NAME(COLUMNS) == 0 && width <= 16 * NAME(COLUMNS) && is_spread;
    band.copies = !band.reads;
  }
  // What is packed ahead is read where it lies. Else blocks are as even as possible, for each reads B again.
  size_t most = slivers;
  if (!job->packed_a && m > ROWS) {
    // Patches are gathered again for each block, which costs more than that it leaves the nearer half of the cache.
    const size_t room = job->patches ? 3 * SLIVERS : SLIVERS;
    const size_t blocks = (slivers + room - 1) / room, depth = k < HG_DEPTH ? k : HG_DEPTH;
    most = (slivers + blocks - 1) / blocks;
    if (!band.reads) block = hg_lend_block(most * ROWS * depth * sizeof(REAL));
    // Without room for a block it goes sliver by sliver.
    if (!block && !band.reads) most = 1;
  }
  for (size_t i = part.row, next; i < part.end_row; i = next) {
    for (band.p = 0; band.p < k; band.p += HG_DEPTH) {
      band.depth = k - band.p < HG_DEPTH ? k - band.p : HG_DEPTH;
      size_t count = 0;
      const REAL *left = block ? block : sliver;
      next = i;
      for (size_t rows; count < most && next < part.end_row; count++, next += rows) {
        rows = NAME(sliver_rows)(m, next);
        if (job->packed_a || band.copies || band.reads) continue;
        if (job->make_sliver) {
          job->make_sliver(job, next, rows, band.p, band.depth, (REAL *)left + (next - i) * band.depth);
          continue;
        }
        const REAL *a = job->a + next * job->a_row + band.p * job->a_column;
        if (m == 1 && job->a_column == 1) {
          left = a;
          continue;
        }
        NAME(pack)(rows, band.depth, a, job->a_column, job->a_row, (REAL *)left + (next - i) * band.depth);
      }
      for (size_t j = part.column; j < part.end_column; j += NAME(COLUMNS)) {
        NAME(column)(job, &band, i, count, j, j == part.column, left);
      }
    }
  }
  hg_take_back_block(block);
}

static void NAME(gemm)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                       const REAL *b, size_t b_row, size_t b_column, int accumulate, const NAME(hg_finish) *finish,
                       REAL *c, size_t c_row, hg_share share) {
  if (m == 0 || n == 0) return;
  NAME(hg_finish) finish_of_part;
  if (share.count > 1) {
    // A part is a product of its own here, so that each may take the way that suits it.
    const NAME(area) part = NAME(part)(m, n, 0, share);
    if (part.row == part.end_row || part.column == part.end_column) return;
    m = part.end_row - part.row, n = part.end_column - part.column;
    a += part.row * a_row, b += part.column * b_column, c += part.row * c_row + part.column;
    if (finish) {
      finish_of_part = *finish, finish = &finish_of_part;
      if (finish->row_offsets) finish_of_part.row_offsets += part.row;
      if (finish->column_offsets) finish_of_part.column_offsets += part.column;
      if (finish->summands) finish_of_part.summands += part.row * finish->summand_row + part.column;
    }
  }
  NAME(job) job = {.m = m, .n = n, .k = k, .alpha = alpha, .a = a, .a_row = a_row, .a_column = a_column, .b = b,
                   .b_row = b_row, .b_column = b_column, .accumulate = accumulate, .finish = finish, .c = c,
                   .c_row = c_row, .c_column = 1, .share = {0, 1}};
  if (n < LANES && m > n) {
    // Columns of C lie along the registers when it has fewer columns than rows; no bit changes, for x * y is y * x.
    job.m = n, job.n = m;
    job.a = b, job.a_row = b_column, job.a_column = b_row;
    job.b = a, job.b_row = a_column, job.b_column = a_row;
    job.c_row = 1, job.c_column = c_row, job.finish = NULL;
    NAME(product)(&job);
    NAME(finish)(finish, 0, m, 0, n, c, c_row);
    return;
  }
  NAME(product)(&job);
}

static void NAME(gemm_packed)(size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t a_row, size_t a_column,
                              const REAL *packed, int accumulate, const NAME(hg_finish) *finish, REAL *c,
                              size_t c_row, hg_share share) {
  if (n < LANES) {
    // A single narrow panel lies as B itself would.
    NAME(gemm)(m, n, k, alpha, a, a_row, a_column, packed, n, 1, accumulate, finish, c, c_row, share);
    return;
  }
  const NAME(job) job = {.m = m, .n = n, .k = k, .alpha = alpha, .a = a, .a_row = a_row, .a_column = a_column,
                         .packed_b = packed, .accumulate = accumulate, .finish = finish, .c = c, .c_row = c_row,
                         .c_column = 1, .share = share};
  if (m > 0 && m <= NAME(WIDE_ROWS) && k > 0) {
    NAME(wide)(&job);
  } else {
    NAME(product)(&job);
  }
}

static void NAME(gemm_patches)(size_t m, size_t n, size_t k, const REAL *packed, const NAME(hg_patches) *patches,
                               int accumulate, const NAME(hg_finish) *finish, REAL *c, size_t c_row,
                               hg_share share) {
  const NAME(job) job = {.m = m, .n = n, .k = k, .alpha = 1, .packed_a = packed, .patches = patches,
                         .accumulate = accumulate, .finish = finish, .c = c, .c_row = c_row, .c_column = 1,
                         .share = share};
  NAME(product)(&job);
}

#include "arithmetic.h"
#include "sliding.h"
#include "plane.h"
#include "winograd.h"

#undef REAL
#undef VECTOR
#undef MASK
#undef LANES
#undef ROWS
#undef SLIVERS
#undef NAME
