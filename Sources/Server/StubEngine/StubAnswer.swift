/// What a stand-in model says: who it is, then the numbers of its tokens, so that a lost or doubled one is seen.
enum StubAnswer {
  /// The length of an answer that the client sets no limit to.
  static let defaultTokens = 8
  /// What a prompt and its answer may come to; vLLM's `max_model_len`.
  static let contextTokens = 32_768

  /// The token so numbered, from 0, of the model's answer: "Hello from alpha. 2 3 4 …".
  static func token(_ number: Int, of model: String) -> String {
    number == 0 ? "Hello from \(model)." : " \(number + 1)"
  }

  /// A vector that is the same for the same model and text, and another for others: FNV-1a, spread over the dimensions.
  static func embedding(of text: String, by model: String) -> [Float] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for byte in model.utf8 { mix(byte) }
    for byte in text.utf8 { mix(byte) }
    return (UInt8(0)..<8).map { dimension in
      mix(dimension)
      return Float(Int8(truncatingIfNeeded: hash >> 40)) / 128
    }
  }
}
