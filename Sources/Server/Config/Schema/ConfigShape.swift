/// The keys that an object of the configuration may have, and what each may hold.
///
/// The reader takes no key that its object's shape does not have, and a test feeds it each one: so the schema that is made
/// of the shapes knows what the reader knows.
struct ConfigShape: Sendable {
  /// One key.
  struct Property: Sendable {
    let key: String
    let value: Value
    /// What it is for, in a line.
    let summary: String

    init(_ key: String, _ value: Value, _ summary: String) {
      self.key = key
      self.value = value
      self.summary = summary
    }
  }

  /// What a key may hold.
  indirect enum Value: Sendable {
    case string
    /// A string that is not empty.
    case word
    /// The path of a request, with its query.
    case path
    case bool
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int>)
    case choice([String])
    case array(Value)
    case object(ConfigShape)
    /// An object whose keys are names.
    case map(Value)
    case oneOf([Value])
    case any

    /// Seconds, of which a fraction counts, up to a year.
    static let seconds = number(0...31_536_000)
    /// Seconds after which something is given up.
    static let timeout = number(0.001...31_536_000)
    static let port = integer(1...65_535)
    static let portOrNone = integer(0...65_535)
    static let count = integer(1...Int.max)
  }

  /// How the schema calls it.
  let name: String
  let properties: [Property]
  var required: [String] = []

  func has(_ key: String) -> Bool { properties.contains { $0.key == key } }
}
