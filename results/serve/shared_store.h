/* shared_store.h - one results file used by many threads while a sweep writes it.
 *
 *     struct store *store;
 *     if (shared_store_enter(shared, &store, &err) < 0) ...      locked; nothing to leave when it fails
 *     rc = store_read_...(store, ...);
 *     shared_store_leave(shared, rc);
 *
 * HDF5 is not thread-safe: whatever calls it, on this file or on any other, does so between
 * shared_store_enter() and shared_store_leave(). A file that was replaced (a grid that grew is a new file
 * under the old name) is opened anew; one that is gone is an error until it is back. Reading takes no file
 * lock and leaves a running sweep alone. No MPI. */
#ifndef CELLSWEEP_SHARED_STORE_H
#define CELLSWEEP_SHARED_STORE_H

#include "beside/lock_file.h"
#include "err.h"
#include "store/store.h"

struct shared_store;

/* Open it once, to tell a wrong file at once. One that is not there yet is waited for, if its folder is:
 * until then shared_store_enter() fails and says so. path is copied. *out is owned by the caller. */
int shared_store_open(const char *path, struct shared_store **out, struct err *err);

/* Wait for the lock; *store is the file as it is now, /jobs refreshed, valid until shared_store_leave(). */
int shared_store_enter(struct shared_store *shared, struct store **store, struct err *err);

/* The same, but returns 1 (not entered) when the lock is not free within `seconds`. */
int shared_store_enter_within(struct shared_store *shared, double seconds, struct store **store,
                              struct err *err);

/* rc: what came of it; after a failure the file is opened anew next time. */
void shared_store_leave(struct shared_store *shared, int rc);

/* Whether shared_store_open() found it. Before any other thread uses it. */
int shared_store_is_there(const struct shared_store *shared);

/* Times the file was opened: another number means another file. Between enter and leave. */
long shared_store_generation(const struct shared_store *shared);

/* lock_file_look() at its run, by a look not older than a second, or than twenty times what a look takes (it
 * may ask Slurm). Not between enter and leave: nobody should wait for Slurm. */
enum lock_state shared_store_lock_state(struct shared_store *shared, struct lock_holder *holder);

/* As given to shared_store_open(). */
const char *shared_store_path(const struct shared_store *shared);

/* No thread may be inside. live may be NULL. */
void shared_store_close(struct shared_store *shared);

#endif
