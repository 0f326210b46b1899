#ifndef CLINUX_H
#define CLINUX_H

#include "shepherd.h"

#endif
