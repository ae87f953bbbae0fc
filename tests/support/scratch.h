/* scratch.h - a folder for the files of a test, where TMPDIR says: the runner (all.sh) finds there
 * what a test leaves behind. */
#ifndef CELLSWEEP_SCRATCH_H
#define CELLSWEEP_SCRATCH_H

#include <stddef.h>

/* Make a new folder in TMPDIR (default: /tmp) and put its path into out (size bytes). The caller
 * removes it. 0, or -1. */
int scratch_make(char *out, size_t size);

#endif
