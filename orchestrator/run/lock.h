/* lock.h - one run a results file.
 *
 *     struct lock *lock = NULL;
 *     if (lock_take("R.h5", 0, &lock, &err) < 0) ...      before anything is made
 *     ... the run ...
 *     lock_release(lock);
 *
 * The lock is R.h5.lock, made with O_EXCL (results/beside/lock_file.h has its content). One whose run is dead
 * is taken over with a line on stderr: while flock() is held on the old file it is replaced by rename, so of
 * two runs that find the same dead lock one wins. A live one, or one of which nobody here can tell, refuses.
 * Rank 0 only, no MPI. */
#ifndef CELLSWEEP_LOCK_H
#define CELLSWEEP_LOCK_H

#include "err.h"

struct lock;

/* force: take it over even when its run may be alive on another host (never from a process that is seen to
 * live). E_IO, naming holder and remedy, when another run has it: exit status 3; nothing is changed. */
int lock_take(const char *results_path, int force, struct lock **out, struct err *err);

/* Remove it, unless another run has taken it over since. NULL: nothing. */
void lock_release(struct lock *lock);

/* What tells this lock from a later one of the same path, to be sent to the other ranks: they see by it that
 * another run took the results file over. */
struct lock_mark {
    char path[4200];
    unsigned long long inode;
};
void lock_mark(const struct lock *lock, struct lock_mark *mark);

/* 1 when another lock stands in the place of the marked one. One stat(); a lock that is not
 * there was removed by hand. */
int lock_was_taken(const struct lock_mark *mark);

#endif
