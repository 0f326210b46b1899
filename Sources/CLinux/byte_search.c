#define _GNU_SOURCE
#include "byte_search.h"

#include <string.h>

ptrdiff_t first_occurrence(const void *part, size_t part_count, const void *bytes, size_t count) {
  const char *found = memmem(bytes, count, part, part_count);
  return found == NULL ? -1 : found - (const char *)bytes;
}
