/* partition.h - jobs of the results file, or cells that stand for groups of them, sorted by
 * what they have in common.
 *
 *     struct partition *same = NULL;
 *     if (partition_new(cell, n, n_axes, BY_CLUSTERS | BY_PROTOCOL, &same, &err) < 0) ...
 *     for (int i = same->begin[part]; i < same->begin[part + 1]; i++) ... cell[same->member[i]] ...
 *     partition_free(same);
 *
 * The time it takes grows with n alone, however many parts there are. Thread-safe. No MPI. */
#ifndef CELLSWEEP_PARTITION_H
#define CELLSWEEP_PARTITION_H

#include "store/store.h"

/* What the members of a part have in common; may be added up. BY_AXES: all grid axes of struct store_job. */
enum partition_by {
    BY_CLUSTERS = 1,
    BY_STRATEGY = 2,
    BY_PROTOCOL = 4,
    BY_MODEL = 8,
    BY_AXES = 16,
    BY_ALL = BY_CLUSTERS | BY_STRATEGY | BY_PROTOCOL | BY_MODEL | BY_AXES
};

struct partition {
    int n, n_parts;
    int *part_of; /* (n) part of each item; parts are numbered in the order of their first items */
    int *begin;   /* (n_parts + 1) where the members of each part begin in member, and the end */
    int *member;  /* (n) items, part after part, ascending within one */
};

/* item (n) and what it points to are only read; *out is owned by the caller. E_IO without memory. */
int partition_new(const struct store_job *const *item, int n, int n_axes, unsigned by, struct partition **out,
                  struct err *err);

/* partition may be NULL. */
void partition_free(struct partition *partition);

/* 1 when item i is the first of its part. */
int partition_is_first(const struct partition *partition, int i);

#endif
