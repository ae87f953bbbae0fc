#include "store/stored_job.h"

#include "store/classes.h"
#include "job.h"
#include "sections.h"
#include "models/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys that are columns of /jobs, or lists that no prediction depends on. */
static int is_elsewhere(const char *key)
{
    static const char *const names[] = {"clusters", "class_sizes", "strategy", "protocol", "seed", "model"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(key, names[i]) == 0)
            return 1;
    return 0;
}

static int set_keys(const struct store *store, const struct store_job *row, struct config *config,
                    struct err *err)
{
    char text[SETTING_TEXT_SIZE];
    int rc = 0;
    for (const struct setting *key = worker_schema()->key; key->name && rc == 0; key++)
        if (!is_elsewhere(key->name) && *classes_config(store, row, key->name, text, sizeof text))
            rc = config_set(config, key->name, text, err);
    if (rc == 0)
        rc = config_set(config, "strategy", row->strategy, err);
    if (rc == 0)
        rc = config_set(config, "model", row->model, err);
    if (rc == 0)
        rc = model_check(config->model, err);
    if (rc == 0)
        rc = config_set(config, "protocol", row->protocol, err);
    config->seed = row->seed;
    config->fold = row->fold;
    config->repeat = row->repeat;
    return rc;
}

static int find_clusters(struct store *store, int job, struct config_clusters *clusters, struct err *err)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    clusters->n = store_classes(store, job, cluster);
    for (int c = 0; c < clusters->n; c++)
        clusters->number[c] = cluster[c];
    return clusters->n >= 2 ? 0
                            : err_set(err, E_IO, "%s: job %d has no classes in /classes/job: damaged",
                                      store_path(store), job);
}

int stored_job_config(struct store *store, int job, struct config *config, struct err *err)
{
    *config = config_defaults(worker_schema());
    int rc = set_keys(store, &store_jobs(store)[job], config, err);
    config->channels = stored_channels(store);
    return rc < 0 ? rc : find_clusters(store, job, &config->clusters, err);
}

int stored_job_weights(struct store *store, int job, const struct config *config, float **weights,
                       struct err *err)
{
    size_t n = job_n_weights(config), room = store_n_weights(store);
    *weights = NULL;
    if (n == 0 || n > room)
        return err_set(err, E_IO, "%s: job %d needs %zu weights, the file has room for %zu: damaged",
                       store_path(store), job, n, room);
    *weights = err_calloc(room, sizeof **weights, "weights", err);
    int rc = *weights ? store_read_weights(store, job, *weights, err) : E_IO;
    if (rc == 0 && !isfinite((*weights)[n - 1]))
        rc = err_set(err, E_IO, "%s: job %d left no usable weights; run it again", store_path(store), job);
    if (rc < 0) {
        free(*weights);
        *weights = NULL;
    }
    return rc;
}

int stored_image_size(const struct store *store, const struct config *config)
{
    int size = atoi(store_text(store, "image_size"));
    return size > 0 ? size : (int)config->image_size;
}

int stored_channels(const struct store *store)
{
    int channels = atoi(store_text(store, "channels"));
    return channels < 1 ? 1 : channels > IMAGE_MAX_CHANNELS ? IMAGE_MAX_CHANNELS : channels;
}

double stored_pixel_size(const struct store *store)
{
    double size = strtod(store_text(store, "pixel_size"), NULL);
    return size > 0 ? size : store_sweep(store)->pixel_size;
}

int stored_preprocess(const struct store *store, struct preprocess *how, struct err *err)
{
    const char *text = store_text(store, "preprocess");
    struct err why = {0};
    *how = (struct preprocess){0};
    if (!*text || preprocess_parse(text, how, &why) == 0)
        return 0;
    return err_set(err, E_IO, "%s: preprocess: %s; restore a copy", store_path(store), why.text);
}
