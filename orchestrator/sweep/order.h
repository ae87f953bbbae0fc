/* order.h - in which order the jobs of a sweep are wanted: every combination of the grid with its first seed
 * (repeat, fold), then with its second one, and so on. A run that is ended early leaves whole seeds behind,
 * which can be compared.
 *
 *     int n_first;
 *     rc = order_waves(sweep, ORDER_SEED, wanted_first, wave, &n_first, &err);
 *
 * Whichever order: results are the same. No MPI. */
#ifndef CELLSWEEP_ORDER_H
#define CELLSWEEP_ORDER_H

#include "sweep/expand.h"

/* ORDER_LONGEST: by expected length alone. */
enum order { ORDER_SEED, ORDER_LONGEST, N_ORDERS };

extern const char *const order_names[N_ORDERS + 1]; /* "seed", "longest", NULL */

/* The wave of each job of the sweep, from 0, in wave (n_jobs), low ones first (schedule.h). Jobs that differ
 * in nothing but seed, repeat and fold have different waves, in the order of the grid's seeds, of one seed by
 * repeat, of one repeat by fold; jobs with the same numbers of these share a wave. Trials are of the wave of
 * their job. first: (n_jobs) 1 for jobs that have the first *n_first waves for themselves, or NULL. They hang
 * on the grid alone, not on what has run already. E_IO without memory. */
int order_waves(const struct sweep *sweep, enum order order, const char *first, int *wave, int *n_first,
                struct err *err);

#endif
