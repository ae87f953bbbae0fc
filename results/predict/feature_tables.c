#include "predict/feature_tables.h"

#include "beside/sweep_images.h"
#include "features/features.h"
#include "image/resize.h"
#include "job.h"
#include "models/ensemble.h"
#include "rng.h"
#include "store/stored_model.h"
#include "tables/columns.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what both share ---- */

/* The images of the sweep; E_IO when they are not there. */
static int open_images(const struct store *store, struct dataset **data, struct err *err)
{
    char why[SWEEP_IMAGES_WHY] = "";
    int rc = sweep_images_open(store, data, why, err);
    if (rc == 0 && !*data)
        rc =
            err_set(err, E_IO, "%s: features are made of the sweep's images: %.900s", store_path(store), why);
    return rc;
}

/* Rows have names. */
static int check_names(const struct store *store, const struct config *config, const char *remedy,
                       struct err *err)
{
    if (feature_of(config)->label)
        return 0;
    return err_set(err, E_USAGE,
                   "%s: features of a chosen job are %s, which have no names%s; choose others by "
                   "--filter",
                   store_path(store), feature_of(config)->name, remedy);
}

static int flush(FILE *out, const char *table, struct err *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    return err_set(err, E_IO, "cannot write the %s table: %s", table, strerror(errno));
}

/* Unscaled rows (n, floats) of images of the dataset, resized as the job resizes them. at NULL: all of
 * them. */
static int measure(struct features *features, const struct config *config, const struct dataset *data,
                   const int *at, int n, float *rows, struct err *err)
{
    int size = (int)config->image_size;
    size_t floats = feature_floats(config);
    float *small =
        err_calloc((size_t)size * (size_t)size * (size_t)data->channels, sizeof *small, "an image", err);
    const float *image = small;
    int rc = !small ? E_IO
             : data->channels != (int)config->channels
                 ? err_set(err, E_IO, "%s: its images have %d channels, those of the job %d: damaged",
                           data->origin, data->channels, (int)config->channels)
                 : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        resize_bilinear(small, size, dataset_pixels(data, at ? at[i] : i), data->size, data->size,
                        data->channels);
        features_measure(features, &image, 1, rows + (size_t)i * floats);
    }
    free(small);
    return rc;
}

/* ---- features ---- */

/* That of the chosen jobs, which have one kind. */
static int find_kind(struct store *store, const struct selection *chosen, struct config *config,
                     struct err *err)
{
    char first[128], other[128];
    int rc = stored_model_config(store, chosen->job[0], config, err);
    if (rc < 0)
        return rc;
    feature_identity(config, first, sizeof first);
    for (int i = 1; i < chosen->n && rc == 0; i++) {
        struct config one;
        rc = stored_model_config(store, chosen->job[i], &one, err);
        if (rc < 0)
            return rc;
        feature_identity(&one, other, sizeof other);
        if (strcmp(first, other) != 0 || one.image_size != config->image_size)
            rc = err_set(err, E_USAGE,
                         "%s: the chosen jobs have several kinds of features; choose one by --filter",
                         store_path(store));
    }
    return rc == 0 ? check_names(store, config, "", err) : rc;
}

/* What a job left to make features with. */
static int open_learnt(struct store *store, const struct selection *chosen, struct config *config,
                       struct ensemble **nets, struct err *err)
{
    struct stored_model model;
    struct err why = {0};
    if (chosen->n > 1)
        return err_set(err, E_USAGE,
                       "%s: %d jobs, each of which learnt features of its own; choose one by --filter",
                       store_path(store), chosen->n);
    int rc = stored_model_open(store, chosen->job[0], &model, err);
    if (rc < 0)
        return rc;
    *config = model.config;
    if (job_networks(config, model.weights, model.n_weights, nets, &why) < 0)
        rc = stored_model_blame(store, chosen->job[0], &why, err);
    stored_model_close(&model);
    return rc;
}

static void put_names(struct csv_out *csv, const struct config *config)
{
    char name[FEATURE_NAME_SIZE];
    for (size_t j = 0; j < feature_floats(config); j++) {
        feature_of(config)->label(config, j, name);
        csv_out_text(csv, name);
    }
}

static int write_rows(struct features *features, const struct config *config, const struct dataset *data,
                      FILE *file, struct err *err)
{
    struct csv_out csv = {.file = file};
    size_t floats = feature_floats(config);
    float *row = err_calloc(floats, sizeof *row, "features", err);
    int rc = row ? 0 : E_IO;
    csv_out_text(&csv, "cell_id");
    csv_out_text(&csv, "class");
    put_names(&csv, config);
    csv_out_end(&csv);
    for (int i = 0; i < data->n_images && rc == 0; i++) {
        rc = measure(features, config, data, &i, 1, row, err);
        csv_out_text(&csv, data->image[i].id);
        csv_out_class(&csv, data->image[i].cluster);
        for (size_t j = 0; j < floats; j++)
            csv_out_real(&csv, (double)row[j]);
        csv_out_end(&csv);
    }
    free(row);
    return rc == 0 ? flush(file, "features", err) : rc;
}

int feature_tables_write_features(struct store *store, const char *filter, FILE *out, struct err *err)
{
    struct selection chosen = {0};
    struct config config;
    struct dataset *data = NULL;
    struct ensemble *nets = NULL;
    struct features *made = NULL;
    int rc = store_refresh(store, err);
    if (rc == 0)
        rc = store_select(store, filter, &chosen, err);
    if (rc == 0)
        rc = find_kind(store, &chosen, &config, err);
    if (rc == 0)
        rc = feature_of(&config)->learn ? open_learnt(store, &chosen, &config, &nets, err)
                                        : features_new(&config, &made, err);
    if (rc == 0)
        rc = open_images(store, &data, err);
    if (rc == 0)
        rc = write_rows(nets ? ensemble_features(nets) : made, &config, data, out, err);
    dataset_free(data);
    ensemble_free(nets);
    features_free(made);
    selection_free(&chosen);
    return rc;
}

/* ---- importance ---- */

/* The test set of a job as its model is given it. */
struct test_set {
    int n, n_classes;
    size_t floats;
    int *image, *label; /* (n) */
    float *rows;        /* (n, floats) scaled */
    float *probs;       /* (n, n_classes) */
    const float **row;  /* (n) into rows */
    float *column;      /* (n) one number of each, as it was */
    int *order;         /* (n) */
};

static void test_set_free(struct test_set *t)
{
    free(t->image);
    free(t->label);
    free(t->rows);
    free(t->probs);
    free(t->row);
    free(t->column);
    free(t->order);
}

static int allocate(struct test_set *t, struct err *err)
{
    static const char *const what = "the test set of a job";
    size_t n = (size_t)t->n;
    t->rows = err_calloc(n, t->floats * sizeof *t->rows, what, err);
    t->probs = err_calloc(n * (size_t)t->n_classes, sizeof *t->probs, what, err);
    t->row = err_calloc(n, sizeof *t->row, what, err);
    t->column = err_calloc(n, sizeof *t->column, what, err);
    t->order = err_calloc(n, sizeof *t->order, what, err);
    if (!t->rows || !t->probs || !t->row || !t->column || !t->order)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        t->row[i] = t->rows + i * t->floats;
    return 0;
}

/* Originals that the job was judged on. */
static int read_test(struct store *store, int job, struct test_set *t, struct err *err)
{
    int most = store_n_predictions(store, SET_TEST), n_images = store_n_images(store);
    size_t room = (size_t)most;
    int *copy = err_calloc(room, sizeof *copy, "predictions", err);
    float *probs = err_calloc(room * (size_t)store_n_classes(store), sizeof *probs, "predictions", err);
    t->image = err_calloc(room, sizeof *t->image, "predictions", err);
    t->label = err_calloc(room, sizeof *t->label, "predictions", err);
    int rc = copy && probs && t->image && t->label ? 0 : E_IO;
    if (rc == 0)
        rc = store_read_predictions(store, job, SET_TEST, t->image, copy, t->label, probs, err);
    for (int i = 0; i < most && rc == 0; i++)
        if (t->image[i] >= 0 && t->image[i] < n_images && copy[i] == 0 && t->label[i] >= 0 &&
            t->label[i] < t->n_classes) {
            t->image[t->n] = t->image[i];
            t->label[t->n++] = t->label[i];
        }
    free(copy);
    free(probs);
    return rc;
}

static double accuracy(struct ensemble *nets, const struct test_set *t)
{
    struct metrics metrics;
    float out[N_METRICS];
    ensemble_judge(nets, t->row, t->n, t->probs);
    metrics_start(&metrics, t->n_classes);
    metrics_add(&metrics, t->probs, t->label, t->n, 0);
    metrics_finish(&metrics, out);
    return (double)out[METRIC_BALANCED_ACCURACY];
}

/* Its balanced accuracy once column j is shuffled, which is then as it was. */
static double accuracy_without(struct ensemble *nets, const struct test_set *t, const char *key, size_t j,
                               int repeat)
{
    struct rng rng = rng_start(rng_key("importance", key, strlen(key)), (uint64_t)j << 8 | (uint64_t)repeat);
    for (int i = 0; i < t->n; i++) {
        t->order[i] = i;
        t->column[i] = t->row[i][j];
    }
    rng_shuffle(&rng, t->order, t->n);
    for (int i = 0; i < t->n; i++)
        t->rows[(size_t)i * t->floats + j] = t->column[t->order[i]];
    double out = accuracy(nets, t);
    for (int i = 0; i < t->n; i++)
        t->rows[(size_t)i * t->floats + j] = t->column[i];
    return out;
}

struct importance {
    struct store *store;
    struct csv_out csv;
    const struct dataset *data;
    struct store_job row;
};

static void put_importance(struct importance *x, const struct config *config, size_t j, int n, double whole,
                           const double *fall)
{
    char name[FEATURE_NAME_SIZE];
    double mean = 0, square = 0;
    for (int r = 0; r < IMPORTANCE_REPEATS; r++)
        mean += fall[r] / IMPORTANCE_REPEATS;
    for (int r = 0; r < IMPORTANCE_REPEATS; r++)
        square += (fall[r] - mean) * (fall[r] - mean) / (IMPORTANCE_REPEATS - 1);
    feature_of(config)->label(config, j, name);
    csv_out_int(&x->csv, x->row.row);
    csv_out_text(&x->csv, x->row.key);
    columns_csv(&x->csv, x->store, &x->row, FACTORS_ALL);
    csv_out_int(&x->csv, x->row.seed);
    csv_out_int(&x->csv, x->row.fold);
    csv_out_int(&x->csv, x->row.repeat);
    csv_out_text(&x->csv, name);
    csv_out_int(&x->csv, n);
    csv_out_int(&x->csv, IMPORTANCE_REPEATS);
    csv_out_real(&x->csv, whole);
    csv_out_real(&x->csv, mean);
    csv_out_real(&x->csv, sqrt(square));
    csv_out_end(&x->csv);
}

static void shuffle_all(struct importance *x, const struct config *config, struct ensemble *nets,
                        const struct test_set *t)
{
    double whole = accuracy(nets, t), fall[IMPORTANCE_REPEATS];
    for (size_t j = 0; j < t->floats; j++) {
        for (int r = 0; r < IMPORTANCE_REPEATS; r++)
            fall[r] = whole - accuracy_without(nets, t, x->row.key, j, r);
        put_importance(x, config, j, t->n, whole, fall);
    }
}

static int of_networks(struct importance *x, int job, const struct config *config, struct ensemble *nets,
                       struct err *err)
{
    struct test_set t = {.n_classes = config->clusters.n, .floats = feature_floats(config)};
    int rc = read_test(x->store, job, &t, err);
    if (rc == 0)
        rc = allocate(&t, err);
    if (rc == 0)
        rc = measure(ensemble_features(nets), config, x->data, t.image, t.n, t.rows, err);
    if (rc == 0) {
        for (int i = 0; i < t.n; i++)
            features_scale(ensemble_features(nets), t.rows + (size_t)i * t.floats);
        shuffle_all(x, config, nets, &t);
    }
    test_set_free(&t);
    return rc;
}

static int of_job(struct importance *x, int job, struct err *err)
{
    struct stored_model model;
    struct ensemble *nets = NULL;
    struct err why = {0};
    int rc = store_row(x->store, job, &x->row, err);
    rc = rc < 0 ? rc : stored_model_open(x->store, job, &model, err);
    if (rc < 0)
        return rc;
    if (job_networks(&model.config, model.weights, model.n_weights, &nets, &why) < 0)
        rc = stored_model_blame(x->store, job, &why, err);
    if (rc == 0)
        rc = of_networks(x, job, &model.config, nets, err);
    ensemble_free(nets);
    stored_model_close(&model);
    return rc;
}

static int check_all(struct store *store, const struct selection *chosen, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < chosen->n && rc == 0; i++) {
        struct config config;
        rc = stored_model_config(store, chosen->job[i], &config, err);
        if (rc == 0)
            rc = check_names(store, &config,
                             " to shuffle: where a model looks in an image is shown by occlusion, in `serve`",
                             err);
    }
    return rc;
}

static void put_header(struct importance *x)
{
    static const char *const names[] = {
        "seed",       "fold",         "repeat", "feature", "n", "repeats", "balanced_accuracy",
        "importance", "importance_sd"};
    csv_out_text(&x->csv, "job");
    csv_out_text(&x->csv, "key");
    columns_csv_names(&x->csv, x->store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(&x->csv, names[i]);
    csv_out_end(&x->csv);
}

int feature_tables_write_importance(struct store *store, const char *filter, FILE *out, struct err *err)
{
    struct importance x = {.store = store, .csv = {.file = out}};
    struct selection chosen = {0};
    struct dataset *data = NULL;
    int rc = stored_models_find(store, filter, &chosen, err);
    if (rc == 0)
        rc = check_all(store, &chosen, err);
    if (rc == 0)
        rc = open_images(store, &data, err);
    x.data = data;
    if (rc == 0)
        put_header(&x);
    for (int i = 0; i < chosen.n && rc == 0; i++)
        rc = of_job(&x, chosen.job[i], err);
    dataset_free(data);
    selection_free(&chosen);
    return rc == 0 ? flush(out, "importance", err) : rc;
}
