import Datasets
import Domain
import HeadgateRuntime
import HeadgateTensors
import Testing

@testable import Gates

@Suite struct `Binding columns to inputs` {
  static func dataset() throws -> Dataset {
    let text = "a,b-c,w,part,y\n1,2,x,test,yes\n3,,z,test,no\n1.5,300,,test,no\n"
    let file = try #require(RepositoryPath("d.csv"))
    return try Dataset(
      DatasetSpec(
        name: DatasetName("d"), file: file, digest: Digest.sha256(of: text), missing: [""],
        label: LabelSpec(column: "y", positive: "yes"), splitColumn: "part", exclude: ["w"]),
      bytes: Array(text.utf8))
  }

  static func input(_ name: String, _ shape: [Int?]?, _ type: ElementType = .float) -> ValueInfo {
    ValueInfo(name: name, kind: .tensor, elementType: type, shape: shape)
  }

  @Test func `takes a column for each input, or the listed features for one matrix`() throws {
    let data = try Self.dataset()
    let each = try InputBinding(
      [Self.input("a", [nil, 1]), Self.input("b-c", [nil])], features: nil, dataset: data)
    #expect(each.inputs.map(\.columns) == [["a"], ["b-c"]])
    #expect(each.fixedRowCount == nil)
    let matrix = try InputBinding([Self.input("X", [nil, 2])], features: ["b-c", "a"], dataset: data)
    #expect(matrix.inputs.map(\.columns) == [["b-c", "a"]])
    let fixed = try InputBinding([Self.input("a", [4, 1])], features: nil, dataset: data)
    #expect(fixed.fixedRowCount == 4)
  }

  @Test(arguments: [
    ([ValueInfo(name: "X", kind: .tensor, elementType: .float, shape: [nil, 2])], nil, "serving.features"),
    ([ValueInfo(name: "X", kind: .tensor, elementType: .float, shape: nil)], nil, "serving.features"),
    ([ValueInfo(name: "X", kind: .tensor, elementType: .float, shape: [nil, 3])], ["a", "b-c"], "lists 2 columns"),
    ([ValueInfo(name: "b_c", kind: .tensor, elementType: .float, shape: [nil, 1])], nil, "did you mean column 'b-c'"),
    ([ValueInfo(name: "q", kind: .tensor, elementType: .float, shape: [nil, 1])], nil, "does not have"),
    ([ValueInfo(name: "y", kind: .tensor, elementType: .string, shape: [nil, 1])], nil, "which is the label"),
    ([ValueInfo(name: "w", kind: .tensor, elementType: .string, shape: [nil, 1])], nil, "which is excluded"),
    ([ValueInfo(name: "part", kind: .tensor, elementType: .string, shape: [nil])], nil, "which is the split"),
    ([ValueInfo(name: "a", kind: .tensor, elementType: .float, shape: [nil, 1, 1])], nil, "[rows, columns]"),
    ([ValueInfo(name: "a", kind: .tensor, elementType: .float, shape: [3])], nil, "may be one row or 3"),
    ([ValueInfo(name: "a", kind: .tensor, elementType: .complex64, shape: [nil])], nil, "no column can fill"),
    ([ValueInfo(name: "a", kind: .sequence, elementType: .float, shape: nil)], nil, "only tensors"),
    ([], nil, "no inputs"),
    (
      [
        ValueInfo(name: "a", kind: .tensor, elementType: .float, shape: [2, 1]),
        ValueInfo(name: "b-c", kind: .tensor, elementType: .float, shape: [3, 1]),
      ], nil, "different numbers of rows"
    ),
  ])
  func `says what does not fit`(inputs: [ValueInfo], features: [String]?, message: String) throws {
    let error = try #require(throws: GateError.self) {
      try InputBinding(inputs, features: features, dataset: Self.dataset())
    }
    #expect(error.reason == .inputsUnbound)
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test func `gives NaN and the empty string for missing cells`() throws {
    let data = try Self.dataset()
    let split = try data.split("test")
    let numbers = try BoundColumns(
      InputBinding([Self.input("X", [nil, 2], .double)], features: ["a", "b-c"], dataset: data), split: split)
    let matrix = try #require(numbers.tensors(from: 1, count: 2)["X"])
    #expect(matrix.shape == [2, 2])
    let elements = try matrix.doubles()
    #expect(elements[0] == 3 && elements[1].isNaN && elements[2] == 1.5 && elements[3] == 300)
    let texts = try BoundColumns(
      InputBinding([Self.input("b-c", [nil, 1], .string)], features: nil, dataset: data), split: split)
    // The last row fills up a run of a fixed number of rows.
    #expect(try texts.tensors(from: 1, count: 4)["b-c"]?.strings() == ["", "300", "300", "300"])
  }

  @Test(arguments: [
    (ElementType.int64, "a", "d.csv:4:1", "1.5 does not fit"),
    (.int64, "b-c", "d.csv:3:3", "a missing value does not fit"),
    (.uint8, "b-c", "d.csv:3:3", "a missing value"),
    (.bool, "a", "d.csv:3:1", "3.0 does not fit"),
  ])
  func `names the cell that an input cannot hold`(
    type: ElementType, column: String, place: String, message: String
  ) throws {
    let data = try Self.dataset()
    let error = try #require(throws: GateError.self) {
      try BoundColumns(
        InputBinding([Self.input(column, [nil, 1], type)], features: nil, dataset: data), split: data.split("test"))
    }
    #expect(error.message.hasPrefix(place), "\(error.message)")
    #expect(error.message.contains(message))
  }

  @Test(arguments: [
    ElementType.float, .double, .float16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool,
  ])
  func `converts to every numeric type`(type: ElementType) throws {
    let tensor = try NumericInput.tensor(type, shape: [2], [0, 1])
    #expect(tensor.elementType == type)
    #expect(tensor.count == 2)
    #expect(NumericInput.fits(1, type))
    #expect(NumericInput.supports(type))
    #expect(NumericInput.fits(1e300, type) == [.float, .double, .float16].contains(type))
  }
}

@Suite struct `Reading a model's outputs` {
  static let label = ValueInfo(name: "label", kind: .tensor, elementType: .string, shape: [nil])
  static let score = ValueInfo(name: "score", kind: .tensor, elementType: .float, shape: [nil, 2])
  static let logit = ValueInfo(name: "logit", kind: .tensor, elementType: .float, shape: [nil])
  static let maps = ValueInfo(name: "maps", kind: .maps(keys: .string), elementType: .float, shape: nil)
  static let none = GateError(.outputsUnbound, "none")

  @Test func `finds the only class and the only score`() throws {
    let binding = OutputBinding([Self.label, Self.score], serving: ServingSpec())
    #expect(binding.names == ["label", "score"])
    let zipMap = OutputBinding([Self.label, Self.maps], serving: ServingSpec())
    #expect(zipMap.names == ["label", "maps"])
    let named = OutputBinding([Self.score, Self.logit, Self.label], serving: ServingSpec(scoreOutput: "score"))
    #expect(named.names == ["label", "score"])
  }

  @Test(arguments: [
    ([score, logit, label], ServingSpec(), "several outputs may be the score"),
    ([label], ServingSpec(), "the model gives no score"),
    ([label, score], ServingSpec(scoreOutput: "scores"), "serving.outputs.score is 'scores'"),
    ([label, score], ServingSpec(scoreOutput: "label"), "a score is floating-point numbers"),
  ])
  func `never guesses the score`(outputs: [ValueInfo], serving: ServingSpec, message: String) throws {
    let error = try #require(throws: GateError.self) { try OutputBinding(outputs, serving: serving).scoreOutput.get() }
    #expect(error.message.contains(message), "\(error.message)")
  }

  static func answers(_ classes: ModelAnswers.Classes?, _ rows: [[Double]], keys: Value.MapKeys? = nil) throws
    -> ModelAnswers
  {
    var answers = ModelAnswers()
    if let classes {
      let value: Tensor =
        switch classes {
        case .texts(let texts): try Tensor(shape: [texts.count], strings: texts)
        case .integers(let integers): try Tensor(shape: [integers.count], integers: integers)
        }
      try answers.append(classes: .tensor(value), count: rows.count, padded: rows.count, name: "label")
    }
    let scores = try Tensor(shape: [rows.count, rows[0].count], doubles: rows.flatMap { $0 })
    try answers.append(
      scores: keys.map { .maps(keys: $0, scores: scores) } ?? .tensor(scores), count: rows.count, padded: rows.count,
      name: "score")
    return answers
  }

  static func binary(_ answers: ModelAnswers, positive: String = "yes", labels: [String] = ["no", "yes"])
    -> BinaryAnswers
  {
    BinaryAnswers(answers, positive: positive, labels: labels, missingClass: none, missingScore: none)
  }

  @Test func `takes the positive key of a ZipMap`() throws {
    let rows = [[0.2, 0.8], [0.9, 0.1]]
    let texts = try Self.answers(nil, rows, keys: .strings(["yes", "no"]))
    #expect(try Self.binary(texts).scores.get() == [0.2, 0.9])
    let numbers = try Self.answers(nil, rows, keys: .integers([0, 1]))
    #expect(try Self.binary(numbers, positive: "1", labels: ["0", "1"]).scores.get() == [0.8, 0.1])
    #expect(try Self.binary(numbers, positive: "0", labels: ["0", "1"]).scores.get() == [0.2, 0.9])
    let strangers = try Self.answers(nil, rows, keys: .strings(["good", "bad"]))
    #expect(throws: GateError.self) { try Self.binary(strangers).scores.get() }
  }

  @Test func `reads the order of two columns off the classes`() throws {
    let rows = [[0.2, 0.8], [0.9, 0.1]]
    #expect(try Self.binary(Self.answers(.texts(["yes", "no"]), rows)).scores.get() == [0.8, 0.1])
    #expect(try Self.binary(Self.answers(.texts(["no", "yes"]), rows)).scores.get() == [0.2, 0.9])
    // The positive class was never chosen: it is the column that never won.
    #expect(
      try Self.binary(Self.answers(.texts(["no", "no"]), [[0.9, 0.1], [0.8, 0.2]])).scores.get() == [0.1, 0.2])
    let three = try Self.answers(.texts(["b", "a", "c"]), [[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0, 0.1, 0.9]])
    #expect(try Self.binary(three, positive: "b", labels: ["a", "b", "c"]).scores.get() == [0.7, 0.3, 0.1])
  }

  @Test func `takes column 1 of classes 0 and 1 that follow another threshold`() throws {
    let rows = [[0.7, 0.3], [0.9, 0.1], [0.2, 0.8]]
    let answers = try Self.binary(Self.answers(.integers([1, 0, 1]), rows), positive: "1", labels: ["0", "1"])
    #expect(try answers.scores.get() == [0.3, 0.1, 0.8])
    #expect(try answers.predictions.get() == [true, false, true])
  }

  @Test func `refuses columns whose order nothing tells`() throws {
    let rows = [[0.7, 0.3], [0.9, 0.1], [0.2, 0.8]]
    for answers in [try Self.answers(.texts(["yes", "no", "yes"]), rows), try Self.answers(nil, rows)] {
      let error = try #require(throws: GateError.self) { try Self.binary(answers).scores.get() }
      #expect(error.message.contains("export the scores as one column, or with ZipMap"))
    }
  }

  @Test func `compares classes with the data set's labels`() throws {
    let rows = [[0.5], [0.5]]
    let german = ["1", "2"]
    let whole = try Self.answers(.integers([2, 1]), rows)
    #expect(try Self.binary(whole, positive: "2", labels: german).predictions.get() == [true, false])
    let zeroOne = try Self.answers(.integers([0, 1]), rows)
    #expect(throws: GateError.self) { try Self.binary(zeroOne, positive: "2", labels: german).predictions.get() }
    #expect(try Self.binary(zeroOne, positive: "1", labels: ["0", "1"]).predictions.get() == [false, true])
    #expect(try Self.binary(zeroOne, positive: "0.0", labels: ["0.0", "1.0"]).predictions.get() == [true, false])
    let other = try Self.answers(.texts(["yes", "maybe"]), rows)
    let error = try #require(throws: GateError.self) { try Self.binary(other).predictions.get() }
    #expect(error.message.contains("'maybe'"))
  }

  @Test(arguments: [["no", "yes"], ["1", "yes"], ["1", "1.0", "yes"], ["0.5", "yes"]])
  func `never guesses which text a number stands for`(labels: [String]) throws {
    let rows = [[0.2, 0.8], [0.9, 0.1]]
    let classes = try Self.binary(Self.answers(.integers([1, 0]), rows), labels: labels)
    let keys = try Self.binary(Self.answers(nil, rows, keys: .integers([0, 1])), labels: labels)
    for answer in [classes.predictions.map { _ in }, classes.scores.map { _ in }, keys.scores.map { _ in }] {
      let error = try #require(throws: GateError.self) { try answer.get() }
      #expect(error.reason == .outputsUnbound)
      #expect(error.message.contains("export the class as text, or label the data 0 and 1"), "\(error.message)")
    }
  }

  @Test func `refuses two labels that are one number`() throws {
    let answers = try Self.answers(.integers([1, 0]), [[0.5], [0.5]])
    #expect(throws: GateError.self) {
      try Self.binary(answers, positive: "1", labels: ["0", "1", "1.0"]).predictions.get()
    }
  }

  @Test func `refuses outputs of another size than the rows`() throws {
    var answers = ModelAnswers()
    let two = Value.tensor(try Tensor(shape: [2], floats: [0, 1]))
    #expect(throws: GateError.self) { try answers.append(scores: two, count: 3, padded: 3, name: "score") }
    #expect(throws: GateError.self) { try answers.append(classes: nil, count: 3, padded: 3, name: "label") }
  }
}
