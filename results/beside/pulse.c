#include "beside/pulse.h"

#include "clock.h"
#include "beside/ending.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *const pulse_state_names[N_PULSE_STATES] = {"running", "finished", "stopped", "dead"};

/* Sums over the finished jobs. */
struct finished {
    double seconds, epochs, images;
    int n;
};

static struct finished count(struct store *store, struct pulse *p)
{
    struct finished sum = {0};
    const struct store_job *row = store_jobs(store);
    for (int i = 0; i < p->n_jobs; i++) {
        const struct store_mark *mark = &p->mark[i];
        p->n_state[mark->state]++;
        p->epochs_done += mark->epochs_done;
        if (mark->state != JOB_DONE || isnan(mark->finished) || isnan(mark->started))
            continue;
        sum.seconds += mark->finished - mark->started;
        sum.epochs += mark->epochs_done;
        sum.images += (double)mark->epochs_done * fmax(0, row[i].n_train);
        sum.n++;
    }
    p->n_over = p->n_state[JOB_DONE] + p->n_state[JOB_FAILED] + p->n_state[JOB_DIVERGED];
    return sum;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

/* Work left by the mean job, shared by the jobs that run at once. NaN: nothing to guess from. */
static double seconds_left(const struct pulse *p)
{
    double jobs = p->n_state[JOB_WAITING];
    for (int i = 0; i < p->n_jobs; i++)
        if (p->mark[i].state == JOB_RUNNING)
            jobs += fmax(0, 1 - p->mark[i].epochs_done / fmax(1, p->epochs_a_job));
    return ratio(jobs * p->job_seconds, p->n_state[JOB_RUNNING]);
}

/* Ten epochs without a sign of life, and at least a minute. */
static int looks_dead(const struct pulse *p)
{
    double epoch = p->epoch_seconds, quiet = p->now - p->changed;
    for (int i = 0; i < p->n_jobs && isnan(epoch); i++)
        if (p->mark[i].state == JOB_RUNNING && p->mark[i].epochs_done > 0)
            epoch = (p->changed - p->mark[i].started) / p->mark[i].epochs_done;
    return quiet > 60 && quiet > 10 * fmax(0, isnan(epoch) ? 30 : epoch);
}

/* Nobody holds the lock: what the last run left, or what the file's age says when it is older than locks. */
static enum pulse_state judge_unlocked(struct pulse *p, const char *results_path)
{
    struct ending ending;
    if (ending_read(results_path, &ending) && ending.exit_status >= 0) {
        snprintf(p->message, sizeof p->message, "the last run ended with exit status %d (%s)%s%.900s",
                 ending.exit_status, ending.state, ending.message[0] ? ": " : "", ending.message);
        return PULSE_STOPPED;
    }
    if (p->n_state[JOB_RUNNING] > 0 && !looks_dead(p))
        return PULSE_RUNNING;
    if (p->n_state[JOB_RUNNING] > 0) {
        snprintf(p->message, sizeof p->message,
                 "no change for %.0f s: the run was probably killed; the same command again resumes it",
                 p->now - p->changed);
        return PULSE_DEAD;
    }
    snprintf(p->message, sizeof p->message, "not running: the command that started it %s it",
             p->n_over ? "resumes" : "starts");
    return PULSE_STOPPED;
}

static enum pulse_state judge(struct pulse *p, const char *results_path, enum alive alive,
                              const struct alive_holder *holder)
{
    char name[512];
    if (p->n_over == p->n_jobs)
        return PULSE_FINISHED;
    if (alive == ALIVE_RUNNING)
        return PULSE_RUNNING;
    if (alive == ALIVE_NONE)
        return judge_unlocked(p, results_path);
    alive_name(holder, name, sizeof name);
    if (alive == ALIVE_DEAD)
        snprintf(p->message, sizeof p->message, "the run was killed (%s); the same command again resumes it",
                 name);
    else
        snprintf(p->message, sizeof p->message, "run by %s, of which nothing can be told from here; %s", name,
                 looks_dead(p) ? "it has been silent for long" : "the file changes");
    return alive == ALIVE_DEAD || looks_dead(p) ? PULSE_DEAD : PULSE_RUNNING;
}

void pulse_judge(struct pulse *p, const char *results_path, enum alive alive,
                 const struct alive_holder *holder)
{
    p->message[0] = '\0';
    p->state = judge(p, results_path, alive, holder);
    int running = p->state == PULSE_RUNNING;
    p->seconds_left = running ? seconds_left(p) : (double)NAN;
    p->images_per_second = running && p->n_state[JOB_RUNNING] > 0
                               ? p->images_a_job_second * p->n_state[JOB_RUNNING]
                               : (double)NAN;
}

static void measure(struct store *store, struct pulse *p)
{
    struct stat info;
    struct finished sum = count(store, p);
    p->now = p->changed = clock_wall();
    if (stat(store_path(store), &info) == 0)
        p->changed = fmin(p->now, (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec);
    p->job_seconds = ratio(sum.seconds, sum.n);
    p->epochs_a_job = ratio(sum.epochs, sum.n);
    p->epoch_seconds = ratio(sum.seconds, sum.epochs);
    p->images_a_job_second = sum.images > 0 ? ratio(sum.images, sum.seconds) : (double)NAN;
    p->seconds_left = p->images_per_second = (double)NAN;
}

int pulse_take(struct store *store, struct pulse *pulse, struct err *err)
{
    *pulse = (struct pulse){.n_jobs = store_n_jobs(store)};
    pulse->mark = err_calloc((unsigned long)pulse->n_jobs, sizeof *pulse->mark, "the commit marks", err);
    int rc = pulse->mark ? store_read_marks(store, pulse->mark, err) : E_IO;
    if (rc < 0) {
        pulse_release(pulse);
        return rc;
    }
    measure(store, pulse);
    return 0;
}

char pulse_letter(enum job_state state)
{
    static const char letter[N_JOB_STATES + 1] = "wrdfx";
    return letter[state];
}

void pulse_release(struct pulse *pulse)
{
    free(pulse->mark);
    *pulse = (struct pulse){0};
}
