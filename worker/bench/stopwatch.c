#include "bench/stopwatch.h"

#include <stdlib.h>
#include <time.h>

enum { MIN_RUNS = 5, MAX_RUNS = 4096 };

double stopwatch_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stopwatch_median_of(double *value, size_t n)
{
    qsort(value, n, sizeof *value, compare);
    return (value[(n - 1) / 2] + value[n / 2]) / 2;
}

double stopwatch_median(void (*work)(void *context), void *context, double seconds)
{
    double run[MAX_RUNS], end;
    size_t n = 0;
    work(context);
    end = stopwatch_now() + seconds;
    while (n < MAX_RUNS && (n < MIN_RUNS || stopwatch_now() < end)) {
        double start = stopwatch_now();
        work(context);
        run[n++] = stopwatch_now() - start;
    }
    return stopwatch_median_of(run, n);
}
