/* unread.h - settings that jobs of a grid do not read.
 *
 * Two combinations that differ in nothing but such settings are one job: of an axis that a combination does
 * not read its first value stands for all. So strategy: [none, smote] with smote.k: [3, 5] is three jobs.
 * Which settings a job reads hangs on those alone that every job reads (config.h), so this asks of each
 * combination by itself. A setting that the sweep file gives and that no job reads is a mistake,
 * unless it is at its default. No MPI. */
#ifndef CELLSWEEP_UNREAD_H
#define CELLSWEEP_UNREAD_H

#include "settings/sweep_file.h"

#include <stdio.h>

/* Starts zeroed. */
struct unread {
    long n, n_left_out;                     /* combinations seen; those that another one stands for */
    unsigned char is_read[CONFIG_MAX_KEYS]; /* key k of the schema, by any of them */
    unsigned axes;                          /* 1 << a: axis a is not read by all of them */
};

/* 1 when an earlier combination stands for number `index` of the grid, the last axis the fastest, else 0. */
int unread_repeats(const struct sweep_file *file, long index, const struct config *combination);

/* Count one in. */
void unread_see(struct unread *unread, const struct sweep_file *file, long index,
                const struct config *combination);

/* All were seen: 0, or E_USAGE with the line of an axis, or of a value off its default, that none of them
 * reads, who would, and what to do. */
int unread_refuse(const struct unread *unread, const struct sweep_file *file, struct err *err);

/* One line about the combinations that were left out, and why; nothing when there are none. */
void unread_print(FILE *out, const struct unread *unread, const struct sweep_file *file);

#endif
