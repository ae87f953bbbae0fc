#include "samples/noise.h"

#include "samples/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct noise {
    double share;
};

static const struct setting settings[] = {
    {"label_noise", SETTING_REAL, offsetof(struct noise, share), 0, 0.5, "0", NULL,
     "share of the training images of every class that get the label of another class, on purpose; what a "
     "job "
     "is judged by keeps its labels"},
    {0},
};

const struct section noise_section = {.setting = settings, .size = sizeof(struct noise)};

double noise_of(const struct config *config)
{
    return ((const struct noise *)config_of(config, &noise_section))->share;
}

static struct rng noise_stream(const struct config *config, int class_index)
{
    char text[SPLIT_JOB_IDENTITY_SIZE];
    size_t n = split_job_identity(config, text, sizeof text);
    return rng_start(rng_key("label noise", text, n), (uint64_t)class_index);
}

/* The images of a class that training has, each once, in order of their first sample. Returns how many. */
static int list_images(const struct samples *train, int class_index, unsigned char *listed, int *image)
{
    int n = 0;
    for (int i = 0; i < train->n; i++) {
        const struct sample *sample = &train->sample[i];
        if (sample->label != class_index || listed[sample->image])
            continue;
        listed[sample->image] = 1;
        image[n++] = sample->image;
    }
    return n;
}

/* label: of every image of the dataset, set where it is wrong. */
static void mislabel(const struct config *config, int class_index, int *image, int n, int *label)
{
    struct rng rng = noise_stream(config, class_index);
    int wrong = (int)lround(n * noise_of(config)), others = config->clusters.n - 1;
    rng_shuffle(&rng, image, n);
    for (int i = 0; i < wrong; i++)
        label[image[i]] = (class_index + 1 + i % others) % config->clusters.n;
}

int noise_add(const struct config *config, int n_images, struct samples *train, struct err *err)
{
    if (noise_of(config) <= 0)
        return 0;
    unsigned char *listed = err_calloc((size_t)n_images, sizeof *listed, "wrong labels", err);
    int *image = err_calloc((size_t)n_images, sizeof *image, "wrong labels", err);
    int *label = err_calloc((size_t)n_images, sizeof *label, "wrong labels", err);
    int rc = listed && image && label ? 0 : E_IO;
    for (int i = 0; rc == 0 && i < n_images; i++)
        label[i] = -1;
    for (int c = 0; rc == 0 && c < config->clusters.n; c++)
        mislabel(config, c, image, list_images(train, c, listed, image), label);
    for (int i = 0; rc == 0 && i < train->n; i++)
        if (label[train->sample[i].image] >= 0)
            train->sample[i].label = label[train->sample[i].image];
    free(listed);
    free(image);
    free(label);
    return rc;
}
