#include "settings/setting.h"

#include "utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const protocol_names[] = {"report", "tail", "holdout", "kfold", "given"};

const char *config_protocol_name(enum protocol kind)
{
    return protocol_names[kind];
}

int setting_distance(const char *a, const char *b)
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

static int bad_value(const struct setting *setting, const char *text, const char *right, struct err *err)
{
    return err_set(err, E_USAGE, "%s: '%.80s' is not %s", setting->name, text, right);
}

static int out_of_range(const struct setting *setting, const char *text, struct err *err)
{
    return err_set(err, E_USAGE, "%s: %.40s is out of range, allowed is %g to %g", setting->name, text,
                   setting->min, setting->max);
}

static int set_int(int64_t *out, const struct setting *setting, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end)
        return bad_value(setting, text, "a whole number", err);
    if (errno || (double)value < setting->min || (double)value > setting->max)
        return out_of_range(setting, text, err);
    *out = value;
    return 0;
}

static int set_real(double *out, const struct setting *setting, const char *text, struct err *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return bad_value(setting, text,
                         strchr(text, ',') ? "a number: decimals stand behind a point" : "a number", err);
    if (value < setting->min || value > setting->max)
        return out_of_range(setting, text, err);
    *out = value;
    return 0;
}

static int set_bool(int *out, const struct setting *setting, const char *text, struct err *err)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return bad_value(setting, text, "true or false", err);
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

static int set_word(char *out, const struct setting *setting, const char *text, struct err *err)
{
    if (setting->choices && !is_choice(setting->choices, text))
        return err_set(err, E_USAGE, "%s: '%.80s' is not one of %s", setting->name, text, setting->choices);
    if (!*text || strlen(text) >= CONFIG_WORD_SIZE)
        return err_set(err, E_USAGE, "%s: '%.80s' is not a word of 1 to 63 characters: it has %zu",
                       setting->name, text, strlen(text));
    if (!utf8_is_harmless(text))
        return bad_value(setting, text, "a word of UTF-8 without control characters and backquotes", err);
    memset(out, 0, CONFIG_WORD_SIZE); /* the tail too: configs are compared by bytes */
    snprintf(out, CONFIG_WORD_SIZE, "%s", text);
    return 0;
}

static int set_path(char *out, const struct setting *setting, const char *text, struct err *err)
{
    if (!*text || strlen(text) >= CONFIG_PATH_SIZE)
        return bad_value(setting, text, "the path of a file, of 1 to 255 bytes", err);
    if (!utf8_is_harmless(text))
        return bad_value(setting, text, "a path of UTF-8 without control characters and backquotes", err);
    memset(out, 0, CONFIG_PATH_SIZE);
    snprintf(out, CONFIG_PATH_SIZE, "%s", text);
    return 0;
}

static int has_class(const struct config_clusters *clusters, int class)
{
    for (int i = 0; i < clusters->n; i++)
        if (clusters->number[i] == class)
            return 1;
    return 0;
}

static int add_class(struct config_clusters *clusters, const struct setting *setting, int class,
                     struct err *err)
{
    char room[CLASS_NAME_SIZE];
    if (has_class(clusters, class))
        return err_set(err, E_USAGE, "%s: %s%.80s stands twice", setting->name,
                       class_is_name(class) ? "" : "cluster ", class_title(class, room));
    if (clusters->n == CONFIG_MAX_CLUSTERS)
        return err_set(err, E_USAGE, "%s: more than %d clusters", setting->name, CONFIG_MAX_CLUSTERS);
    clusters->number[clusters->n++] = class;
    return 0;
}

static int set_clusters(struct config_clusters *out, const struct setting *setting, const char *text,
                        struct err *err)
{
    struct config_clusters clusters;
    struct err why = {0};
    const char *rest = strcmp(text, "all") == 0 ? NULL : text;
    int rc = 0, class;
    memset(&clusters, 0, sizeof clusters);
    while (rest && rc == 0) {
        if (class_next(rest, &class, &rest, &why) < 0)
            rc = err_set(err, why.code, "%s: %s", setting->name, why.text);
        else
            rc = add_class(&clusters, setting, class, err);
    }
    if (rc < 0)
        return rc;
    if (clusters.n == 1)
        return err_set(err, E_USAGE, "%s: %.80s is one cluster; a job needs two or more", setting->name,
                       text);
    if (class_list(clusters.number, clusters.n, 0, NULL, 0) >= SETTING_TEXT_SIZE)
        return err_set(err, E_USAGE, "%s: the names of %d classes take more than %d bytes; shorten them",
                       setting->name, clusters.n, SETTING_TEXT_SIZE - 1);
    *out = clusters;
    return 0;
}

static int set_sizes(struct config_sizes *out, const struct setting *setting, const char *text,
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
            return bad_value(setting, text,
                             "all, or the number of images of each class joined by '-' such as 900-90", err);
        sizes.size[sizes.n++] = (int32_t)size;
        if (!*end)
            break;
        p = end + 1;
    }
    *out = sizes;
    return 0;
}

/* Numbers rise, so that two texts are never the same list. */
static int set_epochs(struct config_epochs *out, const struct setting *setting, const char *text,
                      struct err *err)
{
    struct config_epochs epochs;
    memset(&epochs, 0, sizeof epochs);
    for (const char *p = text; p && strcmp(text, "none") != 0;) {
        char *end;
        long epoch = strtol(p, &end, 10);
        if (end == p || (*end && *end != '-') || epochs.n == CONFIG_MAX_EPOCHS ||
            (epochs.n > 0 && epoch <= epochs.epoch[epochs.n - 1]))
            return err_set(err, E_USAGE,
                           "%s: '%.80s' is not none, or up to %d rising epochs such as [30, 60]",
                           setting->name, text, CONFIG_MAX_EPOCHS);
        if ((double)epoch < setting->min || (double)epoch > setting->max)
            return out_of_range(setting, text, err);
        epochs.epoch[epochs.n++] = (int32_t)epoch;
        p = *end ? end + 1 : NULL;
    }
    *out = epochs;
    return 0;
}

/* Numbers joined by '-'; one may have an exponent, 1e-05. */
static int set_numbers(struct config_numbers *out, const struct setting *setting, const char *text,
                       struct err *err)
{
    struct config_numbers numbers;
    memset(&numbers, 0, sizeof numbers);
    for (const char *p = text; p && strcmp(text, "none") != 0;) {
        char *end;
        double value = strtod(p, &end);
        int bad = end == p || (*end && *end != '-') || !isfinite(value);
        if (bad || (setting->type == SETTING_INTS && value != floor(value)))
            return bad_value(setting, text,
                             setting->type == SETTING_INTS ? "a list of whole numbers such as [32, 64]"
                                                           : "a list of numbers such as [0.25, 0.5]",
                             err);
        if (numbers.n == CONFIG_MAX_NUMBERS)
            return err_set(err, E_USAGE, "%s: '%.80s' has more than %d numbers", setting->name, text,
                           CONFIG_MAX_NUMBERS);
        if (value < setting->min || value > setting->max)
            return out_of_range(setting, text, err);
        numbers.value[numbers.n++] = value;
        p = *end ? end + 1 : NULL;
    }
    *out = numbers;
    return 0;
}

static int set_protocol(struct config_protocol *out, const struct setting *setting, const char *text,
                        struct err *err)
{
    for (int kind = PROTOCOL_REPORT; kind <= PROTOCOL_GIVEN; kind++)
        if (kind != PROTOCOL_KFOLD && strcmp(text, protocol_names[kind]) == 0) {
            *out = (struct config_protocol){(enum protocol)kind, 1, 1};
            return 0;
        }
    int folds = 5, repeats = 1, used = 0;
    int n = sscanf(text, "kfold:%d%nx%d%n", &folds, &used, &repeats, &used);
    if (strcmp(text, "kfold") != 0 && (n < 1 || text[used]))
        return bad_value(setting, text,
                         "report, tail, holdout, {kfold: {folds: 5, repeats: 1}} or {given: split}", err);
    if (folds < 2 || folds > 1000 || repeats < 1 || repeats > 1000)
        return err_set(err, E_USAGE, "%s: kfold takes 2 to 1000 folds and 1 to 1000 repeats, not %d x %d",
                       setting->name, folds, repeats);
    *out = (struct config_protocol){PROTOCOL_KFOLD, folds, repeats};
    return 0;
}

static int set_inner(struct config_inner *out, const struct setting *setting, const char *text,
                     struct err *err)
{
    struct config_inner inner;
    int used = 0;
    memset(&inner, 0, sizeof inner);
    if (sscanf(text, "share:%lf%n", &inner.share, &used) == 1 && !text[used])
        inner.kind = INNER_SHARE;
    else if (sscanf(text, "folds:%d%n", &inner.folds, &used) == 1 && !text[used])
        inner.kind = INNER_FOLDS;
    else if (strcmp(text, "none") != 0)
        return bad_value(setting, text, "none, {share: 0.2} or {folds: 5}", err);
    if (inner.kind == INNER_SHARE && !(inner.share >= 0.01 && inner.share <= 0.99))
        return err_set(err, E_USAGE, "%s: share takes 0.01 to 0.99, not %g", setting->name, inner.share);
    if (inner.kind == INNER_FOLDS && (inner.folds < 2 || inner.folds > 1000))
        return err_set(err, E_USAGE, "%s: folds takes 2 to 1000, not %d", setting->name, inner.folds);
    *out = inner;
    return 0;
}

int setting_is_list(const struct setting *setting)
{
    return setting->type == SETTING_CLUSTERS || setting->type == SETTING_SIZES ||
           setting->type == SETTING_EPOCHS || setting->type == SETTING_INTS || setting->type == SETTING_REALS;
}

size_t setting_size(enum setting_type type)
{
    static const size_t size[] = {[SETTING_INT] = sizeof(int64_t),
                                  [SETTING_REAL] = sizeof(double),
                                  [SETTING_BOOL] = sizeof(int),
                                  [SETTING_WORD] = CONFIG_WORD_SIZE,
                                  [SETTING_PATH] = CONFIG_PATH_SIZE,
                                  [SETTING_CLUSTERS] = sizeof(struct config_clusters),
                                  [SETTING_SIZES] = sizeof(struct config_sizes),
                                  [SETTING_EPOCHS] = sizeof(struct config_epochs),
                                  [SETTING_INTS] = sizeof(struct config_numbers),
                                  [SETTING_REALS] = sizeof(struct config_numbers),
                                  [SETTING_PROTOCOL] = sizeof(struct config_protocol),
                                  [SETTING_INNER] = sizeof(struct config_inner)};
    return size[type];
}

int setting_parse(const struct setting *setting, const char *text, void *value, struct err *err)
{
    switch (setting->type) {
    case SETTING_INT:
        return set_int(value, setting, text, err);
    case SETTING_REAL:
        return set_real(value, setting, text, err);
    case SETTING_BOOL:
        return set_bool(value, setting, text, err);
    case SETTING_WORD:
        return set_word(value, setting, text, err);
    case SETTING_PATH:
        return set_path(value, setting, text, err);
    case SETTING_CLUSTERS:
        return set_clusters(value, setting, text, err);
    case SETTING_SIZES:
        return set_sizes(value, setting, text, err);
    case SETTING_EPOCHS:
        return set_epochs(value, setting, text, err);
    case SETTING_INTS:
    case SETTING_REALS:
        return set_numbers(value, setting, text, err);
    case SETTING_PROTOCOL:
        return set_protocol(value, setting, text, err);
    case SETTING_INNER:
        return set_inner(value, setting, text, err);
    }
    return 0;
}

static void get_clusters(const struct config_clusters *clusters, char *out, size_t size)
{
    if (clusters->n)
        class_list(clusters->number, clusters->n, 0, out, size);
    else
        snprintf(out, size, "all");
}

static void get_sizes(const struct config_sizes *sizes, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "all");
    for (int i = 0; i < sizes->n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "-" : "", (int)sizes->size[i]);
}

static void get_inner(const struct config_inner *inner, char *out, size_t size)
{
    char share[32];
    setting_real_text(inner->share, share, sizeof share);
    if (inner->kind == INNER_SHARE)
        snprintf(out, size, "share:%s", share);
    else if (inner->kind == INNER_FOLDS)
        snprintf(out, size, "folds:%d", inner->folds);
    else
        snprintf(out, size, "none");
}

static void get_epochs(const struct config_epochs *epochs, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "none");
    for (int i = 0; i < epochs->n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "-" : "", (int)epochs->epoch[i]);
}

static void fewest_digits(double value, char *out, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        double back = strtod(out, NULL);
        if (back >= value && back <= value)
            return;
    }
}

/* As printf("%g") writes it: 20 is 2e+01. Jobs of a sweep have few values, printed again for each: what was
 * printed last is remembered. */
static void shortest_real(double value, char *out, size_t size)
{
    static _Thread_local struct {
        uint64_t bits;
        char text[32];
    } known[128];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    size_t i = (size_t)(bits * 0x9e3779b97f4a7c15u >> 57);
    if (known[i].bits != bits || !known[i].text[0]) {
        fewest_digits(value, known[i].text, sizeof known[i].text);
        known[i].bits = bits;
    }
    size_t n = strlen(known[i].text) + 1;
    memcpy(out, known[i].text, n < size ? n : size);
    out[size - 1] = '\0';
}

void setting_real_text(double value, char *out, size_t size)
{
    shortest_real(value, out, size);
    if (strchr(out, 'e') && fabs(value) >= 1 && fabs(value) < 1e15) /* its digits end before the point */
        snprintf(out, size, "%.0f", value);
}

static void get_numbers(const struct config_numbers *numbers, char *out, size_t size)
{
    char number[32];
    size_t used = 0;
    snprintf(out, size, "none");
    for (int i = 0; i < numbers->n && used < size; i++) {
        setting_real_text(numbers->value[i], number, sizeof number);
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "-" : "", number);
    }
}

void setting_print(const struct setting *setting, const void *value, char *out, size_t size)
{
    const struct config_protocol *protocol = value;
    switch (setting->type) {
    case SETTING_INT:
        snprintf(out, size, "%lld", (long long)*(const int64_t *)value);
        break;
    case SETTING_REAL:
        setting_real_text(*(const double *)value, out, size);
        break;
    case SETTING_BOOL:
        snprintf(out, size, "%s", *(const int *)value ? "true" : "false");
        break;
    case SETTING_WORD:
    case SETTING_PATH:
        snprintf(out, size, "%s", (const char *)value);
        break;
    case SETTING_CLUSTERS:
        get_clusters(value, out, size);
        break;
    case SETTING_SIZES:
        get_sizes(value, out, size);
        break;
    case SETTING_EPOCHS:
        get_epochs(value, out, size);
        break;
    case SETTING_INTS:
    case SETTING_REALS:
        get_numbers(value, out, size);
        break;
    case SETTING_PROTOCOL:
        if (protocol->kind == PROTOCOL_KFOLD)
            snprintf(out, size, "kfold:%dx%d", protocol->folds, protocol->repeats);
        else
            snprintf(out, size, "%s", protocol_names[protocol->kind]);
        break;
    case SETTING_INNER:
        get_inner(value, out, size);
        break;
    }
}

void setting_range(const struct setting *setting, char *out, size_t size)
{
    char low[32], high[32];
    int is_list = setting->type == SETTING_INTS || setting->type == SETTING_REALS;
    int is_number = setting->type == SETTING_INT || setting->type == SETTING_REAL;
    setting_real_text(setting->min, low, sizeof low);
    setting_real_text(setting->max, high, sizeof high);
    if (is_number || is_list || setting->type == SETTING_EPOCHS)
        snprintf(out, size, "%s%s to %s", is_list ? "list, each " : "", low, high);
    else if (setting->type == SETTING_BOOL)
        snprintf(out, size, "true or false");
    else
        snprintf(out, size, "%s", setting->choices ? setting->choices : "");
    for (char *bar; setting->choices && (bar = strchr(out, '|'));)
        *bar = '/';
}
