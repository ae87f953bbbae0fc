#include "stats/pareto.h"

#include <math.h>

static int dominates(const double *cost, const double *gain, int a, int b)
{
    return cost[a] <= cost[b] && gain[a] >= gain[b] && (cost[a] < cost[b] || gain[a] > gain[b]);
}

void pareto_front(const double *cost, const double *gain, int n, int *front)
{
    for (int i = 0; i < n; i++) {
        front[i] = isnan(cost[i]) || isnan(gain[i]) ? -1 : 1;
        for (int k = 0; k < n && front[i] == 1; k++)
            front[i] = !dominates(cost, gain, k, i);
    }
}

void pareto_beaten(const double *cost, const signed char *better, int n, int *beaten)
{
    for (int i = 0; i < n; i++) {
        beaten[i] = 0;
        for (int k = 0; k < n; k++) /* false of NaN */
            beaten[i] += cost[k] <= cost[i] && better[k * n + i] > 0;
    }
}
