#include "store/store.h"
#include "store/store_layout.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* ---- transfers ---- */

static int select_cells(struct store *store, enum store_dataset which, const struct store_block *block,
                        hsize_t at)
{
    int is_row = store_table[which].dim[1] != DIM_NONE;
    hsize_t start[2] = {is_row ? (hsize_t)block->job : at, block->first};
    hsize_t count[2] = {is_row ? 1 : block->n, block->n};
    return H5Sselect_hyperslab(store->space[which], H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
                   H5Sselect_valid(store->space[which]) <= 0
               ? -1
               : 0;
}

static int transfer(struct store *store, enum store_dataset which, const struct store_block *block,
                    hsize_t at, const void *from, void *to)
{
    hid_t type = store_memory_type(&store->types, store_table[which].cell), file = store->space[which];
    if (select_cells(store, which, block, at) < 0)
        return -1;
    hid_t memory = block->n == 1 ? store->one : H5Screate_simple(1, &block->n, NULL);
    herr_t rc = from ? H5Dwrite(store->dataset[which], type, memory, file, H5P_DEFAULT, from)
                     : H5Dread(store->dataset[which], type, memory, file, H5P_DEFAULT, to);
    if (block->n != 1 && memory >= 0)
        H5Sclose(memory);
    return rc < 0 ? -1 : 0;
}

int store_write_block(struct store *store, enum store_dataset which, const struct store_block *block,
                      const void *data, struct err *err)
{
    hsize_t at;
    if (store_is_remote(store))
        return store_send_block(store, which, block, data, err);
    int rc = store_place(store, which, block, &at, err);
    if (rc < 0)
        return rc;
    if (store->fd >= 0)
        return store_raw_write(store, which, block, at, data, err);
    if (transfer(store, which, block, at, data, NULL) < 0)
        return err_set(err, E_IO, "%s: cannot write job %d of %s; is the disk full?", store->path, block->job,
                       store_table[which].path);
    return 0;
}

int store_read_block(struct store *store, enum store_dataset which, const struct store_block *block,
                     void *data, struct err *err)
{
    hsize_t at;
    if (!store_has(store, which))
        return err_set(err, E_USAGE, "%s: has no %s; the sweep did not keep it", store->path,
                       store_table[which].path);
    int rc = store_place(store, which, block, &at, err);
    if (rc == 0 && store_is_raw(store))
        return store_raw_read(store, which, at, block->n, data, err);
    if (rc == 0 &&
        (store_raw_can_read(store, which, block->n) ? store_raw_read(store, which, at, block->n, data, NULL)
                                                    : transfer(store, which, block, at, NULL, data)) < 0)
        rc = err_set(err, E_IO, "%s: cannot read job %d of %s: truncated or damaged", store->path, block->job,
                     store_table[which].path);
    return rc;
}

/* ---- what there is ---- */

int store_n_rows(const struct store *store)
{
    return (int)store->n[DIM_JOB];
}

int store_n_trials(const struct store *store)
{
    return (int)store->n[DIM_TRIAL];
}

int store_n_jobs(const struct store *store)
{
    return store_n_rows(store) - (store->shows_trials ? 0 : store_n_trials(store));
}

void store_show_trials(struct store *store)
{
    store->shows_trials = 1;
}

int store_n_epochs(const struct store *store)
{
    return (int)store->n[DIM_EPOCH];
}

int store_n_classes(const struct store *store)
{
    return (int)store->n[DIM_CLASS];
}

int store_n_predictions(const struct store *store, enum image_set set)
{
    return (int)store->largest[store_judged_dim(set) - FIRST_EXTENT];
}

int store_n_class_names(const struct store *store)
{
    return (int)store->n[DIM_NAME];
}

int store_n_images(const struct store *store)
{
    return (int)store->n[DIM_IMAGE];
}

size_t store_n_weights(const struct store *store)
{
    return (size_t)store->largest[DIM_MODEL - FIRST_EXTENT] / sizeof(float);
}

int store_has_val(const struct store *store)
{
    return store->n[DIM_VAL] > 0;
}

static int list_sets(const struct store *store, const enum image_set *from, int n, enum image_set *set)
{
    int kept = 0;
    for (int s = 0; s < n; s++)
        if (from[s] != SET_VAL || store_has_val(store))
            set[kept++] = from[s];
    return kept;
}

int store_curve_sets(const struct store *store, enum image_set set[N_CURVE_SETS])
{
    return list_sets(store, curve_sets, N_CURVE_SETS, set);
}

int store_judged_sets(const struct store *store, enum image_set set[N_JUDGED_SETS])
{
    return list_sets(store, judged_sets, N_JUDGED_SETS, set);
}

int store_synthetic(const struct store *store)
{
    return strcmp(store_text(store, "synthetic"), "0") != 0;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_n_axes(const struct store *store)
{
    return store->types.axes.n;
}

unsigned store_unread_axes(const struct store *store)
{
    return store->unread_axes;
}

unsigned store_bound_axes(const struct store *store)
{
    return store->bound_axes;
}

const char *store_axis_name(const struct store *store, int axis)
{
    return store->types.axes.name[axis];
}

int store_axis_is_number(const struct store *store, int axis)
{
    return store->types.axes.is_number[axis];
}

const struct sweep_file *store_sweep(const struct store *store)
{
    return store->sweep;
}

void store_field_text(char *out, size_t size, const char *value)
{
    if ((size_t)snprintf(out, size, "%s", value) >= size)
        snprintf(out + size - 13, 13, "...%08x", (unsigned)XXH3_64bits(value, strlen(value)));
}

void store_clusters_text(char *out, size_t size, const char *list)
{
    store_field_text(out, size, list);
    if (strlen(list) >= size)
        for (char *p = out; (p = strpbrk(p, ",|=\"")); p++)
            *p = '_';
}

const struct store_job *store_jobs(const struct store *store)
{
    return store->job;
}

const struct dataset_image *store_images(const struct store *store)
{
    return store->image;
}

int store_classes(const struct store *store, int job, int *cluster)
{
    int n = 0, most = store_n_classes(store);
    const int16_t *class = store->class + (size_t)job * (size_t)most;
    while (n < most && n < CONFIG_MAX_CLUSTERS && class[n] >= 0) {
        cluster[n] = store->number[class[n]];
        n++;
    }
    return n;
}
