/* plan.h - what is known of a job before it runs: how many samples, how much work.
 *
 *     struct job_plan plan;
 *     rc = job_plan(&config, data, key, &plan, &err);                    of one job, its leak too
 *
 *     struct planner *planner = NULL;
 *     rc = planner_new(data, &planner, &err);
 *     while (...) rc = planner_plan(planner, &config, key, &plan, &err);   of many jobs that differ little
 *     planner_free(planner);
 *
 * No image is compared. No MPI, no files. */
#ifndef CELLSWEEP_PLAN_H
#define CELLSWEEP_PLAN_H

#include "data/dataset.h"
#include "err.h"
#include "settings/config.h"

/* Where a strategy compares images, n_train and leak are estimates; n_val and n_test are never
 * smaller than the job's own, n_val of protocols that balance first is the most it may be. Networks of an
 * ensemble share n_train, the number of samples that any of them learns from. */
struct job_plan {
    int n_train, n_val, n_test, n_all, leak;
    /* > 0: multiply-adds x 2 of all training and test passes; an estimate for scheduling */
    double cost;
};

/* Select the job's samples as job_run will, but without comparing images, and count them. E_USAGE when the
 * job cannot run on this data: a class too small for the protocol, a strategy that its model cannot heed, a
 * choice without a set to choose on. */
int job_plan(const struct config *config, const struct dataset *data, const char *key, struct job_plan *plan,
             struct err *err);

/* Remembers the counts of samples that do not depend on seed, repeat, model and training: those of all jobs
 * but the ones that keep groups together. data must live as long. *out is owned by the caller. */
struct planner;
int planner_new(const struct dataset *data, struct planner **out, struct err *err);

/* job_plan() but for leak, which is a matter of the seed: -1. n_train of an ensemble may be that of another
 * seed. Constant time for counts that are known. */
int planner_plan(struct planner *planner, const struct config *config, const char *key, struct job_plan *plan,
                 struct err *err);

void planner_free(struct planner *planner);

#endif
