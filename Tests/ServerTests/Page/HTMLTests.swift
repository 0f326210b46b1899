import Testing

@testable import Server

struct HTMLTests {
  @Test func `what is put into a page is text there`() {
    let name = "<b>\"x\" & 'y'\u{1B}</b>"
    let html: HTML = "<td title=\"\(name)\">\(name)"
    let escaped = "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39; &lt;/b&gt;"
    #expect(html.text == "<td title=\"\(escaped)\">\(escaped)")
  }

  @Test func `pages are put together without being escaped again`() {
    let rows: [HTML] = ["<tr>\("<")", "<tr>\(2)"]
    let table: HTML = "<table>\(rows)\(rows[0])</table>"
    #expect(table.text == "<table><tr>&lt;<tr>2<tr>&lt;</table>")
  }
}
