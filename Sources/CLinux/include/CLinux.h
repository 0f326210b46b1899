#ifndef CLINUX_H
#define CLINUX_H
#include "cuda_driver.h"
#include "linux_io.h"
#include "shepherd.h"
#include "tcp_port.h"
#endif
