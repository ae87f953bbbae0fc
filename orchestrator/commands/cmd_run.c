#include "clock.h"
#include "command.h"

#include "sweep/cells.h"
#include "data/dataset.h"
#include "run/deadline.h"
#include "sweep/expand.h"
#include "h5.h"
#include "launch.h"
#include "run/run.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <unistd.h>

struct options {
    struct run_options run;
    struct arguments_list set;
    double time; /* seconds; 0: not given */
};

static int take_time(const char *text, void *field, struct err *err)
{
    double *seconds = field;
    *seconds = deadline_parse(text);
    return *seconds < 0 ? err_set(err, E_USAGE, "'%.40s' is neither [[D-]HH:]MM:SS nor SECONDS", text) : 0;
}

static int take_limit(const char *text, void *field, struct err *err)
{
    return job_limit_parse(text, field) == 0
               ? 0
               : err_set(err, E_USAGE, "'%.40s' is neither [[D-]HH:]MM:SS nor SECONDS nor a multiple as 5x",
                         text);
}

static const struct argument rows[] = {
    ARGUMENT_SWEEP(run.sweep_path, 1),
    {"output", 'o', ARGUMENT_TEXT, "RESULTS.h5", AT(run.results_path), .is_needed = 1,
     .help = "Results file to create or go on with (required)"},
    ARGUMENT_SET(set),
    ARGUMENT_FILTER(run.filter),
    {"order", 0, ARGUMENT_CHOICE, "ORDER", AT(run.order), 0, N_ORDERS - 1, order_names,
     .help = "Which jobs first: seed (default; every combination with its first seed, repeat or fold, then "
             "with its second, so that a run that is ended leaves whole seeds; towards the end by length) or "
             "longest (by length alone)"},
    {"first", 0, ARGUMENT_TEXT, "FILTER", AT(run.first),
     .help = "Jobs that match go before all others, e.g. 'strategy=none|augment,seed<=3'"},
    {"dedicated", 0, ARGUMENT_FLAG, NULL, AT(run.dedicated),
     .help = "Rank 0 only hands out (for hundreds of ranks)"},
    ARGUMENT_ISA(run.isa, "the best all ranks run"),
    {"time", 0, ARGUMENT_CALL, "HH:MM:SS", AT(time), .take = take_time,
     .help = "End within this time (or SECONDS): start no job that cannot be finished, then stop; inside a "
             "Slurm job its own end is found"},
    {"heartbeat", 0, ARGUMENT_REAL, "SECONDS", AT(run.heartbeat), 2, 86400,
     .help = "A rank not heard of for so long is lost, its job goes to another (default 60)"},
    {"checkpoint", 0, ARGUMENT_REAL, "SECONDS", AT(run.checkpoint), 0, 1e6,
     .help = "Save a running job every SECONDS, so that a killed one goes on from there (default 60; 0: "
             "never)"},
    {"io", 0, ARGUMENT_CHOICE, "WAY", AT(run.io), 0, N_STORE_IO - 1, store_io_names,
     .help = "How rows reach RESULTS.h5: mpio (default; every rank, through MPI-IO), pwrite (every rank, "
             "plain writes) or rank0 (sent to rank 0, which writes; the others need not see the file). The "
             "same bits in each; `cellsweep doctor DIR` recommends one"},
    {"job-limit", 0, ARGUMENT_CALL, "LIMIT", AT(run.job_limit), .take = take_limit,
     .help = "An attempt at a job that takes longer fails, as any other failure: HH:MM:SS or SECONDS; or 5x, "
             "five times what jobs of its kind took, from the third that has finished and 10 seconds on"},
    {"max-failures", 0, ARGUMENT_WHOLE, "N", AT(run.max_failures), 1, INT_MAX,
     .help = "Stop when N jobs of this run have failed or diverged, exit status 1"},
    {"retry-failed", 0, ARGUMENT_FLAG, NULL, AT(run.retry_failed),
     .help = "Run failed and diverged jobs again"},
    {"force-unlock", 0, ARGUMENT_FLAG, NULL, AT(run.force_unlock),
     .help = "Take over RESULTS.h5.lock of a run on another host that nobody here can look at, when you know "
             "it is dead"},
    {"quiet", 'q', ARGUMENT_FLAG, NULL, AT(run.quiet), .help = "No progress line"},
    {0}};

/* The files of an earlier run and the packed images may be damaged; to try them is for the time before
 * MPI_Init (child.h). What is wrong with the sweep file, run_sweep says. */
static int try_files(const struct run_options *o, struct err *err)
{
    struct sweep *sweep = NULL;
    if (launch_rank() > 0)
        return 0;
    int rc = access(o->results_path, F_OK) == 0 ? cells_try(o->results_path, err) : 0;
    if (rc == 0 && sweep_read(o->sweep_path, o->n_set, o->set, &sweep, NULL) == 0)
        rc = cells_try_named(sweep, err);
    sweep_free(sweep);
    return rc;
}

/* Until ranks that were started together have met, at least. */
enum { START_SECONDS = 30 };

static int run(const void *options, struct err *err)
{
    const struct options *given = options;
    struct run_options o = given->run;
    int threads, alone = 0;
    o.begun = clock_wall();
    o.end = given->time > 0 ? o.begun + given->time : (double)INFINITY;
    o.n_set = given->set.n;
    o.set = given->set.text;
    run_catch_signals();
    if (launch_hides_status())
        run_limit_start((unsigned)fmax(START_SECONDS, o.heartbeat));
    int rc = launch_begin(try_files(&o, err), err);
    MPI_Query_thread(&threads);
    if (rc == 0 && threads < MPI_THREAD_SERIALIZED)
        rc = err_set(err, E_USAGE,
                     "this MPI library was built without threads; run needs MPI_THREAD_SERIALIZED");
    if (rc == 0)
        rc = run_sweep(&o, &alone, err);
    if (alone) { /* MPI_Finalize would wait for the lost ranks for ever */
        launch_say(rc, err);
        _exit(launch_hides_status() ? 0 : err_exit_status(rc));
    }
    return launch_end(h5_handles_check(rc, err), err);
}

static const struct options defaults = {.run = {.heartbeat = 60, .checkpoint = 60}};

COMMAND(run, "run a sweep (under mpirun on all ranks), or go on with one", &defaults, 1, 0);
