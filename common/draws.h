/* draws.h - the test sets that seeds and repeats draw: how many of them are different, and how
 * far they overlap. Whole groups leave few ways to divide images evenly, so that several seeds may
 * get one and the same division.
 *
 *     struct draws draws = {0};
 *     for (...) if (draws_add(&draws, seed, repeat, image, n, &err) < 0) ...    folds of a repeat one after
 *                                                                               the other
 *     struct draws_summary s;
 *     if (draws_summarise(&draws, &s, &err) < 0) ...
 *     draws_release(&draws);
 *
 * A draw is what one seed and repeat divides: the test set of a holdout, or those of all folds. Two
 * draws are the same when their sets are, in whatever order. No MPI. */
#ifndef CELLSWEEP_DRAWS_H
#define CELLSWEEP_DRAWS_H

#include "err.h"

#include <stdint.h>

/* So many draws, the first ones, are compared image by image. */
enum { DRAWS_COMPARED = 32 };

struct draws_set {
    uint64_t hash;
    int n;
    int *image; /* (n) ascending, owned; NULL: not among the draws that are compared */
};

struct draws_draw {
    int64_t seed, repeat;
    int begin, n; /* its sets */
};

/* Zeroed: nothing drawn. Private but for its size. */
struct draws {
    int n_sets, n_draws, set_room, draw_room;
    struct draws_set *set;   /* (n_sets) owned */
    struct draws_draw *draw; /* (n_draws) owned */
};

struct draws_summary {
    int drawn;    /* draws; those with fewer sets than others have, of unfinished folds, do not count */
    int distinct; /* of them */
    int n_sets;   /* sets of a draw: 1, or the folds */
    /* mean over pairs of the first DRAWS_COMPARED draws: of each set of one, its largest Jaccard index
     * with a set of the other, 0 to 1; NaN: one draw */
    double overlap;
    int least, most; /* images of a set */
};

/* Add a test set: image (n) in any order, an image twice counts once. Sets of the same seed and repeat
 * follow each other. E_IO without memory. */
int draws_add(struct draws *draws, int64_t seed, int64_t repeat, const int *image, int n, struct err *err);

/* E_IO without memory. Without a draw: all zero, overlap NaN. */
int draws_summarise(const struct draws *draws, struct draws_summary *out, struct err *err);

/* Runs of so few divisions tell less than their number says: fewer distinct ones than were drawn, or
 * an overlap above draws_high_overlap. */
int draws_are_few(const struct draws_summary *summary);

/* 1: there is one division only, though several were drawn. */
int draws_are_one(const struct draws_summary *summary);

/* An overlap above it is said: 0.5. */
extern const double draws_high_overlap;

void draws_release(struct draws *draws);

#endif
