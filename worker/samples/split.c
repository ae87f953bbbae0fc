#include "samples/split.h"

#include "samples/groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* n * share is often a hair off the whole number that is meant (90 * 0.8 = 72.00000000000001,
 * 0.3 * 5 = 1.4999999). */
static const double whole_number_slack = 1e-9;

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static int identity(const struct split_task *task, int *order)
{
    for (int i = 0; i < task->samples->n; i++)
        order[i] = i;
    return task->samples->n;
}

static int n_train_by_position(const struct split_task *task)
{
    int n = task->samples->n;
    return clamp((int)floor(n * (1 - task->config->validation) + whole_number_slack), 1, n - 1);
}

static int report_arrange(const struct split_task *task, struct rng *rng, int *order)
{
    rng_shuffle(rng, order, identity(task, order));
    return n_train_by_position(task);
}

static int tail_arrange(const struct split_task *task, struct rng *rng, int *order)
{
    (void)rng;
    identity(task, order);
    return n_train_by_position(task);
}

/* Stable partition: the positions not marked in `held`, then the marked ones, each in list order. */
static int arrange_held(const struct split_task *task, const unsigned char *held, int *order)
{
    int n = task->samples->n, n_train = 0, n_order = 0;
    for (int i = 0; i < n; i++)
        if (!held[i])
            order[n_train++] = i;
    n_order = n_train;
    for (int i = 0; i < n; i++)
        if (held[i])
            order[n_order++] = i;
    return n_train;
}

/* The positions of every class in random order, class after class. */
static void shuffle_classes(const struct split_task *task, const int *count, struct rng *rng, int *order)
{
    int begin = 0;
    identity(task, order);
    for (int c = 0; c < task->n_classes; c++) {
        rng_shuffle(rng, order + begin, count[c]);
        begin += count[c];
    }
}

int split_n_held(const struct config *config, int count)
{
    int n = (int)floor(count * config->validation + 0.5 + whole_number_slack);
    return count > 0 ? clamp(n, 1, count - 1) : 0;
}

/* Mark what holdout judges, given the shuffled positions of every class. */
static void hold_share(const struct split_task *task, const int *count, const int *shuffled,
                       unsigned char *held)
{
    for (int c = 0; c < task->n_classes; c++) {
        int n_test = split_n_held(task->config, count[c]);
        for (int k = 0; k < n_test; k++)
            held[shuffled[k]] = 1;
        shuffled += count[c];
    }
}

/* Mark what this fold judges. Dealing the classes out one after the other, without starting anew at fold 0,
 * keeps the folds within one sample of each other in every class and in all. */
static void hold_fold(const struct split_task *task, const int *count, const int *shuffled,
                      unsigned char *held)
{
    (void)count;
    for (int i = (int)task->config->fold; i < task->samples->n; i += task->config->protocol.folds)
        held[shuffled[i]] = 1;
}

typedef void (*hold_function)(const struct split_task *, const int *count, const int *shuffled,
                              unsigned char *held);

/* order doubles as room for the shuffled positions. Returns -1 without memory. */
static int arrange_stratified(const struct split_task *task, struct rng *rng, int *order, hold_function hold)
{
    int count[CONFIG_MAX_CLUSTERS];
    unsigned char *held = calloc((size_t)task->samples->n, sizeof *held);
    if (!held)
        return -1;
    samples_count(task->samples, task->n_classes, count);
    shuffle_classes(task, count, rng, order);
    hold(task, count, order, held);
    int n_train = arrange_held(task, held, order);
    free(held);
    return n_train;
}

static int holdout_arrange(const struct split_task *task, struct rng *rng, int *order)
{
    return arrange_stratified(task, rng, order, hold_share);
}

static int kfold_arrange(const struct split_task *task, struct rng *rng, int *order)
{
    return arrange_stratified(task, rng, order, hold_fold);
}

/* As the images came: those of set test judge. */
static int given_arrange(const struct split_task *task, struct rng *rng, int *order)
{
    (void)rng;
    unsigned char *held = calloc((size_t)task->samples->n, sizeof *held);
    if (!held)
        return -1;
    for (int i = 0; i < task->samples->n; i++)
        held[i] = task->image[task->samples->sample[i].image].given == GIVEN_TEST;
    int n_train = arrange_held(task, held, order);
    free(held);
    return n_train;
}

static const struct split_rule rules[] = {
    [PROTOCOL_REPORT] = {1, 0, 1, 0, report_arrange},   [PROTOCOL_TAIL] = {1, 0, 1, 0, tail_arrange},
    [PROTOCOL_HOLDOUT] = {0, 0, 2, 1, holdout_arrange}, [PROTOCOL_KFOLD] = {0, 1, 2, 1, kfold_arrange},
    [PROTOCOL_GIVEN] = {0, 0, 2, 0, given_arrange},
};

const struct split_rule *split_rule(enum protocol kind)
{
    return &rules[kind];
}

int split_min_images(const struct config *config)
{
    const struct split_rule *rule = split_rule(config->protocol.kind);
    return rule->needs_folds ? config->protocol.folds : rule->min_images;
}

size_t split_identity(const struct config *config, char *out, size_t size)
{
    size_t n = class_list(config->clusters.number, config->clusters.n, 0, out, size);
    if (split_rule(config->protocol.kind)->needs_folds)
        n += (size_t)snprintf(out + n, size - n, " kfold:%d", config->protocol.folds);
    else
        n += (size_t)snprintf(out + n, size - n, " %s %.15g", config_protocol_name(config->protocol.kind),
                              config->validation);
    n += (size_t)snprintf(out + n, size - n, " seed=%lld repeat=%lld", (long long)config->seed,
                          (long long)config->repeat);
    return n;
}

size_t split_job_identity(const struct config *config, char *out, size_t size)
{
    char sizes[SETTING_TEXT_SIZE];
    size_t n = split_identity(config, out, size);
    config_get(config, config_find(config->schema, "class_sizes"), sizes, sizeof sizes);
    return n + (size_t)snprintf(out + n, size - n, " fold=%lld %s %s", (long long)config->fold,
                                config->groups, sizes);
}

struct rng split_stream(const struct config *config)
{
    char text[SETTING_TEXT_SIZE + 128 + CONFIG_WORD_SIZE];
    const char *groups = config_groups(config);
    size_t n = split_identity(config, text, sizeof text - CONFIG_WORD_SIZE);
    if (groups)
        n += (size_t)snprintf(text + n, sizeof text - n, " %s", groups);
    return rng_start(rng_key(groups ? "groups" : "split", text, n), 0);
}

static int add_positions(const struct samples *from, const int *position, int n, struct samples *to,
                         struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < n; i++)
        rc = samples_add(to, from->sample[position[i]], err);
    return rc;
}

/* Whole groups to either side; n_train or a code. */
static int arrange_groups(const struct split_task *task, struct rng *rng, int *order, struct err *err)
{
    unsigned char *held =
        err_calloc((unsigned long)task->samples->n, sizeof *held, "the sides of a split", err);
    int rc = held ? groups_hold(task, rng, held, err) : E_IO;
    if (rc == 0)
        rc = arrange_held(task, held, order);
    free(held);
    return rc;
}

static int arrange(const struct split_task *task, struct rng *rng, int *order, struct err *err)
{
    if (task->group)
        return arrange_groups(task, rng, order, err);
    int n_train = split_rule(task->config->protocol.kind)->arrange(task, rng, order);
    if (n_train < 0)
        return err_set(err, E_IO, "no memory to split %d samples; use fewer ranks on this machine",
                       task->samples->n);
    return n_train;
}

int split_samples(const struct split_task *task, struct rng rng, struct samples *train, struct samples *test,
                  struct err *err)
{
    int n = task->samples->n, rc;
    int *order = err_calloc((unsigned long)n, sizeof *order, "the order of the samples", err);
    if (!order)
        return E_IO;
    int n_train = arrange(task, &rng, order, err);
    rc = n_train < 0 ? n_train : add_positions(task->samples, order, n_train, train, err);
    if (rc == 0)
        rc = add_positions(task->samples, order + n_train, n - n_train, test, err);
    free(order);
    return rc;
}
