/// What a value of a spec may be: the one table from which files are read and JSON Schema is printed.
indirect enum Shape: Sendable {
  /// A string that is not empty, of at most so many characters.
  case text(maximum: Int)
  /// A string that may be empty.
  case anyText(maximum: Int)
  /// A DNS label: 1 to 63 of a-z, 0-9 and `-`, no `-` at either end.
  case name
  /// The name of a gate: 1 to 63 of a-z, 0-9 and `-_/.`.
  case gateName
  /// A path relative to the spec file that stays inside the repository.
  case path
  /// The name of a file in a working folder, without a folder.
  case fileName
  case digest
  case integer(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  case duration(ClosedRange<Duration>)
  /// A percentage, with the least one allowed in hundredths of a percent.
  case share(leastBasisPoints: Int)
  case size(ClosedRange<Int>)
  /// One of some words; the second list is known, but this version cannot carry it out.
  case choice([String], later: [String] = [])
  case list(Shape, count: ClosedRange<Int>)
  /// A mapping of free keys.
  case map(Shape, maximum: Int)
  case object(ObjectShape)
  /// A string, or a mapping that says more.
  case either(Shape, ObjectShape)
}

/// A mapping with known fields.
struct ObjectShape: Sendable {
  /// What the mapping is, for messages: `a quality gate`.
  let title: String
  let fields: [Field]
  /// Of each group exactly one field must be there.
  let exactlyOne: [[String]]
  /// Of each pair both fields or none must be there.
  let together: [(String, String)]

  init(_ title: String, _ fields: [Field], exactlyOne: [[String]] = [], together: [(String, String)] = []) {
    self.title = title
    self.fields = fields
    self.exactlyOne = exactlyOne
    self.together = together
  }

  /// The field of a name.
  func field(_ name: String) -> Field? {
    fields.first { $0.name == name }
  }

  /// The fields a person can write today.
  var allowedNames: [String] {
    fields.filter { $0.role.isAllowed }.map(\.name)
  }
}

/// One field of a mapping.
struct Field: Sendable {
  enum Role: Sendable {
    case required, optional
    /// Says something about the object but asks for nothing: no part of its digest.
    case descriptive
    /// The schema knows it; this version cannot carry it out.
    case later
    /// Never in a file, for the reason given.
    case refused(String)

    var isAllowed: Bool {
      switch self {
      case .required, .optional, .descriptive: true
      case .later, .refused: false
      }
    }
  }

  let name: String
  let shape: Shape
  let role: Role
  let summary: String

  static func required(_ name: String, _ shape: Shape, _ summary: String) -> Field {
    Field(name: name, shape: shape, role: .required, summary: summary)
  }

  static func optional(_ name: String, _ shape: Shape, _ summary: String) -> Field {
    Field(name: name, shape: shape, role: .optional, summary: summary)
  }

  static func descriptive(_ name: String, _ shape: Shape, _ summary: String) -> Field {
    Field(name: name, shape: shape, role: .descriptive, summary: summary)
  }

  static func later(_ name: String, _ summary: String) -> Field {
    Field(name: name, shape: .anyText(maximum: 0), role: .later, summary: summary)
  }

  static func refused(_ name: String, _ reason: String) -> Field {
    Field(name: name, shape: .anyText(maximum: 0), role: .refused(reason), summary: reason)
  }
}
