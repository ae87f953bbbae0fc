#include "stats/roc.h"

#include "stats/predicted.h"

#include <stdlib.h>

enum { N_PLACES = N_ROC_CURVES * ROC_POINTS, N_VALUES = N_PLACES + N_ROC_AREAS };

static const char *const area_names[N_ROC_AREAS] = {"auroc", "auprc", "prevalence"};

/* Curves and areas of a set: value[k * stride] is place k of both curves one after the other, then the
 * areas. */
static int score_set(const struct scores_input *input, double *value, size_t stride, struct err *err)
{
    double curve[N_ROC_CURVES][ROC_POINTS];
    struct judged *judged = NULL;
    int rc = roc_curve(input, curve, err);
    if (rc == 0)
        rc = judged_new(input, &judged, err);
    for (size_t k = 0; k < N_PLACES && rc == 0; k++)
        value[k * stride] = curve[k / ROC_POINTS][k % ROC_POINTS];
    for (size_t a = 0; a < N_ROC_AREAS && rc == 0; a++)
        value[(N_PLACES + a) * stride] = score_find(area_names[a])->value(judged);
    judged_free(judged);
    return rc;
}

/* Means and intervals of value (N_VALUES, n), which is overwritten; count (n) is room. All are shares. */
static void summarise(const struct summary_group *from, double *value, int n, int *count,
                      struct roc_group *to)
{
    for (int k = 0; k < N_VALUES; k++) {
        double *x = value + (size_t)k * (size_t)n;
        int pooled = stats_pool(x, from->first, n, count);
        struct stats_summary s =
            stats_within(stats_of_splits(x, pooled, from->test_ratio, summary_level), 0, 1);
        if (k < N_PLACES)
            to->curve[k / ROC_POINTS][k % ROC_POINTS] = s;
        else
            to->area[k - N_PLACES] = s;
    }
}

static int score_group(struct predicted *predicted, const struct summary_group *from, struct roc_group *to,
                       struct err *err)
{
    int n = from->n_state[JOB_DONE], rc = 0;
    double *value = err_calloc(N_VALUES * (unsigned long)n, sizeof *value, "curves", err);
    int *count = err_calloc((unsigned long)n, sizeof *count, "curves", err);
    to->positive = CLASS_NONE;
    for (int i = 0; i < n && value && count && rc == 0; i++) {
        struct scores_input input;
        rc = predicted_read(predicted, &from->job[i], 1, SET_TEST, &input, err);
        if (rc == 0)
            rc = score_set(&input, value + i, (size_t)n, err);
        if (rc == 0 && input.n_classes == 2)
            to->positive = predicted_cluster(predicted, input.positive);
    }
    rc = value && count ? rc : E_IO;
    if (rc == 0)
        summarise(from, value, n, count, to);
    free(value);
    free(count);
    return rc;
}

int roc_new(struct store *store, const struct summary *summary, struct roc **out, struct err *err)
{
    struct predicted *predicted = NULL;
    struct roc *roc = err_calloc(1, sizeof *roc, "curves", err);
    int rc = roc ? predicted_new(store, &predicted, err) : E_IO;
    *out = NULL;
    if (rc == 0) {
        roc->n_groups = summary->n_groups;
        roc->group = err_calloc((unsigned long)summary->n_groups, sizeof *roc->group, "curves", err);
        rc = roc->group ? 0 : E_IO;
    }
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = score_group(predicted, &summary->group[g], &roc->group[g], err);
    predicted_free(predicted);
    if (rc < 0)
        roc_free(roc);
    else
        *out = roc;
    return rc;
}

int roc_has(const struct roc_group *group)
{
    return group->curve[ROC_TPR][0].n > 0;
}

void roc_free(struct roc *roc)
{
    if (!roc)
        return;
    free(roc->group);
    free(roc);
}
