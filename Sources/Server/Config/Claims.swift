/// What may be used only once in a configuration, names or ports, and who uses it where.
struct Claims<Value: Hashable> {
  private struct Claim {
    let value: Value
    let path: String
    let position: TextPosition?
    let source: String?
  }

  private var claims: [Claim] = []

  /// - Parameter source: the flag or variable that makes the claim, nil for the file.
  mutating func claim(_ value: Value, path: String, at position: TextPosition?, source: String? = nil) {
    claims.append(Claim(value: value, path: path, position: position, source: source))
  }

  /// Reports each claim to what has been claimed already, at the later of the two and naming the earlier.
  func report(to findings: ConfigurationFindings, as describe: (Value) -> String) {
    var owners: [Value: Claim] = [:]
    for claim in claims.sorted(by: { ($0.position ?? .start) < ($1.position ?? .start) }) {
      if let owner = owners[claim.value] {
        let place = owner.position.map { ", line \($0.line)" } ?? ""
        findings.fault(
          "\(describe(claim.value)) is used already by \(owner.source ?? owner.path)\(place)", path: claim.path,
          at: claim.position,
          source: claim.source)
      } else {
        owners[claim.value] = claim
      }
    }
  }
}
