#include "run.h"

#include "cells.h"
#include "grid.h"
#include "handout.h"
#include "job.h"
#include "progress.h"
#include "resume.h"
#include "share.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* Everything a rank holds while the sweep runs. */
struct run {
    const struct run_options *options;
    int rank, size;
    struct sweep *sweep;
    struct dataset *data;
    struct shared_dataset shared;
    enum kernels_isa isa;
    struct store *store;
    struct handout *handout;
    /* the running job */
    int job;
    double images; /* trained since the last pause */
    /* rank 0 */
    struct schedule *schedule;
    struct progress *progress;
    int n_before; /* jobs of the filter that were finished before */
    char fatal[sizeof((struct handout_report *)0)->message];
};

static volatile sig_atomic_t drain_asked;

static void on_signal(int signal)
{
    (void)signal;
    drain_asked = 1;
}

void run_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND; /* the second one ends at once */
    sigaction(SIGINT, &action, NULL);
}

static double wall_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- rank 0: sweep file, data, results file ---- */

/* Jobs of one kind train at one speed: the same network, image size and batch. */
static unsigned long kind_of(const struct config *c)
{
    char text[256];
    int n =
        snprintf(text, sizeof text, "%s %d %d %d %d %d %d %d", c->model, (int)c->image_size, (int)c->filters1,
                 (int)c->filters2, (int)c->dense1, (int)c->dense2, c->clusters.n, (int)c->batch);
    return (unsigned long)XXH3_64bits(text, (size_t)n);
}

/* Put every job that matches the filter and is not finished into the schedule. */
static int make_schedule(struct run *run, struct err *err)
{
    int n_jobs = run->sweep->n_jobs, n = 0, rc = 0;
    size_t room = (size_t)n_jobs;
    struct store_mark *mark = err_calloc(room, sizeof *mark, "commit marks", err);
    int *job = err_calloc(room, sizeof *job, "the schedule", err);
    double *cost = err_calloc(room, sizeof *cost, "the schedule", err);
    unsigned long *kind = err_calloc(room, sizeof *kind, "the schedule", err);
    if (!mark || !job || !cost || !kind)
        rc = E_IO;
    if (rc == 0)
        rc = store_read_marks(run->store, mark, err);
    for (int j = 0; rc >= 0 && j < n_jobs; j++) {
        rc = sweep_job_matches(run->sweep, j, run->options->filter, err);
        if (rc <= 0)
            continue;
        if (mark[j].state >= JOB_DONE) {
            run->n_before++;
            continue;
        }
        job[n] = j;
        cost[n] = run->sweep->job[j].plan.cost;
        kind[n++] = kind_of(&run->sweep->job[j].config);
    }
    if (rc >= 0)
        rc = schedule_new(n, job, cost, kind, &run->schedule, err);
    if (rc >= 0 && !(run->progress = progress_new(n, run->options->quiet, err)))
        rc = E_IO;
    free(mark);
    free(job);
    free(cost);
    free(kind);
    return rc < 0 ? rc : 0;
}

static void say_start(const struct run *run, enum resume_kind kind, int kept)
{
    const char *path = run->options->results_path;
    int waiting = schedule_waiting(run->schedule);
    fprintf(stderr, "%s: %d jobs, %d rank%s, %s kernels, data %s%s (%d images)\n", run->sweep->name,
            run->sweep->n_jobs, run->size, run->size == 1 ? "" : "s", kernels_isa_name(run->isa),
            run->data->origin, run->data->synthetic ? " (synthetic)" : "", run->data->n_images);
    if (kind == RESUME_GROWN)
        fprintf(stderr, "%s: the grid grew; %d finished jobs kept, %d to run\n", path, kept, waiting);
    else if (kind == RESUME_CONTINUED)
        fprintf(stderr, "%s: going on; %d jobs finished before, %d to run\n", path, run->n_before, waiting);
}

/* At least one job must match, before anything is made. */
static int check_filter(const struct run *run, struct err *err)
{
    for (int j = 0; j < run->sweep->n_jobs; j++) {
        int rc = sweep_job_matches(run->sweep, j, run->options->filter, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return err_set(err, E_USAGE, "--filter '%s' matches none of the %d jobs", run->options->filter,
                   run->sweep->n_jobs);
}

/* The packed dataset is kept before a new results file is made, and again when it went missing. */
static int prepare_files(struct run *run, const struct cells *cells, enum resume_kind *kind, int *kept,
                         struct err *err)
{
    const char *path = run->options->results_path;
    int is_new = access(path, F_OK) != 0;
    int rc = is_new ? cells_keep(cells, 0, err) : 0;
    if (rc == 0)
        rc = resume_prepare(path, run->sweep, run->data, cells->path, run->isa, run->size, kind, kept, err);
    return rc == 0 && !is_new ? cells_keep(cells, 1, err) : rc;
}

static int prepare_root(struct run *run, enum resume_kind *kind, int *kept, struct err *err)
{
    const struct run_options *o = run->options;
    struct cells cells;
    int rc = sweep_read(o->sweep_path, o->n_set, o->set, &run->sweep, err);
    if (rc == 0)
        rc = resume_kernels(o->results_path, o->isa, run->isa, &run->isa, err);
    if (rc < 0)
        return rc;
    rc = cells_open(run->sweep, o->results_path, &cells, err);
    run->data = cells.data;
    if (rc == 0)
        rc = sweep_expand(run->sweep, run->data, err);
    if (rc == 0)
        rc = check_filter(run, err);
    return rc < 0 ? rc : prepare_files(run, &cells, kind, kept, err);
}

/* ---- all ranks ---- */

/* The worst code of all ranks for everyone, with the line of the rank it came from. */
static int agree(int rc, struct err *err)
{
    struct {
        int code, rank;
    } mine = {rc, 0}, worst;
    MPI_Comm_rank(MPI_COMM_WORLD, &mine.rank);
    MPI_Request request;
    MPI_Iallreduce(&mine, &worst, 1, MPI_2INT, MPI_MINLOC, MPI_COMM_WORLD, &request);
    for (int done = 0; MPI_Test(&request, &done, MPI_STATUS_IGNORE), !done;)
        nanosleep(&(struct timespec){.tv_nsec = 1000000},
                  NULL); /* the others may be packing for minutes: do not spin */
    if (worst.code < 0)
        MPI_Bcast(err, (int)sizeof *err, MPI_BYTE, worst.rank, MPI_COMM_WORLD);
    return worst.code;
}

/* Rank 0's sweep for everyone, as its resolved text: a file that is edited meanwhile, or is not on every node, does no harm. */
static int share_sweep(struct run *run, struct err *err)
{
    int n = run->rank == 0 ? (int)strlen(run->sweep->resolved) + 1 : 0, rc = 0;
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    char *text = err_calloc((size_t)n, 1, "the sweep file", err);
    rc = agree(text ? 0 : E_IO, err);
    if (rc == 0 && text && run->rank == 0)
        memcpy(text, run->sweep->resolved, (size_t)n);
    if (rc == 0)
        MPI_Bcast(text, n, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (rc == 0 && run->rank != 0)
        rc = sweep_parse(text, &run->sweep, err);
    free(text);
    if (rc == 0 && run->rank != 0)
        rc = sweep_expand(run->sweep, run->data, err);
    return agree(rc, err);
}

/* Whether this rank sees the results file that rank 0 made, and may write it: asked before the collective open, which hangs when
 * one rank fails. */
static int check_file(const struct run *run, struct err *err)
{
    const char *path = run->options->results_path;
    long long size = -1, expected;
    int fd = open(path, O_RDWR | O_CLOEXEC), error = errno;
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0)
        size = (long long)info.st_size;
    if (fd >= 0)
        close(fd);
    expected = size;
    MPI_Bcast(&expected, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
    int rc = 0;
    if (fd < 0)
        rc = err_set(err, E_IO,
                     "%s: rank %d cannot open it for writing: %s; use a folder that every node shares", path,
                     run->rank, strerror(error));
    else if (size != expected)
        rc = err_set(err, E_IO,
                     "%s: rank %d sees another file than rank 0; use a folder that every node shares", path,
                     run->rank);
    return agree(rc, err);
}

/* Row j of the file is job j here: a last guard against ranks of different builds. */
static int check_rows(const struct run *run, struct err *err)
{
    int same = store_n_jobs(run->store) == run->sweep->n_jobs;
    for (int j = 0; same && j < run->sweep->n_jobs; j++)
        same = strcmp(store_jobs(run->store)[j].key, run->sweep->job[j].key) == 0;
    return agree(
        same ? 0
             : err_set(
                   err, E_USAGE,
                   "%s: rank %d makes other jobs than the file holds; is cellsweep the same on every node?",
                   run->options->results_path, run->rank),
        err);
}

static int prepare(struct run *run, struct err *err)
{
    enum resume_kind kind = RESUME_CREATED;
    int kept = 0, isa = (int)kernels_best();
    MPI_Allreduce(MPI_IN_PLACE, &isa, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    run->isa = (enum kernels_isa)isa;
    int rc = agree(run->rank == 0 ? prepare_root(run, &kind, &kept, err) : 0, err);
    MPI_Bcast(&run->isa, (int)sizeof run->isa, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (rc == 0)
        rc = agree(kernels_select(run->isa, err), err);
    if (rc == 0)
        rc = share_dataset(MPI_COMM_WORLD, &run->data, &run->shared, err);
    if (rc == 0)
        rc = share_sweep(run, err);
    if (rc == 0)
        rc = check_file(run, err);
    if (rc == 0)
        rc = agree(store_open_shared(run->options->results_path, MPI_COMM_WORLD, &run->store, err), err);
    if (rc == 0)
        rc = check_rows(run, err);
    if (rc == 0)
        rc = agree(run->rank == 0 ? make_schedule(run, err) : 0, err);
    if (rc == 0 && run->rank == 0)
        say_start(run, kind, kept);
    return rc;
}

/* A report of any rank, or with report NULL a chance to redraw. */
static void on_report(void *self, int rank, const struct handout_report *report)
{
    struct run *run = self;
    if (drain_asked)
        handout_stop(run->handout);
    struct handout_counts counts = handout_counts(run->handout);
    if (report && (report->diverged || report->end == HANDOUT_FAILED || report->end == HANDOUT_FATAL)) {
        char name[512];
        sweep_job_name(run->sweep, report->job, name, sizeof name);
        progress_say(run->progress, "job %d (%s) on rank %d %s: %s", report->job, name, rank,
                     report->diverged                ? "diverged"
                     : report->end == HANDOUT_FAILED ? "failed"
                                                     : "could not be written",
                     report->message);
    }
    if (report && report->end == HANDOUT_FATAL)
        snprintf(run->fatal, sizeof run->fatal, "%s", report->message);
    progress_tick(run->progress, &counts);
}

static int on_pause(void *self)
{
    struct run *run = self;
    if (drain_asked)
        handout_stop(run->handout);
    int stop = handout_pause(run->handout, run->images);
    run->images = 0;
    return stop;
}

static int on_epoch(void *self, int epoch, const float *train, const float *val, struct err *err)
{
    struct run *run = self;
    run->images += run->sweep->job[run->job].plan.n_train;
    return store_write_epoch(run->store, run->job, epoch, train, val, err);
}

static struct store_outcome outcome_of(const struct job_result *r)
{
    return (struct store_outcome){.n_classes = r->n_classes,
                                  .n_train = r->n_train,
                                  .n_val = r->val.n,
                                  .n_all = r->all.n,
                                  .leak = r->leak,
                                  .confusion_val = r->val.confusion,
                                  .confusion_all = r->all.confusion,
                                  .image_val = r->val.image,
                                  .copy_val = r->val.copy,
                                  .label_val = r->val.label,
                                  .image_all = r->all.image,
                                  .copy_all = r->all.copy,
                                  .label_all = r->all.label,
                                  .role_all = r->role,
                                  .probs_val = r->val.probs,
                                  .probs_all = r->all.probs,
                                  .weights = r->weights,
                                  .n_weights = r->n_weights,
                                  .weights_epoch = r->weights_epoch};
}

/* Mark the row running, with nothing of an earlier attempt left in it. */
static int begin_row(struct run *run, int attempt, struct store_mark *mark, struct err *err)
{
    *mark = (struct store_mark){.state = JOB_RUNNING,
                                .attempts = attempt,
                                .rank = run->rank,
                                .started = wall_time(),
                                .finished = (double)NAN};
    int rc = store_clear_metrics(run->store, run->job, err);
    return rc < 0 ? rc : store_write_mark(run->store, run->job, mark, err);
}

/* Numbers first, the mark last. */
static int finish_row(struct run *run, struct store_mark *mark, const struct job_result *result,
                      struct err *err)
{
    struct store_outcome outcome = outcome_of(result);
    if (run->sweep->keep_weights == KEEP_NONE)
        outcome.weights = NULL;
    int rc = store_write_outcome(run->store, run->job, &outcome, err);
    if (rc < 0)
        return rc;
    mark->state = result->diverged ? JOB_DIVERGED : JOB_DONE;
    mark->epochs_done = result->epochs_done;
    mark->finished = wall_time();
    if (result->diverged)
        snprintf(mark->message, sizeof mark->message, "loss is not finite in epoch %d", result->epochs_done);
    return store_write_mark(run->store, run->job, mark, err);
}

/* A job that failed is data: its row says why. Stopped: its row waits again. */
static int give_up_row(struct run *run, struct store_mark *mark, int rc, const char *message, struct err *err)
{
    int last = rc != E_STOPPED && mark->attempts >= SCHEDULE_ATTEMPTS;
    mark->state = last ? JOB_FAILED : JOB_WAITING;
    mark->finished = last ? wall_time() : (double)NAN;
    snprintf(mark->message, sizeof mark->message, "%.*s", (int)sizeof mark->message - 1,
             rc == E_STOPPED ? "" : message);
    return store_write_mark(run->store, run->job, mark, err);
}

/* Run one job and write its row; what became of it is in the report. */
static struct handout_report do_job(struct run *run, int job, int attempt)
{
    struct handout_report report = {.job = job, .end = HANDOUT_STOPPED};
    const struct job_hooks hooks = {.self = run,
                                    .pause = on_pause,
                                    .epoch = on_epoch,
                                    .best_weights = run->sweep->keep_weights == KEEP_BEST};
    struct store_mark mark;
    struct job_result result;
    struct err err = {0}, write_err = {0};
    run->job = job;
    if (on_pause(run))
        return report;
    double start = MPI_Wtime();
    int written = begin_row(run, attempt, &mark, &write_err);
    if (written == 0) {
        const struct job *j = &run->sweep->job[job];
        int rc = job_run(&j->config, run->data, j->key, &hooks, &result, &err);
        on_pause(run); /* the images of the last epoch */
        if (rc == 0) {
            written = finish_row(run, &mark, &result, &write_err);
            report.end = HANDOUT_FINISHED;
            report.diverged = result.diverged;
            job_result_free(&result);
        } else {
            written = give_up_row(run, &mark, rc, err.text, &write_err);
            report.end = rc == E_STOPPED ? HANDOUT_STOPPED : HANDOUT_FAILED;
        }
    }
    if (written < 0)
        report.end = HANDOUT_FATAL;
    report.seconds = MPI_Wtime() - start;
    const char *why = written < 0 ? write_err.text : report.diverged ? mark.message : err.text;
    snprintf(report.message, sizeof report.message, "%.*s", (int)sizeof report.message - 1, why);
    return report;
}

static int work(struct run *run, struct err *err)
{
    int job = -1, attempt = 0;
    int rc = handout_new(MPI_COMM_WORLD, run->schedule, run->options->dedicated,
                         run->rank == 0 ? on_report : NULL, run, &run->handout, err);
    rc = agree(rc, err);
    while (rc == 0 && (rc = handout_next(run->handout, &job, &attempt, err)) == 0 && job >= 0) {
        struct handout_report report = do_job(run, job, attempt);
        handout_report(run->handout, &report);
    }
    return rc;
}

/* ---- rank 0: the end ---- */

/* Jobs of this run's filter by state, and the failed ones with why. */
static int count_states(struct run *run, int count[N_JOB_STATES], struct err *err)
{
    struct store_mark *mark = err_calloc((size_t)run->sweep->n_jobs, sizeof *mark, "commit marks", err);
    int rc = mark ? store_read_marks(run->store, mark, err) : E_IO;
    memset(count, 0, N_JOB_STATES * sizeof *count);
    for (int j = 0; rc == 0 && j < run->sweep->n_jobs; j++) {
        char name[512];
        if (sweep_job_matches(run->sweep, j, run->options->filter, NULL) != 1)
            continue;
        count[mark[j].state]++;
        if (mark[j].state != JOB_FAILED)
            continue;
        sweep_job_name(run->sweep, j, name, sizeof name);
        fprintf(stderr, "%sjob %d (%s): %s\n", count[JOB_FAILED] == 1 ? "failed jobs:\n  " : "  ", j, name,
                mark[j].message);
    }
    free(mark);
    return rc;
}

static void say_end(const struct run *run, const struct handout_counts *c, const int count[N_JOB_STATES])
{
    double seconds = progress_seconds(run->progress);
    char time[32];
    printf("%s: %d jobs done, %d diverged, %d failed, %d left; %s, %.0f images/s, hand-out %.3f %% of rank "
           "0's time\n",
           run->options->results_path, count[JOB_DONE], count[JOB_DIVERGED], count[JOB_FAILED],
           count[JOB_WAITING] + count[JOB_RUNNING], progress_duration(seconds, time, sizeof time),
           seconds > 0 ? c->images / seconds : 0, seconds > 0 ? 100 * c->serve_seconds / seconds : 0);
}

static int conclude(struct run *run, struct err *err)
{
    struct handout_counts counts = handout_counts(run->handout);
    int count[N_JOB_STATES];
    progress_finish(run->progress);
    int rc = count_states(run, count, err);
    if (rc < 0)
        return rc;
    say_end(run, &counts, count);
    int left = count[JOB_WAITING] + count[JOB_RUNNING];
    if (counts.fatal)
        return err_set(err, E_IO, "%s; %d jobs are left, run the same command again", run->fatal, left);
    if (left)
        return err_set(err, E_STOPPED, "stopped with %d jobs left; the same command goes on", left);
    if (count[JOB_FAILED])
        return err_set(err, E_JOB, "%d jobs failed; their messages are in /message and above",
                       count[JOB_FAILED]);
    return 0;
}

static void release(struct run *run)
{
    handout_free(run->handout);
    progress_free(run->progress);
    schedule_free(run->schedule);
    share_free(&run->shared, run->data);
    sweep_free(run->sweep);
}

int run_sweep(const struct run_options *options, struct err *err)
{
    struct run run = {.options = options, .shared = {MPI_COMM_NULL, MPI_WIN_NULL}};
    MPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &run.size);
    int rc = prepare(&run, err);
    if (rc == 0)
        rc = work(&run, err);
    if (rc == 0 && run.rank == 0)
        rc = conclude(&run, err);
    rc = agree(rc, err);
    struct err close_err = {0};
    if (store_close(run.store, &close_err) < 0 && rc == 0)
        rc = err_set(err, close_err.code, "%s", close_err.text);
    release(&run);
    return rc;
}
