#include "stats/versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *sweep_of(const struct versus *v, const struct summary_group *group)
{
    return combination_value(group->cell, v->factor);
}

/* The group of a part of the settings that is of a sweep; -1: none is. */
static int member_of(const struct versus *v, int part, const char *sweep)
{
    const struct partition *settings = v->compare->settings;
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++)
        if (strcmp(sweep_of(v, &v->summary->group[settings->member[i]]), sweep) == 0)
            return settings->member[i];
    return -1;
}

/* ---- bits ---- */

static int add_job(struct versus_pair *pair, struct versus_row *row, struct store *store, const int job[2],
                   struct err *err)
{
    struct store_difference difference;
    int rc = store_same_bits(store, job[0], job[1], &difference, err);
    if (rc < 0)
        return rc;
    row->n_same++;
    row->n_equal += !difference.path;
    if (difference.path && pair->unequal[0] < 0) {
        memcpy(pair->unequal, job, sizeof pair->unequal);
        pair->difference = difference;
    }
    return 0;
}

/* Jobs of the two groups with one key. */
static int compare_bits(struct versus_pair *pair, struct versus_row *row, struct store *store,
                        struct err *err)
{
    const struct summary_group *a = row->first, *b = row->second;
    const struct store_job *jobs = store_jobs(store);
    int rc = 0;
    for (int i = 0; i < a->n_state[JOB_DONE]; i++)
        for (int k = 0; k < b->n_state[JOB_DONE] && rc == 0; k++)
            if (strcmp(jobs[a->job[i]].key, jobs[b->job[k]].key) == 0)
                rc = add_job(pair, row, store, (const int[]){a->job[i], b->job[k]}, err);
    pair->n_same += row->n_same;
    pair->n_equal += row->n_equal;
    return rc;
}

/* ---- rows ---- */

/* A contrast of a - b as one of b - a, or one of b - a with the means of a and b in that order. */
static struct contrast second_minus_first(struct contrast c, int is_turned)
{
    double low = c.low, first = c.mean_first;
    if (is_turned) {
        c.mean = 0 - c.mean;
        c.low = 0 - c.high;
        c.high = 0 - low;
    } else {
        c.mean_first = c.mean_second;
        c.mean_second = first;
    }
    return c;
}

static const struct compare_row *find_compared(const struct versus *v, int a, int b)
{
    for (int i = 0; i < v->compare->n; i++)
        if (v->compare->row[i].group_a == a && v->compare->row[i].group_b == b)
            return &v->compare->row[i];
    return NULL;
}

/* Row of two groups, -1: not there. The first sweep's groups stand first in the summary. */
static int add_row(struct versus *v, struct versus_pair *pair, int a, int b, struct store *store, int bits,
                   struct err *err)
{
    const struct summary_group *group = v->summary->group;
    struct versus_row *row = &v->row[v->n++];
    *row = (struct versus_row){.first = a < 0 ? NULL : &group[a], .second = b < 0 ? NULL : &group[b]};
    pair->both += a >= 0 && b >= 0;
    pair->only_first += b < 0;
    pair->only_second += a < 0;
    if (a < 0 || b < 0)
        return 0;
    int first = a < b ? a : b, second = a < b ? b : a;
    const struct compare_row *compared = find_compared(v, first, second);
    if (compared && compared->contrast.n > 0) {
        row->compared = 1;
        row->contrast = second_minus_first(compared->contrast, first == a);
        row->lacking = compared->lacking;
        row->verdict = compared->verdict;
    }
    return bits ? compare_bits(pair, row, store, err) : 0;
}

/* What Holm's correction for all rows of a pair leaves; work: four numbers a row. */
static void adjust(const struct versus *v, struct versus_pair *pair, double *work)
{
    int n = pair->end - pair->begin;
    double *p = work, *adjusted = work + n, *reachable = work + 2 * n, *scratch = work + 3 * n;
    struct versus_row *row = v->row + pair->begin;
    for (int i = 0; i < n; i++) {
        p[i] = row[i].compared ? row[i].contrast.p : (double)NAN;
        pair->family += !isnan(p[i]);
    }
    stats_holm(p, n, adjusted, scratch);
    for (int i = 0; i < n; i++)
        p[i] = isnan(p[i]) ? p[i] : row[i].contrast.smallest_p;
    stats_holm(p, n, reachable, scratch);
    for (int i = 0; i < n; i++) {
        enum verdict verdict = row[i].verdict;
        row[i].p_holm = adjusted[i];
        if (row[i].compared && verdict != VERDICT_LACKING && verdict != VERDICT_REPEATED)
            row[i].verdict =
                contrast_verdict(&row[i].contrast, adjusted[i], reachable[i], v->compare->better);
    }
}

static int add_rows(struct versus *v, struct versus_pair *pair, struct store *store, int bits,
                    struct err *err)
{
    int rc = 0;
    pair->begin = v->n;
    for (int part = 0; part < v->compare->settings->n_parts && rc == 0; part++) {
        int a = member_of(v, part, pair->first), b = member_of(v, part, pair->second);
        if (a >= 0 || b >= 0)
            rc = add_row(v, pair, a, b, store, bits, err);
    }
    pair->end = v->n;
    double *work = err_calloc(5 * (unsigned long)(pair->end - pair->begin), sizeof *work, "p values", err);
    if (work && rc == 0)
        adjust(v, pair, work);
    rc = work ? rc : E_IO;
    free(work);
    return rc;
}

/* The sweeps in the order of the file: each but the first is the second of a pair. */
static int list_pairs(struct versus *v, struct err *err)
{
    const struct summary *s = v->summary;
    const char *name[STORE_MERGE_MOST];
    const struct store_job *first = s->n_groups > 0 ? s->group[0].cell : NULL;
    int n = 0;
    v->pair = err_calloc(STORE_MERGE_MOST, sizeof *v->pair, "sweeps", err);
    for (int g = 0; g < s->n_groups && v->pair; g++) {
        int known = 0;
        for (int i = 0; i < n; i++)
            known |= strcmp(name[i], sweep_of(v, &s->group[g])) == 0;
        if (known || n == STORE_MERGE_MOST)
            continue;
        name[n] = sweep_of(v, &s->group[g]);
        if (n++ > 0)
            v->pair[v->n_pairs++] = (struct versus_pair){.first = name[0],
                                                         .second = name[n - 1],
                                                         .job = {first, s->group[g].cell},
                                                         .unequal = {-1, -1}};
    }
    return v->pair ? 0 : E_IO;
}

static int compare_sweeps(struct versus *v, struct store *store, const char *metric, struct err *err)
{
    struct replicates *replicates = NULL;
    int rc = replicates_new(store, v->summary, metric, REPLICATES_TEST, &replicates, err);
    if (rc == 0)
        rc = compare_factor(v->summary, replicates, v->factor, &v->compare, err);
    replicates_free(replicates);
    return rc;
}

int versus_new(struct store *store, const struct summary *summary, const char *metric, int bits,
               struct versus **out, struct err *err)
{
    struct versus *v = err_calloc(1, sizeof *v, "sweeps", err);
    *out = NULL;
    if (!v)
        return E_IO;
    *v = (struct versus){.summary = summary, .factor = FACTOR_AXES + store_sweep_column(store)};
    int rc = store_is_apart(store) ? list_pairs(v, err) : 0;
    if (rc == 0 && v->n_pairs > 0)
        rc = compare_sweeps(v, store, metric, err);
    unsigned long n = (unsigned long)summary->n_groups * (unsigned long)v->n_pairs;
    if (rc == 0 && !(v->row = err_calloc(n, sizeof *v->row, "sweeps", err)))
        rc = E_IO;
    for (int p = 0; p < v->n_pairs && rc == 0; p++)
        rc = add_rows(v, &v->pair[p], store, bits, err);
    if (rc == 0 && v->n_pairs > 0)
        *out = v;
    else
        versus_free(v);
    return rc;
}

void versus_free(struct versus *versus)
{
    if (!versus)
        return;
    compare_free(versus->compare);
    free(versus->pair);
    free(versus->row);
    free(versus);
}
