#include "beside/run_watch.h"

#include "clock.h"

#include <unistd.h>

/* Seconds without a word of a run that promised none: it prepares its images, or is a single rank. */
static const double longest_silence = 3600;

/* What stands in the status file is of the run that holds, or held, the lock: both times are by its clock. */
static int is_of_holder(const struct run_watch *w)
{
    return w->has_last && w->last.time >= w->holder.since;
}

static double silence_limit(const struct run_watch *w)
{
    return is_of_holder(w) && w->last.silence > 0 ? w->last.silence : longest_silence;
}

static void look_at_status(struct run_watch *w, const char *path, double now)
{
    struct status_file file;
    int found = status_file_read(path, &file);
    if (found != w->has_last || file.time != w->last.time)
        w->heard = now;
    w->last = file;
    w->has_last = found;
}

static void look_at_lock(struct run_watch *w, const char *path, double now)
{
    char lock[LOCK_FILE_PATH];
    int is_there = lock_file_path(path, lock, NULL) == 0 && access(lock, F_OK) == 0;
    if (is_there && w->has_looked && w->state == LOCK_RUNNING && now - w->looked < 20 * w->asked_for)
        return;
    double start = clock_now();
    w->state = lock_file_look(path, &w->holder);
    w->asked_for = clock_now() - start;
    w->looked = now;
    w->has_looked = 1;
}

enum run_watch_end run_watch_look(struct run_watch *w, const char *results_path, double now)
{
    if (!w->has_looked)
        w->heard = now;
    /* the lock before the status: who leaves writes the one, then removes the other */
    look_at_lock(w, results_path, now);
    look_at_status(w, results_path, now);
    if (w->state == LOCK_NONE)
        return !w->has_last ? RUN_WATCH_NONE : w->last.exit_status >= 0 ? RUN_WATCH_ENDED : RUN_WATCH_KILLED;
    if (w->state == LOCK_DEAD)
        return is_of_holder(w) && w->last.exit_status >= 0 ? RUN_WATCH_ENDED : RUN_WATCH_KILLED;
    if (w->state == LOCK_UNKNOWN && now - w->heard > silence_limit(w))
        return RUN_WATCH_SILENT;
    return RUN_WATCH_GOES_ON;
}
