#include "run/run_root.h"

#include "sweep/blocks.h"
#include "sweep/cells.h"
#include "sweep/job_name.h"
#include "sweep/order.h"
#include "run/checkpoint_folder.h"
#include "clock.h"
#include "run/deadline.h"
#include "run/growth.h"
#include "run/job_log.h"
#include "run/tuning.h"
#include "h5.h"
#include "write/json_out.h"
#include "write/texttable.h"
#include "version.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FAILURES_SHOWN = 40 };

/* Seconds between two writings of the status file while the sweep runs. */
static const double ending_every = 2;

/* The same where nothing happens: a sign of life to who cannot look at this host. */
static double ending_at_least(const struct run *run)
{
    return fmax(ending_every, run->options->heartbeat / 4);
}

/* ---- lock, sweep file, data, results file ---- */

/* The packed dataset is kept before a new results file is made, and again when it went missing. */
static int prepare_files(struct run *run, const struct cells *cells, int asked, enum resume_kind *kind,
                         int *kept, struct err *err)
{
    const char *path = run->options->results_path;
    int is_new = access(path, F_OK) != 0;
    h5_draft_tidy(path);
    if (!cells->is_packed)
        h5_draft_tidy(cells->path);
    int rc = is_new ? cells_keep(cells, 0, err) : 0;
    if (rc == 0)
        rc = resume_prepare(path, run->sweep, run->data, cells->path, run->isa, run->size, asked, kind, kept,
                            err);
    return rc == 0 && !is_new ? cells_keep(cells, 1, err) : rc;
}

/* E_USAGE when --first matches only what --filter leaves out: it would do nothing. */
static int check_first(const struct run *run, struct err *err)
{
    int at = 0;
    for (int i = 0; i < run->chosen.n; i++) {
        while (at < run->first.n && run->first.job[at] < run->chosen.job[i])
            at++;
        if (at < run->first.n && run->first.job[at] == run->chosen.job[i])
            return 0;
    }
    return err_set(err, E_USAGE, "%s: --first '%.200s' matches only jobs that --filter '%.200s' leaves out",
                   run->sweep->file->name, run->options->first, run->options->filter);
}

/* Data, jobs and results file of run->sweep. asked: by a request to grow. */
static int prepare_sweep(struct run *run, int asked, enum resume_kind *kind, int *kept, struct err *err)
{
    struct cells cells;
    int rc = cells_open(run->sweep, run->options->results_path, &cells, err);
    run->data = cells.data;
    if (rc == 0)
        rc = sweep_expand(run->sweep, run->data, err);
    if (rc == 0)
        rc = sweep_select(run->sweep, run->options->filter, "--filter", &run->chosen, err);
    if (rc == 0 && run->options->first)
        rc = sweep_select(run->sweep, run->options->first, "--first", &run->first, err);
    if (rc == 0 && run->options->first && run->options->filter)
        rc = check_first(run, err);
    return rc < 0 ? rc : prepare_files(run, &cells, asked, kind, kept, err);
}

/* The same of a request. What goes wrong is said, and leaves the run with the sweep that it had: the request
 * was tried when it was made, so the disk is full, or the images have changed since. */
static int prepare_request(struct run *run, const struct grow_request *request, enum resume_kind *kind,
                           int *kept)
{
    struct sweep *own = run->sweep;
    struct err why = {0};
    run->sweep = NULL;
    int rc = sweep_parse(request->resolved, &run->sweep, &why);
    if (rc == 0) {
        run->sweep->file->text = strdup(request->yaml);
        rc = prepare_sweep(run, 1, kind, kept, &why);
    }
    if (rc == 0) {
        sweep_free(own);
        return 0;
    }
    fprintf(stderr, "%s: cannot be grown: %s; the run goes on without\n", run->options->results_path,
            why.text);
    selection_free(&run->chosen);
    selection_free(&run->first);
    dataset_free(run->data);
    sweep_free(run->sweep);
    run->data = NULL;
    run->sweep = own;
    return rc;
}

/* The sweep of this round before anything else is known: as given, or that of the round before. */
static int first_sweep(struct run *run, struct err *err)
{
    const struct run_options *o = run->options;
    return run->resolved ? sweep_parse(run->resolved, &run->sweep, err)
                         : sweep_read(o->sweep_path, o->n_set, o->set, &run->sweep, err);
}

int root_prepare(struct run *run, enum resume_kind *kind, int *kept, struct err *err)
{
    const struct run_options *o = run->options;
    struct grow_request request;
    run->deadline = deadline_find(o->end);
    int rc = first_sweep(run, err);
    if (rc == 0 && !run->lock)
        rc = lock_take(o->results_path, o->force_unlock, &run->lock, err);
    if (rc == 0)
        rc = resume_kernels(o->results_path, o->isa, run->isa, &run->isa, err);
    if (rc < 0)
        return rc;
    if (growth_request(run, &request)) {
        rc = prepare_request(run, &request, kind, kept);
        grow_request_release(&request);
        growth_over(run);
        if (rc == 0)
            return 0;
    }
    rc = growth_adopt(run, err);
    return rc < 0 ? rc : prepare_sweep(run, 0, kind, kept, err);
}

/* ---- the schedule ---- */

/* Done, or failed and not asked for again; a trial that is out. */
static int is_over(const struct run *run, int state)
{
    return state == JOB_DONE || state == JOB_PRUNED ||
           (!run->options->retry_failed && (state == JOB_FAILED || state == JOB_DIVERGED));
}

/* Work that a job has left: a checkpoint is worth its epochs. */
static double cost_left(const struct run *run, int job, const struct config *config,
                        struct checkpoint_list *checkpoints)
{
    const struct job *j = &run->sweep->job[job];
    char path[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int epoch = 0;
    if (checkpoints->n == 0)
        return j->plan.cost;
    sweep_key(run->sweep, job, key);
    struct state_file_identity want =
        checkpoint_identity(key, run->data->checksum, kernels_isa_name(run->isa));
    checkpoint_path(run->options->results_path, key, path);
    if (checkpoint_want(checkpoints, key))
        state_file_peek(path, &want, &epoch, NULL);
    return epoch < config->epochs ? j->plan.cost * (1 - epoch / (double)config->epochs) : j->plan.cost;
}

/* Remove the checkpoints of jobs that are over, whatever the filter, and what was half-written. */
static void tidy_checkpoints(const struct run *run, const int *state)
{
    struct checkpoint_list list;
    if (checkpoint_list(run->options->results_path, &list, NULL) < 0)
        return;
    for (int j = 0; j < run->sweep->n_jobs && list.n > 0; j++)
        if (state[j] == JOB_WAITING || state[j] == JOB_RUNNING) {
            char key[JOB_KEY_SIZE];
            sweep_key(run->sweep, j, key);
            checkpoint_want(&list, key);
        }
    checkpoint_folder_tidy(run->options->results_path, &list);
    checkpoint_list_free(&list);
}

/* The rows of a schedule, (n) of each; room for all jobs. */
struct lists {
    int n;
    int *state, *job; /* states of all jobs; jobs that are left */
    double *cost;
    unsigned long *kind;
    char *open; /* of all jobs: 0 where another has to end first */
    int *wave;  /* of all jobs, then of the rows */
};

static int lists_new(struct lists *l, int n_jobs, struct err *err)
{
    size_t room = (size_t)n_jobs;
    *l = (struct lists){.state = err_calloc(room, sizeof *l->state, "the states of jobs", err),
                        .job = err_calloc(room, sizeof *l->job, "the schedule", err),
                        .cost = err_calloc(room, sizeof *l->cost, "the schedule", err),
                        .kind = err_calloc(room, sizeof *l->kind, "the schedule", err),
                        .open = err_calloc(room, sizeof *l->open, "the schedule", err),
                        .wave = err_calloc(room, sizeof *l->wave, "the schedule", err)};
    return l->state && l->job && l->cost && l->kind && l->open && l->wave ? 0 : E_IO;
}

static void lists_free(struct lists *l)
{
    free(l->state);
    free(l->job);
    free(l->cost);
    free(l->kind);
    free(l->open);
    free(l->wave);
}

/* The waves of all jobs, and how many are of --first alone. */
static int find_waves(const struct run *run, int *wave, int *n_first, struct err *err)
{
    char *first = err_calloc((size_t)run->sweep->n_jobs, 1, "the schedule", err);
    if (!first)
        return E_IO;
    for (int i = 0; i < run->first.n; i++)
        first[run->first.job[i]] = 1;
    int rc = order_waves(run->sweep, run->options->order, run->first.n ? first : NULL, wave, n_first, err);
    free(first);
    return rc;
}

/* The jobs of the filter that are left. */
static void list_jobs(struct run *run, struct lists *l, struct checkpoint_list *checkpoints)
{
    for (int i = 0; i < run->chosen.n; i++) {
        int j = run->chosen.job[i];
        struct config config;
        if (is_over(run, l->state[j])) {
            run->before[l->state[j]]++;
            run->n_before++;
            continue;
        }
        sweep_config(run->sweep, j, &config);
        l->job[l->n] = j;
        l->wave[l->n] = l->wave[j]; /* rows are fewer than jobs, in the same order */
        l->cost[l->n] = cost_left(run, j, &config, checkpoints) * trials_share(run->trials, j);
        l->kind[l->n++] = sweep_kind(&config);
    }
}

static int make_schedule(struct run *run, struct err *err)
{
    struct checkpoint_list checkpoints = {0};
    struct lists l;
    int n_first = 0, rc = lists_new(&l, run->sweep->n_jobs, err);
    if (rc == 0)
        rc = find_waves(run, l.wave, &n_first, err);
    if (rc == 0)
        rc = store_read_states(run->store, l.state, err);
    if (rc == 0) {
        tidy_checkpoints(run, l.state);
        rc = checkpoint_list(run->options->results_path, &checkpoints, err);
    }
    if (rc >= 0)
        rc = tuning_begin(run, l.state, l.open, err);
    if (rc >= 0) {
        list_jobs(run, &l, &checkpoints);
        rc = schedule_new(l.n, l.job, l.cost, l.kind, &run->schedule, err);
    }
    if (rc >= 0)
        schedule_waves(run->schedule, l.n, l.job, l.wave, n_first);
    for (int i = 0; rc >= 0 && i < l.n; i++)
        if (!l.open[l.job[i]])
            schedule_park(run->schedule, l.job[i]);
    if (rc >= 0 && !(run->progress = progress_new(l.n, run->options->quiet, err)))
        rc = E_IO;
    checkpoint_list_free(&checkpoints);
    lists_free(&l);
    return rc < 0 ? rc : 0;
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void say_start(const struct run *run, enum resume_kind kind, int kept)
{
    const char *path = run->options->results_path;
    int waiting = schedule_waiting(run->schedule) + schedule_parked(run->schedule);
    char time[32];
    fprintf(stderr, "%s: %d job%s, %d rank%s, %s kernels, data %s%s (%d images)\n", run->sweep->file->name,
            run->sweep->n_jobs, plural(run->sweep->n_jobs), run->size, run->size == 1 ? "" : "s",
            kernels_isa_name(run->isa), run->sweep->data_text, run->data->synthetic ? " (synthetic)" : "",
            run->data->n_images);
    static const char *const what[] = {[RESUME_GROWN] = "the grid grew",
                                       [RESUME_ORDERED] = "the grid is written otherwise",
                                       [RESUME_NAMED] = "classes have other names now"};
    if (kind >= RESUME_GROWN)
        fprintf(stderr, "%s: %s; %d finished job%s kept, %d to run\n", path, what[kind], kept, plural(kept),
                waiting);
    else if (kind == RESUME_CONTINUED)
        fprintf(stderr, "%s: going on; %d job%s finished before, %d to run\n", path, run->n_before,
                plural(run->n_before), waiting);
    blocks_notes(stderr, run->sweep);
    if (isfinite(run->deadline))
        fprintf(stderr, "%s: to end within %s\n", path,
                progress_duration(run->deadline - run->options->begun, time, sizeof time));
}

/* The status file, not more often than every ending_every seconds unless `now`. What cannot be written is
 * left unsaid: the closing line and the exit status say the same. */
static void write_ending(struct run *run, int now)
{
    struct handout_counts c = {0};
    double t = MPI_Wtime();
    if (!now && t - run->ending_written < ending_every)
        return;
    run->ending_written = t;
    if (run->ending.exit_status < 0) {
        if (run->handout)
            c = handout_counts(run->handout);
        run->ending.done = run->before[JOB_DONE] + c.finished - c.diverged;
        run->ending.diverged = run->before[JOB_DIVERGED] + c.diverged;
        run->ending.failed = run->before[JOB_FAILED] + c.failed;
        run->ending.left = schedule_waiting(run->schedule) + schedule_running(run->schedule) +
                           schedule_parked(run->schedule);
    }
    status_file_write(run->options->results_path, &run->ending, NULL);
}

static void log_start(const struct run *run, enum resume_kind kind)
{
    struct lock_holder self;
    int n_jobs = schedule_waiting(run->schedule) + schedule_parked(run->schedule);
    lock_file_self(&self);
    if (run->round > 0)
        events_add(run->events, kind == RESUME_CONTINUED ? "not_grown" : "grown", "{s:i, s:i}", "jobs",
                   n_jobs, "finished_before", run->n_before);
    else
        events_add(run->events, "run_started", "{s:s, s:I, s:i, s:s, s:s, s:i, s:i}", "host", self.host,
                   "pid", (json_int_t)self.pid, "ranks", run->size, "version", CELLSWEEP_VERSION, "commit",
                   CELLSWEEP_COMMIT, "jobs", n_jobs, "finished_before", run->n_before);
}

int root_schedule(struct run *run, enum resume_kind kind, int kept, struct err *err)
{
    int rc = make_schedule(run, err);
    if (rc == 0 && !(run->events = events_open(run->options->results_path, err)))
        rc = E_IO;
    if (rc < 0)
        return rc;
    say_start(run, kind, kept);
    log_start(run, kind);
    run->ending.exit_status = -1;
    run->ending.ranks = run->size;
    run->ending.deadline = run->deadline;
    run->ending.silence = run->size > 1 ? 4 * ending_at_least(run) : 0;
    if (run->options->filter && strlen(run->options->filter) < sizeof run->ending.filter)
        snprintf(run->ending.filter, sizeof run->ending.filter, "%s", run->options->filter);
    write_ending(run, 1);
    return 0;
}

/* ---- while it runs ---- */

/* A drain has to begin so much before the deadline: twice the longest time that any rank was seen to need to
 * stop, and some for what mpirun needs to end. */
static double left(const struct run *run)
{
    double spare = fmin(10, 0.1 * (run->deadline - run->options->begun));
    return run->deadline - clock_wall() - spare - 2 * handout_counts(run->handout).slowest;
}

int root_is_late(const struct run *run)
{
    return left(run) <= 0;
}

double root_left(void *self)
{
    const struct run *run = self;
    double seconds = left(run);
    if (run->grows && run->options->checkpoint <= 0) /* running jobs go on to their ends, no other begins */
        return -1;
    return seconds > 0 && run->options->checkpoint > 0 ? (double)INFINITY : seconds;
}

/* Of the whole job: one that goes on from a checkpoint may have to start over, should it fail. */
double root_limit(void *self, int job)
{
    const struct run *run = self;
    return job_limit_of(&run->options->job_limit,
                        schedule_usual(run->schedule, job, run->sweep->job[job].plan.cost));
}

void root_drain(struct run *run, const char *why)
{
    handout_stop(run->handout);
    if (run->why_stopped[0])
        return;
    snprintf(run->why_stopped, sizeof run->why_stopped, "%s", why);
    events_add(run->events, "draining", "{s:s}", "why", why);
}

void root_on_start(void *self, int rank, int job, int attempt)
{
    struct run *run = self;
    job_log_started(run->events, rank, job, attempt);
}

static void count_checkpoints(struct run *run, const struct handout_report *r)
{
    run->checkpoints.n += r->checkpoints;
    run->checkpoints.seconds += r->checkpoint_seconds;
}

/* A failed, diverged or unwritable job: a line for people, a line for the log. */
static void tell_failure(struct run *run, int rank, const struct handout_report *r)
{
    char name[512], what[64];
    int attempt = schedule_attempts(run->schedule, r->job), last = attempt >= SCHEDULE_ATTEMPTS;
    if (r->diverged)
        snprintf(what, sizeof what, "diverged");
    else if (r->end == HANDOUT_FAILED)
        snprintf(what, sizeof what, "failed, attempt %d of %d", attempt, SCHEDULE_ATTEMPTS);
    else
        snprintf(what, sizeof what, "could not be written");
    sweep_job_name(run->sweep, r->job, name, sizeof name);
    progress_say(run->progress, "job %d (%s) on rank %d %s: %s", r->job, name, rank, what, r->message);
    if (!r->diverged)
        events_add(run->events, "job_failed", "{s:i, s:i, s:i, s:b, s:o}", "job", r->job, "rank", rank,
                   "attempt", attempt, "last", last, "message", json_out_text(r->message));
}

/* --max-failures: enough is enough. */
static void check_failures(struct run *run, const struct handout_counts *counts)
{
    int n = run->failures_before + counts->failed + counts->diverged;
    if (run->options->max_failures <= 0 || n < run->options->max_failures || run->too_many_failures)
        return;
    run->too_many_failures = 1;
    root_drain(run, "as many jobs failed or diverged as --max-failures allows");
}

/* Rows that were sent are written now, before the report of their job: only now it needs no checkpoint.
 * Should rank 0 have died in between, the next run goes on from there. */
static void drop_checkpoint(const struct run *run, int rank, const struct handout_report *r)
{
    char path[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    if (rank == 0 || run->options->io != STORE_RANK0 || run->fatal[0] ||
        (r->end != HANDOUT_FINISHED && r->end != HANDOUT_FAILED))
        return;
    sweep_key(run->sweep, r->job, key);
    checkpoint_path(run->options->results_path, key, path);
    unlink(path);
}

void root_on_report(void *self, int rank, const struct handout_report *report)
{
    struct run *run = self;
    if (run_drain_asked())
        root_drain(run, "a signal");
    struct handout_counts counts = handout_counts(run->handout);
    if (root_is_late(run))
        root_drain(run, "the deadline");
    growth_look(run);
    if (report && (report->diverged || report->end == HANDOUT_FAILED || report->end == HANDOUT_FATAL))
        tell_failure(run, rank, report);
    if (report) {
        count_checkpoints(run, report);
        drop_checkpoint(run, rank, report);
    }
    if (report)
        tuning_report(run, report);
    if (report && report->end == HANDOUT_FINISHED)
        job_log_finished(run->events, rank, report);
    if (report && report->end == HANDOUT_FATAL) {
        snprintf(run->fatal, sizeof run->fatal, "%s", report->message);
        root_drain(run, "a row could not be written");
    }
    check_failures(run, &counts);
    if (report || MPI_Wtime() - run->ending_written > ending_at_least(run))
        write_ending(run, 0);
    counts.finished += run->n_pruned;
    progress_tick(run->progress, &counts);
}

/* That rows cannot be written ends the sweep as it does where they were made. */
void root_on_rows(void *self, int rank, int dead)
{
    struct run *run = self;
    struct err err = {0};
    if (store_take(run->store, rank, dead, &err) == 0 || run->fatal[0])
        return;
    progress_say(run->progress, "rows of rank %d could not be written: %s", rank, err.text);
    snprintf(run->fatal, sizeof run->fatal, "%.*s", (int)sizeof run->fatal - 1, err.text);
    root_drain(run, "a row could not be written");
}

void root_on_checkpoint(void *self, int rank, int job, int epoch)
{
    struct run *run = self;
    events_add(run->events, "checkpoint", "{s:i, s:i, s:i}", "job", job, "rank", rank, "epoch", epoch);
}

/* A rank may die between the last write of a row and its report: what is finished stays so. Under
 * --retry-failed the word "diverged" may be an older one. */
static int is_row_finished(struct run *run, int job, struct handout_report *report)
{
    struct store_mark mark;
    struct store_job row;
    float *curve;
    if (job < 0 || store_read_mark(run->store, job, &mark, NULL) < 0 ||
        (mark.state != JOB_DONE && (mark.state != JOB_DIVERGED || run->options->retry_failed)))
        return 0;
    if (mark.epochs_done < 1 || mark.epochs_done > store_n_epochs(run->store))
        return 0;
    *report = (struct handout_report){.job = job, .end = HANDOUT_FINISHED, .epochs = mark.epochs_done};
    report->diverged = mark.state == JOB_DIVERGED;
    report->score = tuning_score(run, job, mark.epochs_done);
    report->seconds = fmax(0, mark.finished - mark.started);
    snprintf(report->message, sizeof report->message, "%s", mark.message);
    curve = err_calloc((size_t)store_n_epochs(run->store), sizeof *curve, "a row of metrics", NULL);
    int judged = store_row(run->store, job, &row, NULL) == 0 ? row.judged_epoch : -1;
    for (int m = 0; m < N_METRICS; m++) {
        int read = curve && judged > 0 &&
                   store_read_curve(run->store, job, SET_TEST, (enum metric)m, curve, NULL) == 0;
        report->test[m] = read ? curve[judged - 1] : NAN;
    }
    free(curve);
    return 1;
}

int root_on_lost(void *self, int rank, int job, double silent, struct handout_report *report)
{
    struct run *run = self;
    char name[512] = "it had no job";
    int finished = is_row_finished(run, job, report);
    if (job >= 0)
        sweep_job_name(run->sweep, job, name, sizeof name);
    progress_say(run->progress, "rank %d is lost (last heard of %.1f s ago); %s%s", rank, silent,
                 finished   ? "its job was finished: "
                 : job >= 0 ? "its job goes to another: "
                            : "",
                 name);
    events_add(run->events, "rank_lost", "{s:i, s:i, s:f}", "rank", rank, "job", job, "silent", silent);
    run->ending.lost_ranks++;
    write_ending(run, 1);
    return finished;
}

void root_on_condemn(void *self, int job, int attempts, int deaths)
{
    struct run *run = self;
    struct handout_report report = {.job = job, .end = HANDOUT_FAILED};
    struct store_mark mark = {.state = JOB_FAILED, .attempts = attempts, .rank = -1};
    struct err err = {0};
    mark.started = (double)NAN;
    mark.finished = clock_wall();
    if (deaths == attempts)
        snprintf(report.message, sizeof report.message, "its rank died three times");
    else
        snprintf(report.message, sizeof report.message, "its rank died in the last of %d attempts", attempts);
    mark.message = report.message;
    handout_enter(run->handout);
    int rc = store_clear_metrics(run->store, job, &err);
    if (rc == 0)
        rc = store_write_mark(run->store, job, &mark, &err);
    if (rc < 0)
        snprintf(report.message, sizeof report.message, "%.*s", (int)sizeof report.message - 1, err.text);
    tell_failure(run, 0, &report);
    tuning_report(run, &report);
    if (rc < 0)
        root_drain(run, "a row could not be written");
    handout_leave(run->handout);
}

/* ---- the end ---- */

static void add_failure(struct texttable *table, const struct run *run, int job,
                        const struct store_mark *mark)
{
    char name[512];
    sweep_job_name(run->sweep, job, name, sizeof name);
    texttable_add(table, "%d", job);
    texttable_add(table, "%s", name);
    texttable_add(table, "%s", job_state_names[mark->state]);
    texttable_add(table, "%d", mark->attempts);
    texttable_add(table, "%s", mark->message);
    texttable_end(table);
}

static int print_failures(const struct run *run, const int *state, struct err *err)
{
    struct texttable table = {.numeric_from = TEXTTABLE_COLUMNS};
    static const char *const head[] = {"job", "what", "state", "attempts", "message"};
    int n = 0, rc = 0;
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        texttable_add(&table, "%s", head[i]);
    texttable_end(&table);
    for (int i = 0; i < run->chosen.n && rc == 0; i++) {
        int j = run->chosen.job[i];
        struct store_mark mark;
        if ((state[j] != JOB_FAILED && state[j] != JOB_DIVERGED) || n++ >= MAX_FAILURES_SHOWN)
            continue;
        rc = store_read_mark(run->store, j, &mark, err);
        if (rc == 0)
            add_failure(&table, run, j, &mark);
    }
    if (n > 0) {
        fprintf(stderr, "failed or diverged (--retry-failed runs them again):\n");
        texttable_print(stderr, &table);
    }
    if (n > MAX_FAILURES_SHOWN)
        fprintf(stderr, "and %d more: cellsweep export %s --table jobs\n", n - MAX_FAILURES_SHOWN,
                run->options->results_path);
    texttable_release(&table);
    return rc;
}

/* Jobs of this run's filter by state, without trials, and the failed ones with why. */
static int count_states(struct run *run, int count[N_TRIAL_STATES], struct err *err)
{
    int *state = err_calloc((size_t)run->sweep->n_jobs, sizeof *state, "the states of jobs", err);
    int rc = state ? store_read_states(run->store, state, err) : E_IO;
    memset(count, 0, N_TRIAL_STATES * sizeof *count);
    for (int i = 0; rc == 0 && i < run->chosen.n; i++)
        if (run->sweep->job[run->chosen.job[i]].of < 0)
            count[state[run->chosen.job[i]]]++;
    if (rc == 0) {
        rc = print_failures(run, state, err);
        tidy_checkpoints(run, state);
    }
    free(state);
    return rc;
}

/* What halving saved. */
static void say_tuning(const struct run *run)
{
    long long full, taken;
    if (!run->trials)
        return;
    trials_epochs(run->trials, &full, &taken);
    printf("tuning: %lld of %lld epochs of trials, %.0f %% saved by pruning\n", taken, full,
           full > 0 ? 100 * (double)(full - taken) / (double)full : 0);
}

static void say_end(const struct run *run, const struct handout_counts *c, const struct status_file *e)
{
    double seconds = progress_seconds(run->progress);
    char time[32];
    printf("%s: %d job%s done, %d diverged, %d failed, %d left; %s, %.0f images/s, hand-out %.3f %% of rank "
           "0's time, %lld messages in %lld looks\n",
           run->options->results_path, e->done, plural(e->done), e->diverged, e->failed, e->left,
           progress_duration(seconds, time, sizeof time), seconds > 0 ? c->images / seconds : 0,
           seconds > 0 ? 100 * c->serve_seconds / seconds : 0, c->words, c->looks);
    if (run->checkpoints.n > 0)
        printf("%d checkpoint%s, %.1f ms each, %.3f %% of the ranks' time\n", run->checkpoints.n,
               run->checkpoints.n == 1 ? "" : "s", 1e3 * run->checkpoints.seconds / run->checkpoints.n,
               seconds > 0 ? 100 * run->checkpoints.seconds / (seconds * run->size) : 0);
}

int root_conclude(struct run *run, struct err *err)
{
    struct handout_counts counts = handout_counts(run->handout);
    int count[N_TRIAL_STATES];
    progress_finish(run->progress);
    int rc = count_states(run, count, err);
    if (rc < 0)
        return rc;
    struct status_file *e = &run->ending;
    e->done = count[JOB_DONE];
    e->diverged = count[JOB_DIVERGED];
    e->failed = count[JOB_FAILED];
    e->left = count[JOB_WAITING] + count[JOB_RUNNING];
    say_end(run, &counts, e);
    say_tuning(run);
    if (counts.fatal || run->fatal[0])
        return err_set(err, E_IO, "%s; %d job%s left, run the same command again", run->fatal, e->left,
                       e->left == 1 ? " is" : "s are");
    if (run->too_many_failures && e->left)
        return err_set(err, E_JOB,
                       "stopped after %d job%s of this run failed or diverged (--max-failures %d), with %d "
                       "job%s left; the same command goes on",
                       counts.failed + counts.diverged, plural(counts.failed + counts.diverged),
                       run->options->max_failures, e->left, plural(e->left));
    if (e->left && !run->why_stopped[0] && isfinite(run->deadline))
        return err_set(err, E_STOPPED,
                       "stopped with %d job%s left, none of which would be finished before the deadline; the "
                       "same command goes on",
                       e->left, plural(e->left));
    if (e->left)
        return err_set(err, E_STOPPED, "stopped%s%s%s with %d job%s left; the same command goes on",
                       run->why_stopped[0] ? " (" : "", run->why_stopped, run->why_stopped[0] ? ")" : "",
                       e->left, plural(e->left));
    if (e->failed)
        return err_set(err, E_JOB, "%d job%s failed; what stopped them is in /messages and above", e->failed,
                       plural(e->failed));
    return 0;
}

void root_end(struct run *run, int rc, const struct err *err)
{
    struct status_file *e = &run->ending;
    if (!run->events)
        return;
    e->exit_status = err_exit_status(rc);
    snprintf(e->message, sizeof e->message, "%s", rc < 0 ? err->text : "");
    write_ending(run, 1);
    events_add(run->events, "run_ended", "{s:i, s:s, s:i, s:i, s:i, s:i, s:f, s:o}", "status", e->exit_status,
               "state", status_file_state(e->exit_status), "done", e->done, "diverged", e->diverged, "failed",
               e->failed, "left", e->left, "seconds", progress_seconds(run->progress), "message",
               json_out_text(e->message));
}

void root_give_up(struct run *run, int lost_rank)
{
    struct status_file e = {.exit_status = err_exit_status(run->round > 0 ? E_STOPPED : E_IO),
                            .ranks = run->size,
                            .lost_ranks = 1,
                            .deadline = (double)INFINITY};
    if (!run->lock)
        return;
    snprintf(e.message, sizeof e.message, "rank %d died while the run was being prepared", lost_rank);
    status_file_write(run->options->results_path, &e, NULL);
    lock_release(run->lock);
}

void root_end_round(struct run *run)
{
    events_close(run->events);
    progress_free(run->progress);
    schedule_free(run->schedule);
    trials_free(run->trials);
    selection_free(&run->chosen);
    selection_free(&run->first);
}

void root_release(struct run *run)
{
    root_end_round(run);
    free(run->resolved);
    lock_release(run->lock);
}
