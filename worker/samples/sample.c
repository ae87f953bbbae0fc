#include "samples/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int samples_add(struct samples *samples, struct sample sample, struct err *err)
{
    if (samples->n == samples->capacity) {
        int capacity = samples->capacity ? 2 * samples->capacity : 128;
        struct sample *grown = realloc(samples->sample, (size_t)capacity * sizeof *grown);
        if (!grown)
            return err_set(err, E_IO, "no memory for a list of %d samples; use fewer ranks on this machine",
                           capacity);
        samples->sample = grown;
        samples->capacity = capacity;
    }
    samples->sample[samples->n++] = sample;
    return 0;
}

void samples_count(const struct samples *samples, int n_classes, int *count)
{
    memset(count, 0, (size_t)n_classes * sizeof *count);
    for (int i = 0; i < samples->n; i++)
        count[samples->sample[i].label]++;
}

int samples_by_class(const struct samples *samples, int n_classes, struct samples *out, struct err *err)
{
    int begin[CONFIG_MAX_CLUSTERS], count[CONFIG_MAX_CLUSTERS];
    out->sample = err_calloc((unsigned long)samples->n, sizeof *out->sample, "the samples of a job", err);
    if (!out->sample)
        return E_IO;
    out->n = out->capacity = samples->n;
    samples_count(samples, n_classes, count);
    for (int c = 0, n = 0; c < n_classes; n += count[c++])
        begin[c] = n;
    for (int i = 0; i < samples->n; i++)
        out->sample[begin[samples->sample[i].label]++] = samples->sample[i];
    return 0;
}

/* What the loss of network m sees of each class. */
static void seen_by(const struct job_samples *samples, int n_classes, int m, double *seen)
{
    const struct recipe *recipe = &samples->recipe;
    double sum = 0;
    for (int c = 0; c < n_classes; c++)
        seen[c] = 0;
    for (int i = 0; i < samples->train.n; i++)
        seen[samples->train.sample[i].label] += sample_is_of(&samples->train.sample[i], m);
    for (int c = 0; c < n_classes; c++) {
        seen[c] = recipe->balanced_batches ? seen[c] > 0 : seen[c];
        if (seen[c] > 0)
            seen[c] *= (double)recipe->class_weight[c] * (double)recipe->late_weight[c] *
                       exp((double)recipe->logit_shift[c] - (double)recipe->logit_offset[c]);
        sum += seen[c];
    }
    for (int c = 0; c < n_classes; c++)
        seen[c] /= sum;
}

void samples_trained(const struct job_samples *samples, int n_classes, float *share)
{
    double seen[CONFIG_MAX_CLUSTERS], mean[CONFIG_MAX_CLUSTERS] = {0};
    int n = samples->recipe.n_members;
    for (int m = 0; m < n; m++) {
        seen_by(samples, n_classes, m, seen);
        for (int c = 0; c < n_classes; c++)
            mean[c] += seen[c] / n;
    }
    for (int c = 0; c < n_classes; c++)
        share[c] = (float)mean[c];
}

void samples_free(struct samples *samples)
{
    free(samples->sample);
    free(samples->rendered);
    *samples = (struct samples){0};
}

void samples_forget_pixels(struct samples *samples)
{
    for (int i = 0; i < samples->n; i++)
        samples->sample[i].pixels = NULL;
    free(samples->rendered);
    samples->rendered = NULL;
}

/* The origins of a sample, images with the same pixels taken as one: how many, 1 or 2, in out. */
static int origins(const struct dataset *data, const struct sample *sample, int out[2])
{
    out[0] = dataset_content(data, sample->image);
    out[1] = sample->blend > 0 ? dataset_content(data, sample->partner) : out[0];
    return out[1] == out[0] ? 1 : 2;
}

int samples_leak(const struct dataset *data, const struct samples *train, const struct samples *test,
                 struct err *err)
{
    int leak = 0, origin[2];
    unsigned char *seen = err_calloc((unsigned long)data->n_images, sizeof *seen, "training images", err);
    if (!seen)
        return E_IO;
    for (int i = 0; i < train->n; i++)
        for (int k = origins(data, &train->sample[i], origin); k-- > 0;)
            seen[origin[k]] = 1;
    for (int i = 0; i < test->n; i++) {
        int n = origins(data, &test->sample[i], origin);
        leak += seen[origin[0]] || seen[origin[n - 1]];
    }
    free(seen);
    return leak;
}

int samples_roles(const struct dataset *data, const struct job_samples *samples, int *role, struct err *err)
{
    enum { TRAINED, JUDGED, UNTOUCHED, CHOSEN_ON };
    unsigned char *of = err_calloc((unsigned long)data->n_images, sizeof *of, "the roles of images", err);
    if (!of)
        return E_IO;
    for (int i = 0; i < data->n_images; i++)
        of[i] = UNTOUCHED;
    for (int i = 0; i < samples->test.n; i++) {
        const struct sample *sample = &samples->test.sample[i];
        of[sample->image] = of[sample->blend > 0 ? sample->partner : sample->image] = JUDGED;
    }
    for (int i = 0; i < samples->val.n; i++)
        of[samples->val.sample[i].image] = CHOSEN_ON;
    for (int i = 0; i < samples->train.n; i++) {
        const struct sample *sample = &samples->train.sample[i];
        of[sample->image] = of[sample->blend > 0 ? sample->partner : sample->image] = TRAINED;
    }
    for (int i = 0; i < samples->all.n; i++)
        role[i] = of[samples->all.sample[i].image];
    free(of);
    return 0;
}

void job_samples_free(struct job_samples *samples)
{
    samples_free(&samples->train);
    samples_free(&samples->test);
    samples_free(&samples->val);
    samples_free(&samples->all);
    *samples = (struct job_samples){0};
}
