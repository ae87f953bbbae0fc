#include "neighbours.h"

#include <math.h>
#include <stdlib.h>

/* Independent sums that the compiler can keep in vector registers without reordering any of them. */
enum { LANES = 8, CHUNK = 256 };

static double add_lanes(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Squared distance, or any number that is at least `enough` when it is at least that. */
static double squared_distance(const float *a, const float *b, int dim, double enough)
{
    double lane[LANES] = {0}, tail = 0;
    int whole = dim - dim % LANES;
    for (int first = 0; first < whole; first += CHUNK) {
        int end = first + CHUNK < whole ? first + CHUNK : whole;
        for (int i = first; i < end; i += LANES)
            for (int l = 0; l < LANES; l++) {
                double d = (double)a[i + l] - (double)b[i + l];
                lane[l] += d * d;
            }
        if (add_lanes(lane) >= enough)
            return HUGE_VAL;
    }
    for (int i = whole; i < dim; i++) {
        double d = (double)a[i] - (double)b[i];
        tail += d * d;
    }
    return add_lanes(lane) + tail;
}

/* Insert a candidate into the k best, ascending; behind the equally far ones, which came first. */
static void insert(int *at, double *distance, int k, int candidate, double d)
{
    int i = k - 1;
    for (; i > 0 && distance[i - 1] > d; i--) {
        distance[i] = distance[i - 1];
        at[i] = at[i - 1];
    }
    distance[i] = d;
    at[i] = candidate;
}

static void find_one(const struct cloud *cloud, int query, struct positions reference, int k, int *at,
                     double *distance)
{
    for (int i = 0; i < k; i++)
        distance[i] = HUGE_VAL;
    for (int r = 0; r < reference.n; r++) {
        if (reference.at[r] == query)
            continue;
        double d =
            squared_distance(cloud->point[query], cloud->point[reference.at[r]], cloud->dim, distance[k - 1]);
        if (d < distance[k - 1])
            insert(at, distance, k, reference.at[r], d);
    }
    for (int i = 0; i < k; i++)
        distance[i] = sqrt(distance[i]);
}

/* Neighbours that every query has: one less when a query is in the reference. */
static int most_neighbours(struct positions query, struct positions reference)
{
    for (int q = 0; q < query.n; q++)
        for (int r = 0; r < reference.n; r++)
            if (query.at[q] == reference.at[r])
                return reference.n - 1;
    return reference.n;
}

int neighbours_find(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                    struct neighbours *out, struct err *err)
{
    int most = most_neighbours(query, reference);
    *out = (struct neighbours){.n = query.n, .k = k < most ? k : most};
    size_t n = (size_t)query.n * (size_t)out->k;
    out->at = err_calloc(n, sizeof *out->at, "nearest neighbours", err);
    out->distance = err_calloc(n, sizeof *out->distance, "nearest neighbours", err);
    if (!out->at || !out->distance) {
        neighbours_free(out);
        return E_IO;
    }
    for (int q = 0; out->k > 0 && q < query.n; q++)
        find_one(cloud, query.at[q], reference, out->k, out->at + (size_t)q * (size_t)out->k,
                 out->distance + (size_t)q * (size_t)out->k);
    return 0;
}

void neighbours_free(struct neighbours *neighbours)
{
    free(neighbours->at);
    free(neighbours->distance);
    *neighbours = (struct neighbours){0};
}
