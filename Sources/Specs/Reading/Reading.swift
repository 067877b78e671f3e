import Domain

/// A value that fits its shape, with the place it was written at.
struct Reading: Sendable {
  indirect enum Value: Sendable {
    case text(String)
    case path(RepositoryPath)
    case digest(Digest)
    case integer(Int)
    case number(Double)
    case duration(Duration)
    case share(Share)
    case size(Int)
    /// Items that did not fit are `nil`, so that the others keep their index.
    case list([Reading?])
    case map([(key: String, value: Reading)])
    case object(Fields)
  }

  let value: Value
  let span: Span

  var text: String? { if case .text(let text) = value { text } else { nil } }
  var path: RepositoryPath? { if case .path(let path) = value { path } else { nil } }
  var digest: Digest? { if case .digest(let digest) = value { digest } else { nil } }
  var integer: Int? { if case .integer(let integer) = value { integer } else { nil } }
  var number: Double? { if case .number(let number) = value { number } else { nil } }
  var duration: Duration? { if case .duration(let duration) = value { duration } else { nil } }
  var share: Share? { if case .share(let share) = value { share } else { nil } }
  var size: Int? { if case .size(let size) = value { size } else { nil } }
  var fields: Fields? { if case .object(let fields) = value { fields } else { nil } }

  /// The items of a list that fit.
  var items: [Reading] {
    guard case .list(let items) = value else { return [] }
    return items.compactMap { $0 }
  }
}

/// The fields of a mapping that fit their shapes.
struct Fields: Sendable {
  struct Entry: Sendable {
    let field: Field
    let keySpan: Span
    /// `nil` when the value did not fit; the diagnostic is recorded.
    let reading: Reading?
  }

  let entries: [Entry]

  /// The value of a field; `nil` when it is missing or did not fit.
  subscript(name: String) -> Reading? {
    entries.first { $0.field.name == name }?.reading
  }

  /// Where the key of a field stands; `nil` when it is missing.
  func keySpan(_ name: String) -> Span? {
    entries.first { $0.field.name == name }?.keySpan
  }
}
