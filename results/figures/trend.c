#include "figures/trend.h"

#include "write/output.h"
#include "figures/pagename.h"
#include "figures/trend_script.h"
#include "stats/replicates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the axis ---- */

static int is_number(const char *text)
{
    char *end;
    double x = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(x);
}

/* Of the groups that read the factor. */
static int all_numbers(const struct summary *summary, int factor, double *low, double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (int g = 0; g < summary->n_groups; g++) {
        const char *text = combination_value(summary->group[g].cell, factor);
        if (!*text)
            continue;
        if (!is_number(text))
            return 0;
        *low = fmin(*low, strtod(text, NULL));
        *high = fmax(*high, strtod(text, NULL));
    }
    return 1;
}

struct trend_axis trend_axis_of(const struct summary *summary, int factor)
{
    struct trend_axis a = {
        .factor = factor, .stem = "axis_", .label = combination_name(summary->store, factor)};
    double low, high;
    a.categorical = !all_numbers(summary, factor, &low, &high);
    a.log = !a.categorical && low > 0 &&
            (strcmp(pagename_factor(summary, factor), "learning_rate") == 0 || high >= 20 * low);
    return a;
}

/* ---- what pages are made of ---- */

struct making {
    const struct summary *summary;
    const struct trend_axis *axis;
    double *x;               /* (n_groups) */
    struct partition *pages; /* of the groups: what is the same on a page, but for its facet */
    int has_facet;
    int *taken;         /* (n_groups) 1: has its point */
    int *last, *before; /* the last page of each part, and the one before each page: -1 none */
};

static void making_release(struct making *m)
{
    partition_free(m->pages);
    free(m->x);
    free(m->taken);
    free(m->last);
    free(m->before);
}

/* Words stand in the order of their first groups, as parts do. */
static int find_x(struct making *m, const struct store_job *const *cell, struct err *err)
{
    struct partition *words = NULL;
    int n = m->summary->n_groups, rc = 0;
    if (!m->axis->x && m->axis->categorical)
        rc = partition_new(cell, n, combination_own(m->summary->store, m->axis->factor), &words, err);
    for (int g = 0; g < n && rc == 0; g++)
        m->x[g] = m->axis->x ? m->axis->x(m->summary, &m->summary->group[g])
                  : words    ? words->part_of[g]
                             : strtod(combination_value(cell[g], m->axis->factor), NULL);
    partition_free(words);
    return rc;
}

static int same_facet(const struct making *m, int a, int b)
{
    char p[TREND_LABEL_SIZE], q[TREND_LABEL_SIZE];
    m->axis->facet(p, sizeof p, m->summary, &m->summary->group[a]);
    m->axis->facet(q, sizeof q, m->summary, &m->summary->group[b]);
    return strcmp(p, q) == 0;
}

static int by_x(const void *a, const void *b, void *making)
{
    const struct making *m = making;
    double p = m->x[*(const int *)a], q = m->x[*(const int *)b];
    return isnan(p) || isnan(q) ? !!isnan(p) - !!isnan(q) : (p > q) - (p < q);
}

/* Groups (n) of the same clusters: 1 when some stand at the same x and differ in
 * their facet. They are sorted. */
static int jumps(struct making *m, int *group, int n)
{
    qsort_r(group, (size_t)n, sizeof *group, by_x, m);
    for (int i = 1, first = 0; i < n; i++) {
        if (m->x[group[i]] > m->x[group[first]])
            first = i;
        else if (m->x[group[i]] >= m->x[group[first]] && !same_facet(m, group[i], group[first]))
            return 1;
    }
    return 0;
}

/* 1 when facets are always apart, and there are several. */
static int facets_differ(const struct making *m)
{
    for (int g = 1; g < m->summary->n_groups; g++)
        if (m->axis->apart && !same_facet(m, g, 0))
            return 1;
    return 0;
}

/* 1 when some values of the same clusters differ but stand at the same x: then a line
 * would jump between them. */
static int find_facets(struct making *m, const struct store_job *const *cell, struct err *err)
{
    struct partition *clusters = NULL;
    if (!m->axis->facet)
        return 0;
    m->has_facet = facets_differ(m);
    int rc = partition_new(cell, m->summary->n_groups, FACTOR(FACTOR_CLASSES), &clusters, err);
    for (int part = 0; rc == 0 && part < clusters->n_parts && !m->has_facet; part++)
        m->has_facet = jumps(m, clusters->member + clusters->begin[part],
                             clusters->begin[part + 1] - clusters->begin[part]);
    partition_free(clusters);
    return rc;
}

static int making_init(struct making *m, struct err *err)
{
    size_t n = (size_t)m->summary->n_groups;
    unsigned apart = combination_own(m->summary->store, FACTOR_STRATEGY) |
                     combination_own(m->summary->store, m->axis->factor);
    const struct store_job **cell = summary_cells(m->summary, err);
    m->x = err_calloc(n, sizeof *m->x, "a figure", err);
    m->taken = err_calloc(n, sizeof *m->taken, "pages", err);
    m->last = err_calloc(n, sizeof *m->last, "pages", err);
    m->before = err_calloc(n, sizeof *m->before, "pages", err);
    int rc = cell && m->x && m->taken && m->last && m->before ? find_x(m, cell, err) : E_IO;
    if (rc == 0)
        rc = find_facets(m, cell, err);
    if (rc == 0)
        rc = partition_new(cell, m->summary->n_groups, FACTORS_ALL & ~apart, &m->pages, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        m->last[i] = -1;
    free(cell);
    return rc;
}

/* ---- which pages ---- */

/* Line of a strategy on a page, a new one when there is room, -1 otherwise. */
static int series_of(struct trend *page, const struct summary_group *group)
{
    unsigned own = combination_own(page->summary->store, FACTOR_STRATEGY) & ~FACTOR(page->axis.factor);
    int i = 0;
    while (i < page->n_series && !combination_same(page->series[i]->cell, group->cell, ~own))
        i++;
    if (i == TREND_SERIES)
        return -1;
    if (i == page->n_series)
        page->series[page->n_series++] = group;
    return i;
}

static int by_series_and_x(const void *a, const void *b)
{
    const struct trend_point *p = a, *q = b;
    if (p->series != q->series)
        return p->series < q->series ? -1 : 1;
    return (p->x > q->x) - (p->x < q->x);
}

static void add_point(struct making *m, struct trend *page, int g)
{
    const struct summary_group *group = &m->summary->group[g];
    int series = series_of(page, group);
    if (series < 0)
        return;
    page->point[page->n++] = (struct trend_point){.group = group, .series = series, .x = m->x[g]};
    m->taken[g] = 1;
}

/* Groups without a finished job have no point, nor those that do not read the factor, or whose x is not
 * known. */
static int has_point(const struct making *m, int g)
{
    return !isnan(m->x[g]) && m->summary->group[g].n_state[JOB_DONE] > 0 &&
           *combination_value(m->summary->group[g].cell, m->axis->factor);
}

/* Points of the page of group `first`. */
static int collect_points(struct making *m, struct trend *page, int first, struct err *err)
{
    const int *begin = &m->pages->begin[m->pages->part_of[first]];
    page->point = err_calloc((size_t)(begin[1] - begin[0]), sizeof *page->point, "points of a figure", err);
    if (!page->point)
        return E_IO;
    for (int i = begin[0]; i < begin[1]; i++) {
        int g = m->pages->member[i];
        if (!m->taken[g] && has_point(m, g) && (!m->has_facet || same_facet(m, g, first)))
            add_point(m, page, g);
    }
    qsort(page->point, (size_t)page->n, sizeof *page->point, by_series_and_x);
    return 0;
}

/* How many pages before page i, the newest, show the same cell. */
static int count_before(struct making *m, const struct trend *pages, int i)
{
    int first = (int)(pages[i].point[0].group - m->summary->group),
        *last = &m->last[m->pages->part_of[first]];
    int n = 0;
    for (int k = *last; k >= 0; k = m->before[k])
        n += !m->has_facet || same_facet(m, (int)(pages[k].point[0].group - m->summary->group), first);
    m->before[i] = *last;
    *last = i;
    return n;
}

/* 1 when a page has as many values of x as its axis wants. */
static int is_wanted(const struct trend *page)
{
    if (!page->axis.differs)
        return 1;
    for (int i = 1; i < page->n; i++)
        for (int k = 0; k < i; k++)
            if (page->axis.differs(page->point[i].x, page->point[k].x))
                return 1;
    return 0;
}

static int make_pages(struct making *m, struct trend *pages, struct err *err)
{
    int n = 0, rc = 0;
    for (int g = 0; g < m->summary->n_groups && rc == 0; g++) {
        if (m->taken[g] || !has_point(m, g))
            continue;
        pages[n] = (struct trend){.summary = m->summary, .axis = *m->axis, .has_facet = m->has_facet};
        rc = collect_points(m, &pages[n], g, err);
        if (rc == 0 && !is_wanted(&pages[n])) {
            free(pages[n].point);
            pages[n].point = NULL;
            continue;
        }
        if (rc == 0)
            pages[n].part = count_before(m, pages, n);
        n++;
    }
    return rc < 0 ? rc : n;
}

int trend_pages(const struct summary *summary, const struct trend_axis *axis, struct trend **out,
                struct err *err)
{
    struct making m = {.summary = summary, .axis = axis};
    struct trend *pages = err_calloc((size_t)summary->n_groups, sizeof *pages, "pages", err);
    int n = pages ? making_init(&m, err) : E_IO;
    if (n == 0)
        n = make_pages(&m, pages, err);
    making_release(&m);
    if (n < 0) {
        trend_free(pages, pages ? summary->n_groups : 0);
        pages = NULL;
    }
    *out = pages;
    return n;
}

void trend_free(struct trend *trend, int n)
{
    for (int i = 0; i < n; i++)
        free(trend[i].point);
    free(trend);
}

void trend_name(const struct trend *trend, char *out)
{
    const struct summary *summary = trend->summary;
    const struct summary_group *group = trend->point[0].group;
    char text[TREND_LABEL_SIZE + 64], facet[TREND_LABEL_SIZE];
    *out = '\0';
    pagename_append(out, trend->axis.stem);
    if (strcmp(trend->axis.stem, "axis_") == 0)
        pagename_append(out, pagename_factor(summary, trend->axis.factor));
    pagename_append(out, "_");
    pagename_append_classes(out, group->cell->clusters);
    pagename_append_cell(out, summary, group, combination_own(summary->store, trend->axis.factor));
    if (trend->has_facet) {
        trend->axis.facet(facet, sizeof facet, summary, group);
        snprintf(text, sizeof text, "_%s=%s", trend->axis.facet_name, facet);
        pagename_append(out, text);
    }
    if (trend->part) {
        snprintf(text, sizeof text, "_more%d", trend->part);
        pagename_append(out, text);
    }
}
