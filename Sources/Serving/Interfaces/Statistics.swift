import Domain

/// The statistics extension of the protocol, which perf_analyzer reads around each of its windows.
struct Statistics {
  let host: ModelHost

  /// Answers for all models, one model, or one version.
  func answer(model: ModelName?, version: ReleaseNumber?) -> Answer {
    let rows = host.rows().rows.filter { row in
      (model == nil || row.name == model) && (version == nil || row.status.version == version)
    }
    return .json { writer in
      writer.object { writer in
        writer.name("model_stats")
        writer.array { writer in
          for row in rows { write(row, to: &writer) }
        }
      }
    }
  }

  private func write(_ row: ModelHost.Row, to writer: inout JSONWriter) {
    let reading = row.reading
    let empty = TrafficMeter.Span()
    writer.object { writer in
      writer.member("name", row.name.text)
      writer.member("version", row.status.version.description)
      writer.member("last_inference", reading.lastInference)
      writer.member("inference_count", reading.rows)
      writer.member("execution_count", reading.success.count)
      writer.name("inference_stats")
      writer.object { writer in
        let spans = [
          ("success", reading.success), ("fail", reading.failure), ("queue", reading.queue),
          ("compute_input", reading.input), ("compute_infer", reading.inference), ("compute_output", reading.output),
          ("cache_hit", empty), ("cache_miss", empty),
        ]
        for (name, span) in spans {
          writer.name(name)
          writer.object { writer in
            writer.member("count", span.count)
            writer.member("ns", span.nanoseconds)
          }
        }
      }
      writer.name("batch_stats")
      writer.array { _ in }
    }
  }
}
