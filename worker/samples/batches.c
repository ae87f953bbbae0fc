#include "samples/batches.h"

#include "samples/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct smoothing {
    double label_smoothing;
};

static const struct setting smoothing_rows[] = {
    {"train.label_smoothing", SETTING_REAL, offsetof(struct smoothing, label_smoothing), 0, 0.99, "0", NULL,
     "share of a label that is spread over all classes"},
    {0},
};

const struct section smoothing_section = {.setting = smoothing_rows, .size = sizeof(struct smoothing)};

struct augmentation {
    char augment[CONFIG_WORD_SIZE];
};

static const struct setting augmentation_rows[] = {
    {"train.augment", SETTING_WORD, offsetof(struct augmentation, augment), 0, 0, "none", "none|all",
     "all: every training image is warped anew each epoch, by the augment.* ranges"},
    {0},
};

const struct section batches_section = {.setting = augmentation_rows, .size = sizeof(struct augmentation)};

double batches_label_smoothing(const struct config *config)
{
    const struct smoothing *s = config_of(config, &smoothing_section);
    return s->label_smoothing;
}

int batches_augment_all(const struct config *config)
{
    const struct augmentation *a = config_of(config, &batches_section);
    return strcmp(a->augment, "all") == 0;
}

struct batches_room {
    const struct config *config;
    const struct dataset *data;
    const struct job_samples *samples;
    int n_classes, batch, pixels;
    uint64_t shuffle_key, balance_key, mixup_key, dropout_key, augment_key;
    float smoothing[CONFIG_MAX_CLUSTERS]; /* as in the recipe */
    int number, takes_turns; /* of the network; 1: a sample may be there more than once an epoch */
    int epoch, n, next;      /* the epoch; samples of it; the first that no batch has had */
    int *order, *member; /* (n_train) samples of this epoch; all samples of the network, class after class */
    const float **image; /* (batch) */
    float *target;       /* (batch, n_classes) */
    float *weight;       /* (batch) */
    float *mixed;        /* (batch, pixels) */
    float *warped;       /* (batch, pixels), or NULL: images are as they are */
    const float **fresh; /* (batch) images before they are mixed */
    int *partner;        /* (batch) */
};

static uint64_t key_of(const char *purpose, const char *key)
{
    return rng_key(purpose, key, strlen(key));
}

static int allocate(struct batches *out, struct err *err)
{
    struct batches_room *r = out->room;
    size_t n = (size_t)r->samples->train.n, batch = (size_t)r->batch;
    size_t floats = batch * (size_t)r->pixels, mixed = r->samples->recipe.mixup_alpha > 0 ? floats : 0;
    int warps = batches_augment_all(r->config);
    r->order = err_calloc(n, sizeof *r->order, "the order of training images", err);
    r->member = err_calloc(n, sizeof *r->member, "the order of training images", err);
    r->image = err_calloc(batch, sizeof *r->image, "a mini-batch", err);
    r->target = err_calloc(batch * (size_t)r->n_classes, sizeof *r->target, "a mini-batch", err);
    r->weight = err_calloc(batch, sizeof *r->weight, "a mini-batch", err);
    r->mixed = err_calloc(mixed, sizeof *r->mixed, "a mini-batch", err);
    r->warped = warps ? err_calloc(floats, sizeof *r->warped, "a mini-batch", err) : NULL;
    r->fresh = err_calloc(batch, sizeof *r->fresh, "a mini-batch", err);
    r->partner = err_calloc(batch, sizeof *r->partner, "a mini-batch", err);
    out->label = err_calloc(batch, sizeof *out->label, "a mini-batch", err);
    return r->order && r->member && r->image && r->target && r->weight && r->mixed && r->fresh &&
                   r->partner && out->label && (r->warped || !warps)
               ? 0
               : E_IO;
}

/* Of the strategy, or of all classes as a setting has it: a share s over all of them is (C - 1) / C s for the
 * others. */
static void set_smoothing(struct batches_room *r)
{
    double s = batches_label_smoothing(r->config) * (r->n_classes - 1) / r->n_classes;
    for (int c = 0; c < r->n_classes; c++)
        r->smoothing[c] = s > 0 ? (float)s : r->samples->recipe.smoothing[c];
}

int batches_new(const struct config *config, const struct dataset *data, const struct job_samples *samples,
                const char *key, struct batches *out, struct err *err)
{
    *out = (struct batches){.room = err_calloc(1, sizeof *out->room, "mini-batches", err)};
    if (!out->room)
        return E_IO;
    *out->room = (struct batches_room){.config = config,
                                       .data = data,
                                       .samples = samples,
                                       .n_classes = config->clusters.n,
                                       .batch = (int)config->batch,
                                       .pixels = (int)dataset_floats(data),
                                       .shuffle_key = key_of("shuffle", key),
                                       .balance_key = key_of("balanced-batch", key),
                                       .mixup_key = key_of("mixup", key),
                                       .dropout_key = key_of("dropout", key),
                                       .augment_key = key_of("augment all", key)};
    set_smoothing(out->room);
    int rc = allocate(out, err);
    if (rc < 0)
        batches_free(out);
    return rc;
}

void batches_free(struct batches *batches)
{
    struct batches_room *r = batches->room;
    if (r) {
        free(r->order);
        free(r->member);
        free(r->image);
        free(r->target);
        free(r->weight);
        free(r->mixed);
        free(r->warped);
        free(r->fresh);
        free(r->partner);
    }
    free(r);
    free(batches->label);
    *batches = (struct batches){0};
}

/* ---- which samples ---- */

static int list_member(struct batches_room *r, int member)
{
    int n = 0;
    for (int i = 0; i < r->samples->train.n; i++)
        if (sample_is_of(&r->samples->train.sample[i], member))
            r->order[n++] = i;
    return n;
}

/* r->member = the n samples in r->order class after class; begin[c] to begin[c + 1] are those of class c. */
static void sort_by_class(struct batches_room *r, int n, int begin[CONFIG_MAX_CLUSTERS + 1])
{
    int next[CONFIG_MAX_CLUSTERS + 1] = {0};
    for (int i = 0; i < n; i++)
        next[r->samples->train.sample[r->order[i]].label + 1]++;
    for (int c = 0; c < r->n_classes; c++)
        next[c + 1] += next[c];
    memcpy(begin, next, ((size_t)r->n_classes + 1) * sizeof *begin);
    for (int i = 0; i < n; i++)
        r->member[next[r->samples->train.sample[r->order[i]].label]++] = r->order[i];
}

/* Classes without a sample have no turn. */
static void draw_balanced(struct batches_room *r, struct rng *rng, int n)
{
    int begin[CONFIG_MAX_CLUSTERS + 1];
    sort_by_class(r, n, begin);
    for (int i = 0, c = 0; i < n; i++, c = (c + 1) % r->n_classes) {
        while (begin[c + 1] == begin[c])
            c = (c + 1) % r->n_classes;
        r->order[i] = r->member[begin[c] + (int)rng_below(rng, (uint32_t)(begin[c + 1] - begin[c]))];
    }
}

int batches_start(struct batches *batches, int member, int epoch)
{
    struct batches_room *r = batches->room;
    uint64_t substream = (uint64_t)member << 32 | (uint32_t)epoch;
    int balanced = r->samples->recipe.balanced_batches || epoch >= r->samples->recipe.retrain_from;
    struct rng rng = rng_start(balanced ? r->balance_key : r->shuffle_key, substream);
    r->epoch = epoch;
    r->number = member;
    r->takes_turns = balanced;
    r->n = list_member(r, member);
    r->next = 0;
    if (balanced)
        draw_balanced(r, &rng, r->n);
    else
        rng_shuffle(&rng, r->order, r->n);
    return r->n;
}

/* ---- images ---- */

/* The warp of the sample at a place of the epoch. */
static struct augment_warp warp_of(const struct batches_room *r, const struct sample *sample, int place)
{
    const struct {
        uint64_t key;
        int32_t image, copy, member, epoch, turn, nothing;
    } which = {
        r->augment_key, sample->image, sample->copy, r->number, r->epoch, r->takes_turns ? place : 0, 0};
    struct rng rng = rng_start(rng_key("augment all", &which, sizeof which), 0);
    return augment_draw(r->config, r->data->size, &rng);
}

/* A variant is a warp itself: another one of the original takes its place. */
static void warp_place(struct batches_room *r, const struct sample *sample, int place, int i)
{
    const struct augment_warp warp = warp_of(r, sample, place);
    const float *in = sample->variant >= 0 ? dataset_pixels(r->data, sample->image) : sample->pixels;
    float *out = r->warped + (size_t)i * (size_t)r->pixels;
    augment_apply(out, in, r->data->size, r->data->channels, &warp);
    r->fresh[i] = out;
}

/* r->fresh = what is seen of the next n samples. */
static void look_at(struct batches_room *r, int n)
{
    for (int i = 0; i < n; i++) {
        const struct sample *sample = &r->samples->train.sample[r->order[r->next + i]];
        r->fresh[i] = sample->pixels;
        if (r->warped)
            warp_place(r, sample, r->next + i, i);
    }
}

/* ---- mixing ---- */

/* Logarithm of a Gamma(alpha, 1) variate. Below 1: Gamma(alpha) = Gamma(alpha + 1) * U^(1 / alpha). */
static double log_gamma_variate(struct rng *rng, double alpha)
{
    double boost = 0;
    if (alpha < 1) {
        boost = log(1 - rng_uniform(rng)) / alpha;
        alpha += 1;
    }
    const double d = alpha - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(rng), v = 1 + c * x;
        v = v * v * v;
        if (v > 0 && log(1 - rng_uniform(rng)) < 0.5 * x * x + d - d * v + d * log(v))
            return log(d * v) + boost;
    }
}

double batches_beta(struct rng *rng, double alpha)
{
    double a = log_gamma_variate(rng, alpha), b = log_gamma_variate(rng, alpha);
    return 1 / (1 + exp(b - a));
}

static void blend_images(float *out, const float *x, const float *y, double lambda, int pixels)
{
    for (int i = 0; i < pixels; i++)
        out[i] = (float)(lambda * (double)x[i] + (1 - lambda) * (double)y[i]);
}

/* Add a share of the target of a class: one-hot, or smoothed as the recipe says. */
static void add_target(const struct batches_room *r, float *target, int label, double share)
{
    double smoothing = (double)r->smoothing[label], other = smoothing / (r->n_classes - 1);
    for (int c = 0; smoothing > 0 && c < r->n_classes; c++)
        target[c] += c == label ? 0 : (float)(share * other);
    target[label] += (float)(share * (1 - smoothing));
}

/* Blend place i of the batch; weights and labels of the places are still those of the samples. */
static void mix_place(struct batches_room *r, const struct sample *x, const struct sample *y, double lambda,
                      int i)
{
    const struct recipe *recipe = &r->samples->recipe;
    float *target = r->target + i * r->n_classes, *pixels = r->mixed + (size_t)i * (size_t)r->pixels;
    double a = lambda * (double)recipe_weight(recipe, x->label, r->epoch),
           b = (1 - lambda) * (double)recipe_weight(recipe, y->label, r->epoch);
    blend_images(pixels, r->fresh[i], r->fresh[r->partner[i]], lambda, r->pixels);
    memset(target, 0, (size_t)r->n_classes * sizeof *target);
    add_target(r, target, x->label, a / (a + b));
    add_target(r, target, y->label, b / (a + b));
    r->weight[i] = (float)(a + b);
    r->image[i] = pixels;
}

static void mix(struct batches *batches, const int *order, int n, uint64_t step)
{
    struct batches_room *r = batches->room;
    const struct sample *sample = r->samples->train.sample;
    struct rng rng = rng_start(r->mixup_key, step);
    double lambda = batches_beta(&rng, r->samples->recipe.mixup_alpha);
    for (int i = 0; i < n; i++)
        r->partner[i] = i;
    rng_shuffle(&rng, r->partner, n);
    for (int i = 0; i < n; i++) {
        const struct sample *x = &sample[order[i]], *y = &sample[order[r->partner[i]]];
        mix_place(r, x, y, lambda, i);
        batches->label[i] = lambda >= 0.5 ? x->label : y->label;
    }
}

/* ---- mini-batches ---- */

static void assemble(struct batches *batches, const int *order, int n)
{
    struct batches_room *r = batches->room;
    memset(r->target, 0, (size_t)n * (size_t)r->n_classes * sizeof *r->target);
    for (int i = 0; i < n; i++) {
        const struct sample *sample = &r->samples->train.sample[order[i]];
        r->image[i] = r->fresh[i];
        r->weight[i] = recipe_weight(&r->samples->recipe, sample->label, r->epoch);
        add_target(r, r->target + i * r->n_classes, sample->label, 1);
        batches->label[i] = sample->label;
    }
}

int batches_next(struct batches *batches, uint64_t step, struct batch *out)
{
    struct batches_room *r = batches->room;
    int n = r->n - r->next < r->batch ? r->n - r->next : r->batch;
    const int *order = r->order + r->next;
    look_at(r, n);
    if (r->samples->recipe.mixup_alpha > 0)
        mix(batches, order, n, step);
    else
        assemble(batches, order, n);
    int per_epoch = (r->n + r->batch - 1) / r->batch;
    *out = (struct batch){.n = n,
                          .per_epoch = per_epoch,
                          .step = (int64_t)r->epoch * per_epoch + r->next / r->batch,
                          .image = r->image,
                          .target = r->target,
                          .weight = r->weight,
                          .last_only = r->epoch >= r->samples->recipe.retrain_from,
                          .dropout_key = r->dropout_key,
                          .dropout_step = step};
    r->next += n;
    return n;
}
