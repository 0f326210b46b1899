// Event polling and sockets: what the Glibc module leaves out, as thin wrappers that return -1 and set errno.
//
// No feature macro is set here: a public header that sets _GNU_SOURCE breaks a cold build of the Glibc module.
#ifndef LINUX_IO_H
#define LINUX_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

/// Registers a descriptor, edge-triggered, for readability, writability and the peer's end (epoll_ctl(2), EPOLL_CTL_ADD).
/// The key comes back with each of its events.
int linux_epoll_watch(int epoll, int descriptor, uint64_t key);

/// epoll_wait(2) with a time-out in nanoseconds, -1 for none (epoll_pwait2(2), or milliseconds rounded up without it).
int linux_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanoseconds);

/// accept4(2): the connection is non-blocking and not inherited by children.
int linux_accept(int listener);

/// socket(2): a TCP socket that is non-blocking and not inherited by children.
int linux_tcp_socket(int family);

/// pidfd_open(2): a descriptor that turns readable when the process ends; not inherited by children.
int linux_pidfd_open(int pid);

/// pidfd_send_signal(2): fails, and hits nobody, when the process has ended.
int linux_pidfd_send_signal(int descriptor, int signal);

/// Handles a list of signals by writing each one's number, a byte, into a pipe whose reading end is returned: non-blocking,
/// not inherited by children. For one list in a process. (A signalfd would miss them: Dispatch's main thread waits in a
/// sigsuspend that unblocks every signal.)
int linux_signal_pipe(const int *signals, size_t count);

/// Blocks every signal in the calling thread, SIGPIPE among them (pthread_sigmask(3)).
void linux_block_all_signals(void);

/// Names the calling thread for ps and debuggers; at most 15 bytes (pthread_setname_np(3)).
void linux_name_thread(const char *name);

/// Makes a descriptor non-blocking (fcntl(2), O_NONBLOCK).
int linux_set_nonblocking(int descriptor);

// The calls that every request makes go straight to the kernel: glibc's functions of these names make themselves
// cancellation points first, which nobody here uses.

/// recv(2).
ssize_t linux_receive(int socket, void *memory, size_t count);

/// send(2) with MSG_NOSIGNAL.
ssize_t linux_send(int socket, const void *memory, size_t count);

/// sendmsg(2) of several pieces with MSG_NOSIGNAL, which writev(2) does not have.
ssize_t linux_send_pieces(int socket, const struct iovec *pieces, size_t count);

/// What TCP knows of a connection whose end has been read (tcp(7), TCP_INFO): whether the peer has acknowledged every byte
/// that was sent, and whether it has since reset the connection.
struct linux_tcp_fate {
  int acknowledged;
  int reset;
};
int linux_tcp_fate(int socket, struct linux_tcp_fate *fate);

/// Lets close(2) reset the connection instead of ending it in order (socket(7), SO_LINGER with no time).
int linux_reset_on_close(int socket);

/// A numeric address and port as the kernel wants it; false when the text is no IPv4 or IPv6 address.
int linux_parse_address(const char *text, uint16_t port, struct sockaddr_storage *address, socklen_t *length);

/// The numeric text of an address, without its port. `capacity` of INET6_ADDRSTRLEN (46) holds any.
int linux_format_address(const struct sockaddr_storage *address, char *text, size_t capacity);

/// The port of an IPv4 or IPv6 address, in the host's byte order.
uint16_t linux_address_port(const struct sockaddr_storage *address);

#endif
