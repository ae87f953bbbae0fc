#include "command.h"

#include "settings/config.h"
#include "launch.h"
#include "screen.h"
#include "usage.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What options that every command has ask for; ranks of one run need no copy each. */
static int tell(const struct command *command, int what)
{
    if (launch_rank() > 0)
        return 0;
    if (what == ARGUMENT_VERSION)
        printf("cellsweep %s (%s)\n", CELLSWEEP_VERSION, CELLSWEEP_COMMIT);
    else
        usage_page(stdout, command, what == ARGUMENT_USAGE);
    return 0;
}

static int run_leaf(const struct command *command, int argc, char **argv, struct err *err)
{
    void *options = err_calloc(1, command->size, "the options", err);
    if (!options)
        return E_IO;
    if (command->defaults)
        memcpy(options, command->defaults, command->size);
    int rc = arguments_parse(command->name, command->rows, argc, argv, options, err);
    if (rc > 0)
        rc = tell(command, rc);
    else if (rc == 0) {
        if (command->for_people)
            screen_fit_stdout();
        rc = command->run(options, err);
    } else if (command->is_mpi && launch_rank() >= 0)
        rc = launch_end(launch_begin(rc, err), err);
    free(options);
    return rc;
}

static const char *last_word(const char *name)
{
    const char *space = strrchr(name, ' ');
    return space ? space + 1 : name;
}

static int refuse_verb(const struct command *command, const char *word, struct err *err)
{
    char near[64] = "";
    const char *name = command->name;
    for (const struct command *const *verb = command->verbs; *verb; verb++)
        if (setting_distance(word, last_word((*verb)->name)) <= 2)
            snprintf(near, sizeof near, "did you mean %s? ", last_word((*verb)->name));
    return err_set(err, E_USAGE, "%s%s'%s' is no command; %s`cellsweep %s%s--help` lists them", name,
                   *name ? ": " : "", word, near, name, *name ? " " : "");
}

int command_run(const struct command *command, int argc, char **argv, struct err *err)
{
    static char help[] = "--help";
    if (!command->verbs)
        return run_leaf(command, argc, argv, err);
    if (argc < 2) {
        usage_page(stderr, command, 0);
        return err_set(err, E_USAGE, "%s", "");
    }
    if (argc > 2 && strcmp(argv[1], "help") == 0) { /* `help run` is `run --help` */
        memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof *argv);
        argv[argc - 1] = help;
    }
    const char *word = argv[1];
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return tell(command, ARGUMENT_HELP);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return tell(command, ARGUMENT_VERSION);
    for (const struct command *const *verb = command->verbs; *verb; verb++)
        if (strcmp(word, last_word((*verb)->name)) == 0)
            return command_run(*verb, argc - 1, argv + 1, err);
    return refuse_verb(command, word, err);
}
