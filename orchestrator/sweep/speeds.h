/* speeds.h - how long the jobs of a sweep would take on this machine.
 *
 * Jobs of one kind (sweep_kind) train at one speed, seconds per unit of expected work. Each kind of network
 * is trained once for a moment on made-up images, the ones with the most work first, and all together for at
 * most speeds_budget seconds and, where even one step takes longer, the first; kinds beyond that are expected
 * to do as much work a second as those that were timed, by work. No MPI. */
#ifndef CELLSWEEP_SPEEDS_H
#define CELLSWEEP_SPEEDS_H

#include "sweep/expand.h"

extern const double speeds_budget; /* seconds */

/* How well the expectations are founded. Jobs whose model knows its speed need no timing and count
 * nowhere. */
struct speeds {
    int n_kinds, n_timed;
    double spent; /* seconds of timing */
};

/* Expected seconds of each job with wanted[j] 1, -1 of the others: seconds (n_jobs), wanted (n_jobs), the
 * caller's. O(n log n). E_IO without memory, E_USAGE for a network that cannot be. */
int speeds_expect(const struct sweep *sweep, const char *wanted, double *seconds, struct speeds *out,
                  struct err *err);

#endif
