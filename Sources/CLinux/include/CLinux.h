#ifndef CLINUX_H
#define CLINUX_H
#include "linux_io.h"
#endif
