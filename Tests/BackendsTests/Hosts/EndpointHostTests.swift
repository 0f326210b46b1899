import Core
import HTTP
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct EndpointHostTests {
    let site: Site

    init() throws { site = try Site() }

    private func host(
      _ fake: FakeHost, token: String = "hf_secret", sleepAction: InferenceEndpoint.SleepAction = .pause,
      wakeTimeout: Duration = .seconds(600)
    ) -> EndpointHost {
      var endpoint = InferenceEndpoint(name: "team/large", token: token)
      endpoint.sleepAction = sleepAction
      endpoint.apiURL = fake.url + "/v2"
      let upstream = Upstream(origin: Origin(host: "127.0.0.1", port: 0), modelName: "org/large")
      let hosting = HostSite(
        model: "large", control: site.control(upstream), log: site.log.logger, kept: site.output,
        start: site.programs.start)
      return EndpointHost(
        endpoint: endpoint, site: hosting, healthPath: "/health", sleepTimeout: .seconds(600), wakeTimeout: wakeTimeout,
        lookInterval: .milliseconds(5))
    }

    private var orders: [String] {
      site.log.messages.filter { $0.hasPrefix("POST /") }.map { String($0.split(separator: "/").last ?? "") }
    }

    @Test func `an endpoint that can't be put to sleep in the end keeps nobody from anything`() async throws {
      let fake = try FakeHost.endpoint(state: "running")
      try await site.withHost(fake) {
        let (stopped, vacated) = await (host(fake, token: "hf_stale").stop(), host(fake, token: "hf_stale").vacate())
        #expect(!stopped && !vacated)
        #expect(site.log.messages.contains { $0.hasPrefix("the endpoint may go on running") })
        #expect(orders.isEmpty)
      }
    }

    @Test(
      arguments: [
        ("running", []), ("paused", ["resume"]), ("scaledToZero", []), ("pending", []), ("hibernating", []),
      ])
    func `an endpoint is brought to serve from every state that can be left`(
      state: String, expected: [String]
    ) async throws {
      let fake = try FakeHost.endpoint(state: state)
      try await site.withHost(fake) {
        if ["pending", "hibernating"].contains(state) {
          let failure = await #expect(throws: RuntimeFailure.self) {
            try await host(fake, wakeTimeout: .milliseconds(200)).wake()
          }
          #expect(
            failure?.message
              == "the endpoint team/large was not ready within 0.2 seconds: it is \(state): it is \(state)")
        } else {
          let upstream = try await host(fake).wake()
          #expect(upstream.origin == fake.origin)
          #expect(upstream.basePath == "/serve")
          #expect(upstream.modelName == "org/large")
          #expect(upstream.web == WebAccess(scheme: .http, authorization: "Bearer hf_secret"))
          #expect(await host(fake).isAlive())
        }
        #expect(await holds { orders == expected })
      }
    }

    @Test(arguments: [(InferenceEndpoint.SleepAction.pause, "pause"), (.scaleToZero, "scale-to-zero")])
    func `it is ordered to sleep once, and asleep when its state says so`(
      action: InferenceEndpoint.SleepAction, route: String
    ) async throws {
      let fake = try FakeHost.endpoint(state: "running")
      try await site.withHost(fake) {
        let host = host(fake, sleepAction: action)
        try await host.sleep()
        try await host.sleep()
        #expect(await host.stop())
        #expect(await holds { orders == [route] })
        _ = try await host.wake()
      }
    }

    @Test func `a service that finds us too eager is let alone for as long as it says`() async throws {
      let fake = try FakeHost.endpoint(state: "paused", busy: 3)
      try await site.withHost(fake) {
        _ = try await host(fake).wake()
        #expect(await holds { orders == ["resume"] })
      }
    }

    @Test func `a service that wants to be let alone for longer than a look takes is let alone`() async throws {
      let fake = try FakeHost.endpoint(state: "running", busy: 1, retryAfter: 60)
      try await site.withHost(fake) {
        let message = #"GET \#(fake.url)/v2/endpoint/team/large returned 429: {"error": "slow down"}"#
        await #expect(throws: RuntimeFailure(message, .unreachable)) { try await host(fake).isHeld() }
        let isHeld = try await host(fake).isHeld()
        #expect(isHeld)
      }
    }

    @Test(arguments: ["failed", "updateFailed"])
    func `an endpoint that has failed is told in the service's words`(state: String) async throws {
      let fake = try FakeHost.endpoint(state: state)
      try await site.withHost(fake) {
        await #expect(throws: RuntimeFailure("the endpoint team/large is \(state): it is \(state)")) {
          try await host(fake).wake()
        }
        #expect(await !host(fake).isAlive())
      }
    }

    @Test func `a token that is not accepted is told at once`() async throws {
      let fake = try FakeHost.endpoint(state: "paused")
      try await site.withHost(fake) {
        let message = #"GET \#(fake.url)/v2/endpoint/team/large returned 401: {"error": "Invalid credentials"}"#
        await #expect(throws: RuntimeFailure(message)) { try await host(fake, token: "hf_other").wake() }
      }
    }

    @Test func `a service that can't be reached is asked until the time is over`() async throws {
      let fake = try FakeHost.endpoint(state: "paused")
      let failure = await #expect(throws: RuntimeFailure.self) {
        try await host(fake, wakeTimeout: .milliseconds(100)).wake()
      }
      #expect(failure?.message.hasPrefix("GET \(fake.url)/v2/endpoint/team/large: ") == true)
    }

    @Test(
      arguments: [
        ("https://a.endpoints.huggingface.cloud", "a.endpoints.huggingface.cloud:443", "", WebAccess.Scheme.https),
        ("http://127.0.0.1:8080/serve/", "127.0.0.1:8080", "/serve", .http),
      ])
    func `its address is the one that its state names`(
      url: String, origin: String, path: String, scheme: WebAccess.Scheme
    ) throws {
      let upstream = try #require(Upstream(endpointURL: url, modelName: nil, authorization: "Bearer x"))
      #expect(upstream.origin.description == origin)
      #expect(upstream.basePath == path)
      #expect(upstream.web?.scheme == scheme)
    }

    @Test(arguments: ["", "ftp://host", "//host", "host:80"])
    func `what is no address of the web is refused`(url: String) {
      #expect(Upstream(endpointURL: url, modelName: nil, authorization: "") == nil)
    }
  }
}
