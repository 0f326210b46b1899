import Testing

@testable import Server

struct LocatedJSONTests {
  @Test func `keys and values know their line and column, counted in characters`() throws {
    let root = try LocatedJSON(parsing: Array("{\n  \"größe\": [1,\n 2],\t\"日本\": \"x\"\r\n}".utf8))
    guard case .object(let members) = root.value, case .array(let elements) = members[0].value.value else {
      Issue.record("found \(root.plain)")
      return
    }
    #expect(root.position == TextPosition(line: 1, column: 1))
    #expect(members.map(\.key) == ["größe", "日本"])
    #expect(members.map(\.keyPosition.description) == ["2:3", "3:6"])
    #expect(members.map(\.value.position.description) == ["2:12", "3:12"])
    #expect(elements.map(\.position.description) == ["2:13", "3:2"])
  }

  @Test func `the tree is in the order of the text and keeps duplicates and spellings`() throws {
    let text = #"{"z":1.50,"a":[true,null,"\u0041"],"z":{}}"#
    #expect(try LocatedJSON(parsing: Array(text.utf8)).plain.serialized() == #"{"z":1.50,"a":[true,null,"A"],"z":{}}"#)
  }

  @Test(
    arguments: [
      ("{\n  \"a\": 1,\n}", "3:1", #"found "}", expected a key in double quotes"#),
      ("{\"a\":\n\"ü", "2:3", "found the end of the text, expected a closing quote"),
      ("", "1:1", "found the end of the text, expected a value"),
      ("{}\n\n", nil, ""),
    ] as [(String, String?, String)])
  func `what is no JSON is reported with line and column`(text: String, position: String?, message: String) {
    do throws(LocatedJSON.Fault) {
      _ = try LocatedJSON(parsing: Array(text.utf8))
      #expect(position == nil)
    } catch {
      #expect(error.position.description == position)
      #expect(error.message == message)
    }
  }

  @Test(
    arguments: [
      ([], "[]", "[]"), ([:], "{}", "{}"), (true, "true", "true"),
      (["a": [1, .number(-2.5), nil]], #"{"a":[1,-2.5,null]}"#, "{\n  \"a\": [\n    1,\n    -2.5,\n    null\n  ]\n}"),
      ("\"\\\u{1F}/\n\té", #""\"\\\u001f/\n\té""#, #""\"\\\u001f/\n\té""#),
      (.number(.infinity), "null", "null"), (.number(30.0), "30", "30"), (.number(1e300), "1e+300", "1e+300"),
    ] as [(JSONValue, String, String)])
  func `a value is written as JSON, on one line or on many`(value: JSONValue, line: String, lines: String) throws {
    #expect(value.serialized() == line)
    #expect(value.serialized(pretty: true) == lines)
    #expect(try LocatedJSON(parsing: Array(lines.utf8)).plain.serialized() == line)
  }
}
