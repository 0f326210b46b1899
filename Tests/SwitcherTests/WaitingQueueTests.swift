internal import Core
internal import Testing

@testable import Switcher

struct WaitingQueueTests {
  private func waiter(_ number: UInt64, at seconds: Int, deadline: Int? = nil) -> Waiter {
    Waiter(
      ticket: Ticket(number: number), arrival: .zero + .seconds(seconds),
      deadline: deadline.map { Instant.zero + .seconds($0) } ?? .distantFuture)
  }

  private func tickets(_ waiters: [Waiter]) -> [UInt64] { waiters.map(\.ticket.number) }

  @Test func `waiters leave in the order of their arrival`() {
    var queue = WaitingQueue()
    for number in UInt64(1)...100 { queue.append(waiter(number, at: 0)) }
    var left: [UInt64] = []
    while let waiter = queue.popFirst() { left.append(waiter.ticket.number) }
    #expect(left == Array(1...100))
    #expect(queue.isEmpty)
    let none = queue.popFirst()
    #expect(none == nil)
  }

  @Test func `a waiter in the middle can leave, once`() {
    var queue = WaitingQueue()
    for number in UInt64(1)...5 { queue.append(waiter(number, at: Int(number))) }
    _ = queue.popFirst()
    let left = [1, 3, 3, 9].map { queue.remove(Ticket(number: $0))?.ticket.number }
    #expect(left == [nil, 3, nil, nil])
    let others = tickets(queue.removeAll())
    #expect(others == [2, 4, 5])
    #expect(queue.count == 0)
  }

  @Test func `the sum of ages is that of those who still wait`() {
    var queue = WaitingQueue()
    #expect(queue.sumOfAges(at: .zero + .seconds(9)) == .zero)
    for number in UInt64(1)...4 { queue.append(waiter(number, at: Int(number))) }
    #expect(queue.sumOfAges(at: .zero + .seconds(10)) == .seconds(9 + 8 + 7 + 6))
    _ = queue.popFirst()
    _ = queue.remove(Ticket(number: 3))
    #expect(queue.sumOfAges(at: .zero + .seconds(10)) == .seconds(8 + 6))
    _ = queue.removeAll()
    queue.append(waiter(5, at: 7))
    #expect(queue.sumOfAges(at: .zero + .seconds(10)) == .seconds(3))
  }

  @Test func `those whose deadline has come leave in order, the others stay as they were`() {
    var queue = WaitingQueue()
    for (number, deadline) in zip([1, 2, 3, 4, 5] as [UInt64], [8, 3, nil, 5, 4]) {
      queue.append(waiter(number, at: 1, deadline: deadline))
    }
    #expect(queue.nextDeadline == .zero + .seconds(3))
    let early = queue.removeExpired(at: .zero + .seconds(2))
    #expect(tickets(early) == [])
    let first = queue.removeExpired(at: .zero + .seconds(4))
    #expect(tickets(first) == [2, 5])
    #expect(queue.nextDeadline == .zero + .seconds(5))
    #expect(queue.sumOfAges(at: .zero + .seconds(4)) == .seconds(9))
    let second = queue.removeExpired(at: .zero + .seconds(8))
    #expect(tickets(second) == [1, 4])
    #expect(queue.nextDeadline == .distantFuture)
    #expect(queue.first?.ticket.number == 3)
  }
}
