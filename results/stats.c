#include "stats.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double stats_t_quantile(double p, double df)
{
    /* GSL calls abort() on what it does not like. */
    if (!(p > 0 && p < 1 && df > 0))
        return nan("");
    return gsl_cdf_tdist_Pinv(p, df);
}

static double squared_distance(const double *x, int n, double mean)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(x[i]))
            sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

struct stats_summary stats_summarise(const double *x, int n, double level)
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
    half = stats_t_quantile((1 + level) / 2, s.n - 1) * s.sd / sqrt(s.n);
    s.low = s.mean - half;
    s.high = s.mean + half;
    return s;
}

double stats_half_width(const struct stats_summary *summary)
{
    return (summary->high - summary->low) / 2;
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
