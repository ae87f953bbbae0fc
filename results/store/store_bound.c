#include "store/store_layout.h"
#include "store/store_merge.h"

#include <stdlib.h>
#include <string.h>

/* The value that each sweep has of each axis, and axes of which one has several. */
struct bounds {
    int n, sweep_axis;
    struct store_job *first; /* (STORE_MERGE_MOST) values of the axes; "": none yet */
    unsigned varied;
};

/* The first values of the sweep of a row; NULL: there are more sweeps than there may be. */
static struct store_job *values_of(struct bounds *b, const struct store_job *row)
{
    for (int s = 0; s < b->n; s++)
        if (strcmp(b->first[s].axis[b->sweep_axis], row->axis[b->sweep_axis]) == 0)
            return &b->first[s];
    return b->n < STORE_MERGE_MOST ? &b->first[b->n++] : NULL;
}

static void see(struct bounds *b, const struct store *store, const struct store_job *row)
{
    struct store_job *first = values_of(b, row);
    for (int a = 0; a < store_n_axes(store); a++)
        if (!first)
            b->varied |= 1U << a;
        else if (!*first->axis[a])
            memcpy(first->axis[a], row->axis[a], sizeof first->axis[a]);
        else if (*row->axis[a] && strcmp(first->axis[a], row->axis[a]) != 0)
            b->varied |= 1U << a;
}

static unsigned find(const struct bounds *b, const struct store *store)
{
    unsigned bound = 0;
    for (int a = 0; a < store_n_axes(store); a++)
        for (int s = 1; s < b->n && a != b->sweep_axis && !(b->varied >> a & 1); s++)
            if (*b->first[0].axis[a] && *b->first[s].axis[a] &&
                strcmp(b->first[0].axis[a], b->first[s].axis[a]) != 0)
                bound |= 1U << a;
    return bound;
}

int store_find_bound(struct store *store, unsigned *bound, struct err *err)
{
    struct bounds b = {.sweep_axis = store_sweep_column(store)};
    struct store_job row;
    int rc = 0;
    *bound = 0;
    if (b.sweep_axis < 0)
        return 0;
    b.first = err_calloc(STORE_MERGE_MOST, sizeof *b.first, "the sweeps of a file", err);
    for (int j = 0; b.first && j < store_n_rows(store) && rc == 0; j++) {
        rc = store_row(store, j, &row, err);
        if (rc == 0)
            see(&b, store, &row);
    }
    if (b.first && rc == 0)
        *bound = find(&b, store);
    rc = b.first ? rc : E_IO;
    free(b.first);
    return rc;
}
