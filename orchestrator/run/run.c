#include "run/run.h"

#include "choose.h"
#include "clock.h"
#include "job.h"
#include "run/growth.h"
#include "run/run_root.h"
#include "run/tuning.h"
#include "store/store_outcome.h"

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

/* SIGUSR1 is the patient one: it never takes back another. */
static void on_signal(int signal)
{
    if (!drain_asked || signal != SIGUSR1)
        drain_asked = signal;
}

static volatile sig_atomic_t was_suspended;

static void on_continue(int signal)
{
    (void)signal;
    was_suspended = 1;
}

void run_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
    sigaction(SIGCONT, &action, NULL);
    action = (struct sigaction){.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND; /* the second one ends at once */
    sigaction(SIGINT, &action, NULL);
}

int run_drain_asked(void)
{
    return drain_asked != 0;
}

static void on_start_limit(int signal)
{
    static const char line[] =
        "cellsweep: the ranks did not come together in time: one may have died; run the same command again\n";
    (void)signal;
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(0); /* see launch_hides_status(): mpirun hides it, or never returns for another */
}

void run_limit_start(unsigned seconds)
{
    struct sigaction action = {.sa_handler = on_start_limit};
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

/* What a stopping sweep waits for the running epoch at most, seconds. */
static const double most_grace = 5;

/* The same now: mpirun kills about two seconds after it passed on SIGTERM or SIGINT, and a checkpoint, the
 * row and the end of MPI need some of them, as they do before a deadline. */
static double grace(const struct run *run)
{
    if (drain_asked == SIGTERM || drain_asked == SIGINT)
        return 1;
    return fmin(most_grace, fmax(0, run->deadline - clock_wall() - 1));
}

/* ---- ranks that are lost ---- */

/* mpirun without --enable-recovery ends the whole job as soon as one process leaves. */
static int one_may_leave(void)
{
    const char *recovery = getenv("OMPI_MCA_orte_enable_recovery");
    return !getenv("OMPI_MCA_orte_launch") || (recovery && atoi(recovery));
}

/* This rank must not go on. Called by any thread, MPI held: nobody else will do anything here any more. */
static void on_leave(void *self, int fenced, const char *why)
{
    const struct run *run = self;
    fprintf(stderr, "cellsweep: rank %d leaves: %s\n", run->rank, why);
    while (fenced && !one_may_leave())
        pause();
    _exit(err_exit_status(E_STOPPED));
}

/* While the run is being prepared everyone is needed. */
static void on_early_loss(void *self, int rank)
{
    struct run *run = self;
    fprintf(stderr, "cellsweep: rank %d leaves: rank %d died while the run was being prepared\n", run->rank,
            rank);
    if (run->rank == 0)
        root_give_up(run, rank);
    _exit(err_exit_status(run->round > 0 ? E_STOPPED : E_IO));
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

/* Rank 0's jobs for everyone: planning them takes longer than sending them. */
static int share_jobs(struct run *run, struct err *err)
{
    int n = run->sweep->n_jobs, rc = 0;
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (run->rank != 0)
        rc = sweep_adopt(run->sweep, run->data, n, err);
    rc = agree(rc, err);
    if (rc == 0)
        MPI_Bcast(run->sweep->job, n * (int)sizeof *run->sweep->job, MPI_BYTE, 0, MPI_COMM_WORLD);
    return rc;
}

/* Rank 0's sweep for everyone, as its resolved text: a file that is edited meanwhile, or is not on every
 * node, does no harm. */
static int share_sweep(struct run *run, struct err *err)
{
    int n = run->rank == 0 ? (int)strlen(run->sweep->file->resolved) + 1 : 0, rc = 0;
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    char *text = err_calloc((size_t)n, 1, "the sweep file", err);
    rc = agree(text ? 0 : E_IO, err);
    if (rc == 0 && text && run->rank == 0)
        memcpy(text, run->sweep->file->resolved, (size_t)n);
    if (rc == 0)
        MPI_Bcast(text, n, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (rc == 0 && run->rank != 0)
        rc = sweep_parse(text, &run->sweep, err);
    free(text);
    rc = agree(rc, err);
    return rc < 0 ? rc : share_jobs(run, err);
}

/* Whether this rank sees the results file that rank 0 made, and may write it: asked before the collective
 * open, which hangs when one rank fails. */
static int check_file(const struct run *run, struct err *err)
{
    const char *path = run->options->results_path;
    long long size = -1, expected;
    if (run->options->io == STORE_RANK0) /* only rank 0 has it */
        return 0;
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
        rc = err_set(
            err, E_IO,
            "%s: rank %d cannot open it for writing: %s; use a folder that every node shares, or --io rank0",
            path, run->rank, strerror(error));
    else if (size != expected)
        rc = err_set(
            err, E_IO,
            "%s: rank %d sees another file than rank 0; use a folder that every node shares, or --io rank0",
            path, run->rank);
    return agree(rc, err);
}

/* Jobs of rank 0 are the same here: asked of some, spread over the grid, as a rank of another build would
 * make others of them. */
static int check_jobs(const struct run *run, struct err *err)
{
    enum { MOST = 64 };
    int n = run->sweep->n_jobs, step = n / MOST + 1, rc = 0;
    for (int j = n - 1; j >= 0 && rc == 0; j -= step)
        if (!sweep_key_holds(run->sweep, j, run->data))
            rc = err_set(err, E_USAGE,
                         "%s: rank %d makes other jobs than rank 0; is cellsweep the same on every node?",
                         run->options->results_path, run->rank);
    return agree(rc, err);
}

/* Rank 0's lock, so that every rank can see whether another run took it over; and when the run has to end. */
static void share_limits(struct run *run)
{
    if (run->rank == 0)
        lock_mark(run->lock, &run->lock_mark);
    MPI_Bcast(&run->lock_mark, (int)sizeof run->lock_mark, MPI_BYTE, 0, MPI_COMM_WORLD);
    MPI_Bcast(&run->deadline, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
}

/* Under --io rank0 a rank need not see the folder of the results file. A checkpoint that it wrote into its
 * own of that name nobody would find again. */
static double checkpoint_interval(const struct run *run)
{
    int blind = run->rank != 0 && access(run->options->results_path, F_OK) != 0, n_blind = blind;
    MPI_Allreduce(MPI_IN_PLACE, &n_blind, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (run->rank == 0 && n_blind > 0 && run->options->checkpoint > 0)
        fprintf(
            stderr,
            "%s: %d of %d ranks do not see its folder: their jobs have no checkpoints, a killed one starts "
            "over\n",
            run->options->results_path, n_blind, run->size);
    return blind ? -1 : run->options->checkpoint;
}

static int new_saver(struct run *run, struct err *err)
{
    run->saver = saver_new(run->options->results_path, checkpoint_interval(run), run->data->checksum,
                           kernels_isa_name(run->isa), err);
    return run->saver ? 0 : E_IO;
}

/* Seconds between two writings of a running job's curves: what `status --watch` and `serve` may lag
 * behind. */
static const double curves_every = 2;

static int new_epochs(struct run *run, struct err *err)
{
    size_t most = (size_t)store_n_epochs(run->store);
    run->epochs = epochs_new((int)most, curves_every, err);
    return run->epochs ? choose_curves_new((int)most, &run->curves, err) : E_IO;
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
        share_limits(run);
    if (rc == 0)
        rc = share_sweep(run, err);
    if (rc == 0)
        rc = check_file(run, err);
    if (rc == 0)
        rc = agree(
            store_open_io(run->options->results_path, MPI_COMM_WORLD, run->options->io, &run->store, err),
            err);
    if (rc == 0) {
        store_show_trials(run->store);
        rc = check_jobs(run, err);
    }
    if (rc == 0)
        rc = agree(run->rank == 0 ? root_schedule(run, kind, kept, err) : 0, err);
    if (rc == 0)
        rc = agree(new_saver(run, err), err);
    return rc == 0 ? agree(new_epochs(run, err), err) : rc;
}

/* The rows of the results file, for this thread alone and while they are this run's: a run that took the file
 * over, because this one's rank 0 died, must not be disturbed. */
static void own_rows(struct run *run)
{
    handout_enter(run->handout);
    if (lock_was_taken(&run->lock_mark))
        on_leave(run, 1, "another run took the results file over");
}

static void disown_rows(struct run *run)
{
    handout_leave(run->handout);
}

/* How long a drain may have to wait for this rank: the longest time between two moments at
 * which it could have stopped. Time in which the job was suspended is none: counted, it would
 * end a run long before its deadline. */
static void note_moment(struct run *run)
{
    double t = MPI_Wtime();
    if (was_suspended) {
        was_suspended = 0;
        run->epoch_start = t;
        run->moment = t;
    }
    run->worked += t - run->moment;
    if (t - run->moment > run->slowest) {
        run->slowest = t - run->moment;
        handout_slow(run->handout, run->slowest);
    }
    run->moment = t;
}

/* Where jobs have checkpoints, a drain waits for the running epoch. */
static void note_epoch(struct run *run)
{
    double t = MPI_Wtime();
    if (run->options->checkpoint > 0)
        handout_slow(run->handout, fmin(most_grace, t - run->epoch_start));
    run->epoch_start = t;
}

/* --job-limit; what it may take is known better the more jobs have finished. */
static int is_too_long(struct run *run)
{
    double limit = handout_limit(run->handout);
    if (run->limit <= 0 && run->worked > limit)
        run->limit = limit;
    return run->limit > 0;
}

static int on_pause(void *self)
{
    struct run *run = self;
    note_moment(run);
    if (drain_asked)
        handout_stop(run->handout);
    run->stopping = handout_pause(run->handout, run->images);
    run->images = 0;
    return is_too_long(run) || (run->stopping && !saver_patient(run->saver, grace(run)));
}

/* The numbers of epochs that were collected, into the row. */
static int write_epochs(struct run *run, struct err *err)
{
    own_rows(run);
    int rc = epochs_write(run->epochs, run->store, run->job, err);
    disown_rows(run);
    return rc;
}

/* The set that the running job chooses on. */
static enum image_set chosen_on(const struct run *run)
{
    return run->sweep->job[run->job].plan.n_val > 0 ? SET_VAL : SET_TEST;
}

/* A job of the grid is judged; a trial chooses, and has nothing to do with the test set. */
static int is_trial(const struct run *run)
{
    return run->sweep->job[run->job].of >= 0;
}

static int on_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct run *run = self;
    run->images += run->sweep->job[run->job].plan.n_train;
    if (is_trial(run))
        choose_curves_note(&run->sweep->file->tune, &run->config, epoch, numbers[chosen_on(run)],
                           &run->curves);
    saver_epoch(run->saver, epoch, numbers);
    epochs_add(run->epochs, numbers);
    return epochs_due(run->epochs) ? write_epochs(run, err) : 0;
}

/* A line about a checkpoint, at once: the job it is about may run for hours, or be killed. */
static void say(struct run *run, const char *text, const char *consequence)
{
    handout_enter(run->handout); /* the progress line is shared with the thread that serves */
    if (run->rank == 0)
        progress_say(run->progress, "%s; %s", text, consequence);
    handout_leave(run->handout);
    if (run->rank != 0)
        fprintf(stderr, "rank %d: %s; %s\n", run->rank, text, consequence);
}

/* A checkpoint that cannot be written costs the job nothing but time, should it be killed. Said once a rank.
 * The row then shows as many epochs as the job would go on from. */
static int on_between(void *self, const struct state_file *state, struct err *err)
{
    struct run *run = self;
    struct err bad = {0};
    int before = saver_cost(run->saver).n, rc = 0;
    run->paused = run->order.until > 0 && state->epoch >= run->order.until;
    int saved = run->paused ? saver_keep(run->saver, state, &bad)
                            : saver_between(run->saver, state, run->stopping, &bad);
    if (saved < 0 && !run->complained++)
        say(run, bad.text, "jobs go on without checkpoints");
    if (saver_cost(run->saver).n > before) {
        handout_checkpointed(run->handout, state->epoch);
        rc = write_epochs(run, err);
    }
    note_epoch(run);
    if (rc < 0)
        return rc;
    return run->paused || run->stopping ? err_set(err, E_STOPPED, "stopped after epoch %d", state->epoch) : 0;
}

/* Mark the row running, with nothing of an earlier attempt left in it but the epochs that it goes on from.
 * They are written again: the results file may be a new one. */
static int begin_row(struct run *run, int attempt, const struct state_file *from, struct store_mark *mark,
                     struct err *err)
{
    int n = from ? from->epoch : 0;
    *mark = (struct store_mark){.state = JOB_RUNNING,
                                .attempts = attempt,
                                .epochs_done = n,
                                .rank = run->rank,
                                .started = clock_wall(),
                                .finished = (double)NAN};
    int rc = store_clear_metrics(run->store, run->job, err);
    if (rc == 0 && n > 0)
        rc = store_write_epochs(run->store, run->job, 0, n, from->metrics, err);
    epochs_begin(run->epochs, n);
    return rc < 0 ? rc : store_write_mark(run->store, run->job, mark, err);
}

/* Numbers first, the mark last. A rank that was stopped, or whose file system was, while it wrote numbers may
 * have lost its job since: its successor has emptied the row, which must not be called done before it is full
 * again. So the mark needs a lease of its own. */
static int finish_row(struct run *run, struct store_mark *mark, const struct job_result *result,
                      struct handout_report *report, struct err *err)
{
    struct store_outcome outcome = store_outcome_of(result);
    if (!run->sweep->file->keep_weights || is_trial(run))
        outcome.weights = NULL;
    int rc = epochs_write(run->epochs, run->store, run->job, err);
    if (rc == 0)
        rc = store_write_outcome(run->store, run->job, &outcome, err);
    if (rc == 0 && !is_trial(run) && run->order.trial >= 0)
        rc = store_write_chosen(run->store, run->job, run->order.trial, err);
    if (rc < 0)
        return rc;
    mark->state = result->diverged ? JOB_DIVERGED : JOB_DONE;
    mark->epochs_done = result->epochs_done;
    mark->finished = clock_wall();
    if (result->diverged)
        snprintf(report->message, sizeof report->message, "loss is not finite in epoch %d",
                 result->epochs_done);
    mark->message = report->message;
    disown_rows(run);
    own_rows(run);
    return store_write_mark(run->store, run->job, mark, err);
}

/* A job that failed is data: its row says why. Stopped: its row waits again, with the epochs of its
 * checkpoint done, and that was no attempt. */
static int give_up_row(struct run *run, struct store_mark *mark, int rc, const char *message, struct err *err)
{
    int last = rc != E_STOPPED && mark->attempts >= SCHEDULE_ATTEMPTS;
    mark->state = last ? JOB_FAILED : JOB_WAITING;
    mark->finished = last ? clock_wall() : (double)NAN;
    mark->epochs_done = rc == E_STOPPED ? saver_epochs(run->saver) : 0;
    mark->attempts -= rc == E_STOPPED;
    mark->message = rc == E_STOPPED ? "" : message;
    int written = store_write_mark(run->store, run->job, mark, err);
    mark->message = NULL; /* not kept beyond its owner */
    return written;
}

/* The trial was left where its order ends, but whoever did so died before it could tell. */
static int is_at_its_end(struct run *run, const struct state_file *from)
{
    run->paused = from && run->order.until > 0 && from->epoch >= run->order.until;
    return run->paused;
}

/* A trial has done what it was asked for: its numbers are there, and it waits for the others. */
static int pause_row(struct run *run, struct store_mark *mark, struct handout_report *report, struct err *err)
{
    int rc = epochs_write(run->epochs, run->store, run->job, err);
    mark->state = JOB_WAITING;
    mark->attempts = 0;
    mark->epochs_done = run->order.until;
    report->end = HANDOUT_PAUSED;
    report->epochs = run->order.until;
    return rc < 0 ? rc : store_write_mark(run->store, run->job, mark, err);
}

/* Files that a job names (onnx.file, embedding.from) are in its key by what they hold. */
static int check_named(const struct run *run, struct err *err)
{
    if (sweep_key_holds(run->sweep, run->job, run->data))
        return 0;
    return err_set(
        err, E_USAGE,
        "a file that the job names (onnx.file, embedding.from) is not what it was when the run began; "
        "restore it, or begin the sweep anew");
}

/* Train and write the row, with what became of it in *report. Negative: the row could not be written. */
static int train_job(struct run *run, const struct job_hooks *hooks, struct store_mark *mark,
                     struct handout_report *report, struct err *err)
{
    struct job_result result;
    struct err why = {0};
    int rc = is_at_its_end(run, hooks->from) ? E_STOPPED : check_named(run, &why), written;
    if (rc == 0)
        rc = job_run(&run->config, run->data, run->key, hooks, &result, &why);
    if (rc == E_STOPPED && run->limit > 0) {
        rc = E_JOB;
        err_set(&why, rc, "--job-limit: not done after %.3g s", run->limit);
    }
    on_pause(run); /* the images of the last epoch */
    own_rows(run);
    if (rc == 0) {
        written = finish_row(run, mark, &result, report, err);
        report->end = HANDOUT_FINISHED;
        report->diverged = result.diverged;
        report->epochs = result.epochs_done;
        memcpy(report->test, result.numbers[SET_TEST], sizeof report->test);
        job_result_free(&result);
    } else if (rc == E_STOPPED && run->paused) {
        written = pause_row(run, mark, report, err);
    } else {
        written = give_up_row(run, mark, rc, why.text, err);
        report->end = rc == E_STOPPED ? HANDOUT_STOPPED : HANDOUT_FAILED;
        snprintf(report->message, sizeof report->message, "%.*s", (int)sizeof report->message - 1, why.text);
    }
    disown_rows(run);
    note_moment(run);
    if (is_trial(run) && report->epochs > 0)
        report->score =
            choose_trial_score(&run->sweep->file->tune, &run->config, &run->curves, report->epochs);
    return written;
}

/* The checkpoint that a job goes on from, or NULL. */
static const struct state_file *find_checkpoint(struct run *run)
{
    struct err note;
    const struct state_file *from = saver_begin(run->saver, &run->config, run->key, &note);
    if (note.code < 0)
        say(run, note.text, "it is ignored, the job starts over");
    return from;
}

/* What a trial's curve is up to the checkpoint that it goes on from. */
static void begin_curve(struct run *run, const struct state_file *from)
{
    for (int e = 0; from && is_trial(run) && e < from->epoch; e++)
        choose_curves_note(&run->sweep->file->tune, &run->config, e,
                           from->metrics[chosen_on(run)] + (size_t)e * N_ALL_METRICS, &run->curves);
}

static void add_cost(const struct run *run, struct saver_cost before, struct handout_report *report)
{
    struct saver_cost now = saver_cost(run->saver);
    report->checkpoints = now.n - before.n;
    report->checkpoint_seconds = now.seconds - before.seconds;
    report->checkpoint_epoch = saver_epochs(run->saver);
}

/* Run one job and write its row; what became of it is in the report. */
static struct handout_report do_job(struct run *run, int job, const struct handout_order *order)
{
    struct handout_report report = {.job = job, .end = HANDOUT_STOPPED};
    struct saver_cost before = saver_cost(run->saver);
    struct store_mark mark;
    struct err err = {0};
    run->job = job;
    run->order = *order;
    run->sweep->job[job].trial = (short)order->trial;
    sweep_config(run->sweep, job, &run->config);
    sweep_key(run->sweep, job, run->key);
    run->moment = run->epoch_start = MPI_Wtime();
    run->worked = run->limit = 0;
    on_pause(run);
    if (run->stopping)
        return report;
    double start = MPI_Wtime();
    const struct job_hooks hooks = {.self = run,
                                    .pause = on_pause,
                                    .epoch = on_epoch,
                                    .between = on_between,
                                    .from = find_checkpoint(run),
                                    .is_trial = is_trial(run)};
    begin_curve(run, hooks.from);
    own_rows(run);
    int written = begin_row(run, order->attempt, hooks.from, &mark, &err);
    disown_rows(run);
    if (written == 0)
        written = train_job(run, &hooks, &mark, &report, &err);
    if (written < 0) {
        report.end = HANDOUT_FATAL;
        snprintf(report.message, sizeof report.message, "%.*s", (int)sizeof report.message - 1, err.text);
    }
    add_cost(run, before, &report);
    int over = report.end == HANDOUT_FINISHED || report.end == HANDOUT_FAILED;
    saver_end(run->saver, over && !(run->rank != 0 && run->options->io == STORE_RANK0));
    report.seconds = MPI_Wtime() - start;
    return report;
}

/* Rows wait for rank 0. */
static void on_idle(void *self)
{
    struct run *run = self;
    handout_idle(run->handout);
}

static int work(struct run *run, struct err *err)
{
    const struct handout_options options = {.dedicated = run->options->dedicated,
                                            .heartbeat = run->options->heartbeat,
                                            .limits = run->options->job_limit.seconds > 0 ||
                                                      run->options->job_limit.times > 0,
                                            .peers = run->peers};
    const struct handout_hooks hooks = {.self = run,
                                        .order = tuning_order,
                                        .start = root_on_start,
                                        .report = root_on_report,
                                        .checkpoint = root_on_checkpoint,
                                        .lost = root_on_lost,
                                        .left = root_left,
                                        .limit = root_limit,
                                        .condemn = root_on_condemn,
                                        .leave = on_leave,
                                        .foreign = root_on_rows,
                                        .foreign_tag = STORE_TAG};
    struct handout_order order;
    int rc = handout_new(MPI_COMM_WORLD, run->schedule, &options, &hooks, &run->handout, err);
    rc = agree(rc, err);
    if (rc == 0)
        store_send_on(run->store, handout_comm(run->handout), on_idle, run);
    peers_rest(run->peers); /* from here on a loss is the hand-out's */
    for (int job; rc == 0 && (job = handout_next(run->handout, &order)) >= 0;) {
        struct handout_report report = do_job(run, job, &order);
        handout_report(run->handout, &report);
    }
    return rc;
}

/* What this process wrote reaches the disk. H5Fclose would see to it, but is collective, and by then the
 * watchdog counts the seconds: a slow disk may need minutes. */
static void sync_file(const struct run *run)
{
    int remote = run->options->io == STORE_RANK0 && run->rank != 0;
    int fd = remote ? -1 : open(run->options->results_path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* What rank 0 concludes, for everyone; no collective call, since a rank may be lost. Returns 1 when one
 * is. */
static int conclude(struct run *run, int *rc, struct err *err)
{
    if (run->rank != 0) {
        sync_file(run);
        int alone = handout_await_end(run->handout, rc, err->text);
        err->code = *rc < 0 ? *rc : 0;
        return alone;
    }
    handout_enter(run->handout); /* the thread still serves */
    *rc = growth_due(run) ? GROWTH_DUE : root_conclude(run, err);
    handout_leave(run->handout);
    sync_file(run);
    return handout_finish(run->handout, *rc, *rc < 0 ? err->text : "");
}

static volatile sig_atomic_t watchdog_status;

static void on_alarm(int signal)
{
    (void)signal;
    _exit(watchdog_status);
}

/* Seconds that the last collective calls may take. Ranks that share a core wait for each other in turns, so
 * they have the more time the more there are: whoever is taken for hanging leaves without MPI_Finalize, and
 * mpirun calls a sweep failed that is whole. */
static double last_seconds(const struct run *run)
{
    static const double most_times = 10;
    int here = 1;
    double cores = fmax(1, (double)sysconf(_SC_NPROCESSORS_ONLN));
    if (run->shared.node != MPI_COMM_NULL)
        MPI_Comm_size(run->shared.node, &here);
    return run->options->heartbeat * fmin(most_times, fmax(1, here / cores));
}

/* Should a rank be lost from here on, the last collective calls never return. */
static void start_watchdog(const struct run *run, int rc)
{
    struct sigaction action = {.sa_handler = on_alarm};
    if (run->size == 1)
        return;
    fflush(NULL); /* _exit() would not */
    watchdog_status = err_exit_status(rc);
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)ceil(last_seconds(run)));
}

/* What every rank holds of a round. */
static void release_round(struct run *run)
{
    handout_free(run->handout, 0);
    saver_free(run->saver);
    epochs_free(run->epochs);
    choose_curves_free(&run->curves);
    share_free(&run->shared, run->data);
    sweep_free(run->sweep);
}

static void release(struct run *run)
{
    release_round(run);
    root_release(run);
    peers_free(run->peers);
}

/* Nothing is released whose release is collective: the process is about to leave. */
static int leave_alone(struct run *run, int rc, const struct err *err)
{
    if (run->rank == 0) {
        root_end(run, rc, err);
        root_release(run);
    }
    return rc;
}

static int leave_together(struct run *run, int rc, struct err *err)
{
    struct err close_err = {0};
    if (store_close(run->store, &close_err) < 0 && rc == 0)
        rc = err_set(err, close_err.code, "%s", close_err.text);
    if (run->rank == 0)
        root_end(run, rc, err);
    release(run);
    return rc;
}

/* From the files to the end of the hand-out. */
static int play_round(struct run *run, int *alone, struct err *err)
{
    int rc = prepare(run, err);
    if (rc == 0)
        rc = work(run, err);
    peers_rest(run->peers);
    if (rc < 0)
        return rc;
    *alone = conclude(run, &rc, err);
    if (*alone && rc == GROWTH_DUE) /* nothing is closed together any more: the next run grows the file */
        rc = run->rank == 0 ? root_conclude(run, err)
                            : err_set(err, E_STOPPED, "stopped (the grid grows); the same command goes on");
    start_watchdog(run, rc == GROWTH_DUE ? E_STOPPED : rc);
    return rc;
}

/* The results file is closed by all, so that rank 0 can put a larger one in its place; what is left of the
 * round is the ranks, the lock, and what counts over all rounds. */
static int end_round(struct run *run, struct err *err)
{
    struct run next = {.options = run->options,
                       .shared = {MPI_COMM_NULL, MPI_WIN_NULL},
                       .rank = run->rank,
                       .size = run->size,
                       .peers = run->peers,
                       .round = run->round + 1,
                       .request_stays = run->request_stays,
                       .lock = run->lock,
                       .lock_mark = run->lock_mark,
                       .checkpoints = run->checkpoints};
    struct handout_counts counts = handout_counts(run->handout);
    int rc = store_close(run->store, err);
    next.failures_before = run->failures_before + counts.failed + counts.diverged;
    free(run->resolved);
    if (run->rank == 0 && !(next.resolved = strdup(run->sweep->file->resolved)) && rc == 0)
        rc = err_set(err, E_IO, "out of memory for the sweep file");
    release_round(run);
    root_end_round(run);
    *run = next;
    alarm(0);
    peers_watch(run->peers, on_early_loss, run);
    return agree(rc, err);
}

int run_sweep(const struct run_options *options, int *alone, struct err *err)
{
    struct run run = {.options = options, .shared = {MPI_COMM_NULL, MPI_WIN_NULL}};
    *alone = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &run.size);
    run.peers = peers_new(MPI_COMM_WORLD, err);
    if (!run.peers)
        return E_IO;
    peers_watch(run.peers, on_early_loss, &run);
    alarm(0); /* from here on a loss is seen */
    int rc = play_round(&run, alone, err);
    while (rc == GROWTH_DUE) {
        rc = end_round(&run, err);
        rc = rc < 0 ? rc : play_round(&run, alone, err);
    }
    return *alone ? leave_alone(&run, rc, err) : leave_together(&run, rc, err);
}
