/* published.h - the learning curves of the report this program reproduces, embedded in the program.
 * Source: experiments/published_curves.csv, described in experiments/README.md. Read-only
 * data, thread-safe. No MPI. */
#ifndef CELLSWEEP_PUBLISHED_H
#define CELLSWEEP_PUBLISHED_H

#include "base/metrics.h"
#include "store/store.h"

/* 1 when a sweep ran on the report's images, or on as many of every cluster as it had: another dataset's
 * clusters 8 and 10 are other cells. */
int published_fits(const struct store *store);

/* 1 when anything below belongs beside the results of a job: published_fits(), and it trained the
 * report's network on all images of its clusters at the report's size; not so with class_sizes,
 * another image.size, or model fake. */
int published_compares(const struct store *store, const struct store_job *job);

/* What the report calls a job's clusters, "8-10" or "all", in out (room for CONFIG_WORD_SIZE): by their
 * numbers, whatever they are called now. Returns out. */
const char *published_clusters(const struct store *store, const struct store_job *job, char *out);

/* The published curve of a pair ("8-10") and strategy ("augment"), SET_TRAIN or SET_TEST: out[e]
 * is epoch e of n_epochs, NaN where nothing is published. Returns how many epochs were found, 0 when
 * there is no such curve. */
int published_curve(const char *clusters, const char *strategy, enum image_set set, enum metric metric,
                    double *out, int n_epochs);

/* Last epoch of that curve, NaN when there is none. */
double published_final(const char *clusters, const char *strategy, enum image_set set, enum metric metric);

/* The report's own check of a model: balanced accuracy on all original images, most of them seen in training.
 * NaN when it gave none. */
double published_originals(const char *clusters, const char *strategy);

/* The protocol those models were judged by: "tail" for the unbalanced ones, "report" for the others. */
const char *published_protocol(const char *strategy);

#endif
