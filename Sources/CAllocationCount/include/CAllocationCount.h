#ifndef HEADGATE_ALLOCATION_COUNT_H
#define HEADGATE_ALLOCATION_COUNT_H

// For tests: how often all threads of the process have asked for memory. What links this has its own `malloc` and its
// relatives, which count and hand on to the C library's.
long hg_allocation_count(void);

#endif
