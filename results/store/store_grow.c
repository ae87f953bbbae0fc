#include "store/store_copy.h"

#include <stdlib.h>
#include <string.h>

struct keyed_row {
    char key[STORE_KEY_SIZE];
    int row, n_val, n_test;
};

/* Two open files and the commit marks of the old one. */
struct growth {
    struct store *old, *new;
    struct store_mark *mark;  /* (old J) */
    struct keyed_row *by_key; /* (old J) sorted by key */
    struct store_copy copy;
};

static int compare_keys(const void *a, const void *b)
{
    const struct keyed_row *x = a, *y = b;
    return strcmp(x->key, y->key);
}

/* The old row of a key, or NULL. */
static const struct keyed_row *old_row(const struct growth *g, const char *key)
{
    struct keyed_row wanted = {.row = -1};
    memcpy(wanted.key, key, sizeof wanted.key);
    return bsearch(&wanted, g->by_key, (size_t)store_n_jobs(g->old), sizeof wanted, compare_keys);
}

/* Finished or pruned, and everything that the new file wants of it is there and fits. */
static int is_worth_keeping(const struct growth *g, const struct keyed_row *row)
{
    const struct store_mark *mark = &g->mark[row->row];
    int weights_missing = store_n_weights(g->new) > 0 && store_n_weights(g->old) == 0;
    if (mark->state != JOB_DIVERGED && mark->state != JOB_PRUNED &&
        (mark->state != JOB_DONE || weights_missing))
        return 0;
    return mark->epochs_done <= store_n_epochs(g->new) &&
           row->n_val <= store_n_predictions(g->new, SET_VAL) &&
           row->n_test <= store_n_predictions(g->new, SET_TEST);
}

static int copy_rows(struct growth *g, int *kept, struct err *err)
{
    struct store_job wanted;
    int rc = 0;
    for (int job = 0; job < store_n_jobs(g->new) && rc == 0; job++) {
        rc = store_row(g->new, job, &wanted, err);
        const struct keyed_row *row = rc == 0 ? old_row(g, wanted.key) : NULL;
        if (!row || !is_worth_keeping(g, row))
            continue;
        rc = store_copy_row(&g->copy, row->row, job, g->mark[row->row].message, err);
        *kept += rc == 0;
    }
    return rc;
}

/* The old rows by their keys. */
static int list_keys(struct growth *g, struct err *err)
{
    struct store_job row;
    int n = store_n_jobs(g->old), rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = store_row(g->old, i, &row, err);
        if (rc == 0) {
            g->by_key[i] = (struct keyed_row){.row = i, .n_val = row.n_val, .n_test = row.n_test};
            memcpy(g->by_key[i].key, row.key, sizeof row.key);
        }
    }
    qsort(g->by_key, (size_t)n, sizeof *g->by_key, compare_keys);
    return rc;
}

static int prepare(struct growth *g, struct err *err)
{
    int n = store_n_jobs(g->old);
    g->mark = err_calloc((unsigned long)n, sizeof *g->mark, "the old commit marks", err);
    g->by_key = err_calloc((unsigned long)n, sizeof *g->by_key, "the old job keys", err);
    if (!g->mark || !g->by_key || store_copy_begin(&g->copy, g->old, g->new, err) < 0)
        return E_IO;
    int rc = store_read_marks(g->old, g->mark, err);
    return rc < 0 ? rc : list_keys(g, err);
}

static int copy_between(struct store *old, struct store *new, int *kept, struct err *err)
{
    struct growth g = {.old = old, .new = new};
    int rc = prepare(&g, err);
    if (rc == 0)
        rc = copy_rows(&g, kept, err);
    free(g.mark);
    free(g.by_key);
    store_copy_end(&g.copy);
    return rc;
}

static int fill_draft(struct store *old, const struct h5_draft *draft, int *kept, struct err *err)
{
    struct store *new = NULL;
    hid_t file = H5Freopen(draft->file);
    if (file < 0)
        return err_set(err, E_IO, "%s: HDF5 cannot reopen the new file", draft->path);
    int rc = store_adopt(file, draft->temp, &new, err);
    if (rc == 0) {
        store_show_trials(new);
        rc = copy_between(old, new, kept, err);
    }
    int closed = store_close(new, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

static int check_dataset(const struct store *old, const struct store_plan *plan, struct err *err)
{
    if (strcmp(store_text(old, "dataset_checksum"), plan->data->checksum) == 0)
        return 0;
    return err_set(
        err, E_USAGE,
        "%s: made from another dataset (checksum %.12s..., now %.12s...); give another output file",
        store_path(old), store_text(old, "dataset_checksum"), plan->data->checksum);
}

static int grow_from(struct store *old, const struct store_plan *plan, int *kept, struct err *err)
{
    struct h5_draft draft;
    int rc = store_draft(store_path(old), plan, &draft, err);
    if (rc < 0)
        return rc;
    rc = fill_draft(old, &draft, kept, err);
    if (rc == 0)
        return h5_draft_commit(&draft, err);
    h5_draft_abandon(&draft);
    return rc;
}

int store_grow(const char *old_path, const struct store_plan *plan, int *kept, struct err *err)
{
    struct store *old = NULL;
    *kept = 0;
    int rc = store_open_lean(old_path, &old, err);
    if (rc == 0) {
        store_show_trials(old);
        rc = check_dataset(old, plan, err);
    }
    if (rc == 0)
        rc = grow_from(old, plan, kept, err);
    store_close(old, NULL);
    return rc;
}
