internal import Glibc

/// A system call that failed, worded for a person: what was tried and what the system said.
package struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package let call: String
  /// The call's errno.
  package let code: CInt

  package init(_ call: String, code: CInt = errno) {
    self.call = call
    self.code = code
  }

  package var description: String { "\(call): \(reason)" }

  /// The system's words for the code alone, as in "connection refused".
  package var reason: String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    let words = unsafe String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}
