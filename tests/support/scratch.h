/* scratch.h - a folder for the files of a test, where TMPDIR says: the runner (all.sh) finds there
 * what a test leaves behind. */
#ifndef CELLSWEEP_SCRATCH_H
#define CELLSWEEP_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

/* Make a new folder in TMPDIR (default: /tmp) and put its path into out (size bytes). The caller
 * removes it. 0, or -1. */
static inline int scratch_make(char *out, size_t size)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(out, size, "%s/t.XXXXXX", parent && *parent ? parent : "/tmp");
    return n > 0 && (size_t)n < size && mkdtemp(out) ? 0 : -1;
}

#endif
