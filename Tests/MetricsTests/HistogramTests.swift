import Testing

@testable import Metrics

/// What a histogram shows when it is read.
private func reading(of histogram: Histogram) throws -> HistogramReading {
  guard case .histogram(let reading) = histogram.read() else { throw NotAHistogram() }
  return reading
}

private struct NotAHistogram: Error {}

@Suite struct `A histogram` {
  @Test(
    arguments: [
      (-1, 0), (0, 0), (0.1, 0), (0.100001, 1), (1, 1), (2.5, 2), (10, 2), (10.1, 3), (.infinity, 3), (.nan, 0),
    ] as [(Double, Int)])
  func `counts a value in the first bucket whose bound is not below it`(value: Double, bucket: Int) throws {
    let histogram = Histogram(buckets: Buckets([0.1, 1, 10]))
    histogram.observe(value)
    #expect(try reading(of: histogram).counts == (0..<4).map { $0 == bucket ? 1 : 0 })
  }

  @Test(arguments: [
    Buckets.switching, .queueWait, .requestDuration, .timeToFirstToken, .overhead,
  ])
  func `counts a duration that equals a bound within that bound`(buckets: Buckets) throws {
    let histogram = Histogram(buckets: buckets)
    for bound in buckets.bounds { histogram.observe(.nanoseconds(Int64((bound * 1e9).rounded()))) }
    #expect(try reading(of: histogram).counts == buckets.bounds.map { _ in 1 } + [0])
  }

  @Test(arguments: [-0.5, -.infinity, .nan]) func `keeps its sum from falling or spoiling`(value: Double) throws {
    let histogram = Histogram(buckets: .queueWait)
    histogram.observe(2.5)
    histogram.observe(value)
    let reading = try reading(of: histogram)
    #expect(reading.sum == 2.5)
    #expect(reading.counts.reduce(0, +) == 2)
  }

  @Test func `keeps what was read apart from what is observed later`() throws {
    let histogram = Histogram(buckets: Buckets([1]))
    histogram.observe(.seconds(1))
    let before = try reading(of: histogram)
    histogram.observe(.seconds(1))
    #expect(before.counts == [1, 0])
    #expect(try reading(of: histogram).counts == [2, 0])
  }

  @Test func `loses nothing to observers on many threads, and every reading is whole`() async throws {
    let histogram = Histogram(buckets: Buckets([1]))
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<5_000 { histogram.observe(2) }
        }
      }
      group.addTask {
        for _ in 0..<500 {
          let reading = try reading(of: histogram)
          #expect(reading.sum == Double(2 * reading.counts[1]))
        }
      }
      try await group.waitForAll()
    }
    #expect(try reading(of: histogram).counts == [0, 40_000])
  }

  @Test(arguments: [
    (Buckets.switching, "0.05 0.1 0.25 0.5 1.0 2.0 4.0 6.0 10.0 15.0 25.0 40.0 60.0 120.0 300.0 600.0 1200.0 1800.0"),
    (.queueWait, "0.001 0.01 0.1 0.5 1.0 2.0 5.0 10.0 15.0 20.0 30.0 45.0 60.0 90.0 120.0 180.0 300.0"),
    (.requestDuration, "0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 20.0 30.0 60.0 120.0 180.0 300.0 600.0"),
    (.timeToFirstToken, "0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 20.0 30.0 60.0 120.0 300.0 600.0"),
    (.overhead, "5e-05 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.1 1.0"),
  ])
  func `writes its bounds as floats`(buckets: Buckets, expected: String) async {
    let registry = Registry()
    _ = registry.histogram("h", help: "", buckets: buckets)
    let bounds = await registry.samples().compactMap { line in
      line.split(separator: "\"").dropFirst().first.map(String.init)
    }
    #expect(bounds == expected.split(separator: " ").map(String.init) + ["+Inf"])
  }

  @Test func `refuses bounds that do not ascend`() async {
    await #expect(processExitsWith: .failure) { _ = Buckets([1, 1]) }
  }
}
