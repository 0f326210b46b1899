internal import Backends

extension ConfigValue {
  /// What checkpoints are made with; llmux's object.
  func checkpointSettings() -> CheckpointSettings? {
    object { object in
      var settings = CheckpointSettings()
      settings.criu = object.take("criu_path")?.word() ?? settings.criu
      settings.pluginDirectory = object.take("cuda_plugin_dir")?.word() ?? settings.pluginDirectory
      settings.imagesDirectory = object.take("images_dir")?.word() ?? settings.imagesDirectory
      settings.cudaCheckpoint = object.take("cuda_checkpoint_path")?.word() ?? settings.cudaCheckpoint
      settings.keepsImages = object.take("keep_images")?.bool() ?? settings.keepsImages
      return settings
    }
  }
}
