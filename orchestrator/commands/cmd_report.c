/* cellsweep report: figures and tables of the jobs finished so far. */
#include "command.h"

#include "commands/sweeps.h"
#include "sweep/cells.h"
#include "report.h"

#include <stdio.h>

struct options {
    const char *names; /* a table of class names, read already */
    const char *results;
    struct arguments_rest more; /* to compare with */
    struct report_options report;
};

static int take_style(const char *text, void *field, struct err *err)
{
    return figstyle_parse(text, field, err);
}

static const struct argument rows[] = {
    ARGUMENT_RESULTS(results),
    ARGUMENT_MORE_RESULTS(more),
    {"output", 'o', ARGUMENT_TEXT, "DIR", AT(report.dir), .is_needed = 1,
     .help = "Write into this directory; made when it is not there"},
    ARGUMENT_FILTER(report.filter),
    ARGUMENT_NAMES(names),
    {"metric", 'm', ARGUMENT_CHOICE, "METRIC", AT(report.metric), METRIC_LOSS + 1, N_METRICS - 1,
     metric_names,
     .help = "Upper half of learning curves: balanced_accuracy (default), balanced_accuracy_as_published "
             "(default where published curves are drawn: what they show) or accuracy"},
    {"counts", 'c', ARGUMENT_FLAG, NULL, AT(report.counts),
     .help = "Confusion heatmaps in counts, not in percent of the actual class"},
    {"heatmaps", 'H', ARGUMENT_FLAG, NULL, AT(report.all_heatmaps),
     .help = "Confusion heatmaps of pairs too, not only of more than two clusters"},
    {"all-figures", 'A', ARGUMENT_FLAG, NULL, AT(report.all_figures),
     .help = "Draw every figure, however many: where there would be more than 100, an axis has one, the mean "
             "over the others; of more than 4 models, only those that compare them"},
    {"page-size", 'P', ARGUMENT_WHOLE, "MB", AT(report.page_megabytes), 0, 1000,
     .help =
         "Let report.html have at most so many megabytes (default: 8; 0: any number); what it leaves out it "
         "says, and serve shows"},
    ARGUMENT_RECALIBRATE(report.readout.recalibrate),
    ARGUMENT_THRESHOLD(report.readout.threshold),
    {"style", 's', ARGUMENT_CALL, "STYLE", AT(report.style), .take = take_style,
     .help = "Size of figures and letters: single (column of a journal, 85 mm, 7 points), double (174 mm, 8 "
             "points), slide (250 mm, 12 points), or e.g. column=120mm,font=9"},
    {0}};

static int write_report(struct store *store, const void *options, struct err *err)
{
    int rc = store_refresh(store, err);
    return rc < 0 ? rc : report_write(store, options, stdout, err);
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    return sweeps_use(o->results, &o->more, cells_try, write_report, &o->report, err);
}

static const struct options defaults = {
    .report = {.readout = {.threshold = -1}, .page_megabytes = REPORT_PAGE_MEGABYTES}};

COMMAND(report, "figures and tables", &defaults, 0, 1);
