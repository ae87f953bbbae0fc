#include "child.h"
#include "command.h"

#include "choose.h"
#include "commands/plan_keys.h"
#include "job.h"
#include "sweep/blocks.h"
#include "sweep/divisions.h"
#include "sweep/cells.h"
#include "sweep/expand.h"
#include "sweep/job_name.h"
#include "models/model.h"
#include "run/progress.h"
#include "sections.h"
#include "sweep/resume.h"
#include "sweep/speeds.h"
#include "write/texttable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *sweep_path, *filter;
    int ranks, keys;
    struct arguments_list set;
};

static const struct argument rows[] = {
    ARGUMENT_SWEEP(sweep_path, 0),
    {"ranks", 'n', ARGUMENT_WHOLE, "N", AT(ranks), 1, INT_MAX, .help = "Expected wall time for N ranks"},
    ARGUMENT_SET(set),
    ARGUMENT_FILTER(filter),
    {"keys", 0, ARGUMENT_FLAG, NULL, AT(keys),
     .help = "List every key a sweep file may hold, with default, range and meaning; with settings of a job "
             "in place of the sweep file (model=cnn,strategy=smote) only what such a job reads"},
    {0}};

static int print_divisions(const struct sweep *sweep, const struct dataset *data, const double *seconds,
                           struct err *err)
{
    char *wanted = err_calloc((size_t)sweep->n_jobs, 1, "the plan", err);
    for (int j = 0; wanted && j < sweep->n_jobs; j++)
        wanted[j] = seconds[j] >= 0;
    int rc = wanted ? divisions_print(stdout, sweep, data, wanted, err) : E_IO;
    free(wanted);
    return rc;
}

/* The trials of one job, rows first to end - 1: what halving leaves of their seconds, as if the first ones
 * were the best. Adds to their epochs, with halving and without. */
static void halve(const struct sweep *sweep, int first, int end, double *seconds, long long *taken,
                  long long *full)
{
    const struct tune *tune = &sweep->file->tune;
    struct config config;
    int limit[TUNE_MAX_RUNGS];
    sweep_config(sweep, first, &config);
    int epochs = (int)config.epochs;
    int n_limits = tune_limits(tune, epochs, (int)(model_of(&config)->can & MODEL_EPOCHS), limit);
    for (int row = first; row < end; row++) {
        int n = (end - first) / tune->n_seeds, place = (row - first) / tune->n_seeds;
        int some = tune_epochs(tune, n, place, limit, n_limits);
        if (seconds[row] < 0)
            continue;
        seconds[row] *= some / (double)epochs;
        *taken += some;
        *full += epochs;
    }
}

static void print_tuning(const struct sweep *sweep, double *seconds)
{
    const struct tune *tune = &sweep->file->tune;
    long long taken = 0, full = 0;
    int on_test = 0;
    double of_trials = 0, all = 0;
    for (int row = sweep->n_jobs - sweep->n_trials, end; row < sweep->n_jobs; row = end) {
        for (end = row; end < sweep->n_jobs && sweep->job[end].of == sweep->job[row].of;)
            end++;
        halve(sweep, row, end, seconds, &taken, &full);
    }
    for (int j = 0; j < sweep->n_jobs; j++) {
        on_test |= sweep->job[j].plan.n_val == 0;
        all += seconds[j] > 0 ? seconds[j] : 0;
        of_trials += sweep->job[j].of >= 0 && seconds[j] > 0 ? seconds[j] : 0;
    }
    printf("tuning: at most %d trials of every job, %d seed%s each, chosen by %s of %s: %lld epochs, with "
           "rungs at most %lld (%.0f %% saved), %.0f %% of the time\n",
           tune->n_trials, tune->n_seeds, tune->n_seeds == 1 ? "" : "s", tune->choose,
           on_test ? "val, or where there is none of the test set" : "val", full, taken,
           full ? 100 * (double)(full - taken) / (double)full : 0, all > 0 ? 100 * of_trials / all : 0);
}

/* Expected seconds of every matching job, -1 for the others. */
static int expect_seconds(const struct sweep *sweep, const char *filter, double *seconds, int *n_matching,
                          struct speeds *speeds, struct err *err)
{
    char *wanted = err_calloc((size_t)sweep->n_jobs, 1, "the plan", err);
    struct selection chosen = {0};
    int rc = wanted ? sweep_select(sweep, filter, "--filter", &chosen, err) : E_IO;
    for (int i = 0; i < chosen.n; i++)
        wanted[chosen.job[i]] = 1;
    *n_matching = 0;
    for (int i = 0; i < chosen.n; i++)
        *n_matching += sweep->job[chosen.job[i]].of < 0;
    if (rc == 0)
        rc = speeds_expect(sweep, wanted, seconds, speeds, err);
    selection_free(&chosen);
    free(wanted);
    return rc;
}

/* What the seconds rest on. */
static void print_speeds(const struct speeds *speeds)
{
    if (speeds->n_kinds == 0)
        return;
    if (speeds->n_timed == speeds->n_kinds)
        printf("speed: %d kind%s of network timed here\n", speeds->n_kinds, speeds->n_kinds == 1 ? "" : "s");
    else
        printf(
            "speed: %d of %d kinds of network timed here, within %g s; the others are expected to do as many "
            "operations a second\n",
            speeds->n_timed, speeds->n_kinds, speeds_budget);
}

static const char *bytes_text(double bytes, char *out, size_t size)
{
    static const char *const unit[] = {"kB", "MB", "GB", "TB", "PB"};
    size_t u = 0;
    for (bytes /= 1e3; bytes >= 999.5 && u + 1 < sizeof unit / sizeof *unit; u++)
        bytes /= 1e3;
    snprintf(out, size, "%.3g %s", bytes, unit[u]);
    return out;
}

/* Bytes a job of the grid on rank 0, which knows most: its row of the sweep, the schedule, the tables of the
 * results file while it is made. Measured (tests/growth.sh): 99 up to a million jobs, 55 on the other of two
 * ranks. */
enum { BYTES_A_JOB = 100 };

/* The whole grid has its place in the file, and every rank knows all jobs, whatever the filter; the networks
 * are those of the largest job that matches. */
static int print_sizes(const struct sweep *sweep, const struct dataset *data, const double *seconds,
                       struct err *err)
{
    size_t networks = 0;
    double image = (double)dataset_floats(data) * sizeof(float);
    char text[4][32];
    unsigned long long file = resume_file_bytes(sweep, data, err);
    if (file == 0)
        return E_IO;
    for (int j = 0; j < sweep->n_jobs; j++) {
        struct config config;
        if (seconds[j] < 0)
            continue;
        sweep_config(sweep, j, &config);
        size_t bytes = job_bytes(&config, sweep->job[j].plan.n_train);
        networks = bytes > networks ? bytes : networks;
    }
    printf("results file: %s; memory a rank: %s for %d job%s, "
           "%s for a job's networks; images, once a node: %s\n",
           bytes_text((double)file, text[0], sizeof text[0]),
           bytes_text((double)BYTES_A_JOB * sweep->n_jobs, text[1], sizeof text[1]), sweep->n_jobs,
           sweep->n_jobs == 1 ? "" : "s", bytes_text((double)networks, text[2], sizeof text[2]),
           bytes_text(image * data->n_images, text[3], sizeof text[3]));
    return 0;
}

/* Whether some job has an inner set, so that its size is worth a column. */
static int has_val(const struct sweep *sweep)
{
    int n = 0;
    for (int j = 0; j < sweep->n_jobs && n == 0; j++)
        n = sweep->job[j].plan.n_val;
    return n > 0;
}

/* n_axes: columns of the grid's own, behind the model where those vary. */
static void add_job(struct texttable *table, const struct sweep *sweep, int job, int n_axes,
                    const struct job_plan *plan, double seconds)
{
    struct store_job row;
    sweep_shown_row(sweep, job, &row);
    texttable_add(table, "%d", job);
    texttable_add(table, "%s", row.clusters);
    texttable_add(table, "%s", row.strategy);
    texttable_add(table, "%s", row.protocol);
    texttable_add(table, "%lld", (long long)row.seed);
    texttable_add(table, "%d", row.fold);
    texttable_add(table, "%d", row.repeat);
    if (sweep_model_varies(sweep))
        texttable_add(table, "%s", row.model);
    for (int a = 0; a < n_axes; a++)
        texttable_add(table, "%s", *row.axis[a] ? row.axis[a] : "-");
    texttable_add(table, "%d", plan->n_train);
    if (has_val(sweep))
        texttable_add(table, "%d", plan->n_val);
    texttable_add(table, "%d", plan->n_test);
    texttable_add(table, "%d", plan->leak);
    texttable_add(table, seconds < 1 ? "%.2g" : "%.2f", seconds);
    texttable_end(table);
}

/* More jobs than anybody reads are not listed. */
enum { MAX_LISTED = 10000 };

/* The matching jobs as rows; what only their own seed decides is counted for those that are listed. */
static int add_jobs(struct texttable *table, const struct sweep *sweep, const struct dataset *data,
                    int n_axes, const double *seconds, struct err *err)
{
    int rc = 0;
    for (int j = 0, n = 0; rc == 0 && j < sweep->n_jobs - sweep->n_trials && n < MAX_LISTED; j++) {
        struct config config;
        struct job_plan plan;
        char key[JOB_KEY_SIZE];
        if (seconds[j] < 0)
            continue;
        sweep_config(sweep, j, &config);
        sweep_key(sweep, j, key);
        rc = job_plan(&config, data, key, &plan, err);
        if (rc == 0)
            add_job(table, sweep, j, n_axes, &plan, seconds[j]);
        n++;
    }
    return rc;
}

static int print_jobs(const struct sweep *sweep, const struct dataset *data, const double *seconds,
                      int n_matching, struct err *err)
{
    static const char *const first[] = {"job", "clusters", "strategy", "protocol", "seed", "fold", "repeat"};
    static const char *const last[] = {"n_train", "n_val", "n_test", "leak", "seconds"};
    struct texttable table = {.numeric_from = 4, .keys = 1};
    const char *name[STORE_MAX_AXES];
    int is_number[STORE_MAX_AXES], n_axes = sweep_axis_names(sweep, name, is_number);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        texttable_add(&table, "%s", first[i]);
    if (sweep_model_varies(sweep))
        texttable_add(&table, "model");
    for (int a = 0; a < n_axes; a++)
        texttable_add(&table, "%s", name[a]);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        if (strcmp(last[i], "n_val") != 0 || has_val(sweep))
            texttable_add(&table, "%s", last[i]);
    texttable_end(&table);
    int rc = add_jobs(&table, sweep, data, n_axes, seconds, err);
    if (rc == 0)
        texttable_print(stdout, &table);
    if (rc == 0 && n_matching > MAX_LISTED)
        printf("and %d more jobs, which --filter shows\n", n_matching - MAX_LISTED);
    texttable_release(&table);
    return rc;
}

static int by_falling_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Wall time when the longest job always goes to the rank that is free first: `run` takes as long. load:
 * (ranks) a heap of end times, the earliest at the root. */
static double wall_time(const double *sorted, int n, int ranks, double *load)
{
    double last = 0;
    memset(load, 0, (size_t)ranks * sizeof *load);
    for (int j = 0; j < n; j++) {
        double end = load[0] + sorted[j];
        int at = 0;
        for (int child = 1; child < ranks; child = 2 * at + 1) {
            child += child + 1 < ranks && load[child + 1] < load[child];
            if (load[child] >= end)
                break;
            load[at] = load[child];
            at = child;
        }
        load[at] = end;
        last = end > last ? end : last;
    }
    return last;
}

/* Whether some job may end before its last epoch. */
static int stops_early(const struct sweep *sweep)
{
    int stops = 0;
    for (int j = 0; j < sweep->n_jobs && !stops; j++) {
        struct config config;
        sweep_config(sweep, j, &config);
        stops = choose_patience(&config) > 0;
    }
    return stops;
}

static int print_wall_times(const double *seconds, int n_jobs, int ranks, int at_most, struct err *err)
{
    int most = ranks ? ranks : 512, n = 0;
    double *sorted = err_calloc((size_t)n_jobs, sizeof *sorted, "the schedule", err);
    double *load = err_calloc((size_t)most, sizeof *load, "the schedule", err);
    int rc = sorted && load ? 0 : E_IO;
    for (int j = 0; rc == 0 && j < n_jobs; j++)
        if (seconds[j] >= 0)
            sorted[n++] = seconds[j];
    if (rc == 0) {
        qsort(sorted, (size_t)n, sizeof *sorted, by_falling_seconds);
        printf("expected wall time%s, one core a rank as fast as this one:\n",
               at_most ? " at most, as jobs may stop early" : "");
    }
    for (int r = ranks ? ranks : 1; rc == 0 && r <= most; r *= 2) {
        char text[32];
        printf("  %4d rank%s %10s\n", r, r == 1 ? " " : "s",
               progress_duration(wall_time(sorted, n, r, load), text, sizeof text));
        if (r >= n)
            break;
    }
    free(sorted);
    free(load);
    return rc;
}

static int plan(const struct options *a, struct sweep *sweep, const struct dataset *data, struct err *err)
{
    int n_matching = 0;
    struct speeds speeds = {0};
    double *seconds = err_calloc((size_t)sweep->n_jobs, sizeof *seconds, "the plan", err);
    int rc = seconds ? expect_seconds(sweep, a->filter, seconds, &n_matching, &speeds, err) : E_IO;
    if (rc == 0)
        rc = print_jobs(sweep, data, seconds, n_matching, err);
    if (rc == 0) {
        char channels[32] = "";
        if (data->channels > 1)
            snprintf(channels, sizeof channels, " in %d channels", data->channels);
        printf("%s: %d job%s; data %s%s, %d images of %d x %d pixels%s, checksum %.12s\n", sweep->file->name,
               n_matching, n_matching == 1 ? "" : "s", sweep->data_text,
               data->synthetic ? " (synthetic)" : "", data->n_images, data->size, data->size, channels,
               data->checksum);
        blocks_print(stdout, sweep);
        if (sweep->n_trials > 0)
            print_tuning(sweep, seconds);
        rc = print_divisions(sweep, data, seconds, err);
    }
    if (rc == 0)
        rc = print_sizes(sweep, data, seconds, err);
    if (rc == 0) {
        print_speeds(&speeds);
        rc = print_wall_times(seconds, sweep->n_jobs, a->ranks, stops_early(sweep), err);
    }
    free(seconds);
    return rc;
}

static int plan_sweep(void *self, struct err *err)
{
    const struct options *a = self;
    struct sweep *sweep = NULL;
    struct dataset *data = NULL;
    int rc = sweep_read(a->sweep_path, a->set.n, a->set.text, &sweep, err);
    if (rc == 0) {
        struct dataset_options data_options = {.size = sweep_file_image_size(sweep->file),
                                               .pixel_size = sweep->file->pixel_size,
                                               .groups = sweep_file_groups(sweep->file)};
        rc = cells_try_named(sweep, err);
        if (rc == 0)
            rc = dataset_open(sweep->file->data, &data_options, &data, err);
    }
    if (rc == 0)
        rc = sweep_expand(sweep, data, err);
    if (rc == 0)
        rc = plan(a, sweep, data, err);
    dataset_free(data);
    sweep_free(sweep);
    return rc;
}

/* The data may be a folder of foreign images. */
static int run(const void *options, struct err *err)
{
    struct options a = *(const struct options *)options;
    if (a.keys)
        return plan_keys_print(stdout, a.sweep_path, err);
    if (!a.sweep_path)
        return err_set(err, E_USAGE, "plan: which sweep file? give SWEEP.yaml, or --keys");
    return child_guard(plan_sweep, &a, err);
}

COMMAND(plan, "jobs, cost and expected wall time of a sweep; touches nothing", NULL, 0, 1);
