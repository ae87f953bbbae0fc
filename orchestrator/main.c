/* main.c - the table of commands; the only place that prints an error and picks the exit status. */
#include "command.h"
#include "h5.h"
#include "version.h"

#include <argp.h>
#include <cblas.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name, *arguments, *help;
    int (*run)(int argc, char **argv, struct err *err);
};

/* In the order a sweep goes: data, plan, run, status, report, serve. */
static const struct command commands[] = {
    {"data", "synth|pack|info ...", "make, pack and look at cell images", cmd_data},
    {"plan", "SWEEP.yaml", "every job of a sweep, its cost, the expected wall time; touches nothing",
     cmd_plan},
    {"run", "SWEEP.yaml -o R.h5", "run a sweep (under mpirun on all ranks), or go on with one", cmd_run},
    {"status", "R.h5", "progress of a running, finished or killed sweep", cmd_status},
    {"report", "R.h5 -o DIR", "figures and tables", cmd_report},
    {"export", "R.h5 --table T", "CSV of jobs, epochs, confusion matrices, predictions; weights as ONNX",
     cmd_export},
    {"predict", "R.h5 IMAGE...", "cluster and probabilities of new images, by stored weights", cmd_predict},
    {"serve", "R.h5", "the report as a live web page, and a classifier of uploaded images", cmd_serve},
    {"bench", "", "speed of the training engine against what this core can do", cmd_bench},
    {"doctor", "[DIR]", "what this machine has, and whether it fits", cmd_doctor},
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fprintf(out, "cellsweep %s: experiment sweeps on imbalanced single-cell images\n\n", CELLSWEEP_VERSION);
    fprintf(
        out,
        "Usage: cellsweep COMMAND [ARGUMENT...]\n       mpirun -n N cellsweep run SWEEP.yaml -o R.h5\n\n");
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-7s %-20s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fprintf(
        out,
        "\n`cellsweep help COMMAND` tells more. Exit status: 0 done; 1 some jobs failed; 2 wrong usage or\n"
        "configuration; 3 input or output; 75 stopped early, run the same command again.\n");
}

static int dispatch(int argc, char **argv, struct err *err)
{
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "cellsweep %s", commands[i].name);
        argv[1] = name;
        return h5_handles_check(commands[i].run(argc - 1, argv + 1, err), err);
    }
    return err_set(err, E_USAGE, "'%s' is no command; `cellsweep --help` lists them", argv[1]);
}

/* `help run` and `run -h` are `run --help`; argp knows only the last. */
static char **ask_for_help(int argc, char **argv)
{
    static char help[] = "--help";
    if (argc > 2 && strcmp(argv[1], "help") == 0) {
        memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof *argv);
        argv[argc - 1] = help;
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0)
            argv[i] = help;
    return argv;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    argp_program_version = "cellsweep " CELLSWEEP_VERSION " (" CELLSWEEP_COMMIT ")";
    argp_err_exit_status = 2;
    openblas_set_num_threads(1);
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* mpirun mixes streams and ranks: no line in pieces */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, with a line */
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    argv = ask_for_help(argc, argv);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("%s\n", argp_program_version);
        return 0;
    }
    int rc = dispatch(argc, argv, &err);
    if (rc < 0 && err.text[0])
        fprintf(stderr, "cellsweep: %s\n", err.text);
    return err_exit_status(rc);
}
