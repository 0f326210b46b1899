import Core
import Foundation
import Testing

@testable import Server

struct LogLineTests {
  private func line(_ format: LogLine.Format, _ fill: (inout LogLine) -> Void) -> String {
    var line = LogLine(format)
    fill(&line)
    line.end()
    return String(decoding: line.bytes, as: UTF8.self)
  }

  @Test(arguments: [
    ("plain", "plain"),
    ("", #""""#),
    ("two words", #""two words""#),
    ("a=b", #""a=b""#),
    (#"say "yes""#, #""say \"yes\"""#),
    ("line\nbreak", #""line\nbreak""#),
    ("\u{1B}[31mred\u{7}", #""\u001b[31mred\u0007""#),
    ("nul\0 csi\u{9B} del\u{7F}", #""nul\u0000 csi\u009b del\u007f""#),
    ("right\u{202E}to\u{2066}left\u{FEFF}", #""right\u202eto\u2066left\ufeff""#),
    ("para\u{2029}graph", #""para\u2029graph""#),
    ("grüße 你好", #""grüße 你好""#),
    ("tag\u{E0041}", #""tag\udb40\udc41""#),
  ])
  func `no value breaks its line or reaches a terminal as anything but text`(_ value: String, _ shown: String) throws {
    #expect(line(.logfmt) { $0.add("name", value) } == "name=\(shown)\n")
    let json = line(.json) { $0.add("name", value) }
    let quoted = shown.hasPrefix("\"") ? shown : "\"\(shown)\""
    #expect(json == "{\"name\":\(quoted)}\n")
    let decoded = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
    #expect(decoded["name"] == value)
  }

  @Test func `numbers stand without quotes`() {
    let fields: (inout LogLine) -> Void = { line in
      line.add("status", 200)
      line.add("bytes", -7)
      line.add("queue_ms", milliseconds: .init(nanoseconds: 12_345_678))
      line.add("switch_ms", milliseconds: .zero)
    }
    #expect(line(.json, fields) == #"{"status":200,"bytes":-7,"queue_ms":12.3,"switch_ms":0.0}"# + "\n")
    #expect(line(.logfmt, fields) == "status=200 bytes=-7 queue_ms=12.3 switch_ms=0.0\n")
  }

  @Test(arguments: [0, 951_782_399, 951_782_400, 1_700_000_000, 4_107_542_399, 4_107_542_400])
  func `a time is written as RFC 3339 has it`(_ seconds: Int) {
    let written = line(.logfmt) { $0.add("time", Timestamp(seconds: seconds, milliseconds: 7)) }
    let date = Date(timeIntervalSince1970: TimeInterval(seconds))
    let expected = date.formatted(.iso8601).dropLast() + ".007Z"
    #expect(written == "time=\(expected)\n")
  }
}
