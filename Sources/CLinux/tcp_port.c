#define _GNU_SOURCE
#include "tcp_port.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int is_held(const struct addrinfo *address) {
  int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return 0;
  // Connections of an earlier server that still time out are nobody's.
  int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  int held = bind(descriptor, address->ai_addr, address->ai_addrlen) != 0 && errno == EADDRINUSE;
  close(descriptor);
  return held;
}

int tcp_port_is_held(const char *address_text, uint16_t port) {
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo *addresses = NULL;
  if (getaddrinfo(address_text, service, &hints, &addresses) != 0) return 0;
  int held = 0;
  for (const struct addrinfo *address = addresses; address != NULL && !held; address = address->ai_next) {
    held = is_held(address);
  }
  freeaddrinfo(addresses);
  return held;
}
