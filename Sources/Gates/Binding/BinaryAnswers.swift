/// A model's answers as a question with two answers: does the row belong to the positive class?
struct BinaryAnswers: Sendable {
  /// Whether the model chose the positive class, row by row.
  let predictions: Result<[Bool], GateError>
  /// The model's score of the positive class, row by row.
  let scores: Result<[Double], GateError>

  /// Reads the answers with the data set's labels.
  ///
  /// A class is compared with the labels of the data set: texts as they are, whole numbers as numbers when all labels
  /// are. Anything else is an error: nothing says which text a number stands for.
  ///
  /// A score of one column is the positive class's. Of several columns, the one whose key is the positive class; without
  /// keys the order of classes is read off the answers themselves: the class of a row is that of its largest
  /// score. Where they disagree and the classes are 0 and 1, columns are in their order.
  init(
    _ answers: ModelAnswers, positive: String, labels: [String], missingClass: GateError, missingScore: GateError
  ) {
    let vocabulary = ClassVocabulary(positive: positive, labels: labels)
    predictions =
      answers.classes.map { classes in
        Result { () throws(GateError) in try vocabulary.arePositive(classes) }
      } ?? .failure(missingClass)
    scores =
      answers.scores.map { scores in
        Result { () throws(GateError) in
          let column = try vocabulary.positiveColumn(of: scores, classes: answers.classes)
          return stride(from: column, to: scores.values.count, by: scores.width).map { scores.values[$0] }
        }
      } ?? .failure(missingScore)
  }
}

/// Which of a model's classes is the positive one.
struct ClassVocabulary: Sendable {
  private let positive: String
  private let labels: Set<String>
  /// The labels as numbers, when all of them are whole numbers.
  private let numbers: Set<Int64>?
  private let positiveNumber: Int64

  private static let zeroAndOne: Set<Int64> = [0, 1]

  init(positive: String, labels: [String]) {
    self.positive = positive
    self.labels = Set(labels)
    let numbers = Set(self.labels.compactMap(Self.wholeNumber))
    // "1" and "1.0" beside each other are two labels and one number.
    if numbers.count == self.labels.count, let number = Self.wholeNumber(positive) {
      self.numbers = numbers
      positiveNumber = number
    } else {
      self.numbers = nil
      positiveNumber = 1
    }
  }

  /// Tables write whole numbers as `1.0` as well, where a column once had missing cells.
  private static func wholeNumber(_ text: String) -> Int64? {
    Int64(text) ?? Double(text).flatMap(Int64.init(exactly:))
  }

  func arePositive(_ classes: ModelAnswers.Classes) throws(GateError) -> [Bool] {
    switch classes {
    case .texts(let texts):
      if let stranger = texts.first(where: { !labels.contains($0) }) {
        throw Self.unknown("'\(stranger.prefix(40))'", labels)
      }
      return texts.map { $0 == positive }
    case .integers(let classes):
      let known = try numberedLabels()
      if let stranger = classes.first(where: { !known.contains($0) }) {
        throw Self.unknown("\(stranger)", labels)
      }
      return classes.map { $0 == positiveNumber }
    }
  }

  func positiveColumn(of scores: ModelAnswers.Scores, classes: ModelAnswers.Classes?) throws(GateError) -> Int {
    switch scores.keys {
    case .strings(let keys)?:
      if let column = keys.firstIndex(of: positive) { return column }
      throw Self.unknown("score keys \(keys.prefix(12))", labels)
    case .integers(let keys)?:
      let known = try numberedLabels()
      if Set(keys).isSubset(of: known), let column = keys.firstIndex(of: positiveNumber) { return column }
      throw Self.unknown("score keys \(keys.prefix(12))", labels)
    case nil: break
    }
    guard scores.width > 1 else { return 0 }
    if let classes, let column = try observedColumn(of: scores, areChosen: arePositive(classes)) { return column }
    let areTexts =
      if case .texts? = classes { true } else { false }
    if scores.width == 2, !areTexts, numbers == Self.zeroAndOne { return Int(positiveNumber) }
    throw GateError(
      .outputsUnbound,
      "which of the \(scores.width) score columns is the positive class '\(positive.prefix(40))' cannot be told from "
        + "the answers; export the scores as one column, or with ZipMap")
  }

  /// The labels as numbers, for a model that names its classes by numbers.
  private func numberedLabels() throws(GateError) -> Set<Int64> {
    if let numbers { return numbers }
    throw GateError(
      .outputsUnbound,
      "the model gives its class as a whole number, and the data set's labels are \(labels.sorted().prefix(12)): which "
        + "number is '\(positive.prefix(40))' cannot be told; export the class as text, or label the data 0 and 1")
  }

  /// The column that is largest exactly in the rows of the positive class, nil when rows disagree or say nothing.
  private func observedColumn(of scores: ModelAnswers.Scores, areChosen: [Bool]) -> Int? {
    var chosenAt: Int?
    var otherAt: Set<Int> = []
    for (row, isChosen) in areChosen.enumerated() {
      let start = row * scores.width
      var best = 0
      var isUnique = true
      for column in 1..<scores.width {
        let value = scores.values[start + column]
        if value > scores.values[start + best] {
          best = column
          isUnique = true
        } else if !(value < scores.values[start + best]) {
          isUnique = false
        }
      }
      guard isUnique else { continue }
      if isChosen {
        if let chosenAt, chosenAt != best { return nil }
        chosenAt = best
      } else {
        otherAt.insert(best)
      }
    }
    if let chosenAt { return otherAt.contains(chosenAt) ? nil : chosenAt }
    // The model never chose the positive class: of two columns it is the one that never won.
    guard scores.width == 2, otherAt.count == 1, let other = otherAt.first else { return nil }
    return 1 - other
  }

  private static func unknown(_ what: String, _ labels: Set<String>) -> GateError {
    GateError(
      .outputsUnbound,
      "the model gives class \(what), and the data set's labels are \(labels.sorted().prefix(12)); "
        + "train the model on the same labels")
  }
}
