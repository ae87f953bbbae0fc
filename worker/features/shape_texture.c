/* Brightness and texture of an object in one channel. */
#include "features/shape_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const shape_intensity_names[N_INTENSITY] = {
    "mean", "sd", "skewness", "kurtosis", "min", "lower_quartile", "median", "upper_quartile", "max", "sum"};

const char *const shape_texture_names[N_TEXTURE] = {"angular_second_moment",
                                                    "contrast",
                                                    "correlation",
                                                    "variance",
                                                    "inverse_difference_moment",
                                                    "sum_average",
                                                    "sum_variance",
                                                    "sum_entropy",
                                                    "entropy",
                                                    "difference_variance",
                                                    "difference_entropy",
                                                    "information_measure1",
                                                    "information_measure2"};

/* ---- intensity ---- */

static int by_value(const void *a, const void *b)
{
    return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

static double quantile(const float *sorted, int n, double share)
{
    double at = share * (n - 1);
    int below = (int)at, above = below + 1 < n ? below + 1 : below;
    return (double)sorted[below] + (at - below) * ((double)sorted[above] - (double)sorted[below]);
}

void shape_intensity(float *value, int n, double out[N_INTENSITY])
{
    double sum = 0, moment[5] = {0};
    qsort(value, (size_t)n, sizeof *value, by_value);
    for (int i = 0; i < n; i++)
        sum += (double)value[i];
    for (int i = 0; i < n; i++)
        for (int k = 2; k <= 4; k++)
            moment[k] += pow((double)value[i] - sum / n, k) / n;
    int varies = value[n - 1] > value[0];
    out[0] = sum / n;
    out[1] = sqrt(moment[2]);
    out[2] = varies ? moment[3] / pow(moment[2], 1.5) : 0;
    out[3] = varies ? moment[4] / (moment[2] * moment[2]) - 3 : 0;
    for (int q = 0; q <= 4; q++)
        out[4 + q] = quantile(value, n, q / 4.0);
    out[9] = sum;
}

/* ---- texture ---- */

/* How often levels meet, as shares of 1, and sums of that. */
struct meetings {
    int n;
    double *p;          /* (n, n) symmetric */
    double *own;        /* (n) of each level */
    double *sum, *away; /* (2 n), (n) of each sum and each difference of two */
};

/* Pairs of pixels of the object that are so many rows and columns apart; returns their number. */
static double count_pairs(const struct object *o, const unsigned char *level, int down, int right,
                          const struct meetings *m)
{
    double pairs = 0;
    for (int row = 0; row + down < o->size; row++)
        for (int column = right < 0 ? -right : 0; column < o->size && column + right < o->size; column++) {
            int a = row * o->size + column, b = (row + down) * o->size + column + right;
            if (!o->in[a] || !o->in[b])
                continue;
            m->p[level[a] * m->n + level[b]]++;
            m->p[level[b] * m->n + level[a]]++;
            pairs += 2;
        }
    return pairs;
}

static void add_up(const struct meetings *m, double pairs)
{
    for (int i = 0; i < m->n; i++)
        for (int j = 0; j < m->n; j++) {
            double p = m->p[i * m->n + j] /= pairs;
            m->own[i] += p;
            m->sum[i + j] += p;
            m->away[abs(i - j)] += p;
        }
}

static double mean_of(const double *share, int n)
{
    double mean = 0;
    for (int k = 0; k < n; k++)
        mean += k * share[k];
    return mean;
}

static double variance_of(const double *share, int n)
{
    double mean = mean_of(share, n), sum = 0;
    for (int k = 0; k < n; k++)
        sum += (k - mean) * (k - mean) * share[k];
    return sum;
}

static double entropy_of(const double *share, int n)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum -= share[k] > 0 ? share[k] * log2(share[k]) : 0;
    return sum;
}

/* Of the matrix itself: squares, differences and products. */
static void add_matrix(const struct meetings *m, double out[N_TEXTURE])
{
    double variance = variance_of(m->own, m->n), mean = mean_of(m->own, m->n), products = 0;
    for (int i = 0; i < m->n; i++)
        for (int j = 0; j < m->n; j++) {
            double p = m->p[i * m->n + j], d = i - j;
            out[0] += p * p / 4;
            out[1] += d * d * p / 4;
            products += (i - mean) * (j - mean) * p;
            out[4] += p / (1 + d * d) / 4;
        }
    out[2] += (variance > 1e-15 ? products / variance : 1) / 4;
    out[3] += variance / 4;
}

/* How far one level tells of the other. The entropies of what two independent ones would be are twice that of
 * one. */
static void add_information(const struct meetings *m, double out[N_TEXTURE])
{
    double both = entropy_of(m->p, m->n * m->n), one = entropy_of(m->own, m->n);
    out[8] += both / 4;
    out[11] += (one > 0 ? (both - 2 * one) / one : 0) / 4;
    out[12] += sqrt(fmax(0, 1 - exp(-2 * (2 * one - both)))) / 4;
}

static void add_direction(const struct meetings *m, double out[N_TEXTURE])
{
    int sums = 2 * m->n - 1;
    add_matrix(m, out);
    out[5] += mean_of(m->sum, sums) / 4;
    out[6] += variance_of(m->sum, sums) / 4;
    out[7] += entropy_of(m->sum, sums) / 4;
    out[9] += variance_of(m->away, m->n) / 4;
    out[10] += entropy_of(m->away, m->n) / 4;
    add_information(m, out);
}

void shape_texture(const struct object *object, const unsigned char *level, int n_levels, int distance,
                   double *scratch, double out[N_TEXTURE])
{
    static const int step[4][2] = {{0, 1}, {1, 1}, {1, 0}, {1, -1}};
    size_t n = (size_t)n_levels;
    const struct meetings m = {n_levels, scratch, scratch + n * n, scratch + n * (n + 1),
                               scratch + n * (n + 3)};
    memset(out, 0, N_TEXTURE * sizeof *out);
    for (int s = 0; s < 4; s++) {
        memset(scratch, 0, n * (n + 5) * sizeof *scratch);
        double pairs = count_pairs(object, level, step[s][0] * distance, step[s][1] * distance, &m);
        if (pairs > 0) {
            add_up(&m, pairs);
            add_direction(&m, out);
        }
    }
}

/* ---- granularity ---- */

/* The least of a pixel and its four neighbours; beyond the image there are none. */
static void erode(const float *in, int size, float *out)
{
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            const float *x = in + r * size + c;
            float least = *x;
            least = r > 0 ? fminf(least, x[-size]) : least;
            least = r < size - 1 ? fminf(least, x[size]) : least;
            least = c > 0 ? fminf(least, x[-1]) : least;
            least = c < size - 1 ? fminf(least, x[1]) : least;
            out[r * size + c] = least;
        }
}

/* One sweep, from the first pixel or from the last: each takes over from the two that were before it what its
 * limit lets it. Returns whether any changed. */
static int flood(float *x, const float *limit, int size, int forward)
{
    int changed = 0, n = size * size, step = forward ? 1 : -1;
    for (int k = 0; k < n; k++) {
        int i = forward ? k : n - 1 - k, column = i % size, row = i / size;
        float most = x[i];
        if (column != (forward ? 0 : size - 1))
            most = fmaxf(most, x[i - step]);
        if (row != (forward ? 0 : size - 1))
            most = fmaxf(most, x[i - step * size]);
        most = fminf(most, limit[i]);
        changed |= most > x[i];
        x[i] = most;
    }
    return changed;
}

static double mean_inside(const struct object *o, const float *pixels)
{
    double sum = 0;
    for (int i = 0; i < o->size * o->size; i++)
        sum += o->in[i] ? (double)pixels[i] : 0;
    return sum / o->n;
}

void shape_granularity(const struct object *o, const float *pixels, int n, float *scratch, double *out)
{
    size_t area = (size_t)o->size * (size_t)o->size, bytes = area * sizeof *pixels;
    float *eroded = scratch, *next = scratch + area, *opened = scratch + 2 * area;
    double start = mean_inside(o, pixels), before = start;
    memcpy(eroded, pixels, bytes);
    for (int k = 0; k < n; k++) {
        erode(eroded, o->size, next);
        memcpy(eroded, next, bytes);
        memcpy(opened, next, bytes);
        while (flood(opened, pixels, o->size, 1) | flood(opened, pixels, o->size, 0))
            ;
        double now = mean_inside(o, opened);
        out[k] = start > 0 ? 100 * (before - now) / start : 0;
        before = now;
    }
}
