#include "figures/figures.h"

#include "figures/axis_figures.h"
#include "figures/drawing.h"
#include "figures/glance.h"
#include "figures/gnuplot.h"
#include "figures/heatmap.h"
#include "figures/models_page.h"
#include "figures/pagename.h"
#include "figures/reliability.h"
#include "figures/roc_page.h"
#include "figures/sizes_page.h"
#include "figures/training_cost_page.h"
#include "figures/variants_page.h"
#include "figures/versus_page.h"
#include "store/classes.h"

#include <stdlib.h>
#include <string.h>

void figures_release(struct figures *figures)
{
    free(figures->name);
    memset(figures, 0, sizeof *figures);
}

/* ---- of single models ---- */

static int draw_curves(struct drawing *d, struct err *err)
{
    struct curves_page *pages = NULL;
    int n = curves_pages(d->summary, &pages, err), rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc >= 0; i++) {
        rc = drawing_name(d, pages[i].name, err);
        if (rc > 0)
            rc = curves_write(&pages[i], d->options->metric, &d->options->style, d->dir, err);
    }
    if (n >= 0)
        curves_free(pages, n);
    return rc < 0 ? rc : 0;
}

static int draw_reliability(struct drawing *d, struct err *err)
{
    const struct calibration *calibration = d->options->calibration;
    struct reliability_page *pages = NULL;
    int n = calibration ? reliability_pages(d->summary, calibration, &pages, err) : 0, rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc >= 0; i++) {
        char name[PAGENAME_SIZE];
        reliability_name(&pages[i], name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = reliability_write(&pages[i], name, &d->options->style, d->dir, err);
    }
    free(pages);
    return rc < 0 ? rc : 0;
}

static int draw_roc(struct drawing *d, struct err *err)
{
    struct roc_page *pages = NULL;
    int n = d->options->roc ? roc_pages(d->summary, d->options->roc, &pages, err) : 0, rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc >= 0; i++) {
        char name[PAGENAME_SIZE];
        roc_page_name(&pages[i], name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = roc_page_write(&pages[i], name, &d->options->style, d->dir, err);
    }
    free(pages);
    return rc < 0 ? rc : 0;
}

static int draw_calibration_costs(struct drawing *d, struct err *err)
{
    struct costs_page *pages = NULL;
    int n = costs_pages(d->summary, d->options->costs, d->options->n_costs, &pages, err), rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc >= 0; i++) {
        char name[PAGENAME_SIZE];
        costs_page_name(&pages[i], name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = costs_page_write(&pages[i], name, &d->options->style, d->dir, err);
    }
    free(pages);
    return rc < 0 ? rc : 0;
}

static int draw_heatmap(struct drawing *d, const struct summary_group *group, enum image_set set,
                        struct err *err)
{
    char name[PAGENAME_SIZE] = "heatmap_";
    struct heatmap *heatmap = NULL;
    pagename_append_classes(name, group->cell->clusters);
    pagename_append(name, "_");
    pagename_append_strategy(name, d->summary, group);
    pagename_append_cell(name, d->summary, group, 0);
    pagename_append(name, set == SET_TEST ? "_test" : "_originals");
    int rc = drawing_name(d, name, err);
    if (rc <= 0)
        return rc;
    rc = heatmap_new(d->summary, group, set, &heatmap, err);
    if (rc == 0)
        rc = heatmap_write(heatmap, name, !d->options->counts, &d->options->style, d->dir, err);
    heatmap_free(heatmap);
    return rc;
}

/* Of more than two classes, or of all. */
static int draw_heatmaps(struct drawing *d, struct err *err)
{
    int cluster[CONFIG_MAX_CLUSTERS], rc = 0;
    for (int g = 0; g < d->summary->n_groups && rc == 0; g++) {
        const struct summary_group *group = &d->summary->group[g];
        int wanted = d->options->all_heatmaps || classes_of(d->summary->store, group->cell, cluster) > 2;
        if (!wanted || group->n_state[JOB_DONE] == 0)
            continue;
        rc = draw_heatmap(d, group, SET_TEST, err);
        if (rc == 0)
            rc = draw_heatmap(d, group, SET_ALL, err);
    }
    return rc;
}

/* ---- of all ---- */

static int draw_sizes(struct drawing *d, struct err *err)
{
    char name[PAGENAME_SIZE] = SIZES_PAGE;
    int has = d->dir ? sizes_page_write(d->summary, &d->options->style, d->dir, err) : 1;
    int rc = has > 0 ? drawing_name(d, name, err) : has;
    return rc < 0 ? rc : 0;
}

static int draw_variants(struct drawing *d, const struct dataset *data, struct err *err)
{
    char name[PAGENAME_SIZE] = VARIANTS_PAGE;
    int rc = drawing_name(d, name, err);
    return rc > 0 ? variants_page_write(d->summary, data, &d->options->style, d->dir, err) : rc;
}

/* Where pages are only counted, what tests say on them is not asked. */
static int draw_glances(struct drawing *d, struct err *err)
{
    const struct figures_options *o = d->options;
    struct glance_page *page = NULL;
    struct overall *overall = NULL;
    int rc = o->strategies && d->dir ? overall_new(o->whole, o->strategies, &overall, err) : 0;
    int n = rc == 0 ? glance_pages(d->summary, overall, &page, err) : rc;
    rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc >= 0; i++) {
        rc = drawing_name(d, page[i].name, err);
        if (rc > 0)
            rc = glance_write(&page[i], &o->style, d->dir, err);
    }
    glance_free(page, n > 0 ? n : 0);
    overall_free(overall);
    return rc < 0 ? rc : 0;
}

static int draw_models(struct drawing *d, struct err *err)
{
    const struct which_model *which = d->options->which;
    int rc = 0;
    for (int p = 0; which && p < which->n_places && rc >= 0; p++) {
        char name[PAGENAME_SIZE];
        if (!models_page_drawn(d->summary, which, p))
            continue;
        models_page_name(d->summary, which, p, name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = models_page_write(d->summary, which, p, name, &d->options->style, d->dir, err);
    }
    return rc < 0 ? rc : 0;
}

static int draw_training_costs(struct drawing *d, struct err *err)
{
    const struct training_cost *cost = d->options->cost;
    int rc = 0;
    for (int p = 0; cost && p < cost->n_places && rc >= 0; p++) {
        char name[PAGENAME_SIZE];
        if (!training_cost_page_drawn(d->summary, cost, p))
            continue;
        training_cost_page_name(d->summary, cost, p, name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = training_cost_page_write(d->options->whole, cost, p, name, &d->options->style, d->dir, err);
    }
    return rc < 0 ? rc : 0;
}

static int draw_sweeps(struct drawing *d, struct err *err)
{
    const struct versus *versus = d->options->versus;
    int rc = 0;
    for (int p = 0; versus && p < versus->n_pairs && rc >= 0; p++) {
        char name[PAGENAME_SIZE];
        if (!versus_page_drawn(versus, p))
            continue;
        versus_page_name(versus, p, name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = versus_page_write(d->summary, versus, p, name, &d->options->style, d->dir, err);
    }
    return rc < 0 ? rc : 0;
}

/* ---- which of them ---- */

/* Every kind of figure but the appendix, in the order of a report. */
static const struct kind {
    int (*draw)(struct drawing *d, struct err *err);
    enum { OF_ALL, OF_MODELS } of; /* OF_MODELS: of single models, left out where there are many */
} kinds[] = {
    {draw_sizes, OF_ALL},          {draw_glances, OF_ALL},
    {draw_curves, OF_MODELS},      {axis_figures, OF_ALL},
    {draw_training_costs, OF_ALL}, {draw_reliability, OF_MODELS},
    {draw_roc, OF_MODELS},         {draw_calibration_costs, OF_MODELS},
    {draw_heatmaps, OF_MODELS},    {draw_models, OF_ALL},
    {draw_sweeps, OF_ALL},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* How many figures a function would draw; E_IO. */
static int count(const struct drawing *d, int (*draw)(struct drawing *d, struct err *err), struct err *err)
{
    struct drawing only = {.summary = d->summary, .options = d->options};
    int rc = draw(&only, err);
    return rc < 0 ? rc : only.n;
}

static int count_kinds(const struct drawing *d, int only_of_models, struct err *err)
{
    int n = 0;
    for (int k = 0; k < N_KINDS; k++) {
        int more = !only_of_models || kinds[k].of == OF_MODELS ? count(d, kinds[k].draw, err) : 0;
        if (more < 0)
            return more;
        n += more;
    }
    return n;
}

/* How many models are shown, their own axes told apart. E_IO without memory. */
static int count_shown_models(const struct summary *summary, struct err *err)
{
    const struct store_job **cell = summary_cells(summary, err);
    struct partition *values = NULL;
    int rc = cell ? partition_new(cell, summary->n_groups, combination_own(summary->store, FACTOR_MODEL),
                                  &values, err)
                  : E_IO;
    int n = rc < 0 ? rc : values->n_parts;
    partition_free(values);
    free(cell);
    return n;
}

/* Figures of single models, if there are too many models for them; 0: they are drawn. E_IO. */
static int count_left_out(const struct drawing *d, struct err *err)
{
    int n = d->options->all_figures ? 0 : count_shown_models(d->summary, err);
    return n > FIGURES_MOST_MODELS ? count_kinds(d, 1, err) : n < 0 ? n : 0;
}

/* What stands in place of too many combinations: a figure an axis, and what compares models and sweeps. */
static int draw_few(struct drawing *d, struct err *err)
{
    int rc = marginal_figures(d, err);
    if (rc == 0)
        rc = draw_models(d, err);
    return rc == 0 ? draw_sweeps(d, err) : rc;
}

/* Whether that is so, of so many figures that are left out anyway. E_USAGE when that is too many, too. */
static int is_flood(struct drawing *d, int n_left_out, struct err *err)
{
    int n = d->options->all_figures ? 0 : count_kinds(d, 0, err);
    n = n > 0 ? n - n_left_out : n;
    if (n <= FIGURES_MAX)
        return n < 0 ? n : 0;
    int few = count(d, draw_few, err);
    if (few < 0)
        return few;
    d->list->n_single = n;
    if (few > 0 && few < FIGURES_MAX)
        return 1;
    return err_set(
        err, E_USAGE,
        "%s: the report would have %d figures, or %d with one an axis; choose jobs by --filter (clusters, "
        "protocols or values of axes that are of interest), or draw them all with --all-figures",
        store_path(d->summary->store), n, 1 + few);
}

/* Below the answer at a glance, unless that has many pages, too. */
static int draw_flood(struct drawing *d, struct err *err)
{
    int glances = count(d, draw_glances, err), rc = glances < 0 ? glances : draw_sizes(d, err);
    if (rc == 0 && glances <= FIGURES_MOST_GLANCES) {
        d->list->n_single -= glances;
        rc = draw_glances(d, err);
    }
    return rc == 0 ? draw_few(d, err) : rc;
}

static int draw_kinds(struct drawing *d, struct err *err)
{
    int rc = 0;
    for (int k = 0; k < N_KINDS && rc == 0; k++)
        if (kinds[k].of == OF_ALL || d->list->n_of_models == 0)
            rc = kinds[k].draw(d, err);
    return rc;
}

int figures_write(const struct summary *summary, const struct dataset *data,
                  const struct figures_options *options, const char *dir, struct figures *out,
                  struct err *err)
{
    struct drawing d = {summary, options, dir, out, 0};
    memset(out, 0, sizeof *out);
    int n = count_left_out(&d, err), flood = n < 0 ? n : is_flood(&d, n, err), rc = flood < 0 ? flood : 0;
    out->n_of_models = n > 0 && !flood ? n : 0;
    if (rc == 0)
        rc = flood ? draw_flood(&d, err) : draw_kinds(&d, err);
    if (rc == 0 && data && data->n_images > 0)
        rc = draw_variants(&d, data, err);
    return rc;
}

int figures_render(const struct figures *figures, const char *dir, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < figures->n && rc == 0; i++)
        rc = gnuplot_render(dir, figures->name[i], err);
    return rc;
}
