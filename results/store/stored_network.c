#include "store/stored_network.h"

#include "job.h"
#include "models/model.h"
#include "store/store_chosen.h"
#include "store/stored_model.h"
#include "strategies/balance.h"

#include <stdlib.h>
#include <string.h>

/* One job, of one network that has a hidden layer. */
static int check_network(const struct store *store, const struct selection *chosen,
                         const struct config *config, struct err *err)
{
    const struct model_kind *kind = model_of(config);
    if (!kind->teach || !kind->embed)
        return err_set(err, E_USAGE,
                       "%s: job %d is of model %s, which has no hidden layer; choose a job of a network",
                       store_path(store), chosen->job[0], config->model);
    if (balance_n_members(config) > 1)
        return err_set(err, E_USAGE, "%s: job %d, strategy %s, is of %d networks; choose a job of one",
                       store_path(store), chosen->job[0], config->strategy, balance_n_members(config));
    return 0;
}

/* The key of the first job of such a network; "..." when none is. */
static const char *key_of_network(struct store *store, const struct selection *chosen)
{
    struct config config;
    for (int i = 0; i < chosen->n; i++) {
        const struct selection one = {1, &chosen->job[i]};
        if (stored_model_config(store, chosen->job[i], &config, NULL) == 0 &&
            check_network(store, &one, &config, NULL) == 0)
            return store_jobs(store)[chosen->job[i]].key;
    }
    return "...";
}

static int find_one(struct store *store, const char *filter, struct selection *chosen, struct err *err)
{
    int rc = stored_models_find(store, strcmp(filter, "none") == 0 ? NULL : filter, chosen, err);
    if (rc == 0 && chosen->n > 1)
        rc = err_set(err, E_USAGE,
                     "%s: has %d such finished jobs; leave one by embedding.filter: strategy=none,seed=1, or "
                     "key=%s (the first; export --table jobs has all)",
                     store_path(store), chosen->n, key_of_network(store, chosen));
    return rc;
}

/* A job learnt from what it was trained on, and from what was chosen on. */
static int is_learnt(int role, enum chosen_on chosen)
{
    return role == JOB_TRAINED || role == JOB_CHOSEN_ON || (role == JOB_JUDGED && chosen == CHOSEN_TEST);
}

static int list_seen(const struct store *store, int n, const int *image, const int *role,
                     enum chosen_on chosen, struct kept_model *out, struct err *err)
{
    const struct dataset_image *images = store_images(store);
    for (int i = 0; i < n; i++) {
        if (!is_learnt(role[i], chosen) || image[i] < 0 || image[i] >= store_n_images(store))
            continue;
        out->seen[out->n_seen++] = images[image[i]].print;
        if (images[image[i]].print == 0)
            return err_set(
                err, E_USAGE,
                "%s: does not say which images its jobs learnt from: not written by this version of "
                "cellsweep; run it again",
                store_path(store));
    }
    return 0;
}

static int read_seen(struct store *store, int job, struct kept_model *out, struct err *err)
{
    size_t n = (size_t)store_n_predictions(store, SET_ALL), classes = (size_t)store_n_classes(store);
    int *role = err_calloc(4 * n + 1, sizeof *role, "the images of a job", err), *image = role + n;
    float *probs = err_calloc(n * classes + 1, sizeof *probs, "the images of a job", err);
    enum chosen_on chosen = CHOSEN_NOTHING;
    out->seen = err_calloc(n + 1, sizeof *out->seen, "the images of a job", err);
    int rc = role && probs && out->seen ? store_read_roles(store, job, role, err) : E_IO;
    if (rc == 0)
        rc = store_read_predictions(store, job, SET_ALL, image, image + n, image + 2 * n, probs, err);
    if (rc == 0)
        rc = store_chosen_on(store, &store_jobs(store)[job], &chosen, err);
    if (rc == 0)
        rc = list_seen(store, (int)n, image, role, chosen, out, err);
    free(role);
    free(probs);
    return rc;
}

static int read_network(struct store *store, const struct selection *chosen, struct kept_model *out,
                        struct err *err)
{
    struct stored_model model;
    int rc = stored_model_open(store, chosen->job[0], &model, err);
    if (rc < 0)
        return rc;
    out->config = model.config;
    out->data_size = model.data_size;
    out->weights = model.weights; /* ours from here on */
    out->n_weights = model.n_weights;
    rc = check_network(store, chosen, &model.config, err);
    if (rc < 0)
        return rc;
    out->n_weights = job_n_weights(&model.config, 1); /* NaN behind them */
    return read_seen(store, chosen->job[0], out, err);
}

int stored_network_read(const char *file, const char *filter, struct kept_model *out, struct err *err)
{
    struct selection chosen = {0};
    struct store *store = NULL;
    memset(out, 0, sizeof *out);
    int rc = store_open(file, &store, err);
    if (rc == 0)
        rc = find_one(store, filter, &chosen, err);
    if (rc == 0)
        rc = read_network(store, &chosen, out, err);
    selection_free(&chosen);
    int closed = store_close(store, rc == 0 ? err : NULL);
    rc = rc < 0 ? rc : closed;
    if (rc < 0)
        kept_model_release(out);
    return rc;
}
