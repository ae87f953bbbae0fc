#include "support/trained_store.h"

#include "job.h"
#include "kernels/kernels.h"
#include "sections.h"
#include "store/store_outcome.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config trained_config(const struct dataset *data)
{
    struct config config = noise_config(data, "none", "holdout");
    with_text(&config, "cnn.blocks", "4-8");
    with_text(&config, "cnn.dense", "16-8");
    config.epochs = 2;
    config.batch = 16;
    with(&config, "easy-ensemble.members", 3);
    config_set(&config, "logit_adjust.form", "post-hoc", NULL);
    return config;
}

/* Every key but those of /jobs, as a sweep's resolved text has it; freed by the caller. */
static char *trained_yaml(const struct config *config)
{
    static const char *const elsewhere[] = {"clusters", "strategy", "seed", "class_sizes"};
    char *text = calloc(1, 16384), value[1100];
    for (const struct setting *key = worker_schema()->key; key->name; key++) {
        int skip = 0;
        for (int i = 0; i < 4; i++)
            skip |= strcmp(key->name, elsewhere[i]) == 0;
        config_get(config, key, value, sizeof value);
        if (!skip)
            sprintf(text + strlen(text), "%s: %s\n", key->name, value);
    }
    strcat(text, "data: builtin\ngrid: {seed: [1]}\n");
    return text;
}

static struct config trained_job_config(const struct config *base, const struct trained_job *job)
{
    struct config config = *base;
    if (config_set(&config, "clusters", job->clusters, NULL) < 0 ||
        config_set(&config, "strategy", job->strategy, NULL) < 0)
        abort();
    config.seed = job->seed;
    return config;
}

static int trained_run(struct store *store, int j, const struct config *config, const struct dataset *data,
                       struct err *err)
{
    const struct job_hooks hooks = {0};
    const struct store_mark mark = {.state = JOB_DONE, .attempts = 1, .epochs_done = 2};
    struct job_result result;
    int rc = job_run(config, data, store_jobs(store)[j].key, &hooks, &result, err);
    if (rc < 0)
        return rc;
    struct store_outcome outcome = store_outcome_of(&result);
    rc = store_write_outcome(store, j, &outcome, err);
    job_result_free(&result);
    return rc < 0 ? rc : store_write_mark(store, j, &mark, err);
}

int trained_store(const char *path, const struct dataset *data, const struct config *base,
                  const struct trained_job *job, int n, int n_waiting, struct err *err)
{
    struct store_job row[TRAINED_MAX_JOBS] = {0};
    struct store *store = NULL;
    char *yaml = trained_yaml(base);
    struct store_plan plan = {.name = "trained",
                              .yaml = "",
                              .yaml_resolved = yaml,
                              .data_origin = "test",
                              .kernels = kernels_isa_name(kernels_best()),
                              .data = data,
                              .n_jobs = n,
                              .n_epochs = 2,
                              .n_classes = data->n_clusters,
                              .n_test = data->n_images,
                              .n_all = data->n_images,
                              .job = row,
                              .ranks = 1};
    for (int j = 0; j < n; j++) {
        struct config config = trained_job_config(base, &job[j]);
        snprintf(row[j].key, sizeof row[j].key, "%032x", (unsigned)j + 1);
        snprintf(row[j].clusters, sizeof row[j].clusters, "%s", job[j].clusters);
        snprintf(row[j].strategy, sizeof row[j].strategy, "%s", job[j].strategy);
        strcpy(row[j].protocol, "holdout");
        snprintf(row[j].model, sizeof row[j].model, "%.15s", config.model);
        row[j].seed = job[j].seed;
        row[j].n_train = row[j].n_test = row[j].leak = -1;
        size_t n_weights = job_n_weights(&config, data->n_images);
        plan.n_weights = n_weights > plan.n_weights ? n_weights : plan.n_weights;
    }
    int rc = store_create(path, &plan, err);
    if (rc == 0)
        rc = store_open_shared(path, MPI_COMM_NULL, &store, err);
    for (int j = 0; j < n - n_waiting && rc == 0; j++) {
        struct config config = trained_job_config(base, &job[j]);
        rc = trained_run(store, j, &config, data, err);
    }
    int closed = store_close(store, rc == 0 ? err : NULL);
    free(yaml);
    return rc < 0 ? rc : closed;
}
