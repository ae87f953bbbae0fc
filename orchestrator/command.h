/* command.h - the commands of the program: constants that say how each is called and what it does.
 *
 * command_run() reads the words (arguments.h) into a copy of `defaults` and calls run(), which prints its
 * primary output to stdout and everything else to stderr, and returns 0 or a code with *err set; main()
 * prints the line and makes the exit status. */
#ifndef CELLSWEEP_COMMAND_H
#define CELLSWEEP_COMMAND_H

#include "arguments.h"
#include "embed.h"

struct command {
    const char *name;                   /* after "cellsweep": "run", "data pack"; "" is the program itself */
    const char *summary;                /* its line in a list of commands */
    const char *text;                   /* help/NAME.txt, what usage.h prints around the options */
    const struct command *const *verbs; /* ended by NULL: what it consists of; then nothing below is set */
    const struct argument *rows;
    const void *defaults; /* (size) the struct that the rows speak of */
    size_t size;
    int is_mpi;     /* 1: all ranks run it; each reads the words, one says what is wrong with them */
    int for_people; /* 1: what it prints on a terminal is broken to fit (screen.h) */
    int (*run)(const void *options, struct err *err);
};

/* clang-format off */
/* The command cmd_ID of a file with rows, run() and struct options, whose text is help/ID.txt. */
#define COMMAND(id, summary_, defaults_, is_mpi_, for_people_)                                             \
    EMBED(help_##id, "orchestrator/help/" #id ".txt");                                                     \
    const struct command cmd_##id = {.name = #id, .summary = summary_, .text = help_##id, .rows = rows,    \
        .defaults = defaults_, .size = sizeof(struct options), .is_mpi = is_mpi_,                         \
        .for_people = for_people_, .run = run}
/* clang-format on */

extern const struct command cmd_data, cmd_plan, cmd_run, cmd_grow, cmd_status, cmd_merge, cmd_report,
    cmd_export, cmd_predict, cmd_serve, cmd_bench, cmd_doctor;

/* Run the command, or the verb of it, that argv[1] and on ask for; --help, -h, help, --usage, --version and
 * -V print to stdout and return 0. E_USAGE, with an empty line when the list of commands went to stderr
 * instead. */
int command_run(const struct command *command, int argc, char **argv, struct err *err);

#endif
