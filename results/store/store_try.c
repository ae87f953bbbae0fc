#include "store/store.h"
#include "store/store_layout.h"
#include "child.h"

#include <stdlib.h>

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

/* One job's row after the other: all rows at once may be more than there is memory for. */
static int read_rows(struct store *store, enum store_dataset which, struct err *err)
{
    struct store_block block = {{0}, {1, 1, 1}};
    hsize_t dims[STORE_MAX_RANK];
    int rank = store_row_dims(&store_table[which], store->n, dims), rc = 0;
    size_t n = H5Tget_size(store_memory_type(&store->types, store_table[which].cell));
    for (int i = 1; i < rank; i++) {
        block.count[i] = dims[i];
        n *= (size_t)dims[i];
    }
    void *row = err_calloc(n, 1, store_table[which].path, err);
    for (hsize_t j = 0; row && rc == 0 && j < dims[0]; j++) {
        block.start[0] = j;
        rc = store_read_block(store, which, &block, row, err);
    }
    free(row);
    return row ? rc : E_IO;
}

static int try_store(const char *path, struct err *err)
{
    struct store *store = NULL;
    int rc = store_open(path, &store, err);
    for (int d = 0; rc == 0 && d < N_STORE_DATASETS; d++)
        if (store->dataset[d] >= 0 && !is_contiguous(store->dataset[d]))
            rc = read_rows(store, (enum store_dataset)d, err);
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
        rc = store_open(path, &store, err);
    if (rc == 0)
        rc = use(store, self, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}
