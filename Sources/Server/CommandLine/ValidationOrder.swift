internal import Core

/// Which model `switcher validate` cycles through sleep and wake, and how.
struct ValidationOrder: Hashable {
  let model: String
  /// One cycle for each; nil stands for the eviction that is configured.
  var evictions: [Eviction?] = [nil]
  /// Where clients reach the daemon.
  var clientURL = "http://127.0.0.1:3000"

  init(model: String) { self.model = model }

  /// - Throws: when an eviction can't be read.
  init(model: String, _ arguments: Arguments, _ environment: [String: String]) throws(UsageError) {
    self.model = model
    clientURL = arguments.value("--url") ?? environment["SWITCHER_URL"] ?? clientURL
    guard let list = arguments.value("--policies") else { return }
    evictions = []
    for words in list.split(separator: ",", omittingEmptySubsequences: false) {
      evictions.append(try Eviction(option: "--policies", words: String(words)))
    }
  }
}

extension Eviction {
  /// What an option of the command line says.
  /// - Throws: when it is no eviction.
  init(option: String, words: String) throws(UsageError) {
    guard let eviction = Eviction(words: words) else {
      let weights = Weights.allCases.map(\.rawValue).joined(separator: "|")
      let processes = ProcessStrategy.allCases.map(\.rawValue).joined(separator: "|")
      throw UsageError("\(option): found \"\(words)\", expected \(weights)+\(processes)")
    }
    self = eviction
  }
}
