#include "stats/cuts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const cut_names[N_CUT_VALUES] = {"sensitivity", "specificity", "precision", "f1",
                                             "tp",          "fp",          "fn",        "tn"};

enum { LAST = CUTS_POINTS - 1, N_VALUES = N_CUT_VALUES * CUTS_POINTS };

double cuts_place(int k)
{
    return (double)k / LAST;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

/* The last threshold by which a probability is taken for positive; -1: by none. A damaged file may hold any
 * number. */
static int last_place(double p, int first)
{
    int k = (int)fmin(fmax(floor(p * LAST) + 1, -1), LAST);
    while (k >= 0 && !(p > cuts_place(k) || (first && p >= cuts_place(k))))
        k--;
    return k;
}

/* counts (2, CUTS_POINTS): images of either class, others and positive ones, taken for positive at each
 * threshold. Returns 0 when a probability is NaN. */
static int count(const struct scores_input *in, double counts[2][CUTS_POINTS], double of[2])
{
    memset(counts, 0, 2 * sizeof *counts);
    of[0] = of[1] = 0;
    for (int i = 0; i < in->n; i++) {
        const float *p = in->probs + (size_t)i * (size_t)in->stride;
        int is_positive = in->label[i] == in->positive;
        if (isnan(p[0]) || isnan(p[1]))
            return 0;
        of[is_positive]++;
        int k = last_place((double)p[in->positive], in->positive == 0);
        if (k >= 0)
            counts[is_positive][k]++;
    }
    for (int k = LAST; k > 0; k--) {
        counts[0][k - 1] += counts[0][k];
        counts[1][k - 1] += counts[1][k];
    }
    return in->n > 0;
}

void cuts_of_set(const struct scores_input *input, double value[N_CUT_VALUES * CUTS_POINTS])
{
    double counts[2][CUTS_POINTS], of[2];
    int is_known = count(input, counts, of);
    for (int k = 0; k < CUTS_POINTS; k++) {
        double tp = counts[1][k], fp = counts[0][k], fn = of[1] - tp, tn = of[0] - fp;
        const double at[N_CUT_VALUES] = {ratio(tp, of[1]),
                                         ratio(tn, of[0]),
                                         ratio(tp, tp + fp),
                                         ratio(2 * tp, 2 * tp + fp + fn),
                                         tp,
                                         fp,
                                         fn,
                                         tn};
        for (int v = 0; v < N_CUT_VALUES; v++)
            value[v * CUTS_POINTS + k] = is_known ? at[v] : (double)NAN;
    }
}

/* value (N_VALUES, n) is overwritten; count (n) is room. */
static void summarise(const struct summary_group *from, double *value, int n, int *count, struct cuts *out)
{
    for (int i = 0; i < N_VALUES; i++) {
        double *x = value + (size_t)i * (size_t)n;
        int v = i / CUTS_POINTS, pooled = stats_pool(x, from->first, n, count);
        out->value[v][i % CUTS_POINTS] =
            stats_within(stats_of_splits(x, pooled, from->test_ratio, summary_level), 0,
                         v < N_CUT_RATES ? 1 : (double)INFINITY);
    }
}

static int read_jobs(struct predicted *predicted, const struct summary_group *group, double *value, size_t n,
                     struct cuts *out, struct err *err)
{
    double one[N_VALUES];
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct scores_input input;
        rc = predicted_read(predicted, &group->job[i], 1, SET_TEST, &input, err);
        int has_two = rc == 0 && input.n_classes == 2;
        if (has_two) {
            out->positive = predicted_cluster(predicted, input.positive);
            cuts_of_set(&input, one);
        }
        for (size_t k = 0; k < N_VALUES; k++)
            value[k * n + i] = has_two ? one[k] : (double)NAN;
    }
    return rc;
}

int cuts_of_group(struct predicted *predicted, const struct summary_group *group, struct cuts *out,
                  struct err *err)
{
    int n = group->n_state[JOB_DONE], rc = E_IO;
    double *value = err_calloc(N_VALUES * (unsigned long)n, sizeof *value, "thresholds", err);
    int *count = err_calloc((unsigned long)n, sizeof *count, "thresholds", err);
    out->positive = CLASS_NONE;
    if (value && count)
        rc = read_jobs(predicted, group, value, (size_t)n, out, err);
    if (rc == 0)
        summarise(group, value, n, count, out);
    free(value);
    free(count);
    return rc;
}
