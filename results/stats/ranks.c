#include "stats/ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

static const double tie = 1e-6;

struct item {
    double x;
    int at;
};

static int descending(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->x < y->x) - (x->x > y->x);
}

/* End of the run of ties that begins at i. */
static int run_end(const struct item *item, int i, int n, double slack)
{
    int end = i + 1;
    while (end < n && item[i].x - item[end].x <= slack)
        end++;
    return end;
}

/* Ranks as ranks_of(), but of values that are tied when closer than slack; returns the sum over ties of t^3
 * - t, or a negative code. */
static double rank_items(const double *x, int n, double slack, double *rank, struct err *err)
{
    double ties = 0;
    struct item *item = err_calloc((unsigned long)n, sizeof *item, "ranks", err);
    if (!item)
        return E_IO;
    for (int i = 0; i < n; i++)
        item[i] = (struct item){x[i], i};
    qsort(item, (size_t)n, sizeof *item, descending);
    for (int i = 0, end; i < n; i = end) {
        end = run_end(item, i, n, slack);
        double t = end - i;
        ties += t * t * t - t;
        for (int k = i; k < end; k++)
            rank[item[k].at] = (i + 1 + end) / 2.0;
    }
    free(item);
    return ties;
}

static double slack_of(const double *x, int n)
{
    double largest = 0;
    for (int i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return tie * largest;
}

int ranks_of(const double *x, int n, double *rank, struct err *err)
{
    return rank_items(x, n, slack_of(x, n), rank, err) < 0 ? E_IO : 0;
}

/* ---- Wilcoxon ---- */

/* Two-sided p of a sum of positive ranks, by counting the subsets of the ranks with every sum. Twice
 * a mean rank is whole. */
static double exact_p(const double *rank, int n, double w)
{
    double ways[RANKS_MAX_EXACT * (RANKS_MAX_EXACT + 1) + 1] = {1}, below = 0, above = 0;
    int top = n * (n + 1), twice = (int)lrint(2 * w);
    for (int i = 0; i < n; i++)
        for (int sum = top, step = (int)lrint(2 * rank[i]); sum >= step; sum--)
            ways[sum] += ways[sum - step];
    for (int sum = 0; sum <= top; sum++) {
        below += sum <= twice ? ways[sum] : 0;
        above += sum >= twice ? ways[sum] : 0;
    }
    return fmin(1, 2 * fmin(below, above) / ldexp(1, n));
}

static double normal_p(int n, double w, double ties)
{
    double count = n, mean = count * (count + 1) / 4;
    double variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
    return variance > 0 ? 2 * gsl_cdf_ugaussian_Q(fabs(w - mean) / sqrt(variance)) : (double)NAN;
}

/* size and rank (n) are scratch. */
static int wilcoxon(const double *d, int n, double slack, double *size, double *rank, double *p,
                    struct err *err)
{
    int kept = 0;
    double sum = 0, ties;
    for (int i = 0; i < n; i++)
        if (fabs(d[i]) > slack)
            size[kept++] = fabs(d[i]);
    *p = (double)NAN;
    if (kept == 0)
        return 0;
    if ((ties = rank_items(size, kept, slack, rank, err)) < 0)
        return E_IO;
    for (int i = 0, k = 0; i < n; i++)
        if (fabs(d[i]) > slack) {
            rank[k] = kept + 1 - rank[k]; /* rank 1 is the smallest here */
            sum += d[i] > 0 ? rank[k] : 0;
            k++;
        }
    *p = kept > RANKS_MAX_EXACT ? normal_p(kept, sum, ties) : exact_p(rank, kept, sum);
    return 0;
}

int ranks_wilcoxon(const double *d, int n, double slack, double *p, struct err *err)
{
    double *size = err_calloc((unsigned long)n, sizeof(double), "ranks", err),
           *rank = err_calloc((unsigned long)n, sizeof(double), "ranks", err);
    int rc = size && rank ? wilcoxon(d, n, slack, size, rank, p, err) : E_IO;
    free(size);
    free(rank);
    return rc;
}

/* ---- Friedman, Nemenyi ---- */

double ranks_nemenyi(int k, int n_datasets)
{
    /* Quantile 0.95 of the studentized range of k normals over sqrt(2), k = 2 .. 20; Demsar 2006 table 5 has
     * k up to 10 to three decimals, the others are computed. */
    static const double q[] = {1.959964, 2.343701, 2.569032, 2.727774, 2.849705, 2.948320, 3.030878,
                               3.101730, 3.163684, 3.218654, 3.268004, 3.312739, 3.353618, 3.391230,
                               3.426041, 3.458425, 3.488685, 3.517073, 3.543799};
    if (k < 2 || k > RANKS_MAX_NEMENYI || n_datasets < 1)
        return (double)NAN;
    return q[k - 2] * sqrt(k * (k + 1) / (6.0 * n_datasets));
}

static void friedman_statistics(const double *average_rank, double ties, double n, double k,
                                struct ranks_friedman *out)
{
    double squares = 0;
    for (int s = 0; s < (int)k; s++)
        squares += average_rank[s] * average_rank[s];
    double corrected = 1 - ties / (k * (k * k - 1) * n);
    *out = (struct ranks_friedman){0, 1, 0, 1, ranks_nemenyi((int)k, (int)n)};
    if (!(corrected > 0)) /* every data set has all strategies equal */
        return;
    out->chi2 = (12 * n / (k * (k + 1)) * squares - 3 * n * (k + 1)) / corrected;
    out->p = gsl_cdf_chisq_Q(out->chi2, k - 1);
    out->f = (double)INFINITY;
    out->p_f = out->p;
    if (n * (k - 1) - out->chi2 > tie * n && n > 1) {
        out->f = (n - 1) * out->chi2 / (n * (k - 1) - out->chi2);
        out->p_f = gsl_cdf_fdist_Q(out->f, k - 1, (k - 1) * (n - 1));
    }
}

int ranks_friedman(const double *value, int n_datasets, int k, double *average_rank,
                   struct ranks_friedman *out, struct err *err)
{
    double rank[RANKS_MAX_STRATEGIES] = {0}, ties = 0;
    for (int s = 0; s < k; s++)
        average_rank[s] = 0;
    for (int i = 0; i < n_datasets; i++) {
        const double *row = value + (size_t)i * (size_t)k;
        double t = rank_items(row, k, slack_of(row, k), rank, err);
        if (t < 0)
            return E_IO;
        ties += t;
        for (int s = 0; s < k; s++)
            average_rank[s] += rank[s] / n_datasets;
    }
    friedman_statistics(average_rank, ties, n_datasets, k, out);
    return 0;
}
