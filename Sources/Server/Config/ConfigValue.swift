internal import Core

/// A value of the configuration on its way to its type: it knows its place and its path, and whatever is wrong with it
/// goes to the findings. A reader that answers nil has said why.
struct ConfigValue {
  let json: LocatedJSON
  let path: String
  let scope: Template.Scope
  let findings: ConfigurationFindings

  func fault(_ message: String) { findings.fault(message, path: path, at: json.position) }
  func fault(expected: String) { fault("found \(found), expected \(expected)") }
  func warn(_ message: String) { findings.warn(message, path: path, at: json.position) }

  /// The text with its `${…}` parts replaced.
  func string(expected: String = "a string") -> String? {
    guard case .string(let raw) = json.value else {
      fault(expected: expected)
      return nil
    }
    return resolved(raw)
  }

  /// A text that is not empty.
  func word(expected: String = "a string that is not empty") -> String? {
    guard let text = string(expected: expected) else { return nil }
    guard !text.isEmpty else {
      fault(expected: expected)
      return nil
    }
    return text
  }

  func bool() -> Bool? {
    switch scalar {
    case .bool(let value): return value
    case .string("true") where isTemplate: return true
    case .string("false") where isTemplate: return false
    case nil: return nil
    default:
      fault(expected: "true or false")
      return nil
    }
  }

  func number(in range: ClosedRange<Double>? = nil) -> Double? {
    guard let scalar else { return nil }
    let value = Self.spelling(of: scalar, isTemplate: isTemplate).flatMap(Double.init)
    if let value, value.isFinite, range?.contains(value) ?? true { return value }
    let limits = range.map { [$0.lowerBound, $0.upperBound].map { JSONValue.number($0).serialized() } } ?? []
    fault(expected: limits.isEmpty ? "a number" : "a number from " + limits.joined(separator: " to "))
    return nil
  }

  func integer(in range: ClosedRange<Int>) -> Int? {
    guard let scalar else { return nil }
    let value = Self.spelling(of: scalar, isTemplate: isTemplate).flatMap(Double.init).flatMap(Int.init(exactly:))
    if let value, range.contains(value) { return value }
    fault(
      expected: range.upperBound == .max
        ? "a whole number, \(range.lowerBound) or more"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  func port() -> UInt16? { integer(in: 1...65_535).map(UInt16.init) }

  /// A time in seconds, fractions allowed, of a year at most.
  func seconds() -> Duration? { number(in: 0...31_536_000).map { .seconds($0) } }

  /// A time in seconds after which something is given up: at least a millisecond.
  func timeout() -> Duration? { number(in: 0.001...31_536_000).map { .seconds($0) } }

  /// One of the words that `values` are spelled with.
  func choice<Value>(of values: [(String, Value)]) -> Value? {
    let expected = Spelling.alternatives(values.map(\.0))
    guard let text = string(expected: expected) else { return nil }
    if let value = values.first(where: { $0.0 == text })?.1 { return value }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }

  func array(expected: String = "an array") -> [ConfigValue]? {
    guard case .array(let elements) = json.value else {
      fault(expected: expected)
      return nil
    }
    return elements.enumerated().map { index, element in
      ConfigValue(json: element, path: "\(path)[\(index)]", scope: scope, findings: findings)
    }
  }

  func strings() -> [String]? { array(expected: "an array of strings")?.compactMap { $0.string() } }

  /// The members of an object whose keys are names, not options.
  func entries() -> [Entry]? {
    guard case .object(let members) = json.value else {
      fault(expected: "an object")
      return nil
    }
    return members.map { member in
      Entry(
        name: member.key, position: member.keyPosition,
        value: ConfigValue(json: member.value, path: child(member.key), scope: scope, findings: findings))
    }
  }

  struct Entry {
    let name: String
    let position: TextPosition
    let value: ConfigValue
  }

  /// Reads an object with `read`; afterwards, keys that it did not ask for are faults.
  /// - Parameter shape: has every key that `read` asks for.
  func object<Result>(_ shape: ConfigShape, _ read: (inout ConfigObject) -> Result) -> Result? {
    guard case .object(let members) = json.value else {
      fault(expected: "an object")
      return nil
    }
    var object = ConfigObject(self, as: shape, members: members)
    let result = read(&object)
    object.reportUnknownKeys()
    return result
  }

  /// The value as it is, with the `${…}` parts of all its strings replaced.
  func plain() -> JSONValue {
    switch json.value {
    case .string(let raw): .string(resolved(raw) ?? raw)
    case .array: .array((array() ?? []).map { $0.plain() })
    case .object: .object((entries() ?? []).map { JSONValue.Member($0.name, $0.value.plain()) })
    case .null, .bool, .number: json.plain
    }
  }

  func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// What was found, as a message shows it.
  private var found: String {
    switch json.value {
    case .array: "an array"
    case .object: "an object"
    case .string(let text) where text.count > 80: "\"\(text.prefix(80))…\""
    case .null, .bool, .number, .string: json.plain.serialized()
    }
  }

  private var isTemplate: Bool {
    guard case .string(let raw) = json.value else { return false }
    return raw.contains("${")
  }

  /// The value of a key that takes a number or a truth value: `"${env.X}"` stands for one too.
  private var scalar: LocatedJSON.Value? {
    guard case .string(let raw) = json.value else { return json.value }
    return resolved(raw).map { .string($0) }
  }

  private static func spelling(of scalar: LocatedJSON.Value, isTemplate: Bool) -> String? {
    switch scalar {
    case .number(let spelling): spelling
    case .string(let text) where isTemplate: text
    default: nil
    }
  }

  private func resolved(_ raw: String) -> String? {
    do throws(Template.Fault) {
      let template = try Template(parsing: raw)
      for case .environment(let name, _) in template.segments where Secrets.isTelling(name) {
        if let value = scope.environment[name] { findings.secrets.insert(value) }
      }
      return try template.resolved(in: scope)
    } catch {
      fault(error.message)
      return nil
    }
  }
}
