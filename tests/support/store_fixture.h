/* store_fixture.h - a small sweep made by hand, and results that are a function of the job:
 * any misplaced row shows. */
#ifndef CELLSWEEP_STORE_FIXTURE_H
#define CELLSWEEP_STORE_FIXTURE_H

#include "data/dataset.h"
#include "store/store.h"

enum { FIXTURE_MAX_JOBS = 64, FIXTURE_MAX_CELLS = 4096 };

struct fixture {
    struct dataset *data;
    struct store_job job[FIXTURE_MAX_JOBS];
    struct store_plan plan;
};

/* The axes' dotted keys. */
extern const char *const fixture_axis[3];

/* Job i of the sweep, seeds from 1; n_axes of the fixture's axes. */
struct store_job fixture_job(int i, int n_axes);

/* A sweep of n_jobs (at most FIXTURE_MAX_JOBS) on 12 images, not yet written; freed by fixture_free. */
struct fixture *fixture_new(int n_jobs, int n_epochs, size_t n_weights);
void fixture_free(struct fixture *f);

/* What fixture_run() writes of an epoch from 0. */
float fixture_metric(int job, int epoch, enum image_set set, int metric);

/* The numbers of an epoch from 0, of a job without an inner set. */
int fixture_epoch(struct store *store, int job, int epoch, const float *train, const float *test,
                  struct err *err);

/* Write a job as a rank does: running, its epochs, its outcome, its end. 2 classes; 3 test images, 12 in all,
 * and two of an inner set, where the file has any (plan.n_val). */
int fixture_run(struct store *store, int job, int n_epochs, enum job_state end, struct err *err);

/* Whether job's row holds exactly what fixture_run() wrote; a line to stderr for the first difference. */
int fixture_check(struct store *store, int job, int n_epochs, enum job_state end);

#endif
