/* /api/progress and /api/curves: what changes while the sweep runs. */
#include "serve/serve_core.h"

#include "write/json_out.h"
#include "store/store_select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- which jobs ---- */

/* ---- progress ---- */

static json_t *ranks_of(const struct run_view *p, const struct selection *shown, int *failed)
{
    json_t *ranks = json_array();
    for (int i = 0; i < shown->n && !*failed; i++) {
        const struct store_mark *mark = &p->mark[shown->job[i]];
        if (mark->state == JOB_RUNNING)
            json_out_add(ranks,
                         json_pack("{s:i,s:i,s:i}", "rank", mark->rank, "job", i, "epoch", mark->epochs_done),
                         failed);
    }
    return ranks;
}

static json_t *jobs_of(const struct run_view *p, const struct selection *shown, int *failed)
{
    json_t *jobs = json_object(), *epochs = json_array();
    char *letters = calloc(1, (size_t)shown->n + 1);
    for (int i = 0; i < shown->n && letters && !*failed; i++) {
        const struct store_mark *mark = &p->mark[shown->job[i]];
        letters[i] = run_view_letter(mark->state);
        json_out_add(epochs, json_integer(mark->epochs_done), failed);
    }
    json_out_put(jobs, "state", letters ? json_string(letters) : NULL, failed);
    json_out_put(jobs, "epochs_done", epochs, failed);
    free(letters);
    return jobs;
}

static void put_counts(const struct run_view *p, const struct selection *shown, json_t *root, int *failed)
{
    int n[N_JOB_STATES] = {0};
    for (int i = 0; i < shown->n; i++)
        n[p->mark[shown->job[i]].state]++;
    json_out_put(root, "n_jobs", json_integer(shown->n), failed);
    for (int s = 0; s < N_JOB_STATES; s++)
        json_out_put(root, job_state_names[s], json_integer(n[s]), failed);
}

static json_t *progress_of(const struct run_view *p, const struct selection *shown, int *failed)
{
    json_t *root = json_object();
    json_out_put(root, "state", json_string(run_view_state_names[p->state]), failed);
    json_out_put(root, "message", json_out_text(p->message), failed);
    put_counts(p, shown, root, failed);
    json_out_put(root, "images_per_second", json_out_real(p->images_per_second), failed);
    json_out_put(root, "eta_seconds", json_out_real(p->seconds_left), failed);
    json_out_put(root, "ranks", ranks_of(p, shown, failed), failed);
    json_out_put(root, "jobs", jobs_of(p, shown, failed), failed);
    json_out_put(root, "updated", json_out_real(p->changed), failed);
    return root;
}

/* Between these, whoever else wants the file waits. */
static int look_inside(struct serve *serve, struct run_view *view, struct selection *shown, struct err *err)
{
    struct store *store;
    int rc = shared_store_enter_within(serve->shared, 0.3, &store, err);
    if (rc != 0)
        return rc;
    rc = store_select(store, serve->filter, shown, err);
    if (rc == 0 && (rc = run_view_take(store, view, err)) < 0)
        free(shown->job);
    shared_store_leave(serve->shared, rc);
    return rc;
}

/* A new look at the file as text in *text (freed by the caller); 1 when the file is busy. */
static int look(struct serve *serve, char **text, struct err *err)
{
    struct run_view view = {0};
    struct selection shown = {0};
    struct lock_holder holder;
    int failed = 0;
    enum lock_state alive = shared_store_lock_state(serve->shared, &holder);
    int rc = look_inside(serve, &view, &shown, err);
    if (rc != 0)
        return rc;
    run_view_judge(&view, shared_store_path(serve->shared), alive, &holder);
    json_t *root = progress_of(&view, &shown, &failed);
    run_view_release(&view);
    *text = root && !failed ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(root);
    free(shown.job);
    return *text ? 0 : err_set(err, E_IO, "out of memory for the progress of %d jobs", shown.n);
}

/* A copy of the last look that is fresh enough, or of any when the file is busy: many pages are one
 * reader to the file. */
static int progress_text(struct serve *serve, char **text, struct err *err)
{
    struct serve_last *last = &serve->progress;
    int rc = 0;
    pthread_mutex_lock(&last->lock);
    if (!last->text || clock_now() - last->made > 0.25) {
        char *fresh = NULL;
        rc = look(serve, &fresh, err);
        if (rc == 0) {
            free(last->text);
            last->text = fresh;
            last->made = clock_now();
        }
    }
    if (rc >= 0 && last->text)
        *text = strdup(last->text);
    pthread_mutex_unlock(&last->lock);
    if (rc < 0)
        return rc;
    return *text ? 0 : err_set(err, E_IO, "the results file is busy; try again in a moment");
}

void serve_progress_begin(struct serve *serve)
{
    struct err err = {0};
    char *text = NULL;
    progress_text(serve, &text, &err); /* whoever asks first is told why there is none */
    free(text);
}

enum MHD_Result serve_answer_progress(struct serve_request *request)
{
    struct err err = {0};
    char *text = NULL;
    if (progress_text(request->serve, &text, &err) < 0)
        return serve_send_err(request, &err);
    return serve_send_text(request, MHD_HTTP_OK, "application/json", text, text ? strlen(text) : 0);
}

/* ---- curves ---- */

int serve_parse_jobs(const char *text, int n_jobs, int *job, struct err *err)
{
    int n = 0;
    if (!text || !*text)
        return err_set(err, E_USAGE, "say which jobs, as in jobs=3,5,9");
    for (const char *p = text;; p++) {
        char *end;
        errno = 0;
        long value = *p >= '0' && *p <= '9' ? strtol(p, &end, 10) : -1;
        if (value < 0 || errno || (*end && *end != ','))
            return err_set(err, E_USAGE, "jobs: '%.40s' does not begin with a job number", p);
        if (value >= n_jobs)
            return err_set(err, E_USAGE, "jobs: there is no job %ld; they go from 0 to %d", value,
                           n_jobs - 1);
        if (n == SERVE_MAX_CURVES)
            return err_set(err, E_USAGE, "jobs: more than %d; ask for them in parts", SERVE_MAX_CURVES);
        job[n++] = (int)value;
        if (!*end)
            return n;
        p = end;
    }
}

static int read_curves(struct store *store, const int *job, int n, enum image_set set, json_t *out,
                       int *failed, struct err *err)
{
    size_t epochs = (size_t)store_n_epochs(store);
    float *value = err_calloc((size_t)n * epochs, sizeof *value, "learning curves", err);
    int rc = value ? 0 : E_IO;
    for (int m = 0; m < N_METRICS && rc == 0; m++) {
        for (int i = 0; i < n && rc == 0; i++)
            rc = store_read_curve(store, job[i], set, (enum metric)m, value + (size_t)i * epochs, err);
        if (rc == 0)
            json_out_put(out, metric_names[m], json_out_floats(value, (size_t)n * epochs), failed);
    }
    free(value);
    return rc;
}

static int read_matrices(struct store *store, const int *job, int n, json_t *root, int *failed,
                         struct err *err)
{
    size_t cells = (size_t)store_n_classes(store) * (size_t)store_n_classes(store);
    int *value = err_calloc((size_t)n * cells, sizeof *value, "confusion matrices", err);
    int rc = value ? 0 : E_IO;
    enum image_set set[N_JUDGED_SETS];
    int n_sets = store_judged_sets(store, set);
    json_t *out = json_object();
    for (int s = 0; s < n_sets && rc == 0; s++) {
        for (int i = 0; i < n && rc == 0; i++)
            rc = store_read_confusion(store, job[i], set[s], value + (size_t)i * cells, err);
        if (rc == 0)
            json_out_put(out, image_set_names[set[s]], json_out_ints(value, (size_t)n * cells), failed);
    }
    json_out_put(root, "confusion", out, failed);
    free(value);
    return rc;
}

/* matrices: their confusion matrices, too. */
static int curves_of(struct store *store, const struct selection *shown, const char *text, int matrices,
                     json_t *root, int *failed, struct err *err)
{
    int job[SERVE_MAX_CURVES] = {0}, n = serve_parse_jobs(text, shown->n, job, err);
    if (n < 0)
        return n;
    json_t *jobs = json_array();
    for (int i = 0; i < n; i++) {
        json_out_add(jobs, json_integer(job[i]), failed);
        job[i] = shown->job[job[i]];
    }
    json_out_put(root, "jobs", jobs, failed);
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(store, set), rc = 0;
    for (int s = 0; s < n_sets && rc == 0; s++) {
        json_t *curves = json_object();
        rc = read_curves(store, job, n, set[s], curves, failed, err);
        json_out_put(root, image_set_names[set[s]], curves, failed);
    }
    return rc == 0 && matrices ? read_matrices(store, job, n, root, failed, err) : rc;
}

enum MHD_Result serve_answer_curves(struct serve_request *request)
{
    struct err err = {0};
    struct store *store;
    struct selection shown = {0};
    int failed = 0;
    const char *jobs = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "jobs");
    const char *wanted = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "matrices");
    int matrices = wanted && strcmp(wanted, "1") == 0;
    if (wanted && !matrices && strcmp(wanted, "0") != 0)
        return serve_send_error(request, MHD_HTTP_BAD_REQUEST, "matrices: '%.40s' is neither 0 nor 1",
                                wanted);
    if (shared_store_enter(request->serve->shared, &store, &err) < 0)
        return serve_send_err(request, &err);
    json_t *root = json_object();
    int rc = store_select(store, request->serve->filter, &shown, &err);
    if (rc == 0) {
        rc = curves_of(store, &shown, jobs, matrices, root, &failed, &err);
        free(shown.job);
    }
    shared_store_leave(request->serve->shared, rc == E_USAGE ? 0 : rc);
    if (rc == 0)
        return serve_send_json(request, root, failed);
    json_decref(root);
    return serve_send_err(request, &err);
}
