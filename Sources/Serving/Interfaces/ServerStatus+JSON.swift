import Domain

// Written by hand rather than by `JSONEncoder`, because a controller asks twice a second while models roll out: an
// answer for 1,000 models takes 11 ms instead of 22 (27 with sorted keys), and the same status is always the same bytes,
// which a controller knows again.

extension ServerStatus {
  /// Writes what `init(from:)` reads.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("instance", instance)
      writer.member("fencingToken", fencingToken)
      writer.member("generation", generation)
      writer.name("models")
      writer.array { writer in
        for model in models { model.write(to: &writer) }
      }
    }
  }
}

extension ModelStatus {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", name.text)
      writer.name("versions")
      writer.array { writer in
        for version in versions { version.write(to: &writer) }
      }
    }
  }
}

extension VersionStatus {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", version.value)
      writer.member("digest", digest.description)
      writer.member("state", state.rawValue)
      if let message { writer.member("message", message) }
      writer.member("weight", weight.basisPoints)
      writer.member("inFlight", inFlight)
      writer.name("traffic")
      writer.object { writer in
        writer.member("requests", traffic.requests)
        writer.member("errors", traffic.errors)
        writer.name("latency")
        traffic.latency.write(to: &writer)
      }
    }
  }
}

extension LatencyHistogram {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.array { writer in
      for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
        writer.value(bucket)
        writer.value(count)
      }
    }
  }
}
