/* divided.h - how many different test sets the finished jobs of a group have, where seeds may draw
 * the same again: of whole groups of images, of an unshuffled tail, or of given sets. No MPI. */
#ifndef CELLSWEEP_DIVIDED_H
#define CELLSWEEP_DIVIDED_H

#include "draws.h"
#include "store/store.h"

/* The draws of n finished jobs of one cell of the grid (rows in job, ascending), from the test images
 * that are stored with their predictions. Other jobs draw as many splits as they are: drawn is 0 for
 * them, and for no job. first (n) is overwritten: of each job, the place of the first one with the same test
 * images, its own where there is none before. E_IO when the file cannot be read. */
int divided_read(struct store *store, const int *job, int n, int *first, struct draws_summary *out,
                 struct err *err);

#endif
