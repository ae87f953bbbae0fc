/* growth.h - a sweep that grows while it runs: which sweep file a round of a run is about. A run is
 * one round, but for a grid that grows: then all ranks drain, close the results file, and begin anew
 * with a larger one.
 *
 *     growth_look(run)              now and then: drains when `cellsweep grow` has left a request
 *     if (growth_due(run)) ...      at the end of a round: begin another one
 *     growth_sweep(run, &request)   at its beginning
 *
 * Rank 0 only. No collective calls. */
#ifndef CELLSWEEP_GROWTH_H
#define CELLSWEEP_GROWTH_H

#include "beside/grow_request.h"
#include "run/run_state.h"

/* What handout_finish() tells all ranks instead of an end: the round is over, the run is not. */
enum { GROWTH_DUE = 1 };

/* Look for a request every two seconds; where there is one, nothing more is handed out. With checkpoints
 * running jobs are saved and gone on with, as after a signal; without, they are waited for. */
void growth_look(struct run *run);

/* 1 when the run goes on with a larger grid: there is a request, and nothing else ends the run. */
int growth_due(struct run *run);

/* 1 with *request, to be released, when the results file is to be grown by it: run->sweep is
 * what the file was made from, or the request itself. 0: none; one without a results file, or
 * that cannot be read, is removed. */
int growth_request(struct run *run, struct grow_request *request);

/* Where the results file was grown by `cellsweep grow` from run->sweep: its own sweep in the place of that,
 * as scripts go on giving the sweep file that they began with. */
int growth_adopt(struct run *run, struct err *err);

/* Remove the request: it is done, or cannot be. */
void growth_over(struct run *run);

#endif
