#include "stats/resample.h"

#include "rng.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

enum { EXACT_FLIPS = 20, RANDOM_FLIPS = 100000, BOOTSTRAPS = 100000 };

/* Sums this close, relative to the sum of sizes, are one, however exact what is summed: 2^19 sums are made,
 * each from the last. */
static const double tie = 1e-10;

/* ---- sign flips ---- */

static double sum_of_sizes(const double *d, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += fabs(d[i]);
    return sum;
}

/* The pattern with all signs flipped has the same distance from 0: half of the patterns stand for all. In
 * Gray's order each differs from the last by one sign. */
static double exact_flips(const double *d, int n, double threshold)
{
    uint64_t patterns = (uint64_t)1 << (n - 1), extreme = 0, negative = 0;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += d[i];
    for (uint64_t k = 1;; k++) {
        extreme += fabs(sum) >= threshold;
        if (k == patterns)
            break;
        int flip = __builtin_ctzll(k);
        sum += negative >> flip & 1 ? 2 * d[flip] : -2 * d[flip];
        negative ^= (uint64_t)1 << flip;
    }
    return (double)extreme / (double)patterns;
}

static double random_flips(const double *d, int n, double threshold)
{
    struct rng rng = rng_start(rng_key("sign flips", NULL, 0), (uint64_t)n);
    int extreme = 1;
    for (int k = 0; k < RANDOM_FLIPS; k++) {
        double sum = 0;
        uint32_t signs = 0;
        for (int i = 0; i < n; i++) {
            signs = i % 32 ? signs >> 1 : rng_u32(&rng);
            sum += signs & 1 ? -d[i] : d[i];
        }
        extreme += fabs(sum) >= threshold;
    }
    return (double)extreme / (RANDOM_FLIPS + 1);
}

double resample_sign_flip(const double *d, int n, double slack)
{
    double observed = 0;
    for (int i = 0; i < n; i++)
        observed += d[i];
    double threshold = fabs(observed) - n * slack - tie * sum_of_sizes(d, n);
    if (n < 1)
        return (double)NAN;
    return n <= EXACT_FLIPS ? exact_flips(d, n, threshold) : random_flips(d, n, threshold);
}

double resample_smallest_p(int n)
{
    return n < 1 ? 1 : ldexp(1, 1 - n);
}

/* ---- bootstrap ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double share_below(double estimate, const double *replicate, int n, double slack)
{
    double below = 0;
    for (int i = 0; i < n; i++)
        below += replicate[i] < estimate - slack ? 1 : replicate[i] <= estimate + slack ? 0.5 : 0;
    return below / n;
}

/* Skewness of the jackknife over 6; 0 when the values do not vary. */
static double acceleration(const double *leave_out, int n)
{
    double mean = 0, squares = 0, cubes = 0;
    for (int i = 0; i < n; i++)
        mean += leave_out[i] / n;
    for (int i = 0; i < n; i++) {
        double d = mean - leave_out[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

static double quantile(const double *sorted, int n, double p)
{
    double at = p * (n - 1);
    int below = (int)floor(at);
    below = below < 0 ? 0 : below > n - 2 ? n - 2 : below;
    return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

void resample_bca_interval(double estimate, double *replicate, int n_replicates, const double *leave_out,
                           int n, double slack, double level, double *low, double *high)
{
    double below = share_below(estimate, replicate, n_replicates, slack + tie * fabs(estimate)),
           a = acceleration(leave_out, n);
    *low = *high = (double)NAN;
    if (!(below > 0 && below < 1))
        return;
    double z0 = gsl_cdf_ugaussian_Pinv(below), z = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
    qsort(replicate, (size_t)n_replicates, sizeof *replicate, ascending);
    *low = quantile(replicate, n_replicates, gsl_cdf_ugaussian_P(z0 + (z0 - z) / (1 - a * (z0 - z))));
    *high = quantile(replicate, n_replicates, gsl_cdf_ugaussian_P(z0 + (z0 + z) / (1 - a * (z0 + z))));
}

static void fill(const double *x, int n, double *replicate, double *leave_out, double *mean)
{
    struct rng rng = rng_start(rng_key("bootstrap", NULL, 0), (uint64_t)n);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    *mean = sum / n;
    for (int i = 0; i < n; i++)
        leave_out[i] = (sum - x[i]) / (n - 1);
    for (int b = 0; b < BOOTSTRAPS; b++) {
        double drawn = 0;
        for (int i = 0; i < n; i++)
            drawn += x[rng_below(&rng, (uint32_t)n)];
        replicate[b] = drawn / n;
    }
}

int resample_bca(const double *x, int n, double slack, double level, double *low, double *high,
                 struct err *err)
{
    double mean;
    *low = *high = (double)NAN;
    if (n < 2)
        return 0;
    double *replicate = err_calloc(BOOTSTRAPS, sizeof(double), "bootstrap replicates", err),
           *leave_out = err_calloc((unsigned long)n, sizeof(double), "bootstrap replicates", err);
    if (replicate && leave_out) {
        fill(x, n, replicate, leave_out, &mean);
        resample_bca_interval(mean, replicate, BOOTSTRAPS, leave_out, n, slack, level, low, high);
    }
    int rc = replicate && leave_out ? 0 : E_IO;
    free(replicate);
    free(leave_out);
    return rc;
}
