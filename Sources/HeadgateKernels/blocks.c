#include "blocks.h"

#include <stdatomic.h>
#include <stdlib.h>

// One for each thread that multiplies at a time, on most machines; more are allocated and freed.
enum { SLOTS = 16, LINE = 64 };

static _Atomic(void *) spare[SLOTS];

// Before a block, in a line of its own, stands how large it is.
static size_t size_of(void *start) { return *(size_t *)start; }

void *hg_lend_block(size_t size) {
  for (int i = 0; i < SLOTS; i++) {
    if (!atomic_load_explicit(&spare[i], memory_order_relaxed)) continue;
    // Who gets it has it alone.
    void *start = atomic_exchange_explicit(&spare[i], NULL, memory_order_acquire);
    if (!start) continue;
    if (size_of(start) >= size) return (char *)start + LINE;
    // A larger one takes its place.
    free(start);
  }
  const size_t whole = (size + 2 * LINE - 1) / LINE * LINE;
  void *start = whole < size ? NULL : aligned_alloc(LINE, whole);
  if (!start) return NULL;
  *(size_t *)start = size;
  return (char *)start + LINE;
}

void hg_take_back_block(void *block) {
  if (!block) return;
  void *start = (char *)block - LINE;
  for (int i = 0; i < SLOTS; i++) {
    void *none = NULL;
    if (atomic_compare_exchange_strong_explicit(&spare[i], &none, start, memory_order_release, memory_order_relaxed)) {
      return;
    }
  }
  free(start);
}
