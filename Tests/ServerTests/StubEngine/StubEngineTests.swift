import HTTP
import Testing

@testable import Server

/// The stub engine as the process that it is.
@Suite(.timeLimit(.minutes(10))) struct StubEngineTests {
  private let loops: EventLoopGroup

  init() throws { loops = try EventLoopGroup(count: 1) }

  @Test(arguments: [("ready", "0"), ("starting", "3600")])
  func `a termination signal ends it in peace, whatever it does`(message: String, startSeconds: String) async throws {
    let engine = try await SwitcherProcess("stub-engine", "--port", "0", "--start-secs", startSeconds, on: loops.next())
    #expect(try await engine.output.text(until: "msg=\(message)").contains("msg=\(message)"))
    engine.terminate()
    #expect(await engine.status == 0)
    await loops.shutdown()
  }

  @Test func `it doesn't start on a GPU that another holds`() async throws {
    let file = TemporaryFile()
    let gpu = try GPULock(path: file.path)
    #expect(gpu.take())
    let engine = try await SwitcherProcess("stub-engine", "--port", "0", "--gpu", file.path, on: loops.next())
    #expect(await engine.status == 1)
    let message = "CUDA out of memory"
    #expect(try await engine.errors.text(until: message).contains(message))
    await loops.shutdown()
  }

  @Test func `it lets go of the GPU when it is killed`() async throws {
    let file = TemporaryFile()
    let engine = try await SwitcherProcess("stub-engine", "--port", "0", "--gpu", file.path, on: loops.next())
    _ = try await engine.output.text(until: "msg=ready")
    let gpu = try GPULock(path: file.path)
    #expect(!gpu.take())
    engine.kill()
    _ = await engine.status
    #expect(gpu.take())
    await loops.shutdown()
  }

  @Test func `it ends with a failure when told to`() async throws {
    let engine = try await SwitcherProcess("stub-engine", "--port", "0", "--fail", "start", on: loops.next())
    #expect(await engine.status == 1)
    let message = "the start failed, as it was told to"
    #expect(try await engine.errors.text(until: message).contains(message))
    await loops.shutdown()
  }

  @Test func `it ends with a failure when its port is taken`() async throws {
    let holder = try await StubWorld()
    let engine = try await SwitcherProcess("stub-engine", "--port", String(holder.address.port), on: loops.next())
    #expect(await engine.status == 1)
    let message = "cannot listen on \(holder.address)"
    #expect(try await engine.errors.text(until: message).contains(message))
    await holder.end()
    await loops.shutdown()
  }
}
