/* arguments.h - the options and arguments of a command as a table of rows.
 *
 *     struct options { const char *results, *filter; int port; };
 *     static const struct argument rows[] = {
 *         ARGUMENT_RESULTS(results),
 *         ARGUMENT_FILTER(filter),
 *         {"port", 'p', ARGUMENT_WHOLE, "PORT", AT(port), 0, 65535, .help = "..."},
 *         {0}};
 *     int rc = arguments_parse("serve", rows, argc, argv, &options, &err);
 *
 * glibc's getopt_long reads the words: options anywhere, --filt for --filter, --port=1, -p1, -qf FILTER,
 * and -- before words that look like options. argp would make help of such a table, too, but it either ends
 * the process below main(), once a rank, or (ARGP_NO_EXIT | ARGP_NO_ERRS) keeps to itself which option was
 * wrong. usage.h prints the help. Not reentrant (getopt's globals); no MPI, no output. */
#ifndef CELLSWEEP_ARGUMENTS_H
#define CELLSWEEP_ARGUMENTS_H

#include "err.h"

#include <limits.h>
#include <stddef.h>

enum { ARGUMENTS_LIST = 256 };

enum argument_type {
    ARGUMENT_END,
    ARGUMENT_FLAG,   /* int: 1 when given */
    ARGUMENT_TEXT,   /* const char *: of argv */
    ARGUMENT_WHOLE,  /* int, from min to max */
    ARGUMENT_REAL,   /* double, from min to max */
    ARGUMENT_CHOICE, /* int or enum: the place of the text in choice, from min to max */
    ARGUMENT_LIST,   /* struct arguments_list: may be given again and again */
    ARGUMENT_REST,   /* struct arguments_rest: all words that are left; the last of the words */
    ARGUMENT_CALL,   /* whatever take() makes of the text */
    /* asked for by options that every command has */
    ARGUMENT_HELP,
    ARGUMENT_USAGE,
    ARGUMENT_VERSION
};

struct arguments_list {
    int n;
    char *text[ARGUMENTS_LIST];
};

struct arguments_rest {
    int n;
    char **text; /* (n) of argv */
};

struct argument {
    const char *name; /* of the option, "filter"; NULL: a word, by its place */
    int letter;       /* 'f'; 0: none */
    enum argument_type type;
    const char *value; /* what help calls its value, "FILTER"; NULL: it has none */
    size_t offset;     /* in the options of the command */
    double min, max;   /* of ARGUMENT_REST min alone: so many words at least */
    const char *const *choice;
    int (*take)(const char *text, void *field, struct err *err); /* 0, or a code and *err */
    char *fallback;   /* the value of an option given without one; NULL: it must have one */
    int is_needed;    /* 1: must be given; ARGUMENT_TEXT only, the field is NULL before */
    const char *help; /* NULL: not listed */
};

/* Where a row's value goes in the file's struct options. */
#define AT(field) offsetof(struct options, field)

/* clang-format off */
/* A word of the command line, by its place. */
#define ARGUMENT_WORD(value_, field, is_needed_)                                                           \
    {.value = value_, .type = ARGUMENT_TEXT, .offset = AT(field), .is_needed = is_needed_}

/* Rows that commands share. field: of struct options. */
#define ARGUMENT_RESULTS(field) ARGUMENT_WORD("RESULTS.h5", field, 1)
#define ARGUMENT_MORE_RESULTS(field)                                                                       \
    {.value = "RESULTS.h5", .type = ARGUMENT_REST, .offset = AT(field)}
#define ARGUMENT_SWEEP(field, is_needed_) ARGUMENT_WORD("SWEEP.yaml", field, is_needed_)
#define ARGUMENT_FILTER(field)                                                                             \
    {"filter", 'f', ARGUMENT_TEXT, "FILTER", AT(field),                                                    \
     .help = "Only jobs that match, e.g. 'strategy=augment|none,clusters=1-*,seed<=5', with = != < <= > >= " \
             "and * for any letters, or 'clusters=Folded-\"T-cell\"': class names with - , | = or \" stand " \
             "in double quotes"}
#define ARGUMENT_NAMES(field)                                                                              \
    {"names", 0, ARGUMENT_CALL, "FILE", AT(field), .take = arguments_take_names,                           \
     .help = "Call numbered classes by the names of a table, number and name: they stand wherever "        \
             "classes are shown, and in --filter"}
#define ARGUMENT_RECALIBRATE(field)                                                                        \
    {"recalibrate", 'r', ARGUMENT_CALL, "WAYS", AT(field), .take = arguments_take_recalibrate,             \
     .help = "Put probabilities right on each job's val set: none, prior, temperature, or several with "   \
             "commas (default: as the sweep says, else none)"}
#define ARGUMENT_THRESHOLD(field)                                                                          \
    {"threshold", 'T', ARGUMENT_CALL, "RULE", AT(field), .take = arguments_take_threshold,                 \
     .help = "Decide by the largest probability (argmax), or by cuts of best balanced accuracy on each "   \
             "job's val set (tuned; default: as the sweep says, else argmax)"}
#define ARGUMENT_OUTPUT_FILE(field)                                                                        \
    {"output", 'o', ARGUMENT_TEXT, "FILE", AT(field),                                                      \
     .help = "Write there; the file appears when it is whole (default, and -: stdout)"}
#define ARGUMENT_SET(field)                                                                                \
    {"set", 0, ARGUMENT_LIST, "KEY=VALUE", AT(field),                                                      \
     .help = "Override a value of the sweep file, e.g. train.epochs=20; of a key that the grid varies, its " \
             "values, 'grid.seed=[5, 6]', in all blocks that have it, 'grid.2.seed=[5]' in the second; may " \
             "be repeated"}
#define ARGUMENT_ISA(field, by_default)                                                                    \
    {"isa", 'i', ARGUMENT_CALL, "NAME", AT(field), .take = arguments_take_isa,                             \
     .help = "Kernels: auto, reference, blas, avx2 or avx512 (default: " by_default ")"}
/* clang-format on */

/* take() of an enum kernels_isa. */
int arguments_take_isa(const char *text, void *field, struct err *err);

/* take() of what probabilities are put right by, unsigned, and of how they decide, int
 * (settings/readout.h). */
int arguments_take_recalibrate(const char *text, void *field, struct err *err);
int arguments_take_threshold(const char *text, void *field, struct err *err);

/* take() of a table of names, which are the process's from then on (class_name.h); field: const char *. */
int arguments_take_names(const char *text, void *field, struct err *err);

/* Read argv[1] and on into the struct that the rows speak of, which holds the defaults; argv is put in
 * order. command: what errors begin with. 0; ARGUMENT_HELP, ARGUMENT_USAGE or ARGUMENT_VERSION when one of
 * these was asked for; or a code (E_USAGE) with one line that names the option and what would be right. */
int arguments_parse(const char *command, const struct argument *rows, int argc, char **argv, void *options,
                    struct err *err);

/* What every command has besides its own rows: --help, --usage, --version. */
extern const struct argument arguments_common[];

/* " [OPTION...] SWEEP.yaml -o RESULTS.h5": the words and the options that must be there. */
void arguments_synopsis(const struct argument *rows, char *out, size_t size);

#endif
