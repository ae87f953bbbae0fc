#include "settings/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const tune_choices[] = {"balanced_accuracy", "loss", "accuracy", "auroc", NULL};

static const char *const scale_names[N_TUNE_SCALES] = {"log", "linear", "int", NULL};

/* What reading needs everywhere. */
struct reading {
    const char *path;
    const struct config *base;
    struct tune *tune;
    struct err *err;
};

/* A value that a job may get, as config_get() writes it; the settings' own line about one that it may not. */
static int check_value(const struct reading *r, const struct tree *node, const struct setting *key,
                       const char *text, char out[CONFIG_WORD_SIZE])
{
    struct config config = *r->base;
    char canonical[SETTING_TEXT_SIZE];
    struct err why = {0};
    if (config_set(&config, key->name, text, &why) < 0)
        return tree_fail(node, r->path, r->err, "tune: %s", why.text);
    config_get(&config, key, canonical, sizeof canonical);
    if (strlen(canonical) >= CONFIG_WORD_SIZE)
        return tree_fail(node, r->path, r->err, "tune: %s: '%.60s...' is too long", key->name, canonical);
    memcpy(out, canonical, strlen(canonical) + 1);
    return 0;
}

/* Its text, or that of its numbers, joined as config_get() does it; -1: neither, or too long. */
static int choice_text(const struct setting *key, const struct tree *item, char out[CONFIG_WORD_SIZE])
{
    const int is_list = item->kind == TREE_LIST && (key->type == SETTING_INTS || key->type == SETTING_REALS);
    size_t used = 0;
    if (item->kind != TREE_TEXT && !is_list)
        return -1;
    snprintf(out, CONFIG_WORD_SIZE, "%s", is_list ? "none" : item->text);
    for (const struct tree *number = is_list ? item->child : NULL; number; number = number->next) {
        if (number->kind != TREE_TEXT || used + strlen(number->text) + 2 > CONFIG_WORD_SIZE)
            return -1;
        used += (size_t)snprintf(out + used, CONFIG_WORD_SIZE - used, "%s%s", used ? "-" : "", number->text);
    }
    return strlen(is_list ? "" : item->text) < CONFIG_WORD_SIZE ? 0 : -1;
}

static int read_list(const struct reading *r, const struct tree *list, struct tune_range *range)
{
    range->scale = TUNE_LIST;
    for (const struct tree *item = list->child; item; item = item->next) {
        char text[CONFIG_WORD_SIZE];
        if (range->n == TUNE_MAX_CHOICES || choice_text(range->key, item, text) < 0)
            return tree_fail(item, r->path, r->err, "tune: %s: expected a list of at most %d values",
                             range->key->name, TUNE_MAX_CHOICES);
        int rc = check_value(r, item, range->key, text, range->choice[range->n]);
        if (rc < 0)
            return rc;
        for (int i = 0; i < range->n; i++)
            if (strcmp(range->choice[i], range->choice[range->n]) == 0)
                return tree_fail(item, r->path, r->err, "tune: %s: %s stands twice", range->key->name,
                                 range->choice[i]);
        range->n++;
    }
    return range->n > 1
               ? 0
               : tree_fail(list, r->path, r->err, "tune: %s: expected at least two values", range->key->name);
}

/* "name(low, high)": 1 when it is one, with its parts. */
static int parse_call(const char *text, enum tune_scale *scale, double *low, double *high)
{
    for (int s = 0; s < TUNE_LIST; s++) {
        size_t n = strlen(scale_names[s]);
        char *end = NULL;
        if (strncmp(text, scale_names[s], n) != 0 || text[n] != '(')
            continue;
        *scale = (enum tune_scale)s;
        *low = strtod(text + n + 1, &end);
        if (*(end += strspn(end, " ")) != ',')
            return 0;
        *high = strtod(end + 1, &end);
        end += strspn(end, " ");
        return strcmp(end, ")") == 0;
    }
    return 0;
}

static int read_call(const struct reading *r, const struct tree *node, struct tune_range *range)
{
    const char *name = range->key->name;
    char text[CONFIG_WORD_SIZE];
    int is_int = range->key->type == SETTING_INT;
    if (node->kind != TREE_TEXT || !parse_call(node->text, &range->scale, &range->low, &range->high))
        return tree_fail(node, r->path, r->err,
                         "tune: %s: expected log(low, high), linear(low, high), int(low, high) or a list",
                         name);
    if ((!is_int && range->key->type != SETTING_REAL) || is_int != (range->scale == TUNE_INT))
        return tree_fail(node, r->path, r->err, "tune: %s: %s", name,
                         is_int ? "takes whole numbers: int(low, high) or a list"
                         : range->key->type == SETTING_REAL
                             ? "takes any number: log(low, high), linear(low, high) or a list"
                             : "takes no range of numbers: a list");
    if (!(range->low < range->high) || !isfinite(range->low) || !isfinite(range->high) ||
        (range->scale == TUNE_LOG && range->low <= 0))
        return tree_fail(node, r->path, r->err, "tune: %s: %s: the lower end comes first%s", name, node->text,
                         range->scale == TUNE_LOG ? ", and is above 0" : "");
    for (int i = 0; i < 2; i++) {
        setting_real_text(i ? range->high : range->low, text, sizeof text);
        int rc = check_value(r, node, range->key, text, text);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* What says which images a job is about, how they are divided and what it is called: nothing to tune. */
static int is_tunable(const char *key)
{
    static const char *const fixed[] = {"clusters",    "class_sizes",
                                        "strategy",    "protocol",
                                        "seed",        "validation",
                                        "groups",      "inner",
                                        "label_noise", "model",
                                        "image.size",  "train.epochs",
                                        "judge",       "allow_choice_on_test"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(key, fixed[i]) == 0)
            return 0;
    return 1;
}

static int read_range(const struct reading *r, const char *name, const struct tree *node)
{
    const struct setting *key = config_find(r->base->schema, name);
    struct err why = {0};
    if (!key) {
        config_unknown(r->base->schema, name, &why);
        return tree_fail(node, r->path, r->err, "tune: %s", why.text);
    }
    if (!is_tunable(name))
        return tree_fail(node, r->path, r->err,
                         "tune: %s is no setting of the training, so it cannot be tuned", name);
    if (r->tune->n_keys == TUNE_MAX_KEYS)
        return tree_fail(node, r->path, r->err, "tune: over: at most %d settings", TUNE_MAX_KEYS);
    struct tune_range *range = &r->tune->range[r->tune->n_keys++];
    range->key = key;
    return node->kind == TREE_LIST ? read_list(r, node, range) : read_call(r, node, range);
}

/* Dotted names, or maps inside maps. */
static int read_over(const struct reading *r, const struct tree *map, const char *prefix)
{
    if (map->kind != TREE_MAP || !map->child)
        return tree_fail(map, r->path, r->err,
                         "tune: over: expected settings with what they are tuned over, e.g. "
                         "{train.learning_rate: log(1e-4, 1e-2)}");
    for (const struct tree *node = map->child; node; node = node->next) {
        char name[128];
        snprintf(name, sizeof name, "%.60s%s%.60s", prefix, *prefix ? "." : "", node->name);
        int rc = node->kind == TREE_MAP ? read_over(r, node, name) : read_range(r, name, node);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_whole(const struct reading *r, const struct tree *node, int low, int high, int *out)
{
    char *end = NULL;
    long value = node->kind == TREE_TEXT ? strtol(node->text, &end, 10) : 0;
    if (!end || *end || end == node->text || value < low || value > high)
        return tree_fail(node, r->path, r->err, "tune: %s: expected a number from %d to %d",
                         node->name ? node->name : "rungs", low, high);
    *out = (int)value;
    return 0;
}

static int read_choose(const struct reading *r, const struct tree *node)
{
    for (const char *const *word = tune_choices; node->kind == TREE_TEXT && *word; word++)
        if (strcmp(node->text, *word) == 0) {
            snprintf(r->tune->choose, sizeof r->tune->choose, "%s", *word);
            return 0;
        }
    return tree_fail(node, r->path, r->err,
                     "tune: choose: expected balanced_accuracy, auroc, accuracy or loss (of the val set)");
}

static int read_rungs(const struct reading *r, const struct tree *list)
{
    struct tune *tune = r->tune;
    tune->n_rungs = 0;
    if (list->kind != TREE_LIST)
        return tree_fail(list, r->path, r->err,
                         "tune: rungs: expected a list of epochs, e.g. [10, 30]; []: none");
    for (const struct tree *item = list->child; item; item = item->next) {
        if (tune->n_rungs == TUNE_MAX_RUNGS - 1)
            return tree_fail(item, r->path, r->err, "tune: rungs: at most %d", TUNE_MAX_RUNGS - 1);
        int rc = read_whole(r, item, 1, 1000000, &tune->rung[tune->n_rungs]);
        if (rc < 0)
            return rc;
        if (tune->n_rungs && tune->rung[tune->n_rungs] <= tune->rung[tune->n_rungs - 1])
            return tree_fail(item, r->path, r->err, "tune: rungs: expected rising numbers of epochs");
        tune->n_rungs++;
    }
    return 0;
}

/* "1/3", a share below 1. */
static int read_keep(const struct reading *r, const struct tree *node)
{
    int *keep = r->tune->keep, end = 0;
    if (node->kind == TREE_TEXT && sscanf(node->text, "%d/%d%n", &keep[0], &keep[1], &end) == 2 &&
        !node->text[end] && keep[0] > 0 && keep[0] < keep[1] && keep[1] <= 1000)
        return 0;
    return tree_fail(node, r->path, r->err,
                     "tune: keep: expected the share of trials that goes on, e.g. 1/3");
}

static int read_entry(const struct reading *r, const struct tree *entry)
{
    if (strcmp(entry->name, "over") == 0)
        return read_over(r, entry, "");
    if (strcmp(entry->name, "trials") == 0)
        return read_whole(r, entry, 2, TUNE_MAX_TRIALS, &r->tune->n_trials);
    if (strcmp(entry->name, "seeds") == 0)
        return read_whole(r, entry, 1, TUNE_MAX_SEEDS, &r->tune->n_seeds);
    if (strcmp(entry->name, "choose") == 0)
        return read_choose(r, entry);
    if (strcmp(entry->name, "rungs") == 0)
        return read_rungs(r, entry);
    if (strcmp(entry->name, "keep") == 0)
        return read_keep(r, entry);
    return tree_fail(entry, r->path, r->err,
                     "tune: takes over, trials, seeds, choose, rungs and keep, not '%.60s'", entry->name);
}

static int by_name(const void *a, const void *b)
{
    const struct tune_range *x = a, *y = b;
    return strcmp(x->key->name, y->key->name);
}

int tune_read(const struct tree *node, const struct config *base, const char *path, struct tune *out,
              struct err *err)
{
    const struct reading reading = {path, base, out, err};
    *out = (struct tune){.n_trials = 16, .n_seeds = 1, .choose = "balanced_accuracy", .keep = {1, 3}};
    if (node->kind != TREE_MAP || !tree_get(node, "over"))
        return tree_fail(node, path, err,
                         "tune: say over what, e.g. {over: {train.learning_rate: log(1e-4, 1e-2)}, "
                         "trials: 16}");
    for (const struct tree *entry = node->child; entry; entry = entry->next) {
        int rc = read_entry(&reading, entry);
        if (rc < 0)
            return rc;
    }
    if (out->n_rungs == 0 && tree_get(node, "keep") && out->keep[0] * 3 != out->keep[1])
        return tree_fail(node, path, err,
                         "tune: keep: there are no rungs after which a share of the trials would go on; give "
                         "rungs, or leave it out");
    qsort(out->range, (size_t)out->n_keys, sizeof *out->range, by_name);
    for (int k = 1; k < out->n_keys; k++)
        if (out->range[k].key == out->range[k - 1].key)
            return tree_fail(node, path, err, "tune: over: %s stands twice", out->range[k].key->name);
    return 0;
}

static void print_range(FILE *out, const struct tune_range *range)
{
    char low[32], high[32];
    if (range->scale == TUNE_LIST) {
        for (int i = 0; i < range->n; i++)
            fprintf(out, "%s\"%s\"", i ? ", " : "[", range->choice[i]);
        putc(']', out);
        return;
    }
    setting_real_text(range->low, low, sizeof low);
    setting_real_text(range->high, high, sizeof high);
    fprintf(out, "\"%s(%s, %s)\"", scale_names[range->scale], low, high);
}

void tune_print(FILE *out, const struct tune *tune)
{
    for (int k = 0; k < tune->n_keys; k++) {
        fprintf(out, "%s%s: ", k ? ", " : "{over: {", tune->range[k].key->name);
        print_range(out, &tune->range[k]);
    }
    fprintf(out, "}, trials: %d, seeds: %d, choose: %s, rungs: [", tune->n_trials, tune->n_seeds,
            tune->choose);
    for (int i = 0; i < tune->n_rungs; i++)
        fprintf(out, "%s%d", i ? ", " : "", tune->rung[i]);
    fprintf(out, "], keep: %d/%d}", tune->keep[0], tune->keep[1]);
}

/* Halton (1960): the digits of t behind the point, in the k-th prime. Digits are multiplied by about a golden
 * part of the prime, so that the first points of large primes do not rise together. */
double tune_point(int k, int t)
{
    static const int prime[TUNE_MAX_KEYS] = {2, 3, 5, 7, 11, 13, 17, 19};
    static const int factor[TUNE_MAX_KEYS] = {1, 2, 3, 4, 7, 8, 11, 12};
    double digit = 1, x = 0;
    for (; t > 0; t /= prime[k]) {
        digit /= prime[k];
        x += digit * (t % prime[k] * factor[k] % prime[k]);
    }
    return x;
}

/* Four digits, within the range all the same. */
static void print_digits(double value, const struct tune_range *range, char out[CONFIG_WORD_SIZE])
{
    snprintf(out, CONFIG_WORD_SIZE, "%.4g", value);
    value = strtod(out, NULL);
    setting_real_text(fmin(fmax(value, range->low), range->high), out, CONFIG_WORD_SIZE);
}

void tune_value(const struct tune *tune, int k, int trial, char out[CONFIG_WORD_SIZE])
{
    const struct tune_range *range = &tune->range[k];
    double x = tune_point(k, trial);
    if (range->scale == TUNE_LIST)
        snprintf(out, CONFIG_WORD_SIZE, "%s", range->choice[(int)(x * range->n)]);
    else if (range->scale == TUNE_INT)
        snprintf(out, CONFIG_WORD_SIZE, "%.0f", range->low + floor(x * (range->high - range->low + 1)));
    else if (range->scale == TUNE_LINEAR)
        print_digits(range->low + x * (range->high - range->low), range, out);
    else
        print_digits(range->low * pow(range->high / range->low, x), range, out);
}

/* Twice: one value may decide that the job reads another setting, too. */
void tune_apply(const struct tune *tune, int trial, struct config *config)
{
    char text[CONFIG_WORD_SIZE];
    for (int i = 0; trial > 0 && i < 2 * tune->n_keys; i++) {
        int k = i % tune->n_keys;
        if (!config_reads(config, tune->range[k].key))
            continue;
        tune_value(tune, k, trial, text);
        config_set(config, tune->range[k].key->name, text, NULL); /* tune_read() saw to its range */
    }
}

int tune_reads(const struct tune *tune, const struct config *config)
{
    int n = 0;
    for (int k = 0; k < tune->n_keys; k++)
        n += config_reads(config, tune->range[k].key);
    return n;
}

void tune_text(const struct tune *tune, const struct config *config, char *out, size_t size)
{
    char value[SETTING_TEXT_SIZE];
    size_t used = 0;
    *out = '\0';
    for (int k = 0; k < tune->n_keys; k++) {
        const struct setting *key = tune->range[k].key;
        if (!config_reads(config, key) || used + 1 >= size)
            continue;
        config_get(config, key, value, sizeof value);
        used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? ", " : "", key->name, value);
    }
}

int tune_limits(const struct tune *tune, int epochs, int by_epochs, int limit[TUNE_MAX_RUNGS])
{
    int n = 0;
    for (int i = 0; by_epochs && i < tune->n_rungs && tune->rung[i] < epochs; i++)
        limit[n++] = tune->rung[i];
    limit[n++] = epochs;
    return n;
}

int tune_epochs(const struct tune *tune, int n, int place, const int *limit, int n_limits)
{
    int r = 0;
    for (; r < n_limits - 1; r++) {
        int best = n * tune->keep[0] / tune->keep[1], on = (best > 1 ? best : 1) + 1;
        n = on < n ? on : n;
        if (place >= n)
            break;
    }
    return limit[r];
}
