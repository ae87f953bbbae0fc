/* The data file of a page of trend.h, and the values of its single jobs. */
#include "figures/trend.h"

#include "figures/gnuplot.h"
#include "figures/pagename.h"
#include "figures/trend_script.h"
#include "stats/replicates.h"
#include "write/output.h"

#include <math.h>
#include <string.h>

/* A replicate's value, the mean over all runs of its split; NaN where an earlier one has it. */
static double split_value(const struct replicates_group *group, int i)
{
    const struct replicate *of = group->replicate;
    double sum = 0;
    int n = 0;
    for (int k = 0; k < group->n; k++) {
        int same = k == i || (of[i].split != 0 && of[k].split == of[i].split);
        if (same && k < i)
            return (double)NAN;
        if (same && !isnan(of[k].value)) {
            sum += of[k].value;
            n++;
        }
    }
    return n > 0 ? sum / n : (double)NAN;
}

/* Values of a point's jobs, when there are too few for an interval; runs of one split are one. */
static void show_jobs(struct trend_point *point, const struct replicates_group *group)
{
    double value[CURVES_FEW] = {0};
    int n = 0;
    for (int i = 0; i < group->n && n < CURVES_FEW; i++) {
        value[n] = split_value(group, i);
        n += !isnan(value[n]);
    }
    point->n_jobs = n > 1 && n < CURVES_FEW ? n : 0;
    memcpy(point->job, value, (size_t)point->n_jobs * sizeof *value);
}

int trend_read_jobs(struct trend *pages, int n, struct err *err)
{
    struct replicates *replicates = NULL;
    if (n == 0 || pages->axis.marginal)
        return 0;
    const struct summary *summary = pages->summary;
    int rc = replicates_new(summary->store, summary, metric_names[METRIC_BALANCED_ACCURACY], REPLICATES_TEST,
                            &replicates, err);
    for (int i = 0; i < n && rc == 0; i++)
        for (int k = 0; k < pages[i].n; k++)
            show_jobs(&pages[i].point[k], &replicates->group[pages[i].point[k].group - summary->group]);
    replicates_free(replicates);
    return rc;
}

static void write_points(FILE *file, const struct trend *trend)
{
    const struct summary *summary = trend->summary;
    char strategy[COMBINATION_LABEL_SIZE], value[COMBINATION_LABEL_SIZE];
    unsigned named = summary->varying & ~FACTOR(trend->axis.factor);
    fputs("series\tstrategy\tx\tvalue\tjobs\tn\tbalanced_accuracy\tlow\thigh", file);
    for (int k = 1; k < CURVES_FEW; k++)
        fprintf(file, "\tjob%d", k);
    fputs("\tleak_share\n", file);
    for (int i = 0; i < trend->n; i++) {
        const struct trend_point *p = &trend->point[i];
        const struct stats_summary *s = &p->group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
        fprintf(file, "%d\t%s", p->series,
                combination_label(summary->store, p->group->cell, FACTOR_STRATEGY, named, strategy));
        gnuplot_number(file, p->x);
        fprintf(file, "\t%s\t%d\t%d",
                combination_label(summary->store, p->group->cell, trend->axis.factor, named, value),
                p->group->n_jobs, s->n);
        gnuplot_number(file, s->mean);
        gnuplot_number(file, s->low);
        gnuplot_number(file, s->high);
        for (int k = 0; k < CURVES_FEW - 1; k++)
            gnuplot_number(file, k < p->n_jobs ? p->job[k] : (double)NAN);
        gnuplot_number(file, p->group->leak_share.mean);
        fputc('\n', file);
    }
}

int trend_write(const struct trend *trend, const char *name, const struct figstyle *style, const char *dir,
                struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc != 0)
        return rc;
    write_points(out.file, trend);
    rc = output_close(&out, err);
    return rc == 0 ? trend_write_script(trend, name, style, dir, err) : rc;
}
