/* command.h - the commands of the program, one function each.
 *
 * A command gets its own argv (argv[0] is "cellsweep <name>"), parses it with argp, prints its primary output to stdout and
 * everything else to stderr, and returns 0 or a code with *err set; main() prints the line and makes the exit status. */
#ifndef CELLSWEEP_COMMAND_H
#define CELLSWEEP_COMMAND_H

#include "err.h"

int cmd_data(int argc, char **argv, struct err *err);
int cmd_plan(int argc, char **argv, struct err *err);
int cmd_run(int argc, char **argv, struct err *err);
int cmd_status(int argc, char **argv, struct err *err);
int cmd_report(int argc, char **argv, struct err *err);
int cmd_export(int argc, char **argv, struct err *err);
int cmd_predict(int argc, char **argv, struct err *err);
int cmd_serve(int argc, char **argv, struct err *err);
int cmd_bench(int argc, char **argv, struct err *err);
int cmd_doctor(int argc, char **argv, struct err *err);

#endif
