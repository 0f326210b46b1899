/// An object of the configuration whose keys are options: each may be spelled in snake case or in camel case, and those
/// that nobody asks for are faults.
struct ConfigObject {
  let value: ConfigValue
  /// What `${…}` stands for in the values that are taken from here on.
  var scope: Template.Scope
  private var members: [String: LocatedJSON.Member] = [:]
  private var known: [String] = []

  /// Duplicate keys have been reported by then, but not yet two spellings of one.
  init(_ value: ConfigValue, members: [LocatedJSON.Member]) {
    self.value = value
    scope = value.scope
    for member in members {
      let earlier = self.members.updateValue(member, forKey: Spelling.snakeCase(member.key))
      if let earlier, earlier.key != member.key {
        value.findings.fault(
          "the same key as \(earlier.key), line \(earlier.keyPosition.line)", path: value.child(member.key),
          at: member.keyPosition)
      }
    }
  }

  /// Whether the option was written at all.
  func contains(_ key: String) -> Bool { members[key] != nil }

  /// Whether something has been found wrong with the option that `path` leads to or begins with, or within it.
  func hasFault(in path: String) -> Bool {
    guard let member = members[String(path.prefix { $0 != "." })] else { return false }
    let path = value.child(member.key)
    return value.findings.faults.contains { fault in
      fault.path.hasPrefix(path) && ["", ".", "["].contains(fault.path.dropFirst(path.count).prefix(1))
    }
  }

  /// The value of an option, nil when it is absent or null.
  mutating func take(_ key: String) -> ConfigValue? {
    known.append(key)
    guard let member = members[key] else { return nil }
    if case .null = member.value.value { return nil }
    return ConfigValue(json: member.value, path: value.child(member.key), scope: scope, findings: value.findings)
  }

  /// The value of an option that has more than one name; more than one of them at a time is a fault.
  mutating func take(_ names: String...) -> ConfigValue? {
    let values = names.compactMap { take($0) }.sorted { $0.json.position < $1.json.position }
    for other in values.dropFirst() {
      other.fault("found beside \(values[0].path), expected one of the two")
    }
    return values.first
  }

  /// The value of an option that must be there.
  mutating func require(_ key: String, expected: String) -> ConfigValue? {
    if let value = take(key) { return value }
    value.findings.fault("missing, expected \(expected)", path: value.child(key), at: value.json.position)
    return nil
  }

  /// Reports an option that used to exist, where it is still used.
  mutating func reportRemoved(_ key: String, _ message: String) {
    guard let member = members[key] else { return }
    known.append(key)
    value.findings.fault(message, path: value.child(member.key), at: member.keyPosition)
  }

  /// The options that have not been asked for, which from now on are taken to be known: for a part of the program that
  /// judges them itself.
  mutating func takeRest() -> [(key: String, value: ConfigValue)] {
    members.keys.filter { !known.contains($0) }
      .compactMap { key in take(key).map { (key, $0) } }
      .sorted { $0.value.json.position < $1.value.json.position }
  }

  /// Where the option at `path` was written, from this object; the nearest place around it where it was not.
  func position(of path: String) -> TextPosition {
    var json = value.json
    for key in path.split(separator: ".") {
      guard case .object(let members) = json.value,
        let member = members.first(where: { Spelling.snakeCase($0.key) == key })
      else { break }
      json = member.value
    }
    return json.position
  }

  func reportUnknownKeys() {
    for (key, member) in members where !known.contains(key) {
      let guess = Spelling.nearest(to: key, among: known).map { ", did you mean \($0)?" } ?? ""
      value.findings.fault("unknown key\(guess)", path: value.child(member.key), at: member.keyPosition)
    }
  }
}
