/* floor.h - how fast one core of this machine multiplies and adds: what the training
 * step is measured against.
 *
 *     struct floor *floor = NULL;
 *     if (floor_start(&floor, &err) < 0) ...
 *     for (each round) rc = floor_sample(floor, &rates[round], &err);
 *     floor_end(floor);
 *
 * Two rates. sgemm: a large cblas_sgemm with the kernels OpenBLAS itself thinks best for this CPU.
 * They are chosen when the library is loaded, and OPENBLAS_CORETYPE or OPENBLAS_L2_SIZE in the
 * environment choose others, so it runs in a child process without those: this program again, as
 * floor_serve(). Registers: multiply-adds of our own widest vectors that touch no memory (kernels.h,
 * peak). A program that makes no use of sgemm may beat its rate; nothing dense beats 0.95 of the
 * other. CPU seconds of one thread (stopwatch.h). Linux (/proc/self/exe). */
#ifndef CELLSWEEP_FLOOR_H
#define CELLSWEEP_FLOOR_H

#include "err.h"

/* The option of `cellsweep bench` that makes it the child. */
#define FLOOR_OPTION "sgemm-server"

struct floor;

/* Operations a second, two a multiply-add. */
struct floor_rates {
    double sgemm, registers; /* registers: 0 on a CPU without AVX2 */
};

/* Starts the child and waits until it is ready. E_IO when it cannot be started. *out is owned by the
 * caller. */
int floor_start(struct floor **out, struct err *err);

/* Measures both once, about 0.3 s. E_IO when the child is gone. */
int floor_sample(struct floor *f, struct floor_rates *rates, struct err *err);

/* The kernels of the child's OpenBLAS, as it calls them ("SkylakeX"), and the table whose vectors make the
 * other rate ("avx512", "none"). Valid until floor_end(). */
const char *floor_sgemm_kernels(const struct floor *f);
const char *floor_register_kernels(const struct floor *f);

/* The rate of the floor: sgemm or 0.95 of registers, whichever is more. */
double floor_rate(struct floor_rates rates);

/* Ends the child and frees f, which may be NULL. */
void floor_end(struct floor *f);

/* The child: a line with the name of its kernels to stdout, then, for each line that comes on stdin, the
 * seconds and operations of one sgemm; until stdin ends. E_IO when there is no memory. */
int floor_serve(struct err *err);

#endif
