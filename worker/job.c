#include "job.h"

#include "cnn.h"
#include "fake.h"
#include "rng.h"
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything a running job holds. */
struct run {
    const struct config *config;
    const struct dataset *data;
    const char *key;
    const struct job_hooks *hooks;
    struct job_result *result;
    int n_classes;
    struct job_samples samples;
    struct cnn *net; /* NULL for model fake */
    long steps;      /* training steps so far */
    int *order;      /* (n_train) */
    /* one mini-batch */
    const float **image; /* (batch) */
    float *target;       /* (batch, n_classes) */
    float *weight;       /* (batch) */
    float *probs;        /* (batch, n_classes) */
    int *label;          /* (batch) */
    /* the validation set */
    const float **val_image; /* (n_val) */
    float *val_probs;        /* (n_val, n_classes) */
    int *val_label;          /* (n_val) */
    struct metrics *metrics;
};

static struct cnn_shape shape_of(const struct config *config)
{
    return (struct cnn_shape){.size = (int)config->image_size,
                              .filters = {(int)config->filters1, (int)config->filters2},
                              .dense = {(int)config->dense1, (int)config->dense2},
                              .n_classes = config->clusters.n,
                              .dropout = {config->dropout1, config->dropout2, config->dropout3}};
}

static int is_fake(const struct config *config)
{
    return strcmp(config->model, "fake") == 0;
}

size_t job_n_weights(const struct config *config)
{
    struct cnn_shape shape = shape_of(config);
    size_t offset[CNN_N_PARTS + 1];
    return is_fake(config) ? 0 : cnn_n_params(&shape, offset);
}

/* Forward costs a third of a training pass: one of three products of every layer. */
static double expected_work(const struct config *config, int n_train, int n_val)
{
    struct cnn_shape shape = shape_of(config);
    if (is_fake(config))
        return config->fake_milliseconds * (double)config->epochs;
    return cnn_dense_flop(&shape) * (double)config->epochs * ((double)n_train + (double)n_val / 3);
}

int job_plan(const struct config *config, const struct dataset *data, const char *key, struct job_plan *plan,
             struct err *err)
{
    struct job_samples samples;
    if (config->image_size != data->size)
        return err_set(
            err, E_USAGE,
            "image.size is %d, the dataset's images are %d pixels wide; pack it again with --size %d",
            (int)config->image_size, data->size, (int)config->image_size);
    int rc = job_samples_select(config, data, key, &samples, err);
    if (rc < 0)
        return rc;
    *plan = (struct job_plan){samples.train.n, samples.val.n, samples.all.n, samples.leak,
                              expected_work(config, samples.train.n, samples.val.n)};
    job_samples_free(&samples);
    return 0;
}

/* The network's stream: the same initial weights for every strategy of a seed. */
static uint64_t weights_key(const struct config *config)
{
    char text[256];
    int n = snprintf(text, sizeof text, "cnn %d %d %d %d %d %d seed=%lld", (int)config->image_size,
                     (int)config->filters1, (int)config->filters2, (int)config->dense1, (int)config->dense2,
                     config->clusters.n, (long long)config->seed);
    return rng_key("weights", text, (size_t)n);
}

static int new_network(struct run *run, struct err *err)
{
    if (is_fake(run->config))
        return 0;
    struct cnn_shape shape = shape_of(run->config);
    int rc = cnn_new(&shape, (int)run->config->batch, &run->net, err);
    if (rc == 0)
        cnn_init(run->net, weights_key(run->config));
    return rc;
}

static int allocate(struct run *run, struct err *err)
{
    size_t batch = (size_t)run->config->batch, classes = (size_t)run->n_classes;
    size_t n_train = (size_t)run->samples.train.n, n_val = (size_t)run->samples.val.n;
    run->order = err_calloc(n_train, sizeof *run->order, "the order of training images", err);
    run->image = err_calloc(batch, sizeof *run->image, "a mini-batch", err);
    run->target = err_calloc(batch * classes, sizeof *run->target, "a mini-batch", err);
    run->weight = err_calloc(batch, sizeof *run->weight, "a mini-batch", err);
    run->probs = err_calloc(batch * classes, sizeof *run->probs, "a mini-batch", err);
    run->label = err_calloc(batch, sizeof *run->label, "a mini-batch", err);
    run->val_image = err_calloc(n_val, sizeof *run->val_image, "the validation set", err);
    run->val_probs = err_calloc(n_val * classes, sizeof *run->val_probs, "the validation set", err);
    run->val_label = err_calloc(n_val, sizeof *run->val_label, "the validation set", err);
    run->metrics = err_calloc(1, sizeof *run->metrics, "metrics", err);
    if (!run->order || !run->image || !run->target || !run->weight || !run->probs || !run->label ||
        !run->val_image || !run->val_probs || !run->val_label || !run->metrics)
        return E_IO;
    for (size_t i = 0; i < n_val; i++) {
        run->val_image[i] = run->samples.val.sample[i].pixels;
        run->val_label[i] = run->samples.val.sample[i].label;
    }
    return new_network(run, err);
}

static void release(struct run *run)
{
    cnn_free(run->net);
    free(run->metrics);
    free(run->val_label);
    free(run->val_probs);
    free(run->val_image);
    free(run->label);
    free(run->probs);
    free(run->weight);
    free(run->target);
    free(run->image);
    free(run->order);
    job_samples_free(&run->samples);
}

/* Fill the mini-batch with n samples in the order of the epoch. */
static void assemble(struct run *run, const int *order, int n)
{
    memset(run->target, 0, (size_t)n * (size_t)run->n_classes * sizeof *run->target);
    for (int i = 0; i < n; i++) {
        const struct sample *sample = &run->samples.train.sample[order[i]];
        run->image[i] = sample->pixels;
        run->label[i] = sample->label;
        run->weight[i] = run->samples.class_weight[sample->label];
        run->target[i * run->n_classes + sample->label] = 1;
    }
}

static int stopped(const struct run *run, struct err *err)
{
    if (run->hooks->pause && run->hooks->pause(run->hooks->self))
        return err_set(err, E_STOPPED, "stopped between mini-batches");
    return 0;
}

/* One pass over the training samples; its metrics are those seen on the way, dropout active. */
static int train_epoch(struct run *run, int epoch, float out[N_METRICS], struct err *err)
{
    const struct config *c = run->config;
    const struct cnn_loss loss = {.kind = CNN_CROSS_ENTROPY};
    const struct cnn_adam adam = {c->learning_rate, c->beta1, c->beta2, c->epsilon};
    struct rng rng = rng_start(rng_key("shuffle", run->key, strlen(run->key)), (uint64_t)epoch);
    int n = run->samples.train.n;
    for (int i = 0; i < n; i++)
        run->order[i] = i;
    rng_shuffle(&rng, run->order, n);
    metrics_start(run->metrics, run->n_classes);
    for (int first = 0; first < n; first += (int)c->batch) {
        int size = n - first < (int)c->batch ? n - first : (int)c->batch;
        assemble(run, run->order + first, size);
        struct cnn_batch batch = {.n = size,
                                  .image = run->image,
                                  .target = run->target,
                                  .weight = run->weight,
                                  .dropout_key = rng_key("dropout", run->key, strlen(run->key)),
                                  .dropout_step = (uint64_t)run->steps++};
        double mean = cnn_train(run->net, &batch, &loss, &adam, run->probs);
        metrics_add(run->metrics, run->probs, run->label, size, mean);
        int rc = stopped(run, err);
        if (rc < 0)
            return rc;
    }
    metrics_finish(run->metrics, out);
    return 0;
}

/* The validation set after the epoch, dropout off, in batches as large as those of training: the published number is a mean over
 * batches. */
static void validate(struct run *run, float out[N_METRICS])
{
    int n = run->samples.val.n, batch = (int)run->config->batch;
    cnn_predict(run->net, run->val_image, n, run->val_probs);
    metrics_start(run->metrics, run->n_classes);
    for (int first = 0; first < n; first += batch) {
        int size = n - first < batch ? n - first : batch;
        const float *probs = run->val_probs + (size_t)first * (size_t)run->n_classes;
        double mean = metrics_cross_entropy(probs, run->val_label + first, size, run->n_classes);
        metrics_add(run->metrics, probs, run->val_label + first, size, mean);
    }
    metrics_finish(run->metrics, out);
}

static int one_epoch(struct run *run, int epoch, float train[N_METRICS], float val[N_METRICS],
                     struct err *err)
{
    if (is_fake(run->config)) {
        fake_metrics(run->key, epoch, train, val);
        return fake_epoch(run->config, run->hooks, err);
    }
    int rc = train_epoch(run, epoch, train, err);
    if (rc == 0)
        validate(run, val);
    return rc;
}

static int train(struct run *run, struct err *err)
{
    struct job_result *result = run->result;
    for (int epoch = 0; epoch < run->config->epochs && !result->diverged; epoch++) {
        float train_numbers[N_METRICS], val_numbers[N_METRICS];
        int rc = one_epoch(run, epoch, train_numbers, val_numbers, err);
        if (rc == 0 && run->hooks->epoch)
            rc = run->hooks->epoch(run->hooks->self, epoch, train_numbers, val_numbers, err);
        if (rc < 0)
            return rc;
        result->epochs_done = epoch + 1;
        result->diverged = !isfinite(train_numbers[METRIC_LOSS]) || !isfinite(val_numbers[METRIC_LOSS]);
    }
    return 0;
}

/* Copy which images were judged, predict them, count the confusion matrix. */
static int predict(struct run *run, const struct samples *samples, struct job_predictions *out,
                   struct err *err)
{
    size_t n = (size_t)samples->n, classes = (size_t)run->n_classes;
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
    if (run->net)
        cnn_predict(run->net, image, out->n, out->probs);
    else
        fake_predict(run->key, out->n, run->n_classes, out->probs);
    metrics_start(run->metrics, run->n_classes);
    metrics_add(run->metrics, out->probs, out->label, out->n, 0);
    memcpy(out->confusion, run->metrics->confusion, classes * classes * sizeof *out->confusion);
    free(image);
    return 0;
}

static int keep_weights(struct run *run, struct err *err)
{
    struct job_result *result = run->result;
    result->n_weights = job_n_weights(run->config);
    if (!run->net)
        return 0;
    result->weights = err_calloc(result->n_weights, sizeof *result->weights, "final weights", err);
    if (!result->weights)
        return E_IO;
    memcpy(result->weights, cnn_params(run->net), result->n_weights * sizeof *result->weights);
    return 0;
}

int job_run(const struct config *config, const struct dataset *data, const char *key,
            const struct job_hooks *hooks, struct job_result *result, struct err *err)
{
    struct run run = {.config = config, .data = data, .key = key, .hooks = hooks, .result = result};
    run.n_classes = config->clusters.n;
    memset(result, 0, sizeof *result);
    int rc = job_samples_select(config, data, key, &run.samples, err);
    if (rc == 0)
        rc = job_samples_render(config, data, key, &run.samples, err);
    if (rc == 0)
        rc = allocate(&run, err);
    if (rc == 0)
        rc = train(&run, err);
    if (rc == 0)
        rc = predict(&run, &run.samples.val, &result->val, err);
    if (rc == 0)
        rc = predict(&run, &run.samples.all, &result->all, err);
    if (rc == 0)
        rc = keep_weights(&run, err);
    result->n_classes = run.n_classes;
    result->n_train = run.samples.train.n;
    result->leak = run.samples.leak;
    release(&run);
    if (rc < 0)
        job_result_free(result);
    return rc;
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
    predictions_free(&result->val);
    predictions_free(&result->all);
    free(result->weights);
    memset(result, 0, sizeof *result);
}
