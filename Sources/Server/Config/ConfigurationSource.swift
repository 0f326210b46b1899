/// Where the daemon's configuration comes from, each time that it is read.
struct ConfigurationSource: Sendable {
  let loader: ConfigurationLoader
  /// The file, as it was named to the program; a link is followed anew each time.
  let path: String

  /// - Throws: everything that is wrong with the file, that it can't be read included.
  func load() throws(ConfigurationFaults) -> Configuration { try loader.load(from: path) }
}
