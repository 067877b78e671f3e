/// What builds may take of the disk beside their inputs and their outputs. Not in the spec: it protects the machine, and
/// whoever writes a spec has `limits.output` to raise.
package struct DiskAllowance: Hashable, Sendable {
  /// For what a step writes beside its output, such as checkpoints and tables in between.
  package var scratchBytes: Int
  /// How many files and folders a step may add: a disk runs out of these too.
  package var fileCount: Int
  /// For a Python environment, with the packages as they were downloaded.
  package var environmentBytes: Int
  package var environmentFileCount: Int
  /// For the log of a build, all steps together.
  package var logBytes: Int
  /// What must stay free on the disk, so that the controller can go on writing its journal; at most a twentieth of it.
  package var reserveBytes: Int

  package init(
    scratchBytes: Int = 2 << 30, fileCount: Int = 200_000, environmentBytes: Int = 24 << 30,
    environmentFileCount: Int = 500_000, logBytes: Int = 128 << 20, reserveBytes: Int = 512 << 20
  ) {
    self.scratchBytes = scratchBytes
    self.fileCount = fileCount
    self.environmentBytes = environmentBytes
    self.environmentFileCount = environmentFileCount
    self.logBytes = logBytes
    self.reserveBytes = reserveBytes
  }
}
