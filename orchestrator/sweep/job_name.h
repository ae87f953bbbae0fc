/* job_name.h - what tells the jobs of a sweep apart: for messages, for the rows of the results file,
 * for filters. No MPI. */
#ifndef CELLSWEEP_JOB_NAME_H
#define CELLSWEEP_JOB_NAME_H

#include "store/store_select.h"
#include "sweep/expand.h"

/* "8-10 augment report seed 3": what tells a job apart, for messages. */
void sweep_job_name(const struct sweep *sweep, int job, char *out, size_t size);

/* A job as a row of the results file, n_train, n_test and leak still -1; its other axes in the order of
 * sweep_axis_names, "" for those that it does not read. */
void sweep_row(const struct sweep *sweep, int job, struct store_job *out);

/* The same for people: classes by their titles, as rows of an open results file show them. */
void sweep_shown_row(const struct sweep *sweep, int job, struct store_job *out);

/* 1 when the grid has more than one model: then every job says which it is. */
int sweep_model_varies(const struct sweep *sweep);

/* Axes that are no fixed field of a row (anything but clusters, strategy, protocol, seed, model): names
 * (dotted keys) and whether they hold numbers, both for at least SWEEP_MAX_AXES entries. Returns how many. */
int sweep_axis_names(const struct sweep *sweep, const char **name, int *is_number);

/* The jobs there are as a filter sees them. axis_name: room for SWEEP_MAX_AXES, which outlives them, as the
 * sweep does. */
struct store_rows sweep_rows(const struct sweep *sweep, const char **axis_name);

/* The jobs that match a filter given by an option, "--filter", at least one. Errors as select_rows(). */
int sweep_select(const struct sweep *sweep, const char *filter, const char *option, struct selection *out,
                 struct err *err);

#endif
