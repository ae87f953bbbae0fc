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
    char text[1100];
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

/* Class c is the cluster of the originals that carry label c: every class has some. */
static int find_clusters(struct store *store, int job, const int *image, const int *label,
                         struct config_clusters *clusters, struct err *err)
{
    const struct dataset_image *images = store_images(store);
    int n = store_n_predictions(store, SET_ALL);
    clusters->n = 0;
    for (int i = 0; i < n; i++) {
        if (image[i] < 0 || image[i] >= store_n_images(store) || label[i] < 0 ||
            label[i] >= CONFIG_MAX_CLUSTERS)
            continue;
        clusters->number[label[i]] = (int16_t)images[image[i]].cluster;
        clusters->n = label[i] >= clusters->n ? label[i] + 1 : clusters->n;
    }
    if (clusters->n < 2)
        return err_set(err, E_IO, "%s: job %d has no predictions that tell its classes; run it again",
                       store_path(store), job);
    return 0;
}

static int read_clusters(struct store *store, int job, struct config_clusters *clusters, struct err *err)
{
    size_t n = (size_t)store_n_predictions(store, SET_ALL), classes = (size_t)store_n_classes(store);
    int *number = err_calloc(3 * n, sizeof *number, "predictions", err);
    float *probs = err_calloc(n * classes, sizeof *probs, "predictions", err);
    int rc = number && probs ? 0 : E_IO;
    if (rc == 0)
        rc = store_read_predictions(store, job, SET_ALL, number, number + n, number + 2 * n, probs, err);
    if (rc == 0)
        rc = find_clusters(store, job, number, number + 2 * n, clusters, err);
    free(number);
    free(probs);
    return rc;
}

int stored_job_config(struct store *store, int job, struct config *config, struct err *err)
{
    *config = config_defaults(worker_schema());
    int rc = set_keys(store, &store_jobs(store)[job], config, err);
    return rc < 0 ? rc : read_clusters(store, job, &config->clusters, err);
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

double stored_pixel_size(const struct store *store)
{
    double size = strtod(store_text(store, "pixel_size"), NULL);
    return size > 0 ? size : store_sweep(store)->pixel_size;
}
