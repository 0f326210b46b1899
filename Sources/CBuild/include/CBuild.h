#ifndef CBUILD_H
#define CBUILD_H

/// The commit that the program was built from, as the environment variable SWITCHER_COMMIT named it; else "unknown".
const char *build_commit(void);

#endif
