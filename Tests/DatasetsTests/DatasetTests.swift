import Domain
import Foundation
import Testing

@testable import Datasets

/// A data set of a CSV text, with the text's own digest.
func dataset(
  _ text: String, missing: [String] = [], label: LabelSpec? = LabelSpec(column: "y", positive: "yes"),
  split: String? = "part", sensitive: [SensitiveAttribute] = [], exclude: [String] = []
) throws -> Dataset {
  let file = try #require(RepositoryPath("data/people.csv"))
  let spec = DatasetSpec(
    name: DatasetName("people"), file: file, digest: Digest.sha256(of: text), missing: missing, label: label,
    splitColumn: split, sensitive: sensitive, exclude: exclude)
  return try Dataset(spec, bytes: Array(text.utf8))
}

@Suite struct `A data set` {
  static let text = """
    id,age,sex,part,y
    1,20,f,test,yes
    2,25,m,train,no
    3,44.5,f,test,no
    4,45,?,test,yes
    5,?,m,test,no

    """
  static let sensitive = [
    SensitiveAttribute(column: "sex"), SensitiveAttribute(column: "age", bins: [25, 45, 65]),
  ]

  @Test func `is the file that the spec's digest names`() throws {
    let file = try #require(RepositoryPath("people.csv"))
    let spec = DatasetSpec(name: DatasetName("people"), file: file, digest: Digest.sha256(of: "other"))
    let error = try #require(throws: DatasetError.self) { try Dataset(spec, bytes: Array(Self.text.utf8)) }
    #expect(error.code == .digestMismatch)
    #expect(error.message.contains(Digest.sha256(of: Self.text).description))
  }

  @Test func `has every column that the spec names`() throws {
    let error = try #require(throws: DatasetError.self) { try dataset(Self.text, exclude: ["weight"]) }
    #expect(error.code == .unknownName)
    #expect(error.message.contains("no column 'weight'; it has 'id', 'age', 'sex', 'part', 'y'"))
  }

  @Test func `gives the rows of a split in order`() throws {
    let split = try dataset(Self.text, missing: ["?"]).split("test")
    #expect(split.rows == [0, 2, 3, 4])
    let labels = try split.labels()
    #expect(labels.isPositive == [true, false, true, false])
    #expect(labels.values == ["no", "yes"])
    let ages = try split.numbers("age")
    #expect(ages[0...2] == [20, 44.5, 45])
    #expect(ages[3].isNaN)
    #expect(try split.kind(of: "age") == .number)
    #expect(try split.kind(of: "sex") == .text)
  }

  @Test func `says which splits there are`() throws {
    let error = try #require(throws: DatasetError.self) { try dataset(Self.text).split("tset") }
    #expect(error.message.contains("column 'part' has 'test', 'train'"))
    let none = try #require(throws: DatasetError.self) { try dataset(Self.text, split: nil).split("test") }
    #expect(none.message.contains("has no splits"))
  }

  @Test func `refuses a positive label that no row has, and a row without a label`() throws {
    let label = LabelSpec(column: "y", positive: "Yes")
    let error = try #require(throws: DatasetError.self) { try dataset(Self.text, label: label).split("test").labels() }
    #expect(error.message.contains("column 'y' has 'no', 'yes'"))
    let missing = try #require(throws: DatasetError.self) {
      try dataset(Self.text, missing: ["no"]).split("test").labels()
    }
    #expect(missing.message.hasPrefix("people.csv:4:"))
    let unlabelled = try #require(throws: DatasetError.self) {
      try dataset(Self.text, label: nil).split("test").labels()
    }
    #expect(unlabelled.message.contains("has no label"))
  }

  @Test func `groups texts by value and numbers by bins, rows without a value apart`() throws {
    let split = try dataset(Self.text, missing: ["?"], sensitive: Self.sensitive).split("test")
    let sex = try split.groups(by: "sex")
    #expect(sex.names == ["f", "m", "(missing)"])
    #expect(sex.codes == [0, 0, 2, 1])
    let age = try split.groups(by: "age")
    // An edge belongs to the bin above it.
    #expect(age.names == ["<25", "25 to <45", "45 to <65", ">=65", "(missing)"])
    #expect(age.codes == [0, 1, 2, 4])
    let error = try #require(throws: DatasetError.self) { try split.groups(by: "id") }
    #expect(error.message.contains("it lists 'sex', 'age'"))
  }

  @Test func `refuses groups that cannot be compared`() throws {
    let text = "y,part,g\n" + (0...100).map { "yes,test,\($0)\n" }.joined()
    let many = try dataset(text, sensitive: [SensitiveAttribute(column: "g")]).split("test")
    #expect(throws: DatasetError.self) { try many.groups(by: "g") }
    for bins in [[], [2, 1], [1, 1], [.nan]] as [[Double]] {
      let split = try dataset(text, sensitive: [SensitiveAttribute(column: "g", bins: bins)]).split("test")
      #expect(throws: DatasetError.self) { try split.groups(by: "g") }
    }
  }

  @Test func `writes a split without excluded columns, to be read again`() throws {
    let text = "w,\"a,b\",part,y\n1,\"say \"\"x\"\"\",test,yes\n2,\"l\nm\",train,no\n3,,test,no\n"
    let split = try dataset(text, exclude: ["w"]).split("test")
    #expect(String(decoding: split.csv(), as: UTF8.self) == "\"a,b\",y\n\"say \"\"x\"\"\",yes\n,no\n")
    let single = try dataset("y,part\nyes,test\n,test\n").split("test")
    #expect(String(decoding: single.csv(), as: UTF8.self) == "y\nyes\n\"\"\n")
    #expect(try CSVTable(csv: single.csv(), name: "x").rowCount == 2)
  }

  @Test func `orders rows by content, whatever the order of rows, columns and group names`() throws {
    let one = try dataset(Self.text, sensitive: Self.sensitive).split("test")
    let shuffled = """
      "y",sex,part,age,id\r
      no,M,test,?,5\r
      "yes",W,test,20,1\r
      yes,?,test,45,4\r
      no,W,test,44.5,3\r

      """
    let other = try dataset(shuffled, sensitive: Self.sensitive).split("test")
    let order = one.canonicalOrder()
    let otherOrder = other.canonicalOrder()
    #expect(order.contentDigest == otherOrder.contentDigest)
    #expect(order.keys.sorted() == otherOrder.keys.sorted())
    #expect(order.keys[0] == otherOrder.keys[1])
    #expect(Set(order.keys).count == 4)
    let changed = try dataset(Self.text.replacing("44.5", with: "44"), sensitive: Self.sensitive).split("test")
    #expect(changed.canonicalOrder().contentDigest != order.contentDigest)
  }

  @Test func `is read from a regular file only`() throws {
    let file = try #require(RepositoryPath("people.csv"))
    let spec = DatasetSpec(name: DatasetName("people"), file: file, digest: Digest.sha256(of: Self.text))
    let path = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID()).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(Self.text.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try Dataset(spec, path: path).table.rowCount == 5)
    #expect(throws: DatasetError.self) { try Dataset(spec, path: "/dev/zero") }
    #expect(throws: DatasetError.self) { try Dataset(spec, path: path + ".absent") }
    let error = try #require(throws: DatasetError.self) {
      try Dataset(spec, path: path, limits: CSVLimits(byteCount: 10))
    }
    #expect(error.code == .tooLarge)
  }
}

@Suite struct `The Adult data set` {
  /// Counts from UCI's description of the data and of its two divisions.
  @Test func `reads as published`() throws {
    let url = repositoryRoot().appending(path: "examples/adult/adult.csv")
    let bytes = Array(try Data(contentsOf: url))
    let table = try CSVTable(csv: bytes, name: "adult.csv")
    #expect(table.rowCount == 48_842)
    #expect(table.columns.count == 16)
    let rows = Array(0..<table.rowCount)
    let missing = MissingMarkers([""])
    let kinds = table.columns.indices.map { table.kind(of: $0, rows: rows, missing: missing) }
    #expect(
      zip(table.columns, kinds).filter { $1 == .number }.map(\.0)
        == ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"])
    for column in table.columns.indices {
      if kinds[column] == .number {
        #expect(try table.numbers(of: column, rows: rows, missing: missing).count == 48_842)
      } else {
        #expect(try table.texts(of: column, rows: rows, missing: missing).codes.count == 48_842)
      }
    }
    let path = try #require(RepositoryPath("examples/adult/adult.csv"))
    let spec = DatasetSpec(
      name: DatasetName("adult"), file: path, digest: Digest.sha256(of: bytes), missing: [""],
      label: LabelSpec(column: "income", positive: ">50K"), splitColumn: "split",
      sensitive: [SensitiveAttribute(column: "sex"), SensitiveAttribute(column: "age", bins: [25, 45, 65])],
      exclude: ["fnlwgt"])
    let data = try Dataset(spec, bytes: bytes)
    let train = try data.split("train")
    let test = try data.split("test")
    #expect(train.count == 32_561)
    #expect(test.count == 16_281)
    #expect(try train.labels().isPositive.count { $0 } == 7_841)
    #expect(try test.labels().isPositive.count { $0 } == 3_846)
    let sex = try test.groups(by: "sex")
    #expect(sex.names == ["Female", "Male"])
    #expect(sex.codes.count { $0 == 0 } == 5_421)
    let withMissing = rows.count { row in
      table.columns.indices.contains { table.text(row: row, column: $0).isEmpty }
    }
    #expect(withMissing == 3_620)
  }
}
