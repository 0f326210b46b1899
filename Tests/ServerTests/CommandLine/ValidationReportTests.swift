import Core
import HTTP
import Testing

@testable import Server

struct ValidationReportTests {
  private var report: ValidationReport {
    var good = ValidationReport.Cycle(eviction: Eviction(weights: .offload, process: .keepRunning))
    good.sleepSeconds = 1.234
    good.wakeSeconds = 0.5
    good.memory = .init(beforeMiB: 70_000, asleepMiB: 1_200, awakeMiB: 70_100)
    good.answer = .identical
    var bad = ValidationReport.Cycle(eviction: nil)
    bad.failure = "it answers otherwise than before"
    bad.answer = .different
    return ValidationReport(model: "m", cycles: [good, bad])
  }

  @Test func `the table has a line a cycle`() {
    #expect(
      report.table == """
        eviction              sleep s  wake s  GPU MiB before  asleep  on wake  answer     result
        offload+keep_running  1.23     0.50    70000           1200    70100    identical  ok
        as configured         -        -       -               -       -        different  it answers otherwise than before
        """)
    #expect(!report.isSuccess)
  }

  @Test func `the list has an object a cycle`() {
    let text = """
      [{"model":"m","eviction":"offload+keep_running","sleep_secs":1.234,"wake_secs":0.5,\
      "gpu_mib":{"before":70000,"asleep":1200,"awake":70100},"answer":"identical","ok":true,"failure":null},\
      {"model":"m","eviction":"as configured","sleep_secs":null,"wake_secs":null,\
      "gpu_mib":{"before":null,"asleep":null,"awake":null},"answer":"different","ok":false,\
      "failure":"it answers otherwise than before"}]
      """
    #expect(report.json.serialized() == text)
  }

  @Test(
    arguments: [
      ("1024\n", 1024), ("1024\n 2048\n", 3072), ("", nil), ("[N/A]\n", nil), ("12 MiB\n", nil),
    ] as [(String, Int?)])
  func `the memory of all GPUs is added up`(_ text: String, _ sum: Int?) {
    #expect(GPUMemory.sum(of: text) == sum)
  }

  @Test(
    arguments: [
      (200, #"{"choices":[{"message":{"content":"one two"}}]}"#, .text("one two")),
      (200, #"{"choices":[{"text":"three"}]}"#, .text("three")),
      (200, #"{"choices":[{"message":{"content":null,"reasoning_content":"hm"}}]}"#, .text("hm")),
      (200, #"{"choices":[{"message":{"content":""}}]}"#, .none("its answer is empty")),
      (200, #"{"choices":[]}"#, .none("its answer is empty")),
      (200, "hello", .none("200 hello")), (503, "busy", .none("503 busy")),
    ] as [(Int, String, ModelQuestion.Answer)])
  func `an answer is its text, and an empty one is none`(_ status: Int, _ body: String, _ answer: ModelQuestion.Answer)
  {
    #expect(ModelQuestion.Answer(ClientResponse(status: status, body: Array(body.utf8))) == answer)
  }
}
