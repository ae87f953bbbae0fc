/* Model "boost": gradient boosted trees on pixels, by xgboost; an epoch is a round.
 *
 * Friedman (2001); Chen and Guestrin (2016). Trees of histograms (tree_method hist), one a round for two
 * classes (binary:logistic), else one a class (multi:softprob). One thread; draws of a round depend on seed
 * and round alone, so that a booster that was written and read goes on with the same bits. Loss weights
 * are weights of rows. What is kept is the booster as xgboost writes it, in UBJSON: xgboost.load_model()
 * reads it. Another version of the library may grow other trees; it is part of the identity. */
#include "models/model.h"

#include "features/feature.h"
#include "models/boost_form.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

enum { SOME = 256 };

struct settings {
    int64_t depth;
    double eta, lambda, subsample;
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"boost.depth", SETTING_INT, FIELD(depth), 1, 30, "6", NULL, "depth of a tree at most"},
    {"boost.eta", SETTING_REAL, FIELD(eta), 1e-6, 1, "0.3", NULL, "what a tree counts: the learning rate"},
    {"boost.lambda", SETTING_REAL, FIELD(lambda), 0, 1e9, "1", NULL, "L2 penalty of a leaf"},
    {"boost.subsample", SETTING_REAL, FIELD(subsample), 0.01, 1, "1", NULL,
     "share of the images that a tree is grown on"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

struct boost {
    struct settings settings;
    size_t n_classes, floats;
    uint64_t key;
    BoosterHandle booster; /* NULL: no round yet */
    DMatrixHandle train;   /* what it learns from; NULL: it only judges so far */
    char *bytes;           /* (n_bytes) the booster as it is written; one 0: none yet */
    size_t n_bytes;
    float *share; /* (n_classes) of its training rows */
    float *some;  /* (SOME, floats) */
};

static size_t trees_of(const struct config *config)
{
    return (size_t)config->epochs * (config->clusters.n == 2 ? 1 : (size_t)config->clusters.n);
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const struct settings *s = config_of(config, &section);
    int version[3];
    XGBoostVersion(&version[0], &version[1], &version[2]);
    snprintf(out, MODEL_IDENTITY_SIZE, "boost %d %d %.6g %.6g %.6g %d channels %d xgboost %d.%d.%d",
             (int)config->image_size, (int)s->depth, s->eta, s->lambda, s->subsample, config->clusters.n,
             (int)config->channels, version[0], version[1], version[2]);
}

/* A pass over all pixels a level of a tree, and what it takes to hand images over when it judges. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    double depth = (double)((const struct settings *)config_of(config, &section))->depth;
    double floats = (double)feature_floats(config), rounds = (double)config->epochs;
    return 1e6 + floats * (n_seen * depth * (double)trees_of(config) + 4 * rounds * (n_seen + n_judged));
}

/* Of a node xgboost writes some 45 bytes, of a tree some 900 more. */
static size_t room(const struct config *config, int n_train)
{
    size_t depth = (size_t)((const struct settings *)config_of(config, &section))->depth;
    size_t most = ((size_t)2 << depth) - 1, nodes = 2 * (size_t)n_train < most ? 2 * (size_t)n_train : most;
    return 8192 + trees_of(config) * (2048 + 64 * nodes) + (size_t)config->clusters.n * sizeof(float) +
           2 * MODEL_HEAD;
}

/* Of a value of the training set, as rows, columns, sketches and bins, 120 bytes at the peak (measured). */
static size_t bytes(const struct config *config, int n_train)
{
    return 2 * room(config, n_train) + (size_t)n_train * feature_floats(config) * 120;
}

static int failed(const char *what, struct err *err)
{
    return err_set(err, E_IO, "xgboost cannot %s: %.300s", what, XGBGetLastError());
}

static void release(struct boost *boost)
{
    if (boost->booster)
        XGBoosterFree(boost->booster);
    if (boost->train)
        XGDMatrixFree(boost->train);
    free(boost->bytes);
    free(boost->share);
    free(boost->some);
}

static void close_boost(void *model)
{
    release(model);
    free(model);
}

static int allocate(struct boost *boost, size_t n_bytes, struct err *err)
{
    boost->bytes = err_calloc(n_bytes, 1, "a booster", err);
    boost->n_bytes = n_bytes;
    boost->share = err_calloc(boost->n_classes, sizeof *boost->share, "a booster", err);
    boost->some = err_calloc(SOME, boost->floats * sizeof *boost->some, "a booster", err);
    return boost->bytes && boost->share && boost->some ? 0 : E_IO;
}

static int open_boost(const struct model_spec *spec, void **out, struct err *err)
{
    struct boost *boost = err_calloc(1, sizeof *boost, "a model", err);
    *out = NULL;
    if (!boost)
        return E_IO;
    XGBSetGlobalConfig("{\"verbosity\": 0}");
    boost->settings = *(const struct settings *)config_of(spec->config, &section);
    boost->n_classes = (size_t)spec->config->clusters.n;
    boost->floats = feature_floats(spec->config);
    boost->key = spec->start;
    if (allocate(boost, 1, err) < 0) {
        close_boost(boost);
        return E_IO;
    }
    *out = boost;
    return 0;
}

/* ---- rounds ---- */

static int set(struct boost *boost, const char *name, double value, struct err *err)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", value);
    return XGBoosterSetParam(boost->booster, name, text) == 0 ? 0 : failed(name, err);
}

static int set_all(struct boost *boost, struct err *err)
{
    const struct settings *s = &boost->settings;
    const struct {
        const char *name;
        double value;
    } row[] = {{"nthread", 1},
               {"seed", (double)(boost->key >> 40)},
               {"seed_per_iteration", 1},
               {"max_depth", (double)s->depth},
               {"eta", s->eta},
               {"lambda", s->lambda},
               {"subsample", s->subsample}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof row / sizeof *row; i++)
        rc = set(boost, row[i].name, row[i].value, err);
    if (rc == 0 && boost->n_classes > 2)
        rc = set(boost, "num_class", (double)boost->n_classes, err);
    const char *objective = boost->n_classes > 2 ? "multi:softprob" : "binary:logistic";
    if (rc == 0 && (XGBoosterSetParam(boost->booster, "objective", objective) != 0 ||
                    XGBoosterSetParam(boost->booster, "tree_method", "hist") != 0))
        rc = failed("be told what to do", err);
    return rc;
}

static int load_train(struct boost *boost, const struct model_set *train, struct err *err)
{
    size_t n = (size_t)train->n;
    float *x = err_calloc(n, (boost->floats + 1) * sizeof *x, "a training set", err);
    if (!x)
        return E_IO;
    float *label = x + n * boost->floats;
    for (size_t i = 0; i < n; i++) {
        memcpy(x + i * boost->floats, train->image[i], boost->floats * sizeof *x);
        label[i] = (float)train->label[i];
        boost->share[train->label[i]] += (float)(1.0 / train->n);
    }
    int bad = XGDMatrixCreateFromMat(x, n, boost->floats, (float)NAN, &boost->train) != 0 ||
              XGDMatrixSetFloatInfo(boost->train, "label", label, n) != 0 ||
              XGDMatrixSetFloatInfo(boost->train, "weight", train->weight, n) != 0;
    free(x);
    return bad ? failed("take a training set", err) : 0;
}

/* A booster that learns from its training set, begun or where its bytes are. */
static int begin(struct boost *boost, const struct model_set *train, struct err *err)
{
    memset(boost->share, 0, boost->n_classes * sizeof *boost->share);
    int rc = load_train(boost, train, err), is_new = !boost->booster;
    if (rc < 0)
        return rc;
    if (!is_new)
        XGBoosterFree(boost->booster);
    boost->booster = NULL;
    if (XGBoosterCreate(&boost->train, 1, &boost->booster) != 0)
        return failed("begin", err);
    if (!is_new && XGBoosterLoadModelFromBuffer(boost->booster, boost->bytes, boost->n_bytes) != 0)
        return failed("go on", err);
    return set_all(boost, err);
}

static int take_bytes(struct boost *boost, struct err *err)
{
    const char *written;
    bst_ulong n;
    if (XGBoosterSaveModelToBuffer(boost->booster, "{\"format\": \"ubj\"}", &n, &written) != 0)
        return failed("be written", err);
    char *bytes = err_calloc(n, 1, "a booster", err);
    if (!bytes)
        return E_IO;
    memcpy(bytes, written, n);
    free(boost->bytes);
    boost->bytes = bytes;
    boost->n_bytes = n;
    return 0;
}

/* A round. */
static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct boost *boost = model;
    int round = 0;
    (void)pause;
    int rc = boost->train ? 0 : begin(boost, train, err);
    if (rc < 0)
        return rc;
    if (XGBoosterBoostedRounds(boost->booster, &round) != 0 ||
        XGBoosterUpdateOneIter(boost->booster, round, boost->train) != 0)
        return failed("learn", err);
    return take_bytes(boost, err);
}

/* ---- predictions ---- */

/* Of n images in boost->some. 0, or -1 when xgboost cannot. */
static int judge_some(struct boost *boost, size_t n, float *probs)
{
    static const char how[] = "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, "
                              "\"iteration_end\": 0, \"strict_shape\": true}";
    const bst_ulong *shape;
    bst_ulong rank;
    const float *p;
    DMatrixHandle some;
    if (XGDMatrixCreateFromMat(boost->some, n, boost->floats, (float)NAN, &some) != 0)
        return -1;
    int rc = XGBoosterPredictFromDMatrix(boost->booster, some, how, &shape, &rank, &p);
    int good =
        rc == 0 && rank == 2 && shape[0] == n && shape[1] == (boost->n_classes > 2 ? boost->n_classes : 1);
    for (size_t i = 0; good && i < n; i++, probs += boost->n_classes)
        if (boost->n_classes > 2)
            memcpy(probs, p + i * boost->n_classes, boost->n_classes * sizeof *probs);
        else {
            probs[0] = 1 - p[i];
            probs[1] = p[i];
        }
    XGDMatrixFree(some);
    return good ? 0 : -1;
}

/* Without the memory for it there are no numbers: NaN, with which a job ends as one that diverged. */
static void judge(void *model, const float *const *image, int n, float *probs)
{
    struct boost *boost = model;
    size_t some, all = (size_t)n, n_classes = boost->n_classes;
    for (size_t i = 0; i < all * n_classes; i++)
        probs[i] = boost->booster ? (float)NAN : (float)(1.0 / (double)n_classes);
    for (size_t first = 0; boost->booster && first < all; first += some) {
        some = all - first < SOME ? all - first : SOME;
        for (size_t i = 0; i < some; i++)
            memcpy(boost->some + i * boost->floats, image[first + i], boost->floats * sizeof *boost->some);
        if (judge_some(boost, some, probs + first * n_classes) < 0)
            return;
    }
}

/* ---- arrays ---- */

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct boost *boost = model;
    (void)part;
    arrays_add(out, "booster", ARRAY_U8, (const size_t[]){boost->n_bytes, 0}, boost->bytes);
    arrays_add(out, "share", ARRAY_F32, (const size_t[]){boost->n_classes, 0}, boost->share);
}

/* The booster that bytes are of. */
static int load(struct boost *boost, struct err *err)
{
    bst_ulong features;
    if (boost->n_bytes == 1)
        return 0;
    if (XGBoosterCreate(NULL, 0, &boost->booster) != 0)
        return failed("begin", err);
    if (XGBoosterLoadModelFromBuffer(boost->booster, boost->bytes, boost->n_bytes) != 0 ||
        XGBoosterGetNumFeature(boost->booster, &features) != 0 || features != boost->floats)
        return err_set(err, E_USAGE, "this is no booster of such images");
    return set_all(boost, err);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    struct boost *boost = model, new = *boost;
    const struct array *written = model_array(from, "booster", ARRAY_U8, 1);
    if (!written)
        return err_set(err, E_USAGE, "there is no booster of model boost");
    new.booster = new.train = NULL;
    int rc = allocate(&new, written->dim[0], err);
    if (rc == 0)
        rc = model_restore_in_place(&model_boost, &new, part, from, err);
    if (rc == 0)
        rc = load(&new, err);
    struct boost old = rc == 0 ? *boost : new;
    if (rc == 0)
        *boost = new;
    release(&old);
    return rc;
}

static int form(void *model, struct model_form *out, struct err *err)
{
    const struct boost *boost = model;
    *out = (struct model_form){.n_classes = boost->n_classes, .floats = boost->floats};
    if (!boost->booster)
        return err_set(err, E_USAGE, "it has learnt nothing yet");
    int rc = boost_form(boost->booster, out, err);
    if (rc < 0)
        model_form_free(out);
    return rc;
}

const struct model_kind model_boost = {
    .name = "boost",
    .help = "gradient boosted trees on pixels (xgboost); an epoch is a round; bits depend on its version",
    .section = &section,
    .can = MODEL_WEIGHTS | MODEL_EPOCHS | MODEL_GROWS | MODEL_VECTORS,
    .seconds = 6e-9,
    .identity = identity,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_boost,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .form = form,
    .close = close_boost,
};
