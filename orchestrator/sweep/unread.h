/* unread.h - settings that jobs of a grid do not read.
 *
 * Two combinations of a block that differ in nothing but such settings are one job: of an axis that a
 * combination does not read its first value stands for all, and of a zip the first place with the same values
 * of all axes that it reads. So strategy: [none, smote] with smote.k: [3, 5] is three jobs.
 * Which settings a job reads hangs on those alone that every job reads (config.h), so this asks of each
 * combination by itself. A setting that the sweep file gives and that no job reads is a mistake,
 * unless it is at its default. No MPI. */
#ifndef CELLSWEEP_UNREAD_H
#define CELLSWEEP_UNREAD_H

#include "settings/sweep_file.h"

#include <stdio.h>

/* Starts zeroed. */
struct unread {
    unsigned char is_read[CONFIG_MAX_KEYS]; /* key k of the schema as it stands beside the grid, by any job */
    struct unread_block {
        long n, n_left_out;     /* combinations; those that another one stands for */
        unsigned read, skipped; /* 1 << a: axis a is read by some job; is not read by some */
    } block[SWEEP_MAX_BLOCKS];
};

/* 1 when an earlier combination of its block stands for one, else 0. */
int unread_repeats(const struct sweep_file *file, long combination, const struct config *config);

/* Count a combination of a block. */
void unread_count(struct unread *unread, int block, int repeats);

/* Note what the jobs of a combination read. */
void unread_see(struct unread *unread, const struct sweep_file *file, long combination,
                const struct config *config);

/* All were seen: 0, or E_USAGE with the line of an axis that no job of its block reads, or of a value off its
 * default that none of them reads, who would, and what to do. */
int unread_refuse(const struct unread *unread, const struct sweep_file *file, struct err *err);

/* A line for each block about the combinations that were left out, and why; nothing when there are none. */
void unread_print(FILE *out, const struct unread *unread, const struct sweep_file *file);

#endif
