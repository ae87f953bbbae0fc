#include "store/store_merge.h"

#include "store/combination.h"
#include "store/store_merge_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char store_sweep_axis[] = "sweep";

int store_sweep_column(const struct store *store)
{
    for (int a = 0; a < store_n_axes(store); a++)
        if (strcmp(store_axis_name(store, a), store_sweep_axis) == 0)
            return a;
    return -1;
}

int store_is_apart(const struct store *store)
{
    return store_sweep_column(store) >= 0;
}

/* ---- the rows ---- */

/* "clusters=8-10,strategy=none,protocol=report,model=cnn,seed=3" in out. */
static void name_job(struct store *new, int job, char out[512])
{
    struct store_job row;
    if (store_row(new, job, &row, NULL) < 0)
        row = (struct store_job){0};
    unsigned axes = FACTOR(combination_n_factors(new)) - 1;
    size_t used = (size_t)combination_filter(new, &row, axes, out, 400);
    used = used < 399 ? used : 399;
    snprintf(out + used, 512 - used, ",seed=%lld,fold=%d,repeat=%d", (long long)row.seed, row.fold,
             row.repeat);
}

static int refuse_bits(const struct merging *m, const struct merge_entry *entry, struct store *new,
                       const struct store_difference *d, struct err *err)
{
    const struct merge_entry *leader = &m->entry[entry->leader];
    char name[512];
    name_job(new, leader->job, name);
    return err_set(
        err, E_USAGE,
        "the %s %s (key %s) was done in both %s and %s, with different bits: cell %llu of its %s is %s "
        "in the one and %s in the other; leave out the file that is wrong, or see both with --as-sweep",
        entry->of >= 0 ? "trial of" : "job", name, entry->key, m->asked->path[m->entry[leader->best].source],
        m->asked->path[entry->source], d->at, d->path, d->to, d->from);
}

static int refuse_states(const struct merging *m, const struct merge_entry *entry, struct store *new,
                         enum job_state here, enum job_state there, struct err *err)
{
    const struct merge_entry *leader = &m->entry[entry->leader];
    char name[512];
    name_job(new, leader->job, name);
    return err_set(err, E_USAGE,
                   "the %s %s (key %s) is %s in %s, but %s in %s; leave out the file that is wrong, or see "
                   "both with --as-sweep",
                   entry->of >= 0 ? "trial of" : "job", name, entry->key, job_state_names[there],
                   m->asked->path[m->entry[leader->best].source], job_state_names[here],
                   m->asked->path[entry->source]);
}

/* A job that is done elsewhere, too. */
static int compare_twin(const struct merging *m, struct store_copy *copy, const struct merge_entry *entry,
                        struct err *err)
{
    const struct merge_entry *leader = &m->entry[entry->leader], *best = &m->entry[leader->best];
    enum job_state here = m->source[entry->source].mark[entry->row].state,
                   there = m->source[best->source].mark[best->row].state;
    struct store_difference d;
    if (here != there)
        return refuse_states(m, entry, copy->to, here, there, err);
    int rc = store_copy_compare(copy, entry->row, leader->job, &d, err);
    return rc == 0 && d.path ? refuse_bits(m, entry, copy->to, &d, err) : rc;
}

/* Rows of a file: first (twins 0) those that are the best of their jobs, then those that must be the same. */
static int fill_from(const struct merging *m, int s, int twins, struct store *new,
                     struct store_merged *merged, struct err *err)
{
    const struct source *source = &m->source[s];
    struct store_copy copy;
    int rc = store_copy_begin(&copy, source->store, new, err);
    for (int row = 0; row < store_n_rows(source->store) && rc == 0; row++) {
        int at = source->first + row;
        const struct merge_entry *entry = &m->entry[at], *leader = &m->entry[entry->leader];
        int is_best = leader->best == at;
        if (!twins && is_best && merge_worth(m, entry) > 0)
            rc = store_copy_row(&copy, row, leader->job, source->mark[row].message, err);
        else if (twins && !is_best && merge_is_over(m, entry)) {
            rc = compare_twin(m, &copy, entry, err);
            merged->n_twice += entry->of < 0;
        }
        if (!twins && is_best && entry->of < 0)
            merged->n_over += merge_is_over(m, entry);
    }
    store_copy_end(&copy);
    return rc;
}

static int fill(const struct merging *m, const struct h5_draft *draft, struct store_merged *merged,
                struct err *err)
{
    struct store *new = NULL;
    hid_t file = H5Freopen(draft->file);
    if (file < 0)
        return err_set(err, E_IO, "%s: HDF5 cannot reopen the new file", draft->path);
    int rc = store_adopt(file, draft->temp, &new, err);
    if (rc == 0)
        store_show_trials(new);
    for (int twins = 0; twins < 2; twins++)
        for (int s = 0; s < m->asked->n && rc == 0; s++)
            rc = fill_from(m, s, twins, new, merged, err);
    int closed = store_close(new, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

/* ---- all ---- */

static int open_sources(struct merging *m, struct err *err)
{
    int rc = 0;
    for (int s = 0; s < m->asked->n && rc == 0; s++) {
        struct source *source = &m->source[s];
        rc = store_open_lean(m->asked->path[s], &source->store, err);
        if (rc < 0)
            return rc;
        store_show_trials(source->store);
        source->mark = err_calloc((unsigned long)store_n_rows(source->store), sizeof *source->mark,
                                  "the commit marks", err);
        rc = source->mark ? store_read_marks(source->store, source->mark, err) : E_IO;
    }
    return rc;
}

/* One file by two names would find itself equal to the bit. */
static int refuse_same_files(const struct store_merge *asked, struct err *err)
{
    struct stat info[STORE_MERGE_MOST];
    for (int s = 0; s < asked->n; s++) {
        if (stat(asked->path[s], &info[s]) < 0)
            continue; /* opening it says what is wrong */
        for (int r = 0; r < s; r++)
            if (info[r].st_dev == info[s].st_dev && info[r].st_ino == info[s].st_ino)
                return err_set(err, E_USAGE, "%s and %s are one file; name each once", asked->path[r],
                               asked->path[s]);
    }
    return 0;
}

static void release(struct merging *m)
{
    merge_forget(m);
    for (int s = 0; s < m->asked->n; s++) {
        free(m->source[s].mark);
        store_close(m->source[s].store, NULL);
    }
    free(m->entry);
    free(m->leader);
}

static int count_commits(const struct merging *m)
{
    int n = 0;
    for (int s = 0; s < m->asked->n; s++) {
        int known = 0;
        for (int r = 0; r < s; r++)
            known |= strcmp(store_text(m->source[r].store, "commit"),
                            store_text(m->source[s].store, "commit")) == 0;
        n += !known;
    }
    return n;
}

/* Whole, under a temporary name. */
static int make_draft(struct merging *m, const char *path, struct h5_draft *draft,
                      struct store_merged *merged, struct err *err)
{
    struct merging *const self = m;
    *merged = (struct store_merged){0};
    int rc = refuse_same_files(m->asked, err);
    if (rc == 0)
        rc = open_sources(m, err);
    if (rc == 0)
        rc = merge_describe(m, err);
    if (rc == 0)
        rc = merge_find_jobs(m, err);
    if (rc == 0)
        rc = merge_find_columns(m, err);
    if (rc < 0)
        return rc;
    struct store_plan plan = merge_plan(&self);
    rc = store_draft(path, &plan, draft, err);
    if (rc < 0)
        return rc;
    rc = m->why.code ? err_set(err, m->why.code, "%s", m->why.text) : fill(m, draft, merged, err);
    merged->n_jobs = m->n_jobs - m->n_trials;
    merged->n_commits = count_commits(m);
    if (rc < 0)
        h5_draft_abandon(draft);
    return rc;
}

static int refuse_existing(const struct store_merge *merge, const char *out, struct err *err)
{
    struct stat there, input;
    if (stat(out, &there) < 0)
        return 0;
    for (int s = 0; s < merge->n; s++)
        if (stat(merge->path[s], &input) == 0 && input.st_dev == there.st_dev && input.st_ino == there.st_ino)
            return err_set(err, E_USAGE,
                           "%s: is one of the files to merge, which are never changed; give another -o", out);
    return err_set(err, E_USAGE, "%s: is there already; give another -o, or remove it", out);
}

int store_merge(const struct store_merge *merge, const char *out, struct store_merged *merged,
                struct err *err)
{
    struct merging *m = err_calloc(1, sizeof *m, "merging", err);
    struct h5_draft draft;
    int rc = m ? refuse_existing(merge, out, err) : E_IO;
    if (rc == 0) {
        m->asked = merge;
        rc = make_draft(m, out, &draft, merged, err);
        if (rc == 0)
            rc = h5_draft_commit(&draft, err);
        release(m);
    }
    free(m);
    return rc;
}

/* The open file of a draft, which loses its name. */
static int adopt_draft(struct h5_draft *draft, const char *called, struct store **out, struct err *err)
{
    hid_t file = H5Freopen(draft->file);
    int rc = file < 0 ? err_set(err, E_IO, "%s: HDF5 cannot reopen it", draft->path)
                      : store_adopt(file, called, out, err);
    h5_draft_abandon(draft);
    return rc;
}

int store_merge_open(const struct store_merge *merge, struct store **out, struct store_merged *merged,
                     struct err *err)
{
    const char *folder = getenv("TMPDIR");
    char path[H5_PATH_SIZE], called[H5_PATH_SIZE] = "";
    struct merging *m = err_calloc(1, sizeof *m, "merging", err);
    struct h5_draft draft;
    size_t used = 0;
    *out = NULL;
    if (!m)
        return E_IO;
    m->asked = merge;
    snprintf(path, sizeof path, "%s/cellsweep-%ld.h5", folder && *folder ? folder : "/tmp", (long)getpid());
    for (int s = 0; s < merge->n && used < sizeof called; s++)
        used += (size_t)snprintf(called + used, sizeof called - used, "%s%s", s ? ", " : "", merge->path[s]);
    int rc = make_draft(m, path, &draft, merged, err);
    release(m);
    free(m);
    return rc < 0 ? rc : adopt_draft(&draft, called, out, err);
}
