/* partition.h - jobs of the results file, or cells that stand for groups of them, sorted by
 * what they have in common.
 *
 *     struct partition *same = NULL;
 *     if (partition_new(cell, n, FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_PROTOCOL), &same, &err) < 0) ...
 *     for (int i = same->begin[part]; i < same->begin[part + 1]; i++) ... cell[same->member[i]] ...
 *     partition_free(same);
 *
 * The time it takes grows with n alone, however many parts there are. Thread-safe. No MPI. */
#ifndef CELLSWEEP_PARTITION_H
#define CELLSWEEP_PARTITION_H

#include "store/combination.h"

struct partition {
    int n, n_parts;
    int *part_of; /* (n) part of each item; parts are numbered in the order of their first items */
    int *begin;   /* (n_parts + 1) where the members of each part begin in member, and the end */
    int *member;  /* (n) items, part after part, ascending within one */
};

/* Members of a part have the factors of `by` in common (combination.h). item (n) and what it points to are
 * only read; *out is owned by the caller. E_IO without memory. */
int partition_new(const struct store_job *const *item, int n, unsigned by, struct partition **out,
                  struct err *err);

/* partition may be NULL. */
void partition_free(struct partition *partition);

/* 1 when item i is the first of its part. */
int partition_is_first(const struct partition *partition, int i);

#endif
