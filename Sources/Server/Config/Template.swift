/// A configuration's string with its `${…}` parts; `$${` is a literal `${`.
struct Template {
  enum Segment: Hashable {
    case text(String)
    case environment(name: String, fallback: String?)
    case port, model, switcher
  }

  /// What is wrong with a template, worded for a person.
  struct Fault: Error, Hashable {
    let message: String
  }

  /// What the parts stand for where the string was written.
  struct Scope {
    let environment: [String: String]
    /// The path of this program.
    let executable: String
    /// The model that the string belongs to, and its port; nil outside a model.
    var model: (name: String, port: () -> UInt16?)?
  }

  let segments: [Segment]

  init(parsing text: String) throws(Fault) {
    var segments: [Segment] = []
    var rest = text[...]
    while let dollar = rest.firstRange(of: "${") {
      let before = rest[..<dollar.lowerBound]
      if before.hasSuffix("$") {
        segments.append(.text(before + "{"))
        rest = rest[dollar.upperBound...]
        continue
      }
      guard let end = rest[dollar.upperBound...].firstIndex(of: "}") else {
        throw Fault(message: "found \"\(rest[dollar.lowerBound...])\", expected a closing brace")
      }
      segments.append(.text(String(before)))
      segments.append(try Self.variable(rest[dollar.upperBound..<end]))
      rest = rest[rest.index(after: end)...]
    }
    self.segments = segments + [.text(String(rest))]
  }

  /// The string with every part replaced. An environment variable that is empty counts as unset where there is a
  /// fallback, as in the shell.
  func resolved(in scope: Scope) throws(Fault) -> String {
    var text = ""
    for segment in segments { text += try Self.value(of: segment, in: scope) }
    return text
  }

  private static func variable(_ inner: Substring) throws(Fault) -> Segment {
    switch inner {
    case "PORT": return .port
    case "MODEL": return .model
    case "SWITCHER": return .switcher
    default: break
    }
    let name = inner.dropFirst("env.".count)
    guard inner.hasPrefix("env."), !name.isEmpty, !name.hasPrefix(":-") else {
      throw Fault(
        message: "found \"${\(inner)}\", expected ${env.NAME}, ${env.NAME:-default}, ${PORT}, ${MODEL} or ${SWITCHER}; "
          + "$${ stands for a literal ${")
    }
    guard let mark = name.firstRange(of: ":-") else { return .environment(name: String(name), fallback: nil) }
    return .environment(name: String(name[..<mark.lowerBound]), fallback: String(name[mark.upperBound...]))
  }

  private static func value(of segment: Segment, in scope: Scope) throws(Fault) -> String {
    switch segment {
    case .text(let text): return text
    case .switcher: return scope.executable
    case .environment(let name, let fallback):
      if let value = scope.environment[name], fallback == nil || !value.isEmpty { return value }
      guard let fallback else {
        throw Fault(message: "the environment variable \(name) is not set; ${env.\(name):-default} gives it a default")
      }
      return fallback
    case .model:
      guard let model = scope.model else {
        throw Fault(message: "found ${MODEL}, which has a meaning inside a model only")
      }
      return model.name
    case .port:
      guard let model = scope.model else {
        throw Fault(message: "found ${PORT}, which has a meaning inside a model only")
      }
      guard let port = model.port() else { throw Fault(message: "found no free port for ${PORT}") }
      return "\(port)"
    }
  }
}

extension LocatedJSON {
  /// Whether `${PORT}` occurs in any of its strings.
  var mentionsPort: Bool {
    switch value {
    case .string(let raw): (try? Template(parsing: raw))?.segments.contains(.port) ?? false
    case .array(let elements): elements.contains { $0.mentionsPort }
    case .object(let members): members.contains { $0.value.mentionsPort }
    case .null, .bool, .number: false
    }
  }
}

extension Substring {
  fileprivate func firstRange(of pattern: String) -> Range<Index>? {
    indices.first { self[$0...].hasPrefix(pattern) }.map { $0..<index($0, offsetBy: pattern.count) }
  }
}
