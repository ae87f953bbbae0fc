/* A sweep file, or with a first line "--set KEY=VALUE" an override of a small one, up to the jobs it
 * makes. The resolved text of an accepted sweep must be a sweep file again with the same jobs: it is
 * what the ranks parse. */
#include "fuzz.h"

#include "sweep/expand.h"

#include "support/hand_dataset.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_JOBS = 60 };

static const char small[] = "data: builtin\nimage.size: 10\ngrid: {clusters: [[8, 10]], seed: [1, 2]}\n";

static const struct dataset *cells(void)
{
    static const int number[] = {1, 8, 10, 14, 15, 27}, count[] = {12, 7, 9, 8, 6, 5};
    static struct dataset *data;
    if (!data) {
        data = hand_dataset(6, number, count, 10);
        if (dataset_finish(data, NULL) < 0)
            abort();
    }
    return data;
}

static int is_small(const struct sweep *sweep)
{
    const struct sweep_block *last = &sweep->file->block[sweep->file->n_blocks - 1];
    return last->first + last->n <= MAX_JOBS;
}

static int expand(struct sweep *sweep)
{
    struct err err = {0};
    return fuzz_check(sweep_expand(sweep, cells(), &err), &err);
}

static void check_copy(const struct sweep *sweep)
{
    struct sweep *copy = NULL;
    struct err err = {0};
    if (sweep_parse(sweep->file->resolved, &copy, &err) < 0 || expand(copy) < 0 ||
        copy->n_jobs != sweep->n_jobs)
        abort();
    for (int j = 0; j < copy->n_jobs; j++)
        if (memcmp(copy->job[j].key, sweep->job[j].key, JOB_KEY_BYTES) != 0)
            abort();
    sweep_free(copy);
}

static int read_sweep(const char *path, char *set, struct sweep **sweep)
{
    struct err err = {0};
    return fuzz_check(sweep_read(path, set != NULL, &set, sweep, &err), &err);
}

static int read_override(const uint8_t *bytes, size_t n, struct sweep **sweep)
{
    char *set = strndup((const char *)bytes, n);
    int rc = set ? read_sweep(fuzz_file(0, (const uint8_t *)small, strlen(small)), set, sweep) : E_IO;
    free(set);
    return rc;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    struct sweep *sweep = NULL;
    int is_set = n > 6 && memcmp(bytes, "--set ", 6) == 0;
    int rc =
        is_set ? read_override(bytes + 6, n - 6, &sweep) : read_sweep(fuzz_file(0, bytes, n), NULL, &sweep);
    if (rc == 0 && is_small(sweep) && (rc = expand(sweep)) == 0 && sweep->n_jobs <= 10 * MAX_JOBS)
        check_copy(sweep);
    sweep_free(sweep);
    return rc == 0;
}
