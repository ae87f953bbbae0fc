#include "serve/shared_store.h"

#include "clock.h"
#include "h5.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct shared_store {
    pthread_mutex_t lock; /* over everything below, and over HDF5 */
    char path[H5_PATH_SIZE];
    struct store *store; /* NULL: to be opened */
    dev_t device;
    ino_t inode;
    off_t size; /* when it was opened */
    long generation;
    pthread_mutex_t lock_file_lock; /* over the rest */
    enum lock_state alive;
    struct lock_holder holder;
    double looked, cost; /* when, monotonic, 0: never; seconds */
};

static void forget(struct shared_store *shared)
{
    store_close(shared->store, NULL);
    shared->store = NULL;
}

/* While it is open its inode number is not given to another file, so the same number is the same
 * file. A results file never shrinks: one that did is being written over, and the missing bytes would
 * be read as zeros. */
static int is_other(const struct shared_store *shared, const struct stat *info)
{
    return info->st_dev != shared->device || info->st_ino != shared->inode || info->st_size < shared->size;
}

static int look(struct shared_store *shared, struct err *err)
{
    struct stat info;
    if (stat(shared->path, &info) < 0) {
        int code = errno;
        forget(shared);
        if (shared->generation == 0 && code == ENOENT)
            return err_set(err, E_IO,
                           "%s: there is no results file yet; it is shown as soon as a run has made it",
                           shared->path);
        return err_set(err, E_IO, "%s: the results file is gone (%s); it is shown again when it is back",
                       shared->path, strerror(code));
    }
    if (shared->store && is_other(shared, &info))
        forget(shared);
    if (shared->store)
        return store_refresh(shared->store, err);
    int rc = store_open(shared->path, &shared->store, err);
    if (rc == 0) {
        shared->device = info.st_dev;
        shared->inode = info.st_ino;
        shared->size = info.st_size;
        shared->generation++;
    }
    return rc;
}

/* A file that is not there, in a folder that is: a run may be about to make it. */
static int may_come(const char *path, struct err *err)
{
    struct stat info;
    char folder[H5_PATH_SIZE];
    if (stat(path, &info) == 0 || errno != ENOENT)
        return 0;
    snprintf(folder, sizeof folder, "%s", path);
    if (stat(dirname(folder), &info) == 0 && S_ISDIR(info.st_mode))
        return 1;
    err_set(err, E_IO, "%s: neither the results file nor its folder is there", path);
    return 0;
}

int shared_store_open(const char *path, struct shared_store **out, struct err *err)
{
    struct shared_store *shared = err_calloc(1, sizeof *shared, path, err);
    *out = NULL;
    if (!shared)
        return E_IO;
    pthread_mutex_init(&shared->lock, NULL);
    pthread_mutex_init(&shared->lock_file_lock, NULL);
    int n = snprintf(shared->path, sizeof shared->path, "%s", path);
    int rc = n >= (int)sizeof shared->path ? err_set(err, E_IO, "%.200s...: the path is too long", path)
                                           : look(shared, err);
    if (rc < 0 && n < (int)sizeof shared->path && may_come(path, err))
        rc = 0;
    if (rc < 0)
        shared_store_close(shared);
    else
        *out = shared;
    return rc;
}

static int enter(struct shared_store *shared, struct store **store, struct err *err)
{
    int rc = look(shared, err);
    *store = shared->store;
    if (rc < 0)
        shared_store_leave(shared, rc);
    return rc;
}

int shared_store_enter(struct shared_store *shared, struct store **store, struct err *err)
{
    pthread_mutex_lock(&shared->lock);
    return enter(shared, store, err);
}

int shared_store_enter_within(struct shared_store *shared, double seconds, struct store **store,
                              struct err *err)
{
    struct timespec until = clock_after(CLOCK_REALTIME, seconds);
    return pthread_mutex_timedlock(&shared->lock, &until) == 0 ? enter(shared, store, err) : 1;
}

void shared_store_leave(struct shared_store *shared, int rc)
{
    if (rc < 0)
        forget(shared);
    pthread_mutex_unlock(&shared->lock);
}

int shared_store_is_there(const struct shared_store *shared)
{
    return shared->store != NULL;
}

long shared_store_generation(const struct shared_store *shared)
{
    return shared->generation;
}

enum lock_state shared_store_lock_state(struct shared_store *shared, struct lock_holder *holder)
{
    pthread_mutex_lock(&shared->lock_file_lock);
    double start = clock_now();
    if (shared->looked <= 0 || start - shared->looked > fmax(1, 20 * shared->cost)) {
        shared->holder = (struct lock_holder){0};
        shared->alive = lock_file_look(shared->path, &shared->holder);
        shared->looked = clock_now();
        shared->cost = shared->looked - start;
    }
    *holder = shared->holder;
    enum lock_state alive = shared->alive;
    pthread_mutex_unlock(&shared->lock_file_lock);
    return alive;
}

const char *shared_store_path(const struct shared_store *shared)
{
    return shared->path;
}

void shared_store_close(struct shared_store *shared)
{
    if (!shared)
        return;
    forget(shared);
    pthread_mutex_destroy(&shared->lock);
    pthread_mutex_destroy(&shared->lock_file_lock);
    free(shared);
}
