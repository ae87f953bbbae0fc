#include "sweep/expand.h"

#include "models/model.h"
#include "sections.h"
#include "strategies/balance.h"
#include "sweep/job_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Names of strategies and models are the worker's. */
static int check_name(const char *key, const char *text, struct err *err)
{
    if (strcmp(key, "strategy") == 0)
        return balance_check(text, err);
    return strcmp(key, "model") == 0 ? model_check(text, err) : 0;
}

/* A sweep without jobs, which takes the file over; NULL: reading it failed with rc. */
static int sweep_new(int rc, struct sweep_file *file, struct sweep **out, struct err *err)
{
    *out = rc < 0 ? NULL : err_calloc(1, sizeof **out, "the sweep", err);
    if (*out)
        (*out)->file = file;
    else if (rc == 0)
        sweep_file_free(file);
    return rc < 0 ? rc : *out ? 0 : E_IO;
}

int sweep_read(const char *path, int n_set, char *const *set, struct sweep **out, struct err *err)
{
    struct sweep_file *file = NULL;
    int rc = sweep_file_read(path, n_set, set, worker_schema(), check_name, &file, err);
    return sweep_new(rc, file, out, err);
}

int sweep_parse(const char *resolved, struct sweep **out, struct err *err)
{
    struct sweep_file *file = NULL;
    int rc = sweep_file_parse(resolved, "the sweep of rank 0", worker_schema(), check_name, &file, err);
    return sweep_new(rc, file, out, err);
}

void sweep_free(struct sweep *sweep)
{
    if (!sweep)
        return;
    sweep_file_free(sweep->file);
    free(sweep->job);
    free(sweep);
}

/* How many combinations the axes have, or E_USAGE. */
static long count_combinations(const struct sweep *sweep, struct err *err)
{
    long n = 1;
    for (int a = 0; a < sweep->file->n_axes; a++) {
        n *= sweep->file->axis[a].n;
        if (n > SWEEP_MAX_JOBS)
            return err_set(err, E_USAGE, "the grid has more than %d combinations; split the sweep",
                           SWEEP_MAX_JOBS);
    }
    return n;
}

/* Combination number `index`: the last axis varies fastest. */
static int combination(const struct sweep *sweep, long index, struct config *out, struct err *err)
{
    *out = sweep->file->base;
    for (int a = sweep->file->n_axes - 1; a >= 0; a--) {
        const struct sweep_axis *axis = &sweep->file->axis[a];
        int rc = config_set(out, axis->key->name, axis->value[index % axis->n], err);
        if (rc < 0)
            return rc;
        index /= axis->n;
    }
    return config_check(out, err);
}

/* "all" becomes the dataset's clusters; every named one must be there. */
static int resolve_clusters(struct config *config, const struct sweep *sweep, const struct dataset *data,
                            struct err *err)
{
    struct config_clusters *clusters = &config->clusters;
    if (clusters->n == 0) {
        if (data->n_clusters > CONFIG_MAX_CLUSTERS)
            return err_set(err, E_USAGE, "the dataset has %d clusters, at most %d are possible",
                           data->n_clusters, CONFIG_MAX_CLUSTERS);
        *clusters = sweep->data_clusters;
    }
    for (int i = 0; i < clusters->n; i++)
        if (dataset_cluster_index(data, clusters->number[i]) < 0)
            return err_set(err, E_USAGE,
                           "clusters: %d is not in the data (%s); it has %d clusters, %d to %d; see "
                           "`cellsweep data info`",
                           clusters->number[i], data->origin, data->n_clusters, data->cluster[0],
                           data->cluster[data->n_clusters - 1]);
    return 0;
}

/* The hash of everything that decides a result. Repeats of kfold only say how many jobs there are, so
 * growing them keeps keys. */
static void make_key(const struct config *config, const char *checksum, char out[JOB_KEY_SIZE])
{
    char text[8192];
    struct config keyed = *config;
    keyed.protocol.repeats = 1;
    int n = snprintf(text, sizeof text, "cellsweep job 1\ndata=%s\n", checksum);
    size_t used = (size_t)n + config_canonical(&keyed, text + n, sizeof text - (size_t)n);
    XXH128_hash_t hash = XXH3_128bits(text, used < sizeof text ? used : sizeof text - 1);
    snprintf(out, JOB_KEY_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

static int compare_keys(const void *a, const void *b)
{
    const struct job *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* Two spellings of one job (clusters: all, and the same list written out) would write one result twice. */
static int refuse_equal_jobs(const struct sweep *sweep, struct err *err)
{
    const struct job **order = err_calloc((size_t)sweep->n_jobs, sizeof *order, "job keys", err);
    if (!order)
        return E_IO;
    int rc = 0;
    for (int j = 0; j < sweep->n_jobs; j++)
        order[j] = &sweep->job[j];
    qsort(order, (size_t)sweep->n_jobs, sizeof *order, compare_keys);
    for (int j = 1; rc == 0 && j < sweep->n_jobs; j++)
        if (strcmp(order[j - 1]->key, order[j]->key) == 0) {
            char name[512];
            sweep_job_name(sweep, (int)(order[j] - sweep->job), name, sizeof name);
            rc = err_set(err, E_USAGE, "grid: the job %s stands in the grid twice", name);
        }
    free(order);
    return rc;
}

/* All folds and repeats of one combination, appended to the jobs. */
static int expand_combination(struct sweep *sweep, const struct config *config, const struct dataset *data,
                              struct err *err)
{
    int n = config->protocol.folds * config->protocol.repeats;
    if (sweep->n_jobs + n > SWEEP_MAX_JOBS)
        return err_set(err, E_USAGE, "the grid has more than %d jobs; split the sweep", SWEEP_MAX_JOBS);
    if (sweep->n_jobs + n > sweep->capacity) {
        int capacity = sweep->n_jobs + n > 2 * sweep->capacity ? sweep->n_jobs + n : 2 * sweep->capacity;
        struct job *grown = realloc(sweep->job, (size_t)capacity * sizeof *grown);
        if (!grown)
            return err_set(err, E_IO, "out of memory for %d jobs", capacity);
        sweep->job = grown;
        sweep->capacity = capacity;
    }
    for (int i = 0; i < n; i++) {
        struct job *job = &sweep->job[sweep->n_jobs++];
        job->config = *config;
        job->config.repeat = i / config->protocol.folds;
        job->config.fold = i % config->protocol.folds;
        make_key(&job->config, data->checksum, job->key);
        int rc = job_plan(&job->config, data, job->key, &job->plan, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* `data` as found, and for a packed file what it was packed from. */
static void tell_data(struct sweep *sweep, const struct dataset *data)
{
    int packed = strncmp(sweep->file->data, data->origin, sizeof data->origin - 1) != 0;
    snprintf(sweep->data_text, sizeof sweep->data_text, "%s%s%s", sweep->file->data,
             packed ? ", packed from " : "", packed ? data->origin : "");
}

/* Which settings the combinations read; E_USAGE when one that is given is read by none. */
static int see_combinations(struct sweep *sweep, long n, struct err *err)
{
    int rc = 0;
    memset(&sweep->unread, 0, sizeof sweep->unread);
    for (long i = 0; rc == 0 && i < n; i++) {
        struct config config;
        rc = combination(sweep, i, &config, err);
        if (rc == 0)
            unread_see(&sweep->unread, sweep->file, i, &config);
    }
    return rc < 0 ? rc : unread_refuse(&sweep->unread, sweep->file, err);
}

int sweep_expand(struct sweep *sweep, const struct dataset *data, struct err *err)
{
    long n = count_combinations(sweep, err);
    tell_data(sweep, data);
    memset(&sweep->data_clusters, 0, sizeof sweep->data_clusters);
    for (int i = 0; i < data->n_clusters && i < CONFIG_MAX_CLUSTERS; i++)
        sweep->data_clusters.number[sweep->data_clusters.n++] = (int16_t)data->cluster[i];
    int rc = n < 0 ? (int)n : see_combinations(sweep, n, err);
    for (long i = 0; rc == 0 && i < n; i++) {
        struct config config;
        rc = combination(sweep, i, &config, err);
        if (rc == 0 && unread_repeats(sweep->file, i, &config))
            continue;
        config_normalise(&config);
        if (rc == 0)
            rc = resolve_clusters(&config, sweep, data, err);
        if (rc == 0)
            rc = expand_combination(sweep, &config, data, err);
    }
    return rc == 0 ? refuse_equal_jobs(sweep, err) : rc;
}

unsigned long sweep_kind(const struct config *config)
{
    char identity[MODEL_IDENTITY_SIZE], text[MODEL_IDENTITY_SIZE + 16];
    model_of(config)->identity(config, identity);
    int n = snprintf(text, sizeof text, "%s %d", identity, (int)config->batch);
    return (unsigned long)XXH3_64bits(text, (size_t)n);
}
