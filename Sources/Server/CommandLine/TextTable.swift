/// Rows of cells as lines whose columns stand below each other.
struct TextTable {
  /// The first one has the columns' names; all are of the same length.
  let rows: [[String]]

  var text: String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return (cells.dropLast() + row.suffix(1)).joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
