/// The last so many of something, in order.
struct Ring<Element: Sendable>: Sendable {
  let capacity: Int
  private var elements: [Element] = []
  /// Where the oldest one stands once the ring is full.
  private var first = 0

  /// - Parameter capacity: at least one.
  init(capacity: Int) { self.capacity = capacity }

  var count: Int { elements.count }

  mutating func append(_ element: Element) {
    if elements.count < capacity {
      elements.append(element)
    } else {
      elements[first] = element
      first = (first + 1) % capacity
    }
  }

  /// Up to so many, the newest first.
  func newest(_ limit: Int) -> [Element] {
    (0..<min(limit, count)).map { elements[(first + count - 1 - $0) % count] }
  }
}
