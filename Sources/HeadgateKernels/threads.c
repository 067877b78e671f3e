#define _GNU_SOURCE

#include "HeadgateThreads.h"

#if defined(__linux__)

#include <sched.h>
#include <sys/prctl.h>

size_t hg_allowed_processors(void) {
  cpu_set_t set;
  // A machine with more processors than the set can name refuses; one is always there.
  return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

void hg_name_this_thread(const char *name) { prctl(PR_SET_NAME, name); }

#else

#include <unistd.h>

size_t hg_allowed_processors(void) {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (size_t)count : 1;
}

void hg_name_this_thread(const char *name) { (void)name; }

#endif
