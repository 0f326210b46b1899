import Core
import Foundation
import Testing

@testable import Server

struct RecorderTests {
  /// A file that nobody has written to yet.
  private let file = TemporaryFile()

  private var text: String { get throws { try String(contentsOfFile: file.path, encoding: .utf8) } }

  private func recorder(_ logger: Logger = .silent) throws -> Recorder {
    Recorder(try RecordingFile(path: file.path), logger: logger)
  }

  private func record(_ entries: (at: Double, model: ModelID, service: Double?)..., with recorder: Recorder) async {
    for entry in entries { recorder.arrived(at: .zero + .seconds(entry.at)) }
    for entry in entries {
      let arrival = Instant.zero + .seconds(entry.at)
      recorder.ended(
        Recorder.Entry(arrivedAt: arrival, model: entry.model, service: entry.service.map { .seconds($0) }))
    }
    await recorder.flush()
  }

  @Test func `a line tells when a request came since the first, for which model, and how long it was served`()
    async throws
  {
    let recorder = try recorder()
    await record((100, "a", 0.5), (100.25, "b\"/\n", 2), (103, "a", nil), with: recorder)
    #expect(
      try text == """
        {"at":0,"model":"a","service_secs":0.5}
        {"at":0.25,"model":"b\\"/\\n","service_secs":2}
        {"at":3,"model":"a"}

        """)
  }

  @Test func `times count from the first arrival, also where it ends last`() async throws {
    let recorder = try recorder()
    recorder.arrived(at: .zero + .seconds(7))
    await record((9, "b", 1), with: recorder)
    recorder.ended(Recorder.Entry(arrivedAt: .zero + .seconds(7), model: "a", service: .seconds(5)))
    await recorder.flush()
    #expect(
      try text == """
        {"at":2,"model":"b","service_secs":1}
        {"at":0,"model":"a","service_secs":5}

        """)
  }

  @Test func `times are in whole microseconds`() async throws {
    let recorder = try recorder()
    await record((0, "a", 0.0000123), (86_400.000_001_5, "a", 1.0 / 3), with: recorder)
    #expect(
      try text == """
        {"at":0,"model":"a","service_secs":1.2e-05}
        {"at":86400.000001,"model":"a","service_secs":0.333333}

        """)
  }

  @Test func `simulate reads what was recorded`() async throws {
    let recorder = try recorder()
    await record((5, "b", 1), (2, "a", 3), (2.5, "b", nil), with: recorder)
    let workload = try Recording.workload(Array(try text.utf8), file: "r.jsonl", name: "r")
    #expect(workload.models == ["b", "a"])
    #expect(workload.requests.map(\.work) == [.seconds(1), .seconds(3), .seconds(1)])
  }

  @Test(arguments: ["", "\n"])
  func `a recording that is there already is gone on with where it ended`(lineEnd: String) async throws {
    let earlier = """
      {"at":0,"model":"a","service_secs":4.5}
      {"at":4,"model":"a"}
      """
    try (earlier + lineEnd).write(toFile: file.path, atomically: false, encoding: .utf8)
    await record((50, "a", 1), (51, "a", 1), with: try recorder())
    #expect(
      try text == earlier + """

        {"at":4.5,"model":"a","service_secs":1}
        {"at":5.5,"model":"a","service_secs":1}

        """)
  }

  @Test func `of a long recording the end tells where it got to`() async throws {
    let earlier = (0..<5000).map { "{\"at\":\($0),\"model\":\"a\",\"service_secs\":0.25}\n" }.joined()
    try earlier.write(toFile: file.path, atomically: false, encoding: .utf8)
    await record((50, "a", 1), with: try recorder())
    #expect(try text == earlier + "{\"at\":4999.25,\"model\":\"a\",\"service_secs\":1}\n")
  }

  @Test func `half a line that a failed machine has left is taken off`() async throws {
    let earlier = "{\"at\":0,\"model\":\"a\",\"service_secs\":4}\n"
    try (earlier + "{\"at\":1,\"mod").write(toFile: file.path, atomically: false, encoding: .utf8)
    await record((50, "a", 1), with: try recorder())
    #expect(try text == earlier + "{\"at\":4,\"model\":\"a\",\"service_secs\":1}\n")
  }

  @Test(arguments: ["{\"listen\": \"127.0.0.1:0\"}", "{\n}\n", "GET /\n", "{\"at\":-1,\"model\":\"a\"}\n"])
  func `a file that holds something else is refused and left alone`(content: String) throws {
    try content.write(toFile: file.path, atomically: false, encoding: .utf8)
    let fault = #expect(throws: RecordingFault.self) { try recorder() }
    #expect(fault?.description.hasPrefix("\(file.path): holds something else than a recording") == true)
    #expect(try text == content)
  }

  @Test(arguments: [
    ("/nowhere/r.jsonl", "can't be opened: no such file or directory"), ("/", "can't be opened: is a directory"),
    ("/dev/null", "is no regular file"),
  ])
  func `a file that can't be had is refused with the reason`(path: String, reason: String) {
    #expect(throws: RecordingFault("\(path): \(reason)")) { try RecordingFile(path: path) }
  }

  @Test func `a file that takes no more ends the recording with one warning`() async throws {
    let log = StubWorld.Log()
    // Every write to this one fails as on a full disk.
    let full = try #require(FileHandle(forUpdatingAtPath: "/dev/full"))
    let recorder = Recorder(RecordingFile(full, end: .zero), logger: log.logger)
    await record((0, "a", 1), with: recorder)
    await record((1, "a", 1), with: recorder)
    #expect(log.lines == ["recording has ended: its file can't be written to error=no space left on device"])
  }
}
