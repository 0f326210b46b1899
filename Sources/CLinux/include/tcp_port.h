#ifndef CLINUX_TCP_PORT_H
#define CLINUX_TCP_PORT_H

#include <stdint.h>

/// Whether somebody listens on the port at the address, a numeric one of this machine: binds to it for a moment (bind(2),
/// SO_REUSEADDR). False also where that can't be known, as for an address of another machine.
int tcp_port_is_held(const char *address_text, uint16_t port);

#endif
