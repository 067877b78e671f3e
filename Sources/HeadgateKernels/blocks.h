// Memory for the time of a product.
#ifndef HG_BLOCKS_H
#define HG_BLOCKS_H

#include <stddef.h>

// A block of so many bytes of undefined value that begins at a cache line; NULL when the machine has none. A few that were
// given back are kept, so that products that follow one another allocate nothing.
__attribute__((visibility("hidden"))) void *hg_lend_block(size_t size);

// Takes back a block that was lent; NULL is none.
__attribute__((visibility("hidden"))) void hg_take_back_block(void *block);

#endif
