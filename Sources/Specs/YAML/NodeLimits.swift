/// How much one file may ask of the parser. libyaml itself bounds none of these.
struct NodeLimits: Sendable {
  /// Bytes of a file.
  var bytes = 1 << 20
  /// How deep mappings and lists may nest.
  var depth = 64
  /// Scalars, mappings, lists and keys, each alias counted with all it stands for.
  var nodes = 100_000
  /// Diagnostics of one file that are kept.
  var diagnostics = 100
}
