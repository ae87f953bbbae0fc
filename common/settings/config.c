#include "settings/config.h"

#include "utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(f) offsetof(struct config, f)

const struct config_key config_keys[] = {
    {"clusters", CONFIG_CLUSTERS, FIELD(clusters), 0, 0, "all", NULL,
     "cluster numbers of a job, e.g. [8, 10]; the position is the class index; or all"},
    {"strategy", CONFIG_WORD, FIELD(strategy), 0, 0, "none", NULL,
     "rebalancing strategy, or a list of them applied in turn"},
    {"protocol", CONFIG_PROTOCOL, FIELD(protocol), 0, 0, "holdout", NULL,
     "which images a model sees and which judge it: report, tail, holdout, {kfold: {folds: 5, repeats: 1}}"},
    {"seed", CONFIG_INT, FIELD(seed), 0, 9e15, "1", NULL,
     "seed of split, initial weights and everything random"},
    {"validation", CONFIG_REAL, FIELD(validation), 0.01, 0.99, "0.2", NULL,
     "share of images that report, tail and holdout keep for validation"},
    {"model", CONFIG_WORD, FIELD(model), 0, 0, "cnn", NULL, "what is trained"},
    {"cnn.filters1", CONFIG_INT, FIELD(filters1), 1, 1024, "32", NULL, "filters of the first convolution"},
    {"cnn.filters2", CONFIG_INT, FIELD(filters2), 1, 1024, "64", NULL, "filters of the second convolution"},
    {"cnn.dense1", CONFIG_INT, FIELD(dense1), 1, 8192, "128", NULL, "units of the first dense layer"},
    {"cnn.dense2", CONFIG_INT, FIELD(dense2), 1, 8192, "64", NULL, "units of the second dense layer"},
    {"cnn.dropout1", CONFIG_REAL, FIELD(dropout1), 0, 0.99, "0.25", NULL,
     "dropout rate after the convolutions"},
    {"cnn.dropout2", CONFIG_REAL, FIELD(dropout2), 0, 0.99, "0.5", NULL,
     "dropout rate after the first dense layer"},
    {"cnn.dropout3", CONFIG_REAL, FIELD(dropout3), 0, 0.99, "0.5", NULL,
     "dropout rate after the second dense layer"},
    {"fake.milliseconds", CONFIG_REAL, FIELD(fake_milliseconds), 0, 1e6, "1", NULL,
     "what an epoch of model fake takes"},
    {"train.epochs", CONFIG_INT, FIELD(epochs), 1, 100000, "100", NULL, "passes over the training images"},
    {"train.batch", CONFIG_INT, FIELD(batch), 1, 4096, "32", NULL,
     "images of a mini-batch; the last one may be smaller"},
    {"train.optimizer", CONFIG_WORD, FIELD(optimizer), 0, 0, "adam", "adam", "optimizer"},
    {"train.learning_rate", CONFIG_REAL, FIELD(learning_rate), 1e-12, 1e12, "0.001", NULL,
     "step size of Adam"},
    {"train.beta1", CONFIG_REAL, FIELD(beta1), 0, 0.999999, "0.9", NULL, "decay of Adam's first moment"},
    {"train.beta2", CONFIG_REAL, FIELD(beta2), 0, 0.99999999, "0.999", NULL, "decay of Adam's second moment"},
    {"train.epsilon", CONFIG_REAL, FIELD(epsilon), 1e-30, 1, "1e-07", NULL, "Adam's epsilon"},
    {"undersample.replacement", CONFIG_BOOL, FIELD(undersample_replacement), 0, 1, "false", NULL,
     "draw the kept majority images with replacement"},
    {"augment.variants", CONFIG_INT, FIELD(augment_variants), 1, 1000, "16", NULL,
     "augmented versions made of every minority image"},
    {"augment.rotation", CONFIG_REAL, FIELD(augment_rotation), 0, 180, "40", NULL,
     "largest rotation, degrees"},
    {"augment.shift", CONFIG_REAL, FIELD(augment_shift), 0, 1, "0.2", NULL,
     "largest shift, share of the image size"},
    {"augment.shear", CONFIG_REAL, FIELD(augment_shear), 0, 80, "0.2", NULL, "largest shear angle, degrees"},
    {"augment.zoom_min", CONFIG_REAL, FIELD(augment_zoom_min), 0.05, 20, "0.8", NULL, "smallest zoom factor"},
    {"augment.zoom_max", CONFIG_REAL, FIELD(augment_zoom_max), 0.05, 20, "1.2", NULL, "largest zoom factor"},
    {"augment.flip", CONFIG_REAL, FIELD(augment_flip), 0, 1, "0.5", NULL, "probability of a horizontal flip"},
    {"balance.threshold", CONFIG_INT, FIELD(balance_threshold), 0, 1e9, "0", NULL,
     "a class with fewer images than this gets duplicates; 0: rule off"},
    {"balance.cap", CONFIG_INT, FIELD(balance_cap), 0, 1e9, "0", NULL,
     "up to this many images in all; 0: rule off"},
    {"image.size", CONFIG_INT, FIELD(image_size), 10, 512, "50", NULL,
     "width and height of the network's input, pixels"},
    /* ---- joined later: see config_canonical() ---- */
    {"smote.k", CONFIG_INT, FIELD(smote_k), 1, 1000, "5", NULL,
     "nearest neighbours an image is blended with one of"},
    {"borderline-smote.k", CONFIG_INT, FIELD(borderline_smote_k), 1, 1000, "5", NULL,
     "nearest neighbours of its class an image is blended with one of"},
    {"borderline-smote.m", CONFIG_INT, FIELD(borderline_smote_m), 1, 1000, "10", NULL,
     "nearest neighbours of any class that tell whether an image is on the border"},
    {"nearmiss.k", CONFIG_INT, FIELD(nearmiss_k), 1, 1000, "3", NULL,
     "nearest images of the smallest class whose mean distance counts"},
    {"class-balanced.beta", CONFIG_REAL, FIELD(class_balanced_beta), 0, 0.999999999, "0.999", NULL,
     "overlap of images of a class: 0 no weights, towards 1 inverse class sizes"},
    {"focal.gamma", CONFIG_REAL, FIELD(focal_gamma), 0, 20, "2", NULL,
     "focusing exponent; 0 is cross-entropy"},
    {"logit-adjust.tau", CONFIG_REAL, FIELD(logit_adjust_tau), 0, 20, "1", NULL,
     "strength of the adjustment"},
    {"logit-adjust.form", CONFIG_WORD, FIELD(logit_adjust_form), 0, 0, "loss", "loss|post-hoc",
     "loss: adjusted while training; post-hoc: a network trained without it is adjusted when it predicts"},
    {"mixup.alpha", CONFIG_REAL, FIELD(mixup_alpha), 0.001, 100, "0.2", NULL,
     "shares are drawn from Beta(alpha, alpha)"},
    {"easy-ensemble.members", CONFIG_INT, FIELD(easy_ensemble_members), 1, 64, "4", NULL,
     "networks, each with a subset of its own; cost grows with them"},
    {"class_sizes", CONFIG_SIZES, FIELD(class_sizes), 0, 0, "all", NULL,
     "originals to draw of each class before anything else, e.g. [900, 90]; the rest stays an untouched test "
     "set; or all"},
    {"groups", CONFIG_WORD, FIELD(groups), 0, 0, "none", NULL,
     "column of clusters.csv, e.g. slide or animal: holdout and kfold have no value of it on both sides; or "
     "none"},
    {NULL, CONFIG_INT, 0, 0, 0, NULL, NULL, NULL},
};

static const char *const protocol_names[] = {"report", "tail", "holdout", "kfold"};

const char *config_protocol_name(enum protocol kind)
{
    return protocol_names[kind];
}

const struct config_key *config_find(const char *name)
{
    for (const struct config_key *key = config_keys; key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

const char *config_groups(const struct config *config)
{
    return strcmp(config->groups, "none") == 0 ? NULL : config->groups;
}

int config_distance(const char *a, const char *b)
{
    int row[CONFIG_WORD_SIZE];
    int n = (int)strnlen(b, sizeof row / sizeof *row - 1);
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; a[i - 1] && i < CONFIG_WORD_SIZE; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < shorter ? change : shorter;
        }
    }
    return row[n];
}

const char *config_nearest(const char *name)
{
    const char *best = NULL;
    int best_distance = 4;
    for (const struct config_key *key = config_keys; key->name; key++) {
        const char *dot = strrchr(key->name, '.');
        int whole = config_distance(name, key->name);
        int last = dot ? config_distance(name, dot + 1) : whole;
        int distance = whole < last ? whole : last;
        if (distance < best_distance) {
            best_distance = distance;
            best = key->name;
        }
    }
    return best;
}

struct config config_defaults(void)
{
    struct config config;
    memset(&config, 0,
           sizeof config); /* padding too: configs are compared and hashed by text, copied by bytes */
    for (const struct config_key *key = config_keys; key->name; key++)
        config_set(&config, key->name, key->fallback, NULL);
    return config;
}

static int bad_value(const struct config_key *key, const char *text, const char *right, struct err *err)
{
    return err_set(err, E_USAGE, "%s: '%.80s' is not %s", key->name, text, right);
}

static int out_of_range(const struct config_key *key, const char *text, struct err *err)
{
    return err_set(err, E_USAGE, "%s: %.40s is out of range, allowed is %g to %g", key->name, text, key->min,
                   key->max);
}

static int set_int(int64_t *out, const struct config_key *key, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end)
        return bad_value(key, text, "a whole number", err);
    if (errno || (double)value < key->min || (double)value > key->max)
        return out_of_range(key, text, err);
    *out = value;
    return 0;
}

static int set_real(double *out, const struct config_key *key, const char *text, struct err *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return bad_value(key, text, "a number", err);
    if (value < key->min || value > key->max)
        return out_of_range(key, text, err);
    *out = value;
    return 0;
}

static int set_bool(int *out, const struct config_key *key, const char *text, struct err *err)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return bad_value(key, text, "true or false", err);
    *out = text[0] == 't';
    return 0;
}

/* Whether `word` is one of "a|b|c". */
static int is_choice(const char *choices, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = choices; p; p = strchr(p, '|'), p = p ? p + 1 : NULL)
        if (n && strncmp(p, word, n) == 0 && (p[n] == '|' || p[n] == '\0'))
            return 1;
    return 0;
}

static int set_word(char *out, const struct config_key *key, const char *text, struct err *err)
{
    if (key->choices && !is_choice(key->choices, text))
        return err_set(err, E_USAGE, "%s: '%.80s' is not one of %s", key->name, text, key->choices);
    if (!*text || strlen(text) >= CONFIG_WORD_SIZE)
        return bad_value(key, text, "a word of 1 to 63 characters", err);
    if (!utf8_is_harmless(text))
        return bad_value(key, text, "a word of UTF-8 without control characters and backquotes", err);
    memset(out, 0, CONFIG_WORD_SIZE); /* the tail too: configs are compared by bytes */
    snprintf(out, CONFIG_WORD_SIZE, "%s", text);
    return 0;
}

static int has_cluster(const struct config_clusters *clusters, long number)
{
    for (int i = 0; i < clusters->n; i++)
        if (clusters->number[i] == number)
            return 1;
    return 0;
}

static int set_clusters(struct config_clusters *out, const struct config_key *key, const char *text,
                        struct err *err)
{
    struct config_clusters clusters;
    memset(&clusters, 0, sizeof clusters);
    const char *p = text;
    while (strcmp(text, "all") != 0) {
        char *end;
        long number = strtol(p, &end, 10);
        if (end == p || number < 0 || number > INT16_MAX || (*end && *end != '-'))
            return bad_value(key, text, "all, or cluster numbers joined by '-' such as 8-10", err);
        if (has_cluster(&clusters, number))
            return err_set(err, E_USAGE, "%s: cluster %ld stands twice in %.80s", key->name, number, text);
        if (clusters.n == CONFIG_MAX_CLUSTERS)
            return err_set(err, E_USAGE, "%s: more than %d clusters", key->name, CONFIG_MAX_CLUSTERS);
        clusters.number[clusters.n++] = (int16_t)number;
        if (!*end)
            break;
        p = end + 1;
    }
    if (clusters.n == 1)
        return err_set(err, E_USAGE, "%s: %.80s is one cluster; a job needs two or more", key->name, text);
    *out = clusters;
    return 0;
}

static int set_sizes(struct config_sizes *out, const struct config_key *key, const char *text,
                     struct err *err)
{
    struct config_sizes sizes;
    memset(&sizes, 0, sizeof sizes);
    const char *p = text;
    while (strcmp(text, "all") != 0) {
        char *end;
        long size = strtol(p, &end, 10);
        if (end == p || size < 1 || size > INT32_MAX || (*end && *end != '-') ||
            sizes.n == CONFIG_MAX_CLUSTERS)
            return bad_value(key, text,
                             "all, or the number of images of each class joined by '-' such as 900-90", err);
        sizes.size[sizes.n++] = (int32_t)size;
        if (!*end)
            break;
        p = end + 1;
    }
    *out = sizes;
    return 0;
}

static int set_protocol(struct config_protocol *out, const struct config_key *key, const char *text,
                        struct err *err)
{
    for (int kind = PROTOCOL_REPORT; kind < PROTOCOL_KFOLD; kind++)
        if (strcmp(text, protocol_names[kind]) == 0) {
            *out = (struct config_protocol){(enum protocol)kind, 1, 1};
            return 0;
        }
    int folds = 5, repeats = 1, used = 0;
    int n = sscanf(text, "kfold:%d%nx%d%n", &folds, &used, &repeats, &used);
    if (strcmp(text, "kfold") != 0 && (n < 1 || text[used]))
        return bad_value(key, text, "report, tail, holdout or {kfold: {folds: 5, repeats: 1}}", err);
    if (folds < 2 || folds > 1000 || repeats < 1 || repeats > 1000)
        return err_set(err, E_USAGE, "%s: kfold takes 2 to 1000 folds and 1 to 1000 repeats, not %d x %d",
                       key->name, folds, repeats);
    *out = (struct config_protocol){PROTOCOL_KFOLD, folds, repeats};
    return 0;
}

int config_set(struct config *config, const char *name, const char *text, struct err *err)
{
    const struct config_key *key = config_find(name);
    if (!key) {
        const char *near = config_nearest(name);
        return err_set(err, E_USAGE, "unknown key '%.60s'%s%s%s", name, near ? "; did you mean '" : "",
                       near ? near : "", near ? "'?" : "; `cellsweep plan --keys` lists them");
    }
    void *field = (char *)config + key->offset;
    switch (key->type) {
    case CONFIG_INT:
        return set_int(field, key, text, err);
    case CONFIG_REAL:
        return set_real(field, key, text, err);
    case CONFIG_BOOL:
        return set_bool(field, key, text, err);
    case CONFIG_WORD:
        return set_word(field, key, text, err);
    case CONFIG_CLUSTERS:
        return set_clusters(field, key, text, err);
    case CONFIG_SIZES:
        return set_sizes(field, key, text, err);
    case CONFIG_PROTOCOL:
        return set_protocol(field, key, text, err);
    }
    return 0;
}

static void get_clusters(const struct config_clusters *clusters, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "all");
    for (int i = 0; i < clusters->n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "-" : "", clusters->number[i]);
}

static void get_sizes(const struct config_sizes *sizes, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "all");
    for (int i = 0; i < sizes->n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "-" : "", (int)sizes->size[i]);
}

/* The fewest digits that read back as the same double, as printf("%g") writes them: 20 is 2e+01. This text is
 * hashed into job keys, so it stays as it always was. */
static void key_real(double value, char *out, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        double back = strtod(out, NULL);
        if (back >= value && back <= value)
            return;
    }
}

void config_real_text(double value, char *out, size_t size)
{
    key_real(value, out, size);
    if (strchr(out, 'e') && fabs(value) >= 1 && fabs(value) < 1e15) /* its digits end before the point */
        snprintf(out, size, "%.0f", value);
}

void config_get(const struct config *config, const struct config_key *key, char *out, size_t size)
{
    const void *field = (const char *)config + key->offset;
    const struct config_protocol *protocol = field;
    switch (key->type) {
    case CONFIG_INT:
        snprintf(out, size, "%lld", (long long)*(const int64_t *)field);
        break;
    case CONFIG_REAL:
        config_real_text(*(const double *)field, out, size);
        break;
    case CONFIG_BOOL:
        snprintf(out, size, "%s", *(const int *)field ? "true" : "false");
        break;
    case CONFIG_WORD:
        snprintf(out, size, "%s", (const char *)field);
        break;
    case CONFIG_CLUSTERS:
        get_clusters(field, out, size);
        break;
    case CONFIG_SIZES:
        get_sizes(field, out, size);
        break;
    case CONFIG_PROTOCOL:
        if (protocol->kind == PROTOCOL_KFOLD)
            snprintf(out, size, "kfold:%dx%d", protocol->folds, protocol->repeats);
        else
            snprintf(out, size, "%s", protocol_names[protocol->kind]);
        break;
    }
}

size_t config_canonical(const struct config *config, char *out, size_t size)
{
    size_t used = 0;
    int joined_later = 0; /* since job keys were first made; a key's place in the table says so */
    for (const struct config_key *key = config_keys; key->name; key++) {
        char value[CONFIG_MAX_CLUSTERS * 6];
        if (key->type == CONFIG_REAL)
            key_real(*(const double *)(const void *)((const char *)config + key->offset), value,
                     sizeof value);
        else
            config_get(config, key, value, sizeof value);
        joined_later |= strcmp(key->name, "smote.k") == 0;
        if (joined_later && strcmp(value, key->fallback) == 0)
            continue;
        used += (size_t)snprintf(used < size ? out + used : NULL, used < size ? size - used : 0, "%s=%s\n",
                                 key->name, value);
    }
    used += (size_t)snprintf(used < size ? out + used : NULL, used < size ? size - used : 0,
                             "fold=%lld\nrepeat=%lld\n", (long long)config->fold, (long long)config->repeat);
    return used;
}
