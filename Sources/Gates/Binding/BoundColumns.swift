import Datasets
import HeadgateTensors

/// The columns of one split, read once and cut into the tensors of each run.
struct BoundColumns: Sendable {
  private enum Content {
    case numbers([[Double]])
    case texts([TextColumn])
  }

  private let binding: InputBinding
  private let contents: [Content]
  /// Rows of the split.
  let rowCount: Int

  /// Reads the columns that the binding names.
  ///
  /// - Throws: `GateError.datasetUnusable` for a cell that is no number, `inputsUnbound` for one that the input's type cannot
  ///   hold, each with the place of the cell.
  init(_ binding: InputBinding, split: DatasetSplit) throws(GateError) {
    var contents: [Content] = []
    for input in binding.inputs {
      do throws(DatasetError) {
        if input.info.elementType == .string {
          var columns: [TextColumn] = []
          for column in input.columns { columns.append(try split.texts(column)) }
          contents.append(.texts(columns))
          continue
        }
        var columns: [[Double]] = []
        for column in input.columns {
          let numbers = try split.numbers(column)
          if let row = numbers.firstIndex(where: { !NumericInput.fits($0, input.info.elementType) }) {
            let what = numbers[row].isNaN ? "a missing value" : "\(numbers[row])"
            throw split.error(
              row: row, column: column,
              "\(what) does not fit input '\(input.info.name)' (\(input.info.summary)); "
                + "export the input as float, or correct the cell")
          }
          columns.append(numbers)
        }
        contents.append(.numbers(columns))
      } catch {
        throw GateError(error)
      }
    }
    self.binding = binding
    self.contents = contents
    rowCount = split.count
  }

  /// The inputs of one run. Rows beyond the last repeat it, to fill a fixed number of rows.
  func tensors(from start: Int, count: Int) throws(GateError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    let rows = (start..<start + count).map { min($0, rowCount - 1) }
    for (input, content) in zip(binding.inputs, contents) {
      let shape: Shape = input.info.shape?.count == 1 ? [count] : [count, input.columns.count]
      do throws(TensorError) {
        switch content {
        case .numbers(let columns):
          var numbers: [Double] = []
          numbers.reserveCapacity(count * columns.count)
          for row in rows { for column in columns { numbers.append(column[row]) } }
          tensors[input.info.name] = try NumericInput.tensor(input.info.elementType, shape: shape, numbers)
        case .texts(let columns):
          var texts: [String] = []
          texts.reserveCapacity(count * columns.count)
          for row in rows {
            for column in columns {
              let code = column.codes[row]
              texts.append(code == TextColumn.missing ? "" : column.values[Int(code)])
            }
          }
          tensors[input.info.name] = try Tensor(shape: shape, strings: texts)
        }
      } catch {
        throw GateError(error)
      }
    }
    return tensors
  }
}
