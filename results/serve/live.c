#include "serve/live.h"

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

struct live {
    pthread_mutex_t lock; /* over everything below, and over HDF5 */
    char path[H5_PATH_SIZE];
    struct store *store; /* NULL: to be opened */
    dev_t device;
    ino_t inode;
    off_t size; /* when it was opened */
    long generation;
    pthread_mutex_t alive_lock; /* over the rest */
    enum alive alive;
    struct alive_holder holder;
    double looked, cost; /* when, monotonic, 0: never; seconds */
};

static void forget(struct live *live)
{
    store_close(live->store, NULL);
    live->store = NULL;
}

/* While it is open its inode number is not given to another file, so the same number is the same file. A results file never shrinks: one
 * that did is being written over, and the missing bytes would be read as zeros. */
static int is_other(const struct live *live, const struct stat *info)
{
    return info->st_dev != live->device || info->st_ino != live->inode || info->st_size < live->size;
}

static int look(struct live *live, struct err *err)
{
    struct stat info;
    if (stat(live->path, &info) < 0) {
        int code = errno;
        forget(live);
        if (live->generation == 0 && code == ENOENT)
            return err_set(err, E_IO,
                           "%s: there is no results file yet; it is shown as soon as a run has made it",
                           live->path);
        return err_set(err, E_IO, "%s: the results file is gone (%s); it is shown again when it is back",
                       live->path, strerror(code));
    }
    if (live->store && is_other(live, &info))
        forget(live);
    if (live->store)
        return store_refresh(live->store, err);
    int rc = store_open(live->path, &live->store, err);
    if (rc == 0) {
        live->device = info.st_dev;
        live->inode = info.st_ino;
        live->size = info.st_size;
        live->generation++;
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

int live_open(const char *path, struct live **out, struct err *err)
{
    struct live *live = err_calloc(1, sizeof *live, path, err);
    *out = NULL;
    if (!live)
        return E_IO;
    pthread_mutex_init(&live->lock, NULL);
    pthread_mutex_init(&live->alive_lock, NULL);
    int n = snprintf(live->path, sizeof live->path, "%s", path);
    int rc = n >= (int)sizeof live->path ? err_set(err, E_IO, "%.200s...: the path is too long", path)
                                         : look(live, err);
    if (rc < 0 && n < (int)sizeof live->path && may_come(path, err))
        rc = 0;
    if (rc < 0)
        live_close(live);
    else
        *out = live;
    return rc;
}

static int enter(struct live *live, struct store **store, struct err *err)
{
    int rc = look(live, err);
    *store = live->store;
    if (rc < 0)
        live_leave(live, rc);
    return rc;
}

int live_enter(struct live *live, struct store **store, struct err *err)
{
    pthread_mutex_lock(&live->lock);
    return enter(live, store, err);
}

int live_enter_within(struct live *live, double seconds, struct store **store, struct err *err)
{
    struct timespec until = clock_after(CLOCK_REALTIME, seconds);
    return pthread_mutex_timedlock(&live->lock, &until) == 0 ? enter(live, store, err) : 1;
}

void live_leave(struct live *live, int rc)
{
    if (rc < 0)
        forget(live);
    pthread_mutex_unlock(&live->lock);
}

int live_is_there(const struct live *live)
{
    return live->store != NULL;
}

long live_generation(const struct live *live)
{
    return live->generation;
}

enum alive live_alive(struct live *live, struct alive_holder *holder)
{
    pthread_mutex_lock(&live->alive_lock);
    double start = clock_now();
    if (live->looked <= 0 || start - live->looked > fmax(1, 20 * live->cost)) {
        live->holder = (struct alive_holder){0};
        live->alive = alive_look(live->path, &live->holder);
        live->looked = clock_now();
        live->cost = live->looked - start;
    }
    *holder = live->holder;
    enum alive alive = live->alive;
    pthread_mutex_unlock(&live->alive_lock);
    return alive;
}

const char *live_path(const struct live *live)
{
    return live->path;
}

void live_close(struct live *live)
{
    if (!live)
        return;
    forget(live);
    pthread_mutex_destroy(&live->lock);
    pthread_mutex_destroy(&live->alive_lock);
    free(live);
}
