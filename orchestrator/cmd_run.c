#include "command.h"

#include "run.h"

#include <argp.h>
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

enum {
    MAX_SET = 256,
    OPTION_SET = 256,
    OPTION_DEDICATED,
    OPTION_ISA,
    OPTION_FORCE,
    OPTION_RETRY,
    OPTION_MAX
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
    "SIGUSR1, SIGTERM and SIGINT stop the sweep: running jobs are given back, exit status 75.\n\n"
    "Examples:\n"
    "  cellsweep run experiments/fig4.yaml -o fig4.h5\n"
    "  mpirun -n 8 cellsweep run experiments/fig4.yaml -o fig4.h5\n"
    "  cellsweep run sweep.yaml -o try.h5 --set train.epochs=5 --filter 'clusters=1-27,seed=1..3'\n\n"
    "Exit status: 0 all done; 1 some jobs failed; 2 wrong usage or sweep file; 3 input or output; 75 stopped "
    "early, "
    "run the same command again.";

static const struct argp_option options[] = {
    {"output", 'o', "RESULTS.h5", 0, "Results file to create or go on with (required)", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0,
     "Override a value of the sweep file, e.g. train.epochs=20; may be repeated", 0},
    {"filter", 'f', "FILTER", 0,
     "Run only matching jobs, e.g. 'strategy=augment|none,clusters=1-27,seed=1..5'", 0},
    {"dedicated", OPTION_DEDICATED, NULL, 0, "Rank 0 only hands out (for hundreds of ranks)", 0},
    {"isa", OPTION_ISA, "NAME", 0,
     "Kernels: auto, reference, blas, avx2 or avx512 (default: the best all ranks run)", 0},
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

static int whole_number(const struct argp_state *state, const char *option, const char *text, int least,
                        int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < least || value > most)
        argp_error(state, "%s: '%s' is not a whole number from %d to %d", option, text, least, most);
    return (int)value;
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
    case OPTION_FORCE:
        a->run.force_unlock = 1;
        return 0;
    case OPTION_RETRY:
        a->run.retry_failed = 1;
        return 0;
    case OPTION_MAX:
        a->run.max_failures = whole_number(state, "--max-failures", arg, 1, INT_MAX);
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

int cmd_run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {options, parse, "SWEEP.yaml -o RESULTS.h5", doc, NULL, NULL, NULL};
    struct arguments arguments = {0};
    arguments.run.set = arguments.set;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int rank;
    run_catch_signals();
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int rc = run_sweep(&arguments.run, err);
    MPI_Finalize();
    if (rank != 0)
        err->text[0] = '\0'; /* rank 0 says it, once */
    return rc;
}
