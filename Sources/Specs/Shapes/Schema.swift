import Domain

/// The JSON Schema of each kind, as `headgate schema KIND` prints it for editors.
package enum Schema {
  /// The schema (draft-07) of a whole document of a kind, as JSON text with a line break at the end.
  ///
  /// It is made of the same table files are read by. What JSON Schema cannot say, such as that weights rise or that a
  /// data set exists, only `headgate validate` tells.
  package static func json(for kind: Kind) -> String {
    var schema: [(String, JSONText)] = [
      ("$schema", .string("http://json-schema.org/draft-07/schema#")),
      ("title", .string("Headgate \(kind.rawValue)")),
    ]
    schema += ObjectShape.document(of: kind).jsonSchema
    return JSONText.object(schema).text + "\n"
  }
}

extension ObjectShape {
  var jsonSchema: [(String, JSONText)] {
    var properties: [(String, JSONText)] = []
    for field in fields {
      let property: [(String, JSONText)] =
        switch field.role {
        case .required, .optional, .descriptive: [("description", .string(field.summary))] + field.shape.jsonSchema
        case .later:
          [
            ("description", .string("\(field.summary) Known, but this version cannot carry it out.")),
            ("not", .object([])),
          ]
        case .refused(let reason): [("description", .string(reason)), ("not", .object([]))]
        }
      properties.append((field.name, .object(property)))
    }
    var schema: [(String, JSONText)] = [
      ("type", .string("object")), ("additionalProperties", .boolean(false)), ("properties", .object(properties)),
    ]
    let required = fields.compactMap { field in
      if case .required = field.role { JSONText.string(field.name) } else { nil }
    }
    if !required.isEmpty { schema.append(("required", .array(required))) }
    let groups = exactlyOne.map { group in
      JSONText.object([("oneOf", .array(group.map { .object([("required", .array([.string($0)]))]) }))])
    }
    if !groups.isEmpty { schema.append(("allOf", .array(groups))) }
    var partners: [(String, JSONText)] = []
    for (one, other) in together {
      partners.append((one, .array([.string(other)])))
      partners.append((other, .array([.string(one)])))
    }
    if !partners.isEmpty { schema.append(("dependencies", .object(partners))) }
    return schema
  }
}

extension Shape {
  var jsonSchema: [(String, JSONText)] {
    switch self {
    case .text(let maximum):
      [("type", .string("string")), ("minLength", .integer(1)), ("maxLength", .integer(maximum))]
    case .anyText(let maximum): [("type", .string("string")), ("maxLength", .integer(maximum))]
    case .name: pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
    case .gateName: pattern("^[a-z0-9_/.-]{1,63}$")
    case .path: pattern("^[^/].*$")
    case .fileName: pattern("^(?!\\.{1,2}$)[^/]{1,255}$")
    case .digest: pattern("^sha256:[0-9a-f]{64}$")
    case .integer(let range):
      [("type", .string("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))]
    case .number(let range):
      [("type", .string("number"))]
        + (range.upperBound < .greatestFiniteMagnitude
          ? [("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))] : [])
    case .duration: pattern(Units.durationPattern)
    case .share: pattern(Units.sharePattern)
    case .size: pattern(Units.sizePattern)
    case .choice(let words, _): [("type", .string("string")), ("enum", .array(words.map(JSONText.string)))]
    case .list(let item, let count):
      [
        ("type", .string("array")), ("items", .object(item.jsonSchema)), ("minItems", .integer(count.lowerBound)),
        ("maxItems", .integer(count.upperBound)),
      ]
    case .map(let value, let maximum):
      [
        ("type", .string("object")), ("additionalProperties", .object(value.jsonSchema)),
        ("maxProperties", .integer(maximum)),
      ]
    case .object(let object): object.jsonSchema
    case .either(let plain, let object):
      [("anyOf", .array([.object(plain.jsonSchema), .object(object.jsonSchema)]))]
    }
  }

  private func pattern(_ pattern: String) -> [(String, JSONText)] {
    [("type", .string("string")), ("pattern", .string(pattern))]
  }
}
