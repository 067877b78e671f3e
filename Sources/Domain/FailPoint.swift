#if HEADGATE_FAILPOINTS
  import Glibc

  /// Named places where a test kills the process. Compiled into test builds only.
  package enum FailPoint {
    /// Kills the process with SIGKILL when `HEADGATE_FAILPOINT` names this place. With `HEADGATE_FAILPOINT_ONCE` naming a
    /// file, it does so once: the file is made first, and one that is there already spares the process.
    package static func hit(_ name: String) {
      guard let wanted = getenv("HEADGATE_FAILPOINT"), String(cString: wanted) == name else { return }
      if let marker = getenv("HEADGATE_FAILPOINT_ONCE") {
        let descriptor = open(marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        close(descriptor)
      }
      kill(getpid(), SIGKILL)
    }
  }
#endif
