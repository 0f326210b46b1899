internal import Backends
internal import Core

extension [ModelConfiguration] {
  /// Why a model of these can't give the GPU up like that; nil where it can, and for a model that is none of these.
  /// - Parameter eviction: nil: as the model is configured.
  func refusal(of eviction: Eviction?, for model: ModelID) -> String? {
    guard let backend = first(where: { $0.id == model })?.backend, let support = try? backend.support(of: eviction),
      let named = eviction ?? (try? backend.traits())?.eviction
    else { return nil }
    switch support {
    case .freesGPU: return nil
    case .impossible(let reason): return reason
    case .keepsGPU:
      // Where a server runs that somebody else started, nobody here knows.
      guard let other = first(where: { $0.id != model && $0.backend.isStarted }) else { return nil }
      return "found \(named), which leaves the GPU's memory full, expected one that frees it: "
        + "the model shares the GPU with \(other.id)"
    }
  }
}
