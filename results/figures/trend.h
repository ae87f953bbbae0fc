/* trend.h - final test balanced accuracy against a factor, one line a strategy, as data
 * files and gnuplot scripts.
 *
 *     struct trend_axis axis = trend_axis_of(summary, factor);  x: its own numbers, or one place a value
 *     struct trend *trend = NULL;
 *     int n = trend_pages(summary, &axis, &trend, &err);
 *     trend_read_jobs(trend, n, &err);
 *     for (...) trend_write(&trend[i], name, style, dir, &err);        name.tsv and name.gp
 *     trend_free(trend, n);
 *
 * A page shows one clusters x protocol x whatever else varies; its points are group means at the last epoch
 * with their 95 % interval, or, below CURVES_FEW jobs, or splits where some were drawn again (`first` of
 * summary.h), with each of the jobs, or the mean of each split; of a marginal summary, means
 * over the combinations of the other axes with the range of them. Means are joined by a line where that can
 * show a course: numbers, three of them at least. A page has at most TREND_SERIES lines; more strategies go
 * to further pages. No MPI. */
#ifndef CELLSWEEP_TREND_H
#define CELLSWEEP_TREND_H

#include "figures/curves.h"
#include "figures/figstyle.h"
#include "stats/summary.h"

enum { TREND_SERIES = 16, TREND_LABEL_SIZE = COMBINATION_LABEL_SIZE };

/* How a factor, the model or an axis of the grid, is drawn. */
struct trend_axis {
    int factor;        /* combination.h */
    const char *stem;  /* of file names: "axis_", the factor's name follows; "imbalance": the whole */
    const char *label; /* of the x axis */
    int log;           /* 1: logarithmic */
    int categorical;   /* 1: values are words, x counts them */
    /* x of a group; NULL: the number its value is, or the place of its word. */
    double (*x)(const struct summary *summary, const struct summary_group *group);
    /* Text below a tick; NULL: the value. */
    void (*tick)(char *out, size_t size, const struct summary_group *group, int factor, double x);
    /* What else tells two values apart that have the same x, as text in out (TREND_LABEL_SIZE), for pages of
     * their own; NULL: nothing. */
    void (*facet)(char *out, size_t size, const struct summary *summary, const struct summary_group *group);
    const char *facet_name;
    int apart; /* 1: facets are always on pages of their own, not only where a line would jump */
    /* 1 when a and b are different values of x: pages without two of them are left out; NULL: none is */
    int (*differs)(double a, double b);
    const char *note; /* what x is, for the small print; NULL: nothing is to be said */
    /* 1: the summary is a marginal one (marginal.h): points are means over combinations of the other axes */
    int marginal;
    int n_left_out; /* combinations that it leaves out */
};

struct trend_point {
    const struct summary_group *group; /* the summary's */
    int series;                        /* of the page */
    double x;
    /* jobs that the figure shows, 0: it has an interval, a range or one job; from trend_read_jobs() */
    int n_jobs;
    double job[CURVES_FEW - 1];
};

struct trend {
    const struct summary *summary;
    struct trend_axis axis;
    int part;        /* 0, or k for the k-th page of further strategies */
    int has_facet;   /* 1: the page shows one facet only */
    int n_series, n; /* lines, points */
    /* the first group of each line, for its strategy and those of its own axes that are not the factor */
    const struct summary_group *series[TREND_SERIES];
    struct trend_point *point; /* (n) by series, then x; owned */
};

/* The plain way to draw a factor. Logarithmic: learning rates, and positive numbers over a
 * factor of 20 or more. */
struct trend_axis trend_axis_of(const struct summary *summary, int factor);

/* All pages of a factor: *out (n, returned) is owned by the caller, see trend_free. Groups without a finished
 * job have no point, nor those that do not read the factor. Negative: E_IO. */
int trend_pages(const struct summary *summary, const struct trend_axis *axis, struct trend **out,
                struct err *err);

/* The values of single jobs, or means of the runs of a split, where there are too few for an interval, of all
 * n pages of a factor. */
int trend_read_jobs(struct trend *pages, int n, struct err *err);

/* Name of a page's files in out (PAGENAME_SIZE). */
void trend_name(const struct trend *trend, char *out);

int trend_write(const struct trend *trend, const char *name, const struct figstyle *style, const char *dir,
                struct err *err);

void trend_free(struct trend *trend, int n);

#endif
