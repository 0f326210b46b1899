#define _GNU_SOURCE
#include "linux_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int linux_epoll_watch(int epoll, int descriptor, uint64_t key) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = key};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int linux_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanoseconds) {
  if (timeout_nanoseconds <= 0) return epoll_wait(epoll, events, capacity, timeout_nanoseconds < 0 ? -1 : 0);
  struct timespec timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
  int count = (int)syscall(SYS_epoll_pwait2, epoll, events, capacity, &timeout, NULL, 0);
  if (count >= 0 || errno != ENOSYS) return count;
  int64_t milliseconds = (timeout_nanoseconds + 999999) / 1000000;
  return epoll_wait(epoll, events, capacity, milliseconds > 3600000 ? 3600000 : (int)milliseconds);
}

int linux_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int linux_tcp_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP); }

int linux_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int linux_pidfd_send_signal(int descriptor, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

static int signal_pipe_writer = -1;

static void write_signal(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe holds more signals than anybody waits for.
  if (write(signal_pipe_writer, &byte, 1) < 0) errno = saved;
  errno = saved;
}

int linux_signal_pipe(const int *signals, size_t count) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return -1;
  signal_pipe_writer = ends[1];
  struct sigaction action = {.sa_handler = write_signal, .sa_flags = SA_RESTART};
  for (size_t i = 0; i < count; i++) sigaction(signals[i], &action, NULL);
  return ends[0];
}

void linux_block_all_signals(void) {
  sigset_t set;
  sigfillset(&set);
  pthread_sigmask(SIG_SETMASK, &set, NULL);
}

void linux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int linux_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

ssize_t linux_receive(int socket, void *memory, size_t count) {
  return syscall(SYS_recvfrom, socket, memory, count, 0, NULL, NULL);
}

ssize_t linux_send(int socket, const void *memory, size_t count) {
  return syscall(SYS_sendto, socket, memory, count, MSG_NOSIGNAL, NULL, 0);
}

ssize_t linux_send_pieces(int socket, const struct iovec *pieces, size_t count) {
  struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count};
  return syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);
}

int linux_tcp_fate(int socket, struct linux_tcp_fate *fate) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -1;
  fate->reset = info.tcpi_state == 7 /* TCP_CLOSE in the kernel's net/tcp_states.h */;
  fate->acknowledged = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0;
  return 0;
}

int linux_reset_on_close(int socket) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  return setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int linux_parse_address(const char *text, uint16_t port, struct sockaddr_storage *address, socklen_t *length) {
  memset(address, 0, sizeof *address);
  struct sockaddr_in *v4 = (struct sockaddr_in *)address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    *length = sizeof *v4;
    return 1;
  }
  if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *length = sizeof *v6;
    return 1;
  }
  return 0;
}

int linux_format_address(const struct sockaddr_storage *address, char *text, size_t capacity) {
  const void *bytes = address->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                     : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
  return inet_ntop(address->ss_family, bytes, text, (socklen_t)capacity) ? 0 : -1;
}

uint16_t linux_address_port(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                              : ((const struct sockaddr_in *)address)->sin_port);
}
