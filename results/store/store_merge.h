/* store_merge.h - several results files as one.
 *
 *     struct store_merge merge = {.n = 2, .path = {"a.h5", "b.h5"}};
 *     struct store_merged merged;
 *     rc = store_merge(&merge, "c.h5", &merged, &err);
 *
 * Jobs are known by their keys (store.h): what several files have is one job, which is done when it is done
 * in any. What two of them have done is compared to the bit. A setting that is not the same in all files is a
 * column of /jobs; the sweep file kept is that of sweep_unite.h. Times and ranks are those of the file that a
 * row is from. Jobs that had begun and not ended wait, as they do when a run is resumed.
 *
 * With names the files are kept apart: every row has the name of its file in the column `sweep`, and a job
 * that two files have is two. Such a file is for looking at, no run goes on with it.
 *
 * The files are only read. No MPI. */
#ifndef CELLSWEEP_STORE_MERGE_H
#define CELLSWEEP_STORE_MERGE_H

#include "store/store.h"

enum { STORE_MERGE_MOST = 64 };

/* The column of files that are kept apart. */
extern const char store_sweep_axis[];

struct store_merge {
    int n; /* from 2 */
    const char *path[STORE_MERGE_MOST];
    const char *name[STORE_MERGE_MOST]; /* NULL: one sweep; else all of them, different, no , | = or " */
};

struct store_merged {
    int n_jobs, n_over; /* without trials; done or diverged of them */
    int n_twice;        /* done in several files, with equal bits */
    int n_commits;      /* different commits of the program that made them */
};

/* Write the file of all jobs under a temporary name, fsync, rename. E_USAGE, naming the files, when they do
 * not go together (other data, other kernels or version unless they have names, other tuning), when a job was
 * done twice with different bits, and when `out` exists. On failure nothing is left. */
int store_merge(const struct store_merge *merge, const char *out, struct store_merged *merged,
                struct err *err);

/* The same as an open store of a file that has no name any more, in the folder for temporary files ($TMPDIR,
 * else /tmp): store_path() is "a.h5, b.h5". Closed by the caller with store_close(), which frees its
 * space. */
int store_merge_open(const struct store_merge *merge, struct store **out, struct store_merged *merged,
                     struct err *err);

/* The axis of a file that keeps sweeps apart; -1: it does not. And 1 for a file that does. */
int store_sweep_column(const struct store *store);
int store_is_apart(const struct store *store);

/* Where what two jobs left is not the same. */
struct store_difference {
    const char *path;      /* of the dataset; NULL: it is the same */
    unsigned long long at; /* cell of the job's part */
    char from[32], to[32]; /* what stands there */
};

/* Compare what two jobs of a store left, to the bit: all but when, by whom and how often they were run. */
int store_same_bits(struct store *store, int a, int b, struct store_difference *out, struct err *err);

#endif
