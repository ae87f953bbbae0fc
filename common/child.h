/* child.h - do in a child process first what may end this one: opening a file that may be damaged.
 *
 * HDF5 1.10 checks little of what it parses: one flipped byte in a file's metadata can crash the library, or
 * keep it busy for ever. A checksum over the metadata would have to be found before HDF5 has parsed any,
 * would be lost in files that went through h5repack or h5py, and old files have none. So whatever the file, a
 * child opens it first; when the child does not come back, the file is refused with a line. What the child
 * survives, this process does too, as both start from the same state.
 *
 * Not once MPI runs: fork() is not safe beside every network. Call it before MPI_Init, and
 * before threads are started. So there is none for images that `run` reads from a folder (`plan` tries them
 * in one), that ranks cut out of a Xenium bundle together, and that `serve`, which has threads, is sent. */
#ifndef CELLSWEEP_CHILD_H
#define CELLSWEEP_CHILD_H

#include "err.h"

/* Run task(path, err) in a child process and return its code, with its line in err; E_IO when the child
 * crashed, or used more than CHILD_SECONDS of processor time. The child's messages to stderr are dropped;
 * what it wrote or held is gone. */
int child_run(int (*task)(const char *path, struct err *err), const char *path, struct err *err);

enum { CHILD_SECONDS = 120 };

/* Do the work itself in a child, with the output and as much time as this process has: a reader of images
 * that crashes is then an error that names the file which child_at() spoke of last, and what would have been
 * written is not there. The child ends with this process, and where nobody reads its output any more
 * (SIGPIPE) this process ends as it did, without a word. What task() changes in memory is gone. Returns its
 * code, with its line in err. */
int child_guard(int (*task)(void *self, struct err *err), void *self, struct err *err);

/* A reader is about to read this file. Nothing outside of child_guard(). */
void child_at(const char *path);

#endif
