import Testing

@testable import HTTP

struct ByteBufferTests {
  @Test func `what is appended is read in order`() {
    let buffer = ByteBuffer()
    buffer.append("ab")
    buffer.append(UInt8(ascii: "c"))
    buffer.append(contentsOf: "dé")
    buffer.append([0x66])
    #expect(buffer.text == "abcdéf")
    #expect(buffer.count == 7)
  }

  @Test func `what is consumed is gone`() {
    let buffer = ByteBuffer()
    buffer.append("abcdef")
    buffer.consume(2)
    #expect(buffer.text == "cdef")
    buffer.append("g")
    #expect(buffer.text == "cdefg")
    buffer.consume(5)
    #expect(buffer.isEmpty)
    buffer.append("h")
    #expect(buffer.text == "h")
  }

  @Test func `bytes are taken out of the middle and off the end`() {
    let buffer = ByteBuffer()
    buffer.append("abcdefgh")
    buffer.consume(1)
    buffer.remove(1..<3)
    #expect(buffer.text == "befgh")
    buffer.truncate(to: 4)
    #expect(buffer.text == "befg")
    buffer.truncate(to: 9)
    #expect(buffer.text == "befg")
    buffer.truncate(to: 0)
    #expect(buffer.isEmpty)
  }

  @Test func `readable bytes are changed in place`() {
    let buffer = ByteBuffer()
    buffer.append("abc")
    buffer.consume(1)
    buffer.withMutableBytes { $0[0] = UInt8(ascii: "x") }
    #expect(buffer.text == "xc")
  }

  @Test func `a reader fills as much of the free space as it has bytes for`() {
    let buffer = ByteBuffer()
    buffer.append("a")
    let count = unsafe buffer.append(upTo: 100) { free in
      #expect(free.count == 100)
      for (index, byte) in "bc".utf8.enumerated() { unsafe free[index] = byte }
      return 2
    }
    #expect(count == 2)
    #expect(buffer.text == "abc")
    unsafe buffer.append(upTo: 8) { _ in 0 }
    #expect(buffer.text == "abc")
  }

  @Test func `the storage outlives its content and does not grow while there is room`() {
    let buffer = ByteBuffer(minimumCapacity: 1_000)
    let capacity = buffer.capacity
    #expect(capacity >= 1_000)
    let block = [UInt8](repeating: 7, count: 300)
    for _ in 0..<100 {
      buffer.append(block)
      buffer.append(block)
      buffer.consume(200)
      unsafe buffer.append(upTo: 300) { $0.count }
      buffer.consume(700)
    }
    #expect(buffer.isEmpty)
    #expect(buffer.capacity == capacity)
    buffer.append(block)
    buffer.removeAll()
    #expect(buffer.isEmpty)
    #expect(buffer.capacity == capacity)
    buffer.reserve(5_000)
    #expect(buffer.capacity >= 5_000)
  }
}
