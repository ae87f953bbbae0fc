#include "store/store_copy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The message goes another way: its text may have another row there. */
static int is_copied(const struct store_copy *copy, enum store_dataset which)
{
    return !store_is_born_whole(which) && which != STORE_MESSAGE && which != STORE_TEXT &&
           copy->from->dataset[which] >= 0 && copy->to->dataset[which] >= 0;
}

/* Not who ran a job when: no part of its result. */
static int is_compared(const struct store_copy *copy, enum store_dataset which)
{
    return is_copied(copy, which) && which != STORE_RANK && which != STORE_STARTED &&
           which != STORE_FINISHED && which != STORE_ATTEMPTS;
}

static size_t cell_size(const struct store *store, enum store_dataset which)
{
    return store_memory_size(&store->types, store_table[which].cell);
}

/* Bytes of the largest part of a job. */
static size_t largest_part(const struct store *store, enum store_dataset which)
{
    const enum store_dim *dim = store_table[which].dim;
    size_t cell = cell_size(store, which);
    if (store_is_extent(dim[0]))
        return cell * (size_t)store->largest[dim[0] - FIRST_EXTENT];
    return dim[1] == DIM_NONE ? cell : cell * (size_t)store->n[dim[1]];
}

int store_copy_begin(struct store_copy *copy, struct store *from, struct store *to, struct err *err)
{
    *copy = (struct store_copy){.from = from, .to = to, .bytes = 1};
    for (int d = 0; d < N_STORE_DATASETS; d++)
        for (int side = 0; side < 2 && is_copied(copy, (enum store_dataset)d); side++) {
            size_t bytes = largest_part(side ? to : from, (enum store_dataset)d);
            copy->bytes = bytes > copy->bytes ? bytes : copy->bytes;
        }
    for (int side = 0; side < 2; side++)
        copy->part[side] = err_calloc(1, copy->bytes, "a row of results", err);
    return copy->part[0] && copy->part[1] ? 0 : E_IO;
}

void store_copy_end(struct store_copy *copy)
{
    free(copy->part[0]);
    free(copy->part[1]);
    *copy = (struct store_copy){0};
}

/* Cells of a job's part of a dataset. */
static int count_cells(struct store *store, enum store_dataset which, int job, hsize_t *n, struct err *err)
{
    const enum store_dim *dim = store_table[which].dim;
    *n = dim[1] != DIM_NONE ? store->n[dim[1]] : 1;
    return store_is_extent(dim[0]) ? store_room(store, job, dim[0], n, err) : 0;
}

static int copy_part(struct store_copy *copy, enum store_dataset which, int from, int to, struct err *err)
{
    struct store_block source = {from, 0, 0}, target = {to, 0, 0};
    int rc = count_cells(copy->from, which, from, &source.n, err);
    if (rc == 0)
        rc = count_cells(copy->to, which, to, &target.n, err);
    source.n = target.n = source.n < target.n ? source.n : target.n;
    if (rc == 0 && source.n > 0)
        rc = store_read_block(copy->from, which, &source, copy->part[0], err);
    return rc < 0 || source.n == 0 ? rc : store_write_block(copy->to, which, &target, copy->part[0], err);
}

int store_copy_row(struct store_copy *copy, int from, int to, const char *message, struct err *err)
{
    int rc = 0;
    for (int d = 0; d < N_STORE_DATASETS && rc == 0; d++)
        if (is_copied(copy, (enum store_dataset)d))
            rc = copy_part(copy, (enum store_dataset)d, from, to, err);
    return rc < 0 ? rc : store_write_message(copy->to, to, message ? message : "", err);
}

/* ---- comparing ---- */

/* Cells first .. end - 1 of a part that the file has no room for hold what unused ones do. */
static void fill_unused(enum store_dataset which, unsigned char *part, size_t cell, hsize_t first,
                        hsize_t end)
{
    const float nan32 = NAN;
    const double nan64 = (double)NAN;
    const int64_t wide = store_table[which].fill;
    const int narrow = store_table[which].fill;
    const void *fill = store_table[which].cell == CELL_FLOAT32   ? (const void *)&nan32
                       : store_table[which].cell == CELL_FLOAT64 ? (const void *)&nan64
                       : cell == sizeof wide                     ? (const void *)&wide
                                                                 : (const void *)&narrow;
    for (hsize_t i = first; i < end; i++)
        memcpy(part + i * cell, fill, cell);
}

/* Both sides of a dataset, filled up to the longer one: *n cells. */
static int read_sides(struct store_copy *copy, enum store_dataset which, const int job[2], hsize_t *n,
                      struct err *err)
{
    struct store *const store[2] = {copy->from, copy->to};
    hsize_t has[2] = {0, 0};
    int rc = 0;
    for (int side = 0; side < 2 && rc == 0; side++) {
        rc = count_cells(store[side], which, job[side], &has[side], err);
        struct store_block block = {job[side], 0, has[side]};
        if (rc == 0 && has[side] > 0)
            rc = store_read_block(store[side], which, &block, copy->part[side], err);
    }
    *n = has[0] > has[1] ? has[0] : has[1];
    for (int side = 0; side < 2 && rc == 0; side++)
        fill_unused(which, copy->part[side], cell_size(copy->from, which), has[side], *n);
    return rc;
}

static void cell_text(enum store_dataset which, const unsigned char *at, char out[32])
{
    enum store_cell cell = store_table[which].cell;
    float real32;
    double real64;
    int64_t wide;
    int narrow;
    if (cell == CELL_FLOAT32)
        snprintf(out, 32, "%.9g", (double)*(float *)memcpy(&real32, at, sizeof real32));
    else if (cell == CELL_FLOAT64)
        snprintf(out, 32, "%.17g", *(double *)memcpy(&real64, at, sizeof real64));
    else if (cell == CELL_INT64)
        snprintf(out, 32, "%lld", (long long)*(int64_t *)memcpy(&wide, at, sizeof wide));
    else if (cell == CELL_BYTE)
        snprintf(out, 32, "0x%02x", *at);
    else
        snprintf(out, 32, "%d", *(int *)memcpy(&narrow, at, sizeof narrow));
}

static int compare_part(struct store_copy *copy, enum store_dataset which, const int job[2],
                        struct store_difference *out, struct err *err)
{
    size_t cell = cell_size(copy->from, which), at = 0;
    hsize_t n = 0;
    int rc = read_sides(copy, which, job, &n, err);
    if (rc < 0 || memcmp(copy->part[0], copy->part[1], (size_t)n * cell) == 0)
        return rc;
    while (copy->part[0][at] == copy->part[1][at])
        at++;
    at /= cell;
    *out = (struct store_difference){.path = store_table[which].path, .at = at};
    cell_text(which, copy->part[0] + at * cell, out->from);
    cell_text(which, copy->part[1] + at * cell, out->to);
    return 0;
}

int store_copy_compare(struct store_copy *copy, int from, int to, struct store_difference *out,
                       struct err *err)
{
    const int job[2] = {from, to};
    int rc = 0;
    *out = (struct store_difference){0};
    for (int d = 0; d < N_STORE_DATASETS && rc == 0 && !out->path; d++)
        if (is_compared(copy, (enum store_dataset)d))
            rc = compare_part(copy, (enum store_dataset)d, job, out, err);
    return rc;
}

int store_same_bits(struct store *store, int a, int b, struct store_difference *out, struct err *err)
{
    struct store_copy copy;
    int rc = store_copy_begin(&copy, store, store, err);
    if (rc == 0)
        rc = store_copy_compare(&copy, a, b, out, err);
    store_copy_end(&copy);
    return rc;
}
