#include <git2.h>

/* git_libgit2_opts is variadic, which Swift cannot call. */

/* Makes every object written durable before the call returns. */
static inline int headgate_git_enable_fsync(void) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

/* Adds to the repository extensions that may be present when a repository is opened. */
static inline int headgate_git_allow_extensions(const char **names, size_t count) {
  return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, count);
}
