#pragma once

#include <sys/types.h>

// The parts of posix_spawn, pipe2 and pidfd_open that glibc shows only under _GNU_SOURCE, which Swift's module does not set.

/// Starts a program, which is looked for on the PATH when its name holds no slash, in a session and a process group of its
/// own: empty standard input, the given output and error, every other descriptor closed, no signal blocked or ignored.
/// `folder` may be null. Returns 0 or an errno value.
int headgate_spawn(pid_t *pid, const char *program, char *const *arguments, char *const *variables, const char *folder,
                   int output, int error);

/// A pipe whose ends are closed on exec. Returns 0 or an errno value.
int headgate_pipe(int ends[2]);

/// A descriptor, closed on exec, that is readable once the process has ended; -1 where the system has none.
int headgate_process_descriptor(pid_t pid);
