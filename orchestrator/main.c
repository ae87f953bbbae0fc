/* main.c - the commands; the only place that prints an error and picks the exit status. */
#include "command.h"
#include "complete.h"
#include "h5.h"
#include "store/stored_network.h"

#include <cblas.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

EMBED(help_cellsweep, "orchestrator/help/cellsweep.txt");

/* In the order a sweep goes: data, plan, run, grow, status, merge, report, serve. */
static const struct command *const commands[] = {
    &cmd_data,   &cmd_plan,    &cmd_run,   &cmd_grow,  &cmd_status, &cmd_merge, &cmd_report,
    &cmd_export, &cmd_predict, &cmd_serve, &cmd_bench, &cmd_doctor, NULL};
static const struct command cellsweep = {"", "", help_cellsweep, .verbs = commands};

int main(int argc, char **argv)
{
    struct err err = {0};
    openblas_set_num_threads(1);
    kept_model_read_by(stored_network_read);
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* mpirun mixes streams and ranks: no line in pieces */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, with a line */
    if (argc > 2 && strcmp(argv[1], "complete") == 0) { /* asked by shells, so in no list of commands */
        complete_words(stdout, &cellsweep, argc - 2, argv + 2);
        return 0;
    }
    int rc = h5_handles_check(command_run(&cellsweep, argc, argv, &err), &err);
    if (rc < 0 && err.text[0])
        fprintf(stderr, "cellsweep: %s\n", err.text);
    return err_exit_status(rc);
}
