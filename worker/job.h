/* job.h - one job from its description to its numbers.
 *
 *     struct job_result result;
 *     rc = job_run(&config, data, key, &hooks, &result, &err);
 *     ... result ...
 *     job_result_free(&result);
 *
 * The result depends on the config, the data and the key only, wherever the job was interrupted and gone on
 * with (hooks.from). No MPI, no files: what happens between mini-batches and after epochs is up to the
 * hooks. */
#ifndef CELLSWEEP_JOB_H
#define CELLSWEEP_JOB_H

#include "state_file.h"
#include "settings/config.h"
#include "data/dataset.h"
#include "err.h"
#include "base/image_set.h"
#include "base/metrics.h"

#include <stddef.h>

/* What a caller is told while a job runs; any function may be NULL. */
struct job_hooks {
    void *self;
    /* Between mini-batches, and every some ten milliseconds while images are compared: serve others, look at
     * signals. Non-zero stops the job: job_run returns E_STOPPED. */
    int (*pause)(void *self);
    /* After epoch `epoch` (from 0), with the numbers of its sets: (N_SETS, N_ALL_METRICS), NaN of a set that
     * the job lacks. Negative: job_run returns it. */
    int (*epoch)(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err);
    /* After that, when another epoch follows and the model learns by epochs (MODEL_EPOCHS): what the
     * rest of the job depends on, but for the metrics so far, which the caller adds. Valid during the
     * call. Negative: job_run returns it. */
    int (*between)(void *self, const struct state_file *state, struct err *err);
    /* Go on where this was taken, with the same bits; NULL: from the beginning. Its metrics are not read. */
    const struct state_file *from;
    /* 1: a trial of tuning. It is there to be measured on val: nothing is judged or predicted, its numbers
     * of the test set are NaN, the sets of its result are empty, and so are its weights. */
    int is_trial;
};

/* What a job did with an original of its clusters. */
enum job_role { JOB_TRAINED, JOB_JUDGED, JOB_UNTOUCHED, JOB_CHOSEN_ON };

/* Which images were predicted, and how; n 0: none. */
struct job_predictions {
    int n;
    int *image, *copy, *label; /* (n) dataset index; 0 or the number of the copy; class index */
    float *probs;              /* (n, n_classes) */
    int *confusion;            /* (n_classes, n_classes) rows true, columns predicted */
};

struct job_result {
    int n_classes, n_train;
    float trained[CONFIG_MAX_CLUSTERS]; /* (n_classes) samples_trained() */
    int leak_val, leak_test;            /* see struct job_samples */
    int epochs_done;
    /* From 1: the epoch whose networks these predictions are by, the best one (choose.h) or the last one
     * done, which it is, too, where no epoch was any good; and its numbers, as hooks.epoch was told them. */
    int judged_epoch;
    float numbers[N_SETS][N_ALL_METRICS];
    int diverged; /* 1: loss or weights became NaN or infinite in the last epoch done */
    /* SET_VAL: n is 0 where the job has no inner set; SET_TEST; SET_ALL: every original of the clusters */
    struct job_predictions set[N_SETS];
    /* (n_weights) of the judged epoch: the networks one after the other, as job_predict() wants them */
    float *weights;
    size_t n_weights;
    /* (n of SET_ALL) enum job_role: trained on (itself, a copy or a blend of it), only judged on, of val, or
     * none of these */
    int *role;
};

/* Floats of the weights of a job that trains on at most n_train samples: of one model, or of all members of
 * an ensemble; at most, where the model grows with them (MODEL_GROWS); 0 where it keeps none. */
size_t job_n_weights(const struct config *config, int n_train);

/* Bytes that the models of such a job take while it runs, the largest part of its memory. The job must have
 * been planned. */
size_t job_bytes(const struct config *config, int n_train);

/* Train, judge every epoch, choose, predict at the end. *result is owned by the caller and valid on 0
 * (released on failure). E_USAGE or E_IO when the job failed, E_STOPPED when a hook stopped it; E_USAGE also
 * for a hooks->from of another job, and for a choice without a set to choose on. */
int job_run(const struct config *config, const struct dataset *data, const char *key,
            const struct job_hooks *hooks, struct job_result *result, struct err *err);

/* Class probabilities (n, clusters) of n images given by pointer, from the n_weights that a job of this
 * config left: the same bits as its own predictions of the same images in the same order; of small
 * images or few filters, the last bits of a probability depend on its place in the batch (at most some
 * 1e-7). E_USAGE for a model without weights, and for weights of another, E_IO without memory. */
int job_predict(const struct config *config, const float *weights, size_t n_weights,
                const float *const *image, int n, float *probs, struct err *err);

/* The models of a job of this config, for ensemble_predict() as often as wanted: with the weights it left,
 * or, NULL, to be given some by ensemble_put(). They use the kernels of kernels_select(). *out is owned by
 * the caller. Errors as job_predict(). */
struct ensemble;
int job_networks(const struct config *config, const float *weights, size_t n_weights, struct ensemble **out,
                 struct err *err);

void job_result_free(struct job_result *result);

#endif
