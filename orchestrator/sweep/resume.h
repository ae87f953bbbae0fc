/* resume.h - make the results file ready for a sweep: create it, go on with it, or grow it; refuse what does
 * not fit. Rank 0, before the file is opened by all. */
#ifndef CELLSWEEP_RESUME_H
#define CELLSWEEP_RESUME_H

#include "sweep/expand.h"
#include "kernels/kernels.h"
#include "store/store.h"

enum resume_kind { RESUME_CREATED, RESUME_CONTINUED, RESUME_GROWN, RESUME_ORDERED, RESUME_NAMED };

/* Leave at `path` a results file whose row j is job j of the sweep.
 * No file: created. The same jobs: kept as it is. A file whose jobs all occur in the sweep, by their keys,
 * but in another order, or beside others: a new file that keeps the finished rows, renamed onto it; so it is
 * where only the names of classes (`labels`) are others. Anything else is E_USAGE with the difference named,
 * the file untouched. data_file: path of the packed dataset, stored for report and predict. asked: 1 when
 * the user asked for the growth by itself: the new file then remembers the sweep file that it was made from
 * before. *kept: finished rows of a new file. */
int resume_prepare(const char *path, const struct sweep *sweep, const struct dataset *data,
                   const char *data_file, enum kernels_isa isa, int ranks, int asked, enum resume_kind *kind,
                   int *kept, struct err *err);

/* What resume_prepare() would do with a file that is there, and its refusals; nothing is changed. */
int resume_compare(const char *path, const struct sweep *sweep, const struct dataset *data,
                   enum resume_kind *kind, struct err *err);

/* 1 when a file was grown, asked for, from the sweep of this resolved text, in one step or several. */
int resume_descends(const struct store *store, const char *resolved);

/* Bytes of the results file that a sweep begins with, whatever is there. data: as for sweep_expand(). 0 with
 * *err set when there is no memory. */
unsigned long long resume_file_bytes(const struct sweep *sweep, const struct dataset *data, struct err *err);

/* The kernels to run with: those the file at `path` was begun with, so that all its rows have the bits of one
 * table; `wanted` (which may be KERNELS_AUTO) for a new file. best: the best that every rank's CPU runs.
 * E_USAGE when wanted and file disagree or some rank cannot run them. */
int resume_kernels(const char *path, enum kernels_isa wanted, enum kernels_isa best, enum kernels_isa *isa,
                   struct err *err);

#endif
