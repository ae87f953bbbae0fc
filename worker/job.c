#include "job.h"

#include "choose.h"
#include "features/features.h"
#include "strategies/balance.h"
#include "base/ranking.h"
#include "samples/batches.h"
#include "image/resize.h"
#include "models/ensemble.h"
#include "job_state.h"
#include "models/model.h"
#include "samples/render.h"
#include "select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Weights of an epoch. */
struct kept {
    size_t n;
    float *weights; /* (n), owned; NULL: none */
};

/* A set that is judged after every epoch; n 0: the job has no such set. */
struct judged {
    int n;
    const float **image; /* (n) */
    float *probs;        /* (n, n_classes) */
    int *label;          /* (n) */
    struct ranked *room; /* (n) */
};

/* Everything a running job holds. */
struct run {
    const struct config *config;
    const struct model_kind *kind;
    const struct dataset *data;
    const char *key;
    const struct job_hooks *hooks;
    struct pause pause; /* the hooks' */
    struct job_result *result;
    int n_classes;
    struct job_samples samples;
    struct ensemble *nets;
    long steps; /* training steps so far, of all networks */
    struct batches batches;
    float *probs; /* (batch, n_classes) of a mini-batch */
    struct judged val, test;
    struct metrics *metrics;
    struct choice choice;
    struct kept best; /* of choice.state.best_epoch, where it judges */
    float *rows;      /* features of all samples; NULL: models are given pixels */
};

size_t job_n_weights(const struct config *config, int n_train)
{
    const struct model_kind *kind = model_of(config);
    int n_arrays = 0;
    size_t floats = kind->room ? (kind->room(config, n_train) + sizeof(float) - 1) / sizeof(float) : 0;
    size_t of_features = floats ? features_room(config, &n_arrays) / sizeof(float) : 0;
    if (kind->can & MODEL_GROWS)
        of_features += (size_t)n_arrays * MODEL_HEAD / sizeof(float);
    return of_features + floats * (size_t)balance_n_members(config);
}

size_t job_bytes(const struct config *config, int n_train)
{
    const struct model_kind *kind = model_of(config);
    size_t rows = feature_is_pixels(config) ? 0 : (size_t)n_train * feature_floats(config) * sizeof(float);
    rows += feature_of(config)->bytes ? feature_of(config)->bytes(config) : 0;
    return rows + (kind->bytes ? kind->bytes(config, n_train) * (size_t)balance_n_members(config) : 0);
}

static int judged_new(const struct samples *samples, int n_classes, struct judged *out, struct err *err)
{
    size_t n = (size_t)samples->n;
    out->image = err_calloc(n, sizeof *out->image, "images that are judged", err);
    out->probs = err_calloc(n * (size_t)n_classes, sizeof *out->probs, "images that are judged", err);
    out->label = err_calloc(n, sizeof *out->label, "images that are judged", err);
    out->room = err_calloc(n, sizeof *out->room, "images that are judged", err);
    if (!out->image || !out->probs || !out->label || !out->room)
        return E_IO;
    out->n = samples->n;
    for (size_t i = 0; i < n; i++) {
        out->image[i] = samples->sample[i].pixels;
        out->label[i] = samples->sample[i].label;
    }
    return 0;
}

static void judged_free(struct judged *judged)
{
    free(judged->room);
    free(judged->label);
    free(judged->probs);
    free(judged->image);
}

/* Models are given rows of features in place of pixels from here on. What a state was taken with need not be
 * learnt again. */
static int make_features(struct run *run, struct err *err)
{
    struct features *features = ensemble_features(run->nets);
    const struct state_file *from = run->hooks->from;
    const struct feature_lesson lesson = {run->config, run->data, &run->samples, run->key, &run->pause};
    if (!features)
        return 0;
    int rc = 0;
    if (!from || features_restore(features, &from->arrays, NULL) < 0)
        rc = features_learn(features, &lesson, err);
    return rc < 0 ? rc : features_give(features, &run->samples, &run->pause, &run->rows, err);
}

static int allocate(struct run *run, struct err *err)
{
    size_t batch = (size_t)run->config->batch, classes = (size_t)run->n_classes;
    run->probs = err_calloc(batch * classes, sizeof *run->probs, "a mini-batch", err);
    run->metrics = err_calloc(1, sizeof *run->metrics, "metrics", err);
    int rc = run->probs && run->metrics ? 0 : E_IO;
    if (rc == 0)
        rc = ensemble_new(run->config, &run->samples.recipe, run->key, &run->nets, err);
    if (rc == 0)
        rc = make_features(run, err);
    if (rc == 0)
        rc = judged_new(&run->samples.val, run->n_classes, &run->val, err);
    if (rc == 0)
        rc = judged_new(&run->samples.test, run->n_classes, &run->test, err);
    return rc < 0 ? rc : batches_new(run->config, run->data, &run->samples, run->key, &run->batches, err);
}

static void release(struct run *run)
{
    ensemble_free(run->nets);
    batches_free(&run->batches);
    free(run->best.weights);
    free(run->metrics);
    judged_free(&run->test);
    judged_free(&run->val);
    free(run->probs);
    free(run->rows);
    job_samples_free(&run->samples);
}

static int stopped(const struct run *run, struct err *err)
{
    if (run->hooks->pause && run->hooks->pause(run->hooks->self))
        return err_set(err, E_STOPPED, "stopped between mini-batches");
    return 0;
}

/* One pass of network m over its training samples; its metrics are those seen on the way, dropout active.
 * Returns how many samples it saw. */
static int train_member(struct run *run, int m, int epoch, float out[N_METRICS], struct err *err)
{
    const struct loss_rule loss = recipe_loss(&run->samples.recipe);
    struct batch batch;
    int total = batches_start(&run->batches, m, epoch);
    metrics_start(run->metrics, run->n_classes);
    for (int left = total; left > 0; left -= batch.n) {
        int n = batches_next(&run->batches, (uint64_t)run->steps++, &batch);
        double mean = run->kind->teach(ensemble_member(run->nets, m), run->config, &batch, &loss, run->probs);
        metrics_add(run->metrics, run->probs, run->batches.label, n, mean);
        int rc = stopped(run, err);
        if (rc < 0)
            return rc;
    }
    metrics_finish(run->metrics, out);
    return total;
}

/* Numbers of n predictions (n, n_classes), in batches as large as those of training: the published
 * number is a mean over batches. */
static void measure(struct run *run, const float *probs, const int *label, int n, float out[N_METRICS])
{
    int batch = (int)run->config->batch;
    metrics_start(run->metrics, run->n_classes);
    for (int first = 0; first < n; first += batch) {
        int size = n - first < batch ? n - first : batch;
        const float *some = probs + (size_t)first * (size_t)run->n_classes;
        double mean = metrics_cross_entropy(some, label + first, size, run->n_classes);
        metrics_add(run->metrics, some, label + first, size, mean);
    }
    metrics_finish(run->metrics, out);
}

/* What network m says of what it was fitted to; others are served before and between. */
static int judge_fitted(struct run *run, int m, const struct model_set *set, float *probs, struct err *err)
{
    enum { SOME = 256 };
    int rc = stopped(run, err);
    for (int first = 0; rc == 0 && first < set->n; first += SOME) {
        int n = set->n - first < SOME ? set->n - first : SOME;
        run->kind->judge(ensemble_member(run->nets, m), set->image + first, n,
                         probs + (size_t)first * (size_t)run->n_classes);
        rc = stopped(run, err);
    }
    return rc;
}

/* The training of network m at once; its metrics are those of what it was fitted to. Returns how many
 * samples it saw. */
static int fit_member(struct run *run, int m, float out[N_METRICS], struct err *err)
{
    const struct samples *train = &run->samples.train;
    size_t room = (size_t)train->n;
    const float **image = err_calloc(room, sizeof *image, "the training set", err);
    int *label = err_calloc(room, sizeof *label, "the training set", err);
    float *weight = err_calloc(room, sizeof *weight, "the training set", err);
    float *probs = err_calloc(room * (size_t)run->n_classes, sizeof *probs, "the training set", err);
    struct model_set set = {0, image, label, weight};
    int rc = image && label && weight && probs ? 0 : E_IO;
    for (int i = 0; rc == 0 && i < train->n; i++)
        if (sample_is_of(&train->sample[i], m)) {
            image[set.n] = train->sample[i].pixels;
            weight[set.n] = run->samples.recipe.class_weight[train->sample[i].label];
            label[set.n++] = train->sample[i].label;
        }
    if (rc == 0 && set.n > 0)
        rc = run->kind->fit(ensemble_member(run->nets, m), &set, &run->pause, err);
    if (rc == 0)
        rc = judge_fitted(run, m, &set, probs, err);
    if (rc == 0)
        measure(run, probs, label, set.n, out);
    free(image);
    free(label);
    free(weight);
    free(probs);
    return rc < 0 ? rc : set.n;
}

/* Every network once over its samples; the metrics are means over the networks, but for those that
 * the split left without any. */
static int train_epoch(struct run *run, int epoch, float out[N_METRICS], struct err *err)
{
    double sum[N_METRICS] = {0};
    int taught = 0;
    for (int m = 0; m < ensemble_n_members(run->nets); m++) {
        float numbers[N_METRICS];
        int total =
            run->kind->fit ? fit_member(run, m, numbers, err) : train_member(run, m, epoch, numbers, err);
        if (total < 0)
            return total;
        taught += total > 0;
        for (int k = 0; total > 0 && k < N_METRICS; k++)
            sum[k] += (double)numbers[k];
    }
    for (int k = 0; k < N_METRICS; k++)
        out[k] = (float)(sum[k] / taught);
    return 0;
}

/* A set after the epoch, dropout off; NaN of one that the job lacks. */
static void judge(struct run *run, const struct judged *judged, float out[N_ALL_METRICS])
{
    if (judged->n > 0)
        ensemble_judge(run->nets, judged->image, judged->n, judged->probs);
    measure(run, judged->probs, judged->label, judged->n, out);
    out[METRIC_AUROC] =
        (float)ranking_macro_auroc(judged->probs, judged->label, judged->n, run->n_classes, judged->room);
}

/* The set that choices are made on; whatever is reported is test. */
static enum image_set chosen_on(const struct run *run)
{
    return run->val.n > 0 ? SET_VAL : SET_TEST;
}

/* A trial of tuning sees nothing but what it chooses on. */
static int sees_test(const struct run *run)
{
    return !run->hooks->is_trial || chosen_on(run) == SET_TEST;
}

static int made_up_epoch(struct run *run, int epoch, float numbers[N_SETS][N_ALL_METRICS], struct err *err)
{
    int rc = run->kind->epoch(ensemble_member(run->nets, 0), epoch, &run->pause, numbers, err);
    for (int m = 0; m < N_ALL_METRICS; m++) {
        numbers[SET_VAL][m] = run->val.n == 0 ? (float)NAN : numbers[SET_VAL][m];
        numbers[SET_TEST][m] = sees_test(run) ? numbers[SET_TEST][m] : (float)NAN;
    }
    return rc;
}

static int one_epoch(struct run *run, int epoch, float numbers[N_SETS][N_ALL_METRICS], struct err *err)
{
    if (run->kind->epoch)
        return made_up_epoch(run, epoch, numbers, err);
    if (epoch == run->samples.recipe.retrain_from)
        ensemble_renew_last(run->nets, run->config);
    int rc = train_epoch(run, epoch, numbers[SET_TRAIN], err);
    if (rc == 0) {
        judge(run, &run->val, numbers[SET_VAL]);
        if (sees_test(run))
            judge(run, &run->test, numbers[SET_TEST]);
    }
    return rc;
}

/* The weights as they are now, in place of those in *out, which is the caller's. */
static int take_weights(struct run *run, struct kept *out, struct err *err)
{
    free(out->weights);
    out->n = ensemble_n_weights(run->nets);
    out->weights = err_calloc(out->n, sizeof *out->weights, "weights", err);
    if (!out->weights)
        return E_IO;
    ensemble_get(run->nets, out->weights);
    return 0;
}

/* Whether the weights of the best epoch are to be kept. */
static int keeps_best(const struct run *run)
{
    return choose_best(run->config) && run->kind->room;
}

static void note_numbers(struct run *run, int epoch, const float numbers[N_SETS][N_ALL_METRICS])
{
    run->result->judged_epoch = epoch;
    memcpy(run->result->numbers, numbers, sizeof run->result->numbers);
}

/* After epoch `epoch`, from 1: if it is the one to judge by, so far, its numbers and weights are kept. */
static int note_epoch(struct run *run, int epoch, float numbers[N_SETS][N_ALL_METRICS], struct err *err)
{
    int is_best = choose_any(run->config) && choose_epoch(&run->choice, epoch, numbers[chosen_on(run)]);
    if (is_best || !choose_best(run->config) || run->choice.state.best_epoch == 0)
        note_numbers(run, epoch, (const float(*)[N_ALL_METRICS])numbers);
    return is_best && keeps_best(run) ? take_weights(run, &run->best, err) : 0;
}

/* Go on from hooks->from, if there is such a state. */
static int go_on(struct run *run, struct err *err)
{
    const struct state_file *from = run->hooks->from;
    if (!from)
        return 0;
    int rc = job_state_fits(run->config, from, err), best = from->choice.best_epoch;
    if (rc == 0 && best > 0 && keeps_best(run))
        rc = job_state_best(from, &run->best.weights, &run->best.n, err);
    if (rc == 0)
        rc = ensemble_restore(run->nets, MODEL_STATE, &from->arrays, err);
    run->steps = (long)from->steps;
    run->choice.state = from->choice;
    run->result->epochs_done = from->epoch;
    run->result->judged_epoch = choose_best(run->config) && best > 0 ? best : from->epoch;
    for (int i = 0; rc == 0 && i < N_CURVE_SETS; i++)
        memcpy(run->result->numbers[curve_sets[i]],
               from->metrics[curve_sets[i]] + (size_t)(run->result->judged_epoch - 1) * N_ALL_METRICS,
               sizeof *run->result->numbers);
    return rc;
}

static int tell_state(struct run *run, struct err *err)
{
    struct job_result *result = run->result;
    struct state_file state;
    if (!run->hooks->between || !(run->kind->can & MODEL_EPOCHS) || result->diverged ||
        result->epochs_done == run->config->epochs)
        return 0;
    int rc = job_state_take(run->nets, result->epochs_done, run->steps, run->best.weights, run->best.n,
                            &state, err);
    state.choice = run->choice.state;
    if (rc == 0)
        rc = run->hooks->between(run->hooks->self, &state, err);
    state_file_free(&state);
    return rc;
}

static void set_nothing(float numbers[N_SETS][N_ALL_METRICS])
{
    for (int s = 0; s < N_SETS; s++)
        for (int m = 0; m < N_ALL_METRICS; m++)
            numbers[s][m] = (float)NAN;
}

/* What is fitted at once stays as it is: its curves are flat, and comparable with those of others. */
static int train(struct run *run, struct err *err)
{
    struct job_result *result = run->result;
    float numbers[N_SETS][N_ALL_METRICS];
    int rc = choose_check(run->config, run->val.n, err), ends = 0;
    set_nothing(numbers);
    if (rc == 0)
        rc = go_on(run, err);
    for (int epoch = result->epochs_done; rc == 0 && epoch < run->config->epochs && !ends; epoch++) {
        if (epoch == 0 || run->kind->can & MODEL_EPOCHS)
            rc = one_epoch(run, epoch, numbers, err);
        if (rc == 0)
            rc = note_epoch(run, epoch + 1, numbers, err);
        if (rc == 0 && run->hooks->epoch)
            rc = run->hooks->epoch(run->hooks->self, epoch, (const float(*)[N_ALL_METRICS])numbers, err);
        if (rc < 0)
            return rc;
        result->epochs_done = epoch + 1;
        result->diverged = !isfinite(numbers[SET_TRAIN][METRIC_LOSS]) ||
                           !isfinite(numbers[sees_test(run) ? SET_TEST : SET_VAL][METRIC_LOSS]);
        ends = result->diverged || choose_stops(&run->choice, epoch + 1);
        if (!ends)
            rc = tell_state(run, err);
    }
    return rc;
}

/* Copy which images were judged, predict them, count the confusion matrix. */
static int predict(struct run *run, const struct samples *samples, struct job_predictions *out,
                   struct err *err)
{
    size_t n = (size_t)samples->n, classes = (size_t)run->n_classes;
    if (n == 0)
        return 0;
    const float **image = err_calloc(n, sizeof *image, "predictions", err);
    out->image = err_calloc(n, sizeof *out->image, "predictions", err);
    out->copy = err_calloc(n, sizeof *out->copy, "predictions", err);
    out->label = err_calloc(n, sizeof *out->label, "predictions", err);
    out->probs = err_calloc(n * classes, sizeof *out->probs, "predictions", err);
    out->confusion = err_calloc(classes * classes, sizeof *out->confusion, "predictions", err);
    if (!image || !out->image || !out->copy || !out->label || !out->probs || !out->confusion) {
        free(image);
        return E_IO;
    }
    out->n = samples->n;
    for (size_t i = 0; i < n; i++) {
        image[i] = samples->sample[i].pixels;
        out->image[i] = samples->sample[i].image;
        out->copy[i] = samples->sample[i].copy;
        out->label[i] = samples->sample[i].label;
    }
    ensemble_judge(run->nets, image, out->n, out->probs);
    metrics_start(run->metrics, run->n_classes);
    metrics_add(run->metrics, out->probs, out->label, out->n, 0);
    memcpy(out->confusion, run->metrics->confusion, classes * classes * sizeof *out->confusion);
    free(image);
    return 0;
}

/* The networks of the judged epoch are those that predict from here on; and its weights are kept. */
static int take_judged(struct run *run, struct err *err)
{
    struct job_result *result = run->result;
    int rc = 0, is_last = result->judged_epoch == result->epochs_done;
    if (!run->kind->room)
        return 0;
    if (is_last)
        rc = take_weights(run, &run->best, err);
    result->weights = run->best.weights;
    result->n_weights = run->best.n;
    run->best.weights = NULL;
    if (rc < 0 || is_last)
        return rc;
    ensemble_free(run->nets);
    return job_networks(run->config, result->weights, result->n_weights, &run->nets, err);
}

/* The data as the network takes them in: itself, or a copy of its head whose images of the job's clusters are
 * resized. Other pages of the copy are never touched. */
static int resize_data(const struct config *config, const struct dataset *data, struct dataset *out,
                       float **owned, struct err *err)
{
    size_t floats = image_floats((int)config->image_size) * (size_t)data->channels;
    *out = *data;
    *owned = NULL;
    if (config->channels != data->channels)
        return err_set(err, E_USAGE, "the job is of images with %d channels, those of the data have %d",
                       (int)config->channels, data->channels);
    if ((int)config->image_size == data->size)
        return 0;
    *owned = err_calloc((size_t)data->n_images, floats * sizeof **owned, "resized images", err);
    if (!*owned)
        return E_IO;
    out->pixels = *owned;
    out->size = (int)config->image_size;
    for (int i = 0; i < data->n_images; i++)
        for (int c = 0; c < config->clusters.n; c++)
            if (config->clusters.number[c] == data->image[i].cluster)
                resize_bilinear(*owned + (size_t)i * floats, out->size, dataset_pixels(data, i), data->size,
                                data->size, data->channels);
    return 0;
}

static int find_roles(struct run *run, struct err *err)
{
    run->result->role =
        err_calloc((size_t)run->samples.all.n, sizeof *run->result->role, "the roles of images", err);
    return run->result->role ? samples_roles(run->data, &run->samples, run->result->role, err) : E_IO;
}

static int run_steps(struct run *run, struct err *err)
{
    int rc = job_samples_select(run->config, run->data, run->key, &run->pause, &run->samples, err);
    if (rc == 0)
        rc = job_samples_render(run->config, run->data, run->key, &run->samples, err);
    if (rc == 0)
        rc = allocate(run, err);
    if (rc == 0)
        rc = train(run, err);
    if (run->hooks->is_trial)
        return rc;
    if (rc == 0)
        rc = take_judged(run, err);
    if (rc == 0)
        rc = predict(run, &run->samples.test, &run->result->set[SET_TEST], err);
    if (rc == 0)
        rc = predict(run, &run->samples.val, &run->result->set[SET_VAL], err);
    if (rc == 0)
        rc = predict(run, &run->samples.all, &run->result->set[SET_ALL], err);
    if (rc == 0)
        rc = find_roles(run, err);
    return rc;
}

int job_run(const struct config *config, const struct dataset *data, const char *key,
            const struct job_hooks *hooks, struct job_result *result, struct err *err)
{
    struct dataset resized;
    float *owned;
    struct run run = {.config = config, .data = &resized, .key = key, .hooks = hooks, .result = result};
    run.kind = model_of(config);
    run.pause = (struct pause){hooks->pause, hooks->self, 0};
    run.n_classes = config->clusters.n;
    run.choice = (struct choice){.config = config};
    memset(result, 0, sizeof *result);
    int rc = resize_data(config, data, &resized, &owned, err);
    if (rc == 0)
        rc = run_steps(&run, err);
    result->n_classes = run.n_classes;
    result->n_train = run.samples.train.n;
    samples_trained(&run.samples, run.n_classes, result->trained);
    result->leak_test = run.samples.leak;
    result->leak_val = run.samples.leak_val;
    release(&run);
    free(owned);
    if (rc < 0)
        job_result_free(result);
    return rc;
}

int job_networks(const struct config *config, const float *weights, size_t n_weights, struct ensemble **out,
                 struct err *err)
{
    struct recipe recipe = recipe_plain();
    *out = NULL;
    if (!model_of(config)->room)
        return err_set(err, E_USAGE, "model %s has no weights to predict with; use jobs of another model",
                       config->model);
    recipe.n_members = balance_n_members(config);
    int rc = ensemble_new(config, &recipe, NULL, out, err);
    if (rc == 0 && weights)
        rc = ensemble_put(*out, weights, n_weights, err);
    if (rc < 0) {
        ensemble_free(*out);
        *out = NULL;
    }
    return rc;
}

int job_predict(const struct config *config, const float *weights, size_t n_weights,
                const float *const *image, int n, float *probs, struct err *err)
{
    struct ensemble *nets = NULL;
    int rc = job_networks(config, weights, n_weights, &nets, err);
    if (rc < 0)
        return rc;
    ensemble_predict(nets, image, n, probs);
    ensemble_free(nets);
    return 0;
}

static void predictions_free(struct job_predictions *predictions)
{
    free(predictions->image);
    free(predictions->copy);
    free(predictions->label);
    free(predictions->probs);
    free(predictions->confusion);
}

void job_result_free(struct job_result *result)
{
    for (int s = 0; s < N_SETS; s++)
        predictions_free(&result->set[s]);
    free(result->weights);
    free(result->role);
    memset(result, 0, sizeof *result);
}
