#include "run/tuning.h"

#include "clock.h"
#include "run/checkpoint_folder.h"
#include "run/run_root.h"
#include "stats/tuned.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* A trial's curves. Returns how many epochs of them are known. */
static int read_curves(struct run *run, int row, struct trial_curves *curves, struct err *err)
{
    struct config config;
    int n = 0;
    sweep_config(run->sweep, row, &config);
    int rc = tuned_read_curves(run->store, &run->sweep->file->tune, run->sweep->job[row].of, row, &config,
                               curves, &n, err);
    return rc < 0 ? rc : n;
}

static int is_over(const struct run *run, int state)
{
    return state == JOB_DONE ||
           ((state == JOB_FAILED || state == JOB_DIVERGED) && !run->options->retry_failed);
}

/* Epochs of a trial that can go on count when its mark says so: curves are written before it. */
static int know_row(struct run *run, int row, int state, struct trial_curves *curves, struct err *err)
{
    int over = is_over(run, state), n = 0;
    struct store_mark mark;
    trials_include(run->trials, row);
    if (run->sweep->job[row].of < 0) {
        if (over)
            trials_score(run->trials, row, 0, 1);
        return 0;
    }
    if (!over || state == JOB_DONE)
        n = read_curves(run, row, curves, err);
    if (n >= 0 && store_read_mark(run->store, row, &mark, err) < 0)
        n = E_IO;
    if (n < 0)
        return n;
    if (!over && n > mark.epochs_done)
        n = mark.epochs_done;
    enum trial_end end = over ? TRIAL_OVER : mark.state == JOB_RUNNING ? TRIAL_CUT : TRIAL_PAUSED;
    trials_know(run->trials, row, end, curves, n);
    return 0;
}

static int prune(struct run *run, int row, struct err *err)
{
    struct store_mark mark;
    char path[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int rc = store_read_mark(run->store, row, &mark, err);
    mark.state = JOB_PRUNED;
    mark.finished = clock_wall();
    if (rc == 0)
        rc = store_write_mark(run->store, row, &mark, err);
    sweep_key(run->sweep, row, key);
    checkpoint_path(run->options->results_path, key, path);
    unlink(path);
    return rc;
}

/* What may be handed out at once, and who is out. */
static int first_steps(struct run *run, int *state, char *open, struct err *err)
{
    struct trials_step step;
    int rc = 0;
    for (int row = 0; row < run->sweep->n_jobs; row++)
        if (state[row] == JOB_PRUNED)
            state[row] = -JOB_PRUNED;
    for (int of = 0; of < run->sweep->n_jobs - run->sweep->n_trials; of++)
        while (rc == 0 && trials_next(run->trials, of, &step)) {
            open[step.row] = step.what == TRIALS_OPEN;
            if (step.what == TRIALS_PRUNE && state[step.row] != -JOB_PRUNED)
                rc = prune(run, step.row, err);
            if (step.what == TRIALS_PRUNE)
                state[step.row] = JOB_PRUNED;
        }
    for (int row = 0; row < run->sweep->n_jobs; row++)
        if (state[row] == -JOB_PRUNED)
            state[row] = JOB_WAITING;
    return rc;
}

int tuning_begin(struct run *run, int *state, char *open, struct err *err)
{
    int rc = trials_new(run->sweep, &run->trials, err);
    for (int i = 0; i < run->chosen.n; i++)
        open[run->chosen.job[i]] = run->trials == NULL;
    if (rc < 0 || !run->trials)
        return rc;
    struct trial_curves curves;
    rc = choose_curves_new(store_n_epochs(run->store), &curves, err);
    for (int i = 0; rc == 0 && i < run->chosen.n; i++)
        rc = know_row(run, run->chosen.job[i], state[run->chosen.job[i]], &curves, err);
    choose_curves_free(&curves);
    return rc < 0 ? rc : first_steps(run, state, open, err);
}

/* What a report is worth; 0: it decides nothing. */
static int take_score(struct run *run, const struct handout_report *report)
{
    int job = report->job, is_last = schedule_attempts(run->schedule, job) >= SCHEDULE_ATTEMPTS;
    if (report->end == HANDOUT_FAILED && is_last)
        trials_score(run->trials, job, -(double)INFINITY, 1);
    else if (report->end == HANDOUT_FINISHED)
        trials_score(run->trials, job, report->diverged ? -(double)INFINITY : report->score, 1);
    else if (report->end == HANDOUT_PAUSED)
        trials_score(run->trials, job, report->score, 0);
    else
        return 0;
    return run->sweep->job[job].of >= 0;
}

void tuning_report(struct run *run, const struct handout_report *report)
{
    struct trials_step step;
    struct err err = {0};
    if (!run->trials || !take_score(run, report))
        return;
    while (trials_next(run->trials, run->sweep->job[report->job].of, &step)) {
        double cost = run->sweep->job[step.row].plan.cost * trials_share(run->trials, step.row);
        if (step.what == TRIALS_OPEN) {
            schedule_open(run->schedule, step.row, cost);
            continue;
        }
        schedule_close(run->schedule, step.row);
        run->n_pruned++;
        if (prune(run, step.row, &err) < 0)
            root_drain(run, "a row could not be written");
    }
}

void tuning_order(void *self, int job, struct handout_order *order)
{
    const struct run *run = self;
    order->until = trials_until(run->trials, job);
    order->trial = run->sweep->job[job].trial;
}

double tuning_score(struct run *run, int job, int n_epochs)
{
    struct trial_curves curves;
    struct config config;
    if (run->sweep->job[job].of < 0)
        return 0;
    int rc = choose_curves_new(store_n_epochs(run->store), &curves, NULL);
    int n = rc == 0 ? read_curves(run, job, &curves, NULL) : 0;
    sweep_config(run->sweep, job, &config);
    double score = choose_trial_score(&run->sweep->file->tune, &config, &curves, n < n_epochs ? n : n_epochs);
    choose_curves_free(&curves);
    return score;
}
