internal import Core

/// What processes are checkpointed with, and where to; the same for all models.
package struct CheckpointSettings: Hashable, Sendable {
  /// CRIU's program, version 4 or later.
  package var criu = "criu"
  /// Where CRIU finds its CUDA plugin.
  package var pluginDirectory = "/usr/lib/criu/"
  /// Has a directory for each model. The images are as large as the server's memory, the GPU's included.
  package var imagesDirectory = "/var/tmp/switcher-checkpoints"
  /// NVIDIA's program. A bare name is what stands in where the driver has no calls of its own; a path is taken instead of
  /// the driver's calls in any case.
  package var cudaCheckpoint = "cuda-checkpoint"
  /// Whether images are restored again and again. Otherwise they are made at each sleep and removed after the wake.
  package var keepsImages = true

  package init() {}
}

/// What is settled about a model's checkpoints before it runs.
struct Checkpointing: Hashable, Sendable {
  let settings: CheckpointSettings
  /// Whether the server is started so that it can be written to disk: with its output in a file, and without what CRIU does
  /// not understand.
  let isPossible: Bool
  /// The images that the first wake restores in place of a cold start; nil: none.
  let initialImages: String?

  init(_ settings: BackendSettings) {
    self.settings = settings.checkpoint
    initialImages = settings.checkpointPath
    isPossible = settings.eviction?.process == .checkpoint || settings.checkpointPath != nil
  }

  /// io_uring, which libuv takes where it can, can't be written to disk.
  static let environment = ["UV_USE_IO_URING": "0", "USE_LIBUV": "0"]
}
