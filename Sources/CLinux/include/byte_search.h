// What the Glibc module lacks of searching.
#ifndef CLINUX_BYTE_SEARCH_H
#define CLINUX_BYTE_SEARCH_H

#include <stddef.h>

/// Where the first occurrence of `part`, which is not empty, begins in `bytes`; -1 when there is none.
ptrdiff_t first_occurrence(const void *part, size_t part_count, const void *bytes, size_t count);

#endif
