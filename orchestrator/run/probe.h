/* probe.h - what the file system of a folder can do for a results file, and which --io suits it.
 *
 *     struct probe probe;
 *     if (probe_folder(folder, &probe, &err) < 0) ...       collective over MPI_COMM_WORLD
 *     io = probe_advice(&probe, &why);                      same on all ranks
 *
 * Everything it makes in the folder is removed again. */
#ifndef CELLSWEEP_PROBE_H
#define CELLSWEEP_PROBE_H

#include "err.h"
#include "store/store.h"

enum probe_kind {
    PROBE_LOCAL,    /* of one node */
    PROBE_COHERENT, /* a parallel one: what a node wrote all others read */
    PROBE_CACHED,   /* of the network, nodes keep pages of their own for a while */
    PROBE_UNKNOWN
};

enum probe_lock { PROBE_LOCK_WORKS, PROBE_LOCK_IGNORED, PROBE_LOCK_REFUSED };

struct probe {
    char name[32]; /* "ext4", "nfs", or the magic number */
    enum probe_kind kind;
    double free_bytes;    /* for this user; NaN: not told */
    enum probe_lock lock; /* flock(2) of two openings of one file */
    int n_nodes;
    int visible;     /* 1: every rank can open what rank 0 made, for writing */
    int n_writers;   /* processes of the next two */
    int pwrite_good; /* 1: processes that write neighbouring bytes at once lose none */
    int mpio_good;   /* 1: the same through MPI-IO; 0 also when it was not visible */
};

/* Probe a folder. E_IO on every rank when a file cannot be created, synced and renamed there. Collective. */
int probe_folder(const char *folder, struct probe *probe, struct err *err);

/* The way of writing that suits, and why (static text). */
enum store_io probe_advice(const struct probe *probe, const char **why);

#endif
