#include "run/places.h"

#include <stdlib.h>

int places_new(struct places *set, int n, struct err *err)
{
    size_t words = (size_t)n;
    *set = (struct places){.n = n};
    do {
        words = words / 64 + 1;
        uint64_t *level = err_calloc(words, sizeof *level, "the schedule", err);
        if (!level)
            return E_IO;
        set->level[set->n_levels++] = level;
    } while (words > 1);
    return 0;
}

void places_free(struct places *set)
{
    for (int l = 0; l < set->n_levels; l++)
        free(set->level[l]);
    *set = (struct places){0};
}

void places_add(struct places *set, int i)
{
    for (int l = 0; l < set->n_levels; l++, i /= 64)
        set->level[l][i / 64] |= (uint64_t)1 << (i % 64);
}

void places_remove(struct places *set, int i)
{
    for (int l = 0; l < set->n_levels; l++, i /= 64) {
        set->level[l][i / 64] &= ~((uint64_t)1 << (i % 64));
        if (set->level[l][i / 64])
            return; /* the word is not empty yet */
    }
}

int places_has(const struct places *set, int i)
{
    return (int)(set->level[0][i / 64] >> (i % 64) & 1);
}

int places_next(const struct places *set, int i)
{
    for (int l = 0; l < set->n_levels; l++, i = i / 64 + 1) {
        uint64_t rest = set->level[l][i / 64] >> (i % 64); /* a level has room for one more than it needs */
        if (rest == 0)
            continue;
        i += __builtin_ctzll(rest);
        while (l-- > 0)
            i = 64 * i + __builtin_ctzll(set->level[l][i]);
        return i;
    }
    return set->n;
}
