#include "figures/axis_figures.h"

#include "figures/imbalance.h"
#include "figures/pagename.h"
#include "figures/size_trend.h"
#include "figures/trend.h"
#include "stats/marginal.h"
#include "stats/training_size.h"

/* Factors with a figure of their own: all that vary but those that every figure tells apart, and settings in
 * which sweeps that are kept apart differ as such. */
static int has_figure(const struct summary *summary, int factor)
{
    int bound = factor >= FACTOR_AXES && store_bound_axes(summary->store) >> (factor - FACTOR_AXES) & 1;
    return factor >= FACTOR_MODEL && summary_varies(summary, factor) && !bound;
}

static struct trend_axis axis_of(const struct summary *summary, int factor)
{
    return imbalance_is_axis(summary, factor) ? imbalance_axis(factor) : trend_axis_of(summary, factor);
}

static int draw_pages(struct drawing *d, const struct summary *summary, const struct trend_axis *axis,
                      struct err *err)
{
    struct trend *pages = NULL;
    int n = trend_pages(summary, axis, &pages, err), rc = n < 0 ? n : 0;
    if (rc == 0 && d->dir)
        rc = trend_read_jobs(pages, n, err);
    for (int i = 0; i < n && rc >= 0; i++) {
        char name[PAGENAME_SIZE];
        trend_name(&pages[i], name);
        rc = drawing_name(d, name, err);
        if (rc > 0)
            rc = trend_write(&pages[i], name, &d->options->style, d->dir, err);
    }
    if (n >= 0)
        trend_free(pages, n);
    return rc < 0 ? rc : 0;
}

/* Accuracy against an axis, and against how much there is to learn from where it sets that. */
static int draw_axis(struct drawing *d, int factor, struct err *err)
{
    struct trend_axis axis = axis_of(d->summary, factor);
    int rc = draw_pages(d, d->summary, &axis, err);
    if (rc < 0 || !training_size_is_axis(d->summary, factor))
        return rc;
    axis = size_trend_axis(d->summary, factor);
    return draw_pages(d, d->summary, &axis, err);
}

static int draw_marginal(struct drawing *d, int factor, struct err *err)
{
    struct trend_axis axis = axis_of(d->summary, factor);
    struct marginal *marginal;
    int rc = marginal_new(d->summary, factor, &marginal, err);
    if (rc < 0)
        return rc;
    axis.marginal = 1;
    axis.n_left_out = marginal->n_left_out;
    rc = draw_pages(d, &marginal->summary, &axis, err);
    marginal_free(marginal);
    return rc;
}

static int draw_each(struct drawing *d, int (*draw)(struct drawing *d, int factor, struct err *err),
                     struct err *err)
{
    int rc = 0;
    for (int f = 0; f < combination_n_factors(d->summary->store) && rc == 0; f++)
        if (has_figure(d->summary, f))
            rc = draw(d, f, err);
    return rc;
}

int axis_figures(struct drawing *d, struct err *err)
{
    return draw_each(d, draw_axis, err);
}

int marginal_figures(struct drawing *d, struct err *err)
{
    return draw_each(d, draw_marginal, err);
}
