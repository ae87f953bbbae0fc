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

static int all_numbers(const struct summary *summary, int axis, double *low, double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (int g = 0; g < summary->n_groups; g++) {
        const char *text = summary->group[g].cell->axis[axis];
        if (!is_number(text))
            return 0;
        *low = fmin(*low, strtod(text, NULL));
        *high = fmax(*high, strtod(text, NULL));
    }
    return 1;
}

struct trend_axis trend_axis_of(const struct summary *summary, int axis)
{
    struct trend_axis a = {.axis = axis, .stem = "axis_", .label = store_axis_name(summary->store, axis)};
    double low, high;
    a.categorical = !all_numbers(summary, axis, &low, &high);
    a.log = !a.categorical && low > 0 &&
            (strcmp(pagename_axis(summary, axis), "learning_rate") == 0 || high >= 20 * low);
    return a;
}

/* Place of a word among the axis' values, in the order of their first group. */
static int place_of(const struct summary *summary, int axis, const char *value)
{
    int place = 0;
    for (int g = 0; g < summary->n_groups; g++) {
        const char *text = summary->group[g].cell->axis[axis];
        int seen = 0;
        if (strcmp(text, value) == 0)
            return place;
        for (int k = 0; k < g && !seen; k++)
            seen = strcmp(summary->group[k].cell->axis[axis], text) == 0;
        place += !seen;
    }
    return place;
}

static double x_of(const struct summary *summary, const struct trend_axis *axis,
                   const struct summary_group *group)
{
    const char *text = group->cell->axis[axis->axis];
    if (axis->x)
        return axis->x(summary, group, axis->axis);
    return axis->categorical ? place_of(summary, axis->axis, text) : strtod(text, NULL);
}

static int same_facet(const struct summary *summary, const struct trend_axis *axis,
                      const struct summary_group *a, const struct summary_group *b)
{
    char p[TREND_LABEL_SIZE], q[TREND_LABEL_SIZE];
    axis->facet(p, sizeof p, summary, a);
    axis->facet(q, sizeof q, summary, b);
    return strcmp(p, q) == 0;
}

/* 1 when some values of the same clusters differ but stand at the same x: then a line
 * would jump between them. */
static int needs_facets(const struct summary *summary, const struct trend_axis *axis)
{
    for (int g = 1; axis->facet && g < summary->n_groups; g++)
        for (int k = 0; k < g; k++) {
            const struct summary_group *a = &summary->group[g], *b = &summary->group[k];
            if (strcmp(a->cell->clusters, b->cell->clusters) == 0 &&
                x_of(summary, axis, a) == x_of(summary, axis, b) && !same_facet(summary, axis, a, b))
                return 1;
        }
    return 0;
}

/* ---- which pages ---- */

static int same_page(const struct trend *page, const struct summary_group *a, const struct summary_group *b)
{
    const struct store_job *p = a->cell, *q = b->cell;
    int same = strcmp(p->clusters, q->clusters) == 0 && strcmp(p->protocol, q->protocol) == 0 &&
               strcmp(p->model, q->model) == 0;
    for (int i = 0; i < store_n_axes(page->summary->store) && same; i++)
        same = i == page->axis.axis || strcmp(p->axis[i], q->axis[i]) == 0;
    if (same && page->has_facet)
        same = same_facet(page->summary, &page->axis, a, b);
    return same;
}

/* Line of a strategy on a page, a new one when there is room, -1 otherwise. */
static int series_of(struct trend *page, const struct summary_group *group)
{
    int i = 0;
    while (i < page->n_series && strcmp(page->series[i]->cell->strategy, group->cell->strategy) != 0)
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

/* Points of the page of group `first`; taken[g] is set to 1 for each. */
static int collect_points(struct trend *page, int first, int *taken, struct err *err)
{
    const struct summary *summary = page->summary;
    page->point = err_calloc((size_t)summary->n_groups, sizeof *page->point, "points of a figure", err);
    if (!page->point)
        return E_IO;
    for (int g = first; g < summary->n_groups; g++) {
        const struct summary_group *group = &summary->group[g];
        if (taken[g] || group->n_state[JOB_DONE] == 0 || !same_page(page, &summary->group[first], group))
            continue;
        int series = series_of(page, group);
        if (series < 0)
            continue;
        page->point[page->n++] =
            (struct trend_point){.group = group, .series = series, .x = x_of(summary, &page->axis, group)};
        taken[g] = 1;
    }
    qsort(page->point, (size_t)page->n, sizeof *page->point, by_series_and_x);
    return 0;
}

/* How many pages before it show the same cell. */
static int part_of(const struct trend *pages, int n)
{
    int part = 0;
    for (int i = 0; i < n; i++)
        part += same_page(&pages[n], pages[i].point[0].group, pages[n].point[0].group);
    return part;
}

int trend_pages(const struct summary *summary, const struct trend_axis *axis, struct trend **out,
                struct err *err)
{
    struct trend *pages = err_calloc((size_t)summary->n_groups, sizeof *pages, "pages", err);
    int *taken = err_calloc((size_t)summary->n_groups, sizeof *taken, "pages", err);
    int n = 0, rc = pages && taken ? 0 : E_IO, facets = needs_facets(summary, axis);
    *out = NULL;
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        if (taken[g] || summary->group[g].n_state[JOB_DONE] == 0)
            continue;
        pages[n] = (struct trend){.summary = summary, .axis = *axis, .has_facet = facets};
        rc = collect_points(&pages[n], g, taken, err);
        if (rc == 0)
            pages[n].part = part_of(pages, n);
        n++;
    }
    free(taken);
    if (rc < 0) {
        trend_free(pages, pages ? n : 0);
        return rc;
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
        pagename_append(out, pagename_axis(summary, trend->axis.axis));
    pagename_append(out, "_");
    pagename_append(out, group->cell->clusters);
    pagename_append_cell(out, summary, group, trend->axis.axis);
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

/* ---- data file ---- */

/* Values of a point's jobs, when there are too few for an interval. */
static void show_jobs(struct trend_point *point, const struct replicates_group *group)
{
    double value[CURVES_FEW] = {0};
    int n = 0;
    for (int i = 0; i < group->n && n < CURVES_FEW; i++)
        if (!isnan(group->replicate[i].value))
            value[n++] = group->replicate[i].value;
    point->n_jobs = n > 1 && n < CURVES_FEW ? n : 0;
    memcpy(point->job, value, (size_t)point->n_jobs * sizeof *value);
}

static int read_jobs(struct trend *trend, struct err *err)
{
    const struct summary *summary = trend->summary;
    struct replicates *replicates = NULL;
    int rc = replicates_new(summary->store, summary, metric_names[METRIC_BALANCED_ACCURACY], REPLICATES_VAL,
                            &replicates, err);
    for (int i = 0; i < trend->n && rc == 0; i++)
        show_jobs(&trend->point[i], &replicates->group[trend->point[i].group - summary->group]);
    replicates_free(replicates);
    return rc;
}

static void write_number(FILE *file, double x)
{
    if (isnan(x)) /* printf may write -nan */
        fputs("\tNaN", file);
    else
        fprintf(file, "\t%.9g", x);
}

static void write_points(FILE *file, const struct trend *trend)
{
    fputs("series\tstrategy\tx\tvalue\tjobs\tn\tbalanced_accuracy\tlow\thigh", file);
    for (int k = 1; k < CURVES_FEW; k++)
        fprintf(file, "\tjob%d", k);
    fputc('\n', file);
    for (int i = 0; i < trend->n; i++) {
        const struct trend_point *p = &trend->point[i];
        const struct stats_summary *s = &p->group->final[SPLIT_VAL][METRIC_BALANCED_ACCURACY];
        fprintf(file, "%d\t%s", p->series, p->group->cell->strategy);
        write_number(file, p->x);
        fprintf(file, "\t%s\t%d\t%d", p->group->cell->axis[trend->axis.axis], p->group->n_jobs, s->n);
        write_number(file, s->mean);
        write_number(file, s->low);
        write_number(file, s->high);
        for (int k = 0; k < CURVES_FEW - 1; k++)
            write_number(file, k < p->n_jobs ? p->job[k] : (double)NAN);
        fputc('\n', file);
    }
}

int trend_write(struct trend *trend, const char *name, const struct figstyle *style, const char *dir,
                struct err *err)
{
    struct output out;
    char file[PAGENAME_SIZE + 8];
    int rc = trend->axis.marginal ? 0 : read_jobs(trend, err);
    snprintf(file, sizeof file, "%s.tsv", name);
    if (rc == 0)
        rc = output_open(&out, dir, file, err);
    if (rc != 0)
        return rc;
    write_points(out.file, trend);
    rc = output_close(&out, err);
    return rc == 0 ? trend_write_script(trend, name, style, dir, err) : rc;
}
