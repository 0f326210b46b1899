#ifndef CLINUX_H
#define CLINUX_H
#include "byte_search.h"
#include "cuda_driver.h"
#include "linux_io.h"
#include "shepherd.h"
#include "tcp_port.h"
#include "web_call.h"
#endif
