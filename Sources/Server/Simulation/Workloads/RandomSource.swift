internal import Glibc

/// Random numbers that are the same for the same seed, everywhere and always: SplitMix64 (Steele, Lea and Flood, 2014).
struct RandomSource {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// From 0 to just below 1.
  mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func exponential(mean: Double) -> Double { -log(1 - uniform()) * mean }

  /// By the method of Box and Muller.
  mutating func lognormal(median: Double, sigma: Double) -> Double {
    let radius = sqrt(-2 * log(1 - uniform()))
    return median * exp(sigma * radius * cos(2 * .pi * uniform()))
  }

  /// An index, with the probability that its weight has among all.
  mutating func index(weights: [Double]) -> Int {
    var rest = uniform() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.count - 1
  }
}
