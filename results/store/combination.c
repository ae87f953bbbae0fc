#include "store/combination.h"

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

/* Factors of a set in which two rows differ. */
static unsigned differing(const struct store_job *a, const struct store_job *b, int n_factors)
{
    unsigned set = 0;
    for (int f = 0; f < n_factors; f++)
        if (strcmp(combination_value(a, f), combination_value(b, f)) != 0)
            set |= FACTOR(f);
    return set;
}

unsigned combination_varying(const struct store *store, const struct store_job *const *row, int n)
{
    unsigned set = 0;
    for (int i = 1; i < n; i++)
        set |= differing(row[i], row[0], combination_n_factors(store));
    return set;
}

unsigned combination_varying_in(const struct store *store)
{
    const struct store_job *row = store_jobs(store);
    unsigned set = 0;
    for (int j = 1; j < store_n_jobs(store); j++)
        set |= differing(&row[j], row, combination_n_factors(store));
    return set;
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
                                  combination_name(store, f), combination_value(row, f));
    return (int)n;
}
