/* sample.h - which images a job trains on and which ones judge it.
 *
 * A sample points at an original image and says what became of it: the original, a duplicate, an augmented variant, a
 * blend with a second original. Two samples that share an origin are copies or siblings, which is what `leak` counts.
 * Selection (split, balance) works on indices, and looks at pixels only where a rule compares them; pixels of variants and
 * blends are made by job_samples_render(). No MPI. */
#ifndef CELLSWEEP_SAMPLE_H
#define CELLSWEEP_SAMPLE_H

#include "config.h"
#include "data/dataset.h"
#include "err.h"
#include "pause.h"
#include "recipe.h"

#include <stdint.h>

struct sample {
    int image;   /* index into the dataset: the origin of its pixels */
    int label;   /* class index */
    int copy;    /* 0 the original itself; k > 0 the k-th duplicate, variant or blend made of it */
    int variant; /* -1 pixels as in the dataset; v >= 0 the v-th augmented version of this image in this job */
    int partner;         /* where blend is above 0: index of the second origin; never of a variant */
    double blend;        /* pixels are image + blend * (partner - image), 0 <= blend < 1 */
    uint64_t members;    /* bit m: network m of an ensemble trains on it; 0: all do */
    const float *pixels; /* (size, size); NULL until rendered */
};

struct samples {
    struct sample *sample; /* (n), owned */
    int n, capacity;
    float *
        rendered; /* pixels of variants and blends, owned; train owns those of val too, which may share them */
};

/* The two sides of a job, and how it trains. */
struct job_samples {
    struct samples train, val, all; /* all: every original of the job's clusters, dataset order */
    struct recipe recipe;
    int leak; /* validation samples that share an origin, or pixels with one, with a training sample */
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

void samples_free(struct samples *samples);

/* Give every sample of one list its pixels, as job_samples_render() does; the list owns what is made. */
int samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                   struct samples *samples, struct err *err);

/* Undo that: no sample has pixels. */
void samples_forget_pixels(struct samples *samples);

/* Validation samples with an origin (image, or partner of a blend) that is one of a training sample too, or whose pixels are
 * those of one (data->content). Their number, or E_IO without memory. */
int samples_leak(const struct dataset *data, const struct samples *train, const struct samples *val,
                 struct err *err);

/* What a job does with the image of each sample of `all`, in role (all->n): 0 it trains on the image, a copy, a variant or a blend
 * of it; 1 it is only judged on it; 2 neither. By origin, not by content. 0 or E_IO. */
int samples_roles(const struct dataset *data, const struct job_samples *samples, int *role, struct err *err);

/* Select both sides of a job: the protocol's order of work, the strategy's rule. job_key names the job's own random
 * streams; config->clusters must name at least two clusters. Every class must be in the dataset and large enough for the protocol, else
 * E_USAGE with a line that names the cluster and its count; so must groups, when config names some. *out is owned by the caller, released by job_samples_free;
 * after an error it is empty. pause is asked while images are compared, and may be NULL: E_STOPPED when it says so. */
int job_samples_select(const struct config *config, const struct dataset *data, const char *job_key,
                       struct pause *pause, struct job_samples *out, struct err *err);

/* The same without comparing images, for planning many jobs: where a rule does that, a stand-in leaves at least as many samples,
 * of which train, val and leak are then estimates; val is never smaller than job_samples_select() makes it. */
int job_samples_estimate(const struct config *config, const struct dataset *data, const char *job_key,
                         struct job_samples *out, struct err *err);

/* Give every sample its pixels: pointers into data for originals and duplicates, freshly made images for variants and
 * blends, every distinct one made once. A pure function of data, augment.* and job_key. data must outlive samples. 0 or E_IO; may be
 * called again. */
int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err);

void job_samples_free(struct job_samples *samples);

#endif
