import Testing

@testable import HTTP

/// What came of parsing bytes: comparable, and legible when a test fails.
enum Outcome<Read: Equatable>: Equatable {
  case whole(Read)
  case incomplete
  case fault(WireFault)

  var head: Read? { if case .whole(let read) = self { read } else { nil } }
  var status: Int? { if case .fault(let fault) = self { fault.status } else { nil } }
}

/// A request head with its slices turned into text.
struct ReadRequest: Equatable {
  var method: HTTPMethod
  var target, path: String
  var query: String?
  var authority: String
  var minorVersion: UInt8
  var fields: [ReadField]
  var framing: BodyFraming
  var keepAlive, expectsContinue, upgrade: Bool
  var byteCount: Int

  init(_ head: RequestHead, in bytes: Span<UInt8>) {
    method = head.method
    target = head.target.string(in: bytes)
    path = head.path.string(in: bytes)
    query = head.query?.string(in: bytes)
    authority = head.authority.string(in: bytes)
    minorVersion = head.minorVersion
    fields = ReadField.all(head.fields, in: bytes)
    framing = head.framing
    keepAlive = head.keepAlive
    expectsContinue = head.expectsContinue
    upgrade = head.upgrade
    byteCount = head.byteCount
  }

  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// A response head with its slices turned into text.
struct ReadResponse: Equatable {
  var status: Int
  var reason: String
  var minorVersion: UInt8
  var fields: [ReadField]
  var framing: BodyFraming
  var keepAlive, isEventStream: Bool
  var byteCount: Int

  init(_ head: ResponseHead, in bytes: Span<UInt8>) {
    status = head.status
    reason = head.reason.string(in: bytes)
    minorVersion = head.minorVersion
    fields = ReadField.all(head.fields, in: bytes)
    framing = head.framing
    keepAlive = head.keepAlive
    isEventStream = head.isEventStream
    byteCount = head.byteCount
  }
}

struct ReadField: Equatable {
  var name, value: String
  var known: KnownField
  var isHopByHop: Bool

  static func all(_ fields: [HeaderField], in bytes: Span<UInt8>) -> [ReadField] {
    var read: [ReadField] = []
    for field in fields {
      read.append(
        ReadField(
          name: field.name.string(in: bytes), value: field.value.string(in: bytes), known: field.known,
          isHopByHop: field.isNamedByConnection || KnownFieldSet.hopByHop.contains(field.known)))
    }
    return read
  }
}

/// Bytes written as text, in which each character up to U+00FF is one byte.
func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

/// Parses a request head that comes in the pieces that end at `ends`.
func parseRequest(_ bytes: [UInt8], endingAt ends: some Sequence<Int>, limits: HeadLimits = HeadLimits())
  -> Outcome<ReadRequest>
{
  var parser = RequestParser(limits: limits)
  var head = RequestHead()
  do throws(WireFault) {
    for end in ends {
      let piece = bytes.span.extracting(first: end)
      if try parser.parse(piece, into: &head) { return .whole(ReadRequest(head, in: piece)) }
    }
    return .incomplete
  } catch {
    return .fault(error)
  }
}

/// Parses a response head that comes in the pieces that end at `ends`.
func parseResponse(
  _ bytes: [UInt8], endingAt ends: some Sequence<Int>, to method: HTTPMethod = .post, limits: HeadLimits = HeadLimits()
) -> Outcome<ReadResponse> {
  var parser = ResponseParser(limits: limits, requestMethod: method)
  var head = ResponseHead()
  do throws(WireFault) {
    for end in ends {
      let piece = bytes.span.extracting(first: end)
      if try parser.parse(piece, into: &head) { return .whole(ReadResponse(head, in: piece)) }
    }
    return .incomplete
  } catch {
    return .fault(error)
  }
}

/// Parses a request head, and expects the same outcome when it comes byte by byte, or in two pieces cut anywhere.
func request(_ text: String, limits: HeadLimits = HeadLimits(), sourceLocation: SourceLocation = #_sourceLocation)
  -> Outcome<ReadRequest>
{
  let bytes = latin1(text)
  let whole = parseRequest(bytes, endingAt: [bytes.count], limits: limits)
  for ends in cuts(bytes.count) {
    let cut = parseRequest(bytes, endingAt: ends, limits: limits)
    #expect(cut == whole, "in pieces ending at \(ends.prefix(3))…", sourceLocation: sourceLocation)
  }
  return whole
}

/// Parses a response head, and expects the same outcome when it comes byte by byte, or in two pieces cut anywhere.
func response(
  _ text: String, to method: HTTPMethod = .post, limits: HeadLimits = HeadLimits(),
  sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome<ReadResponse> {
  let bytes = latin1(text)
  let whole = parseResponse(bytes, endingAt: [bytes.count], to: method, limits: limits)
  for ends in cuts(bytes.count) {
    let cut = parseResponse(bytes, endingAt: ends, to: method, limits: limits)
    #expect(cut == whole, "in pieces ending at \(ends.prefix(3))…", sourceLocation: sourceLocation)
  }
  return whole
}

/// Every byte a piece of its own, then every way to make two pieces; of long texts only some of those.
private func cuts(_ count: Int) -> [[Int]] {
  guard count > 1 else { return [] }
  let stride = max(1, count / 300)
  let byteByByte = count <= 3_000 ? [Array(1...count)] : []
  return byteByByte + Swift.stride(from: 1, to: count, by: stride).map { [$0, count] }
}

/// A request for "/" with these lines after its request line, each without its CR LF.
func get(_ lines: String..., host: String? = "Host: localhost") -> String {
  (["GET / HTTP/1.1"] + (host.map { [$0] } ?? []) + lines).map { $0 + "\r\n" }.joined() + "\r\n"
}
