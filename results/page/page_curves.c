/* Learning curves, matrices of confusion, published curves. */
#include "page/page_parts.h"

#include "figures/curves.h"
#include "paper/published.h"
#include "tables/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of each finished job the number of its judged epoch; curve (n, E). */
static json_t *judged_column(const struct document *d, const float *curve, struct err *err)
{
    size_t epochs = (size_t)store_n_epochs(d->store);
    float *value = err_calloc((size_t)d->n, sizeof *value, "judged epochs", err);
    for (int i = 0; i < d->n && value; i++) {
        int epoch = store_jobs(d->store)[d->job[i]].judged_epoch;
        int is_judged = d->mark[d->job[i]].state == JOB_DONE && epoch > 0;
        value[i] = is_judged ? curve[(size_t)i * epochs + (size_t)epoch - 1] : NAN;
    }
    json_t *column = value ? json_out_floats(value, (size_t)d->n) : NULL;
    free(value);
    return column;
}

/* 1 for a metric of which jobs have the number of their judged epoch. */
static int is_judged(enum metric metric)
{
    return metric == METRIC_LOSS || metric == METRIC_BALANCED_ACCURACY;
}

static void put_judged(struct document *d, enum metric metric, const float *curve, struct err *err)
{
    json_t *jobs = json_object_get(d->root, "jobs"), *judged = json_object_get(jobs, "judged");
    if (!is_judged(metric))
        return;
    if (!judged) {
        document_put(d, jobs, "judged", json_object());
        judged = json_object_get(jobs, "judged"); /* NULL without memory */
    }
    document_put(d, judged, metric_names[metric], judged_column(d, curve, err));
}

static int put_curve(struct document *d, json_t *object, enum image_set set, enum metric metric, float *all,
                     struct err *err)
{
    size_t e = (size_t)store_n_epochs(d->store);
    int rc = store_read_metric(d->store, set, metric, all, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < d->n; i++) /* rows are in order, so none is overwritten before it was moved */
        memmove(all + (size_t)i * e, all + (size_t)d->job[i] * e, e * sizeof *all);
    document_put(d, object, metric_names[metric], json_out_floats(all, (size_t)d->n * e));
    if (set == SET_TEST)
        put_judged(d, metric, all, err);
    return 0;
}

/* 1 where the curves alone are larger than the whole document may be. */
static int are_curves_too_large(const struct document *d)
{
    enum image_set set[N_CURVE_SETS];
    double cells = (double)d->n * store_n_epochs(d->store) * store_curve_sets(d->store, set) * N_METRICS;
    return d->options->most > 0 && cells * sizeof(float) * 4 / 3 > (double)d->options->most;
}

/* Metrics of a set; what is too large for the document is not put there, and not even read but for the
 * numbers of judged epochs. */
static int put_set(struct document *d, json_t *object, enum image_set set, int too_large, float *all,
                   struct err *err)
{
    int rc = 0;
    for (int m = 0; m < N_METRICS && rc == 0; m++)
        if (!too_large || (set == SET_TEST && is_judged((enum metric)m)))
            rc = put_curve(d, object, set, (enum metric)m, all, err);
    if (too_large)
        json_object_clear(object);
    return rc;
}

static void leave_out(struct document *d, const char *name)
{
    if (!json_object_get(d->root, "left_out"))
        document_put(d, d->root, "left_out", json_array());
    document_add(d, json_object_get(d->root, "left_out"), json_string(name));
}

int document_put_curves(struct document *d, int with, struct err *err)
{
    size_t cells = (size_t)store_n_jobs(d->store) * (size_t)store_n_epochs(d->store);
    float *all = err_calloc(cells, sizeof *all, "learning curves", err);
    json_t *curves = json_object();
    int rc = all ? 0 : E_IO, too_large = !with || are_curves_too_large(d);
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(d->store, set);
    for (int s = 0; s < n_sets; s++) {
        json_t *object = json_object();
        if (rc == 0)
            rc = put_set(d, object, set[s], too_large, all, err);
        document_put(d, curves, image_set_names[set[s]], object);
    }
    document_put(d, d->root, "curves", curves);
    if (too_large)
        leave_out(d, "curves");
    free(all);
    return rc;
}

/* ---- means of groups, for a document without the curves of jobs ---- */

enum { MEAN_PARTS = 3, MEAN_STEPS = 65534, MEAN_NONE = 65535 };

/* The largest of mean and ends of the interval of n epochs, 0 where none is a number. */
static double largest_of(const struct stats_summary *curve, int n)
{
    double most = 0;
    for (int e = 0; e < n; e++) {
        most = curve[e].mean > most ? curve[e].mean : most;
        most = curve[e].high > most ? curve[e].high : most;
    }
    return isfinite(most) ? most : 0;
}

static uint16_t step_of(double value, double most)
{
    if (!(value >= 0 && value <= most))
        return MEAN_NONE;
    return most > 0 ? (uint16_t)lround(value / most * MEAN_STEPS) : 0;
}

/* Of a group, (MEAN_PARTS, n). */
static void steps_of(const struct stats_summary *curve, int n, double most, uint16_t *out)
{
    for (int e = 0; e < n; e++) {
        out[e] = step_of(curve[e].mean, most);
        out[n + e] = step_of(curve[e].low, most);
        out[2 * n + e] = step_of(curve[e].high, most);
    }
}

static json_t *means_of(const struct summary *s, enum image_set set, enum metric metric)
{
    int e = s->n_epochs;
    size_t groups = (size_t)s->n_groups, cells = MEAN_PARTS * (size_t)e;
    float *most = calloc(groups, sizeof *most);
    uint16_t *step = calloc(groups * cells, sizeof *step);
    json_t *object = NULL;
    for (size_t g = 0; g < groups && most && step; g++) {
        const struct stats_summary *curve = s->group[g].curve[set][metric];
        most[g] = curve ? (float)largest_of(curve, e) : 0;
        most[g] = nextafterf(most[g], INFINITY);
        for (size_t i = 0; i < cells; i++)
            step[g * cells + i] = MEAN_NONE;
        if (curve)
            steps_of(curve, e, (double)most[g], step + g * cells);
    }
    if (most && step)
        object = json_pack("{s:o, s:o}", "most", json_out_floats(most, groups), "values",
                           json_out_bytes("", step, groups * cells * sizeof *step));
    free(most);
    free(step);
    return object;
}

void document_put_curve_means(struct document *d)
{
    enum image_set set[N_CURVE_SETS];
    char name[64];
    int n_sets = store_curve_sets(d->store, set);
    json_t *means = json_object();
    for (int s = 0; s < n_sets; s++)
        for (int m = METRIC_LOSS; m <= METRIC_BALANCED_ACCURACY; m++) {
            snprintf(name, sizeof name, "%s %s", image_set_names[set[s]], metric_names[m]);
            document_put(d, means, name, means_of(d->summary, set[s], (enum metric)m));
        }
    document_put(d, d->root, "curve_means", means);
}

int document_put_confusion(struct document *d, int with, struct err *err)
{
    size_t c = (size_t)store_n_classes(d->store), n = with ? (size_t)d->n : 0;
    int *all = err_calloc(n * c * c, sizeof *all, "confusion matrices", err), rc = all ? 0 : E_IO;
    enum image_set set[N_JUDGED_SETS];
    int n_sets = store_judged_sets(d->store, set);
    json_t *object = json_object();
    for (int s = 0; s < n_sets && rc == 0; s++) {
        for (size_t i = 0; i < n && rc == 0; i++)
            rc = store_read_confusion(d->store, d->job[i], set[s], all + i * c * c, err);
        document_put(d, object, image_set_names[set[s]], with ? json_out_ints(all, n * c * c) : json_null());
    }
    document_put(d, d->root, "confusion", object);
    if (!with)
        leave_out(d, "confusion");
    free(all);
    return rc;
}

/* ---- published curves ---- */

static void add_published(struct document *d, json_t *list, int g, enum image_set set, enum metric metric,
                          double *curve)
{
    const struct summary_group *group = &d->summary->group[g];
    int n = d->summary->n_epochs;
    if (curves_published(d->summary, group, set, metric, curve, n) == 0)
        return;
    json_t *object = json_object(), *values = json_array();
    for (int e = 0; e < n; e++)
        document_add(d, values, json_out_real(curve[e]));
    columns_put(object, d->store, group->cell, FACTORS_ALL & ~FACTOR(FACTOR_PROTOCOL), &d->failed);
    document_put(d, object, "protocol", json_out_text(published_protocol(group->cell->strategy)));
    document_put(d, object, "set", json_out_text(image_set_names[set]));
    document_put(d, object, "metric", json_out_text(metric_names[metric]));
    document_put(d, object, "values", values);
    document_add(d, list, object);
}

int document_put_published(struct document *d, struct err *err)
{
    double *curve = err_calloc((size_t)d->summary->n_epochs, sizeof *curve, "published curves", err);
    json_t *list = json_array();
    for (int g = 0; g < d->summary->n_groups && curve; g++)
        for (int k = 0; k < N_CURVE_SETS * N_METRICS && partition_is_first(d->summary->same[SUMMARY_LEAK], g);
             k++)
            add_published(d, list, g, curve_sets[k / N_METRICS], (enum metric)(k % N_METRICS), curve);
    document_put(d, d->root, "published", list);
    free(curve);
    return curve ? 0 : E_IO;
}
