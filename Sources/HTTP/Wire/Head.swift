/// How far a message's body reaches (RFC 9112, section 6.3).
package enum BodyFraming: Hashable, Sendable {
  case none
  /// So many bytes, at least one.
  case length(Int)
  case chunked
  /// All that comes until the peer ends the connection; responses only.
  case untilClose
}

/// One line of a head's field section.
struct HeaderField: Hashable, Sendable {
  var name: HeadSlice
  /// Without the blanks around it.
  var value: HeadSlice
  var known: KnownField
  /// Whether Connection names it, which makes it a field of one connection only, whatever it is.
  var isNamedByConnection = false
}

/// How large a head may be; what passes that is refused with 431, a target with 414.
struct HeadLimits: Sendable {
  /// The whole head with the blank line at its end.
  var headBytes = 65_536
  var fields = 256
  var targetBytes = 32_768
}

/// A request before its body. Its slices lie in the bytes that the parser was given.
struct RequestHead {
  var method = HTTPMethod.get
  /// The target as it came.
  var target = HeadSlice.empty
  /// The target's path, percent-encoded as it came: all that stands before the query. Empty where an absolute-form target
  /// has none, which means "/"; "*" in `OPTIONS *`.
  var path = HeadSlice.empty
  /// What follows the first question mark.
  var query: HeadSlice?
  /// Host and port: the target's own in absolute form, else those of Host; empty in an HTTP/1.0 request without.
  var authority = HeadSlice.empty
  var minorVersion: UInt8 = 1
  var fields: [HeaderField] = []
  var framing = BodyFraming.none
  /// Whether the connection may bear a further request.
  var keepAlive = true
  /// Whether the client waits for "100 Continue" before it sends the body.
  var expectsContinue = false
  /// Whether the client asks for another protocol (RFC 9110, section 7.8).
  var upgrade = false
  /// The head with the blank line at its end; the body begins here.
  var byteCount = 0
}

/// A response before its body. Its slices lie in the bytes that the parser was given.
struct ResponseHead {
  /// 100 to 599.
  var status = 0
  var reason = HeadSlice.empty
  var minorVersion: UInt8 = 1
  var fields: [HeaderField] = []
  var framing = BodyFraming.none
  /// Whether the connection may bear a further request once the body has come.
  var keepAlive = true
  /// Whether the body is a stream of server-sent events.
  var isEventStream = false
  /// Whether the body is a JSON text.
  var isJSON = false
  /// The head with the blank line at its end; the body begins here.
  var byteCount = 0
}

extension [HeaderField] {
  /// The value of the first field of that kind.
  func value(of known: KnownField) -> HeadSlice? {
    for field in self where field.known == known { return field.value }
    return nil
  }

  /// The value of the first field of that name, which is in lower case, among those that come in `head`.
  func value(named name: String, in head: Span<UInt8>) -> HeadSlice? {
    for field in self where field.name.isNamed(name, in: head) { return field.value }
    return nil
  }
}

extension HeadSlice {
  /// Whether the bytes spell `name`, which is in lower case, in whatever case.
  fileprivate func isNamed(_ name: String, in head: Span<UInt8>) -> Bool {
    guard name.utf8.count == count else { return false }
    var index = Int(start)
    for byte in name.utf8 {
      if head[index].lowercased != byte { return false }
      index &+= 1
    }
    return true
  }
}
