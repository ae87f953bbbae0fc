#include "stats/contrast.h"

#include "stats/ranks.h"
#include "stats/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double contrast_alpha = 0.05, contrast_slack = 1e-6;

enum { MIN_BOOTSTRAP = 30 };

static struct contrast empty(void)
{
    return (struct contrast){.mean = (double)NAN,
                             .mean_first = (double)NAN,
                             .mean_second = (double)NAN,
                             .low = (double)NAN,
                             .high = (double)NAN,
                             .p = (double)NAN,
                             .method = "",
                             .p_sign_flip = (double)NAN,
                             .p_wilcoxon = (double)NAN,
                             .smallest_p = 1};
}

/* ---- differences, tested ---- */

/* Values of two sides, pair by pair: all that a contrast of pairs is made of. Pairs of runs of one split are
 * one, the mean of them. */
struct pairs {
    int n;
    double *d;            /* (n) first - second, the caller's */
    uint64_t *split;      /* (n) 0: alone; the caller's */
    int *count;           /* (n) pairs that are one; the caller's */
    double *x, *y;        /* (n) the sides, the caller's */
    double first, second; /* sums of the sides */
    double size;          /* of the largest value */
    double rounding;      /* of replicates.h, that of the less exact side */
};

/* What rounding may do to the distance of two differences. */
static double slack_of(const struct pairs *pairs)
{
    return (4 * pairs->rounding + 1e-12) * pairs->size;
}

/* Room for n pairs, all that is the caller's; rounding as in the struct. */
static int pairs_new(struct pairs *pairs, int n, double rounding, struct err *err)
{
    size_t room = (size_t)n;
    *pairs = (struct pairs){.rounding = rounding};
    pairs->d = err_calloc(room, sizeof *pairs->d, "differences", err);
    pairs->x = err_calloc(room, sizeof *pairs->x, "differences", err);
    pairs->y = err_calloc(room, sizeof *pairs->y, "differences", err);
    pairs->split = err_calloc(room, sizeof *pairs->split, "differences", err);
    pairs->count = err_calloc(room, sizeof *pairs->count, "differences", err);
    return pairs->d && pairs->x && pairs->y && pairs->split && pairs->count ? 0 : E_IO;
}

static void pairs_release(struct pairs *pairs)
{
    free(pairs->d);
    free(pairs->x);
    free(pairs->y);
    free(pairs->split);
    free(pairs->count);
}

static void add_pair(struct pairs *pairs, double first, double second, uint64_t split)
{
    int at = 0;
    if (isnan(first) || isnan(second))
        return;
    while (at < pairs->n && !(split && pairs->split[at] == split))
        at += split ? 1 : pairs->n;
    if (at == pairs->n) {
        pairs->x[at] = pairs->y[at] = 0;
        pairs->count[at] = 0;
        pairs->split[pairs->n++] = split;
    }
    pairs->x[at] += first;
    pairs->y[at] += second;
    pairs->count[at]++;
    pairs->size = fmax(pairs->size, fmax(fabs(first), fabs(second)));
}

/* Once all are added. */
static void settle(struct pairs *pairs)
{
    for (int i = 0; i < pairs->n; i++) {
        double first = pairs->x[i] / pairs->count[i], second = pairs->y[i] / pairs->count[i];
        pairs->d[i] = first - second;
        pairs->first += first;
        pairs->second += second;
    }
}

static int varies(const double *x, int n, double size)
{
    double least = x[0], most = x[0];
    for (int i = 1; i < n; i++) {
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    return most - least > contrast_slack * size;
}

static void test_constant(const struct pairs *pairs, struct contrast *out)
{
    int none = fabs(out->mean) <= contrast_slack * pairs->size;
    out->low = out->high = out->mean;
    out->p = none ? 1 : out->p_sign_flip;
    out->smallest_p = resample_smallest_p(pairs->n);
    out->method = "sign flip, no spread";
}

static void test_splits(const struct pairs *pairs, double test_ratio, struct contrast *out)
{
    struct stats_test t = stats_corrected_t(pairs->d, pairs->n, test_ratio, summary_level);
    out->low = t.low;
    out->high = t.high;
    out->p = t.p;
    out->smallest_p = 0;
    out->method = "corrected resampled t";
}

static int test_seeds(const struct pairs *pairs, struct contrast *out, struct err *err)
{
    const double *d = pairs->d;
    int n = pairs->n;
    struct stats_summary s = stats_summarise(d, n, summary_level);
    out->low = s.low;
    out->high = s.high;
    out->p = out->p_sign_flip;
    out->smallest_p = resample_smallest_p(n);
    out->method = n < MIN_BOOTSTRAP ? "sign flip, t interval" : "sign flip, BCa interval";
    if (n < MIN_BOOTSTRAP)
        return 0;
    return resample_bca(d, n, slack_of(pairs), summary_level, &out->low, &out->high, err);
}

static int test_pairs(const struct pairs *pairs, double test_ratio, struct contrast *out, struct err *err)
{
    int n = pairs->n;
    *out = empty();
    out->n = n;
    if (n > 0) {
        out->mean_first = pairs->first / n;
        out->mean_second = pairs->second / n;
        out->mean = stats_summarise(pairs->d, n, summary_level).mean;
    }
    if (n < 2)
        return 0;
    out->p_sign_flip = resample_sign_flip(pairs->d, n, slack_of(pairs));
    int rc = ranks_wilcoxon(pairs->d, n, slack_of(pairs), &out->p_wilcoxon, err);
    if (rc < 0)
        return rc;
    if (!varies(pairs->d, n, pairs->size))
        test_constant(pairs, out);
    else if (isnan(test_ratio))
        rc = test_seeds(pairs, out, err);
    else
        test_splits(pairs, test_ratio, out);
    return rc;
}

/* ---- pairs ---- */

/* Below 0: replicate a is of an earlier run than b; 0: of the same. */
static int order(const struct replicate *a, const struct replicate *b)
{
    if (a->seed != b->seed)
        return a->seed < b->seed ? -1 : 1;
    return a->repeat != b->repeat ? a->repeat - b->repeat : a->fold - b->fold;
}

/* Of a pair whose sides may both be runs of splits that others are runs of, too. */
static uint64_t split_of(const struct replicate *a, const struct replicate *b)
{
    return a->split ? a->split + 31 * b->split : b->split;
}

/* The pairs that both have a value; there is room for a->n. Units are in the order of their runs. */
static void pair_up(const struct replicates_group *a, const struct replicates_group *b, struct pairs *pairs)
{
    for (int i = 0, k = 0; i < a->n && k < b->n;) {
        const struct replicate *x = &a->replicate[i], *y = &b->replicate[k];
        int which = order(x, y);
        if (which == 0)
            add_pair(pairs, x->value, y->value, split_of(x, y));
        i += which <= 0;
        k += which >= 0;
    }
    settle(pairs);
}

int contrast_paired(const struct replicates_group *a, const struct replicates_group *b, struct contrast *out,
                    struct err *err)
{
    struct pairs pairs;
    int rc = pairs_new(&pairs, a->n, fmax(a->rounding, b->rounding), err);
    if (rc == 0) {
        pair_up(a, b, &pairs);
        rc = test_pairs(&pairs, fmax(a->test_ratio, b->test_ratio), out, err);
    }
    pairs_release(&pairs);
    return rc;
}

int contrast_constant(const struct replicates_group *a, double constant, struct contrast *out,
                      struct err *err)
{
    struct pairs pairs;
    int rc = pairs_new(&pairs, a->n, a->rounding, err);
    if (rc == 0) {
        for (int i = 0; i < a->n; i++)
            add_pair(&pairs, a->replicate[i].value, constant, a->replicate[i].split);
        settle(&pairs);
        rc = test_pairs(&pairs, a->test_ratio, out, err);
    }
    pairs_release(&pairs);
    return rc;
}

/* ---- cells of different protocols ---- */

/* Means over folds, and over repeats as well when by_seed, in mean, which has room for a->n. */
static int average(const struct replicates_group *a, int by_seed, struct replicate *mean)
{
    int n = 0;
    for (int i = 0, end; i < a->n; i = end) {
        double sum = 0;
        uint64_t split = 0;
        int values = 0;
        for (end = i; end < a->n && a->replicate[end].seed == a->replicate[i].seed &&
                      (by_seed || a->replicate[end].repeat == a->replicate[i].repeat);
             end++)
            if (!isnan(a->replicate[end].value)) {
                sum += a->replicate[end].value;
                split += a->replicate[end].split;
                values++;
            }
        if (values > 0)
            mean[n++] = (struct replicate){a->replicate[i].seed, by_seed ? 0 : a->replicate[i].repeat, 0,
                                           sum / values, split};
    }
    return n;
}

/* 1 / C(n + m, n), twice that for n = m: nothing lies further apart than sides that do not vary. */
static double constant_sides_p(int n, int m)
{
    double ways = 1;
    for (int i = 1; i <= m; i++)
        ways *= (double)(n + i) / i;
    return (n == m ? 2 : 1) / ways;
}

/* x (n) and y (m), n and m at least 2, of which neither varies. */
static void test_constant_sides(int n, int m, double size, struct contrast *out)
{
    out->low = out->high = out->mean;
    out->smallest_p = constant_sides_p(n, m);
    out->p = fabs(out->mean) <= contrast_slack * size ? 1 : out->smallest_p;
    out->method = "permutation, no spread";
}

static void test_sides(const double *x, int n, const double *y, int m, struct contrast *out)
{
    struct stats_test t = stats_welch(x, n, y, m, summary_level);
    double size = n > 0 && m > 0 ? fmax(fabs(x[0]), fabs(y[0])) : 0;
    *out = empty();
    out->n = t.n;
    out->mean = t.mean;
    out->mean_first = stats_summarise(x, n, summary_level).mean;
    out->mean_second = stats_summarise(y, m, summary_level).mean;
    out->low = t.low;
    out->high = t.high;
    out->p = t.p;
    out->smallest_p = t.n < 2 ? 1 : 0;
    out->method = "Welch t";
    if (t.n >= 2 && !varies(x, n, size) && !varies(y, m, size))
        test_constant_sides(n, m, size, out);
}

/* Values of both, none of which is NaN (average()). */
static int welch(const struct replicates_group *a, const struct replicates_group *b, struct contrast *out,
                 struct err *err)
{
    double *x = err_calloc((unsigned long)a->n + (unsigned long)b->n, sizeof *x, "values", err);
    if (!x)
        return E_IO;
    for (int i = 0; i < a->n + b->n; i++)
        x[i] = i < a->n ? a->replicate[i].value : b->replicate[i - a->n].value;
    test_sides(x, a->n, x + a->n, b->n, out);
    free(x);
    return 0;
}

static int by_seed(const struct replicates_group *a, const struct replicates_group *b,
                   struct replicate *mean_a, struct replicate *mean_b, struct pairs *pairs,
                   struct contrast *out, struct err *err)
{
    struct replicates_group x = {average(a, 1, mean_a), mean_a, (double)NAN, a->rounding},
                            y = {average(b, 1, mean_b), mean_b, (double)NAN, b->rounding};
    pair_up(&x, &y, pairs);
    if (pairs->n >= 2)
        return test_pairs(pairs, (double)NAN, out, err);
    x.n = average(a, 0, mean_a);
    y.n = average(b, 0, mean_b);
    return welch(&x, &y, out, err);
}

int contrast_by_seed(const struct replicates_group *a, const struct replicates_group *b, struct contrast *out,
                     struct err *err)
{
    struct replicate *mean_a = err_calloc((unsigned long)a->n, sizeof *mean_a, "means", err),
                     *mean_b = err_calloc((unsigned long)b->n, sizeof *mean_b, "means", err);
    struct pairs pairs;
    int rc = pairs_new(&pairs, a->n, fmax(a->rounding, b->rounding), err);
    if (rc == 0)
        rc = mean_a && mean_b ? by_seed(a, b, mean_a, mean_b, &pairs, out, err) : E_IO;
    free(mean_a);
    free(mean_b);
    pairs_release(&pairs);
    return rc;
}

/* The least and the most that a metric can be, of scores.h or stored; 0 when there is no such metric. */
static int find_range(const char *metric, double *least, double *most)
{
    const struct score *score = score_find(metric);
    if (score) {
        *least = score->least;
        *most = score->most;
        return 1;
    }
    for (int k = 0; k < N_METRICS; k++)
        if (strcmp(metric, metric_names[k]) == 0) {
            *least = 0;
            *most = summary_most((enum metric)k);
            return 1;
        }
    return 0;
}

static void cut(struct contrast *contrast, double least, double most)
{
    if (isnan(contrast->low))
        return;
    contrast->low = fmax(contrast->low, least);
    contrast->high = fmin(contrast->high, most);
}

void contrast_within(struct contrast *contrast, const char *metric)
{
    double least, most;
    if (find_range(metric, &least, &most))
        cut(contrast, least - most, most - least);
}

void contrast_within_of(struct contrast *contrast, const char *metric, double constant)
{
    double least, most;
    if (find_range(metric, &least, &most))
        cut(contrast, least - constant, most - constant);
}

/* ---- verdicts ---- */

enum verdict contrast_verdict(const struct contrast *contrast, double p_adjusted, double p_reachable,
                              int better)
{
    if (contrast->n < 2)
        return VERDICT_MISSING;
    if (p_reachable >= contrast_alpha)
        return VERDICT_IMPOSSIBLE;
    if (!(p_adjusted < contrast_alpha) || better == 0)
        return VERDICT_NONE;
    return contrast->mean * better > 0 ? VERDICT_BETTER : VERDICT_WORSE;
}

void contrast_verdict_text(char *out, size_t size, enum verdict verdict, const struct contrast *contrast,
                           int family)
{
    static const char *const text[] = {[VERDICT_BETTER] = "better",
                                       [VERDICT_WORSE] = "worse",
                                       [VERDICT_NONE] = "no evidence",
                                       [VERDICT_LACKING] = "no verdict: a class is missing",
                                       [VERDICT_REPEATED] = "no verdict: one split",
                                       [VERDICT_SEEN] = "no verdict: trained on"};
    if (verdict == VERDICT_MISSING)
        snprintf(out, size, contrast->n == 1 ? "one pair only" : "no pairs");
    else if (verdict != VERDICT_IMPOSSIBLE)
        snprintf(out, size, "%s", text[verdict]);
    else if (contrast->smallest_p < contrast_alpha)
        snprintf(out, size, "cannot be significant with n = %d in %d comparisons", contrast->n, family);
    else
        snprintf(out, size, "cannot be significant with n = %d", contrast->n);
}
