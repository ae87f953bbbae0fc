/* Features "embedding": what the last hidden layer of a network says of an image, where the network was
 * trained on the training images of the same job, or is one that another sweep kept (embedding.from).
 *
 * Trained here, it is the model embedding.model, with its own settings and those of train.*, as a job of that
 * model would train it for train.epochs on the rebalanced images, all in one network, with the job's class
 * weights; what else strategies do to losses it knows nothing of. Its streams are named by the job's key and
 * "embedding". Taken over, it is given all arrays of the kept one but those of its last layer, which is of
 * classes of its own and gives no embedding: here it has two outputs of zeros. In a job's key stands the
 * checksum of what was kept, so that a file that was moved is the same job; the images that it learnt from
 * are leaks where this job is judged on them.
 *
 * Images go through it one by one, so that the bits of a row are a matter of its image. It is kept with the
 * job's model, as arrays "embedding.*": predicting needs no other file. */
#include "features/feature.h"
#include "models/kept_model.h"
#include "models/model.h"

#include "rng.h"
#include "samples/batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct setting settings[] = {
    {"embedding.model", SETTING_WORD, 0, 0, 0, "cnn", NULL,
     "network whose last hidden layer features embedding are"},
    {0},
};

static const struct section section = {.setting = settings, .size = CONFIG_WORD_SIZE};

struct from {
    char file[CONFIG_PATH_SIZE], filter[CONFIG_WORD_SIZE];
};

static const struct setting from_settings[] = {
    {"embedding.from", SETTING_PATH, offsetof(struct from, file), 0, 0, "none", NULL,
     "a results file: the network is one that a job of it kept, not trained anew; looked for as `data` is"},
    {"embedding.filter", SETTING_WORD, offsetof(struct from, filter), 0, 0, "none", NULL,
     "which job of embedding.from, as --filter says it: strategy=none,seed=1, or key=..., which is shorter "
     "than many parts; none: it has but one"},
    {0},
};

static int is_given(const struct from *from)
{
    return strcmp(from->file, "none") != 0;
}

static int check_from(const void *values, struct err *err)
{
    const struct from *from = values;
    if (is_given(from) || strcmp(from->filter, "none") == 0)
        return 0;
    return err_set(err, E_USAGE,
                   "embedding.filter chooses a job of embedding.from: say which results file that is");
}

/* The checksum of what was kept in place of its path and the filter: what they are called does not matter. */
static void unify_from(void *values)
{
    struct from *from = values;
    const struct kept_model *kept;
    struct err ignored = {0};
    if (!is_given(from) || kept_model_find(from->file, from->filter, &kept, &ignored) < 0)
        return;
    memset(from, 0, sizeof *from);
    snprintf(from->file, sizeof from->file, "xxh3:%s", kept->checksum);
    snprintf(from->filter, sizeof from->filter, "none");
}

const struct section embedding_from_section = {
    .setting = from_settings, .size = sizeof(struct from), .check = check_from, .unify = unify_from};

int embedding_from_is_used(const struct config *config, const struct section *unused)
{
    (void)unused;
    return model_takes_features(config, &section) && feature_of(config) == &feature_embedding;
}

struct embedding {
    const struct model_kind *kind;
    void *net;
    struct config config; /* of a job of the network */
};

static const char *name_of(const struct config *config)
{
    return config_of(config, &section);
}

static const struct from *from_of(const struct config *config)
{
    return config_of(config, &embedding_from_section);
}

/* The network that a job takes over. */
static int find_kept(const struct config *config, const struct kept_model **out, struct err *err)
{
    return kept_model_find(from_of(config)->file, from_of(config)->filter, out, err);
}

static int trains(const struct config *config)
{
    return !is_given(from_of(config));
}

/* The config that its network's job would have. */
static struct config config_of_net(const struct config *config)
{
    struct config own = *config;
    memcpy(own.model, name_of(config), sizeof own.model);
    if (!trains(config))
        own.clusters.n = 2;
    return own;
}

static int check(const struct config *config, struct err *err)
{
    const struct model_kind *kind = model_find(name_of(config));
    const struct config own = config_of_net(config);
    char names[200] = "";
    if (kind && kind->teach && kind->embed)
        return kind->check ? kind->check(&own, err) : 0;
    for (int i = 0; (kind = model_kind(i)); i++)
        if (kind->teach && kind->embed)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
                     kind->name);
    return err_set(err, E_USAGE, "embedding.model: '%.60s' has no hidden layer; take one of %s",
                   name_of(config), names);
}

static int suits(const struct config *config, const struct dataset *data, struct err *err)
{
    const struct config own = config_of_net(config);
    const struct kept_model *kept = NULL;
    int rc = trains(config) ? 0 : find_kept(config, &kept, err);
    if (rc < 0 || !kept)
        return rc;
    if (kept->data_size != data->size)
        return err_set(
            err, E_USAGE,
            "embedding.from: %s: its images were packed at %d pixels, those of this sweep at %d, so that "
            "none can be recognised; pack them again with --size %d",
            from_of(config)->file, kept->data_size, data->size, kept->data_size);
    return kept_model_check(kept, &own, err);
}

/* The images that the network learnt from elsewhere. */
static int seen(const struct config *config, const struct dataset *data, struct samples *out, struct err *err)
{
    const struct kept_model *kept = NULL;
    int rc = trains(config) ? 0 : find_kept(config, &kept, err);
    for (int i = 0; kept && rc == 0 && i < data->n_images; i++)
        if (kept_model_saw(kept, data->image[i].print))
            rc = samples_add(out, (struct sample){.image = i, .variant = -1}, err);
    return rc;
}

static size_t floats(const struct config *config)
{
    const struct config own = config_of_net(config);
    return model_of(&own)->n_features(&own);
}

static void label(const struct config *config, size_t number, char out[FEATURE_NAME_SIZE])
{
    (void)config;
    snprintf(out, FEATURE_NAME_SIZE, "embedding%zu", number + 1);
}

static void identity(const struct config *config, char *out, size_t size)
{
    const struct config own = config_of_net(config);
    char text[MODEL_IDENTITY_SIZE];
    model_of(&own)->identity(&own, text);
    snprintf(out, size, "%s%s", text, trains(config) ? "" : " kept");
}

/* Of a core of 5 GFLOP/s. */
static double seconds(const struct config *config, double n_seen)
{
    const struct config own = config_of_net(config);
    return !trains(config) ? 0 : 2e-10 * model_of(&own)->work(&own, n_seen, 0);
}

static size_t room(const struct config *config)
{
    const struct config own = config_of_net(config);
    return model_of(&own)->room(&own, 1);
}

static size_t bytes(const struct config *config)
{
    const struct config own = config_of_net(config);
    return model_of(&own)->bytes(&own, 1);
}

static void close_embedding(void *self)
{
    struct embedding *e = self;
    if (e->net)
        e->kind->close(e->net);
    free(e);
}

static int open_embedding(const struct config *config, void **out, struct err *err)
{
    struct embedding *e = err_calloc(1, sizeof *e, "an embedding", err);
    char text[MODEL_IDENTITY_SIZE + 96];
    *out = NULL;
    if (!e)
        return E_IO;
    e->config = config_of_net(config);
    e->kind = model_of(&e->config);
    e->kind->identity(&e->config, text);
    size_t n = strlen(text);
    snprintf(text + n, sizeof text - n, " seed=%lld repeat=%lld", (long long)config->seed,
             (long long)config->repeat);
    const struct model_spec spec = {&e->config, NULL, rng_key("embedding weights", text, strlen(text))};
    int rc = e->kind->open(&spec, &e->net, err);
    if (rc == 0)
        *out = e;
    else
        close_embedding(e);
    return rc;
}

/* ---- training ---- */

static int teach_epoch(struct embedding *e, struct batches *batches, int epoch, uint64_t *step, float *probs,
                       struct pause *pause, struct err *err)
{
    const struct loss_rule loss = {0};
    struct batch batch;
    int rc = 0;
    for (int left = batches_start(batches, 0, epoch); left > 0 && rc == 0; left -= batch.n) {
        batches_next(batches, (*step)++, &batch);
        e->kind->teach(e->net, &e->config, &batch, &loss, probs);
        rc = pause_after(pause, PAUSE_WORK, err);
    }
    return rc;
}

static int teach(struct embedding *e, const struct feature_lesson *lesson, const struct job_samples *samples,
                 struct err *err)
{
    char key[128];
    uint64_t step = 0;
    struct batches batches = {0};
    size_t cells = (size_t)e->config.batch * (size_t)e->config.clusters.n;
    float *probs = err_calloc(cells, sizeof *probs, "a mini-batch", err);
    snprintf(key, sizeof key, "embedding %s", lesson->key);
    int rc = probs ? batches_new(&e->config, lesson->data, samples, key, &batches, err) : E_IO;
    for (int epoch = 0; rc == 0 && epoch < e->config.epochs; epoch++)
        rc = teach_epoch(e, &batches, epoch, &step, probs, lesson->pause, err);
    if (batches.room)
        batches_free(&batches);
    free(probs);
    return rc;
}

/* All training samples in one network, plainly but for the weights of classes. */
static int train(struct embedding *e, const struct feature_lesson *lesson, struct err *err)
{
    struct job_samples own = *lesson->samples;
    const struct recipe *recipe = &lesson->samples->recipe;
    size_t bytes_of_list = (size_t)own.train.n * sizeof *own.train.sample;
    own.train.sample = err_calloc((size_t)own.train.n, sizeof *own.train.sample, "training samples", err);
    if (!own.train.sample)
        return E_IO;
    memcpy(own.train.sample, lesson->samples->train.sample, bytes_of_list);
    for (int i = 0; i < own.train.n; i++)
        own.train.sample[i].members = 0;
    own.recipe = recipe_plain();
    memcpy(own.recipe.class_weight, recipe->class_weight, sizeof own.recipe.class_weight);
    int rc = teach(e, lesson, &own, err);
    free(own.train.sample);
    return rc;
}

/* ---- taking over ---- */

/* From a network's flat weights to our arrays of the same names, those of the last layer left out. */
static int copy_arrays(struct embedding *e, const struct arrays *theirs, const struct arrays *ours,
                       const struct kept_model *kept, struct err *err)
{
    size_t floats = 0, at = 0;
    float *last = e->kind->last_layer(e->net, &floats);
    for (int i = 0; i < ours->n && i < theirs->n; i++) {
        const struct array *from = &theirs->item[i], *to = &ours->item[i];
        const float *data = to->data;
        size_t n = array_bytes(from) / sizeof(float);
        if (array_bytes(to) == array_bytes(from) && at + n <= kept->n_weights)
            memcpy(to->data, kept->weights + at, array_bytes(to));
        else if (data < last || data >= last + floats)
            return err_set(err, E_USAGE,
                           "embedding.from: the kept network is of another form than this job's: %.60s",
                           to->name);
        at += n;
    }
    memset(last, 0, floats * sizeof *last);
    return 0;
}

static int take_over(struct embedding *e, const struct kept_model *kept, struct err *err)
{
    const struct model_spec spec = {&kept->config, NULL, 0};
    struct arrays theirs = {0}, ours = {0};
    void *net = NULL;
    int rc = e->kind->open(&spec, &net, err);
    if (rc < 0)
        return rc;
    e->kind->arrays(net, MODEL_KEPT, &theirs);
    e->kind->arrays(e->net, MODEL_KEPT, &ours);
    rc = arrays_check(&theirs, err);
    if (rc == 0)
        rc = arrays_check(&ours, err);
    if (rc == 0)
        rc = copy_arrays(e, &theirs, &ours, kept, err);
    arrays_free(&theirs);
    arrays_free(&ours);
    e->kind->close(net);
    return rc;
}

static int learn(void *self, const struct feature_lesson *lesson, struct err *err)
{
    struct embedding *e = self;
    const struct kept_model *kept;
    if (trains(lesson->config))
        return train(e, lesson, err);
    int rc = find_kept(lesson->config, &kept, err);
    if (rc == 0)
        rc = kept_model_check(kept, &e->config, err);
    return rc < 0 ? rc : take_over(e, kept, err);
}

static void make(void *self, const float *image, float *row)
{
    struct embedding *e = self;
    e->kind->embed(e->net, &image, 1, row);
}

static void arrays(void *self, struct arrays *out)
{
    struct embedding *e = self;
    char before[sizeof out->prefix];
    memcpy(before, out->prefix, sizeof before);
    snprintf(out->prefix, sizeof out->prefix, "embedding.");
    e->kind->arrays(e->net, MODEL_KEPT, out);
    memcpy(out->prefix, before, sizeof before);
}

const struct feature_kind feature_embedding = {
    .name = "embedding",
    .help =
        "the last hidden layer of a network trained on the job's training images, or of one that was kept",
    .section = &section,
    .model = name_of,
    .trains = trains,
    .check = check,
    .suits = suits,
    .seen = seen,
    .floats = floats,
    .label = label,
    .identity = identity,
    .seconds = seconds,
    .room = room,
    .bytes = bytes,
    .open = open_embedding,
    .learn = learn,
    .make = make,
    .arrays = arrays,
    .close = close_embedding,
};
