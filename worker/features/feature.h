/* feature.h - what a model is given of an image: its pixels, or numbers made of them. A table of
 * kinds, one row each.
 *
 *     const struct feature_kind *kind = feature_of(&config);
 *     size_t n = feature_floats(&config);
 *
 * Models that take any row of numbers (MODEL_VECTORS) are given the row that setting `features` names. To add
 * a kind: a file with its row, and the row in feature.c. What a kind makes of an image is a matter of the
 * image and of its settings, and of what it has learnt; never of the images around it. A kind that a model
 * makes stands with the models. No MPI. */
#ifndef CELLSWEEP_FEATURE_H
#define CELLSWEEP_FEATURE_H

#include "base/arrays.h"
#include "base/pause.h"
#include "err.h"
#include "samples/sample.h"
#include "settings/config.h"

#include <stddef.h>

enum { FEATURE_NAME_SIZE = 96 };

/* What a kind learns from: the training samples of a job, rendered. Everything is only read. */
struct feature_lesson {
    const struct config *config;
    const struct dataset *data;
    const struct job_samples *samples;
    const char *key; /* of the job: names its streams */
    struct pause *pause;
};

struct feature_kind {
    const char *name, *help;
    const struct section *section; /* its settings; NULL: it has none */
    /* The model that it is made with and whose settings it reads. NULL: none. */
    const char *(*model)(const struct config *config);
    /* 1 when it trains that model on the job's images, 0 when it takes over one that was trained elsewhere.
     * NULL without a model. */
    int (*trains)(const struct config *config);
    /* 0, or E_USAGE with what would do. NULL: any configuration will do. */
    int (*check)(const struct config *config, struct err *err);
    /* The same of the files that the configuration names, and of the images of a job; when it is planned, not
     * when it predicts. NULL: all will do. */
    int (*suits)(const struct config *config, const struct dataset *data, struct err *err);
    /* Append the images of data, as originals, that it learnt from before the job: they are leaks where the
     * job is judged on them. NULL: none. */
    int (*seen)(const struct config *config, const struct dataset *data, struct samples *out,
                struct err *err);
    size_t (*floats)(const struct config *config); /* of a row; 1 or more */
    /* The name of a number of a row: "area". NULL: they are no more than pixels. */
    void (*label)(const struct config *config, size_t number, char out[FEATURE_NAME_SIZE]);
    /* To learn, about. NULL: nothing to learn. */
    double (*seconds)(const struct config *config, double n_seen);
    size_t (*room)(const struct config *config);  /* bytes of its arrays, exactly; NULL: none */
    size_t (*bytes)(const struct config *config); /* memory that it takes; NULL: next to none */
    /* What else than its own settings its rows and arrays depend on, as text. NULL: nothing. */
    void (*identity)(const struct config *config, char *out, size_t size);
    /* All below NULL where rows are the pixels. *out is owned by the caller: close(). */
    int (*open)(const struct config *config, void **out, struct err *err);
    /* Before the first row. Errors: E_STOPPED when lesson->pause says so. NULL: nothing to learn. */
    int (*learn)(void *self, const struct feature_lesson *lesson, struct err *err);
    /* The row (floats) of one image (size, size, channels). Changes nothing but scratch memory of self. */
    void (*make)(void *self, const float *image, float *row);
    /* Add its arrays, of the same names, order and sizes whenever asked. NULL: none. */
    void (*arrays)(void *self, struct arrays *out);
    void (*close)(void *self);
};

extern const struct feature_kind feature_pixels, feature_hog, feature_shape, feature_embedding;

/* Settings `features` and `features.scale`; and of features embedding, embedding.from and .filter, which are
 * no part of feature_identity(), and who reads them. */
extern const struct section feature_section, feature_scale_section, embedding_from_section;
int embedding_from_is_used(const struct config *config, const struct section *section);

/* Row i, from 0, or NULL past the last; that of a config, whose `features` is one of them. */
const struct feature_kind *feature_kind(int i);
const struct feature_kind *feature_of(const struct config *config);

/* 1 when what a model is given are the pixels themselves. */
int feature_is_pixels(const struct config *config);

/* 1 when rows are standardised (features.scale). */
int feature_is_scaled(const struct config *config);

/* Numbers that a model is given of an image. */
size_t feature_floats(const struct config *config);

/* " features hog 8f0e...": the kind, its settings as a number and whether rows are scaled; "" of pixels. What
 * an identity of a model ends with. */
void feature_identity(const struct config *config, char *out, size_t size);

#endif
