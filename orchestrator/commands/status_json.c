#include "status_json.h"

#include "beside/grow_request.h"
#include "tables/columns.h"
#include "write/json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows that say running after their run was killed: nobody's, they wait for the next one. */
static const char *state_name(const struct status_view *v, enum job_state state)
{
    return state == JOB_RUNNING && status_view_is_over(v) ? "unfinished" : job_state_names[state];
}

static json_t *counts(const struct status_view *v, int *failed)
{
    json_t *out = json_object();
    int over = status_view_is_over(v), n_running = v->view.n_state[JOB_RUNNING];
    json_out_put(out, "total", json_integer(v->view.n_jobs), failed);
    for (int s = 0; s < N_JOB_STATES; s++)
        if (s != JOB_RUNNING)
            json_out_put(out, job_state_names[s], json_integer(v->view.n_state[s]), failed);
    json_out_put(out, "running", json_integer(over ? 0 : n_running), failed);
    json_out_put(out, "unfinished", json_integer(over ? n_running : 0), failed);
    json_out_put(out, "not_asked_for", json_integer(v->view.n_rows - v->view.n_jobs), failed);
    return out;
}

static json_t *rates(const struct run_view *view, int *failed)
{
    json_t *out = json_object();
    json_out_put(out, "job_seconds", json_out_real(view->job_seconds), failed);
    json_out_put(out, "epoch_seconds", json_out_real(view->epoch_seconds), failed);
    json_out_put(out, "images_per_second", json_out_real(view->images_per_second), failed);
    return out;
}

/* Who writes the file, or was killed at it. */
static json_t *holder(const struct status_view *v, int *failed)
{
    static const char *const alive[] = {"none", "running", "dead", "unknown"};
    json_t *out = json_object();
    json_out_put(out, "alive", json_string(alive[v->alive]), failed);
    json_out_put(out, "host", v->alive == LOCK_NONE ? json_null() : json_out_text(v->holder.host), failed);
    json_out_put(out, "pid", v->alive == LOCK_NONE ? json_null() : json_integer(v->holder.pid), failed);
    json_out_put(out, "slurm_job", v->holder.slurm_job[0] ? json_out_text(v->holder.slurm_job) : json_null(),
                 failed);
    json_out_put(out, "since", v->holder.since > 0 ? json_out_real(v->holder.since) : json_null(), failed);
    return out;
}

static json_t *job(const struct status_view *v, int number, int *failed)
{
    const struct store_mark *mark = &v->view.mark[number];
    const struct store_job row = status_view_row(v, number);
    json_t *out = json_object();
    json_out_put(out, "job", json_integer(number), failed);
    json_out_put(out, "key", json_out_text(row.key), failed);
    columns_put(out, v->store, &row, ~0U, failed);
    json_out_put(out, "seed", json_integer(row.seed), failed);
    json_out_put(out, "fold", json_integer(row.fold), failed);
    json_out_put(out, "repeat", json_integer(row.repeat), failed);
    json_out_put(out, "state", json_string(state_name(v, mark->state)), failed);
    json_out_put(out, "message", json_out_text(mark->message ? mark->message : ""), failed);
    json_out_put(out, "attempts", json_integer(mark->attempts), failed);
    json_out_put(out, "rank", json_out_count(mark->rank), failed);
    json_out_put(out, "epochs_done", json_integer(mark->epochs_done), failed);
    json_out_put(out, "epochs", json_integer(status_view_epochs(v, &row)), failed);
    json_out_put(out, "started", json_out_real(mark->started), failed);
    json_out_put(out, "finished", json_out_real(mark->finished), failed);
    return out;
}

/* The counted jobs in one of two states. */
static json_t *jobs_in(const struct status_view *v, enum job_state a, enum job_state b, int *failed)
{
    json_t *out = json_array();
    for (int i = 0; i < v->counted.n; i++) {
        enum job_state state = v->view.mark[v->counted.job[i]].state;
        if (state == a || state == b)
            json_out_add(out, job(v, v->counted.job[i], failed), failed);
    }
    return out;
}

static void put_run(const struct status_view *v, json_t *out, int *failed)
{
    const struct status_file *e = &v->ending;
    int ended = v->has_ending && e->exit_status >= 0 && v->alive == LOCK_NONE;
    json_out_put(out, "exit_status", ended ? json_integer(e->exit_status) : json_null(), failed);
    json_out_put(out, "filter", v->filter[0] ? json_out_text(v->filter) : json_null(), failed);
    json_out_put(out, "ranks", v->has_ending ? json_integer(e->ranks) : json_null(), failed);
    json_out_put(out, "lost_ranks", v->has_ending ? json_integer(e->lost_ranks) : json_null(), failed);
    json_out_put(out, "deadline", v->has_ending ? json_out_real(e->deadline) : json_null(), failed);
    json_out_put(out, "run", holder(v, failed), failed);
    json_out_put(out, "growth_waits", json_boolean(grow_request_waits(store_path(v->store))), failed);
}

json_t *status_json(const struct status_view *v, struct err *err)
{
    int failed = 0;
    json_t *out = json_object();
    json_out_put(out, "results", json_out_text(store_path(v->store)), &failed);
    json_out_put(out, "name", json_out_text(store_text(v->store, "name")), &failed);
    json_out_put(out, "state", json_string(run_view_state_names[v->view.state]), &failed);
    json_out_put(out, "message", json_out_text(v->view.message), &failed);
    json_out_put(out, "jobs", counts(v, &failed), &failed);
    json_out_put(out, "rates", rates(&v->view, &failed), &failed);
    json_out_put(out, "eta_seconds", json_out_real(v->view.seconds_left), &failed);
    put_run(v, out, &failed);
    json_out_put(out, "running_jobs", jobs_in(v, JOB_RUNNING, JOB_RUNNING, &failed), &failed);
    json_out_put(out, "failed_jobs", jobs_in(v, JOB_FAILED, JOB_DIVERGED, &failed), &failed);
    json_out_put(out, "now", json_out_real(v->view.now), &failed);
    json_out_put(out, "changed", json_out_real(v->view.changed), &failed);
    if (!failed)
        return out;
    json_decref(out);
    err_set(err, E_IO, "%s: out of memory for the state of %d jobs", store_path(v->store), v->view.n_rows);
    return NULL;
}

int status_json_print(const struct status_view *v, struct err *err)
{
    json_t *root = status_json(v, err);
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) : NULL;
    int rc = text ? 0 : root ? err_set(err, E_IO, "status: out of memory") : E_IO;
    if (text)
        puts(text);
    free(text);
    json_decref(root);
    return rc;
}
