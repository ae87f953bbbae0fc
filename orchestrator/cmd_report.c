/* cellsweep report: figures and tables of the jobs finished so far. */
#include "command.h"

#include "cells.h"
#include "report.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct options {
    const char *results;
    struct report_options report;
    struct err *err;
};

static const char DOC[] =
    "Draw the figures and write the tables of a sweep.\vWrites into DIR: report.html (one page to explore "
    "all of it, needs no network), "
    "final (mean, 95 % interval, n and "
    "leak of every cell of the grid), scores, comparisons (every pair of strategies, tested), rankings, "
    "leak_inflation (protocol report against kfold or holdout) and claims (the findings of the published "
    "report, tested, when the sweep ran on its images or the built-in ones), each as .csv, .md and .tex; "
    "fig1 (images per cluster), fig2 (unbalanced "
    "learning curves, a page a pair), fig4 (rebalancing strategies, a page a pair, four panels a page), "
    "imbalance (accuracy against the ratio of class_sizes), axis_NAME (accuracy against any other axis of "
    "the "
    "grid), heatmap (confusion matrices of more than two clusters), appendix_a1 (16 augmented versions of "
    "one "
    "image), each as PNG, SVG and PDF beside the data and the gnuplot script "
    "it was drawn from. Short tables go to standard output. A sweep that still runs is reported as "
    "far as it is.\n"
    "\n"
    "  cellsweep report fig4.h5 -o fig4\n"
    "  cellsweep report fig4.h5 -o fig4-holdout \\\n"
    "      --filter protocol=holdout --metric balanced_accuracy";

static const struct argp_option OPTIONS[] = {
    {"output", 'o', "DIR", 0, "Write into this directory; made when it is not there", 0},
    {"filter", 'f', "F", 0,
     "Show only jobs that match, e.g. 'strategy=augment|none,clusters=1-27'; comparisons stay those of all "
     "jobs of the file",
     0},
    {"metric", 'm', "M", 0,
     "Upper half of learning curves: balanced_accuracy (default), balanced_accuracy_as_published (default "
     "where published curves are drawn: what they show) or accuracy",
     0},
    {"counts", 'c', NULL, 0, "Confusion heatmaps in counts, not in percent of the actual class", 0},
    {"all-figures", 'A', NULL, 0,
     "Draw every figure, however many: where there would be more than 100, an axis has one, the mean over "
     "the others",
     0},
    {"heatmaps", 'H', NULL, 0, "Confusion heatmaps of pairs too, not only of more than two clusters", 0},
    {"style", 's', "S", 0,
     "Size of figures and letters: single (column of a journal, 85 mm, 7 points), double (174 mm, 8 points), "
     "slide (250 mm, 12 points), or "
     "e.g. column=120mm,font=9",
     0},
    {0}};

static int parse_metric(const char *text, enum metric *metric, struct err *err)
{
    for (int m = 0; m < N_METRICS; m++)
        if (m != METRIC_LOSS && strcmp(text, metric_names[m]) == 0) {
            *metric = (enum metric)m;
            return 0;
        }
    return err_set(err, E_USAGE,
                   "report: --metric is '%s'; it must be accuracy, balanced_accuracy or "
                   "balanced_accuracy_as_published (the loss is always drawn)",
                   text);
}

static int take_results(struct options *o, const char *arg)
{
    if (o->results)
        return err_set(o->err, E_USAGE, "report: '%s' is one results file too many; give one", arg);
    o->results = arg;
    return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    int rc = 0;
    switch (key) {
    case 'o':
        o->report.dir = arg;
        break;
    case 'f':
        o->report.filter = arg;
        break;
    case 'm':
        rc = parse_metric(arg, &o->report.metric, o->err);
        break;
    case 'c':
        o->report.counts = 1;
        break;
    case 's':
        rc = figstyle_parse(arg, &o->report.style, o->err);
        break;
    case 'H':
        o->report.all_heatmaps = 1;
        break;
    case 'A':
        o->report.all_figures = 1;
        break;
    case ARGP_KEY_ARG:
        rc = take_results(o, arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return rc < 0 ? EINVAL : 0;
}

static int check(const struct options *o)
{
    if (!o->results)
        return err_set(o->err, E_USAGE, "report: no results file; usage: cellsweep report R.h5 -o DIR");
    if (!o->report.dir)
        return err_set(o->err, E_USAGE, "report: no output directory; usage: cellsweep report %s -o DIR",
                       o->results);
    return 0;
}

int cmd_report(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        .options = OPTIONS, .parser = parse_option, .args_doc = "R.h5", .doc = DOC};
    struct options o = {.report.metric = METRIC_LOSS, .err = err}; /* what fits the page */
    struct store *store = NULL;
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "report: see cellsweep report --help");
    int rc = check(&o);
    if (rc == 0)
        rc = cells_try(o.results, err);
    if (rc == 0)
        rc = store_open(o.results, &store, err);
    if (rc == 0)
        rc = report_write(store, &o.report, stdout, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}
