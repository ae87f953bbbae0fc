/* /api/log: what the event log beside the results file says of a job. */
#include "serve/serve_core.h"

#include "beside/events.h"
#include "store/store_select.h"
#include "write/json_out.h"

#include <stdlib.h>
#include <string.h>

/* The row of the job that is asked for, and since when rows are numbered as they are. */
static int find_row(struct serve *serve, const char *text, int *number, int *row, char since[32],
                    struct err *err)
{
    struct store *store;
    struct selection shown = {0};
    int job[SERVE_MAX_CURVES] = {0};
    int rc = shared_store_enter(serve->shared, &store, err);
    if (rc < 0)
        return rc;
    rc = store_select(store, serve->filter, &shown, err);
    if (rc == 0) {
        int n = serve_parse_jobs(text, shown.n, job, err);
        rc = n < 0    ? n
             : n == 1 ? 0
                      : err_set(err, E_USAGE, "jobs: %d are asked for; the log is told of one", n);
        *number = job[0];
        *row = rc == 0 ? shown.job[job[0]] : -1;
        snprintf(since, 32, "%.31s", store_text(store, "created"));
        free(shown.job);
    }
    shared_store_leave(serve->shared, rc == E_USAGE ? 0 : rc);
    return rc;
}

/* The log counts rows of the file; who asks, jobs that are shown. */
static void renumber(json_t *lines, int number, int *failed)
{
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        json_out_put(line, "job", json_integer(number), failed);
    }
}

enum MHD_Result serve_answer_log(struct serve_request *request)
{
    const char *jobs = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "jobs");
    struct err err = {0};
    char since[32] = "";
    int number = 0, row = -1;
    if (find_row(request->serve, jobs, &number, &row, since, &err) < 0)
        return serve_send_err(request, &err);
    json_t *root = json_object(), *lines = json_array();
    int cut = events_of_job(shared_store_path(request->serve->shared), row, since, lines), failed = cut < 0;
    renumber(lines, number, &failed);
    json_out_put(root, "lines", lines, &failed);
    json_out_put(root, "cut", json_boolean(cut > 0), &failed);
    return serve_send_json(request, root, failed);
}
