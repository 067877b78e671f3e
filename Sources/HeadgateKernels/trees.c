#include "HeadgateTrees.h"

// Which branch a test takes: 0 for the true one.
static inline __attribute__((always_inline)) size_t branch(const hg_tree_test *test, const uint8_t *bins,
                                                           const hg_bin_set *sets) {
  const uint8_t bin = bins[test->column];
  const size_t is_above = bin > test->operand;
  if (!sets) return is_above;
  const size_t names_set = test->operand >= HG_TREE_SETS;
  const uint8_t *set = sets[names_set ? test->operand - HG_TREE_SETS : 0];
  const size_t is_outside = ~set[bin / 8] >> bin % 8 & 1;
  return names_set ? is_outside : is_above;
}

// How far the next test is. Read from a place that depends on the branch: a jump would be mispredicted half the time.
static inline __attribute__((always_inline)) size_t step(const hg_tree_test *test, size_t branch) {
  return (&test->when_true)[branch];
}

static inline __attribute__((always_inline)) uint8_t leaf(const hg_tree_test *test, size_t branch) {
  return (&test->first)[branch];
}

static inline __attribute__((always_inline)) void walk(size_t count, const hg_trees *trees, size_t first,
                                                       const uint8_t *bins, const hg_bin_set *sets, uint8_t *leaves) {
  // A leaf is 0 steps away, so that a walk that has ended stays at its last test until the others have ended.
  static const hg_tree_test no_test;
  const hg_tree_test *tests[8];
  for (size_t i = 0; i < count; i++) {
    const uint32_t *start = trees->starts + first + i;
    tests[i] = start[0] < start[1] ? trees->tests + start[0] : &no_test;
  }
  size_t moved;
  do {
    moved = 0;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < count; i++) {
      const size_t further = step(tests[i], branch(tests[i], bins, sets));
      tests[i] += further;
      moved |= further;
    }
  } while (moved);
  for (size_t i = 0; i < count; i++) leaves[i] = leaf(tests[i], branch(tests[i], bins, sets));
}

static inline __attribute__((always_inline)) void walk_all(const hg_trees *trees, size_t count, const uint8_t *bins,
                                                           const hg_bin_set *sets, uint8_t *leaves) {
  size_t tree = 0;
  for (; tree + 8 <= count; tree += 8) walk(8, trees, tree, bins, sets, leaves + tree);
  for (; tree < count; tree++) walk(1, trees, tree, bins, sets, leaves + tree);
}

void hg_tree_leaves_of_row(const hg_trees *trees, size_t count, const uint8_t *bins, uint8_t *leaves) {
  if (trees->sets) {
    walk_all(trees, count, bins, trees->sets, leaves);
  } else {
    walk_all(trees, count, bins, NULL, leaves);
  }
}

void hg_sleaf_sums(size_t rows, const uint8_t *leaves, const float *values, size_t count, float *sums) {
  (void)count;
  for (size_t row = 0; row < rows; row++) sums[row] += values[leaves[row]];
}

void hg_dleaf_sums(size_t rows, const uint8_t *leaves, const double *values, size_t count, double *sums) {
  (void)count;
  for (size_t row = 0; row < rows; row++) sums[row] += values[leaves[row]];
}

size_t hg_make_small_tree(const hg_tree_test *tests, size_t count, hg_small_tree *tree) {
  // How many tests lead to each test, it among them.
  uint8_t depths[HG_SMALL_LEAVES] = {1};
  size_t depth = 0;
  *tree = (hg_small_tree){.when_true[0] = 2 * HG_SMALL_LEAVES, .when_false[0] = 2 * HG_SMALL_LEAVES};
  for (size_t i = 0; i < count; i++) {
    depth = depth < depths[i] ? depths[i] : depth;
    tree->columns[i] = (uint8_t)tests[i].column;
    tree->operands[i] = (uint8_t)tests[i].operand;
    uint8_t *const branches[2] = {&tree->when_true[i], &tree->when_false[i]};
    for (size_t branch = 0; branch < 2; branch++) {
      const size_t next = i + step(tests + i, branch);
      *branches[branch] = (uint8_t)(next > i ? next : 2u * HG_SMALL_LEAVES + leaf(tests + i, branch));
      if (next > i) depths[next] = (uint8_t)(depths[i] + 1);
    }
  }
  return depth;
}
