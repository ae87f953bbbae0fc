/* /metrics: the sweep and the server for Prometheus, text format 0.0.4. */
#include "serve/serve_core.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP cellsweep_%s %s\n# TYPE cellsweep_%s %s\n", name, help, name, type);
}

/* NaN is written as such: not known. */
static void one(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    if (isnan(value))
        fprintf(out, "cellsweep_%s NaN\n", name);
    else
        fprintf(out, "cellsweep_%s %.15g\n", name, value);
}

static void write_sweep(FILE *out, const struct run_view *p)
{
    head(out, "jobs", "gauge", "Jobs of the sweep by state.");
    for (int s = 0; s < N_JOB_STATES; s++)
        fprintf(out, "cellsweep_jobs{state=\"%s\"} %d\n", job_state_names[s], p->n_state[s]);
    head(out, "run_state", "gauge", "1 for the state the run is in.");
    for (int s = 0; s < N_RUN_VIEW_STATES; s++)
        fprintf(out, "cellsweep_run_state{state=\"%s\"} %d\n", run_view_state_names[s], (int)p->state == s);
    one(out, "epochs_done", "gauge", "Epochs that all jobs have done.", (double)p->epochs_done);
    one(out, "images_per_second", "gauge", "Training images a second of all ranks; NaN when nothing runs.",
        p->images_per_second);
    one(out, "eta_seconds", "gauge", "Estimated time to the end of the sweep; NaN when unknown.",
        p->seconds_left);
    one(out, "last_update_timestamp_seconds", "gauge", "When the results file last changed.", p->changed);
}

static void write_requests(FILE *out, const struct serve *serve)
{
    head(out, "http_requests_total", "counter", "Requests answered, by path and status.");
    for (int r = 0; r < N_SERVE_ROUTES; r++)
        for (int i = 0; serve_statuses[i]; i++) {
            long n = atomic_load(&serve->counts.reply[r][i]);
            if (n || serve_statuses[i] == MHD_HTTP_OK)
                fprintf(out, "cellsweep_http_requests_total{path=\"%s\",status=\"%u\"} %ld\n",
                        serve_route_path((enum serve_route)r), serve_statuses[i], n);
        }
    one(out, "http_connections", "gauge", "Open connections.",
        (double)atomic_load(&serve->counts.connections));
    one(out, "http_connections_timed_out_total", "counter", "Connections cut because they took too long.",
        (double)atomic_load(&serve->counts.timed_out));
    one(out, "predicted_images_total", "counter", "Uploaded images that were classified.",
        (double)atomic_load(&serve->counts.images));
    one(out, "rejected_uploads_total", "counter", "Uploaded images, and whole uploads, that were refused.",
        (double)atomic_load(&serve->counts.rejected));
    one(out, "upload_bytes", "gauge", "Bytes of uploads being received or classified.",
        (double)atomic_load(&serve->upload_bytes));
}

/* A file that is busy or gone takes nothing from the rest: the sweep's lines are missing
 * then, and results_readable is 0. */
enum MHD_Result serve_answer_metrics(struct serve_request *request)
{
    struct serve *serve = request->serve;
    struct run_view view = {0};
    struct store *store;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return MHD_NO;
    struct lock_holder holder;
    enum lock_state alive = shared_store_lock_state(serve->shared, &holder);
    int rc = shared_store_enter_within(serve->shared, 5, &store, NULL);
    if (rc == 0) {
        rc = run_view_take(store, &view, NULL);
        shared_store_leave(serve->shared, rc);
    }
    one(out, "results_readable", "gauge", "1 when the results file could be read.", rc == 0);
    if (rc == 0) {
        run_view_judge(&view, shared_store_path(serve->shared), alive, &holder);
        write_sweep(out, &view);
    }
    run_view_release(&view);
    write_requests(out, serve);
    int bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad) {
        free(text);
        return MHD_NO;
    }
    return serve_send_text(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, n);
}
