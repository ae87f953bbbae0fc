/* Settings and filters: words made of key=value. */
#include "complete.h"

#include "features/feature.h"
#include "models/model.h"
#include "sections.h"
#include "settings/sweep_file.h"
#include "store/store.h"
#include "strategies/balance.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_JOBS = 100000, MOST_VALUES = 256 };

static void offer_strategies(const struct typed *typed)
{
    const struct balance_strategy *strategy;
    for (int i = 0; (strategy = balance_strategy(i)); i++)
        complete_offer(typed, strategy->name, strategy->help);
}

static void offer_models(const struct typed *typed)
{
    const struct model_kind *kind;
    for (int i = 0; (kind = model_kind(i)); i++)
        complete_offer(typed, kind->name, kind->help);
}

/* "a|b|c" */
static void offer_alternatives(const struct typed *typed, const char *choices)
{
    char one[CONFIG_WORD_SIZE];
    for (const char *c = choices; *c; c += c[strcspn(c, "|")] ? strcspn(c, "|") + 1 : strcspn(c, "|")) {
        snprintf(one, sizeof one, "%.*s", (int)strcspn(c, "|"), c);
        complete_offer(typed, one, NULL);
    }
}

/* What a key of jobs may be, where the words for it are few. */
static void offer_values(struct typed *typed, const struct setting *key)
{
    if (strcmp(key->name, "strategy") == 0) {
        const char *chain = strrchr(typed->part, '+');
        if (chain)
            complete_advance(typed, chain + 1);
        offer_strategies(typed);
    } else if (strcmp(key->name, "model") == 0 || strcmp(key->name, "embedding.model") == 0)
        offer_models(typed);
    else if (key->choices)
        offer_alternatives(typed, key->choices);
    else if (key->type == SETTING_BOOL)
        offer_alternatives(typed, "true|false");
    else if (key->type == SETTING_INNER)
        offer_alternatives(typed, "none|share:0.2|folds:5");
    else
        for (int p = PROTOCOL_REPORT; key->type == SETTING_PROTOCOL && p <= PROTOCOL_GIVEN; p++)
            complete_offer(typed, p == PROTOCOL_KFOLD ? "kfold:5x3" : config_protocol_name((enum protocol)p),
                           NULL);
}

static void offer_keys(const struct typed *typed, const struct schema *schema)
{
    char meaning[512], range[128];
    for (const struct setting *key = schema->key; key->name; key++) {
        setting_range(key, range, sizeof range);
        snprintf(meaning, sizeof meaning, "%.200s (%.120s; default %.60s)", key->help, range, key->fallback);
        complete_offer_key(typed, key->name, meaning);
    }
}

void complete_setting(struct typed *typed)
{
    const struct schema *schema = worker_schema();
    char name[CONFIG_WORD_SIZE];
    if (strncmp(typed->part, "grid.", 5) == 0)
        complete_advance(typed, typed->part + 5);
    const char *equals = strchr(typed->part, '=');
    if (equals) {
        snprintf(name, sizeof name, "%.*s", (int)(equals - typed->part), typed->part);
        const struct setting *key = config_find(schema, name);
        complete_advance(typed, equals + 1);
        if (key)
            offer_values(typed, key);
        return;
    }
    offer_keys(typed, schema);
    for (const struct sweep_file_key *key = sweep_file_keys; key->name && !*typed->before; key++)
        if (strcmp(key->name, "grid") != 0)
            complete_offer_key(typed, key->name, key->help);
    if (!*typed->before)
        complete_offer(typed, "grid.", "other values of a key that the grid varies");
}

/* ---- filters ---- */

/* Values that were offered already; of very many no further ones. */
struct seen {
    int n;
    char text[MOST_VALUES][CONFIG_WORD_SIZE];
};

struct filter {
    const struct typed *typed;
    const char *key; /* whose values are wanted; "": the keys */
};

static void offer_once(struct seen *seen, const struct typed *typed, const char *text)
{
    for (int i = 0; i < seen->n; i++)
        if (strcmp(seen->text[i], text) == 0)
            return;
    if (seen->n == MOST_VALUES || !*text)
        return;
    snprintf(seen->text[seen->n++], CONFIG_WORD_SIZE, "%s", text);
    complete_offer(typed, text, NULL);
}

static const char *const fixed_keys[] = {"clusters", "strategy", "protocol", "seed",
                                         "fold",     "repeat",   "model",    "key"};
enum { N_FIXED = sizeof fixed_keys / sizeof *fixed_keys };

static int is_fixed(const char *key)
{
    for (int i = 0; i < N_FIXED; i++)
        if (strcmp(fixed_keys[i], key) == 0)
            return 1;
    return 0;
}

/* A job's value of a key, "" where there is no such key. */
static const char *value_of(const struct store *store, const struct store_job *row, const char *key,
                            char number[24])
{
    const char *const text[] = {row->clusters, row->strategy, row->protocol, NULL,
                                NULL,          NULL,          row->model,    row->key};
    const long long whole[] = {0, 0, 0, (long long)row->seed, row->fold, row->repeat};
    for (int i = 0; i < N_FIXED; i++)
        if (strcmp(fixed_keys[i], key) == 0) {
            if (text[i])
                return text[i];
            snprintf(number, 24, "%lld", whole[i]);
            return number;
        }
    for (int a = 0; a < store_n_axes(store); a++)
        if (strcmp(store_axis_name(store, a), key) == 0)
            return row->axis[a];
    return "";
}

/* From the results file that the line names. */
static int offer_of_store(struct store *store, const void *self, struct err *err)
{
    const struct filter *filter = self;
    for (int a = 0; !*filter->key && a < store_n_axes(store); a++)
        complete_offer_key(filter->typed, store_axis_name(store, a), "an axis of this sweep");
    struct seen *seen = *filter->key ? err_calloc(1, sizeof *seen, "values", err) : NULL;
    for (int j = 0; seen && j < store_n_jobs(store) && j < MOST_JOBS; j++) {
        struct store_job row;
        char number[24];
        if (store_row(store, j, &row, err) < 0)
            break;
        offer_once(seen, filter->typed, value_of(store, &row, filter->key, number));
    }
    free(seen);
    return 0;
}

/* From a sweep file: its axes, and what it says once. */
static void offer_of_sweep(const struct sweep_file *file, const struct filter *filter)
{
    char number[SWEEP_NUMBER_SIZE], text[SETTING_TEXT_SIZE];
    for (int a = 0; a < file->n_axes; a++) {
        const struct sweep_axis *axis = &file->axis[a];
        if (!*filter->key && !is_fixed(axis->key->name))
            complete_offer_key(filter->typed, axis->key->name, "an axis of this sweep");
        for (int i = 0; i < axis->n && i < MOST_VALUES && strcmp(axis->key->name, filter->key) == 0; i++)
            complete_offer(filter->typed, sweep_axis_value(axis, i, number), NULL);
    }
    const struct setting *key = config_find(file->base.schema, filter->key);
    if (key && !sweep_file_axis(file, filter->key)) {
        config_get(&file->base, key, text, sizeof text);
        complete_offer(filter->typed, text, NULL);
    }
}

/* 1 when the file was one that knows. */
static int offer_of_file(const char *path, const struct filter *filter)
{
    struct sweep_file *sweep = NULL;
    const char *dot = strrchr(path, '.');
    if (dot && strncmp(dot, ".y", 2) == 0) {
        if (sweep_file_read(path, 0, NULL, worker_schema(), NULL, &sweep, NULL) < 0)
            return 0;
        offer_of_sweep(sweep, filter);
        sweep_file_free(sweep);
        return 1;
    }
    return store_use(path, store_try, offer_of_store, filter, NULL) == 0;
}

/* Characters of the operator of filter.h that text begins with; 0: it begins with none. */
static size_t operator_length(const char *text)
{
    static const char *const operators[] = {"!=", "<=", ">=", "<", ">", "="};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strncmp(text, operators[i], strlen(operators[i])) == 0)
            return strlen(operators[i]);
    return 0;
}

/* The last part of key=value|value, parts being separated by commas; quoted ones are text. */
static void advance_to_part(struct typed *typed, char *key, size_t size)
{
    const char *begin = typed->part, *value = NULL;
    int quoted = 0;
    *key = '\0';
    for (const char *c = typed->part; *c; c++) {
        quoted ^= *c == '"';
        if (quoted)
            continue;
        if (*c == ',') {
            begin = c + 1;
            value = NULL;
        } else if (*c == '|' && value)
            value = c + 1;
        else if (!value && operator_length(c) > 0) {
            snprintf(key, size, "%.*s", (int)(c - begin), begin);
            value = c + operator_length(c);
            c = value - 1;
        }
    }
    if (!value)
        *key = '\0';
    complete_advance(typed, value ? value : begin);
}

void complete_filter(struct typed *typed, const char *file)
{
    char key[CONFIG_WORD_SIZE];
    advance_to_part(typed, key, sizeof key);
    const struct filter filter = {typed, key};
    for (int i = 0; !*key && i < N_FIXED; i++)
        complete_offer_key(typed, fixed_keys[i], "every job has one");
    int knows = file && offer_of_file(file, &filter);
    if (!knows && strcmp(key, "strategy") == 0)
        offer_strategies(typed);
    if (!knows && strcmp(key, "model") == 0)
        offer_models(typed);
}
