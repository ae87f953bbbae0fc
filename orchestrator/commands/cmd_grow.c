/* cellsweep grow: a larger grid for a results file; by the run that writes it, or here where none does. */
#include "beside/grow_request.h"
#include "beside/lock_file.h"
#include "clock.h"
#include "command.h"
#include "data/dataset.h"
#include "h5.h"
#include "run/lock.h"
#include "store/store.h"
#include "sweep/cells.h"
#include "sweep/expand.h"
#include "sweep/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct options {
    const char *path, *sweep_path;
    struct arguments_list set;
};

static const struct argument rows[] = {
    ARGUMENT_RESULTS(path), ARGUMENT_SWEEP(sweep_path, 1), ARGUMENT_SET(set), {0}};

/* The larger sweep, with its jobs. */
struct growth {
    const struct options *o;
    struct sweep *sweep;
    struct cells cells;
    int n_jobs, n_before; /* without trials: of it, and of the file */
    int n_trials, n_trials_before;
};

static const double look_every = 0.5;

/* What the old file says besides its jobs. */
static int read_old(struct growth *g, int *ranks, enum kernels_isa *isa, struct err *err)
{
    struct store *store = NULL;
    int rc = store_open_lean(g->o->path, &store, err);
    if (rc == 0) {
        g->n_before = store_n_jobs(store);
        g->n_trials_before = store_n_trials(store);
        *ranks = atoi(store_text(store, "ranks"));
        rc = kernels_isa_from_name(store_text(store, "kernels"), isa, err);
    }
    int closed = store_close(store, rc < 0 ? NULL : err);
    return rc < 0 ? rc : closed;
}

/* Read everything and compare; nothing is changed. */
static int compare(struct growth *g, enum resume_kind *kind, struct err *err)
{
    int ranks = 1;
    enum kernels_isa isa = KERNELS_AUTO;
    const struct options *o = g->o;
    if (access(o->path, F_OK) != 0)
        return err_set(err, E_IO, "%s: is not there, so nothing can grow; `cellsweep run %s -o %s` makes it",
                       o->path, o->sweep_path, o->path);
    int rc = cells_try(o->path, err);
    if (rc == 0)
        rc = read_old(g, &ranks, &isa, err);
    if (rc == 0)
        rc = sweep_read(o->sweep_path, o->set.n, o->set.text, &g->sweep, err);
    if (rc == 0)
        rc = dataset_try(g->sweep->file->data, err);
    if (rc == 0)
        rc = cells_open(g->sweep, o->path, &g->cells, err);
    if (rc == 0)
        rc = sweep_expand(g->sweep, g->cells.data, err);
    if (rc < 0 || !g->sweep)
        return rc;
    g->n_trials = g->sweep->n_trials;
    g->n_jobs = g->sweep->n_jobs - g->n_trials;
    return resume_compare(o->path, g->sweep, g->cells.data, kind, err);
}

static int say(const struct growth *g, const char *what)
{
    printf("%s: %s; %d jobs, %d before", g->o->path, what, g->n_jobs, g->n_before);
    if (g->n_trials > 0)
        printf("; %d trials, %d before", g->n_trials, g->n_trials_before);
    putchar('\n');
    return 0;
}

/* The lock is ours: no run is on. */
static int grow_here(struct growth *g, struct err *err)
{
    int ranks = 1, kept;
    enum kernels_isa isa = KERNELS_AUTO;
    enum resume_kind kind;
    int rc = read_old(g, &ranks, &isa, err);
    h5_draft_tidy(g->o->path);
    if (rc == 0)
        rc = resume_prepare(g->o->path, g->sweep, g->cells.data, g->cells.path, isa, ranks, 1, &kind, &kept,
                            err);
    if (rc == 0)
        rc = cells_keep(&g->cells, 1, err);
    if (rc == 0)
        grow_request_drop(g->o->path);
    return rc < 0 ? rc : say(g, "grown");
}

static int lock_and_grow(struct growth *g, struct err *err)
{
    struct lock *lock = NULL;
    int rc = lock_take(g->o->path, 0, &lock, err);
    if (rc == 0)
        rc = grow_here(g, err);
    lock_release(lock);
    return rc;
}

static int is_run_on(const char *path)
{
    enum lock_state state = lock_file_look(path, NULL);
    return state == LOCK_RUNNING || state == LOCK_UNKNOWN;
}

/* The request is gone: did the run do it? Another grow may have removed it after the run had ended. */
static int check_grown(struct growth *g, struct err *err)
{
    enum resume_kind kind;
    int rc = resume_compare(g->o->path, g->sweep, g->cells.data, &kind, err);
    if (rc < 0 || kind == RESUME_CONTINUED || kind == RESUME_ORDERED)
        return rc < 0 ? rc : say(g, "grown by its run, which goes on");
    if (!is_run_on(g->o->path))
        return lock_and_grow(g, err);
    return err_set(err, E_IO,
                   "%s: its run could not grow it, and goes on as it was; it says why on its stderr",
                   g->o->path);
}

/* Wait until the run has taken it up. Whenever it ends before, it is for us to do. */
static int ask_run(struct growth *g, struct err *err)
{
    struct timespec pause = clock_span(look_every);
    int rc = grow_request_write(g->o->path, g->sweep->file->text, g->sweep->file->resolved, err);
    if (rc < 0)
        return rc;
    fprintf(stderr, "%s: its run is asked to grow it\n", g->o->path);
    while (grow_request_waits(g->o->path)) {
        if (!is_run_on(g->o->path))
            return lock_and_grow(g, err);
        nanosleep(&pause, NULL);
    }
    return check_grown(g, err);
}

static int grow(struct growth *g, struct err *err)
{
    enum resume_kind kind = RESUME_CONTINUED;
    int rc = compare(g, &kind, err);
    if (rc < 0)
        return rc;
    if (kind != RESUME_GROWN)
        return say(g, "has all of these jobs");
    return is_run_on(g->o->path) ? ask_run(g, err) : lock_and_grow(g, err);
}

static int run(const void *options, struct err *err)
{
    struct growth g = {.o = options};
    int rc = grow(&g, err);
    dataset_free(g.cells.data);
    sweep_free(g.sweep);
    return rc;
}

COMMAND(grow, "a larger grid for a sweep, also while it runs", NULL, 0, 0);
