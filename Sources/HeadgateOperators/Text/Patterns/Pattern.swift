import HeadgateTensors

/// A regular expression compiled to a program that decides whether a whole text matches.
///
/// The program is a nondeterministic automaton whose states are followed side by side (Thompson, "Regular
/// Expression Search Algorithm", 1968): the time is at most text times program, whatever the expression.
struct Pattern: Sendable {
  fileprivate enum Instruction: Sendable {
    case character(Int)
    case assertion(PatternAssertion)
    case fork(Int, Int)
    case jump(Int)
    case match
  }

  /// Counted repetitions copy what they repeat; this bounds the copies.
  private static let maxInstructions = 1 << 15

  fileprivate private(set) var program: [Instruction] = []
  fileprivate private(set) var tests: [CharacterTest] = []

  /// - Throws: `TensorError.invalidValue` for what is no expression of RE2, `.unsupported` for what is not read.
  init(_ expression: String) throws(TensorError) {
    try emit(try PatternParser.parse(expression))
    try append(.match)
  }

  private mutating func append(_ instruction: Instruction) throws(TensorError) {
    guard program.count < Self.maxInstructions else {
      throw TensorError(
        .invalidValue, "attribute 'pattern' needs more than \(Self.maxInstructions) steps; repeat less, or fewer times")
    }
    program.append(instruction)
  }

  private mutating func emit(_ syntax: PatternSyntax) throws(TensorError) {
    switch syntax {
    case .empty: break
    case .character(let test):
      tests.append(test)
      try append(.character(tests.count - 1))
    case .assertion(let assertion): try append(.assertion(assertion))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .choice(let branches): try emitChoice(branches)
    case .repetition(let part, let minimum, let maximum):
      for _ in 0..<minimum {
        let before = program.count
        try emit(part)
        // Nothing, repeated, is nothing; nested counts of it would go on for ever.
        if program.count == before { break }
      }
      if let maximum { try emitOptional(part, times: maximum - minimum) } else { try emitLoop(part) }
    }
  }

  private mutating func emitChoice(_ branches: [PatternSyntax]) throws(TensorError) {
    var ends: [Int] = []
    for (index, branch) in branches.enumerated() {
      let fork = program.count
      let isLast = index == branches.count - 1
      if !isLast { try append(.fork(fork + 1, 0)) }
      try emit(branch)
      guard !isLast else { break }
      ends.append(program.count)
      try append(.jump(0))
      program[fork] = .fork(fork + 1, program.count)
    }
    for end in ends { program[end] = .jump(program.count) }
  }

  private mutating func emitOptional(_ part: PatternSyntax, times: Int) throws(TensorError) {
    var forks: [Int] = []
    for _ in 0..<times {
      forks.append(program.count)
      try append(.fork(program.count + 1, 0))
      try emit(part)
    }
    for fork in forks { program[fork] = .fork(fork + 1, program.count) }
  }

  private mutating func emitLoop(_ part: PatternSyntax) throws(TensorError) {
    let fork = program.count
    try append(.fork(fork + 1, 0))
    try emit(part)
    try append(.jump(fork))
    program[fork] = .fork(fork + 1, program.count)
  }
}

/// The states of a pattern's automaton while it reads texts; made once for many of them.
struct PatternMatcher {
  private let pattern: Pattern
  private var states: [Int] = []
  private var upcoming: [Int] = []
  private var stack: [Int] = []
  /// For each instruction the place at which it was last reached.
  private var reached: [Int]
  private var place = 0

  init(_ pattern: Pattern) {
    self.pattern = pattern
    reached = [Int](repeating: 0, count: pattern.program.count)
  }

  /// Whether the whole text matches.
  mutating func matches(_ text: String) -> Bool {
    var rest = text.unicodeScalars.makeIterator()
    var next = rest.next()
    states.removeAll(keepingCapacity: true)
    begin()
    var isMatched = follow(0, after: nil, before: next)
    swap(&states, &upcoming)
    while let scalar = next {
      guard !states.isEmpty else { return false }
      next = rest.next()
      isMatched = false
      begin()
      for state in states {
        guard case .character(let test) = pattern.program[state], pattern.tests[test].matches(scalar) else { continue }
        if follow(state + 1, after: scalar, before: next) { isMatched = true }
      }
      swap(&states, &upcoming)
    }
    return isMatched
  }

  private mutating func begin() {
    upcoming.removeAll(keepingCapacity: true)
    place += 1
  }

  /// Collects the characters that may follow an instruction here; true when the match may end here.
  private mutating func follow(_ start: Int, after previous: Unicode.Scalar?, before next: Unicode.Scalar?) -> Bool {
    var ends = false
    stack.append(start)
    while let index = stack.popLast() {
      guard reached[index] != place else { continue }
      reached[index] = place
      switch pattern.program[index] {
      case .character: upcoming.append(index)
      case .assertion(let assertion): if assertion.holds(after: previous, before: next) { stack.append(index + 1) }
      case .fork(let first, let second): stack += [second, first]
      case .jump(let target): stack.append(target)
      case .match: ends = true
      }
    }
    return ends
  }
}

extension PatternMatcher {
  /// The first match in a text that begins at a place or after it, and of those that begin there the longest.
  ///
  /// One pass: matches that could begin at several places are followed side by side, the earliest first.
  mutating func firstMatch(in text: [Unicode.Scalar], from first: Int) -> Range<Int>? {
    guard first <= text.count else { return nil }
    var found: Range<Int>?
    var threads: [(state: Int, start: Int)] = []
    var following: [(state: Int, start: Int)] = []
    for index in first...text.count {
      let previous = index > 0 ? text[index - 1] : nil
      let next = index < text.count ? text[index] : nil
      begin()
      following.removeAll(keepingCapacity: true)
      for thread in threads {
        guard found.map({ thread.start <= $0.lowerBound }) ?? true, let previous,
          case .character(let test) = pattern.program[thread.state], pattern.tests[test].matches(previous)
        else { continue }
        if follow(thread.state + 1, after: previous, before: next) { found = thread.start..<index }
        for state in upcoming[following.count...] { following.append((state, thread.start)) }
      }
      if found == nil {
        if follow(0, after: previous, before: next) { found = index..<index }
        for state in upcoming[following.count...] { following.append((state, index)) }
      }
      swap(&threads, &following)
      if threads.isEmpty, found != nil { break }
    }
    return found
  }
}
