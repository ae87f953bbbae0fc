#include "status_wait.h"

#include "clock.h"
#include "status_view.h"

#include <time.h>

enum run_watch_end status_wait(const char *results_path, double interval)
{
    struct run_watch watch = {0};
    struct timespec pause = clock_span(interval);
    enum run_watch_end end;
    while ((end = run_watch_look(&watch, results_path, clock_now())) == RUN_WATCH_GOES_ON)
        nanosleep(&pause, NULL);
    return end;
}

static int code_of_status(int exit_status)
{
    static const int codes[] = {E_JOB, E_USAGE, E_IO, E_STOPPED};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (err_exit_status(codes[i]) == exit_status)
            return codes[i];
    return exit_status == 0 ? 0 : E_IO;
}

/* The rows tell: its last one may have been written before it was killed. */
static int code_of_rows(const char *path, const struct run_view *view, enum run_watch_end end,
                        struct err *err)
{
    int left = view->n_jobs - view->n_over;
    if (left > 0)
        return err_set(err, E_STOPPED, "%s: %s with %d job%s left; the same command again goes on", path,
                       end == RUN_WATCH_KILLED   ? "the run was killed"
                       : end == RUN_WATCH_SILENT ? "nothing is heard of the run any more"
                                                 : "no run is on",
                       left, left == 1 ? "" : "s");
    if (view->n_state[JOB_FAILED] > 0)
        return err_set(err, E_JOB, "%s: %d job%s failed", path, view->n_state[JOB_FAILED],
                       view->n_state[JOB_FAILED] == 1 ? "" : "s");
    return 0;
}

int status_wait_code(const char *results_path, enum run_watch_end end, struct err *err)
{
    struct status_view v;
    struct status_file ending;
    if (end == RUN_WATCH_ENDED && status_file_read(results_path, &ending)) {
        int code = code_of_status(ending.exit_status);
        return code < 0 ? err_set(err, code, "%s: the run ended with exit status %d: %s", results_path,
                                  ending.exit_status, ending.message)
                        : 0;
    }
    int rc = status_view_take(results_path, NULL, &v, err);
    if (rc == 0)
        rc = code_of_rows(results_path, &v.view, end, err);
    status_view_release(&v);
    return rc;
}
