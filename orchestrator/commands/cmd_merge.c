/* cellsweep merge: several results files as one. */
#include "command.h"

#include "beside/lock_file.h"
#include "commands/sweeps.h"
#include "h5.h"
#include "run/lock.h"

#include <stdio.h>

struct options {
    const char *output;
    const char *apart; /* NULL: one sweep */
    struct arguments_rest files;
};

static const struct argument rows[] = {
    {.type = ARGUMENT_REST, .value = "RESULTS.h5", .offset = AT(files), .min = 2},
    {"output", 'o', ARGUMENT_TEXT, "MERGED.h5", AT(output), .is_needed = 1,
     .help = "Write this file, which must not be there yet; it appears when it is whole"},
    {"as-sweep", 's', ARGUMENT_TEXT, "NAMES", AT(apart), .fallback = (char[]){""},
     .help = "Keep the files apart by a column `sweep`, to compare them: of names with commas in between "
             "(--as-sweep=before,after), or of the file names"},
    {0}};

/* Rows of a run may be half-written. */
static int refuse_running(const char *path, struct err *err)
{
    struct lock_holder holder;
    char name[512];
    enum lock_state state = lock_file_look(path, &holder);
    if (state == LOCK_NONE || state == LOCK_DEAD)
        return 0;
    return err_set(
        err, E_IO, "%s: %s: %s; merge it when the run has ended%s", path,
        state == LOCK_RUNNING ? "a run writes it" : "from here nobody can tell whether its run is alive",
        lock_file_name(&holder, name, sizeof name),
        state == LOCK_RUNNING ? " (cellsweep status shows it)" : ", or remove its lock when it is gone");
}

static int try_files(const struct store_merge *merge, struct err *err)
{
    int rc = 0;
    for (int s = 0; s < merge->n && rc == 0; s++) {
        rc = refuse_running(merge->path[s], err);
        if (rc == 0)
            rc = store_try(merge->path[s], err);
    }
    return rc;
}

static void tell(const struct store_merge *merge, const char *output, const struct store_merged *merged)
{
    printf("%s: %d jobs of %d files, %d of them finished", output, merged->n_jobs, merge->n, merged->n_over);
    if (!merge->name[0])
        printf("; %d were done in several files, with equal bits", merged->n_twice);
    printf("\n");
    if (merged->n_commits > 1 && !merge->name[0])
        fprintf(stderr,
                "%s: its rows were made by %d different commits of the program (merged_from says which); "
                "jobs that were done in several files are the only proof that these give equal bits\n",
                output, merged->n_commits);
}

static int merge_files(const struct options *o, const struct sweeps *sweeps, struct err *err)
{
    struct store_merged merged;
    struct lock *lock = NULL;
    int rc = try_files(&sweeps->merge, err);
    if (rc == 0)
        rc = lock_take(o->output, 0, &lock, err);
    if (rc < 0)
        return rc;
    h5_draft_tidy(o->output);
    rc = store_merge(&sweeps->merge, o->output, &merged, err);
    lock_release(lock);
    if (rc == 0)
        tell(&sweeps->merge, o->output, &merged);
    return rc;
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    struct sweeps sweeps;
    int rc = sweeps_list(&sweeps, o->files.n, (const char *const *)o->files.text, err);
    if (rc == 0 && o->apart)
        rc = sweeps_name(&sweeps, o->apart, err);
    return rc < 0 ? rc : merge_files(o, &sweeps, err);
}

static const struct options defaults = {0};

COMMAND(merge, "several results files as one", &defaults, 0, 0);
