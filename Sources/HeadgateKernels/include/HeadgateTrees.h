#ifndef HEADGATE_TREES_H
#define HEADGATE_TREES_H

#include <stddef.h>
#include <stdint.h>

// Decision trees over bins. Every feature of a row is first replaced by its bin, a byte: the number of thresholds that
// lie below it. A test `x <= threshold` then compares two bytes, and decides as it would for the number itself.

/// The rows of a block of bins: the bin of row r in column c lies at bins[c * HG_TREE_ROWS + r]. One row alone has its
/// columns side by side.
enum { HG_TREE_ROWS = 256 };

/// More leaves no tree has, as their numbers are bytes.
enum { HG_TREE_LEAVES = 256 };

/// The trees whose leaves are found in one go.
enum { HG_TREES_AT_ONCE = 4 };

/// Where the operand of a test begins to name a set.
enum { HG_TREE_SETS = 256 };

/// A test of a tree. The tests of a tree are in the order of a walk that takes the true branch first, and so are its
/// leaves counted.
typedef struct hg_tree_test {
  uint16_t column;
  /// The first leaf of the true branch, and that of the false one.
  uint8_t first, middle;
  /// How many tests further the test of each branch is; 0 where the branch is a leaf.
  uint8_t when_true, when_false;
  /// True for bins up to this; from HG_TREE_SETS on, for those of set `operand - HG_TREE_SETS`.
  uint16_t operand;
} hg_tree_test;

/// Sets of bins as bit fields.
typedef uint8_t hg_bin_set[32];

/// Tree t has the tests from starts[t] to before starts[t + 1]; `sets` is NULL when no test names one.
typedef struct hg_trees {
  const hg_tree_test *tests;
  const uint32_t *starts;
  const hg_bin_set *sets;
} hg_trees;

/// The leaves and the columns that a small tree has at most.
enum { HG_SMALL_LEAVES = 64, HG_SMALL_COLUMNS = 64 };

/// A tree of up to 63 tests that all compare, with the same field of all tests side by side. A branch is the index of
/// its test, or HG_SMALL_LEAVES * 2 plus its leaf.
typedef struct hg_small_tree {
  uint8_t columns[64], operands[64], when_true[64], when_false[64];
} hg_small_tree;

/// What a column of bins is made from.
typedef enum hg_bin_kind {
  /// The thresholds below a number. NaN is missing.
  HG_BIN_NUMBER,
  /// The same, and what is within 1e-35 of zero is missing too.
  HG_BIN_NUMBER_NOT_ZERO,
  /// A number from 0 to below HG_BIN_CATEGORIES, cut to a whole one, else HG_BIN_NO_CATEGORY. NaN is missing.
  HG_BIN_CATEGORY,
  /// The same, where what lies above -1 is 0 too.
  HG_BIN_TRUNCATED_CATEGORY,
} hg_bin_kind;

enum { HG_BIN_CATEGORIES = 254, HG_BIN_MISSING_CATEGORY = 254, HG_BIN_NO_CATEGORY = 255 };

/// What is known of a column.
typedef enum hg_bin_field {
  HG_BIN_FEATURE,
  /// Where its thresholds begin: in ascending order, and then infinities up to 2 * step - 1. Of a category, which has
  /// none, those of another column of its group.
  HG_BIN_START,
  /// The greatest step of the search in the column's group, a power of two up to 128; 0 without any threshold.
  HG_BIN_STEP,
  /// An hg_bin_kind.
  HG_BIN_KIND,
  /// The bin of what is missing.
  HG_BIN_MISSING,
  HG_BIN_FIELDS,
} hg_bin_field;

/// The columns of one row that are searched at once, in as many steps as the first one needs.
enum { HG_BIN_GROUP = 32 };

/// Declares, for a type of number, the `count` columns of a forest. Field f of column c is fields[f * width + c]. First
/// come `numbers` columns of numbers. Up to `width`, a multiple of HG_BIN_GROUP, columns are filled with such as could
/// be searched too.
#define HG_DECLARE_BINS(REAL, SUFFIX)            \
  typedef struct hg_bins_##SUFFIX {              \
    const int32_t *fields;                       \
    size_t width, count, numbers;                \
    /* Whether there are HG_BIN_NUMBER alone. */ \
    int has_numbers_only;                        \
    const REAL *thresholds;                      \
  } hg_bins_##SUFFIX;

HG_DECLARE_BINS(float, f32)
HG_DECLARE_BINS(double, f64)

/// The leaf that one row reaches in each tree, from its bins. `count` is that of the trees.
void hg_tree_leaves_of_row(const hg_trees *trees, size_t count, const uint8_t *bins, uint8_t *leaves);

/// Writes a tree of fewer than HG_SMALL_LEAVES tests, on the first HG_SMALL_COLUMNS columns and without sets, in its
/// other form. Returns the tests on its longest way to a leaf.
size_t hg_make_small_tree(const hg_tree_test *tests, size_t count, hg_small_tree *tree);

/// sums[r] += values[leaves[r]], where each leaf is less than `count` and `rows` a multiple of 64.
void hg_sleaf_sums(size_t rows, const uint8_t *leaves, const float *values, size_t count, float *sums);
void hg_dleaf_sums(size_t rows, const uint8_t *leaves, const double *values, size_t count, double *sums);

#endif
