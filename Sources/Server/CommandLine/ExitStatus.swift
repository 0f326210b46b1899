/// What the program tells the shell.
enum ExitStatus: Int32 {
  case ok = 0
  /// It went wrong while it ran.
  case failure = 1
  /// The command line or the configuration can't be understood.
  case usage = 2
  /// No daemon answers.
  case unreachable = 3
  /// The daemon did not do what it was asked.
  case refused = 4
}
