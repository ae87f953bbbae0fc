/* versus.h - sweeps that a file keeps apart (store_merge.h), each against the first of them: two sweeps, or
 * one sweep by two versions of the program.
 *
 *     struct versus *versus = NULL;
 *     if (versus_new(store, summary, "balanced_accuracy", &versus, &err) < 0) ...
 *     for (int p = 0; p < versus->n_pairs; p++)
 *         for (int i = versus->pair[p].begin; i < versus->pair[p].end; i++) ...
 *         versus->row[i].contrast.mean ...
 *     versus_free(versus);
 *
 * A row is a combination but for the sweep and the settings in which the sweeps differ as such. Where both
 * have it, runs are paired and tested as compare.h has it, second minus first; p is adjusted for all rows of
 * the pair (Holm). Leaky protocols count, too: a copy in training flatters both.
 *
 * A job whose key both sweeps have is the same job, and the same program gives it the same bits. No MPI. */
#ifndef CELLSWEEP_VERSUS_H
#define CELLSWEEP_VERSUS_H

#include "stats/compare.h"
#include "store/store_merge.h"

struct versus_row {
    const struct summary_group *first, *second; /* NULL: that sweep does not have it */
    int compared;                               /* 1: both have finished jobs, and what follows is of them */
    struct contrast contrast;                   /* second minus first; mean_first and mean_second theirs */
    double p_holm;
    enum verdict verdict; /* of the second sweep */
    int lacking;          /* jobs of both that were judged without a class */
    int n_same, n_equal;  /* jobs finished in both by one key; of them to the bit the same */
};

struct versus_pair {
    const char *first, *second;        /* names of the sweeps; the store's */
    const struct store_job *job[2];    /* one of each, for combination_label() */
    int begin, end;                    /* its rows */
    int both, only_first, only_second; /* combinations */
    int family;                        /* p values that were adjusted for how many there are */
    int n_same, n_equal;               /* of all rows */
    int unequal[2]; /* the first jobs of one key that are not the same, and where; -1: none */
    struct store_difference difference;
};

struct versus {
    const struct summary *summary; /* the caller's */
    int factor;                    /* `sweep` */
    struct compare *compare;       /* of it, on test; owned */
    int n_pairs, n;
    struct versus_pair *pair; /* (n_pairs) owned */
    struct versus_row *row;   /* (n) owned; a pair's stand together */
};

/* *out NULL when the file keeps no sweeps apart, or the summary has one of them only. summary, of the whole
 * file, must outlive *out, which is owned by the caller. bits 1: compare jobs of one key to the bit. */
int versus_new(struct store *store, const struct summary *summary, const char *metric, int bits,
               struct versus **out, struct err *err);

/* versus may be NULL. */
void versus_free(struct versus *versus);

/* Some sentences about a pair, without a line's end. */
void versus_words(FILE *file, const struct versus *versus, int pair);

#endif
