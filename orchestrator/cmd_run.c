#include "clock.h"
#include "command.h"

#include "cells.h"
#include "data/dataset.h"
#include "deadline.h"
#include "grid.h"
#include "h5.h"
#include "run.h"

#include <argp.h>
#include <limits.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_SET = 256,
    OPTION_SET = 256,
    OPTION_DEDICATED,
    OPTION_ISA,
    OPTION_FORCE,
    OPTION_RETRY,
    OPTION_MAX,
    OPTION_TIME,
    OPTION_HEARTBEAT,
    OPTION_CHECKPOINT,
    OPTION_IO
};

static const char doc[] =
    "Run a sweep, or go on with one.\v"
    "Every combination of the grid in SWEEP.yaml is a job. Under mpirun all ranks train; rank 0 hands the "
    "jobs out "
    "between its own mini-batches. Every rank writes its own rows of RESULTS.h5 as it goes. The same command "
    "again "
    "resumes: finished jobs are skipped. A grid that grew keeps what is finished; a sweep file that changed "
    "otherwise "
    "is refused, the difference named. Images that are not packed yet are packed to RESULTS.cells.h5 "
    "first.\n\n"
    "Every 60 seconds of a job (--checkpoint) its state goes to RESULTS.h5.checkpoints/, from where any rank "
    "goes on with it, with the same bits: a killed job repeats at most that and one epoch. A checkpoint that "
    "is "
    "damaged or of another program, data or kernels is said and ignored, the job starts over.\n\n"
    "SIGUSR1, SIGTERM, SIGINT and a deadline stop the sweep, exit status 75: an epoch that ends within 5 "
    "seconds "
    "(SIGTERM, SIGINT: 1 second) is waited for, running jobs are saved and given back. A second SIGINT ends "
    "at "
    "once.\n\n"
    "One run writes a results file at a time (RESULTS.h5.lock); RESULTS.h5.events.jsonl logs what happens. "
    "Under "
    "`mpirun --enable-recovery` the sweep goes on without a rank that dies or hangs; mpirun then returns 0 "
    "whatever happened, and RESULTS.h5.status has the exit status.\n\n"
    "Examples:\n"
    "  cellsweep run experiments/fig4.yaml -o fig4.h5\n"
    "  mpirun --enable-recovery -n 8 cellsweep run experiments/fig4.yaml -o fig4.h5\n"
    "  cellsweep run sweep.yaml -o try.h5 --set train.epochs=5 \\\n"
    "      --filter 'clusters=1-27,seed=1..3'\n\n"
    "Exit status: 0 all done; 1 some jobs failed; 2 wrong usage or sweep file; 3 input or output; 75 stopped "
    "early, "
    "run the same command again.";

static const struct argp_option options[] = {
    {"output", 'o', "RESULTS.h5", 0, "Results file to create or go on with (required)", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0,
     "Override a value of the sweep file, e.g. train.epochs=20; of a key that the grid varies, leave that "
     "value alone (seed=5), or other ones ('grid.seed=[5, 6]'); may be repeated",
     0},
    {"filter", 'f', "FILTER", 0,
     "Run only matching jobs, e.g. 'strategy=augment|none,clusters=1-27,seed=1..5'", 0},
    {"dedicated", OPTION_DEDICATED, NULL, 0, "Rank 0 only hands out (for hundreds of ranks)", 0},
    {"isa", OPTION_ISA, "NAME", 0,
     "Kernels: auto, reference, blas, avx2 or avx512 (default: the best all ranks run)", 0},
    {"time", OPTION_TIME, "HH:MM:SS", 0,
     "End within this time (or SECONDS): start no job that cannot be finished, then stop; inside a Slurm job "
     "its own end is found",
     0},
    {"heartbeat", OPTION_HEARTBEAT, "SECONDS", 0,
     "A rank not heard of for so long is lost, its job goes to another (default 60)", 0},
    {"checkpoint", OPTION_CHECKPOINT, "SECONDS", 0,
     "Save a running job every SECONDS, so that a killed one goes on from there (default 60; 0: never)", 0},
    {"io", OPTION_IO, "WAY", 0,
     "How rows reach RESULTS.h5: mpio (default; every rank, through MPI-IO), pwrite (every rank, plain "
     "writes) or rank0 (sent to rank 0, which writes; the others need not see the file). The same bits in "
     "each; `cellsweep doctor DIR` recommends one",
     0},
    {"max-failures", OPTION_MAX, "N", 0,
     "Stop when N jobs of this run have failed or diverged, exit status 1", 0},
    {"retry-failed", OPTION_RETRY, NULL, 0, "Run failed and diverged jobs again", 0},
    {"force-unlock", OPTION_FORCE, NULL, 0,
     "Take over RESULTS.h5.lock of a run on another host that nobody here can look at, when you know it is "
     "dead",
     0},
    {"quiet", 'q', NULL, 0, "No progress line", 0},
    {0}};

struct arguments {
    struct run_options run;
    char *set[MAX_SET];
};

static int io_from_name(const char *name, enum store_io *io)
{
    for (int i = 0; i < N_STORE_IO; i++)
        if (strcmp(name, store_io_names[i]) == 0) {
            *io = (enum store_io)i;
            return 0;
        }
    return -1;
}

static int whole_number(const struct argp_state *state, const char *option, const char *text, int least,
                        int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < least || value > most)
        argp_error(state, "%s: '%s' is not a whole number from %d to %d", option, text, least, most);
    return (int)value;
}

static double seconds_from(const struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= 1e6))
        argp_error(state, "%s: '%s' is not 0 to 1000000 seconds", option, text);
    return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct err isa_err = {0};
    switch (key) {
    case 'o':
        a->run.results_path = arg;
        return 0;
    case 'f':
        a->run.filter = arg;
        return 0;
    case 'q':
        a->run.quiet = 1;
        return 0;
    case OPTION_ISA:
        if (kernels_isa_from_name(arg, &a->run.isa, &isa_err) < 0)
            argp_error(state, "--isa: %s", isa_err.text);
        return 0;
    case OPTION_IO:
        if (io_from_name(arg, &a->run.io) < 0)
            argp_error(state, "--io: '%s'; give mpio, pwrite or rank0", arg);
        return 0;
    case OPTION_TIME:
        if (deadline_parse(arg) < 0)
            argp_error(state, "--time: '%s' is neither [[D-]HH:]MM:SS nor SECONDS", arg);
        a->run.end = a->run.begun + deadline_parse(arg);
        return 0;
    case OPTION_HEARTBEAT:
        a->run.heartbeat = whole_number(state, "--heartbeat", arg, 2, 86400);
        return 0;
    case OPTION_FORCE:
        a->run.force_unlock = 1;
        return 0;
    case OPTION_RETRY:
        a->run.retry_failed = 1;
        return 0;
    case OPTION_MAX:
        a->run.max_failures = whole_number(state, "--max-failures", arg, 1, INT_MAX);
        return 0;
    case OPTION_CHECKPOINT:
        a->run.checkpoint = seconds_from(state, "--checkpoint", arg);
        return 0;
    case OPTION_DEDICATED:
        a->run.dedicated = 1;
        return 0;
    case OPTION_SET:
        if (a->run.n_set == MAX_SET)
            argp_error(state, "more than %d --set", MAX_SET);
        a->set[a->run.n_set++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->run.sweep_path)
            argp_error(state, "one sweep file, please; '%s' is a second", arg);
        a->run.sweep_path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->run.sweep_path)
            argp_error(state, "which sweep file?");
        if (!a->run.results_path)
            argp_error(state, "where to? give -o RESULTS.h5");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* 1 on rank 0 as mpirun or Slurm number it, and wherever nobody does. */
static int is_first(void)
{
    static const char *const rank[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof rank / sizeof *rank; i++) {
        const char *number = getenv(rank[i]);
        if (number)
            return atoi(number) == 0;
    }
    return 1;
}

/* The files of an earlier run and the packed images may be damaged; to try them is for the time before MPI_Init (trial.h). What is
 * wrong with the sweep file, run_sweep says. */
static int try_files(const struct run_options *o, struct err *err)
{
    struct sweep *sweep = NULL;
    if (!is_first())
        return 0;
    int rc = access(o->results_path, F_OK) == 0 ? cells_try(o->results_path, err) : 0;
    if (rc == 0 && sweep_read(o->sweep_path, o->n_set, o->set, &sweep, NULL) == 0)
        rc = dataset_try(sweep->data, err);
    sweep_free(sweep);
    return rc;
}

static void say_error(int rank, int rc, const struct err *err)
{
    if (rank == 0 && rc < 0 && err->text[0])
        fprintf(stderr, "cellsweep: %s\n", err->text);
    fflush(NULL);
}

/* Open MPI 4's `mpirun --enable-recovery` returns 0 whatever its ranks do, and never returns when a rank on another daemon exits with
 * another status than 0: RESULTS.h5.status has the true one. */
static int is_status_hidden(void)
{
    const char *recovery = getenv("OMPI_MCA_orte_enable_recovery");
    return recovery && atoi(recovery);
}

/* Until ranks that were started together have met, at least. */
enum { START_SECONDS = 30 };

int cmd_run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {options, parse, "SWEEP.yaml -o RESULTS.h5", doc, NULL, NULL, NULL};
    struct arguments arguments = {.run = {.heartbeat = 60, .checkpoint = 60}};
    arguments.run.begun = clock_wall();
    arguments.run.end = (double)INFINITY;
    arguments.run.set = arguments.set;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    run_catch_signals();
    if (is_status_hidden())
        run_limit_start((unsigned)fmax(START_SECONDS, arguments.run.heartbeat));
    int rank, threads, alone = 0, rc = try_files(&arguments.run, err);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &threads); /* lifesign.h; all else needs less */
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Allreduce(MPI_IN_PLACE, &rc, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (rc == 0 && threads < MPI_THREAD_SERIALIZED)
        rc = err_set(err, E_USAGE,
                     "this MPI library was built without threads; run needs MPI_THREAD_SERIALIZED");
    if (rc == 0)
        rc = run_sweep(&arguments.run, &alone, err);
    if (alone) { /* MPI_Finalize would wait for the lost ranks for ever */
        say_error(rank, rc, err);
        _exit(is_status_hidden() ? 0 : err_exit_status(rc));
    }
    rc = h5_handles_check(rc, err);
    MPI_Finalize();
    if (is_status_hidden())
        say_error(rank, rc, err);
    if (rank != 0)
        err->text[0] = '\0'; /* rank 0 says it, once */
    return is_status_hidden() ? 0 : rc;
}
