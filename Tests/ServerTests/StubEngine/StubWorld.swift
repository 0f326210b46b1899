import Core
import Foundation
import HTTP
import Synchronization
import TestSupport

@testable import Server

/// A stand-in model server on a port of its own, in a time that the test moves, and a client for it.
final class StubWorld: Sendable {
  let timeline = ManualTimeline()
  let loops: EventLoopGroup
  let server: StubServer
  let address: SocketAddress
  let log = Log()

  /// Starts the server; `end()` ends it.
  init(_ options: StubEngineOptions = .forTests, gpu: GPULock? = nil) async throws {
    var options = options
    options.port = 0
    server = try StubServer(options, gpu: gpu, limits: .patient, timeline: timeline, logger: log.logger)
    address = try await server.start()
    loops = try EventLoopGroup(count: 1)
  }

  func end() async {
    await server.stop()
    await loops.shutdown()
  }

  /// What the server logs.
  final class Log: Sendable {
    private let records = Mutex<[Logger.Record]>([])

    var logger: Logger { Logger { record in self.records.withLock { $0.append(record) } } }

    /// Each record's message and fields, on one line.
    var lines: [String] {
      records.withLock { records in
        records.map { record in
          ([record.message] + record.fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
        }
      }
    }
  }

  struct Answer {
    let status: Int
    let text: String

    /// The values of the server-sent events, in order.
    var events: [String] {
      text.split(separator: "\n\n").map { $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : "no event: \($0)" }
    }
  }

  func get(_ target: String) async throws -> Answer { try await send(.get, target, "") }

  func post(_ target: String, _ body: String = "") async throws -> Answer { try await send(.post, target, body) }

  private func send(_ method: HTTPMethod, _ target: String, _ body: String) async throws -> Answer {
    let request = ClientRequest(
      method, target, fields: [("Content-Type", "application/json")], body: Array(body.utf8))
    let response = try await HTTPClient(loops: loops).send(
      request, to: Origin(host: address.host, port: address.port), timeout: .seconds(600))
    return Answer(status: response.status, text: String(decoding: response.body, as: UTF8.self))
  }

  /// Waits until the engine says that a gauge or counter has this value.
  func metric(_ name: String, reaches value: Int) async throws {
    while try await !get("/metrics").text.contains("\n\(name) \(value)\n") {}
  }

  /// Lets so much time pass, once somebody waits for it.
  func pass(_ duration: Duration) async {
    while timeline.nextDeadline == nil { await Task.yield() }
    timeline.advance(by: duration)
  }
}
