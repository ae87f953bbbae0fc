/* live.h - one results file used by many threads while a sweep writes it.
 *
 *     struct store *store;
 *     if (live_enter(live, &store, &err) < 0) ...      locked; nothing to leave when it fails
 *     rc = store_read_...(store, ...);
 *     live_leave(live, rc);
 *
 * HDF5 is not thread-safe: whatever calls it, on this file or on any other, does so between live_enter() and live_leave(). A file
 * that was replaced (a grid that grew is a new file under the old name) is opened anew; one that is gone is an error until it is
 * back. Reading takes no file lock and leaves a running sweep alone. No MPI. */
#ifndef CELLSWEEP_LIVE_H
#define CELLSWEEP_LIVE_H

#include "beside/alive.h"
#include "err.h"
#include "store/store.h"

struct live;

/* Open it once, to tell a wrong file at once. One that is not there yet is waited for, if its folder is: until then live_enter() fails
 * and says so. path is copied. *out is owned by the caller. */
int live_open(const char *path, struct live **out, struct err *err);

/* Wait for the lock; *store is the file as it is now, /jobs refreshed, valid until live_leave(). */
int live_enter(struct live *live, struct store **store, struct err *err);

/* The same, but returns 1 (not entered) when the lock is not free within `seconds`. */
int live_enter_within(struct live *live, double seconds, struct store **store, struct err *err);

/* rc: what came of it; after a failure the file is opened anew next time. */
void live_leave(struct live *live, int rc);

/* Whether live_open() found it. Before any other thread uses it. */
int live_is_there(const struct live *live);

/* Times the file was opened: another number means another file. Between enter and leave. */
long live_generation(const struct live *live);

/* alive_look() at its run, by a look not older than a second, or than twenty times what a look takes (it may ask Slurm). Not between
 * enter and leave: nobody should wait for Slurm. */
enum alive live_alive(struct live *live, struct alive_holder *holder);

/* As given to live_open(). */
const char *live_path(const struct live *live);

/* No thread may be inside. live may be NULL. */
void live_close(struct live *live);

#endif
