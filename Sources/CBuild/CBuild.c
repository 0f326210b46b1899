#include "CBuild.h"

const char *build_commit(void) { return SWITCHER_COMMIT; }
