#ifndef CLINUX_TCP_PORT_H
#define CLINUX_TCP_PORT_H

#include <stdint.h>

/// Whether somebody listens on the port at the host's own address: binds to it for a moment (bind(2), SO_REUSEADDR).
/// False also where that can't be known, as when the host is another machine. May block while the name is resolved.
int tcp_port_is_held(const char *host, uint16_t port);

#endif
