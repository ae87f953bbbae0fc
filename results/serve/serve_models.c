/* /api/models, and the predictors kept in memory: groups of jobs that vote together. */
#include "serve/serve_core.h"

#include "store/classes.h"
#include "store/partition.h"
#include "write/json_out.h"
#include "models/model.h"
#include "tables/columns.h"
#include "store/store_select.h"
#include "beside/sweep_images.h"

#include <stdlib.h>
#include <string.h>

/* A predictor has the weights of all its jobs in memory, 4 MB each: few are kept. */
enum { KEPT = 3 };

struct kept {
    char filter[SERVE_FILTER_SIZE];
    long generation; /* of the file */
    int n_jobs;      /* that were finished */
    struct predictor *predictor;
    double used;
};

struct serve_models {
    pthread_mutex_t
        lock; /* over the rest and its predictors; taken before shared_store_enter(), never after */
    struct kept kept[KEPT];
    struct dataset *data; /* the sweep's images, NULL: not read */
    long data_generation;
};

struct serve_models *serve_models_new(struct err *err)
{
    struct serve_models *models = err_calloc(1, sizeof *models, "the models", err);
    if (models)
        pthread_mutex_init(&models->lock, NULL);
    return models;
}

void serve_models_free(struct serve_models *models)
{
    if (!models)
        return;
    for (int i = 0; i < KEPT; i++)
        predictor_free(models->kept[i].predictor);
    dataset_free(models->data);
    pthread_mutex_destroy(&models->lock);
    free(models);
}

/* ---- which there are ---- */

/* Jobs of one model differ in seed, fold and repeat only: `factors` are all but those that are the same in
 * the whole file. What the server was told to show holds, too. */
static void write_filter(const struct store *store, const struct store_job *job, unsigned factors,
                         const char *also, char out[SERVE_FILTER_SIZE])
{
    int n = combination_filter(store, job, factors, out, SERVE_FILTER_SIZE);
    if (also && *also && n < SERVE_FILTER_SIZE)
        snprintf(out + n, (size_t)(SERVE_FILTER_SIZE - n), ",%s", also);
}

/* Rows (n) of jobs as models, a combination each. */
static int list_combinations(const struct serve *serve, struct store *store,
                             const struct store_job *const *row, int n, struct serve_models_list *list,
                             struct err *err)
{
    struct partition *same = NULL;
    unsigned varying = 0;
    int rc = combination_varying_in(store, &varying, err);
    if (rc == 0)
        rc = partition_new(row, n, FACTORS_ALL, &same, err);
    if (rc == 0 && !(list->model = err_calloc((size_t)same->n_parts, sizeof *list->model, "the models", err)))
        rc = E_IO;
    for (int part = 0; rc == 0 && part < same->n_parts; part++) {
        struct serve_model *model = &list->model[list->n++];
        model->job = row[same->member[same->begin[part]]];
        model->n_jobs = same->begin[part + 1] - same->begin[part];
        write_filter(store, model->job, combination_shown(varying), serve->filter, model->filter);
    }
    partition_free(same);
    return rc;
}

/* Whether a finished job of this model left anything to predict with. */
static int is_kept(const struct store_job *job)
{
    const struct model_kind *kind = model_find(job->model);
    return kind && kind->arrays;
}

/* Finished jobs that can be predicted with, of those that are shown: row has room for every
 * job. Returns how many. */
static int list_rows(struct serve *serve, struct store *store, const struct store_job **row, struct err *err)
{
    struct selection chosen = {0};
    struct run_view view;
    int n = 0, rc = run_view_take(store, &view, err);
    if (rc == 0)
        rc = store_select(store, serve->filter, &chosen, err);
    for (int i = 0; rc == 0 && i < chosen.n; i++)
        if (view.mark[chosen.job[i]].state == JOB_DONE && is_kept(&store_jobs(store)[chosen.job[i]]))
            row[n++] = &store_jobs(store)[chosen.job[i]];
    selection_free(&chosen);
    run_view_release(&view);
    return rc < 0 ? rc : n;
}

int serve_models_of(struct serve *serve, struct store *store, struct serve_models_list *list, struct err *err)
{
    *list = (struct serve_models_list){0};
    if (store_n_weights(store) == 0)
        return 0;
    const struct store_job **row = err_calloc((size_t)store_n_jobs(store), sizeof *row, "the models", err);
    int n = row ? list_rows(serve, store, row, err) : E_IO;
    int rc = n < 0 ? n : list_combinations(serve, store, row, n, list, err);
    free(row);
    return rc;
}

static json_t *model_json(const struct store *store, const struct serve_model *model, int *failed)
{
    int cluster[CONFIG_MAX_CLUSTERS], n = classes_of(store, model->job, cluster);
    json_t *root = json_object(), *classes = json_array();
    for (int c = 0; c < n; c++)
        json_out_add(classes, json_out_class(cluster[c]), failed);
    json_out_put(root, "filter", json_out_text(model->filter), failed);
    columns_put(root, store, model->job, FACTORS_ALL, failed);
    json_out_put(root, "n_jobs", json_integer(model->n_jobs), failed);
    json_out_put(root, "classes", classes, failed);
    return root;
}

enum MHD_Result serve_answer_models(struct serve_request *request)
{
    struct serve_models_list list;
    struct store *store;
    struct err err = {0};
    int failed = 0, rc = shared_store_enter(request->serve->shared, &store, &err);
    if (rc < 0)
        return serve_send_err(request, &err);
    rc = serve_models_of(request->serve, store, &list, &err);
    json_t *root = json_array();
    for (int i = 0; rc == 0 && i < list.n; i++)
        json_out_add(root, model_json(store, &list.model[i], &failed), &failed);
    shared_store_leave(request->serve->shared, rc);
    if (rc == 0) {
        free(list.model);
        return serve_send_json(request, root, failed);
    }
    json_decref(root);
    return serve_send_err(request, &err);
}

/* ---- one to predict with ---- */

/* The place of this model, or else of the one that was not asked for longest. */
static struct kept *place_of(struct serve_models *models, const struct serve_model *model, long generation)
{
    struct kept *oldest = &models->kept[0];
    for (int i = 0; i < KEPT; i++) {
        struct kept *k = &models->kept[i];
        if (k->predictor && strcmp(k->filter, model->filter) == 0 && k->generation == generation &&
            k->n_jobs == model->n_jobs)
            return k;
        if (!k->predictor || (oldest->predictor && k->used < oldest->used))
            oldest = k;
    }
    predictor_free(oldest->predictor);
    *oldest = (struct kept){.generation = generation, .n_jobs = model->n_jobs};
    snprintf(oldest->filter, sizeof oldest->filter, "%s", model->filter);
    return oldest;
}

static int load_predictor(struct serve *serve, struct store *store, const struct serve_model *model,
                          struct predictor **out, struct err *err)
{
    struct kept *place = place_of(serve->models, model, shared_store_generation(serve->shared));
    int rc = place->predictor ? 0 : predictor_new(store, place->filter, &place->predictor, err);
    place->used = clock_now();
    *out = place->predictor;
    return rc;
}

static int load_data(struct serve *serve, struct store *store, int must, const struct dataset **out,
                     struct err *err)
{
    struct serve_models *models = serve->models;
    char why[SWEEP_IMAGES_WHY];
    int rc = 0;
    if (models->data_generation != shared_store_generation(serve->shared)) {
        dataset_free(models->data);
        models->data = NULL;
    }
    if (!models->data)
        rc = sweep_images_open(store, &models->data, why, err);
    models->data_generation = shared_store_generation(serve->shared);
    *out = models->data;
    if (rc == 0 && !models->data && must)
        rc = err_set(err, E_USAGE, "similar: the images of the sweep are needed. %.600s", why);
    return rc;
}

static int borrow(struct serve *serve, struct store *store, int index, int with_data, struct serve_loan *loan,
                  struct err *err)
{
    struct serve_models_list list;
    int rc = serve_models_of(serve, store, &list, err);
    if (rc < 0)
        return rc;
    const struct serve_model *model = index >= 0 && index < list.n ? &list.model[index] : NULL;
    if (!model)
        rc = err_set(err, E_USAGE,
                     list.n ? "model=%d: there are %d models, from 0; /api/models lists them"
                            : "model=%d: the sweep kept no weights of a finished job (keep_weights: true)",
                     index, list.n);
    else
        rc = load_predictor(serve, store, model, &loan->predictor, err);
    if (rc == 0)
        rc = load_data(serve, store, with_data, &loan->data, err);
    if (rc == 0 && model)
        snprintf(loan->filter, sizeof loan->filter, "%s", model->filter);
    free(list.model);
    return rc;
}

int serve_models_borrow(struct serve *serve, int index, int with_data, struct serve_loan *loan,
                        struct err *err)
{
    struct store *store;
    *loan = (struct serve_loan){0};
    pthread_mutex_lock(&serve->models->lock);
    int rc = shared_store_enter(serve->shared, &store, err);
    if (rc == 0) {
        rc = borrow(serve, store, index, with_data, loan, err);
        shared_store_leave(serve->shared, rc == E_USAGE ? 0 : rc);
    }
    if (rc < 0)
        pthread_mutex_unlock(&serve->models->lock);
    return rc;
}

void serve_models_return(struct serve *serve)
{
    pthread_mutex_unlock(&serve->models->lock);
}
