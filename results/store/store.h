/* store.h - the results file: one row a job, written by every rank, read by everything else.
 *
 * Rank 0 creates the whole file with the serial driver at its final size (temporary name, fsync, rename);
 * then every rank opens it with store_open_shared() and writes only rows of its own jobs, independently; no
 * metadata changes any more, so the file opens whoever is killed. /state is written last: it is the commit
 * mark of a row.
 *
 *     store_create(path, &plan, &err);                          rank 0
 *     store_open_shared(path, MPI_COMM_WORLD, &store, &err);    collective
 *     store_write_epochs(store, job, first, n, numbers, &err);  independent, N_ALL_METRICS n a set
 *     store_write_outcome(store, job, &outcome, &err);          independent, then store_write_state(DONE)
 *     store_close(store, &err);                                 collective when opened shared
 *
 * Readers use store_open() at any time, beside a running sweep too.
 *
 * The bytes of a row can take three ways to the same places of the same file (store_open_io):
 *     mpio     every rank opens the file through MPI-IO and writes with H5Dwrite
 *     pwrite   every rank looks up where each contiguous dataset begins and writes with pwrite(2): closing is
 *              not collective, so the death of a rank keeps none of the others
 *     rank0    only rank 0 has the file; the others send their rows to it in messages of tag STORE_TAG on the
 *              communicator of the store, and rank 0 calls store_take() for each. Messages of a rank keep
 *              their order, with other tags too: what a rank says after it wrote a row arrives after the row
 *
 * Layout, format 3 (J jobs, E the largest number of epochs, C of classes, K classes of the dataset, N
 * images, M messages, T trials). What a job leaves lies in one dataset for all jobs, each job's part as long
 * as this job needs it: it begins at `first` of the job, in cells, and ends where that of the next job
 * begins.
 *     / attributes      cellsweep_results (format version), name, yaml, yaml_resolved, dataset_checksum,
 *                       version, commit, created, host, ranks, libraries, cpu, synthetic, data, data_file,
 *                       (data: for people, "cells.h5, packed from raw"; data_file: path of the packed images)
 *                       kernels, weights_kept (0 or 1), image_size
 *                       (pixels), channels and pixel_size (micrometres) of the dataset; of a merged file
 *                       merged_from, the files it was made of, a line each; of one that
 *                       `cellsweep grow` has made grown_from, digests of its sweep files before
 *     /jobs             [J] compound, written once: key, clusters, strategy, protocol, seed, fold, repeat,
 *                       model, one field for every other grid axis, NaN or empty in jobs that do not
 *                       read it; a text is as wide as the widest of its column
 *     /classes/name     [K] string: texts of the classes (class_name.h)
 *     /classes/job      [J,C] int16, row of /classes/name of each class of the job, -1 behind them
 *     /classes/trained  [J,C] float32, share of each class of the job in what it learnt from, as its loss
 *                       counts (sample.h); NaN until the job has run, or where it is not known
 *     /n_train, /n_val, /n_test, /leak, /leak_val [J] int32, images; -1 until the job has run, and of val
 *                       where it has no inner set
 *     /judged_epoch     [J] int32, from 1, the epoch whose networks judge: /predictions and /confusion are by
 *                       them, and the numbers of the job are /metrics of this epoch; -1 until the job has run
 *     /trials/job, number, seed [T] int32: where the sweep tunes, the last T rows of /jobs are trials: which
 *                       row each tunes, its number (tune.h; 0: the job's own values), its tuning seed.
 *                       Trials have metrics of train and val alone. Readers see the jobs before them
 *                       (store_show_trials())
 *     /trials/chosen    [J] int32, number of the trial whose values the job has, -1 not yet
 *     /state            [J] int8    0 waiting, 1 running, 2 done, 3 failed, 4 diverged, 5 pruned (a trial)
 *     /attempts, /epochs_done, /rank [J] int32     /started, /finished [J] float64 seconds since 1970
 *     /messages/job     [J] int32, row of /messages/text; -1: nothing to say, -2: the table was full
 *     /messages/text    [M] fixed-length string: the different messages of all jobs, in no order. A new one
 *                       takes a free row near that which its hash names, of those of the rank that writes it
 *                       (every R-th of R ranks); none is ever removed
 *     /metrics/{train,val,test}/{loss,accuracy,balanced_accuracy,balanced_accuracy_as_published},
 *     /metrics/{val,test}/auroc
 *     [J,E] float32
 *     /confusion/first  [J] int64
 *     /confusion/{val,test,all}  int32, (c,c) of a job of c classes, rows true, columns predicted
 *     /predictions/{val,test,all}/first, first_probability [J] int64; count [J] int32, images predicted
 *     /predictions/{val,test,all}/image       int32, row of /images, -1 unused
 *     /predictions/{val,test,all}/copy        int32, 0 the original, k its k-th duplicate or variant
 *     /predictions/{val,test,all}/label       int32, class index
 *     /predictions/{val,test,all}/probability float32, (count,c) of a job, from first_probability
 *     /predictions/all/role               int32, enum job_role of worker/job.h
 *     /images           [N] compound: id, cluster (its number; where a class has a name and no number, its
 *                       row of /classes/name), source, group ("": none; what must stay together in a split),
 *                       print (uint64, XXH3-64 of its pixels as packed)
 *     /models/first, bytes, checksum [J] int64, /models/data uint8: what is kept of a job's networks, only
 *                       when kept: little-endian float32 parameters of the judged epoch, and their XXH3-64
 * /metrics are rectangles: the few numbers of an epoch are as nothing beside the predictions, and [job,
 * epoch] is what people plot.
 * Unused cells hold NaN or -1. Datasets that would be empty (no predictions, no weights kept, all of val
 * where no job has an inner set) are left out. */
#ifndef CELLSWEEP_STORE_H
#define CELLSWEEP_STORE_H

#include "settings/sweep_file.h"
#include "data/dataset.h"
#include "err.h"
#include "base/image_set.h"
#include "base/metrics.h"

#include <mpi.h>

/* States of jobs; and of trials, which may also be pruned: left, because others are better. */
enum job_state {
    JOB_WAITING,
    JOB_RUNNING,
    JOB_DONE,
    JOB_FAILED,
    JOB_DIVERGED,
    N_JOB_STATES,
    JOB_PRUNED = N_JOB_STATES,
    N_TRIAL_STATES
};

/* "waiting", "running", "done", "failed", "diverged", "pruned". */
extern const char *const job_state_names[N_TRIAL_STATES];

enum { STORE_KEY_SIZE = 33, STORE_MESSAGE_SIZE = 256, STORE_MAX_AXES = SWEEP_MAX_AXES };

/* A row of /jobs. */
struct store_job {
    int row; /* of /jobs, where it was read; a copy keeps it */
    char key[STORE_KEY_SIZE];
    /* "8-10", "Folded-Polylobed" (titles where there are some), "all" (when they are all of the dataset's),
     * or a list cut with "..." */
    char clusters[CONFIG_WORD_SIZE];
    char strategy[CONFIG_WORD_SIZE];
    char protocol[16]; /* "report", "tail", "holdout", "kfold:5" (folds), "given" */
    int64_t seed;
    int fold, repeat;
    char model[16];
    /* values of the other grid axes as canonical text; "": the job does not read it */
    char axis[STORE_MAX_AXES][CONFIG_WORD_SIZE];
    int n_train, n_val, n_test, leak, leak_val; /* -1 until the job has run; of val where it has none */
    int judged_epoch; /* from 1, at most store_n_epochs(); -1 until the job has run */
};

/* A row of the commit marks. */
struct store_mark {
    enum job_state state;
    int attempts, epochs_done, rank;
    double started, finished; /* seconds since 1970; NaN: not yet */
    const char *message; /* why it failed or diverged, cut behind STORE_MESSAGE_SIZE - 1 bytes; NULL is ""; of
                                 a mark that was read, valid until store_close */
};

/* What a job needs room for. */
struct store_room {
    int n_val, n_test, n_all; /* images that it chooses on and that judge it, and originals */
    size_t n_weights;         /* 0: nothing is kept */
    int n_classes;
    int cluster[CONFIG_MAX_CLUSTERS]; /* (n_classes) of each class */
    int of, trial, trial_seed;        /* of a trial: the job that it tunes, its number and seed */
};

/* What made the rows of a file, as texts. */
enum store_origin {
    ORIGIN_VERSION,
    ORIGIN_COMMIT,
    ORIGIN_HOST,
    ORIGIN_LIBRARIES,
    ORIGIN_CPU,
    ORIGIN_FILES, /* those it was merged from, a line each; "": it was not */
    N_ORIGIN_TEXTS
};

/* What a file is created from. Everything is only read. */
struct store_plan {
    const char *name, *yaml, *yaml_resolved, *data_origin; /* texts */
    const char *data_file;  /* path of the packed dataset, for report and predict */
    const char *grown_from; /* digests of the sweep files it was grown from (resume.h); NULL, "": none */
    const char *kernels;    /* name of the kernel table that trains: bits are the same within one */
    const struct dataset *data;
    int n_jobs, n_epochs, n_classes, n_val, n_test, n_all; /* J, E, C; images: the largest over the jobs */
    size_t n_weights;                                      /* the same; 0: weights are not kept */
    int n_trials;                                          /* T: the last so many jobs are trials */
    const struct store_job *job;                           /* (J) rows, or row() tells them one by one */
    void (*row)(const void *of, int job, struct store_job *out);
    void (*room)(const void *of, int job,
                 struct store_room *out); /* NULL: the largest, and the clusters of the row */
    const void *of;
    int n_axes;
    const char *const *axis_name; /* (n_axes) dotted keys */
    const int *axis_is_number;    /* (n_axes) 1: stored as float64 */
    int ranks;
    const char *const *origin; /* (N_ORIGIN_TEXTS); NULL: this process */
};

/* What a finished job says of the images of a set; n 0: it has none. */
struct store_judged {
    int n;
    const int *image, *copy, *label; /* (n) */
    const float *probs;              /* (n, n_classes) */
    const int *confusion;            /* (n_classes, n_classes) */
};

/* What a finished job leaves. Arrays are owned by the caller; n of the sets at most, n_classes exactly what
 * the plan has room for. */
struct store_outcome {
    int n_classes, n_train, leak, leak_val;
    int judged_epoch;                /* from 1 */
    struct store_judged set[N_SETS]; /* those of judged_sets */
    const float *weights;            /* (n_weights) of the judged epoch, or NULL */
    size_t n_weights;
    const float *trained; /* (n_classes) shares of what it learnt from; NULL: not known */
    const int *role;      /* (n of all) enum job_role: what the job did with the original; or NULL */
};

/* How rows reach the file. */
enum store_io { STORE_MPIO, STORE_PWRITE, STORE_RANK0, N_STORE_IO };

/* "mpio", "pwrite", "rank0". */
extern const char *const store_io_names[N_STORE_IO];

/* The tag of rows sent to rank 0; nothing else may use it on the communicator of the store. */
enum { STORE_TAG = 77 };

struct store;

/* Create the file for a plan, whole, under a temporary name; fsync; rename. E_IO leaves nothing behind, and
 * tells how many bytes are needed and free when there are too few. Serial. */
int store_create(const char *path, const struct store_plan *plan, struct err *err);

/* Bytes of the file for a plan: what store_create() asks the disk for. 0 with *err set when
 * there is no memory. Serial. */
unsigned long long store_plan_bytes(const struct store_plan *plan, struct err *err);

/* A new file for `plan` that takes over every finished row (done or diverged) of `old_path` whose key occurs
 * in it, renamed onto old_path. For a grid that grew. *kept: rows taken over. Rows without the weights that
 * the plan keeps are not taken over: they have to run again. E_USAGE when the file was made from another
 * dataset; on failure old_path is untouched. Serial. */
int store_grow(const char *old_path, const struct store_plan *plan, int *kept, struct err *err);

/* Open for writing by all ranks of comm, collectively. *out is owned by the caller. MPI_COMM_NULL: by this
 * process alone, with the serial driver and without any MPI call. */
int store_open_shared(const char *path, MPI_Comm comm, struct store **out, struct err *err);

/* The same with another way of writing. Under STORE_RANK0 the ranks but 0 need not see the file, and can only
 * write: their reads fail. Under STORE_PWRITE they open it without HDF5: rank 0 tells them where rows lie. It
 * refuses (E_IO) a file that another kind of machine made. */
int store_open_io(const char *path, MPI_Comm comm, enum store_io io, struct store **out, struct err *err);

/* STORE_RANK0: send and take rows on another communicator of the same ranks from now on: that on which rank 0
 * listens. It must be there as long as rows are written. While rows wait to be taken, idle(self) is called
 * again and again: who calls it may find that rank 0 is gone; NULL: nobody does. */
void store_send_on(struct store *store, MPI_Comm comm, void (*idle)(void *self), void *self);

/* Rank 0 under STORE_RANK0: receive one message of tag STORE_TAG that has arrived from `rank`, and write its
 * rows (drop 1: do not, its jobs are another's). After E_IO for a job that job's further rows are dropped, so
 * its state never says done. */
int store_take(struct store *store, int rank, int drop, struct err *err);

/* Open for reading, beside a running sweep too. E_IO when it is not HDF5 or not ours, saying which. */
int store_open(const char *path, struct store **out, struct err *err);

/* The same for who looks at a job at a time: rows of /jobs are read by store_row(), store_jobs() is NULL. */
int store_open_lean(const char *path, struct store **out, struct err *err);

/* Open it in a child process and read what its file may damage, so that a file that crashes HDF5 is an error
 * (child.h): what commands call before store_open(). */
int store_try(const char *path, struct err *err);

/* What a command does with a results file: try it (store_try, or one that looks at more), open it lean,
 * use(store, self) it, close it. */
int store_use(const char *path, int (*try)(const char *path, struct err *err),
              int (*use)(struct store *store, const void *self, struct err *err), const void *self,
              struct err *err);

/* Release everything; a failed close of a shared file is an error. *store may be NULL. */
int store_close(struct store *store, struct err *err);

/* Writers, independent. n epochs from `first` (from 0): numbers[set] (n, N_ALL_METRICS) of each of
 * curve_sets, or NULL, those of val only where the file has a place for them; epochs_done becomes first + n
 * after them. As many writes as one epoch has: collect what can wait. A mark: its state is written last. An
 * outcome fills unused cells of its row with nothing: they keep their fill value. */
int store_write_epochs(struct store *store, int job, int first, int n, const float *const numbers[N_SETS],
                       struct err *err);
int store_write_outcome(struct store *store, int job, const struct store_outcome *outcome, struct err *err);
int store_write_mark(struct store *store, int job, const struct store_mark *mark, struct err *err);

/* The number of the trial whose values a tuned job has. */
int store_write_chosen(struct store *store, int job, int trial, struct err *err);

/* Set epochs_done of a job to 0 and its metrics to NaN, before it runs again. */
int store_clear_metrics(struct store *store, int job, struct err *err);

/* Sizes and texts; valid until store_close. n_jobs: without trials, unless they are shown, to who writes
 * them, before rows are read. Functions of one job take rows of trials in any case. */
int store_n_jobs(const struct store *store);
int store_n_trials(const struct store *store); /* T; the first is job number J - T */
void store_show_trials(struct store *store);
int store_n_epochs(const struct store *store);
int store_n_classes(const struct store *store);
int store_n_class_names(const struct store *store); /* K */
int store_n_predictions(const struct store *store,
                        enum image_set set); /* of judged_sets: the largest of any job */
int store_n_images(const struct store *store);
size_t store_n_weights(const struct store *store);
int store_synthetic(const struct store *store);
/* 1 when some job has an inner set: without, nothing of val can be read. */
int store_has_val(const struct store *store);
/* Those of curve_sets and of judged_sets that can be read, in order, and how many. */
int store_curve_sets(const struct store *store, enum image_set set[N_CURVE_SETS]);
int store_judged_sets(const struct store *store, enum image_set set[N_JUDGED_SETS]);
const char *store_path(const struct store *store);
int store_n_axes(const struct store *store);
/* Axes that some job of the file does not read, 1 << axis: its row has "" there. Of the rows read so far:
 * all, but in a store opened lean. */
unsigned store_unread_axes(const struct store *store);
/* Of a file that keeps sweeps apart (store_merge.h): axes with one value within each sweep, and not the same
 * in all, 1 << axis: settings in which the sweeps differ as such. */
unsigned store_bound_axes(const struct store *store);
const char *store_axis_name(const struct store *store, int axis);
int store_axis_is_number(const struct store *store, int axis); /* 1: stored as float64 */

/* The sweep file that the jobs were made from, as the attribute yaml_resolved tells it. Valid until
 * store_close; NULL in a store opened by several ranks. */
const struct sweep_file *store_sweep(const struct store *store);

/* A value in a field of `size` bytes, at least 13, terminated. One that has to be cut ends in "..." and a
 * hash of the whole, so that two stay two. */
void store_field_text(char *out, size_t size, const char *value);

/* The same of a list of classes: in one that has to be cut, what a filter would take for its own (, | = ")
 * becomes '_'. */
void store_clusters_text(char *out, size_t size, const char *list);

/* An attribute of / by name ("name", "yaml_resolved", "commit", ...) as text, numbers too; "" when absent. */
const char *store_text(const struct store *store, const char *attribute);

/* Rows of /jobs with the counts and judged epoch, valid until store_close (as of opening, or of the last
 * store_refresh); a kilobyte each. NULL in a store opened lean or by several ranks until store_refresh. */
const struct store_job *store_jobs(const struct store *store);

/* Read all rows, or where they are there what jobs that finished since have left in them. */
int store_refresh(struct store *store, struct err *err);

/* One row of /jobs, as of store_jobs() where they are there; else read, with those around it: the next ones
 * cost little. Not older than the last commit marks that were read. */
int store_row(struct store *store, int job, struct store_job *out, struct err *err);

/* Classes (class_name.h) of a job, cluster[class index] (room for CONFIG_MAX_CLUSTERS), and how many. Not of
 * a store opened by several ranks. */
int store_classes(const struct store *store, int job, int *cluster);

/* The commit mark of a job; and of all jobs: mark (J), owned by the caller. */
int store_read_mark(struct store *store, int job, struct store_mark *mark, struct err *err);
int store_read_marks(struct store *store, struct store_mark *mark, struct err *err);

/* The states of all jobs alone, enum job_state: state (J), owned by the caller. */
int store_read_states(struct store *store, int *state, struct err *err);

/* Where the sweep tunes: its trials, job, number and seed of each: out (3, T), owned by the caller; and the
 * number of the trial whose values a job has, -1 not yet. */
int store_read_trials(struct store *store, int *out, struct err *err);
int store_read_chosen(struct store *store, int job, int *out, struct err *err);

/* n_train of all jobs: out (J), owned by the caller; -1 until the job has run. */
int store_read_n_train(struct store *store, int *out, struct err *err);

/* One metric of all jobs: out (J, E), owned by the caller; a set of curve_sets. Or of jobs first to
 * first + n - 1: out (n, E). */
int store_read_metric(struct store *store, enum image_set set, enum metric metric, float *out,
                      struct err *err);
int store_read_metric_of(struct store *store, enum image_set set, enum metric metric, int first, int n,
                         float *out, struct err *err);

/* One metric of one job: out (E). METRIC_AUROC, here and above: not of SET_TRAIN. */
int store_read_curve(struct store *store, int job, enum image_set set, enum metric metric, float *out,
                     struct err *err);

/* Shares of the classes of what a job learnt from: out (C), NaN where they are not known. */
int store_read_trained(struct store *store, int job, double *out, struct err *err);

/* Confusion matrix of one job: out (C, C); a set of judged_sets. */
int store_read_confusion(struct store *store, int job, enum image_set set, int *out, struct err *err);

/* Predictions of one job: image, copy, label (n), probs (n, C) with n of store_n_predictions(); unused
 * entries -1 and NaN. */
int store_read_predictions(struct store *store, int job, enum image_set set, int *image, int *copy,
                           int *label, float *probs, struct err *err);

/* What the job did with each of its originals: out (A), enum job_role of worker/job.h; -1 unused. */
int store_read_roles(struct store *store, int job, int *out, struct err *err);

/* Weights of one job: out (P). E_IO when they are not the bytes that the job left. */
int store_read_weights(struct store *store, int job, float *out, struct err *err);

/* The images a sweep ran on: id, cluster, source of image i (width and height 0). Valid until store_close. */
const struct dataset_image *store_images(const struct store *store);

#endif
