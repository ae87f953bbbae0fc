/* sample.h - which images a job trains on and which ones judge it.
 *
 * A sample points at an original image and says what became of it: the original, a duplicate, an augmented
 * variant, a blend with a second original. Two samples that share an origin are copies or siblings, which is
 * what `leak` counts. Lists are made by select.h, which works on indices and looks at pixels only where a
 * rule compares them; pixels of variants and blends are made by render.h. No MPI. */
#ifndef CELLSWEEP_SAMPLE_H
#define CELLSWEEP_SAMPLE_H

#include "settings/config.h"
#include "data/dataset.h"
#include "err.h"
#include "base/recipe.h"

#include <stdint.h>

struct sample {
    int image; /* index into the dataset: the origin of its pixels */
    int label; /* class index */
    int copy;  /* 0 the original itself; k > 0 the k-th duplicate, variant or blend made of it */
    /* -1 pixels as in the dataset; v >= 0 the v-th augmented version of this image in this job */
    int variant;
    int partner;         /* where blend is above 0: index of the second origin; never of a variant */
    double blend;        /* pixels are image + blend * (partner - image), 0 <= blend < 1 */
    uint64_t members;    /* bit m: network m of an ensemble trains on it; 0: all do */
    const float *pixels; /* (size, size); NULL until rendered (render.h) */
};

struct samples {
    struct sample *sample; /* (n), owned */
    int n, capacity;
    /* pixels of variants and blends, owned; train owns those of other sets too, which may share them */
    float *rendered;
};

/* The sets of a job, and how it trains. */
struct job_samples {
    struct samples train, test;
    struct samples val; /* what choices are made on, originals; empty: the job has no inner set */
    struct samples all; /* every original of the job's clusters, dataset order */
    struct recipe recipe;
    /* test and val samples that share an origin, or pixels with one, with a training sample; those of test
     * also with one of an inner set, whose images were training images */
    int leak, leak_val;
};

/* Whether network m trains on a sample. */
static inline int sample_is_of(const struct sample *sample, int m)
{
    return sample->members == 0 || (sample->members >> m & 1);
}

/* Append one sample; zeroed samples are an empty list. 0 or E_IO. */
int samples_add(struct samples *samples, struct sample sample, struct err *err);

/* Samples of each class: count (n_classes ints), overwritten. */
void samples_count(const struct samples *samples, int n_classes, int *count);

/* The same samples class after class, in out, empty and owned by the caller. 0 or E_IO. */
int samples_by_class(const struct samples *samples, int n_classes, struct samples *out, struct err *err);

/* Share of each class in what networks learn from, as the loss counts it: share (n_classes), of sum 1.
 * Samples of the class, or as many of each where mini-batches are balanced, times its loss weight of the last
 * epochs, over exp(its logit offset), since what is added while training is learnt around, times exp(its
 * shift) where it predicts. The mean over the networks of an ensemble. What else a loss does to classes
 * (focal) does not count. */
void samples_trained(const struct job_samples *samples, int n_classes, float *share);

void samples_free(struct samples *samples);

/* No sample has pixels any more (render.h). */
void samples_forget_pixels(struct samples *samples);

/* Test samples with an origin (image, or partner of a blend) that is one of a training sample too, or
 * whose pixels are those of one (data->content). Their number, or E_IO without memory. */
int samples_leak(const struct dataset *data, const struct samples *train, const struct samples *test,
                 struct err *err);

/* What a job does with the image of each sample of `all`, in role (all->n): 0 it trains on the image, a copy,
 * a variant or a blend of it; 1 it is only judged on it; 3 it is of val; 2 none of these. By origin, not by
 * content. 0 or E_IO. */
int samples_roles(const struct dataset *data, const struct job_samples *samples, int *role, struct err *err);

void job_samples_free(struct job_samples *samples);

#endif
