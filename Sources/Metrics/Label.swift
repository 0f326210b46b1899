/// What may stand as the value of a label: something out of a bounded set, never text that a request brought along.
///
/// An enumeration with `String` raw values conforms by saying so.
package protocol LabelValue: Sendable {
  /// The value as it is exposed, not yet escaped.
  var labelValue: String { get }
}

extension LabelValue where Self: RawRepresentable, RawValue == String {
  package var labelValue: String { rawValue }
}

extension String: LabelValue {
  package var labelValue: String { self }
}

extension Int: LabelValue {
  package var labelValue: String { description }
}

extension Bool: LabelValue {
  package var labelValue: String { description }
}

/// The name of a label together with the type of its values, so that a look-up with too few labels, or with two of them
/// swapped, does not compile.
package struct Label<Value: LabelValue>: Sendable, ExpressibleByStringLiteral {
  let name: String

  /// - Parameter name: letters, digits and underscores, no digit first.
  package init(_ name: String, of type: Value.Type = Value.self) { self.name = name }
  package init(stringLiteral name: String) { self.name = name }
}

/// The names of a family's labels, in the order in which it declares them.
func labelNames<each Value: LabelValue>(_ labels: repeat Label<each Value>) -> [String] {
  var names: [String] = []
  repeat names.append((each labels).name)
  return names
}

/// The values of one child, in the order in which its family declares the labels.
func labelValues<each Value: LabelValue>(_ values: repeat each Value) -> [String] {
  var texts: [String] = []
  repeat texts.append((each values).labelValue)
  return texts
}
