internal import Core

/// Requests in the order of their arrival, in microseconds.
struct RequestLine {
  let arrivals: [Int64]
  let works: [Int64]
  let shortestWork: Int64

  init(_ requests: [Workload.Request]) {
    // Of several that come at once, the first in the workload comes first.
    let sorted = requests.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    arrivals = sorted.map(\.at.microseconds)
    works = sorted.map(\.work.microseconds)
    shortestWork = works.min() ?? 0
  }

  var count: Int { arrivals.count }

  /// How many have come by then.
  func count(by now: Int64) -> Int {
    var low = 0
    var high = arrivals.count
    while low < high {
      let middle = (low + high) / 2
      if arrivals[middle] <= now { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first arrival that is later; nil when there is none.
  func arrival(after now: Int64) -> Int64? {
    let index = count(by: now)
    return index < arrivals.count ? arrivals[index] : nil
  }
}
