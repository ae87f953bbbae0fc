/* target.h - where a file that somebody names is written: a new or a regular file is made whole under another
 * name and renamed, anything else is left in its place. To rename onto a device would take it from the
 * system, onto a FIFO its readers would wait for ever, and a link would no longer be one.
 *
 *     char final[4096], temporary[4096];
 *     int special = target_find("out.csv", final, sizeof final, &err);       links followed to their ends
 *     if (special == 0) fd = target_temporary(final, temporary, sizeof temporary, &err);    and
 *                                                                                           rename(temporary,
 *                                                                                           final)
 *     if (special == 1) fd = open(final, O_WRONLY);
 *
 * No MPI. */
#ifndef CELLSWEEP_TARGET_H
#define CELLSWEEP_TARGET_H

#include "err.h"

#include <stddef.h>

/* Follow the links of a path's last part, the last of which may lead to a file that is yet to be made. 0:
 * what stands there is a regular file, or nothing; 1: a device, FIFO or socket; E_IO: a folder, links in a
 * circle, or a path that is too long. */
int target_find(const char *path, char *out, size_t size, struct err *err);

/* A new file in the folder of path, ".NAME.XXXXXX.tmp" in out, with the rights that umask leaves; nobody
 * could have known its name. Its descriptor, or E_IO with nothing left. */
int target_temporary(const char *path, char *out, size_t size, struct err *err);

/* 1 when path is a regular file, or a link to one. Looking never waits, as opening a FIFO would. */
int target_is_regular(const char *path);

#endif
