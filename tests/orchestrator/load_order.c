/* load_order.c - what the order of a sweep costs: its jobs are handed out by rank 0's own code to ranks that
 * are played (run/play.h), seed by seed and the longest first, in a time that no other program of the machine
 * changes.
 *
 *     load_order SWEEP.yaml RESULTS.h5 "RANKS RANKS..." [KEY=VALUE...]
 *
 * RESULTS.h5: where jobs of the sweep's combinations have been run; a job takes what one of its combination
 * took there, in turn where there are more seeds than were run. RANKS work, rank 0 is one more. KEY=VALUE: as
 * --set. Prints a line for each: RANKS JOBS SECONDS (longest first) SECONDS (seed by seed) PERCENT lost. */
#include "run/play.h"
#include "store/combination.h"
#include "sweep/cells.h"
#include "sweep/job_name.h"
#include "sweep/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds of rows that are done; 0 of the others. */
static int read_seconds(struct store *store, double *seconds, struct err *err)
{
    size_t n = (size_t)store_n_jobs(store);
    struct store_mark *mark = calloc(n, sizeof *mark);
    int rc = mark ? store_read_marks(store, mark, err) : E_IO;
    for (size_t j = 0; j < n && rc == 0; j++)
        seconds[j] = mark[j].state == JOB_DONE ? mark[j].finished - mark[j].started : 0;
    free(mark);
    return rc;
}

/* The seconds of row number `turn` of the combination, begun anew behind the last one. -1: none was run. */
static double find_seconds(const struct store *store, const double *seconds, const struct store_job *like,
                           int turn)
{
    const struct store_job *row = store_jobs(store);
    int n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0, at = 0; j < store_n_jobs(store); j++) {
            if (seconds[j] <= 0 || !combination_same(&row[j], like, 0))
                continue;
            if (pass && at++ == turn % n)
                return seconds[j];
            n += !pass;
        }
    return -1;
}

static int fill(const struct sweep *sweep, struct store *store, struct play_job *job, struct err *err)
{
    double *seconds = calloc((size_t)store_n_jobs(store), sizeof *seconds);
    int *wave = calloc((size_t)sweep->n_jobs, sizeof *wave), n_first = 0;
    int rc = seconds && wave ? read_seconds(store, seconds, err) : E_IO;
    if (rc == 0)
        rc = order_waves(sweep, ORDER_SEED, NULL, wave, &n_first, err);
    for (int j = 0; j < sweep->n_jobs && rc == 0; j++) {
        struct config config;
        struct store_job row;
        sweep_config(sweep, j, &config);
        sweep_row(sweep, j, &row);
        job[j] = (struct play_job){.cost = sweep->job[j].plan.cost,
                                   .seconds = find_seconds(store, seconds, &row, wave[j]),
                                   .kind = sweep_kind(&config),
                                   .wave = wave[j]};
        if (job[j].seconds <= 0)
            rc = err_set(err, E_USAGE, "no job of the combination %s %s was run", row.clusters, row.strategy);
    }
    free(seconds);
    free(wave);
    return rc;
}

static int play_order(const struct sweep *sweep, struct play_job *job, const int *wave, int ranks,
                      double *makespan, struct err *err)
{
    const struct play_load load = {
        .ranks = ranks + 1, .node = 128, .jobs = sweep->n_jobs, .job = job, .tick = 0.01};
    struct play_cost cost;
    for (int j = 0; j < sweep->n_jobs; j++)
        job[j].wave = wave ? wave[j] : 0;
    int rc = play(&load, &cost, err);
    *makespan = cost.makespan;
    return rc == 0 && cost.wrong ? err_set(err, E_IO, "%d jobs were not done once", cost.wrong) : rc;
}

static int play_both(const struct sweep *sweep, struct play_job *job, char *ranks, struct err *err)
{
    double longest, seed;
    int *wave = calloc((size_t)sweep->n_jobs, sizeof *wave), rc = wave ? 0 : E_IO;
    for (int j = 0; wave && j < sweep->n_jobs; j++)
        wave[j] = job[j].wave;
    for (char *rest, *word = strtok_r(ranks, " ", &rest); word && rc == 0;
         word = strtok_r(NULL, " ", &rest)) {
        int n = atoi(word) > 0 ? atoi(word) : 1;
        rc = play_order(sweep, job, NULL, n, &longest, err);
        if (rc == 0)
            rc = play_order(sweep, job, wave, n, &seed, err);
        if (rc == 0)
            printf("%d %d %.2f %.2f %+.2f\n", n, sweep->n_jobs, longest, seed, 100 * (seed / longest - 1));
    }
    free(wave);
    return rc;
}

int main(int argc, char **argv)
{
    struct sweep *sweep = NULL;
    struct store *store = NULL;
    struct play_job *job = NULL;
    struct cells cells = {0};
    struct err err = {0};
    if (argc < 4)
        return 2;
    int rc = sweep_read(argv[1], argc - 4, argv + 4, &sweep, &err);
    if (rc == 0)
        rc = cells_open(sweep, argv[2], &cells, &err);
    if (rc == 0)
        rc = sweep_expand(sweep, cells.data, &err);
    if (rc == 0)
        rc = store_open(argv[2], &store, &err);
    if (rc == 0 && !(job = calloc((size_t)sweep->n_jobs, sizeof *job)))
        rc = err_set(&err, E_IO, "out of memory");
    if (rc == 0)
        rc = fill(sweep, store, job, &err);
    if (rc == 0)
        rc = play_both(sweep, job, argv[3], &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.text);
    free(job);
    store_close(store, NULL);
    dataset_free(cells.data);
    sweep_free(sweep);
    return rc < 0;
}
