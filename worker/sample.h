/* sample.h - which images a job trains on and which ones judge it.
 *
 * A sample points at an original image and says what became of it: the original, a duplicate, an augmented variant.
 * Two samples of the same `image` are copies or siblings, which is what `leak` counts. Selection (split, balance) works
 * on indices only; pixels of variants are made afterwards by job_samples_render(). No MPI. */
#ifndef CELLSWEEP_SAMPLE_H
#define CELLSWEEP_SAMPLE_H

#include "config.h"
#include "data/dataset.h"
#include "err.h"

#include <stdint.h>

struct sample {
    int image;   /* index into the dataset: the origin of its pixels */
    int label;   /* class index */
    int copy;    /* 0 the original itself; k > 0 the k-th duplicate or variant made of it */
    int variant; /* -1 pixels as in the dataset; v >= 0 the v-th augmented version of this image in this job */
    const float *pixels; /* (size, size); NULL until job_samples_render() */
};

struct samples {
    struct sample *sample; /* (n), owned */
    int n, capacity;
    float *rendered; /* pixels of variants, owned; train owns those of val too, which may share them */
};

/* The two sides of a job, and what its strategy says about the loss. */
struct job_samples {
    struct samples train, val, all; /* all: every original of the job's clusters, dataset order */
    float *class_weight;            /* (n_classes) loss weights, 1 unless a strategy sets them; owned */
    int leak;                       /* validation samples with a copy or an augmented sibling in training */
};

/* Append one sample; zeroed samples are an empty list. 0 or E_IO. */
int samples_add(struct samples *samples, struct sample sample, struct err *err);

/* Samples of each class: count (n_classes ints), overwritten. */
void samples_count(const struct samples *samples, int n_classes, int *count);

void samples_free(struct samples *samples);

/* Validation samples whose image also occurs in train, in whatever form. */
int samples_leak(const struct samples *train, const struct samples *val);

/* Select both sides of a job: the protocol's order of work, the strategy's rule. job_key names the job's own random
 * streams; config->clusters must name at least two clusters. Every class must be in the dataset and large enough for the protocol, else
 * E_USAGE with a line that names the cluster and its count. *out is owned by the caller, released by job_samples_free;
 * after an error it is empty. */
int job_samples_select(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *out, struct err *err);

/* Give every sample its pixels: pointers into data for originals and duplicates, freshly warped images for variants,
 * every distinct one made once. A pure function of data, augment.* and job_key. data must outlive samples. 0 or E_IO; may be
 * called again. */
int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err);

void job_samples_free(struct job_samples *samples);

#endif
