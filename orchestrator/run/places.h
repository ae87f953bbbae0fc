/* places.h - a set of places 0 to n - 1, of which the first one from some place on is found.
 *
 *     if (places_new(&left, n, &err) < 0) ...                    empty
 *     places_add(&left, 7);
 *     for (int i = places_next(&left, 0); i < n; i = places_next(&left, i + 1)) ...
 *     places_free(&left);
 *
 * Words of bits, above them a bit for each word that is not empty, and so on: each call looks at one word a
 * level, of which a million places have four. No MPI. */
#ifndef CELLSWEEP_PLACES_H
#define CELLSWEEP_PLACES_H

#include "err.h"

#include <stdint.h>

enum { PLACES_MAX_LEVELS = 6 };

/* Starts zeroed: then it can be freed. */
struct places {
    int n, n_levels;
    uint64_t *level[PLACES_MAX_LEVELS]; /* owned; the places themselves first */
};

/* An empty set. E_IO without memory. */
int places_new(struct places *set, int n, struct err *err);

/* Nothing happens where the place is in the set already, or is not. */
void places_add(struct places *set, int i);
void places_remove(struct places *set, int i);

int places_has(const struct places *set, int i);

/* The first place of the set from i (0 to n) on; n: none is. */
int places_next(const struct places *set, int i);

void places_free(struct places *set);

#endif
