import Testing

@testable import Metrics

@Suite struct `The format of a scrape` {
  @Test(
    arguments: [
      (nil, .text),
      ("", .text),
      ("*/*", .text),
      ("text/plain", .text),
      ("text/html,application/xhtml+xml,*/*;q=0.8", .text),
      ("application/json", .text),
      ("application/openmetrics-text", .openMetrics),
      ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", .openMetrics),
      ("application/openmetrics-text;version=0.0.1", .text),
      ("application/openmetrics-text;version=1.0.0;q=0", .text),
      ("application/openmetrics-text;q=nonsense", .text),
      ("application/openmetrics-text;q=0.4, text/plain;q=0.5", .text),
      ("text/plain;q=0.5 ,\tapplication/openmetrics-text ; q=0.75", .openMetrics),
      ("application/openmetrics-text,text/plain", .openMetrics),
      ("text/plain,application/openmetrics-text", .text),
      (
        "application/openmetrics-text; version=1.0.0,application/openmetrics-text; version=0.0.1;q=0.75,"
          + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
      ),
      (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
          + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
          + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics
      ),
      ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;q=0.7,text/plain;q=0.3", .text),
    ] as [(String?, ExpositionFormat)])
  func `is the one that the Accept field prefers`(accept: String?, expected: ExpositionFormat) {
    #expect(ExpositionFormat.preferred(accept: accept) == expected)
  }

  @Test func `is named with its version`() {
    #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(
      ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
  }
}
