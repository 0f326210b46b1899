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
    /// A string of a form: a regular expression, and one that it matches.
    case text(form: String, example: String)
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

    /// The path of a request, with its query.
    static let path = text(form: "^/", example: "/sleep?level=1")
    static let address = text(form: ":[0-9]+$", example: "127.0.0.1:3000")
    static let url = text(form: "^[hH][tT][tT][pP][sS]?://", example: "http://127.0.0.1:8000")
    static let webAddress = text(form: "^[hH][tT][tT][pP][sS]?://", example: "https://api.example.com/v2")
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
