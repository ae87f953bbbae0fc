/* given.h - the sets train, val and test that images came with: how many images, and how far the sets leak.
 *
 *     struct given_leak leak;
 *     if (given_measure(data, &leak, &err) < 0) ...
 *     given_print(stdout, data, &leak);
 *
 * A set leaks into a later one when an image of the later one equals one of it in every pixel, or nearly so:
 * the root mean square of the difference of their pixels is at most given_nearness times the standard
 * deviation of the pixels of either, as a file that was compressed again or rounded leaves it. So does a
 * value of a column of words (slide, animal) that images of both sets have. No MPI. */
#ifndef CELLSWEEP_GIVEN_H
#define CELLSWEEP_GIVEN_H

#include "data/dataset.h"

#include <stdio.h>

/* Pairs of sets, the earlier one first: train and val, train and test, val and test. */
enum { N_GIVEN_PAIRS = 3 };
struct given_pair {
    enum given_set from, to;
};
extern const struct given_pair given_pairs[N_GIVEN_PAIRS];

/* 0.05 */
extern const double given_nearness;

struct given_leak {
    int n[N_GIVEN_SETS];      /* images of each set, of all clusters */
    int equal[N_GIVEN_PAIRS]; /* images of `to` that equal one of `from` */
    int near[N_GIVEN_PAIRS];  /* of the others, those that nearly equal one */
};

/* Of all images of a dataset. E_IO without memory. */
int given_measure(const struct dataset *data, struct given_leak *out, struct err *err);

/* Values of a column that images of both sets of a pair have, and images of `to` with such a value. Columns
 * that give every image a word of its own have none. */
struct given_shared {
    int n_values, n_images;
};
int given_shared(const struct dataset *data, const struct meta_column *column, struct given_pair pair,
                 struct given_shared *out, struct err *err);

/* All of it in lines: "given sets: 4708 train, 624 test; 524 val are kept apart ...", then one a pair of
 * sets. E_IO without memory. */
int given_print(FILE *file, const struct dataset *data, const struct given_leak *leak, struct err *err);

#endif
