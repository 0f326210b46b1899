import Foundation
import Testing

@testable import Metrics

/// The value of a sample without labels.
private func value(of name: String, in samples: [String]) throws -> Double {
  let line = try #require(samples.first { $0.hasPrefix("\(name) ") }, "no sample of \(name)")
  return try #require(Double(line.dropFirst(name.count + 1)))
}

@Suite struct `The metrics of the process` {
  @Test(arguments: ["switcher", "a b", "))( S 9 9", ""])
  func `are found behind any program name`(name: String) throws {
    let stat = """
      4711 (\(name)) S 1 4711 4711 0 -1 4194560 1234 0 5 0 150 50 0 0 20 0 9 0 98765 1073741824 2560 \
      18446744073709551615 1 1 0 0 0 0 0 4096 17642 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0
      """
    let statistics = try #require(ProcessStatistics(stat: stat))
    #expect(statistics.processorTicks == 200)
    #expect(statistics.startTicks == 98_765)
    #expect(statistics.virtualMemoryBytes == 1_073_741_824)
    #expect(statistics.residentMemoryPages == 2560)
  }

  @Test(arguments: ["", "4711 switcher S 1", "4711 (switcher) S 1 2 3", "4711 (x) S 1 2 3 4 5 6 7 8 9 10 11 a b c d e"])
  func `are left out when the kernel's text has another form`(stat: String) {
    #expect(ProcessStatistics(stat: stat) == nil)
  }

  @Test func `take the boot time and the limit of open files from their lines`() {
    #expect(ProcessStatistics.bootTimeSeconds(stat: "cpu  1 2 3\nbtime 1732185755\nprocesses 9\n") == 1_732_185_755)
    #expect(ProcessStatistics.bootTimeSeconds(stat: "cpu  1 2 3\n") == nil)
    let limits = "Limit        Soft Limit  Hard Limit  Units\nMax open files       1024       524288       files\n"
    #expect(ProcessStatistics.openFileLimit(limits: limits) == 1024)
    #expect(ProcessStatistics.openFileLimit(limits: "Max open files    unlimited   unlimited   files\n") == nil)
  }

  @Test func `tell of this very process`() async throws {
    let registry = Registry()
    registry.addProcessMetrics()
    let samples = await registry.samples()
    #expect(try value(of: "process_cpu_seconds_total", in: samples) >= 0)
    let resident = try value(of: "process_resident_memory_bytes", in: samples)
    #expect(resident > 1_000_000)
    #expect(try value(of: "process_virtual_memory_bytes", in: samples) > resident)
    let openFiles = try value(of: "process_open_fds", in: samples)
    #expect(openFiles >= 3)
    #expect(try value(of: "process_max_fds", in: samples) >= openFiles)
    let start = try value(of: "process_start_time_seconds", in: samples)
    #expect((0..<3600).contains(Date().timeIntervalSince1970 - start))
  }

  @Test func `are absent where /proc is`() {
    #expect(ProcFiles.contents(of: "/proc/no-such-file") == nil)
    #expect(ProcFiles.entryCount(of: "/proc/no-such-directory") == nil)
  }
}
