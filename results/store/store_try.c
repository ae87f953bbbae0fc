#include "store/store.h"
#include "store/store_layout.h"
#include "child.h"

#include <stdlib.h>

enum { ROWS_AT_A_TIME = 1024 };

/* Bytes of a contiguous dataset are copied as they are; any other layout has an index and filters,
 * which may be damaged too. */
static int is_contiguous(hid_t dataset)
{
    hid_t list = H5Dget_create_plist(dataset);
    int contiguous = list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS;
    if (list >= 0)
        H5Pclose(list);
    return contiguous;
}

/* Some cells after the other: all at once may be more than there is memory for. */
static int read_cells(struct store *store, enum store_dataset which, struct err *err)
{
    hsize_t dims[STORE_MAX_RANK] = {1, 1};
    store_row_dims(&store_table[which], store->n, dims);
    hid_t type = store_memory_type(&store->types, store_table[which].cell);
    void *rows =
        err_calloc((unsigned long)dims[1], ROWS_AT_A_TIME * H5Tget_size(type), store_table[which].path, err);
    int rc = rows ? 0 : E_IO;
    for (hsize_t at = 0, n; at < dims[0] && rc == 0; at += n) {
        n = dims[0] - at < ROWS_AT_A_TIME ? dims[0] - at : ROWS_AT_A_TIME;
        rc =
            h5_rows_read(store->dataset[which], at, n, type, rows, store_table[which].path, store->path, err);
    }
    free(rows);
    return rc;
}

static int read_jobs(struct store *store, struct err *err)
{
    struct store_job row;
    int rc = 0;
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        rc = store_row(store, j, &row, err);
    return rc;
}

static int try_store(const char *path, struct err *err)
{
    struct store *store = NULL;
    int rc = store_open_lean(path, &store, err);
    if (rc == 0) {
        store_show_trials(store);
        rc = read_jobs(store, err);
    }
    for (int d = 0; rc == 0 && d < N_STORE_DATASETS; d++)
        if (store->dataset[d] >= 0 && !is_contiguous(store->dataset[d]))
            rc = read_cells(store, (enum store_dataset)d, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

int store_try(const char *path, struct err *err)
{
    return child_run(try_store, path, err);
}

int store_use(const char *path, int (*try)(const char *path, struct err *err),
              int (*use)(struct store *store, const void *self, struct err *err), const void *self,
              struct err *err)
{
    struct store *store = NULL;
    int rc = try(path, err);
    if (rc == 0)
        rc = store_open_lean(path, &store, err);
    if (rc == 0)
        rc = use(store, self, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}
