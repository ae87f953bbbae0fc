/* parts.h - which nodes of a network follow one another on a part of the batch before the next part comes, so
 * that what one leaves is still in the cache when the next reads it.
 *
 *     for (from = 0, to = parts_begin(nodes, learns); from < nodes->n; from = to, to = parts_end(...))
 *         for (parts_samples(nodes, from) samples at a time)
 *             nodes from .. to - 1; what node `to` measures
 *
 * A node that measures all samples before it goes on (a batch norm that learns) begins a run of nodes; what
 * it measures is gathered at the end of the run before. Pure functions. */
#ifndef CELLSWEEP_PARTS_H
#define CELLSWEEP_PARTS_H

#include "models/net/nodes.h"

/* Samples of node i at a time, at least one; INT_MAX: all of them, whatever there are. */
int parts_samples(const struct nodes *nodes, int i);

/* Forward: where the first run ends, 0 when node 0 measures first, and where the one that begins with node
 * `from` does. learns 0: nobody measures. */
int parts_begin(const struct nodes *nodes, int learns);
int parts_end(const struct nodes *nodes, int from, int learns);

/* Backward, in training of all nodes: a run is from, from - 1 .. to + 1, then node `to`, unless it is -1,
 * measures. */
int parts_back_begin(const struct nodes *nodes);
int parts_back_end(const struct nodes *nodes, int from);

/* run (n of the nodes): a number for each node, the same for those of one run backward. */
void parts_back_runs(const struct nodes *nodes, int *run);

/* remade (n of the nodes): 1 for a node that measures and is read by none but those that run with it, forward
 * and backward, on parts like those of the node before it: what it gives need be there for one part alone, if
 * it is made again for backward. */
void parts_remade(const struct nodes *nodes, unsigned char *remade);

#endif
