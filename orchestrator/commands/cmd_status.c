/* cellsweep status: how far a sweep is, from its files alone; beside a running sweep, or long
 * after it was killed. */
#include "clock.h"
#include "command.h"

#include "run/checkpoint_folder.h"
#include "beside/events.h"
#include "beside/grow_request.h"
#include "run/progress.h"
#include "screen.h"
#include "status_json.h"
#include "status_view.h"
#include "status_wait.h"
#include "tables/columns.h"
#include "write/texttable.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNNING = 40, MAX_FAILURES = 8, MAX_EVENTS = 5, BAR_WIDTH = 40, BAR_LEAST = 4, BAR_WORDS = 32 };

struct options {
    const char *path, *filter;
    double watch, wait; /* seconds between looks; 0: not asked for */
    int json;
};

static const struct argument rows[] = {
    ARGUMENT_RESULTS(path),
    {"watch", 'w', ARGUMENT_REAL, "SECONDS", AT(watch), 0.1, 86400, .fallback = (char[]){"2"},
     .help = "Show it again every SECONDS (default 2) until the sweep is finished, or the run has done all "
             "that it was asked for"},
    {"wait", 'W', ARGUMENT_REAL, "SECONDS", AT(wait), 0.1, 86400, .fallback = (char[]){"2"},
     .help = "Return when the run is over, with its exit status; look every SECONDS (default 2)"},
    {"json", 'j', ARGUMENT_FLAG, NULL, AT(json), .help = "Print one JSON object, for scripts"},
    {"filter", 'f', ARGUMENT_TEXT, "FILTER", AT(filter),
     .help = "Count the jobs that match (default: those that the run was asked for; '': every job)"},
    {0}};

/* ---- lines ---- */

static void print_head(const struct status_view *v)
{
    const struct store *s = v->store;
    printf("%s  %s%s\n", store_text(s, "name"), store_path(s),
           store_synthetic(s) ? "  (synthetic data)" : "");
    printf("data %s, %d images\n", store_text(s, "data"), store_n_images(s));
    if (v->view.n_jobs < v->view.n_rows)
        printf("counted are the jobs of --filter '%s', %d of %d\n", v->filter, v->view.n_jobs,
               v->view.n_rows);
    printf("created %s on %s, ranks: %s, cellsweep %s\n\n", store_text(s, "created"), store_text(s, "host"),
           store_text(s, "ranks"), store_text(s, "version"));
}

/* The bar stands first: it is what a small window shows of a page. */
static void print_bar(const struct status_view *v)
{
    int over = v->view.n_over, window = screen_width(stdout);
    int width = window == 0 || window - BAR_WORDS > BAR_WIDTH ? BAR_WIDTH
                : window - BAR_WORDS < BAR_LEAST              ? BAR_LEAST
                                                              : window - BAR_WORDS;
    int full = (int)((double)over / v->view.n_jobs * width);
    char bar[BAR_WIDTH + 1];
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    printf("[%.*s] %5.1f %%  %d of %d jobs\n", width, bar, 100.0 * over / v->view.n_jobs, over,
           v->view.n_jobs);
}

static void print_states(const struct status_view *v)
{
    for (int s = N_JOB_STATES - 1; s >= 0; s--)
        if (v->view.n_state[s] > 0 || s == JOB_DONE)
            printf("%10s %7d\n",
                   s == JOB_RUNNING && status_view_is_over(v) ? "unfinished" : job_state_names[s],
                   v->view.n_state[s]);
}

/* Nobody holds the lock: what the last run left, or what the file's age says when it is older than locks. */
static void print_ended(const struct status_view *v)
{
    char text[64];
    const char *quiet = progress_duration(v->quiet, text, sizeof text);
    if (v->has_ending && v->ending.exit_status >= 0)
        printf("\nthe last run ended with exit status %d (%s)%s%s\n", v->ending.exit_status, v->ending.state,
               v->ending.message[0] ? ": " : "", v->ending.message);
    else if (v->view.state == RUN_VIEW_DEAD)
        printf("\nno change for %s: the run was probably killed; the same command again resumes it\n", quiet);
    else if (v->view.n_state[JOB_RUNNING] > 0 && v->quiet >= 10)
        printf("\nno change for %s\n", quiet);
    else if (v->view.n_state[JOB_RUNNING] == 0 && v->quiet >= 10)
        printf("\nnot running (no change for %s): the command that started it %s it\n", quiet,
               v->view.n_over ? "resumes" : "starts");
}

static void print_finished(const struct status_view *v)
{
    int failed = v->view.n_state[JOB_FAILED], diverged = v->view.n_state[JOB_DIVERGED];
    if (failed + diverged == 0 && v->view.n_jobs < v->view.n_rows)
        printf("\nfinished: every job of the --filter has its result; %d others of the file were not asked "
               "for\n",
               v->view.n_rows - v->view.n_jobs);
    else if (failed + diverged == 0)
        printf("\nfinished: every job has its result\n");
    else
        printf("\nfinished: %d of %d jobs have a result, %d failed, %d diverged; `cellsweep run "
               "--retry-failed` runs those again\n",
               v->view.n_state[JOB_DONE], v->view.n_jobs, failed, diverged);
}

static void print_state_of_run(const struct status_view *v)
{
    char name[512], text[64];
    const char *quiet = progress_duration(v->quiet, text, sizeof text);
    lock_file_name(&v->holder, name, sizeof name);
    if (v->view.n_over == v->view.n_jobs)
        print_finished(v);
    else if (v->alive == LOCK_RUNNING)
        printf("\nrunning: %s\n", name);
    else if (v->alive == LOCK_DEAD)
        printf("\nthe run has died (%s); the same command again resumes it\n", name);
    else if (v->alive == LOCK_UNKNOWN)
        printf("\nlocked by %s; whether it lives cannot be seen from here, the file changed %s ago\n", name,
               quiet);
    else
        print_ended(v);
    if (grow_request_waits(store_path(v->store)))
        printf("a larger grid waits for %s run (cellsweep grow)\n",
               v->alive == LOCK_RUNNING ? "the" : "the next");
    if (v->has_ending && v->ending.lost_ranks > 0)
        printf("%d rank%s lost on the way; their jobs went to others\n", v->ending.lost_ranks,
               v->ending.lost_ranks == 1 ? " was" : "s were");
}

static void print_times(const struct status_view *v)
{
    char text[64];
    if (!isnan(v->view.job_seconds))
        printf("\n%s a job on average, %.3g s an epoch",
               progress_duration(v->view.job_seconds, text, sizeof text), v->view.epoch_seconds);
    if (!isnan(v->view.seconds_left) && !status_view_is_over(v))
        printf("; about %s left", progress_duration(v->view.seconds_left, text, sizeof text));
    if (!isnan(v->view.job_seconds))
        printf("\n");
}

/* Unless there is a header only; more: rows that are not in it. */
static void print_table(struct texttable *table, int more)
{
    if (table->rows > 1)
        texttable_print(stdout, table);
    if (more > 0)
        printf("and %d more\n", more);
    texttable_release(table);
}

/* What tells a job apart, as the first cells of a row: its number under `what`. */
static void add_names(struct texttable *table, const struct status_view *v, const char *what)
{
    texttable_add(table, "%s", what);
    columns_add_names(table, v->store, v->factors);
}

static void add_job(struct texttable *table, const struct status_view *v, int job,
                    const struct store_job *row)
{
    texttable_add(table, "%d", job);
    columns_add(table, v->store, row, v->factors, 0);
}

static void add_seed(struct texttable *table, const struct store_job *row)
{
    texttable_add(table, "%lld", (long long)row->seed);
    texttable_add(table, "%d", row->fold);
}

static void add_running_job(struct texttable *table, const struct status_view *v, int job)
{
    const struct store_mark *mark = &v->view.mark[job];
    const struct store_job row = status_view_row(v, job);
    char since[64] = "";
    if (!isnan(mark->started) && !status_view_is_over(v))
        progress_duration(fmax(0, v->view.now - mark->started), since, sizeof since);
    add_job(table, v, job, &row);
    add_seed(table, &row);
    texttable_add(table, "%d", mark->rank);
    texttable_add(table, "%d/%d", mark->epochs_done, status_view_epochs(v, &row));
    texttable_add(table, "%s", since);
    texttable_end(table);
}

static void print_running(const struct status_view *v)
{
    struct texttable table = {.keys = 1};
    int shown = 0;
    if (v->view.n_state[JOB_RUNNING] == 0)
        return;
    add_names(&table, v, status_view_is_over(v) ? "job" : "running");
    table.numeric_from = table.filled;
    const char *const last[] = {"seed", "fold", "rank", status_view_is_over(v) ? "was at" : "epoch",
                                status_view_is_over(v) ? "" : "for"};
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        texttable_add(&table, "%s", last[i]);
    texttable_end(&table);
    for (int i = 0; i < v->view.n_rows && shown < MAX_RUNNING; i++)
        if (v->view.mark[i].state == JOB_RUNNING) {
            add_running_job(&table, v, i);
            shown++;
        }
    printf("\n%s", status_view_is_over(v) ? "these jobs were running when it ended\n" : "");
    print_table(&table, v->view.n_state[JOB_RUNNING] - shown);
}

/* A job that nobody runs but that has a checkpoint: what the next run makes of it. */
static void add_checkpoint(struct texttable *table, const struct status_view *v, const struct store_job *row)
{
    struct state_file_identity want = checkpoint_identity(row->key, store_text(v->store, "dataset_checksum"),
                                                          store_text(v->store, "kernels"));
    char path[CHECKPOINT_PATH_SIZE];
    struct state_file state;
    struct err err = {0};
    checkpoint_path(store_path(v->store), row->key, path);
    add_job(table, v, row->row, row);
    if (state_file_read(path, &want, &state, &err) == 0)
        texttable_add(table, "waiting, checkpoint at epoch %d of %d", state.epoch,
                      status_view_epochs(v, row));
    else
        texttable_add(table, "waiting, will start over: %s", err.text);
    add_seed(table, row);
    texttable_end(table);
    state_file_free(&state);
}

/* While the run lives, its running jobs are shown elsewhere. */
static void print_checkpoints(const struct status_view *v)
{
    struct texttable table = {.keys = 1};
    struct checkpoint_list list;
    int n = 0;
    if (checkpoint_list(store_path(v->store), &list, NULL) < 0)
        return;
    add_names(&table, v, "begun");
    texttable_add(&table, "state");
    table.numeric_from = table.filled;
    texttable_add(&table, "seed");
    texttable_add(&table, "fold");
    texttable_end(&table);
    for (int i = 0; i < v->view.n_rows && list.n > 0; i++) {
        enum job_state state = v->view.mark[i].state;
        int waits = state == JOB_WAITING || (state == JOB_RUNNING && v->alive != LOCK_RUNNING);
        if (!waits)
            continue;
        const struct store_job row = status_view_row(v, i);
        if (checkpoint_want(&list, row.key) && n++ < MAX_RUNNING)
            add_checkpoint(&table, v, &row);
    }
    fputs(n > 0 ? "\n" : "", stdout);
    print_table(&table, n - MAX_RUNNING);
    checkpoint_list_free(&list);
}

/* The failed or diverged job that ended last before `before`; -1: none. */
static int previous_failure(const struct status_view *v, double before)
{
    int found = -1;
    for (int i = 0; i < v->view.n_rows; i++) {
        enum job_state state = v->view.mark[i].state;
        double end = v->view.mark[i].finished;
        if ((state == JOB_FAILED || state == JOB_DIVERGED) && end < before &&
            (found < 0 || end > v->view.mark[found].finished))
            found = i;
    }
    return found;
}

static void print_failures(const struct status_view *v)
{
    struct texttable table = {.keys = 1};
    int n = v->view.n_state[JOB_FAILED] + v->view.n_state[JOB_DIVERGED];
    int job = n ? previous_failure(v, (double)INFINITY) : -1;
    if (job < 0)
        return;
    add_names(&table, v, "job");
    table.numeric_from = table.filled + 2;
    const char *const last[] = {"state", "message", "seed", "fold"};
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        texttable_add(&table, "%s", last[i]);
    texttable_end(&table);
    for (int shown = 0; job >= 0 && shown < MAX_FAILURES; shown++) {
        const struct store_job row = status_view_row(v, job);
        add_job(&table, v, job, &row);
        texttable_add(&table, "%s", job_state_names[v->view.mark[job].state]);
        texttable_add(&table, "%s", v->view.mark[job].message);
        add_seed(&table, &row);
        texttable_end(&table);
        job = previous_failure(v, v->view.mark[job].finished);
    }
    printf("\nlast of %d failed or diverged\n", n);
    print_table(&table, 0);
}

/* The log may be anybody's. */
static void print_plain(const char *before, const char *text)
{
    char *copy = strdup(text);
    if (copy) {
        utf8_plain(copy);
        printf("%s%s", before, copy);
    }
    free(copy);
}

/* One line of the log: its time of day (UTC), its name, and what else it says. */
static void print_event(json_t *event)
{
    const char *time = json_string_value(json_object_get(event, "time"));
    const char *name = json_string_value(json_object_get(event, "event"));
    const char *key;
    json_t *value;
    char clock[9];
    snprintf(clock, sizeof clock, "%s", time && strlen(time) > 19 ? time + 11 : "?");
    print_plain("  ", clock);
    print_plain("  ", name ? name : "?");
    json_object_foreach(event, key, value)
    {
        if (strcmp(key, "time") == 0 || strcmp(key, "event") == 0)
            continue;
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(4));
        print_plain("  ", key);
        print_plain(" ", text ? text : "");
        free(text);
    }
    printf("\n");
}

/* Jobs that start and finish show above already. */
static int is_routine(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    return !name || strcmp(name, "job_started") == 0 || strcmp(name, "job_finished") == 0;
}

static void print_events(const struct status_view *v)
{
    enum { LOOK_BACK = 200 };
    json_t *event[LOOK_BACK];
    int n = events_tail(store_path(v->store), event, LOOK_BACK), told = 0;
    for (int i = 0; i < n; i++)
        told += !is_routine(event[i]);
    if (told > 0)
        printf("\nlatest events (UTC)\n");
    for (int i = 0; i < n; i++) {
        if (!is_routine(event[i]) && told-- <= MAX_EVENTS)
            print_event(event[i]);
        json_decref(event[i]);
    }
}

static void print_view(const struct status_view *v)
{
    print_bar(v);
    print_head(v);
    print_states(v);
    print_times(v);
    print_state_of_run(v);
    print_running(v);
    print_checkpoints(v);
    print_failures(v);
    print_events(v);
}

/* ---- looking ---- */

static int print_one(const struct status_view *v, const struct options *o, struct err *err)
{
    if (o->json)
        return status_json_print(v, err);
    if (o->watch > 0)
        screen_page_begin();
    print_view(v);
    if (o->watch > 0)
        screen_page_end();
    return 0;
}

/* The file is opened anew each time: a grid that grew is a new file under the old name. */
static int show(const struct options *o, int *finished, struct err *err)
{
    struct status_view v;
    struct err trouble = {0};
    int rc = status_view_take(o->path, o->filter, &v, err);
    v.trouble = &trouble;
    if (rc == 0) {
        rc = print_one(&v, o, err);
        *finished = v.view.n_over == v.view.n_jobs || status_view_did_its_part(&v);
        if (rc == 0 && fflush(stdout) != 0)
            rc = err_set(err, E_IO, "status: cannot write to stdout");
        if (rc == 0 && trouble.code < 0)
            rc = err_set(err, trouble.code, "%s", trouble.text);
    }
    status_view_release(&v);
    return rc;
}

static int watch(const struct options *o, struct err *err)
{
    int finished = 0, rc;
    struct timespec pause = clock_span(o->watch);
    while ((rc = show(o, &finished, err)) == 0 && !finished) {
        nanosleep(&pause, NULL);
        if (!isatty(STDOUT_FILENO))
            printf("\n");
    }
    return rc;
}

static int wait_and_show(const struct options *o, struct err *err)
{
    int finished;
    enum run_watch_end end = status_wait(o->path, o->wait);
    int rc = show(o, &finished, err);
    return rc < 0 ? rc : status_wait_code(o->path, end, err);
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    int finished;
    if ((o->watch > 0) + (o->wait > 0) + (o->json && o->watch > 0) > 1)
        return err_set(err, E_USAGE, "status: --watch shows pages again and again; leave it out with --%s",
                       o->wait > 0 ? "wait" : "json");
    return o->wait > 0 ? wait_and_show(o, err) : o->watch > 0 ? watch(o, err) : show(o, &finished, err);
}

COMMAND(status, "progress of a running, finished or killed sweep", NULL, 0, 1);
