/* state_file.h - the state of a job between two epochs, as a file that any rank can go on from.
 *
 *     rc = state_file_write(path, &identity, &state, &err);
 *     rc = state_file_read(path, &identity, &state, &err);    every doubt is E_IO: the job then starts over
 *     state_file_free(&state);
 *
 * What is random in a job is a pure function of its key, the epoch and the step, so its state is: the
 * arrays of its models (MODEL_STATE), the number of training steps, the metrics so far, and, where
 * they are kept, the best weights.
 *
 * The file, little-endian:
 *     0    8 bytes   "CSWEEPCK"
 *     8    uint32    format version, 3
 *     12   uint32    A, arrays, 3 to STATE_FILE_MAX_ARRAYS
 *     16   uint64    bytes of the file
 *     24   uint32    E, epochs done, 1 to STATE_FILE_MAX_EPOCHS
 *     28   uint32    N_ALL_METRICS
 *     32   uint32    best epoch so far, from 1, 0: none (choose.h)
 *     36   float32   its value, 0 without
 *     40   uint32    last epoch with progress, from 1, 0: none
 *     44   float32   its value, 0 without
 *     48   int64     training steps so far, of all networks
 *     56   4 texts   job key, checksum of the dataset, kernels, program; STATE_FILE_TEXT bytes each, filled
 *                    up with 0
 *     568  A entries name (ARRAY_NAME_SIZE bytes, filled up with 0), uint32 type (arrays.h), uint32 rank,
 *                    4 uint64 dimensions, the rest 0
 *     then           the arrays in that order, each filled up to a multiple of 8 bytes
 *          16 bytes  XXH3-128 of everything before, canonical (big-endian)
 * The first three arrays are "metrics.train", "metrics.val" and "metrics.test", float32 [E, N_ALL_METRICS].
 * Its
 * length follows from the table and is checked before anything is allocated. No MPI. */
#ifndef CELLSWEEP_STATE_FILE_H
#define CELLSWEEP_STATE_FILE_H

#include "choose.h"
#include "err.h"
#include "base/image_set.h"
#include "base/metrics.h"
#include "base/arrays.h"

#include <stddef.h>
#include <stdint.h>

enum { STATE_FILE_TEXT = 128, STATE_FILE_MAX_EPOCHS = 1000000, STATE_FILE_MAX_ARRAYS = 65536 };

/* What a state belongs to; with any other of these the rest of the job would have other bits. At most
 * STATE_FILE_TEXT - 1 bytes each, longer ones are cut. */
struct state_file_identity {
    const char *key;     /* of the job: its whole configuration and the data */
    const char *data;    /* checksum of the dataset */
    const char *kernels; /* name of the kernel table */
    const char *program; /* version and commit */
};

/* A state between two epochs. Written from wherever its arrays are; one that was read owns them. */
struct state_file {
    int epoch;                    /* epochs done: the next one, from 0 */
    int64_t steps;                /* training steps so far, of all networks */
    const float *metrics[N_SETS]; /* (epoch, N_ALL_METRICS) of each of curve_sets */
    struct choice_state choice;   /* which epoch is the best one so far */
    struct arrays arrays;         /* of the models, and the best weights; state_file_free() frees the list */
    void *owned;                  /* what state_file_parse() allocated for their values */
};

/* Bytes of the file of a state. */
uint64_t state_file_bytes(const struct state_file *state);

/* Write under a temporary name, fsync, rename, fsync the folder: `path` is the old file or the whole new one.
 * E_IO leaves nothing else behind. */
int state_file_write(const char *path, const struct state_file_identity *identity,
                     const struct state_file *state, struct err *err);

/* Read and check everything. want: what it must belong to. *out is owned by the caller; empty on
 * failure. E_IO when the file is missing, cut, has a bit changed, or belongs to something else: the
 * line names the file and why. */
int state_file_read(const char *path, const struct state_file_identity *want, struct state_file *out,
                    struct err *err);

/* Epochs done in the checkpoint at `path`, from its head and length alone, for estimates and lists. Errors as
 * state_file_read(), but a bit that changed behind the head is not seen. */
int state_file_peek(const char *path, const struct state_file_identity *want, int *epoch, struct err *err);

/* The same as state_file_read() from n bytes in memory, which may hold anything; name is for the line. Reads
 * no byte outside them, allocates no more than some four times n bytes. */
int state_file_parse(const void *bytes, size_t n, const char *name, const struct state_file_identity *want,
                     struct state_file *out, struct err *err);

/* Put the checksum of the bytes before into the last 16 of n >= 16: a fuzzer gets past it with this. */
void state_file_seal(void *bytes, size_t n);

void state_file_free(struct state_file *state);

#endif
