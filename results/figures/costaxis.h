/* costaxis.h - the axes of a picture of accuracy against a cost: the cost logarithmic, the accuracy in
 * tenths. No MPI. */
#ifndef CELLSWEEP_COSTAXIS_H
#define CELLSWEEP_COSTAXIS_H

#include <stdio.h>

struct costaxis {
    double x_low, x_high; /* cost */
    double y_low, y_high; /* accuracy */
    double least;         /* cost: what is less stands here */
};

/* Nothing is on it yet. */
struct costaxis costaxis_begin(double least);

/* Make room for a cost, at `least` at least, and for an accuracy; NaN: for nothing. */
void costaxis_cost(struct costaxis *axis, double x);
void costaxis_accuracy(struct costaxis *axis, double y);

/* A margin on either side, once all are on it. */
void costaxis_end(struct costaxis *axis);

/* Ranges and tics of the next plot: every decade, of few of them more in it, of many every second one. */
void costaxis_write(FILE *file, const struct costaxis *axis);

/* A dashed line at what guessing gives, its word beside it. NaN: nothing. */
void costaxis_chance(FILE *file, double chance);

#endif
