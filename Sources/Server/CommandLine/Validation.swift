internal import Core
internal import Foundation
internal import HTTP

/// Cycles a model of a running daemon through sleep and wake, by the admin routes, and looks whether it comes back as it
/// was. The daemon serves others in the meantime as it would otherwise.
struct Validation {
  let daemon: AdminConnection
  let question: ModelQuestion
  let order: ValidationOrder
  /// In MiB; nil where that is not known.
  let usedMemory: @Sendable () -> Int?

  /// The daemon would not even wake the model; worded by itself.
  struct Refusal: Error {
    let message: String
  }

  /// Leaves the daemon in the mode that it was in, with the model awake that was pinned or active in manual mode.
  /// - Throws: `Refusal`; `ClientFailure` when the daemon is not there.
  func run() async throws -> ValidationReport {
    let before = try await status()
    if let refusal = try await command("wake") { throw Refusal(message: refusal) }
    var report = ValidationReport(model: order.model)
    let configured = try await daemon.eviction(of: order.model)
    for eviction in order.evictions { report.cycles.append(try await cycle(eviction, configured)) }
    try await restore(before)
    return report
  }

  private func cycle(_ ordered: Eviction?, _ configured: Eviction?) async throws -> ValidationReport.Cycle {
    var cycle = ValidationReport.Cycle(eviction: ordered ?? configured)
    cycle.failure = try await take(&cycle)
    return cycle
  }

  /// Returns why it is no success, if it is none.
  private func take(_ cycle: inout ValidationReport.Cycle) async throws -> String? {
    if let refusal = try await command("wake") { return refusal }
    let answer = try await question.ask()
    let last = try await switches().first?.number ?? 0
    cycle.memory.beforeMiB = usedMemory()
    if let refusal = try await command("sleep", cycle.eviction) { return refusal }
    cycle.memory.asleepMiB = usedMemory()
    let asleep = try await daemon.state(of: order.model)
    let coldStarts = try await coldStarts()
    if let refusal = try await command("wake") { return refusal }
    cycle.memory.awakeMiB = usedMemory()
    let isCold = try await coldStarts != self.coldStarts()

    let ended = try await switches().filter { $0.number > last }
    cycle.sleepSeconds = ended.last { $0.from == order.model }?.seconds(of: "sleep")
    cycle.wakeSeconds = ended.first { $0.to == order.model }?.seconds(of: "wake")
    let isAlive = asleep?.state == "asleep"
    if let eviction = cycle.eviction, eviction.process != .stop, !isAlive {
      return "it could not be put to sleep, so its process was ended"
    }
    // A model on a host of somebody else's is loaded anew each time.
    if isAlive, isCold, asleep?.processState != "external" { return "it could not be woken, so it was started afresh" }
    return try await compare(answer, &cycle)
  }

  private func compare(_ before: ModelQuestion.Answer, _ cycle: inout ValidationReport.Cycle) async throws -> String? {
    switch (before, try await question.ask()) {
    case (.none(let reason), _): return "no answer before it slept: \(reason)"
    case (_, .none(let reason)): return "no answer after it woke: \(reason)"
    case (let before, let after):
      cycle.answer = before == after ? .identical : .different
      return before == after ? nil : "it answers otherwise than before"
    }
  }

  // MARK: The daemon

  private func command(_ name: String, _ eviction: Eviction? = nil) async throws(ClientFailure) -> String? {
    let model = JSONValue.Member("model", .string(order.model))
    let members = [model] + (eviction.map { [JSONValue.Member("eviction", .string($0.description))] } ?? [])
    return try await daemon.post("/control/\(name)", .object(members)).refusal
  }

  private func status() async throws -> Status {
    let response = try await daemon.get("/control/status")
    guard let status = response.decoded(Status.self) else {
      throw Refusal(message: response.refusal ?? "the daemon's status can't be read: \(response.text.prefix(200))")
    }
    return status
  }

  /// Manual mode has followed the model that was woken: it goes back to the one that it served.
  private func restore(_ before: Status) async throws(ClientFailure) {
    guard before.mode.mode == "manual", let served = before.mode.pinned ?? before.activeModel, served != order.model
    else { return }
    let route = before.mode.pinned == nil ? "switch" : "pin"
    _ = try await daemon.post("/control/\(route)", ["model": .string(served)])
  }

  /// The switches that have ended, the newest first.
  private func switches() async throws -> [EndedSwitch] {
    let response = try await daemon.get("/control/history?limit=300")
    guard let history = response.decoded(History.self) else {
      throw Refusal(message: response.refusal ?? "the daemon's history can't be read: \(response.text.prefix(200))")
    }
    return history.history
  }

  /// How often the model was started afresh so far.
  private func coldStarts() async throws(ClientFailure) -> String {
    let metrics = try await daemon.get("/metrics").text
    let name = JSONValue.string(order.model).serialized()
    let series = "switcher_model_wake_seconds_count{model=\(name),kind=\"cold_start\"}"
    return metrics.split(separator: "\n").first { $0.hasPrefix(series) }.map(String.init) ?? ""
  }

  private struct History: Decodable {
    let history: [EndedSwitch]
  }

  private struct EndedSwitch: Decodable {
    struct Phase: Decodable {
      let phase: String
      let seconds: Double
    }

    let number: Int
    let from: String?
    let to: String?
    let phases: [Phase]

    func seconds(of name: String) -> Double? { phases.first { $0.phase == name }?.seconds }
  }
}
