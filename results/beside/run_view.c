#include "beside/run_view.h"

#include "clock.h"
#include "beside/status_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const run_view_state_names[N_RUN_VIEW_STATES] = {"running", "finished", "stopped", "dead"};

/* Sums over the finished jobs. */
struct finished {
    double seconds, epochs, images;
    int n;
};

/* n_train (n_jobs) */
static struct finished count(struct run_view *p, const int *n_train)
{
    struct finished sum = {0};
    for (int i = 0; i < p->n_rows; i++) {
        const struct store_mark *mark = &p->mark[i];
        p->epochs_done += mark->epochs_done;
        if (mark->state != JOB_DONE || isnan(mark->finished) || isnan(mark->started))
            continue;
        sum.seconds += mark->finished - mark->started;
        sum.epochs += mark->epochs_done;
        sum.images += (double)mark->epochs_done * fmax(0, n_train[i]);
        sum.n++;
    }
    return sum;
}

/* States of the jobs of a list, or of all. */
static void count_states(struct run_view *p, const struct selection *chosen)
{
    p->n_jobs = chosen ? chosen->n : p->n_rows;
    memset(p->n_state, 0, sizeof p->n_state);
    for (int i = 0; i < p->n_jobs; i++)
        p->n_state[p->mark[chosen ? chosen->job[i] : i].state]++;
    p->n_over = p->n_state[JOB_DONE] + p->n_state[JOB_FAILED] + p->n_state[JOB_DIVERGED];
}

void run_view_narrow(struct run_view *p, const struct selection *chosen)
{
    count_states(p, chosen);
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

/* Work left by the mean job, shared by the jobs that run at once. NaN: nothing to guess from. */
static double seconds_left(const struct run_view *p)
{
    double jobs = p->n_state[JOB_WAITING];
    for (int i = 0; i < p->n_rows; i++)
        if (p->mark[i].state == JOB_RUNNING)
            jobs += fmax(0, 1 - p->mark[i].epochs_done / fmax(1, p->epochs_a_job));
    return ratio(jobs * p->job_seconds, p->n_state[JOB_RUNNING]);
}

/* Ten epochs without a sign of life, and at least a minute. */
static int looks_dead(const struct run_view *p)
{
    double epoch = p->epoch_seconds, quiet = p->now - p->changed;
    for (int i = 0; i < p->n_rows && isnan(epoch); i++)
        if (p->mark[i].state == JOB_RUNNING && p->mark[i].epochs_done > 0)
            epoch = (p->changed - p->mark[i].started) / p->mark[i].epochs_done;
    return quiet > 60 && quiet > 10 * fmax(0, isnan(epoch) ? 30 : epoch);
}

/* Nobody holds the lock: what the last run left, or what the file's age says when it is older than locks. */
static enum run_view_state judge_unlocked(struct run_view *p, const char *results_path)
{
    struct status_file ending;
    if (status_file_read(results_path, &ending) && ending.exit_status >= 0) {
        snprintf(p->message, sizeof p->message, "the last run ended with exit status %d (%s)%s%.900s",
                 ending.exit_status, ending.state, ending.message[0] ? ": " : "", ending.message);
        return RUN_VIEW_STOPPED;
    }
    if (p->n_state[JOB_RUNNING] > 0 && !looks_dead(p))
        return RUN_VIEW_RUNNING;
    if (p->n_state[JOB_RUNNING] > 0) {
        snprintf(p->message, sizeof p->message,
                 "no change for %.0f s: the run was probably killed; the same command again resumes it",
                 p->now - p->changed);
        return RUN_VIEW_DEAD;
    }
    snprintf(p->message, sizeof p->message, "not running: the command that started it %s it",
             p->n_over ? "resumes" : "starts");
    return RUN_VIEW_STOPPED;
}

static enum run_view_state judge(struct run_view *p, const char *results_path, enum lock_state alive,
                                 const struct lock_holder *holder)
{
    char name[512];
    if (p->n_over == p->n_jobs)
        return RUN_VIEW_FINISHED;
    if (alive == LOCK_RUNNING)
        return RUN_VIEW_RUNNING;
    if (alive == LOCK_NONE)
        return judge_unlocked(p, results_path);
    lock_file_name(holder, name, sizeof name);
    if (alive == LOCK_DEAD)
        snprintf(p->message, sizeof p->message, "the run was killed (%s); the same command again resumes it",
                 name);
    else
        snprintf(p->message, sizeof p->message, "run by %s, of which nothing can be told from here; %s", name,
                 looks_dead(p) ? "it has been silent for long" : "the file changes");
    return alive == LOCK_DEAD || looks_dead(p) ? RUN_VIEW_DEAD : RUN_VIEW_RUNNING;
}

void run_view_judge(struct run_view *p, const char *results_path, enum lock_state alive,
                    const struct lock_holder *holder)
{
    p->message[0] = '\0';
    p->state = judge(p, results_path, alive, holder);
    int running = p->state == RUN_VIEW_RUNNING;
    p->seconds_left = running ? seconds_left(p) : (double)NAN;
    p->images_per_second = running && p->n_state[JOB_RUNNING] > 0
                               ? p->images_a_job_second * p->n_state[JOB_RUNNING]
                               : (double)NAN;
}

static void measure(const struct store *store, struct run_view *p, const int *n_train)
{
    struct stat info;
    struct finished sum = count(p, n_train);
    count_states(p, NULL);
    p->now = p->changed = clock_wall();
    if (stat(store_path(store), &info) == 0)
        p->changed = fmin(p->now, (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec);
    p->job_seconds = ratio(sum.seconds, sum.n);
    p->epochs_a_job = ratio(sum.epochs, sum.n);
    p->epoch_seconds = ratio(sum.seconds, sum.epochs);
    p->images_a_job_second = sum.images > 0 ? ratio(sum.images, sum.seconds) : (double)NAN;
    p->seconds_left = p->images_per_second = (double)NAN;
}

int run_view_take(struct store *store, struct run_view *view, struct err *err)
{
    *view = (struct run_view){.n_rows = store_n_jobs(store)};
    view->mark = err_calloc((unsigned long)view->n_rows, sizeof *view->mark, "the commit marks", err);
    int *n_train = err_calloc((unsigned long)view->n_rows, sizeof *n_train, "counts of images", err);
    int rc = view->mark && n_train ? store_read_marks(store, view->mark, err) : E_IO;
    if (rc == 0)
        rc = store_read_n_train(store, n_train, err);
    if (rc == 0)
        measure(store, view, n_train);
    else
        run_view_release(view);
    free(n_train);
    return rc;
}

char run_view_letter(enum job_state state)
{
    static const char letter[N_JOB_STATES + 1] = "wrdfx";
    return letter[state];
}

void run_view_release(struct run_view *view)
{
    free(view->mark);
    *view = (struct run_view){0};
}
