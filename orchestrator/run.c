#include "run.h"

#include "job.h"
#include "run_root.h"

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

int run_drain_asked(void)
{
    return drain_asked;
}

static double wall_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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
    int rc = agree(run->rank == 0 ? root_prepare(run, &kind, &kept, err) : 0, err);
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
        rc = agree(run->rank == 0 ? root_schedule(run, kind, kept, err) : 0, err);
    return rc;
}

static int on_pause(void *self)
{
    struct run *run = self;
    if (drain_asked && run->rank == 0)
        root_drain(run, "a signal");
    else if (drain_asked)
        handout_stop(run->handout);
    int stop = handout_pause(run->handout, run->images);
    run->images = 0;
    return stop;
}

static int on_epoch(void *self, int epoch, const float *train, const float *val, struct err *err)
{
    struct run *run = self;
    run->images += run->sweep->job[run->job].plan.n_train;
    memcpy(run->val, val, sizeof run->val);
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
            report.epochs = result.epochs_done;
            job_result_free(&result);
        } else {
            written = give_up_row(run, &mark, rc, err.text, &write_err);
            report.end = rc == E_STOPPED ? HANDOUT_STOPPED : HANDOUT_FAILED;
        }
    }
    if (written < 0)
        report.end = HANDOUT_FATAL;
    report.seconds = MPI_Wtime() - start;
    memcpy(report.val, run->val, sizeof report.val);
    const char *why = written < 0 ? write_err.text : report.diverged ? mark.message : err.text;
    snprintf(report.message, sizeof report.message, "%.*s", (int)sizeof report.message - 1, why);
    return report;
}

static int work(struct run *run, struct err *err)
{
    int job = -1, attempt = 0;
    const struct handout_hooks hooks = {run, root_on_start, root_on_report};
    int rc = handout_new(MPI_COMM_WORLD, run->schedule, run->options->dedicated, &hooks, &run->handout, err);
    rc = agree(rc, err);
    while (rc == 0 && (rc = handout_next(run->handout, &job, &attempt, err)) == 0 && job >= 0) {
        struct handout_report report = do_job(run, job, attempt);
        handout_report(run->handout, &report);
    }
    return rc;
}

static void release(struct run *run)
{
    handout_free(run->handout);
    root_release(run);
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
        rc = root_conclude(&run, err);
    rc = agree(rc, err);
    struct err close_err = {0};
    if (store_close(run.store, &close_err) < 0 && rc == 0)
        rc = err_set(err, close_err.code, "%s", close_err.text);
    if (run.rank == 0)
        root_end(&run, rc, err);
    release(&run);
    return rc;
}
