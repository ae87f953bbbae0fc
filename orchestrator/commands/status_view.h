/* status_view.h - one look at a sweep's files for `status`: the rows, the lock and the last words of its run.
 *
 *     struct status_view view;
 *     int rc = status_view_take(path, NULL, &view, &err);
 *     ... print it ...
 *     status_view_release(&view);                          in any case
 *
 * No MPI. */
#ifndef CELLSWEEP_STATUS_VIEW_H
#define CELLSWEEP_STATUS_VIEW_H

#include "beside/lock_file.h"
#include "beside/run_view.h"
#include "beside/status_file.h"
#include "store/store.h"

struct status_view {
    struct store *store;
    struct run_view view;
    struct selection counted; /* jobs that are counted */
    const char *filter;       /* that names them; "" or of the ending or the caller */
    unsigned factors;         /* that are shown of a job */
    struct err *trouble;      /* the first row that could not be read; code 0: none */
    double quiet;             /* seconds since the file last changed */
    enum lock_state alive;
    struct lock_holder holder; /* unless LOCK_NONE */
    struct status_file ending;
    int has_ending;
};

/* filter: of the jobs to count; NULL: that of the run that runs or was last, "" every job. Not made yet while
 * its run prepares, unreadable: E_IO. */
int status_view_take(const char *path, const char *filter, struct status_view *view, struct err *err);

/* Rows that say running are nobody's any more: the run is known to be over. */
int status_view_is_over(const struct status_view *view);

/* The last run did all that it was asked for, whatever else is in the file. */
int status_view_did_its_part(const struct status_view *view);

/* Epochs a job is to have: its own axis when the sweep has one, else the file's largest. */
int status_view_epochs(const struct status_view *view, const struct store_job *row);

/* A job's row; nothing but "" and 0 when it cannot be read, which is then told in trouble. */
struct store_job status_view_row(const struct status_view *view, int job);

void status_view_release(struct status_view *view);

#endif
