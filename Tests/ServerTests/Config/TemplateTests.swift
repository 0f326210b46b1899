import Testing

@testable import Server

struct TemplateTests {
  private let scope = Template.Scope(
    environment: ["A": "1", "EMPTY": ""], executable: "/bin/switcher", model: (name: "m", port: { 8000 }))

  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("${MODEL}:${PORT} ${SWITCHER}", "m:8000 /bin/switcher"), ("${env.A}${env.A}", "11"),
    ("<${env.B:-x y}>", "<x y>"), ("<${env.B:-}>", "<>"), ("<${env.EMPTY}>", "<>"), ("<${env.EMPTY:-x}>", "<x>"),
    ("$${PORT}", "${PORT}"), ("$${ ${PORT} }", "${ 8000 }"), ("$ {PORT} $PORT }", "$ {PORT} $PORT }"),
    ("${env.B:-a:-b}", "a:-b"), ("é${MODEL}é", "émé"),
  ])
  func `the parts are replaced`(text: String, expected: String) throws {
    #expect(try Template(parsing: text).resolved(in: scope) == expected)
  }

  @Test(arguments: [
    ("a ${PORT", #"found "${PORT", expected a closing brace"#),
    ("${env.B}", "the environment variable B is not set; ${env.B:-default} gives it a default"),
    (
      "${HOME}",
      #"found "${HOME}", expected ${env.NAME}, ${env.NAME:-default}, ${PORT}, ${MODEL} or ${SWITCHER}; $${ stands for a literal ${"#
    ),
    (
      "${env.}",
      #"found "${env.}", expected ${env.NAME}, ${env.NAME:-default}, ${PORT}, ${MODEL} or ${SWITCHER}; $${ stands for a literal ${"#
    ),
  ])
  func `a part that means nothing is a fault`(text: String, message: String) {
    #expect(throws: Template.Fault(message: message)) { try Template(parsing: text).resolved(in: scope) }
  }

  @Test(arguments: ["${PORT}", "${MODEL}"])
  func `what belongs to a model means nothing outside one`(text: String) throws {
    let outside = Template.Scope(environment: [:], executable: "", model: nil)
    let fault = Template.Fault(message: "found \(text), which has a meaning inside a model only")
    #expect(throws: fault) { try Template(parsing: text).resolved(in: outside) }
  }
}
