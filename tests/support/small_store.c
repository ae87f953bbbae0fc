#include "support/small_store.h"

#include "stats/stats.h"
#include "stats/summary.h"
#include "support/fake_store.h"
#include "support/store_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Matrix of the test set where every class that is there has recall `balanced`; freed by the caller. */
static int *small_matrix(const struct small_job *job)
{
    int n = job->n, *matrix = calloc((size_t)(n * n), sizeof *matrix),
        right = (int)lround(job->balanced * SMALL_IMAGES);
    for (int c = 0; c < n - job->lacking; c++) {
        matrix[c * n + (c + 1) % n] = SMALL_IMAGES - right;
        matrix[c * n + c] += right;
    }
    return matrix;
}

/* Metrics of an epoch on the test set: those of the matrix at the last one. */
static void small_metrics(const struct small_job *job, const int *test, int epoch, float value[N_METRICS])
{
    for (int m = 0; m < N_METRICS; m++)
        value[m] = 0.125f;
    if (epoch < SMALL_EPOCHS - 1)
        return;
    value[METRIC_ACCURACY] = (float)(job->test ? stats_accuracy(test, job->n) : job->balanced);
    value[METRIC_BALANCED_ACCURACY] =
        (float)(job->test ? stats_balanced_accuracy(test, job->n) : job->balanced);
}

static int small_write_job(struct store *store, int j, const struct small_job *job, struct err *err)
{
    int *zero = calloc((size_t)(job->n * job->n), sizeof *zero), *made = small_matrix(job), rc = 0;
    static const int first[1], label[1];
    const int judged[1] = {job->image};
    float *probs = calloc((size_t)job->n, sizeof *probs);
    struct store_mark mark = {.state = job->state,
                              .attempts = 1 + job->again,
                              .epochs_done = SMALL_EPOCHS,
                              .finished = job->seconds};
    struct store_outcome outcome = {
        .n_classes = job->n,
        .n_train = job->n_train ? job->n_train : 10,
        .judged_epoch = SMALL_EPOCHS,
        .set = {[SET_TEST] = {1, judged, first, label, probs, job->test ? job->test : made},
                [SET_ALL] = {1, first, first, label, probs, job->all ? job->all : zero}},
        .leak = job->leak};
    for (int e = 0; e < SMALL_EPOCHS && rc == 0; e++) {
        float value[N_METRICS], train[N_METRICS];
        small_metrics(job, outcome.set[SET_TEST].confusion, e, value);
        for (int m = 0; m < N_METRICS; m++)
            train[m] = 0.9375f;
        rc = fixture_epoch(store, j, e, train, value, err);
    }
    if (rc == 0 && job->state == JOB_DONE)
        rc = store_write_outcome(store, j, &outcome, err);
    free(zero);
    free(made);
    free(probs);
    return rc < 0 ? rc : store_write_mark(store, j, &mark, err);
}

int small_store(const char *path, const struct small_job *job, int n, int n_classes, const char *const *axis,
                int n_axes, const char *settings, struct err *err)
{
    struct dataset *data = fake_dataset(err);
    struct store_job *row = calloc((size_t)n, sizeof *row);
    const int text[STORE_MAX_AXES] = {0};
    struct store *store = NULL;
    char resolved[2048];
    snprintf(resolved, sizeof resolved, "data: builtin\n%s%s  seed: [1]\n", settings,
             strstr(settings, "grid:\n") ? "" : "grid:\n");
    for (int j = 0; j < n; j++) {
        row[j] = job[j].row;
        snprintf(row[j].key, sizeof row[j].key, "%032x", (unsigned)j + 1);
        if (!*row[j].model)
            strcpy(row[j].model, "cnn");
        row[j].n_train = row[j].n_test = row[j].leak = -1;
    }
    struct store_plan plan = {.name = "small",
                              .yaml = "",
                              .yaml_resolved = resolved,
                              .data_origin = "builtin",
                              .data = data,
                              .n_jobs = n,
                              .n_epochs = SMALL_EPOCHS,
                              .n_classes = n_classes,
                              .n_test = 1,
                              .n_all = 1,
                              .job = row,
                              .n_axes = n_axes,
                              .axis_name = axis,
                              .axis_is_number = text,
                              .ranks = 1};
    int rc = data ? store_create(path, &plan, err) : E_IO;
    if (rc == 0)
        rc = store_open_shared(path, MPI_COMM_NULL, &store, err);
    for (int j = 0; j < n && rc == 0; j++)
        rc = small_write_job(store, j, &job[j], err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    free(row);
    dataset_free(data);
    return rc < 0 ? rc : closed;
}

char *small_text(const char *dir, const char *name)
{
    char path[600], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    rewind(file);
    text = calloc(1, (size_t)n + 1);
    if (fread(text, 1, (size_t)n, file) != (size_t)n)
        text[0] = '\0';
    fclose(file);
    return text;
}
