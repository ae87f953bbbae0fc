/* fuzz.h - one function a reader of foreign bytes, driven by libFuzzer (`make fuzz`) or replayed file by file
 * (replay.c, which needs no clang).
 *
 * A target is tests/fuzz/fuzz_<what>.c with one fuzz_one(). It calls the program's own entry point, on the
 * path of a temporary file. Whatever they are, the reader must neither crash, leak, hang nor take memory
 * without bound, and a refusal must come with one complete line. */
#ifndef CELLSWEEP_FUZZ_H
#define CELLSWEEP_FUZZ_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_FILES = 2 };

/* Read the bytes as the program would: 1 when they were accepted, 0 when they were refused. */
int fuzz_one(const uint8_t *bytes, size_t n);

/* Folder for temporary files, removed at the end; made by the first call, below $TMPDIR. */
const char *fuzz_folder(void);

/* Path of a temporary file holding these bytes, until the next call for the same slot (0 to FUZZ_FILES -
 * 1). */
const char *fuzz_file(int slot, const uint8_t *bytes, size_t n);

/* The bytes of a file, which the caller frees; aborts when it cannot be read. Without room to spare, so that
 * a read past the end is seen. */
uint8_t *fuzz_bytes(const char *path, size_t *n);

/* Abort unless rc is no failure, or one with an exit status and one complete line in err. Returns rc. */
int fuzz_check(int rc, const struct err *err);

/* The line of the last failure that fuzz_check() saw. */
const char *fuzz_reason(void);

#endif
