import HeadgateTensors

/// The equation of an Einsum: which labels the axes of each operand and of the output have.
struct EinsumEquation: Sendable {
  /// Stands for as many axes as the operand has more than its term has letters.
  static let ellipsis = 0

  /// A label for each axis: the letter's code, or `ellipsis`.
  let terms: [[Int]]
  /// Nil when the equation leaves it to the convention.
  let output: [Int]?

  init(_ text: String) throws(TensorError) {
    let sides = try EinsumEquation.sides(text.utf8.filter { $0 != UInt8(ascii: " ") })
    var terms: [[Int]] = []
    for term in sides.left.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      terms.append(try EinsumEquation.labels(term))
    }
    self.terms = terms
    output = try sides.right.map { (right) throws(TensorError) in try EinsumEquation.labels(right) }
    if let output, Set(output).count != output.count {
      throw TensorError(.invalidValue, "the equation repeats a label in its output")
    }
  }

  /// Both sides of the arrow.
  private static func sides(_ text: [UInt8]) throws(TensorError) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>?)
  {
    guard let arrow = text.firstIndex(of: UInt8(ascii: ">")) else { return (text[...], nil) }
    guard arrow > 0, text[arrow - 1] == UInt8(ascii: "-") else {
      throw TensorError(.invalidValue, "the equation has a '>' that belongs to no '->'")
    }
    return (text[..<(arrow - 1)], text[(arrow + 1)...])
  }

  private static func labels(_ term: ArraySlice<UInt8>) throws(TensorError) -> [Int] {
    var labels: [Int] = []
    var rest = term
    while let character = rest.popFirst() {
      switch character {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        labels.append(Int(character))
      case UInt8(ascii: ".") where rest.prefix(2).elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]):
        guard !labels.contains(ellipsis) else {
          throw TensorError(.invalidValue, "a term of the equation has two ellipses")
        }
        labels.append(ellipsis)
        rest = rest.dropFirst(2)
      default:
        throw TensorError(.invalidValue, "the equation has the unexpected character of code \(character)")
      }
    }
    return labels
  }

  /// The labels of all axes when operands have these ranks: the axes of an ellipsis are counted from its
  /// end, so that those of different operands meet as broadcasting wants it.
  func resolved(ranks: [Int]) throws(TensorError) -> (terms: [[Int]], output: [Int]) {
    guard ranks.count == terms.count else {
      throw TensorError(.shape, "the equation has \(terms.count) terms for \(ranks.count) operands")
    }
    var resolved: [[Int]] = []
    var widest = 0
    for (index, term) in terms.enumerated() {
      let letters = term.count - (term.contains(EinsumEquation.ellipsis) ? 1 : 0)
      let surplus = ranks[index] - letters
      guard surplus == 0 || (surplus > 0 && letters < term.count) else {
        throw TensorError(.shape, "operand \(index) has \(ranks[index]) axes, its term \(letters) letters")
      }
      widest = max(widest, surplus)
      resolved.append(EinsumEquation.spread(term, surplus))
    }
    if let output { return (resolved, EinsumEquation.spread(output, widest)) }
    // By convention the output has the letters that occur once, in order, after the axes of the ellipsis.
    var occurrences: [Int: Int] = [:]
    for label in terms.joined() where label != EinsumEquation.ellipsis { occurrences[label, default: 0] += 1 }
    let single = occurrences.filter { $0.value == 1 }.keys.sorted()
    return (resolved, EinsumEquation.spread([EinsumEquation.ellipsis] + single, widest))
  }

  /// Labels of ellipsis axes are negative: -1 is the last one.
  private static func spread(_ term: [Int], _ count: Int) -> [Int] {
    term.flatMap { $0 == ellipsis ? (0..<count).map { $0 - count } : [$0] }
  }
}
