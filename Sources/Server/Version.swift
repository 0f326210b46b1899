internal import CBuild

/// What this program is.
enum Version {
  static let number = "0.1.0"

  /// The commit that it was built from, where whoever built it said so; else "unknown".
  static var commit: String { unsafe String(cString: build_commit()) }

  /// The compiler that it was built with.
  static var compiler: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3.1)
      "6.3.1"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
