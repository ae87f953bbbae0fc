#include "contrast.h"

#include "ranks.h"
#include "resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double contrast_alpha = 0.05;

enum { MIN_BOOTSTRAP = 10 };

static struct contrast empty(void)
{
    return (struct contrast){
        0, (double)NAN, (double)NAN, (double)NAN, (double)NAN, "", (double)NAN, (double)NAN, 1};
}

/* ---- differences, tested ---- */

static void test_splits(const double *d, int n, double test_ratio, struct contrast *out)
{
    struct stats_test t = stats_corrected_t(d, n, test_ratio, summary_level);
    out->low = t.low;
    out->high = t.high;
    out->p = t.p;
    out->smallest_p = n < 2 ? 1 : 0;
    out->method = "corrected resampled t";
}

static int test_seeds(const double *d, int n, struct contrast *out, struct err *err)
{
    struct stats_summary s = stats_summarise(d, n, summary_level);
    out->low = s.low;
    out->high = s.high;
    out->p = out->p_sign_flip;
    out->smallest_p = resample_smallest_p(n);
    out->method = n < MIN_BOOTSTRAP ? "sign flip, t interval" : "sign flip, BCa interval";
    return n < MIN_BOOTSTRAP ? 0 : resample_bca(d, n, summary_level, &out->low, &out->high, err);
}

/* d (n) without NaN. */
static int test_differences(const double *d, int n, double test_ratio, struct contrast *out, struct err *err)
{
    *out = empty();
    out->n = n;
    out->mean = stats_summarise(d, n, summary_level).mean;
    if (n < 2)
        return 0;
    out->p_sign_flip = resample_sign_flip(d, n);
    int rc = ranks_wilcoxon(d, n, &out->p_wilcoxon, err);
    if (rc < 0)
        return rc;
    if (isnan(test_ratio))
        return test_seeds(d, n, out, err);
    test_splits(d, n, test_ratio, out);
    return 0;
}

/* ---- pairs ---- */

static int same_run(const struct unit *a, const struct unit *b)
{
    return a->seed == b->seed && a->repeat == b->repeat && a->fold == b->fold;
}

/* Differences of the pairs that both have a value, in d. */
static int differences(const struct units_group *a, const struct units_group *b, double *d)
{
    int n = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            if (same_run(&a->unit[i], &b->unit[k]) && !isnan(a->unit[i].value) && !isnan(b->unit[k].value))
                d[n++] = a->unit[i].value - b->unit[k].value;
    return n;
}

int contrast_paired(const struct units_group *a, const struct units_group *b, struct contrast *out,
                    struct err *err)
{
    double *d = err_calloc((unsigned long)a->n, sizeof *d, "differences", err);
    int rc = d ? test_differences(d, differences(a, b, d), a->test_ratio, out, err) : E_IO;
    free(d);
    return rc;
}

int contrast_constant(const struct units_group *a, double constant, struct contrast *out, struct err *err)
{
    double *d = err_calloc((unsigned long)a->n, sizeof *d, "differences", err);
    int n = 0;
    for (int i = 0; d && i < a->n; i++)
        if (!isnan(a->unit[i].value))
            d[n++] = a->unit[i].value - constant;
    int rc = d ? test_differences(d, n, a->test_ratio, out, err) : E_IO;
    free(d);
    return rc;
}

/* ---- cells of different protocols ---- */

/* Means over folds, and over repeats as well when by_seed, in mean, which has room for a->n. */
static int average(const struct units_group *a, int by_seed, struct unit *mean)
{
    int n = 0;
    for (int i = 0, end; i < a->n; i = end) {
        double sum = 0;
        int values = 0;
        for (end = i; end < a->n && a->unit[end].seed == a->unit[i].seed &&
                      (by_seed || a->unit[end].repeat == a->unit[i].repeat);
             end++)
            if (!isnan(a->unit[end].value)) {
                sum += a->unit[end].value;
                values++;
            }
        if (values > 0)
            mean[n++] = (struct unit){a->unit[i].seed, by_seed ? 0 : a->unit[i].repeat, 0, sum / values};
    }
    return n;
}

static int welch(const struct units_group *a, const struct units_group *b, struct contrast *out,
                 struct err *err)
{
    double *x = err_calloc((unsigned long)a->n + (unsigned long)b->n, sizeof *x, "values", err);
    *out = empty();
    if (!x)
        return E_IO;
    for (int i = 0; i < a->n + b->n; i++)
        x[i] = i < a->n ? a->unit[i].value : b->unit[i - a->n].value;
    struct stats_test t = stats_welch(x, a->n, x + a->n, b->n, summary_level);
    free(x);
    out->n = t.n;
    out->mean = t.mean;
    out->low = t.low;
    out->high = t.high;
    out->p = t.p;
    out->smallest_p = t.n < 2 ? 1 : 0;
    out->method = "Welch t";
    return 0;
}

static int by_seed(const struct units_group *a, const struct units_group *b, struct unit *mean_a,
                   struct unit *mean_b, double *d, struct contrast *out, struct err *err)
{
    struct units_group x = {average(a, 1, mean_a), mean_a, (double)NAN},
                       y = {average(b, 1, mean_b), mean_b, (double)NAN};
    int shared = differences(&x, &y, d);
    if (shared >= 2)
        return test_differences(d, shared, (double)NAN, out, err);
    x.n = average(a, 0, mean_a);
    y.n = average(b, 0, mean_b);
    return welch(&x, &y, out, err);
}

int contrast_by_seed(const struct units_group *a, const struct units_group *b, struct contrast *out,
                     struct err *err)
{
    struct unit *mean_a = err_calloc((unsigned long)a->n, sizeof *mean_a, "means", err),
                *mean_b = err_calloc((unsigned long)b->n, sizeof *mean_b, "means", err);
    double *d = err_calloc((unsigned long)a->n, sizeof *d, "differences", err);
    int rc = mean_a && mean_b && d ? by_seed(a, b, mean_a, mean_b, d, out, err) : E_IO;
    free(mean_a);
    free(mean_b);
    free(d);
    return rc;
}

/* ---- verdicts ---- */

enum verdict contrast_verdict(const struct contrast *contrast, double p_adjusted, int family, int better)
{
    if (contrast->n < 2)
        return VERDICT_MISSING;
    if (contrast->smallest_p * family >= contrast_alpha)
        return VERDICT_IMPOSSIBLE;
    if (!(p_adjusted < contrast_alpha) || better == 0)
        return VERDICT_NONE;
    return contrast->mean * better > 0 ? VERDICT_BETTER : VERDICT_WORSE;
}

void contrast_verdict_text(char *out, size_t size, enum verdict verdict, const struct contrast *contrast,
                           int family)
{
    static const char *const text[] = {"better", "worse", "no evidence"};
    if (verdict == VERDICT_MISSING)
        snprintf(out, size, contrast->n == 1 ? "one pair only" : "no pairs");
    else if (verdict != VERDICT_IMPOSSIBLE)
        snprintf(out, size, "%s", text[verdict]);
    else if (contrast->smallest_p < contrast_alpha)
        snprintf(out, size, "cannot be significant with n = %d in %d comparisons", contrast->n, family);
    else
        snprintf(out, size, "cannot be significant with n = %d", contrast->n);
}
