#include "store/store_layout.h"

#include <string.h>

static int damaged(const struct store *store, int extent, struct err *err)
{
    return err_set(err, E_IO, "%s: %s does not tell where the parts of jobs begin: damaged; restore a copy",
                   store->path, store_table[STORE_FIRST + extent].path);
}

/* A part ends where the next one begins. */
static int take_part(struct store *store, int job, int extent, const int64_t first[2], struct err *err)
{
    hsize_t all = store->n[FIRST_EXTENT + extent], begin = (hsize_t)first[0];
    hsize_t end = job + 1 < store_n_rows(store) ? (hsize_t)first[1] : all;
    if (begin > end || end > all)
        return damaged(store, extent, err);
    store->part[extent] = (struct store_part){begin, end - begin};
    return 0;
}

static int is_probability(int extent)
{
    int dim = FIRST_EXTENT + extent;
    return dim == DIM_VAL_PROBABILITY || dim == DIM_TEST_PROBABILITY || dim == DIM_ALL_PROBABILITY;
}

/* A job's parts agree on its number of classes, which is one of the file's. */
static int check_parts(const struct store *store, struct err *err)
{
    hsize_t room[N_EXTENTS], n = 0;
    for (int x = 0; x < N_EXTENTS; x++)
        room[x] = store_has(store, (enum store_dataset)(STORE_FIRST + x)) ? store->part[x].room : 0;
    while (n < store->n[DIM_CLASS] && n * n < room[0])
        n++;
    for (int x = 0; x < N_EXTENTS; x++)
        if ((x == 0 && room[x] != n * n) || (is_probability(x) && room[x] != n * room[x - 1]))
            return damaged(store, x, err);
    return 0;
}

static int read_first(struct store *store, enum store_dataset which, hsize_t job, hsize_t n, int64_t *first,
                      struct err *err)
{
    if (store_is_raw(store))
        return store_raw_read(store, which, job, n, first, err);
    return h5_rows_read(store->dataset[which], job, n, H5T_NATIVE_INT64, first, store_table[which].path,
                        store->path, err);
}

/* Where the part of a job begins, and that of the next one, read with those around it. */
static int read_first_near(struct store *store, int extent, int job, int64_t first[2], struct err *err)
{
    int begin = job / STORE_FIRSTS * STORE_FIRSTS, left = store_n_rows(store) - begin, rc = 0;
    hsize_t n = (hsize_t)(left < STORE_FIRSTS + 1 ? left : STORE_FIRSTS + 1);
    if (!store->firsts) {
        store->firsts = err_calloc(1, sizeof *store->firsts, "places of jobs", err);
        for (int x = 0; x < N_EXTENTS && store->firsts; x++)
            store->firsts->job[x] = -1;
    }
    if (!store->firsts)
        return E_IO;
    if (store->firsts->job[extent] != begin) {
        store->firsts->job[extent] = -1;
        rc = read_first(store, (enum store_dataset)(STORE_FIRST + extent), (hsize_t)begin, n,
                        store->firsts->first[extent], err);
        store->firsts->job[extent] = rc == 0 ? begin : -1;
    }
    if (rc == 0)
        memcpy(first, store->firsts->first[extent] + (job - begin), 2 * sizeof *first);
    return rc;
}

/* The parts of a job, read when another job is asked for: who writes a job keeps to it, and so no rank holds
 * the places of all. Who reads goes from job to job. */
static int find_parts(struct store *store, int job, struct err *err)
{
    int64_t first[2] = {0, 0};
    hsize_t n = job + 1 < store_n_rows(store) ? 2 : 1;
    int rc = 0;
    if (store->placed == job)
        return 0;
    store->placed = -1;
    for (int x = 0; x < N_EXTENTS && rc == 0; x++)
        if (store_has(store, (enum store_dataset)(STORE_FIRST + x))) {
            rc = store->shared
                     ? read_first(store, (enum store_dataset)(STORE_FIRST + x), (hsize_t)job, n, first, err)
                     : read_first_near(store, x, job, first, err);
            rc = rc < 0 ? rc : take_part(store, job, x, first, err);
        }
    if (rc == 0)
        rc = check_parts(store, err);
    if (rc == 0)
        store->placed = job;
    return rc;
}

int store_room(struct store *store, int job, enum store_dim extent, hsize_t *room, struct err *err)
{
    int rc = find_parts(store, job, err);
    *room = rc == 0 && store->n[extent] ? store->part[extent - FIRST_EXTENT].room : 0;
    return rc;
}

static int outside(const struct store *store, enum store_dataset which, int job, struct err *err)
{
    return err_set(err, E_IO, "%s: job %d has no such cells in %s: a fault of this program, or of the file",
                   store->path, job, store_table[which].path);
}

int store_place(struct store *store, enum store_dataset which, const struct store_block *block, hsize_t *at,
                struct err *err)
{
    const enum store_dim *dim = store_table[which].dim;
    struct store_part part = {(hsize_t)block->job, 1};
    int n = store_is_extent(dim[0]) ? store_n_rows(store) : (int)store->n[dim[0]];
    if (!store_has(store, which) || block->job < 0 || block->job >= n)
        return outside(store, which, block->job, err);
    if (store_is_extent(dim[0])) {
        int rc = find_parts(store, block->job, err);
        if (rc < 0)
            return rc;
        part = store->part[dim[0] - FIRST_EXTENT];
    } else if (dim[1] != DIM_NONE) {
        part.room = store->n[dim[1]];
        part.first *= part.room;
    }
    if (block->n == 0 || block->n > part.room || block->first > part.room - block->n)
        return outside(store, which, block->job, err);
    *at = part.first + block->first;
    return 0;
}

enum { PLACES_AT_A_TIME = 1024 };

/* The largest part of an extent, from some places at a time. */
static int measure(struct store *store, int extent, struct err *err)
{
    int64_t first[PLACES_AT_A_TIME + 1];
    int n_jobs = store_n_rows(store), rc = 0;
    hsize_t largest = 0;
    for (int j = 0; j < n_jobs && rc == 0; j += PLACES_AT_A_TIME) {
        int n = n_jobs - j < PLACES_AT_A_TIME ? n_jobs - j : PLACES_AT_A_TIME;
        rc = h5_rows_read(store->dataset[STORE_FIRST + extent], (hsize_t)j, (hsize_t)n + (j + n < n_jobs),
                          H5T_NATIVE_INT64, first, store_table[STORE_FIRST + extent].path, store->path, err);
        for (int i = 0; i < n && rc == 0; i++) {
            rc = take_part(store, j + i, extent, first + i, err);
            largest = rc == 0 && store->part[extent].room > largest ? store->part[extent].room : largest;
        }
    }
    if (rc == 0 && largest > INT32_MAX)
        rc = damaged(store, extent, err);
    store->largest[extent] = largest;
    return rc;
}

int store_measure_parts(struct store *store, struct err *err)
{
    int rc = 0;
    for (int x = 0; x < N_EXTENTS && rc == 0; x++)
        if (store->dataset[STORE_FIRST + x] >= 0)
            rc = measure(store, x, err);
    return rc;
}
