// The leaves that many rows reach in a tree. On one instruction set, with vectors of BYTE_LANES bytes.
//
// No row walks. All rows begin at leaf 0, and the tests are taken in the order of the walk that takes true branches
// first: a row is at a test if its leaf is the first one of the true branch, and then moves to the first leaf of the
// false branch where the test is false. After the last test each row stands at the leaf that it would have walked to.
// So a test costs two comparisons and a choice for as many rows as a vector has bytes, and nothing waits for memory:
// with AVX-512, for 100 trees of 63 leaves, 0.1 us a row, where eight walks side by side took 1.6.
//
// Bound by the port that compares bytes, two of a test's operations, as long as four vectors are under way at once.
// Four vectors of rows share the loads of a test; of fewer rows, one vector goes through four trees.

// The leaves after a test, where `bins` are those of the test's column.
HG_INLINE TARGET bytes pass_test(const hg_trees *trees, const int has_sets, const hg_tree_test *test, bytes leaf,
                                 bytes bins) {
  const bytes first = spread_u8(test->first), middle = spread_u8(test->middle);
  if (has_sets && test->operand >= HG_TREE_SETS) {
    return move_outside(leaf, first, middle, bins, trees->sets[test->operand - HG_TREE_SETS]);
  }
  return move_above(leaf, first, middle, bins, spread_u8((uint8_t)test->operand));
}

HG_INLINE TARGET void leaves_of_tree(const hg_trees *trees, const int has_sets, size_t tree, const uint8_t *bins,
                                     uint8_t *leaves) {
  bytes leaf[4];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < 4; v++) leaf[v] = spread_u8(0);
  const hg_tree_test *end = trees->tests + trees->starts[tree + 1];
  for (const hg_tree_test *test = trees->tests + trees->starts[tree]; test < end; test++) {
    const uint8_t *column = bins + (size_t)test->column * HG_TREE_ROWS;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 4; v++) {
      leaf[v] = pass_test(trees, has_sets, test, leaf[v], load_u8(column + v * BYTE_LANES));
    }
  }
#pragma clang loop unroll(full)
  for (size_t v = 0; v < 4; v++) store_u8(leaves + v * BYTE_LANES, leaf[v]);
}

// One vector of rows in each of `count` trees.
HG_INLINE TARGET void leaves_of_trees(const hg_trees *trees, const int has_sets, const size_t count, size_t first,
                                      const uint8_t *bins, uint8_t *leaves) {
  bytes leaf[HG_TREES_AT_ONCE];
  const hg_tree_test *test[HG_TREES_AT_ONCE], *end[HG_TREES_AT_ONCE];
  size_t shared = SIZE_MAX;
  for (size_t t = 0; t < count; t++) {
    leaf[t] = spread_u8(0);
    test[t] = trees->tests + trees->starts[first + t];
    end[t] = trees->tests + trees->starts[first + t + 1];
    const size_t tests = (size_t)(end[t] - test[t]);
    shared = shared < tests ? shared : tests;
  }
  for (; shared > 0; shared--) {
#pragma clang loop unroll(full)
    for (size_t t = 0; t < count; t++) {
      const bytes column = load_u8(bins + (size_t)test[t]->column * HG_TREE_ROWS);
      leaf[t] = pass_test(trees, has_sets, test[t]++, leaf[t], column);
    }
  }
#pragma clang loop unroll(full)
  for (size_t t = 0; t < count; t++) {
    for (; test[t] < end[t]; test[t]++) {
      const bytes column = load_u8(bins + (size_t)test[t]->column * HG_TREE_ROWS);
      leaf[t] = pass_test(trees, has_sets, test[t], leaf[t], column);
    }
    store_u8(leaves + t * HG_TREE_ROWS, leaf[t]);
  }
}

HG_INLINE TARGET void tree_leaves_of(const hg_trees *trees, const int has_sets, size_t first, size_t count,
                                     const uint8_t *bins, size_t rows, uint8_t *leaves) {
  size_t row = 0;
  for (; row + 4 * BYTE_LANES <= rows; row += 4 * BYTE_LANES) {
    for (size_t t = 0; t < count; t++) {
      leaves_of_tree(trees, has_sets, first + t, bins + row, leaves + t * HG_TREE_ROWS + row);
    }
  }
  for (; row < rows; row += BYTE_LANES) {
    if (count == HG_TREES_AT_ONCE) {
      leaves_of_trees(trees, has_sets, HG_TREES_AT_ONCE, first, bins + row, leaves + row);
    } else {
      for (size_t t = 0; t < count; t++) {
        leaves_of_trees(trees, has_sets, 1, first + t, bins + row, leaves + t * HG_TREE_ROWS + row);
      }
    }
  }
}

static TARGET void tree_leaves(const hg_trees *trees, size_t first, size_t count, const uint8_t *bins, size_t rows,
                               uint8_t *leaves) {
  if (trees->sets) {
    tree_leaves_of(trees, 1, first, count, bins, rows, leaves);
  } else {
    tree_leaves_of(trees, 0, first, count, bins, rows, leaves);
  }
}
