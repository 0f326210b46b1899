internal import Core
internal import Foundation

/// A server on disk: the directory of its images, and the calls of CRIU that write and read them.
///
/// CRIU's CUDA plugin takes the server off the GPU and brings it back by itself.
struct CheckpointImages: Hashable, Sendable {
  let directory: String
  /// What the server's output is appended to: it must be there when the server comes back.
  let outputFile: String
  private let settings: CheckpointSettings

  /// Where the images of a model are, or shall be.
  init(of model: ModelID, _ settings: CheckpointSettings) {
    let name = Self.fileName(model)
    self.init(
      in: "\(settings.imagesDirectory)/\(name)", outputFile: "\(settings.imagesDirectory)/\(name).log", settings)
  }

  /// The same server's images in another place.
  func moved(to directory: String) -> CheckpointImages {
    CheckpointImages(in: directory, outputFile: outputFile, settings)
  }

  private init(in directory: String, outputFile: String, _ settings: CheckpointSettings) {
    (self.directory, self.outputFile, self.settings) = (directory, outputFile, settings)
  }

  /// Whether there are any.
  var exist: Bool { FileManager.default.fileExists(atPath: "\(directory)/inventory.img") }

  /// Makes room for the server's output, for nobody else to read.
  /// - Throws: when the directory can't be made.
  func prepareOutput() throws(RuntimeFailure) { try make(settings.imagesDirectory) }

  /// Makes room for new images, for nobody else to read: they hold all that the server knows.
  /// - Throws: when the directory can't be made or cleared.
  func prepare() throws(RuntimeFailure) {
    try make(directory)
    do {
      for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
        try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
      }
    } catch {
      throw RuntimeFailure("the images' directory \(directory) can't be cleared: \(error.localizedDescription)")
    }
  }

  private func make(_ directory: String) throws(RuntimeFailure) {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw RuntimeFailure("the images' directory \(directory) can't be made: \(error.localizedDescription)")
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  /// Writes the tree of processes to disk and ends it.
  func dumpCommand(tree leader: Int32) -> [String] {
    [settings.criu, "dump"] + Self.common
      + ["--link-remap", "--ghost-limit", "1048576", "--enable-external-masters", "-L", settings.pluginDirectory]
      + ["--timeout", "300", "--images-dir", directory, "--tree", "\(leader)"]
  }

  /// Brings the server back and leaves it behind.
  func restore(stopGrace: Duration) -> Launch {
    let command =
      [settings.criu, "restore"] + Self.common + ["--enable-external-masters", "-L", settings.pluginDirectory]
      + ["--restore-detached", "--images-dir", directory]
    return Launch(
      command: command, environment: environment, stopGrace: stopGrace, remains: .adopted, outputFile: outputFile)
  }

  private static let common = ["--shell-job", "--ext-unix-sk", "--tcp-established"]

  /// CRIU's plugin looks for `cuda-checkpoint` in PATH.
  var environment: [String: String] {
    let program = settings.cudaCheckpoint
    guard let slash = program.lastIndex(of: "/") else { return [:] }
    let path = ProcessInfo.processInfo.environment["PATH"].map { ":\($0)" } ?? ""
    return ["PATH": program[..<slash] + path]
  }

  /// A file's name for any model: what could lead elsewhere is escaped as in a URL.
  private static func fileName(_ model: ModelID) -> String {
    let name = model.name.utf8.map { byte in
      let character = Character(UnicodeScalar(byte))
      let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-_".contains(character))
      return isPlain || character == "." ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return (name.first == "." ? ["%2e"] + name.dropFirst() : name).joined()
  }
}
