#include "clock.h"

#include <math.h>

static double seconds_of(struct timespec t)
{
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double clock_read(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return seconds_of(t);
}

double clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

double clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

struct timespec clock_span(double seconds)
{
    double whole = floor(seconds);
    return (struct timespec){(time_t)whole, (long)(1e9 * (seconds - whole))};
}

struct timespec clock_after(clockid_t clock, double seconds)
{
    struct timespec now, span = clock_span(seconds);
    clock_gettime(clock, &now);
    long nanoseconds = now.tv_nsec + span.tv_nsec;
    return (struct timespec){now.tv_sec + span.tv_sec + nanoseconds / 1000000000, nanoseconds % 1000000000};
}
