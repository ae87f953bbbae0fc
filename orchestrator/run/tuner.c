#include "run/tuner.h"

#include <math.h>
#include <stdlib.h>

struct tuner {
    int n_trials, n_seeds, n_rungs;
    int keep[2];
    double *score; /* (n_trials, n_seeds, n_rungs), NaN: not known */
    int *rung;     /* (n_trials) open to */
    int now;       /* the rung that is not whole yet */
    int chosen;
};

int tuner_new(int n_trials, int n_seeds, int n_rungs, const int keep[2], struct tuner **out, struct err *err)
{
    size_t n = (size_t)n_trials * (size_t)n_seeds * (size_t)n_rungs;
    struct tuner *t = err_calloc(1, sizeof *t, "a tuner", err);
    *out = t;
    if (!t)
        return E_IO;
    *t = (struct tuner){n_trials, n_seeds, n_rungs, {keep[0], keep[1]}, NULL, NULL, 0, -1};
    t->score = err_calloc(n, sizeof *t->score, "a tuner", err);
    t->rung = err_calloc((size_t)n_trials, sizeof *t->rung, "a tuner", err);
    for (size_t i = 0; t->score && i < n; i++)
        t->score[i] = (double)NAN;
    if (t->score && t->rung)
        return 0;
    tuner_free(t);
    *out = NULL;
    return E_IO;
}

static double *score_of(const struct tuner *t, int trial, int seed, int rung)
{
    return &t->score[(trial * t->n_seeds + seed) * t->n_rungs + rung];
}

/* Mean over seeds; NaN while one is missing. */
static double mean(const struct tuner *t, int trial, int rung)
{
    double sum = 0;
    for (int s = 0; s < t->n_seeds; s++)
        sum += *score_of(t, trial, s, rung);
    return sum / t->n_seeds;
}

/* How many trials of the running rung are better than one; -1 while a score is missing. */
static int place_of(const struct tuner *t, int trial, int *n)
{
    double own = mean(t, trial, t->now);
    int place = 0;
    *n = 0;
    for (int i = 0; i < t->n_trials; i++) {
        double other = mean(t, i, t->now);
        if (t->rung[i] < t->now)
            continue;
        if (isnan(other))
            return -1;
        place += other > own || (other >= own && i < trial);
        ++*n;
    }
    return place;
}

/* The rung is whole: open the next one to the best. Who goes on keeps its place among those who do not.
 * Returns how many go on. */
static int promote(struct tuner *t)
{
    int n_on = 0;
    for (int i = 0; i < t->n_trials; i++) {
        int n = 0, place = t->rung[i] == t->now ? place_of(t, i, &n) : -1;
        int n_keep = n * t->keep[0] / t->keep[1];
        if (place < 0 || isinf(mean(t, i, t->now)) || (i > 0 && place >= (n_keep > 1 ? n_keep : 1)))
            continue;
        t->rung[i] = t->now + 1;
        n_on++;
    }
    return n_on;
}

static int best(const struct tuner *t)
{
    int n;
    for (int i = 0; i < t->n_trials; i++)
        if (t->rung[i] == t->now && place_of(t, i, &n) == 0)
            return i;
    return -1;
}

void tuner_score(struct tuner *t, int trial, int seed, int rung, double score)
{
    for (int r = rung; r < (isinf(score) ? t->n_rungs : rung + 1); r++)
        *score_of(t, trial, seed, r) = score;
    while (t->chosen < 0) {
        int first = best(t);
        if (first < 0)
            return;
        if (t->now == t->n_rungs - 1 || promote(t) == 0)
            t->chosen = first;
        else
            t->now++;
    }
}

int tuner_rung(const struct tuner *t, int trial)
{
    return t->rung[trial];
}

int tuner_is_out(const struct tuner *t, int trial)
{
    return t->rung[trial] < t->now || (t->chosen >= 0 && t->now < t->n_rungs - 1);
}

int tuner_waits_for(const struct tuner *t, int trial, int seed)
{
    return !tuner_is_out(t, trial) && isnan(*score_of(t, trial, seed, t->rung[trial]));
}

int tuner_chosen(const struct tuner *t)
{
    return t->chosen;
}

void tuner_free(struct tuner *t)
{
    if (!t)
        return;
    free(t->score);
    free(t->rung);
    free(t);
}
