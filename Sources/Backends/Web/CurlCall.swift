internal import CLinux
internal import HTTP

/// One request by libcurl, over a connection of its own.
///
/// No connection is used twice: where an old one ends, libcurl would send the request again by itself, though the service
/// may have acted upon it.
@safe final class CurlCall: Sendable {
  // Only `web_call_cancel` is called by more than one thread, as it may be; all others have ended before the last
  // reference goes.
  private nonisolated(unsafe) let call: OpaquePointer

  /// - Throws: when there is no libcurl here.
  init() throws(WebFailure) {
    let library = try CurlLibrary.shared.get()
    guard let call = unsafe web_call_make(library.handle) else {
      throw WebFailure(.noAnswer, "out of memory or descriptors", wasNotSent: true)
    }
    unsafe self.call = call
  }

  deinit { unsafe web_call_free(call) }

  /// Sends the request and returns at the end of its answer, having kept this very thread. To be called once.
  /// - Parameters:
  ///   - line: gets each line of the heads, and of what follows the body; returns whether to go on.
  ///   - piece: gets each piece of the body; returns whether to go on.
  /// - Throws: when no whole answer came.
  func run(
    _ request: WebRequest, line: @escaping (String) -> Bool, piece: @escaping ([UInt8]) -> Bool
  ) throws(WebFailure) {
    for field in request.fieldLines where unsafe !web_call_add_field(call, field) {
      throw WebFailure(.noAnswer, "out of memory", wasNotSent: true)
    }
    let listener = Listener(line: line, piece: piece)
    var reason = [CChar](repeating: 0, count: 256)
    // The listener outlives the call, which is all that its address is used for.
    let result = withExtendedLifetime(listener) {
      var events = unsafe listener.events
      return unsafe web_call_run(
        call, request.method, request.url, request.hasBody, request.body, request.body.count,
        request.connectTimeoutMilliseconds, &events, &reason, reason.count)
    }
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    switch result {
    case WEB_DONE: return
    case WEB_CANCELLED: throw WebFailure(.cancelled, "cancelled")
    case WEB_NOT_SENT: throw WebFailure(.noAnswer, text, wasNotSent: true)
    case WEB_NOT_SENT_IN_TIME: throw WebFailure(.timedOut, text, wasNotSent: true)
    case WEB_NOT_CONNECTED: throw WebFailure(.notConnected, text, wasNotSent: true)
    case WEB_NOT_CONNECTED_IN_TIME: throw WebFailure(.connectTimedOut, text, wasNotSent: true)
    default: throw WebFailure(.noAnswer, text)
    }
  }

  /// Ends the request soon, whether it runs or is still to.
  func cancel() { unsafe web_call_cancel(call) }

  private final class Listener {
    let line: (String) -> Bool
    let piece: ([UInt8]) -> Bool

    init(line: @escaping (String) -> Bool, piece: @escaping ([UInt8]) -> Bool) {
      (self.line, self.piece) = (line, piece)
    }

    /// To be used while this lives, and by one thread.
    @unsafe var events: web_listener {
      unsafe web_listener(
        context: Unmanaged.passUnretained(self).toOpaque(),
        line: { context, bytes, count in
          guard let context = unsafe context else { return false }
          let listener = unsafe Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
          let line = unsafe UnsafeBufferPointer(start: bytes, count: count)
          return listener.line(unsafe String(decoding: line, as: UTF8.self))
        },
        piece: { context, bytes, count in
          guard let context = unsafe context else { return false }
          let listener = unsafe Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
          return listener.piece(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
        })
    }
  }
}

/// libcurl, loaded when it is first needed.
@safe struct CurlLibrary: @unchecked Sendable {
  // Sendable because nothing changes what it points to once it is there, and it is never freed.
  fileprivate let handle: OpaquePointer

  static let shared = Result { () throws(WebFailure) in try CurlLibrary(name: "libcurl.so.4") }

  /// - Throws: when the library is not there or is too old.
  init(name: String) throws(WebFailure) {
    var reason = [CChar](repeating: 0, count: 256)
    guard let handle = unsafe curl_library_open(name, &reason, reason.count) else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw WebFailure(.noAnswer, text, wasNotSent: true)
    }
    unsafe self.handle = handle
  }
}
