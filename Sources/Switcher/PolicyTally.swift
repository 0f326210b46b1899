package import Policies

/// How often the policy was asked, by what came of it and why.
package struct PolicyTally: Sendable {
  package enum Verdict: String, Sendable, CaseIterable {
    case `switch`
    /// It wanted to be asked again at a certain time.
    case `defer`
    case stay
    /// A switch that was not to be had: a request was turned away since manual mode serves another model, or the policy
    /// named a model that nobody waits for.
    case deny
  }

  package struct Account: Hashable, Sendable {
    package let verdict: Verdict
    /// nil: manual mode.
    package let reason: Reason?
  }

  /// Every account that there can be, those at 0 included.
  package private(set) var counts: [Account: Int]

  init() {
    let accounts = Verdict.allCases.flatMap { verdict in Reason.allCases.map { Account(verdict: verdict, reason: $0) } }
    counts = Dictionary(uniqueKeysWithValues: (accounts + [.manualMode]).map { ($0, 0) })
  }

  mutating func count(_ verdict: Verdict, _ reason: Reason) { count(Account(verdict: verdict, reason: reason), 1) }

  /// Requests were turned away because of manual mode.
  mutating func countRefusals(_ requests: Int) { count(.manualMode, requests) }

  private mutating func count(_ account: Account, _ times: Int) { counts[account, default: 0] += times }
}

extension PolicyTally.Account {
  fileprivate static let manualMode = PolicyTally.Account(verdict: .deny, reason: nil)
}
