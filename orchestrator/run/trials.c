#include "run/trials.h"

#include "models/model.h"
#include "run/tuner.h"

#include <math.h>
#include <stdlib.h>

enum row_state { ROW_ABSENT, ROW_PARKED, ROW_OPEN, ROW_OVER };

/* The trials of a job: rows from `first` on, seeds the fastest. */
struct group {
    int first, n_trials;
    int n_limits, limit[TUNE_MAX_RUNGS];
    struct tuner *tuner;
};

struct trials {
    struct sweep *sweep;
    int n_jobs;           /* of the grid */
    struct group *group;  /* (n_jobs) */
    unsigned char *state; /* (rows) enum row_state */
};

static int open_group(struct trials *t, int job, int first, int n, struct err *err)
{
    const struct tune *tune = &t->sweep->file->tune;
    struct group *group = &t->group[job];
    struct config config;
    sweep_config(t->sweep, job, &config);
    group->first = first;
    group->n_trials = n / tune->n_seeds;
    group->n_limits =
        tune_limits(tune, (int)config.epochs, model_of(&config)->can & MODEL_EPOCHS, group->limit);
    return tuner_new(group->n_trials, tune->n_seeds, group->n_limits, tune->keep, &group->tuner, err);
}

int trials_new(struct sweep *sweep, struct trials **out, struct err *err)
{
    *out = NULL;
    if (sweep->n_trials == 0)
        return 0;
    struct trials *t = err_calloc(1, sizeof *t, "the trials", err);
    if (!t)
        return E_IO;
    t->sweep = sweep;
    t->n_jobs = sweep->n_jobs - sweep->n_trials;
    t->group = err_calloc((size_t)t->n_jobs, sizeof *t->group, "the trials", err);
    t->state = err_calloc((size_t)sweep->n_jobs, 1, "the trials", err);
    int rc = t->group && t->state ? 0 : E_IO;
    for (int j = 0, row = t->n_jobs; rc == 0 && j < t->n_jobs; j++) {
        int first = row;
        while (row < sweep->n_jobs && sweep->job[row].of == j)
            row++;
        rc = open_group(t, j, first, row - first, err);
    }
    if (rc < 0)
        trials_free(t);
    else
        *out = t;
    return rc;
}

void trials_include(struct trials *t, int row)
{
    t->state[row] = ROW_PARKED;
}

static int is_trial(const struct trials *t, int row)
{
    return t->sweep->job[row].of >= 0;
}

static const struct group *group_of(const struct trials *t, int row)
{
    return &t->group[t->sweep->job[row].of];
}

/* Place of a trial in its group. */
static int place_of(const struct trials *t, int row)
{
    return (row - group_of(t, row)->first) / t->sweep->file->tune.n_seeds;
}

/* A score that is known too early is worse than one that is not: a trial with the score of its last rung is
 * never opened again, so its row would stay unfinished. */
static int has_reached(const struct group *group, int rung, enum trial_end end, int n)
{
    int limit = group->limit[rung];
    if (end == TRIAL_OVER)
        return 1;
    return rung < group->n_limits - 1 && (end == TRIAL_PAUSED ? n >= limit : n > limit);
}

void trials_know(struct trials *t, int row, enum trial_end end, const struct trial_curves *curves, int n)
{
    const struct group *group = group_of(t, row);
    int seed = t->sweep->job[row].trial_seed;
    struct config config;
    sweep_config(t->sweep, row, &config);
    for (int r = 0; r < group->n_limits; r++) {
        int limit = group->limit[r];
        if (has_reached(group, r, end, n))
            tuner_score(group->tuner, place_of(t, row), seed, r,
                        choose_trial_score(&t->sweep->file->tune, &config, curves, n < limit ? n : limit));
    }
    if (end == TRIAL_OVER)
        t->state[row] = ROW_OVER;
}

void trials_score(struct trials *t, int row, double score, int is_over)
{
    if (is_trial(t, row)) {
        const struct group *group = group_of(t, row);
        int place = place_of(t, row), rung = tuner_rung(group->tuner, place);
        for (int r = rung; r < (is_over ? group->n_limits : rung + 1); r++)
            tuner_score(group->tuner, place, t->sweep->job[row].trial_seed, r, score);
    }
    t->state[row] = is_over ? ROW_OVER : ROW_PARKED;
}

int trials_until(const struct trials *t, int row)
{
    if (!t || !is_trial(t, row))
        return 0;
    const struct group *group = group_of(t, row);
    int rung = tuner_rung(group->tuner, place_of(t, row));
    return rung < group->n_limits - 1 ? group->limit[rung] : 0;
}

double trials_share(const struct trials *t, int row)
{
    if (!t || !is_trial(t, row))
        return 1;
    const struct group *group = group_of(t, row);
    int rung = tuner_rung(group->tuner, place_of(t, row)), from = rung > 0 ? group->limit[rung - 1] : 0;
    return (group->limit[rung] - from) / (double)group->limit[group->n_limits - 1];
}

static int next_of_trials(struct trials *t, const struct group *group, struct trials_step *step)
{
    int n_seeds = t->sweep->file->tune.n_seeds;
    for (int row = group->first; row < group->first + group->n_trials * n_seeds; row++) {
        int place = place_of(t, row);
        if (t->state[row] != ROW_PARKED)
            continue;
        if (tuner_waits_for(group->tuner, place, t->sweep->job[row].trial_seed)) {
            t->state[row] = ROW_OPEN;
            *step = (struct trials_step){TRIALS_OPEN, row};
            return 1;
        }
        if (tuner_is_out(group->tuner, place)) {
            t->state[row] = ROW_OVER;
            *step = (struct trials_step){TRIALS_PRUNE, row};
            return 1;
        }
    }
    return 0;
}

int trials_next(struct trials *t, int of, struct trials_step *step)
{
    const struct group *group = &t->group[of];
    int chosen = tuner_chosen(group->tuner);
    if (next_of_trials(t, group, step))
        return 1;
    if (chosen < 0)
        return 0;
    t->sweep->job[of].trial = t->sweep->job[group->first + chosen * t->sweep->file->tune.n_seeds].trial;
    if (t->state[of] != ROW_PARKED)
        return 0;
    t->state[of] = ROW_OPEN;
    *step = (struct trials_step){TRIALS_OPEN, of};
    return 1;
}

void trials_epochs(const struct trials *t, long long *full, long long *taken)
{
    int n_seeds = t->sweep->file->tune.n_seeds;
    *full = *taken = 0;
    for (int row = t->n_jobs; row < t->sweep->n_jobs; row++) {
        const struct group *group = group_of(t, row);
        int rung = tuner_rung(group->tuner, (row - group->first) / n_seeds);
        if (t->state[row] == ROW_ABSENT)
            continue;
        *full += group->limit[group->n_limits - 1];
        *taken += group->limit[rung];
    }
}

void trials_free(struct trials *t)
{
    if (!t)
        return;
    for (int j = 0; t->group && j < t->n_jobs; j++)
        tuner_free(t->group[j].tuner);
    free(t->group);
    free(t->state);
    free(t);
}
