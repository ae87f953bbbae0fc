/* model.h - what can be trained: a table of models, one row each.
 *
 *     const struct model_kind *kind = model_of(&config);
 *     rc = kind->open(&spec, &model, &err);
 *     kind->teach(model, ...) batch after batch, or kind->fit(model, ...) at once
 *     kind->judge(model, images, n, probs);
 *     kind->close(model);
 *
 * To add one: a file with its row, and the row in model.c. Nothing else knows its name: who has to know
 * what a model can asks for its flags and for the functions it has. A model is used by one thread;
 * several may exist. No MPI. */
#ifndef CELLSWEEP_MODEL_H
#define CELLSWEEP_MODEL_H

#include "samples/batches.h"
#include "models/form.h"
#include "models/net/nodes.h"
#include "settings/config.h"
#include "err.h"
#include "base/arrays.h"
#include "base/loss.h"
#include "base/image_set.h"
#include "base/metrics.h"
#include "base/pause.h"

#include <stddef.h>
#include <stdint.h>

enum { MODEL_IDENTITY_SIZE = 256, MODEL_HEAD = ARRAY_MAX_RANK * 8 };

/* What a model can. Strategies say which of the first they need (balance.h). */
enum {
    MODEL_BATCHES = 1,     /* learns mini-batch by mini-batch */
    MODEL_WEIGHTS = 2,     /* heeds the loss weights of samples */
    MODEL_LOSS = 4,        /* has a loss on logits, which a strategy may change */
    MODEL_SOFT = 8,        /* learns from soft targets */
    MODEL_SHIFT = 16,      /* has logits that can be shifted when it predicts */
    MODEL_LAST = 32,       /* has a last layer: logits are linear in its parameters */
    MODEL_HEEDS = 63,      /* all of these */
    MODEL_MADE_UP = 64,    /* learns nothing: its numbers are made up, for tests of the orchestration */
    MODEL_PUBLISHED = 128, /* the network of the published report */
    MODEL_EPOCHS = 256,    /* learns in epochs, and can be left and gone on with between them */
    MODEL_GROWS = 512,     /* the sizes of its arrays are a matter of what it has learnt */
    MODEL_VECTORS = 1024,  /* learns from rows of feature_floats() numbers, of whatever kind (feature.h) */
    MODEL_ELSEWHERE = 2048 /* trained elsewhere, on images that nobody here knows: it only judges */
};

/* Which model to open. Nothing of it is needed afterwards. */
struct model_spec {
    const struct config *config;
    const char *job_key; /* NULL: only to predict, with weights that a job left */
    uint64_t start;      /* stream of its initial weights */
};

/* Samples to be fitted to at once. Everything is only read. */
struct model_set {
    int n;
    const float *const *image; /* (n) pointers to pixels, or rows of features */
    const int *label;          /* (n) class index */
    const float *weight;       /* (n) loss weight */
};

/* Which of its arrays: enough to judge with, or enough to go on teaching it with, those among them. */
enum model_part { MODEL_KEPT, MODEL_STATE };

struct model_kind {
    const char *name, *help;
    const struct section *section; /* its settings; NULL: it has none */
    unsigned can;                  /* MODEL_... */
    double seconds; /* about what a unit of its work takes anywhere; 0: to be measured by teaching it */
    /* All that initial weights, speed and memory depend on but seed, strategy and batch: the only
     * identity there is. It names the stream of the weights, the kind of a job in the schedule, and
     * networks that can be shared. Begins with the name. */
    void (*identity)(const struct config *config, char out[MODEL_IDENTITY_SIZE]);
    /* 0, or E_USAGE with what would do. Needs no data. NULL: any configuration will do. */
    int (*check)(const struct config *config, struct err *err);
    /* Of a whole job in which, every epoch, n_seen samples are trained on and n_judged judged. > 0 */
    double (*work)(const struct config *config, double n_seen, double n_judged);
    /* Bytes of its arrays of MODEL_KEPT, at most, once it has learnt from at most n_train samples; exactly
     * that without MODEL_GROWS, with MODEL_HEAD for each of them otherwise. NULL: none. */
    size_t (*room)(const struct config *config, int n_train);
    size_t (*bytes)(const struct config *config, int n_train); /* memory of one; NULL: next to none */
    /* At its beginning. *out is owned by the caller: close(). */
    int (*open)(const struct model_spec *spec, void **out, struct err *err);
    /* One training step on a batch of at most config->batch; probs (n, C) seen on the way. Returns the
     * loss. NULL: has fit or epoch. */
    double (*teach)(void *model, const struct config *config, const struct batch *batch,
                    const struct loss_rule *loss, float *probs);
    /* All of the training at once, on one or more samples; with MODEL_EPOCHS an epoch of it, each time on the
     * same ones. NULL: has teach or epoch. */
    int (*fit)(void *model, const struct model_set *train, struct pause *pause, struct err *err);
    /* A whole epoch (from 0) and its numbers on every set. NULL but for MODEL_MADE_UP. */
    int (*epoch)(void *model, int epoch, struct pause *pause, float numbers[N_SETS][N_ALL_METRICS],
                 struct err *err);
    /* Class probabilities (n, C) of n images, or rows of features, given by pointer. */
    void (*judge)(void *model, const float *const *image, int n, float *probs);
    /* What embed() writes of an image: n_features() floats that are near to one another for images that
     * look alike to the model. Both NULL: nothing of that kind. */
    size_t (*n_features)(const struct config *config);
    void (*embed)(void *model, const float *const *image, int n, float *features);
    /* The C floats that a shift of the logits is added to; may be written. NULL without MODEL_SHIFT. */
    float *(*logit_bias)(void *model);
    /* The *n floats of its last layer, which logits are linear in; may be written. NULL without
     * MODEL_LAST. */
    float *(*last_layer)(void *model, size_t *n);
    /* Its last layer begins anew, from a stream, and so does whatever the model remembers of its steps;
     * teach() of batches with last_only changes nothing else. NULL without MODEL_LAST. */
    void (*renew_last)(void *model, uint64_t start);
    /* Add its arrays, as many of the same names and in the same order whenever asked; they are valid until it
     * changes. NULL: it keeps nothing. */
    void (*arrays)(void *model, enum model_part part, struct arrays *out);
    /* Become what such arrays are of; their names have from->prefix before them. E_USAGE when they are of
     * another, or, where it grows, contradict themselves: it is then as it was. NULL without arrays. */
    int (*restore)(void *model, enum model_part part, const struct arrays *from, struct err *err);
    /* The network that its params are of, for who writes it in another program's format. NULL: none. */
    void (*network)(const struct config *config, struct nodes *out);
    /* What it computes of a row, once it is fitted, as plain numbers (form.h); *out holds nothing on failure.
     * NULL: it has no such form; why_not says why, for people, where it has no network either. */
    int (*form)(void *model, struct model_form *out, struct err *err);
    const char *why_not;
    void (*close)(void *model);
};

extern const struct model_kind model_cnn, model_vgg_small, model_resnet_8, model_resnet_14, model_vit,
    model_logistic, model_knn, model_forest, model_svm, model_boost, model_majority, model_onnx, model_fake;

/* Row i, from 0, or NULL past the last. */
const struct model_kind *model_kind(int i);

/* The row of a name, or NULL. */
const struct model_kind *model_find(const char *name);

/* The row of a configuration whose model_check() was good. */
const struct model_kind *model_of(const struct config *config);

/* 1 when the model of config, or one that makes its features, reads a section, its own; one that is made up
 * stands in for any. */
int model_reads(const struct config *config, const struct section *section);

/* identity() of the model of config, and what it is given of an image. */
void model_identity(const struct config *config, char out[MODEL_IDENTITY_SIZE]);

/* 1 when the model of config reads `features`; the settings of a kind of features, its own; and how they are
 * scaled. */
int model_takes_features(const struct config *config, const struct section *section);
int model_reads_features(const struct config *config, const struct section *section);
int model_reads_scale(const struct config *config, const struct section *section);

/* 0 when its features go together with its model and its images, else E_USAGE. */
int model_check_features(const struct config *config, struct err *err);

/* 1 when mini-batches are learnt from: by the model of config, or by one that makes its features. */
int model_learns_by_batches(const struct config *config);

/* 0 when there is a model of that name; E_USAGE with the names that there are. */
int model_check(const char *name, struct err *err);

/* restore() of a model whose arrays have a size of their own whatever it has learnt: they are overwritten. */
int model_restore_in_place(const struct model_kind *kind, void *model, enum model_part part,
                           const struct arrays *from, struct err *err);

/* The array of a name, from->prefix before it, of a type and a rank, or NULL: where a model that grows begins
 * to restore(). */
const struct array *model_array(const struct arrays *from, const char *name, enum array_type type, int rank);

/* What the first of some of MODEL_HEEDS is, in words: "loss weights". */
const char *model_lacks(unsigned flags);

#endif
