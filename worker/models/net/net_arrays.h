/* net_arrays.h - a network as named arrays: its parameters by the names of its nodes, and what its optimiser
 * knows. No MPI. */
#ifndef CELLSWEEP_NET_ARRAYS_H
#define CELLSWEEP_NET_ARRAYS_H

#include "base/arrays.h"
#include "models/net/net.h"

/* Add them, in the order of the parameter vector: "conv1.weight" (32, 3, 3, 1), "conv1.bias" (32), ...; then
 * its buffers: "norm1.mean" (32); with optimiser 1 also its moments and its number of steps: "adam.m" and
 * "adam.v" (n_params), "adam.steps" (1).
 * They may be written; valid until net_free(). */
void net_arrays(struct net *net, int optimiser, struct arrays *out);

#endif
