#include "run/growth.h"

#include "run/run_root.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double look_every = 2;

void growth_look(struct run *run)
{
    double t = MPI_Wtime();
    if (run->grows || run->request_stays || t - run->request_looked < look_every)
        return;
    run->request_looked = t;
    if (!grow_request_waits(run->options->results_path))
        return;
    run->grows = 1;
    if (run->options->checkpoint > 0)
        root_drain(run, "the grid grows");
}

int growth_due(struct run *run)
{
    int ends = run_drain_asked() || run->fatal[0] || run->too_many_failures || root_is_late(run) ||
               handout_counts(run->handout).fatal;
    if (!run->request_stays && !run->grows)
        run->grows = grow_request_waits(run->options->results_path);
    return run->grows && !ends;
}

/* The results file is of this sweep, or was grown from it, or would be the sweep of the request. */
static int is_at_home(const struct run *run, const struct store *store, const struct grow_request *request)
{
    const char *resolved = run->sweep->file->resolved;
    return strcmp(resolved, request->resolved) == 0 ||
           strcmp(resolved, store_text(store, "yaml_resolved")) == 0 || resume_descends(store, resolved);
}

int growth_request(struct run *run, struct grow_request *request)
{
    const char *path = run->options->results_path;
    struct store *store = NULL;
    *request = (struct grow_request){NULL, NULL};
    if (!grow_request_waits(path))
        return 0;
    if (access(path, F_OK) != 0 || !grow_request_read(path, request)) {
        fprintf(stderr, "%s.grow: %s; it is removed\n", path,
                access(path, F_OK) == 0 ? "is no request to grow" : "there is no file to grow any more");
        growth_over(run);
        return 0;
    }
    int is_ours = store_open_lean(path, &store, NULL) == 0 && is_at_home(run, store, request);
    store_close(store, NULL);
    if (!is_ours)
        grow_request_release(request);
    return is_ours;
}

static int take_over(struct run *run, const char *resolved, struct err *err)
{
    struct sweep *grown = NULL;
    int rc = sweep_parse(resolved, &grown, err);
    if (rc < 0)
        return rc;
    sweep_free(run->sweep);
    run->sweep = grown;
    return 0;
}

int growth_adopt(struct run *run, struct err *err)
{
    const char *path = run->options->results_path;
    struct store *store = NULL;
    if (access(path, F_OK) != 0)
        return 0;
    int rc = store_open_lean(path, &store, err);
    if (rc == 0 && resume_descends(store, run->sweep->file->resolved)) {
        rc = take_over(run, store_text(store, "yaml_resolved"), err);
        if (rc == 0 && run->round == 0)
            fprintf(stderr, "%s: was grown since (cellsweep grow); the run is about all of its jobs\n", path);
    }
    store_close(store, NULL);
    return rc;
}

void growth_over(struct run *run)
{
    run->request_stays = !grow_request_drop(run->options->results_path);
}
