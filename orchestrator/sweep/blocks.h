/* blocks.h - the blocks of a grid: what each of them excludes, jobs that several give, and what of all that
 * is told. The steps of sweep_expand(); and what commands say. No MPI. */
#ifndef CELLSWEEP_BLOCKS_H
#define CELLSWEEP_BLOCKS_H

#include "sweep/expand.h"

#include <stdio.h>

/* Take the jobs of block b, the last of the sweep, from `begin` on, away that one of its excludes matches.
 * E_USAGE with file and line for an exclude that is no filter. */
int blocks_exclude(struct sweep *sweep, int b, int begin, struct err *err);

/* All blocks are there: take jobs away that an earlier block has, too. E_USAGE when none is left. */
int blocks_join(struct sweep *sweep, struct err *err);

/* What each block gives, what each exclude takes away, blocks_notes(), and combinations left out for what
 * they do not read (unread.h). */
void blocks_print(FILE *out, const struct sweep *sweep);

/* A line for each exclude that excludes nothing, and why, or all jobs of its block, and for each block that
 * gives no job of its own; nothing when there are none. */
void blocks_notes(FILE *out, const struct sweep *sweep);

#endif
