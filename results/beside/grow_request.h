/* grow_request.h - a larger grid for a sweep that runs: R.h5.grow, which `cellsweep grow` leaves beside the
 * results file and rank 0 of the run takes up. One line of JSON, there whole or not at all:
 *     {"yaml": "name: fig4\n...", "resolved": "..."}
 * the new sweep file as given and with every key resolved. Who takes it up removes it once the results file
 * is the new one, so a run that is killed in between leaves it to the next. No MPI. */
#ifndef CELLSWEEP_GROW_REQUEST_H
#define CELLSWEEP_GROW_REQUEST_H

#include "err.h"

struct grow_request {
    char *yaml, *resolved; /* owned */
};

/* Leave it, in the place of an earlier one. E_IO. */
int grow_request_write(const char *results_path, const char *yaml, const char *resolved, struct err *err);

/* 1: *out is it; release it. 0: there is none, or what is there is no request. */
int grow_request_read(const char *results_path, struct grow_request *out);

/* 1 when a file of its name is there. */
int grow_request_waits(const char *results_path);

/* Remove it. 1 when none is there any more. */
int grow_request_drop(const char *results_path);

void grow_request_release(struct grow_request *request);

#endif
