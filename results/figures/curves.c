#include "figures/curves.h"

#include "strategies/balance.h"
#include "store/classes.h"
#include "figures/gnuplot.h"
#include "write/output.h"
#include "figures/pagename.h"
#include "models/model.h"
#include "paper/published.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the report's page. */
static const char *const report_strategies[] = {"none", "undersample", "reweight", "oversample", "augment"};
enum { N_REPORT = sizeof report_strategies / sizeof *report_strategies };

/* Panels of a page of strategies that the report does not have. */
enum { PANELS = 4 };

static const struct {
    const char *clusters, *letter;
} report_pages[] = {{"8-10", "a"}, {"14-15", "b"}, {"1-27", "c"}};

void curves_group_title(char *out, size_t size, const struct summary *summary,
                        const struct summary_group *group, unsigned but)
{
    char threshold[CONFIG_WORD_SIZE], cap[CONFIG_WORD_SIZE], title[COMBINATION_LABEL_SIZE],
        label[COMBINATION_LABEL_SIZE];
    combination_label(summary->store, group->cell, FACTOR_STRATEGY, summary->varying & ~but, label);
    snprintf(title, sizeof title, "%s%s", balance_title(group->cell->strategy),
             label + strlen(group->cell->strategy));
    classes_config(summary->store, group->cell, "balance.threshold", threshold, sizeof threshold);
    classes_config(summary->store, group->cell, "balance.cap", cap, sizeof cap);
    if (atol(threshold) <= 0 || atol(cap) <= 0)
        snprintf(out, size, "%s", title);
    else if (curves_is_unbalanced(group))
        snprintf(out, size, "Duplicates to %s", cap);
    else
        snprintf(out, size, "%s, duplicates to %s", title, cap);
}

void curves_append_factors(char *out, size_t size, const struct summary *summary,
                           const struct summary_group *group, unsigned but)
{
    unsigned named = summary->varying & ~(but | FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_PROTOCOL) |
                                          combination_own(summary->store, FACTOR_STRATEGY));
    size_t n = strlen(out);
    for (int f = 0; f < combination_n_factors(summary->store) && n < size; f++)
        if (named >> f & 1 && *combination_value(group->cell, f)) {
            snprintf(out + n, size - n, ", %s %s", combination_name(summary->store, f),
                     combination_value(group->cell, f));
            n += strlen(out + n);
        }
}

/* Of a group, what a published curve is called. */
static void published_name(const struct summary *summary, const struct summary_group *group, char *clusters,
                           const char **strategy)
{
    int all = classes_is_published_all(summary->store, group->cell);
    published_clusters(summary->store, group->cell, clusters);
    if (all)
        snprintf(clusters, CONFIG_WORD_SIZE, "1-28");
    *strategy = all ? "augment_all" : group->cell->strategy;
}

int curves_published(const struct summary *summary, const struct summary_group *group, enum image_set set,
                     enum metric metric, double *out, int n_epochs)
{
    char clusters[CONFIG_WORD_SIZE];
    const char *strategy;
    if (!published_compares(summary->store, group->cell)) {
        for (int e = 0; e < n_epochs; e++)
            out[e] = nan("");
        return 0;
    }
    published_name(summary, group, clusters, &strategy);
    return published_curve(clusters, strategy, set, metric, out, n_epochs);
}

double curves_published_originals(const struct summary *summary, const struct summary_group *group)
{
    char clusters[CONFIG_WORD_SIZE];
    const char *strategy;
    published_name(summary, group, clusters, &strategy);
    return published_compares(summary->store, group->cell) ? published_originals(clusters, strategy)
                                                           : (double)NAN;
}

/* ---- which pages ---- */

int curves_is_unbalanced(const struct summary_group *group)
{
    return strcmp(group->cell->strategy, "none") == 0;
}

int curves_are_flat(const struct summary_group *group)
{
    const struct model_kind *kind = model_find(group->cell->model);
    return kind && !(kind->can & MODEL_EPOCHS);
}

/* Position on the report's page, N_REPORT for a strategy it does not have. */
static int report_rank(const struct summary_group *group)
{
    int i = 0;
    while (i < N_REPORT && strcmp(report_strategies[i], group->cell->strategy) != 0)
        i++;
    return i;
}

static void append_clusters(char *name, const struct summary *summary, const struct store_job *cell)
{
    char room[CONFIG_WORD_SIZE];
    const char *clusters = published_clusters(summary->store, cell, room);
    for (size_t i = 0; i < sizeof report_pages / sizeof *report_pages; i++)
        if (strcmp(report_pages[i].clusters, clusters) == 0) {
            pagename_append(name, report_pages[i].letter);
            return;
        }
    pagename_append(name, "_");
    pagename_append_classes(name, cell->clusters);
}

static void name_page(struct curves_page *page, const struct curves_page *others, int n_others)
{
    const struct summary_group *group = page->panel[0];
    size_t room = sizeof page->name - PAGENAME_LENGTH;
    snprintf(page->name, sizeof page->name, "%s", curves_is_unbalanced(group) ? "fig2" : "fig4");
    append_clusters(page->name, page->summary, group->cell);
    if (page->part) {
        char more[16];
        snprintf(more, sizeof more, "_more%d", page->part);
        pagename_append(page->name, more);
    }
    pagename_append_cell(page->name, page->summary, group, 0);
    for (int i = 0; i < n_others; i++)
        if (strcmp(others[i].name, page->name) == 0) {
            snprintf(page->name + strlen(page->name), room, "_%d", n_others % 100000);
            break;
        }
}

/* 1: a finished group of a page of `first`, which differs from it at most in strategy. */
static int belongs(const struct summary_group *group, const struct summary_group *first)
{
    return group->n_state[JOB_DONE] > 0 && curves_is_unbalanced(group) == curves_is_unbalanced(first);
}

/* Finished groups of the cell of `first`, the report's strategies first, then the others in grid order.
 * Returns how many; 0 when `first` is not the first of them. */
static int collect_cell(const struct summary *summary, int first, const struct summary_group **panel)
{
    const struct partition *cells = summary->same[SUMMARY_SETTING];
    const int *begin = &cells->begin[cells->part_of[first]], *member = cells->member;
    int n = 0, i = begin[0];
    while (!belongs(&summary->group[member[i]], &summary->group[first]))
        i++;
    for (int rank = 0; rank <= N_REPORT && member[i] == first; rank++)
        for (int k = i; k < begin[1]; k++) {
            const struct summary_group *group = &summary->group[member[k]];
            if (report_rank(group) == rank && belongs(group, &summary->group[first]))
                panel[n++] = group;
        }
    return n;
}

/* One page from the first of n panels: all of the report's, or else up to PANELS of the others. */
static int cut_page(struct curves_page *page, const struct summary_group **panel, int n, struct err *err)
{
    int k = 0;
    while (k < n && report_rank(panel[k]) < N_REPORT)
        k++;
    if (k == 0)
        k = n < PANELS ? n : PANELS;
    page->panel = err_calloc((size_t)k, sizeof *page->panel, "panels", err);
    if (!page->panel)
        return E_IO;
    memcpy(page->panel, panel, (size_t)k * sizeof *page->panel);
    page->n_panels = k;
    return k;
}

/* All pages of the cell of group `first` behind the n there are. Returns how many there are then. */
static int add_cell(struct curves_page *pages, int n, const struct summary *summary, int first,
                    const struct summary_group **panel, struct err *err)
{
    int n_panels = collect_cell(summary, first, panel), part = 0;
    for (int at = 0; at < n_panels;) {
        struct curves_page *page = &pages[n];
        page->summary = summary;
        part += report_rank(panel[at]) == N_REPORT;
        page->part = part;
        int taken = cut_page(page, panel + at, n_panels - at, err);
        if (taken < 0)
            return taken;
        name_page(page, pages, n++);
        at += taken;
    }
    return n;
}

int curves_pages(const struct summary *summary, struct curves_page **out, struct err *err)
{
    size_t room = (size_t)summary->n_groups;
    struct curves_page *pages = err_calloc(room, sizeof *pages, "pages", err);
    const struct summary_group **panel = err_calloc(room, sizeof *panel, "panels", err);
    int n = 0, rc = pages && panel ? 0 : E_IO;
    *out = NULL;
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        if (summary->group[g].n_state[JOB_DONE] == 0 || curves_are_flat(&summary->group[g]))
            continue;
        int more = add_cell(pages, n, summary, g, panel, err);
        rc = more < 0 ? more : 0;
        n = more < 0 ? n : more;
    }
    free(panel);
    if (rc < 0) {
        curves_free(pages, pages ? (int)room : 0);
        return rc;
    }
    *out = pages;
    return n;
}

void curves_free(struct curves_page *pages, int n)
{
    for (int i = 0; i < n; i++)
        free(pages[i].panel);
    free(pages);
}

/* ---- data files ---- */

int curves_shows_jobs(const struct summary_group *group)
{
    return group->n_state[JOB_DONE] > 1 && group->n_state[JOB_DONE] < CURVES_FEW;
}

/* What a panel shows beside means, of the n_sets that the file tells of: published (n_sets, N_METRICS,
 * n_epochs), and jobs (n_sets, N_METRICS, n_jobs, n_epochs). */
struct beside {
    enum image_set set[N_CURVE_SETS];
    int n_sets, n_epochs, n_jobs;
    double *published;
    float *jobs;
};

static void write_header(FILE *file, const struct beside *b)
{
    fputs("epoch\tn", file);
    for (int k = 0; k < b->n_sets * N_METRICS; k++) {
        const char *set = image_set_names[b->set[k / N_METRICS]], *metric = metric_names[k % N_METRICS];
        fprintf(file, "\t%s_%s\t%s_%s_low\t%s_%s_high\tpublished_%s_%s", set, metric, set, metric, set,
                metric, set, metric);
    }
    for (int k = 0; k < b->n_sets * N_METRICS; k++)
        for (int i = 0; i < b->n_jobs; i++)
            fprintf(file, "\t%s_%s_job%d", image_set_names[b->set[k / N_METRICS]],
                    metric_names[k % N_METRICS], i + 1);
    fputc('\n', file);
}

static void write_jobs(FILE *file, const struct beside *b, int epoch)
{
    for (int i = 0; i < b->n_sets * N_METRICS * b->n_jobs; i++)
        gnuplot_number(file, (double)b->jobs[(size_t)i * (size_t)b->n_epochs + (size_t)epoch]);
}

static void write_epochs(FILE *file, const struct summary_group *group, const struct beside *b)
{
    for (int e = 0; e < b->n_epochs; e++) {
        fprintf(file, "%d\t%d", e + 1, group->curve[SET_TEST][METRIC_LOSS][e].n);
        for (int s = 0; s < b->n_sets; s++)
            for (int m = 0; m < N_METRICS; m++) {
                const struct stats_summary *point = &group->curve[b->set[s]][m][e];
                gnuplot_number(file, point->mean);
                gnuplot_number(file, point->low);
                gnuplot_number(file, point->high);
                gnuplot_number(file, b->published[(s * N_METRICS + m) * b->n_epochs + e]);
            }
        write_jobs(file, b, e);
        fputc('\n', file);
    }
}

static int read_jobs(const struct summary *summary, const struct summary_group *group, struct beside *b,
                     struct err *err)
{
    size_t e = (size_t)b->n_epochs;
    float *all = err_calloc((size_t)store_n_jobs(summary->store) * e, sizeof *all, "learning curves", err);
    int rc = all ? 0 : E_IO;
    for (int i = 0; i < b->n_sets * N_METRICS && rc == 0; i++) {
        rc = store_read_metric(summary->store, b->set[i / N_METRICS], (enum metric)(i % N_METRICS), all, err);
        for (int j = 0; j < b->n_jobs && rc == 0; j++)
            memcpy(b->jobs + (size_t)(i * b->n_jobs + j) * e, all + (size_t)group->job[j] * e,
                   e * sizeof *all);
    }
    free(all);
    return rc;
}

static int read_beside(const struct summary *summary, const struct summary_group *group, struct beside *b,
                       struct err *err)
{
    size_t e = (size_t)summary->n_epochs;
    *b = (struct beside){.n_epochs = summary->n_epochs,
                         .n_jobs = curves_shows_jobs(group) ? group->n_state[JOB_DONE] : 0};
    b->n_sets = store_curve_sets(summary->store, b->set);
    b->published = err_calloc(e * N_CURVE_SETS * N_METRICS, sizeof(double), "published curves", err);
    b->jobs = err_calloc(e * N_CURVE_SETS * N_METRICS * (size_t)(b->n_jobs + 1), sizeof(float),
                         "learning curves", err);
    if (!b->published || !b->jobs)
        return E_IO;
    for (int s = 0; s < b->n_sets; s++)
        for (int m = 0; m < N_METRICS; m++)
            curves_published(summary, group, b->set[s], (enum metric)m,
                             b->published + (s * N_METRICS + m) * b->n_epochs, b->n_epochs);
    return b->n_jobs > 0 ? read_jobs(summary, group, b, err) : 0;
}

void curves_panel_file(char *out, size_t size, const struct curves_page *page, int panel)
{
    char strategy[PAGENAME_SIZE] = "";
    pagename_append_strategy(strategy, page->summary, page->panel[panel]);
    snprintf(out, size, "%s_%s.tsv", page->name, strategy);
}

static int write_panel_data(const struct curves_page *page, int panel, const char *dir, struct err *err)
{
    const struct summary_group *group = page->panel[panel];
    char name[CURVES_NAME_SIZE + CONFIG_WORD_SIZE + 8];
    struct output out;
    struct beside beside;
    int rc = read_beside(page->summary, group, &beside, err);
    curves_panel_file(name, sizeof name, page, panel);
    if (rc == 0)
        rc = output_open(&out, dir, name, err);
    if (rc == 0) {
        write_header(out.file, &beside);
        write_epochs(out.file, group, &beside);
        rc = output_close(&out, err);
    }
    free(beside.published);
    free(beside.jobs);
    return rc;
}

/* Like beside like: what the published curves show, on a page that has one of them. */
static enum metric default_metric(const struct curves_page *page)
{
    double first;
    for (int i = 0; i < page->n_panels; i++)
        if (curves_published(page->summary, page->panel[i], SET_TEST, METRIC_BALANCED_ACCURACY_AS_PUBLISHED,
                             &first, 1) > 0)
            return METRIC_BALANCED_ACCURACY_AS_PUBLISHED;
    return METRIC_BALANCED_ACCURACY;
}

int curves_write(const struct curves_page *page, enum metric metric, const struct figstyle *style,
                 const char *dir, struct err *err)
{
    for (int i = 0; i < page->n_panels; i++) {
        int rc = write_panel_data(page, i, dir, err);
        if (rc < 0)
            return rc;
    }
    return curves_write_script(page, metric == METRIC_LOSS ? default_metric(page) : metric, style, dir, err);
}
