#include "store/stored_model.h"

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

/* The values that were chosen for a tuned job. */
static int apply_chosen(struct store *store, int job, struct config *config, struct err *err)
{
    const struct tune *tune = &store_sweep(store)->tune;
    int chosen = -1, rc = 0;
    if (store_n_trials(store) > 0)
        rc = store_read_chosen(store, job, &chosen, err);
    if (rc == 0 && chosen > 0 && chosen < tune->n_trials)
        tune_apply(tune, chosen, config);
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

int stored_model_blame(const struct store *store, int job, const struct err *why, struct err *err)
{
    return err_set(err, E_IO, "%s: job %d: %.700s: damaged, or not written by this version of cellsweep",
                   store_path(store), job, why->text);
}

int stored_model_config(struct store *store, int job, struct config *config, struct err *err)
{
    struct store_job row;
    struct err why = {0};
    int channels = atoi(store_text(store, "channels")), rc = store_row(store, job, &row, err);
    *config = config_defaults(worker_schema());
    if (rc == 0 && set_keys(store, &row, config, &why) < 0)
        rc = stored_model_blame(store, job, &why, err);
    config->channels = channels < 1 ? 1 : channels > IMAGE_MAX_CHANNELS ? IMAGE_MAX_CHANNELS : channels;
    if (rc == 0)
        rc = find_clusters(store, job, &config->clusters, err);
    if (rc == 0 && model_check_features(config, &why) < 0)
        rc = stored_model_blame(store, job, &why, err);
    return rc;
}

static int find_config(struct store *store, int job, struct config *config, struct err *err)
{
    int rc = stored_model_config(store, job, config, err);
    return rc < 0 ? rc : apply_chosen(store, job, config, err);
}

/* What was stored ends where the network's weights do: behind it stand NaNs. A file whose channels or sizes
 * were edited would give numbers to other weights. Models that grow have as many as they have. */
static int check_weights(const struct store *store, int job, const struct stored_model *m, struct err *err)
{
    const struct config *config = &m->config;
    int grows = model_of(config)->can & MODEL_GROWS;
    size_t n = job_n_weights(config, 1);
    const float *weights = m->weights;
    if (!grows && ((n < m->n_weights && !isnan(weights[n])) || (!isnan(weights[0]) && isnan(weights[n - 1]))))
        return err_set(err, E_IO,
                       "%s: job %d left other weights than its network has on images of %d channel%s: "
                       "damaged; restore a copy",
                       store_path(store), job, (int)config->channels, config->channels == 1 ? "" : "s");
    if (!isfinite(weights[grows ? 0 : n - 1]))
        return err_set(err, E_IO, "%s: job %d left no usable weights; run it again", store_path(store), job);
    return 0;
}

static int read_weights(struct store *store, int job, struct stored_model *m, struct err *err)
{
    const struct config *config = &m->config;
    size_t n = job_n_weights(config, 1), room = store_n_weights(store);
    if (n == 0)
        return err_set(err, E_USAGE, "%s: model %s has no weights to predict with; use jobs of another model",
                       store_path(store), config->model);
    if (n > room)
        return err_set(err, E_IO, "%s: job %d needs %zu weights, the file has room for %zu: damaged",
                       store_path(store), job, n, room);
    m->n_weights = room;
    m->weights = err_calloc(room, sizeof *m->weights, "weights", err);
    int rc = m->weights ? store_read_weights(store, job, m->weights, err) : E_IO;
    return rc < 0 ? rc : check_weights(store, job, m, err);
}

/* How the images of the sweep became pixels. Files without these attributes: from the sweep's settings. */
static int find_images(const struct store *store, struct stored_model *m, struct err *err)
{
    const char *how = store_text(store, "preprocess");
    int size = atoi(store_text(store, "image_size"));
    double pixel_size = strtod(store_text(store, "pixel_size"), NULL);
    struct err why = {0};
    m->data_size = size > 0 ? size : (int)m->config.image_size;
    m->pixel_size = pixel_size > 0 ? pixel_size : store_sweep(store)->pixel_size;
    if (!*how || preprocess_parse(how, &m->how, &why) == 0)
        return 0;
    return err_set(err, E_IO, "%s: preprocess: %s; restore a copy", store_path(store), why.text);
}

int stored_model_open(struct store *store, int job, struct stored_model *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    int rc = find_config(store, job, &out->config, err);
    if (rc == 0)
        rc = find_images(store, out, err);
    if (rc == 0)
        rc = read_weights(store, job, out, err);
    if (rc < 0)
        stored_model_close(out);
    return rc;
}

void stored_model_close(struct stored_model *model)
{
    free(model->weights);
    model->weights = NULL;
}

/* Those of the selection whose commit marks say so. */
static int keep_finished(struct store *store, struct selection *chosen, struct err *err)
{
    int n_match = chosen->n, *state = err_calloc((size_t)store_n_jobs(store), sizeof *state, "states", err);
    int rc = state ? store_read_states(store, state, err) : E_IO;
    chosen->n = 0;
    for (int i = 0; i < n_match && rc == 0; i++)
        if (state[chosen->job[i]] == JOB_DONE)
            chosen->job[chosen->n++] = chosen->job[i];
    free(state);
    if (rc == 0 && chosen->n == 0)
        rc = err_set(err, E_USAGE,
                     "%s: none of the %d jobs chosen has finished yet; wait, or run the sweep again",
                     store_path(store), n_match);
    return rc;
}

int stored_models_find(struct store *store, const char *filter, struct selection *out, struct err *err)
{
    *out = (struct selection){0};
    if (store_n_weights(store) == 0)
        return err_set(err, E_USAGE,
                       "%s: holds no weights; run the sweep with keep_weights: true into a new file",
                       store_path(store));
    int rc = store_refresh(store, err);
    if (rc == 0)
        rc = store_select(store, filter, out, err);
    if (rc == 0)
        rc = keep_finished(store, out, err);
    if (rc < 0)
        selection_free(out);
    return rc;
}
