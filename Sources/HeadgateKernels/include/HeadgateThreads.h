#ifndef HEADGATE_THREADS_H
#define HEADGATE_THREADS_H

#include <stddef.h>

/// The processors that this process may run on, at least 1.
size_t hg_allowed_processors(void);

/// Sets what system tools call the calling thread: the first 15 bytes of the name.
void hg_name_this_thread(const char *name);

/// Tells the processor that this is a loop that waits: it takes some 40 to 140 cycles, and leaves what the core is made
/// of to its other thread.
static inline void hg_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

#endif
