internal import Glibc

/// How thorough a run is, set by the environment.
enum Setting {
  static func number(_ name: String, default value: Int) -> Int {
    guard let text = unsafe getenv(name) else { return value }
    return unsafe Int(String(cString: text)) ?? value
  }
}
