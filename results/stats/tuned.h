/* tuned.h - what tuning did: for every job of the grid its trials, which of them was chosen, and what they
 * scored on val.
 *
 *     struct tuned *tuned = NULL;
 *     if (tuned_new(store, &tuned, &err) < 0) ...            NULL where the sweep does not tune
 *     if (tuned->job[row].chosen >= 0)
 *         tuned->job[row].best - tuned->job[row].plain       gained over the default, on val
 *     tuned_expected(job->score, job->n, 4)                  had there been four trials
 *     tuned_free(tuned);
 *
 * Scores are those that the tuner decides by (choose_trial_score()), the mean over the tuning seeds: the
 * larger the better, minus a loss. That of a trial that was pruned is the one it had when it was left, after
 * fewer epochs than the others. All are of val, which chose: none is a number to report. No MPI. */
#ifndef CELLSWEEP_TUNED_H
#define CELLSWEEP_TUNED_H

#include "choose.h"
#include "store/store.h"

struct tuned_job {
    int chosen;         /* number of the trial; -1 not yet, and then no number below is anything */
    int n;              /* different trials */
    double *score;      /* (n) of each, ascending, -INFINITY: a seed diverged or failed; of struct tuned */
    double best, plain; /* of the chosen trial and of trial 0, the default; NaN: it has none */
    long long epochs;   /* that all seeds of its trials ran */
    long long full;     /* that they would have run without pruning */
    char value[TUNE_MAX_KEYS][CONFIG_WORD_SIZE]; /* that was chosen, by key; "": the job does not read it */
};

struct tuned_trial {
    int job, number; /* row of the job that it tunes; 0: the default */
    double score;    /* NaN: a seed diverged or failed, or no epoch is known yet */
    int is_pruned;   /* 1: a seed of it was left early, because others were better */
};

struct tuned {
    const struct tune *tune; /* of the store */
    int n_jobs, n_on_test;   /* and those of them whose trials were compared on the test set */
    struct tuned_job *job;   /* (n_jobs) of the grid, owned */
    double *score;           /* of all trials, owned */
    int n_trials;
    struct tuned_trial *trial; /* (n_trials) job by job, owned */
};

/* Read all trials. *out is owned by the caller, NULL where there are none; the store must outlive it. E_IO
 * when the file is damaged. */
int tuned_new(struct store *store, struct tuned **out, struct err *err);

/* The curves of the trial in row `trial`, of this config, that tunes the job in row `job`: *n epochs of them
 * are known. E_IO when the file is damaged. */
int tuned_read_curves(struct store *store, const struct tune *tune, int job, int trial,
                      const struct config *config, struct trial_curves *curves, int *n, struct err *err);

/* Expected best of t >= 1 trials drawn with replacement from n, by their ascending scores v (Dodge et al.
 * 2019): the sum of v_i ((i/n)^t - ((i-1)/n)^t). A trial without a score counts as the worst of the others.
 * NaN without any score. */
double tuned_expected(const double *score, int n, int t);

/* tuned may be NULL. */
void tuned_free(struct tuned *tuned);

#endif
