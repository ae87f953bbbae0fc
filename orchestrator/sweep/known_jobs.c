#include "sweep/known_jobs.h"

#include "store/combination.h"
#include "sweep/job_name.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

int known_jobs_same(struct store *store, const struct sweep *sweep, int *same, struct err *err)
{
    struct store_job old;
    char key[JOB_KEY_SIZE];
    int rc = 0;
    *same = store_n_jobs(store) == sweep->n_jobs;
    for (int j = 0; j < sweep->n_jobs && *same && rc == 0; j++) {
        sweep_key(sweep, j, key);
        rc = store_row(store, j, &old, err);
        *same = rc == 0 && strcmp(old.key, key) == 0;
    }
    return rc;
}

/* What a job is, but for its key and how it is tuned. */
static XXH128_hash_t identity_of(const struct store_job *row)
{
    const int64_t number[] = {row->seed, row->fold, row->repeat};
    char text[FACTORS_MOST * CONFIG_WORD_SIZE + sizeof number];
    size_t used = sizeof number;
    memcpy(text, number, sizeof number);
    for (int f = 0; f < FACTORS_MOST; f++) {
        const char *value = combination_value(row, f);
        size_t n = strlen(value) + 1;
        memcpy(text + used, value, n);
        used += n;
    }
    return XXH3_128bits(text, used);
}

/* Those of the jobs of a sweep that tunes, *n of them, sorted; they are the caller's. */
static int list_identities(const struct sweep *sweep, XXH128_hash_t **out, size_t *n, struct err *err)
{
    struct store_job row;
    *n = (size_t)(sweep->n_jobs - sweep->n_trials);
    *out = err_calloc(*n, sizeof **out, "the jobs of a tuned sweep", err);
    if (!*out)
        return E_IO;
    for (size_t j = 0; j < *n; j++) {
        sweep_row(sweep, (int)j, &row);
        (*out)[j] = identity_of(&row);
    }
    qsort(*out, *n, sizeof **out, XXH128_cmp);
    return 0;
}

/* How many jobs of the file are in the sweep with other keys, since it tunes them otherwise: they run again,
 * with what their trials of then leave to do. key: those of the sweep, sorted. */
static int count_tuned_otherwise(struct store *store, const struct sweep *sweep,
                                 const char (*key)[JOB_KEY_SIZE], int *n_found, struct err *err)
{
    XXH128_hash_t *known = NULL;
    struct store_job old;
    size_t n = 0;
    if (sweep->n_trials == 0 || store_n_trials(store) == 0)
        return 0;
    int rc = list_identities(sweep, &known, &n, err);
    for (int j = 0; j < store_n_jobs(store) - store_n_trials(store) && rc == 0; j++) {
        rc = store_row(store, j, &old, err);
        if (rc < 0 || bsearch(old.key, key, (size_t)sweep->n_jobs, sizeof *key, compare_keys))
            continue;
        const XXH128_hash_t identity = identity_of(&old);
        *n_found += bsearch(&identity, known, n, sizeof *known, XXH128_cmp) != NULL;
    }
    free(known);
    return rc;
}

int known_jobs_count(struct store *store, const struct sweep *sweep, int *n_found, struct err *err)
{
    size_t n = (size_t)sweep->n_jobs;
    struct store_job old;
    char(*key)[JOB_KEY_SIZE] = err_calloc(n, sizeof *key, "job keys", err);
    int rc = key ? 0 : E_IO;
    for (int j = 0; j < sweep->n_jobs && rc == 0; j++)
        sweep_key(sweep, j, key[j]);
    if (rc == 0)
        qsort(key, n, sizeof *key, compare_keys);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++) {
        rc = store_row(store, j, &old, err);
        if (rc == 0)
            *n_found += bsearch(old.key, key, n, sizeof *key, compare_keys) != NULL;
    }
    if (rc == 0)
        rc = count_tuned_otherwise(store, sweep, (const char(*)[JOB_KEY_SIZE])key, n_found, err);
    free(key);
    return rc;
}
