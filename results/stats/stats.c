#include "stats/stats.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double stats_t_quantile(double p, double df)
{
    /* GSL calls abort() on what it does not like. */
    if (!(p > 0 && p < 1 && df > 0))
        return nan("");
    return gsl_cdf_tdist_Pinv(p, df);
}

/* Of whole degrees of freedom, and of the level asked for last: intervals of thousands of groups are of a
 * handful of sizes, and GSL searches for each. */
static double quantile_of(double p, int df)
{
    static _Thread_local double known_p, known[64];
    if (df < 1 || df >= (int)(sizeof known / sizeof *known))
        return stats_t_quantile(p, df);
    if (!(known_p >= p && known_p <= p))
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            known[k] = 0;
    known_p = p;
    if (!(known[df] > 0))
        known[df] = stats_t_quantile(p, df);
    return known[df];
}

double stats_t_p(double t, double df)
{
    if (isnan(t) || !(df > 0))
        return nan("");
    return 2 * gsl_cdf_tdist_Q(fabs(t), df);
}

static double squared_distance(const double *x, int n, double mean)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(x[i]))
            sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

struct stats_summary stats_of_splits(const double *x, int n, double test_ratio, double level)
{
    struct stats_summary s = {0, nan(""), nan(""), nan(""), nan("")};
    double sum = 0, half;
    for (int i = 0; i < n; i++)
        if (!isnan(x[i])) {
            sum += x[i];
            s.n++;
        }
    if (s.n > 0)
        s.mean = sum / s.n;
    if (s.n < 2)
        return s;
    s.sd = sqrt(squared_distance(x, n, s.mean) / (s.n - 1));
    half =
        quantile_of((1 + level) / 2, s.n - 1) * s.sd * sqrt(1.0 / s.n + (isnan(test_ratio) ? 0 : test_ratio));
    s.low = s.mean - half;
    s.high = s.mean + half;
    return s;
}

struct stats_summary stats_summarise(const double *x, int n, double level)
{
    return stats_of_splits(x, n, nan(""), level);
}

int stats_pool(double *x, const int *first, int n, int *count)
{
    int kept = 0;
    for (int i = 0; first && i < n; i++) {
        int at = first[i];
        double value = x[i], so_far = at == i || count[at] == 0 ? 0 : x[at];
        count[i] = 0;
        count[at] += !isnan(value);
        if (at == i || !isnan(value))
            x[at] = isnan(value) ? value : so_far + value;
    }
    for (int i = 0; first && i < n; i++)
        if (first[i] == i)
            x[kept++] = count[i] > 0 ? x[i] / count[i] : (double)NAN;
    return first ? kept : n;
}

struct stats_summary stats_within(struct stats_summary summary, double least, double most)
{
    if (summary.n > 1) {
        summary.low = fmin(fmax(summary.low, least), most);
        summary.high = fmin(fmax(summary.high, least), most);
    }
    return summary;
}

/* Sides that are equal in the digits shown are one "plus or minus". */
static int is_even(const struct stats_summary *s)
{
    return fabs((s->high - s->mean) - (s->mean - s->low)) < 0.0005;
}

void stats_text(char *out, size_t size, const struct stats_summary *summary)
{
    if (summary->n == 0)
        snprintf(out, size, "-");
    else if (summary->n == 1)
        snprintf(out, size, "%.3f", summary->mean);
    else if (is_even(summary))
        snprintf(out, size, "%.3f ± %.3f", summary->mean, (summary->high - summary->low) / 2);
    else
        snprintf(out, size, "%.3f (%.3f to %.3f)", summary->mean, summary->low, summary->high);
}

void stats_count_text(char *out, size_t size, double mean)
{
    double tenths = round(mean * 10);
    if (isnan(mean))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.*f", fmod(tenths, 10) == 0 ? 0 : 1, tenths / 10);
}

/* mean +- t * error with df degrees of freedom; an error of 0 has no t. */
static struct stats_test t_test(int n, double mean, double error, double df, double level)
{
    double half = stats_t_quantile((1 + level) / 2, df) * error;
    struct stats_test test = {n, mean, mean - half, mean + half, stats_t_p(mean / error, df)};
    if (!(error > 0))
        test.p = mean == 0 ? 1 : nan("");
    return test;
}

struct stats_test stats_corrected_t(const double *d, int n, double test_ratio, double level)
{
    struct stats_summary s = stats_summarise(d, n, level);
    if (s.n < 2)
        return (struct stats_test){s.n, s.mean, nan(""), nan(""), nan("")};
    return t_test(s.n, s.mean, sqrt(1.0 / s.n + test_ratio) * s.sd, s.n - 1, level);
}

struct stats_test stats_welch(const double *x, int nx, const double *y, int ny, double level)
{
    struct stats_summary a = stats_summarise(x, nx, level), b = stats_summarise(y, ny, level);
    int n = a.n < b.n ? a.n : b.n;
    if (n < 2)
        return (struct stats_test){n, a.mean - b.mean, nan(""), nan(""), nan("")};
    double va = a.sd * a.sd / a.n, vb = b.sd * b.sd / b.n;
    /* Welch and Satterthwaite; without any variance the degrees of freedom do not matter */
    double df = va + vb > 0 ? (va + vb) * (va + vb) / (va * va / (a.n - 1) + vb * vb / (b.n - 1)) : 1;
    return t_test(n, a.mean - b.mean, sqrt(va + vb), df, level);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_holm(const double *p, int n, double *adjusted, double *scratch)
{
    double *sorted = scratch, *reached = scratch + n; /* equal values reach the same */
    int m = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(p[i]))
            sorted[m++] = p[i];
    qsort(sorted, (size_t)m, sizeof *sorted, ascending);
    for (int k = 0; k < m; k++)
        reached[k] = fmax(k ? reached[k - 1] : 0, fmin(1, (m - k) * sorted[k]));
    for (int i = 0; i < n; i++) {
        const double *at = bsearch(&p[i], sorted, (size_t)m, sizeof *sorted, ascending);
        adjusted[i] = isnan(p[i]) || !at ? (double)NAN : reached[at - sorted];
    }
}

double stats_balanced_accuracy(const int *confusion, int c)
{
    double recalls = 0;
    int present = 0;
    for (int row = 0; row < c; row++) {
        const int *cell = confusion + (long)row * c;
        long n = 0;
        for (int column = 0; column < c; column++)
            n += cell[column] > 0 ? cell[column] : 0;
        if (n > 0) {
            recalls += (double)cell[row] / (double)n;
            present++;
        }
    }
    return present ? recalls / present : nan("");
}

double stats_accuracy(const int *confusion, int c)
{
    long right = 0, n = 0;
    for (int i = 0; i < c * c; i++) {
        int count = confusion[i] > 0 ? confusion[i] : 0;
        n += count;
        right += i % (c + 1) == 0 ? count : 0;
    }
    return n > 0 ? (double)right / (double)n : nan("");
}
