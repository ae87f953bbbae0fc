#include "support/store_fixture.h"

#include "support/hand_dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fixture_axis[] = {"train.learning_rate", "undersample.replacement", "train.epochs"};

static const int fixture_is_number[] = {1, 0, 1};

struct store_job fixture_job(int i, int n_axes)
{
    struct store_job job;
    memset(&job, 0, sizeof job);
    snprintf(job.key, sizeof job.key, "%032x", 0xabc000u + (unsigned)i);
    snprintf(job.clusters, sizeof job.clusters, "%s", i % 2 ? "8-10" : "1-27");
    snprintf(job.strategy, sizeof job.strategy, "%s", i % 3 ? "augment" : "none");
    snprintf(job.protocol, sizeof job.protocol, "%s", i % 2 ? "kfold:5x3" : "holdout");
    snprintf(job.model, sizeof job.model, "cnn");
    job.seed = i + 1;
    job.fold = i % 5;
    job.repeat = i % 2;
    job.n_train = job.n_val = job.n_test = job.leak = job.leak_val = job.judged_epoch = -1;
    const char *const value[] = {i % 2 ? "0.0003" : "1e-07", i % 2 ? "true" : "false",
                                 i % 2 ? "100" : "1000000"};
    for (int a = 0; a < n_axes; a++)
        snprintf(job.axis[a], sizeof job.axis[a], "%s", value[a]);
    return job;
}

struct fixture *fixture_new(int n_jobs, int n_epochs, size_t n_weights)
{
    static const int number[] = {8, 10}, count[] = {7, 5};
    struct fixture *f = calloc(1, sizeof *f);
    f->data = hand_dataset(2, number, count, 8);
    f->data->synthetic = 1;
    snprintf(f->data->checksum, sizeof f->data->checksum, "0123456789abcdef0123456789abcdef");
    for (int i = 0; i < f->data->n_images; i++) {
        snprintf(f->data->image[i].id, DATASET_ID_SIZE, "cell_%d", i);
        snprintf(f->data->image[i].source, DATASET_SOURCE_SIZE, "cluster_%d/cell_%d.png",
                 f->data->image[i].cluster, i);
        f->data->image[i].width = 77; /* not stored */
    }
    for (int i = 0; i < n_jobs; i++)
        f->job[i] = fixture_job(i, 3);
    f->plan = (struct store_plan){.name = "fixture",
                                  .yaml = "name: fixture\n",
                                  .yaml_resolved = "name: fixture\ndata: builtin\ngrid: {seed: [1]}\n",
                                  .data_origin = "builtin",
                                  .data = f->data,
                                  .n_jobs = n_jobs,
                                  .n_epochs = n_epochs,
                                  .n_classes = 3,
                                  .n_test = 4,
                                  .n_all = 12,
                                  .n_weights = n_weights,
                                  .job = f->job,
                                  .n_axes = 3,
                                  .axis_name = fixture_axis,
                                  .axis_is_number = fixture_is_number,
                                  .ranks = 3};
    return f;
}

void fixture_free(struct fixture *f)
{
    hand_dataset_free(f->data);
    free(f);
}

float fixture_metric(int job, int epoch, enum image_set set, int metric)
{
    return (float)(job * 1000 + epoch * 20 + (int)set * N_ALL_METRICS + metric) + 0.25f;
}

int fixture_epoch(struct store *store, int job, int epoch, const float *train, const float *test,
                  struct err *err)
{
    float numbers[2][N_ALL_METRICS];
    for (int m = 0; m < N_ALL_METRICS; m++) {
        numbers[0][m] = m < N_METRICS ? train[m] : __builtin_nanf("");
        numbers[1][m] = m < N_METRICS ? test[m] : __builtin_nanf("");
    }
    return store_write_epochs(store, job, epoch, 1,
                              (const float *[N_SETS]){[SET_TRAIN] = numbers[0], [SET_TEST] = numbers[1]},
                              err);
}

/* All epochs at once. */
static int fixture_epochs(struct store *store, int job, int n_epochs, struct err *err)
{
    static float value[N_SETS][FIXTURE_MAX_CELLS];
    const float *numbers[N_SETS] = {value[SET_TRAIN], store_has_val(store) ? value[SET_VAL] : NULL,
                                    value[SET_TEST]};
    for (int s = 0; s < N_CURVE_SETS; s++)
        for (int e = 0; e < n_epochs * N_ALL_METRICS; e++)
            value[s][e] = fixture_metric(job, e / N_ALL_METRICS, curve_sets[s], e % N_ALL_METRICS);
    return n_epochs > 0 ? store_write_epochs(store, job, 0, n_epochs, numbers, err) : 0;
}

/* Images of a set of judged_sets. */
static int fixture_n(const struct store *store, enum image_set set)
{
    return set == SET_VAL ? 2 * store_has_val(store) : set == SET_TEST ? 3 : 12;
}

int fixture_run(struct store *store, int job, int n_epochs, enum job_state end, struct err *err)
{
    static int ints[20];
    static float floats[FIXTURE_MAX_CELLS];
    struct store_mark mark = {JOB_RUNNING, 1, 0, job % 3, 100.0 + job, (double)__builtin_nanf(""), ""};
    size_t n_weights = store_n_weights(store);
    for (int i = 0; i < 20; i++)
        ints[i] = job * 100 + i;
    for (int i = 0; i < FIXTURE_MAX_CELLS; i++)
        floats[i] = (float)(job * 100 + i) + 0.5f;
    int rc = store_write_mark(store, job, &mark, err);
    if (rc == 0)
        rc = fixture_epochs(store, job, n_epochs, err);
    struct store_outcome outcome = {.n_classes = 2,
                                    .n_train = 20 + job,
                                    .leak = job % 4,
                                    .leak_val = job % 2,
                                    .judged_epoch = n_epochs,
                                    .weights = n_weights ? floats : NULL,
                                    .n_weights = n_weights};
    for (int s = 0; s < N_JUDGED_SETS; s++) { /* each set some cells further on */
        const int *at = ints + 2 * s;
        outcome.set[judged_sets[s]] =
            (struct store_judged){fixture_n(store, judged_sets[s]), at, at + 1, at + 2, floats + 6 * s, at};
        if (fixture_n(store, judged_sets[s]) == 0)
            outcome.set[judged_sets[s]] = (struct store_judged){0};
    }
    if (rc == 0)
        rc = store_write_outcome(store, job, &outcome, err);
    mark.state = end;
    mark.epochs_done = n_epochs;
    mark.finished = 200.0 + job;
    mark.message = end == JOB_DONE ? "" : "loss is NaN";
    return rc < 0 ? rc : store_write_mark(store, job, &mark, err);
}

/* 1 when what job predicted is not what fixture_run() wrote. */
static int fixture_predictions_differ(struct store *store, int job, struct err *err)
{
    int image[12], copy[12], label[12], confusion[9], wrong = 0;
    float probs[36];
    enum image_set set[N_JUDGED_SETS];
    int n_sets = store_judged_sets(store, set);
    for (int k = 0; k < n_sets; k++) {
        int n = fixture_n(store, set[k]), place = (int)set[k] - (int)SET_VAL, base = job * 100 + 2 * place;
        wrong |= store_read_confusion(store, job, set[k], confusion, err) < 0;
        wrong |= confusion[0] != base || confusion[1] != base + 1 || confusion[2] != -1;
        wrong |= confusion[3] != base + 2 || confusion[4] != base + 3 || confusion[8] != -1;
        wrong |= store_read_predictions(store, job, set[k], image, copy, label, probs, err) < 0;
        for (int i = 0; i < store_n_predictions(store, set[k]); i++) {
            wrong |= image[i] != (i < n ? base + i : -1) || copy[i] != (i < n ? base + i + 1 : -1);
            wrong |= label[i] != (i < n ? base + i + 2 : -1);
            wrong |= i < n ? probs[3 * i + 1] != (float)(job * 100 + 6 * place + 2 * i + 1) + 0.5f
                           : probs[3 * i] == probs[3 * i];
            wrong |= probs[3 * i + 2] == probs[3 * i + 2];
        }
    }
    return wrong;
}

/* The same of its row of /jobs. */
static int fixture_row_differs(const struct store *store, int job, int n_epochs)
{
    const struct store_job *row = &store_jobs(store)[job];
    int has = store_has_val(store);
    return row->n_train != 20 + job || row->n_test != 3 || row->leak != job % 4 ||
           row->n_val != (has ? 2 : -1) || row->leak_val != (has ? job % 2 : -1) ||
           row->judged_epoch != (n_epochs > 0 ? n_epochs : -1);
}

/* The same of its weights. */
static int fixture_weights_differ(struct store *store, int job, struct err *err)
{
    float weights[FIXTURE_MAX_CELLS];
    int wrong = 0;
    if (store_n_weights(store)) {
        wrong |= store_read_weights(store, job, weights, err) < 0;
        for (size_t i = 0; i < store_n_weights(store); i++)
            wrong |= weights[i] != (float)(job * 100 + (int)i) + 0.5f;
    }
    return wrong;
}

int fixture_check(struct store *store, int job, int n_epochs, enum job_state end)
{
    struct store_mark *mark = calloc((size_t)store_n_jobs(store), sizeof *mark);
    size_t n_cells = (size_t)store_n_jobs(store) * (size_t)store_n_epochs(store);
    float *metric = calloc(n_cells, sizeof *metric);
    int wrong = 0;
    struct err err = {0};
    wrong |= store_refresh(store, &err) < 0 || store_read_marks(store, mark, &err) < 0;
    wrong |= mark[job].state != end || mark[job].attempts != 1 || mark[job].rank != job % 3;
    wrong |= mark[job].epochs_done != n_epochs || mark[job].finished != 200.0 + job;
    wrong |= strcmp(mark[job].message, end == JOB_DONE ? "" : "loss is NaN") != 0;
    wrong |= fixture_row_differs(store, job, n_epochs);
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(store, set);
    for (int s = 0; s < n_sets; s++)
        for (int m = 0; m < (set[s] == SET_TRAIN ? N_METRICS : N_ALL_METRICS); m++) {
            wrong |= store_read_metric(store, set[s], (enum metric)m, metric, &err) < 0;
            for (int e = 0; e < store_n_epochs(store); e++) {
                float v = metric[job * store_n_epochs(store) + e];
                wrong |= e < n_epochs ? v != fixture_metric(job, e, set[s], m) : v == v;
            }
        }
    wrong |= fixture_predictions_differ(store, job, &err) || fixture_weights_differ(store, job, &err);
    if (wrong)
        fprintf(stderr, "job %d differs: %s\n", job, err.text);
    free(mark);
    free(metric);
    return !wrong;
}
