#include "run/progress.h"

#include "clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double live_every = 0.2, plain_every = 30;

struct progress {
    int n_jobs, quiet, live;
    double start, last;
    double rate_time, rate_images; /* where images/s is measured from: at most a minute ago */
    double older_time, older_images;
};

/* Under mpirun stderr is a pipe to it; what it forwards to shows in its own. */
static int parent_has_terminal(void)
{
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/%d/fd/2", (int)getppid());
    return readlink(link, target, sizeof target - 1) > 0 &&
           (strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0);
}

struct progress *progress_new(int n_jobs, int quiet, struct err *err)
{
    struct progress *p = err_calloc(1, sizeof *p, "the progress line", err);
    if (!p)
        return NULL;
    p->n_jobs = n_jobs;
    p->quiet = quiet;
    p->live = isatty(STDERR_FILENO) || (getenv("OMPI_COMM_WORLD_SIZE") && parent_has_terminal());
    p->start = p->last = p->rate_time = p->older_time = clock_now();
    return p;
}

const char *progress_duration(double seconds, char *out, int size)
{
    if (isnan(seconds))
        snprintf(out, (size_t)size, "?");
    else if (seconds >= 0.001 && seconds < 0.95)
        snprintf(out, (size_t)size, "%.1g s", seconds);
    else if (seconds < 100)
        snprintf(out, (size_t)size, "%.0f s", seconds);
    else if (seconds < 3600)
        snprintf(out, (size_t)size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(out, (size_t)size, "%ld:%02d:%02d", (long)seconds / 3600, (int)((long)seconds / 60 % 60),
                 (int)((long)seconds % 60));
    return out;
}

/* Images a second over the last half to whole minute. */
static double image_rate(struct progress *p, double t, double images)
{
    if (t - p->rate_time > 30) {
        p->older_time = p->rate_time;
        p->older_images = p->rate_images;
        p->rate_time = t;
        p->rate_images = images;
    }
    return t > p->older_time ? (images - p->older_images) / (t - p->older_time) : 0;
}

static void draw(struct progress *p, const struct handout_counts *c, double t)
{
    char left[32];
    int done = c->finished + c->failed;
    fprintf(stderr, "%s%d/%d done  %d running  %d failed  %.0f images/s  %s %s%s", p->live ? "\r\033[K" : "",
            done, p->n_jobs, c->running, c->failed, image_rate(p, t, c->images),
            c->stopping ? "stopping, left" : "left", progress_duration(c->remaining, left, sizeof left),
            p->live ? "" : "\n");
    fflush(stderr);
}

void progress_tick(struct progress *p, const struct handout_counts *counts)
{
    double t = clock_now();
    if (p->quiet || t - p->last < (p->live ? live_every : plain_every))
        return;
    p->last = t;
    draw(p, counts, t);
}

void progress_say(struct progress *p, const char *format, ...)
{
    va_list args;
    if (p->live && !p->quiet)
        fprintf(stderr, "\r\033[K");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (p->live)
        p->last = 0; /* redraw at the next tick */
}

void progress_finish(struct progress *p)
{
    if (p->live && !p->quiet) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
    p->quiet = 1; /* the thread that serves may still tick */
}

double progress_seconds(const struct progress *p)
{
    return clock_now() - p->start;
}

void progress_free(struct progress *p)
{
    free(p);
}
