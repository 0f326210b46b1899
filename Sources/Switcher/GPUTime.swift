package import Core

/// What the GPU's time is spent on; `empty` bears no model.
package enum GPUUse: String, Sendable, CaseIterable {
  case serving, idle
  /// The active model is idle while others wait.
  case holding
  case draining, sleeping, waking
  case empty
}

/// Where the GPU's time went, second by second: the parts always sum up to the time since the beginning.
package struct GPUTime: Sendable {
  package struct Account: Hashable, Sendable {
    package let model: ModelID?
    package let use: GPUUse
  }

  private var spent: [Account: Duration] = [:]
  private var current = Account(model: nil, use: .empty)
  private var since: Instant

  init(start: Instant) { since = start }

  /// From `now` on the time counts for this account.
  mutating func enter(model: ModelID?, use: GPUUse, at now: Instant) {
    let next = Account(model: model, use: use)
    guard next != current else { return }
    spent[current, default: .zero] += now - since
    current = next
    since = now
  }

  /// What each account has by now, the running one included.
  func totals(at now: Instant) -> [Account: Duration] {
    var totals = spent
    totals[current, default: .zero] += now - since
    return totals
  }
}
