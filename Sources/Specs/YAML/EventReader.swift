import CLibYAML

/// One event of a YAML stream.
struct Event {
  enum Kind {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(Scalar)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
  }

  let kind: Kind
  let span: Span
  let anchor: String?
  /// A tag written in the file.
  let tag: String?
}

/// What libyaml says of text that is not YAML.
struct ScanProblem: Error {
  let problem: String
  let context: String
  /// Where it gave up; `nil` when only the byte offset is known.
  let span: Span?
  /// Where the construct began that it could not finish.
  let contextSpan: Span?
  let byteOffset: Int
}

/// Pulls events out of libyaml. The one owner of the parser and of the copy of the text it reads.
final class EventReader {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>

  /// `nil` when libyaml has no memory.
  init?(bytes: [UInt8]) {
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    text = .allocate(capacity: max(1, bytes.count))
    _ = text.initialize(from: bytes)
    guard yaml_parser_initialize(parser) == 1 else { return nil }
    // Without this a UTF-16 mark in the file would turn the reading to UTF-16.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    text.deallocate()
  }

  /// The next event.
  func next() throws(ScanProblem) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem }
    defer { yaml_event_delete(&event) }
    return Self.event(event)
  }

  private static func event(_ event: yaml_event_t) -> Event {
    let start = event.start_mark
    let end = event.end_mark
    let length = end.line == start.line ? Int(end.column) - Int(start.column) : 1
    let span = Span(line: Int(start.line) + 1, column: Int(start.column) + 1, length: length)
    func make(_ kind: Event.Kind, anchor: UnsafePointer<yaml_char_t>? = nil, tag: UnsafePointer<yaml_char_t>? = nil)
      -> Event
    {
      Event(
        kind: kind, span: span, anchor: anchor.map { String(cString: $0) }, tag: tag.map { String(cString: $0) })
    }
    switch event.type {
    case YAML_STREAM_START_EVENT: return make(.streamStart)
    case YAML_DOCUMENT_START_EVENT: return make(.documentStart)
    case YAML_DOCUMENT_END_EVENT: return make(.documentEnd)
    case YAML_ALIAS_EVENT:
      return make(.alias(event.data.alias.anchor.map { String(cString: $0) } ?? ""))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let value = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
      let style: Scalar.Style =
        switch scalar.style {
        case YAML_PLAIN_SCALAR_STYLE: .plain
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .quoted
        }
      let text = Scalar(text: String(decoding: value, as: UTF8.self), style: style)
      return make(.scalar(text), anchor: scalar.anchor, tag: scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      return make(.sequenceStart, anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
    case YAML_SEQUENCE_END_EVENT: return make(.sequenceEnd)
    case YAML_MAPPING_START_EVENT:
      return make(.mappingStart, anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
    case YAML_MAPPING_END_EVENT: return make(.mappingEnd)
    // libyaml gives an event of no type only after the end of the stream.
    default: return make(.streamEnd)
    }
  }

  private var problem: ScanProblem {
    let state = parser.pointee
    func span(_ mark: yaml_mark_t) -> Span { Span(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }
    let isReaderError = state.error == YAML_READER_ERROR
    return ScanProblem(
      problem: state.problem.map { String(cString: $0) } ?? "out of memory",
      context: state.context.map { String(cString: $0) } ?? "",
      span: isReaderError ? nil : span(state.problem_mark),
      contextSpan: state.context == nil ? nil : span(state.context_mark), byteOffset: Int(state.problem_offset))
  }
}
