internal import Core
internal import HTTP

extension ServerControl {
  /// Asks the model for one token, which makes the engine compile and allocate what it does lazily. That it fails is no
  /// reason not to serve: an embedding model knows no completions.
  func warmUp(model: String, timeout: Duration) async {
    let body = #"{"model":\#(jsonString(model)),"prompt":"Hello","max_tokens":1}"#
    do throws(ClientFailure) {
      let answer = try await ask(.post, "/v1/completions", body: body, timeout: timeout)
      if answer.status == 200 {
        logger.info("warmed up")
      } else {
        logger.warning("the warm-up failed", ["reason": "POST /v1/completions \(answer.description)"])
      }
    } catch {
      logger.warning("the warm-up failed", ["reason": error.description])
    }
  }
}
