import HeadgateRuntime

/// What the protocol's metadata and configuration endpoints say of one model.
struct ModelDescription {
  let name: String
  /// The format of its file.
  let platform: String
  /// The versions with traffic, oldest first.
  let versions: [String]
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]

  /// Writes `GET /v2/models/M`.
  func writeMetadata(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", name)
      writer.name("versions")
      writer.array { writer in versions.forEach { writer.value($0) } }
      writer.member("platform", platform)
      for (title, values) in [("inputs", inputs), ("outputs", outputs)] {
        writer.name(title)
        writer.array { writer in
          for value in values {
            guard let datatype = Datatype(value.elementType), value.hasTensorForm else { continue }
            writer.object { writer in
              writer.member("name", value.name)
              writer.member("datatype", datatype.rawValue)
              writer.name("shape")
              writer.array { writer in value.protocolShape.forEach { writer.value($0) } }
            }
          }
        }
      }
    }
  }

  /// Writes `GET /v2/models/M/config`.
  func writeConfiguration(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", name)
      writer.member("platform", platform)
      writer.member("backend", "headgate")
      // Zero says that the first dimension is the model's own, which is how its shapes are given here.
      writer.member("max_batch_size", 0)
      for (title, values) in [("input", inputs), ("output", outputs)] {
        writer.name(title)
        writer.array { writer in
          for value in values {
            guard let datatype = Datatype(value.elementType), value.hasTensorForm else { continue }
            writer.object { writer in
              writer.member("name", value.name)
              writer.member("data_type", datatype.configurationName)
              writer.name("dims")
              writer.array { writer in value.protocolShape.forEach { writer.value($0) } }
            }
          }
        }
      }
    }
  }
}

extension ValueInfo {
  /// Whether the protocol can carry it: a tensor, or maps, which are answered as a tensor of scores.
  var hasTensorForm: Bool {
    switch kind {
    case .tensor, .maps: true
    case .sequence, .optional: false
    }
  }

  /// The shape with -1 for what is not fixed; an unknown rank is one such dimension.
  var protocolShape: [Int] {
    if case .maps = kind { return [-1, -1] }
    return shape?.map { $0 ?? -1 } ?? [-1]
  }
}
