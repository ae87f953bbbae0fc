#include "store/store_merge_parts.h"

#include <stdlib.h>
#include <string.h>

int merge_is_over(const struct merging *m, const struct merge_entry *entry)
{
    enum job_state state = m->source[entry->source].mark[entry->row].state;
    return state == JOB_DONE || state == JOB_DIVERGED || state == JOB_PRUNED;
}

int merge_worth(const struct merging *m, const struct merge_entry *entry)
{
    return merge_is_over(m, entry) ? 2 : m->source[entry->source].mark[entry->row].state == JOB_FAILED;
}

static int list_entries(struct merging *m, int s, struct err *err)
{
    struct source *source = &m->source[s];
    struct store_job row;
    int n = store_n_rows(source->store), n_trials = store_n_trials(source->store), rc = 0;
    int *trial = err_calloc(3, (unsigned long)n_trials * sizeof *trial, "trials", err);
    rc = trial ? store_read_trials(source->store, trial, err) : E_IO;
    for (int i = 0; i < n && rc == 0; i++) {
        int at = i - (n - n_trials), of = at >= 0 ? trial[at] : -1;
        rc = store_row(source->store, i, &row, err);
        if (rc == 0 && at >= 0 && (of < 0 || of >= n - n_trials))
            rc = err_set(err, E_IO, "%s: trial %d is of no job: damaged; restore a copy",
                         store_path(source->store), at);
        m->entry[m->n_entries] = (struct merge_entry){
            .source = s, .row = i, .of = of < 0 ? -1 : source->first + of, .leader = m->n_entries, .job = -1};
        memcpy(m->entry[m->n_entries++].key, row.key, sizeof row.key);
    }
    free(trial);
    return rc;
}

/* Entries of one job stand together, the first file's first. */
static int compare_entries(const void *a, const void *b, void *of)
{
    const struct merging *m = of;
    const struct merge_entry *x = &m->entry[*(const int *)a], *y = &m->entry[*(const int *)b];
    int apart = m->asked->name[0] ? x->source - y->source : 0;
    int keys = apart ? apart : strcmp(x->key, y->key);
    return keys ? keys : *(const int *)a - *(const int *)b;
}

static int is_same_job(const struct merging *m, const struct merge_entry *a, const struct merge_entry *b)
{
    return strcmp(a->key, b->key) == 0 && (!m->asked->name[0] || a->source == b->source);
}

/* The leader of every entry, and the row that is best of its job. */
static int find_leaders(struct merging *m, struct err *err)
{
    int *order = err_calloc((unsigned long)m->n_entries, sizeof *order, "job keys", err), rc = 0;
    if (!order)
        return E_IO;
    for (int i = 0; i < m->n_entries; i++)
        order[i] = i;
    qsort_r(order, (size_t)m->n_entries, sizeof *order, compare_entries, m);
    for (int i = 0, leader = 0; i < m->n_entries && rc == 0; i++) {
        struct merge_entry *entry = &m->entry[order[i]];
        if (i == 0 || !is_same_job(m, entry, &m->entry[leader])) {
            leader = order[i];
            entry->best = leader;
        } else if (entry->source == m->entry[order[i - 1]].source)
            rc = err_set(err, E_IO, "%s: has the job of key %s twice: damaged; restore a copy",
                         store_path(m->source[entry->source].store), entry->key);
        entry->leader = leader;
        if (merge_worth(m, entry) > merge_worth(m, &m->entry[m->entry[leader].best]))
            m->entry[leader].best = order[i];
    }
    free(order);
    return rc;
}

static int compare_trials(const void *a, const void *b, void *of)
{
    const struct merging *m = of;
    const struct merge_entry *x = &m->entry[*(const int *)a], *y = &m->entry[*(const int *)b];
    int job = m->entry[m->entry[x->of].leader].job - m->entry[m->entry[y->of].leader].job;
    return job ? job : *(const int *)a - *(const int *)b;
}

/* The jobs in the order in which the files have them first, then the trials, those of the first job first. */
static int list_jobs(struct merging *m, struct err *err)
{
    m->leader = err_calloc((unsigned long)m->n_entries, sizeof *m->leader, "the jobs of all", err);
    if (!m->leader)
        return E_IO;
    for (int trials = 0; trials < 2; trials++) {
        int begin = m->n_jobs;
        for (int i = 0; i < m->n_entries; i++)
            if (m->entry[i].leader == i && (m->entry[i].of >= 0) == trials)
                m->leader[m->n_jobs++] = i;
        if (trials) {
            m->n_trials = m->n_jobs - begin;
            qsort_r(m->leader + begin, (size_t)m->n_trials, sizeof *m->leader, compare_trials, m);
        }
        for (int j = begin; j < m->n_jobs; j++)
            m->entry[m->leader[j]].job = j;
    }
    return 0;
}

int merge_find_jobs(struct merging *m, struct err *err)
{
    int rc = 0, n = 0;
    for (int s = 0; s < m->asked->n; s++) {
        m->source[s].first = n;
        n += store_n_rows(m->source[s].store);
    }
    m->entry = err_calloc((unsigned long)n, sizeof *m->entry, "job keys", err);
    for (int s = 0; s < m->asked->n && m->entry && rc == 0; s++)
        rc = list_entries(m, s, err);
    if (!m->entry || rc < 0)
        return E_IO;
    rc = find_leaders(m, err);
    return rc < 0 ? rc : list_jobs(m, err);
}
