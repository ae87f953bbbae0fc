/* grouping.h - which images a split must keep together: the words of a column (slide, animal) as numbers.
 *
 *     const struct grouping *slides = groupings_find(&data->groupings, "slide");
 *     slides->number[i] == slides->number[k]      images i and k are of one slide
 *
 * Groups are numbered in the order of their names; an image without a word is a group of its own. No MPI. */
#ifndef CELLSWEEP_GROUPING_H
#define CELLSWEEP_GROUPING_H

#include "data/meta.h"
#include "err.h"

enum { GROUPING_CHECKSUM_SIZE = 33 };

struct grouping {
    char column[META_WORD_SIZE];
    int n;                                 /* groups */
    int *number;                           /* (images) of the group of each, owned */
    char checksum[GROUPING_CHECKSUM_SIZE]; /* of the numbers: all that a division depends on */
};

struct groupings {
    int n;
    struct grouping item[META_MAX_COLUMNS];
};

/* Append the column with the words of n images, NULL or "": none. A column that is there stays as it is.
 * E_USAGE beyond META_MAX_COLUMNS, E_IO without memory. */
int groupings_add(struct groupings *groupings, const char *column, const char *const *word, int n,
                  struct err *err);

/* The grouping by a column, or NULL. */
const struct grouping *groupings_find(const struct groupings *groupings, const char *column);

void groupings_release(struct groupings *groupings);

#endif
