#include "store/combination.h"

#include "sections.h"
#include "store/store_merge.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

int combination_n_factors(const struct store *store)
{
    return FACTOR_AXES + store_n_axes(store);
}

const char *combination_name(const struct store *store, int factor)
{
    static const char *const name[FACTOR_AXES] = {
        [FACTOR_CLASSES] = "clusters",
        [FACTOR_STRATEGY] = "strategy",
        [FACTOR_PROTOCOL] = "protocol",
        [FACTOR_MODEL] = "model",
    };
    return factor < FACTOR_AXES ? name[factor] : store_axis_name(store, factor - FACTOR_AXES);
}

int combination_find(const struct store *store, const char *name)
{
    for (int f = 0; f < combination_n_factors(store); f++)
        if (strcmp(combination_name(store, f), name) == 0)
            return f;
    return -1;
}

const char *combination_noun(const struct store *store, int factor, int n)
{
    static const char *const many[FACTOR_AXES] = {
        [FACTOR_CLASSES] = "clusters",
        [FACTOR_STRATEGY] = "strategies",
        [FACTOR_PROTOCOL] = "protocols",
        [FACTOR_MODEL] = "models",
    };
    return factor < FACTOR_AXES && n != 1 ? many[factor] : combination_name(store, factor);
}

static size_t offset_of(int factor)
{
    static const size_t offset[FACTOR_AXES] = {
        [FACTOR_CLASSES] = offsetof(struct store_job, clusters),
        [FACTOR_STRATEGY] = offsetof(struct store_job, strategy),
        [FACTOR_PROTOCOL] = offsetof(struct store_job, protocol),
        [FACTOR_MODEL] = offsetof(struct store_job, model),
    };
    size_t axis = (size_t)(factor - FACTOR_AXES);
    return factor < FACTOR_AXES ? offset[factor] : offsetof(struct store_job, axis) + axis * CONFIG_WORD_SIZE;
}

const char *combination_value(const struct store_job *row, int factor)
{
    return (const char *)row + offset_of(factor);
}

const char *combination_shown_value(const struct store_job *row, int factor)
{
    const char *value = combination_value(row, factor);
    return *value ? value : "-";
}

/* The key whose value decides whether a job reads a key; NULL: every job does, or it is none. */
static const char *decider_of(const char *name)
{
    const struct setting *key = config_find(worker_schema(), name);
    return key ? config_decided_by(worker_schema(), key) : NULL;
}

int combination_owner(const struct store *store, int factor)
{
    int axis = factor - FACTOR_AXES;
    if (axis >= 0 && store_bound_axes(store) >> axis & 1)
        return FACTOR_AXES + store_sweep_column(store);
    if (axis < 0 || axis >= store_n_axes(store) || !(store_unread_axes(store) >> axis & 1))
        return -1;
    int owner = -1;
    const char *name = store_axis_name(store, axis);
    while (owner < 0 && (name = decider_of(name)))
        owner = combination_find(store, name);
    return owner;
}

unsigned combination_own(const struct store *store, int factor)
{
    unsigned own = FACTOR(factor);
    for (int f = FACTOR_AXES; f < combination_n_factors(store); f++)
        if (combination_owner(store, f) == factor)
            own |= FACTOR(f);
    return own;
}

unsigned combination_like(const struct store *store, int factor)
{
    return FACTORS_ALL & ~(combination_own(store, factor) | store_bound_axes(store) << FACTOR_AXES);
}

unsigned combination_owned(const struct store *store)
{
    unsigned owned = 0;
    for (int f = FACTOR_AXES; f < combination_n_factors(store); f++)
        if (combination_owner(store, f) >= 0)
            owned |= FACTOR(f);
    return owned;
}

/* "k" of smote.k where the value is smote: the section need not be said twice. */
static const char *short_name(const char *axis, const char *value)
{
    size_t n = strlen(value);
    return strncmp(axis, value, n) == 0 && axis[n] == '.' ? axis + n + 1 : axis;
}

const char *combination_label(const struct store *store, const struct store_job *row, int factor,
                              unsigned named, char out[COMBINATION_LABEL_SIZE])
{
    const char *value = combination_value(row, factor), *separator = " (";
    unsigned own = combination_own(store, factor) & named & ~(factor < 0 ? 0 : FACTOR(factor));
    size_t n = (size_t)snprintf(out, COMBINATION_LABEL_SIZE, "%s", value);
    for (int f = FACTOR_AXES; f < combination_n_factors(store) && n < COMBINATION_LABEL_SIZE; f++) {
        if (!(own >> f & 1) || !*combination_value(row, f))
            continue;
        n += (size_t)snprintf(out + n, COMBINATION_LABEL_SIZE - n, "%s%s %s", separator,
                              short_name(combination_name(store, f), value), combination_value(row, f));
        separator = ", ";
    }
    if (*separator == ',' && n < COMBINATION_LABEL_SIZE)
        snprintf(out + n, COMBINATION_LABEL_SIZE - n, ")");
    return out;
}

int combination_is_plain(const struct store *store, const struct store_job *row)
{
    unsigned owned = combination_owned(store);
    for (int f = FACTOR_AXES; f < combination_n_factors(store); f++) {
        const struct setting *key =
            owned >> f & 1 ? config_find(worker_schema(), combination_name(store, f)) : NULL;
        const char *value = combination_value(row, f);
        if (key && *value && strcmp(value, key->fallback) != 0)
            return 0;
    }
    return 1;
}

void combination_blank(struct store_job *row, unsigned factors)
{
    for (int f = 0; f < FACTORS_MOST; f++)
        if (factors >> f & 1)
            *((char *)row + offset_of(f)) = '\0';
}

int combination_same(const struct store_job *a, const struct store_job *b, unsigned but)
{
    for (int f = 0; f < FACTORS_MOST; f++) /* axes that the file does not have are "" in both */
        if (!(but >> f & 1) && strcmp(combination_value(a, f), combination_value(b, f)) != 0)
            return 0;
    return 1;
}

/* The factors that vary among rows seen one by one: the first value of each that a row has. */
struct variation {
    int n_factors;
    unsigned varying;
    struct store_job first; /* "": none yet */
};

static void see(struct variation *v, const struct store_job *row)
{
    for (int f = 0; f < v->n_factors; f++) {
        const char *value = combination_value(row, f);
        char *first = (char *)&v->first + offset_of(f);
        if (!*first)
            memcpy(first, value, strlen(value) + 1);
        else if (*value && strcmp(value, first) != 0)
            v->varying |= FACTOR(f);
    }
}

unsigned combination_varying(const struct store *store, const struct store_job *const *row, int n)
{
    struct variation v = {.n_factors = combination_n_factors(store)};
    for (int i = 0; i < n; i++)
        see(&v, row[i]);
    return v.varying;
}

int combination_varying_in(struct store *store, unsigned *varying, struct err *err)
{
    struct variation v = {.n_factors = combination_n_factors(store)};
    struct store_job row;
    int rc = 0;
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++) {
        rc = store_row(store, j, &row, err);
        if (rc == 0)
            see(&v, &row);
    }
    *varying = v.varying;
    return rc;
}

unsigned combination_shown(unsigned varying)
{
    return FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_PROTOCOL) | varying;
}

int combination_filter(const struct store *store, const struct store_job *row, unsigned factors, char *out,
                       size_t size)
{
    size_t n = 0;
    for (int f = 0; f < combination_n_factors(store); f++)
        if (factors >> f & 1)
            n += (size_t)snprintf(n < size ? out + n : NULL, n < size ? size - n : 0, "%s%s=%s", n ? "," : "",
                                  combination_name(store, f), combination_shown_value(row, f));
    return (int)n;
}
