internal import Core

extension Exchange {
  /// The request's fields that are not of its connection alone (RFC 9110, section 7.6.1), in their order.
  package func endToEndFields(excluding excluded: KnownFieldSet) -> [(name: String, value: String)] {
    let dropped = excluded.union(.hopByHop)
    return connection.input.withBytes { bytes in
      head.fields.filter { !$0.isNamedByConnection && !dropped.contains($0.known) }
        .map { ($0.name.string(in: bytes), $0.value.string(in: bytes)) }
    }
  }
}
