#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which groups belong together ---- */

static int same_axes(const struct summary *summary, const struct store_job *a, const struct store_job *b)
{
    int same = strcmp(a->model, b->model) == 0;
    for (int i = 0; i < store_n_axes(summary->store) && same; i++)
        same = strcmp(a->axis[i], b->axis[i]) == 0;
    return same;
}

int compare_same_setting(const struct summary *summary, const struct store_job *a, const struct store_job *b)
{
    return strcmp(a->protocol, b->protocol) == 0 && same_axes(summary, a, b);
}

int compare_same_but_strategy(const struct summary *summary, const struct summary_group *a,
                              const struct summary_group *b)
{
    return strcmp(a->cell->clusters, b->cell->clusters) == 0 &&
           compare_same_setting(summary, a->cell, b->cell);
}

int compare_same_but_protocol(const struct summary *summary, const struct summary_group *a,
                              const struct summary_group *b)
{
    return strcmp(a->cell->clusters, b->cell->clusters) == 0 &&
           strcmp(a->cell->strategy, b->cell->strategy) == 0 && same_axes(summary, a->cell, b->cell);
}

/* What a comparison is being made of. */
struct making {
    const struct summary *summary;
    const struct units *units;
    struct compare *compare;
    int capacity;
};

static struct compare_row *add_row(struct making *m, int a, int b, struct err *err)
{
    struct compare *c = m->compare;
    if (c->n == m->capacity) {
        int capacity = 2 * m->capacity + 16;
        struct compare_row *row = realloc(c->row, (size_t)capacity * sizeof *row);
        if (!row) {
            err_set(err, E_IO, "no memory for %d comparisons", capacity);
            return NULL;
        }
        c->row = row;
        m->capacity = capacity;
    }
    c->row[c->n] = (struct compare_row){.a = &m->summary->group[a],
                                        .b = &m->summary->group[b],
                                        .group_a = a,
                                        .group_b = b,
                                        .mean_a = units_mean(&m->units->group[a]),
                                        .mean_b = units_mean(&m->units->group[b])};
    return &c->row[c->n++];
}

/* Adjust and judge the rows from `first` on as one family. */
static int close_family(struct making *m, int first, struct err *err)
{
    int n = m->compare->n - first, family = 0;
    struct compare_row *row = m->compare->row + first;
    double *p = err_calloc(2 * (unsigned long)n, sizeof *p, "p values", err), *adjusted = p ? p + n : NULL;
    if (!p)
        return E_IO;
    for (int i = 0; i < n; i++) {
        p[i] = row[i].contrast.p;
        family += !isnan(p[i]);
    }
    stats_holm(p, n, adjusted);
    for (int i = 0; i < n; i++) {
        row[i].p_holm = adjusted[i];
        row[i].family = family;
        row[i].verdict = contrast_verdict(&row[i].contrast, adjusted[i], family, m->compare->better);
    }
    free(p);
    return 0;
}

/* ---- strategies ---- */

/* Is g the first group of its cell that has units? */
static int leads(const struct making *m, int g)
{
    for (int k = 0; k < g; k++)
        if (m->units->group[k].n > 0 &&
            compare_same_but_strategy(m->summary, &m->summary->group[k], &m->summary->group[g]))
            return 0;
    return m->units->group[g].n > 0;
}

static int in_cell(const struct making *m, int lead, int g)
{
    return m->units->group[g].n > 0 &&
           compare_same_but_strategy(m->summary, &m->summary->group[lead], &m->summary->group[g]);
}

static int compare_cell(struct making *m, int lead, struct err *err)
{
    int first = m->compare->n, rc = 0;
    for (int a = lead; a < m->summary->n_groups && rc == 0; a++)
        for (int b = a + 1; b < m->summary->n_groups && rc == 0; b++) {
            if (!in_cell(m, lead, a) || !in_cell(m, lead, b))
                continue;
            struct compare_row *row = add_row(m, a, b, err);
            rc = row ? contrast_paired(&m->units->group[a], &m->units->group[b], &row->contrast, err) : E_IO;
        }
    return rc == 0 && m->compare->n > first ? close_family(m, first, err) : rc;
}

/* ---- rankings ---- */

static int same_setting(const struct making *m, int a, int b)
{
    return compare_same_setting(m->summary, m->summary->group[a].cell, m->summary->group[b].cell);
}

/* Groups of lead's setting, reduced to their strategies; returns how many. */
static int list_strategies(const struct making *m, int lead, const char **strategy)
{
    int n = 0;
    for (int g = 0; g < m->summary->n_groups; g++) {
        int known = !same_setting(m, lead, g) || m->units->group[g].n == 0;
        for (int k = 0; k < n && !known; k++)
            known = strcmp(strategy[k], m->summary->group[g].cell->strategy) == 0;
        if (!known && n < RANKS_MAX_STRATEGIES)
            strategy[n++] = m->summary->group[g].cell->strategy;
    }
    return n;
}

/* Mean of every strategy on the clusters of group g, larger for better; 0 when one is missing. */
static int dataset_row(const struct making *m, int g, const struct compare_ranking *r, double *value)
{
    for (int s = 0; s < r->n_strategies; s++) {
        value[s] = (double)NAN;
        for (int k = 0; k < m->summary->n_groups; k++) {
            const struct store_job *cell = m->summary->group[k].cell;
            if (same_setting(m, g, k) && strcmp(cell->clusters, m->summary->group[g].cell->clusters) == 0 &&
                strcmp(cell->strategy, r->strategy[s]) == 0)
                value[s] = m->compare->better * units_mean(&m->units->group[k]);
        }
        if (isnan(value[s]))
            return 0;
    }
    return 1;
}

static int rank_setting(struct making *m, int lead, struct err *err)
{
    struct compare_ranking *r = &m->compare->ranking[m->compare->n_rankings];
    *r = (struct compare_ranking){.cell = m->summary->group[lead].cell};
    r->n_strategies = list_strategies(m, lead, r->strategy);
    if (r->n_strategies < 2 || m->compare->better == 0)
        return 0;
    size_t room = (size_t)m->summary->n_groups * (size_t)r->n_strategies;
    double *value = err_calloc(room, sizeof *value, "ranks", err);
    if (!value)
        return E_IO;
    for (int g = 0; g < m->summary->n_groups; g++)
        if (same_setting(m, lead, g) && leads(m, g))
            r->n_datasets += dataset_row(m, g, r, value + (size_t)r->n_datasets * (size_t)r->n_strategies);
    int rc = ranks_friedman(value, r->n_datasets, r->n_strategies, r->average_rank, &r->test, err);
    r->tested = r->n_datasets >= RANKS_MIN_DATASETS;
    m->compare->n_rankings += r->n_datasets > 0;
    free(value);
    return rc;
}

static int rank_all(struct making *m, struct err *err)
{
    int rc = 0, n = m->summary->n_groups;
    m->compare->ranking = err_calloc((unsigned long)n, sizeof *m->compare->ranking, "ranks", err);
    if (!m->compare->ranking)
        return E_IO;
    for (int g = 0; g < n && rc == 0; g++) {
        int first = 1;
        for (int k = 0; k < g && first; k++)
            first = !same_setting(m, k, g);
        if (first)
            rc = rank_setting(m, g, err);
    }
    return rc;
}

static int compare_cells(struct making *m, struct err *err)
{
    int rc = 0;
    for (int g = 0; g < m->summary->n_groups && rc == 0; g++)
        if (leads(m, g))
            rc = compare_cell(m, g, err);
    return rc == 0 ? rank_all(m, err) : rc;
}

/* ---- leak inflation ---- */

/* The group that says what group g is worth without a leak, -1: none. */
static int honest_group(const struct making *m, int g)
{
    int holdout = -1;
    for (int k = 0; k < m->summary->n_groups; k++) {
        const struct summary_group *other = &m->summary->group[k];
        if (m->units->group[k].n == 0 || !compare_same_but_protocol(m->summary, &m->summary->group[g], other))
            continue;
        if (units_is_kfold(other->cell->protocol))
            return k;
        if (strcmp(other->cell->protocol, "holdout") == 0)
            holdout = k;
    }
    return holdout;
}

/* Rows of the clusters of group lead, a family. */
static int compare_clusters(struct making *m, int lead, struct err *err)
{
    int first = m->compare->n, rc = 0;
    for (int g = lead; g < m->summary->n_groups && rc == 0; g++) {
        const struct store_job *cell = m->summary->group[g].cell;
        int honest = honest_group(m, g);
        if (honest < 0 || m->units->group[g].n == 0 || strcmp(cell->protocol, "report") != 0 ||
            strcmp(cell->clusters, m->summary->group[lead].cell->clusters) != 0)
            continue;
        struct compare_row *row = add_row(m, g, honest, err);
        rc =
            row ? contrast_by_seed(&m->units->group[g], &m->units->group[honest], &row->contrast, err) : E_IO;
    }
    return rc == 0 && m->compare->n > first ? close_family(m, first, err) : rc;
}

static int compare_protocols(struct making *m, struct err *err)
{
    int rc = 0;
    for (int g = 0; g < m->summary->n_groups && rc == 0; g++) {
        int first = 1;
        for (int k = 0; k < g && first; k++)
            first = strcmp(m->summary->group[k].cell->clusters, m->summary->group[g].cell->clusters) != 0;
        if (first)
            rc = compare_clusters(m, g, err);
    }
    return rc;
}

/* ---- both ---- */

static int make(struct store *store, const struct summary *summary, const char *metric, enum units_set on,
                int (*fill)(struct making *, struct err *), struct compare **out, struct err *err)
{
    struct units *units = NULL;
    struct compare *compare = err_calloc(1, sizeof *compare, "comparisons", err);
    int rc = compare ? units_new(store, summary, metric, on, &units, err) : E_IO;
    *out = NULL;
    if (rc == 0) {
        struct making m = {summary, units, compare, 0};
        strncpy(compare->metric, metric, sizeof compare->metric - 1);
        compare->on = on;
        compare->better = units->better;
        rc = fill(&m, err);
    }
    units_free(units);
    if (rc < 0)
        compare_free(compare);
    else
        *out = compare;
    return rc;
}

int compare_strategies(struct store *store, const struct summary *summary, const char *metric,
                       enum units_set on, struct compare **out, struct err *err)
{
    return make(store, summary, metric, on, compare_cells, out, err);
}

int compare_leak(struct store *store, const struct summary *summary, const char *metric, struct compare **out,
                 struct err *err)
{
    return make(store, summary, metric, UNITS_VAL, compare_protocols, out, err);
}

void compare_free(struct compare *compare)
{
    if (!compare)
        return;
    free(compare->row);
    free(compare->ranking);
    free(compare);
}
