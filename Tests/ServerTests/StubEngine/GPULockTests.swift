import HTTP
import Testing

@testable import Server

@Suite struct GPULockTests {
  private let file = TemporaryFile()

  @Test func `one holder at a time has the GPU`() throws {
    let first = try GPULock(path: file.path)
    let second = try GPULock(path: file.path)
    #expect(first.take())
    #expect(first.take())
    #expect(!second.take())
    first.release()
    #expect(second.take())
    #expect(!first.take())
  }

  @Test func `a holder that is gone holds nothing`() throws {
    do {
      let first = try GPULock(path: file.path)
      #expect(first.take())
    }
    let second = try GPULock(path: file.path)
    #expect(second.take())
  }

  @Test func `a lock file that can't be opened is named`() {
    let fault = #expect(throws: SystemFailure.self) { _ = try GPULock(path: "/nowhere/gpu.lock") }
    #expect(fault?.description == "open /nowhere/gpu.lock: no such file or directory")
  }
}
