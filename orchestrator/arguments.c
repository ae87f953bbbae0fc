#include "arguments.h"

#include "settings/readout.h"

#include "settings/config.h"
#include "table/class_titles.h"
#include "kernels/kernels.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 32, NO_LETTER = 256 };

const struct argument arguments_common[] = {
    {"help", 'h', ARGUMENT_HELP, NULL, .help = "Print this help"},
    {"usage", 0, ARGUMENT_USAGE, NULL, .help = "Print the options alone"},
    {"version", 'V', ARGUMENT_VERSION, NULL, .help = "Print the version of the program"},
    {0}};

/* The options of a command: option i is known by its letter and by NO_LETTER + i. */
struct reader {
    const char *command;
    int n;
    const struct argument *row[MAX_ROWS];
};

/* The same as getopt_long wants them. */
struct spelling {
    struct option option[MAX_ROWS + 1];
    char letters[3 * MAX_ROWS + 2];
};

static void add_rows(struct reader *r, struct spelling *s, const struct argument *row)
{
    for (; row->type; row++) {
        int takes = !row->value ? no_argument : row->fallback ? optional_argument : required_argument;
        if (!row->name)
            continue;
        assert(r->n < MAX_ROWS);
        r->row[r->n] = row;
        s->option[r->n] = (struct option){row->name, takes, NULL, NO_LETTER + r->n};
        if (row->letter) {
            char *end = s->letters + strlen(s->letters);
            sprintf(end, "%c%.*s", row->letter, takes, "::");
        }
        r->n++;
    }
}

static const struct argument *row_of(const struct reader *r, int got)
{
    for (int i = 0; i < r->n; i++)
        if (got == NO_LETTER + i || (got && got == r->row[i]->letter))
            return r->row[i];
    return NULL;
}

/* `word` is no option: it begins several, is near to one, or is neither. */
static int refuse_name(const struct reader *r, const char *word, struct err *err)
{
    char name[CONFIG_WORD_SIZE], may[512] = "";
    const char *near = NULL;
    int n = snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word), least = n / 2 < 3 ? n / 2 : 3;
    for (int i = 0; i < r->n; i++) {
        const char *other = r->row[i]->name;
        int distance = setting_distance(name, other);
        if (strncmp(other, name, strlen(name)) == 0)
            snprintf(may + strlen(may), sizeof may - strlen(may), "%s--%s", *may ? ", " : "", other);
        if (r->row[i]->help && distance <= least) {
            near = other;
            least = distance - 1;
        }
    }
    if (*may)
        return err_set(err, E_USAGE, "%s: --%s may be %s; write more of it", r->command, name, may);
    if (near)
        return err_set(err, E_USAGE, "%s: unknown option --%s; did you mean --%s?", r->command, name, near);
    return err_set(err, E_USAGE, "%s: unknown option --%s; `cellsweep %s --help` lists them", r->command,
                   name, r->command);
}

/* What getopt_long found wrong; its globals tell which option. */
static int refuse_option(const struct reader *r, int got, char **argv, struct err *err)
{
    const struct argument *row = row_of(r, optopt);
    if (got == ':')
        return err_set(err, E_USAGE, "%s: --%s needs a value: --%s=%s", r->command, row->name, row->name,
                       row->value);
    if (row)
        return err_set(err, E_USAGE, "%s: --%s takes no value", r->command, row->name);
    if (optopt)
        return err_set(err, E_USAGE, "%s: unknown option -%c; `cellsweep %s --help` lists them", r->command,
                       optopt, r->command);
    return refuse_name(r, argv[optind - 1] + 2, err);
}

/* A whole number beyond those of long is the largest one of long: out of range. */
static int take_number(const struct argument *row, const char *text, void *field)
{
    char *end;
    int is_whole = row->type == ARGUMENT_WHOLE;
    double value = is_whole ? (double)strtol(text, &end, 10) : strtod(text, &end);
    if (end == text || *end || !(value >= row->min && value <= row->max))
        return -1;
    if (is_whole)
        *(int *)field = (int)value;
    else
        *(double *)field = value;
    return 0;
}

static int take_choice(const struct argument *row, const char *text, int *out)
{
    for (int c = (int)row->min; c <= (int)row->max; c++)
        if (strcmp(row->choice[c], text) == 0) {
            *out = c;
            return 0;
        }
    return -1;
}

/* What a value must be, for a line about one that is not. */
static const char *right_value(const struct argument *row, char *out, size_t size)
{
    char low[32], high[32];
    setting_real_text(row->min, low, sizeof low);
    setting_real_text(row->max, high, sizeof high);
    if (row->type == ARGUMENT_CHOICE) {
        size_t n = (size_t)snprintf(out, size, "one of");
        for (int c = (int)row->min; c <= (int)row->max && n < size; c++)
            n += (size_t)snprintf(out + n, size - n, "%s %s", c > (int)row->min ? "," : "", row->choice[c]);
    } else
        snprintf(out, size, "a %snumber from %s to %s", row->type == ARGUMENT_WHOLE ? "whole " : "", low,
                 high);
    return out;
}

/* A value of an option, or a word, into its field. */
static int take(const char *command, const struct argument *row, char *text, void *options, struct err *err)
{
    char right[512];
    void *field = (char *)options + row->offset;
    struct arguments_list *list = field;
    int rc = 0;
    switch (row->type) {
    case ARGUMENT_FLAG:
        *(int *)field = 1;
        return 0;
    case ARGUMENT_TEXT:
        *(const char **)field = text;
        return 0;
    case ARGUMENT_LIST:
        if (list->n == ARGUMENTS_LIST)
            return err_set(err, E_USAGE, "%s: more than %d --%s", command, ARGUMENTS_LIST, row->name);
        list->text[list->n++] = text;
        return 0;
    case ARGUMENT_CALL:
        rc = row->take(text, field, err);
        return rc < 0 ? err_set(err, rc, "%s: --%s: %s", command, row->name, err->text) : 0;
    case ARGUMENT_WHOLE:
    case ARGUMENT_REAL:
        rc = take_number(row, text, field);
        break;
    case ARGUMENT_CHOICE:
        rc = take_choice(row, text, field);
        break;
    default:
        assert(0 && "a row of this type has no value");
    }
    return rc < 0 ? err_set(err, E_USAGE, "%s: --%s '%.60s' is not %s", command, row->name, text,
                            right_value(row, right, sizeof right))
                  : 0;
}

static int refuse_words(const char *command, const struct argument *rows, const char *what, const char *word,
                        struct err *err)
{
    char synopsis[256];
    arguments_synopsis(rows, synopsis, sizeof synopsis);
    return err_set(err, E_USAGE, "%s: %s%.200s; usage: cellsweep %s%s", command, what, word, command,
                   synopsis);
}

static int refuse_few(const char *command, const struct argument *rows, const struct argument *rest, int n,
                      struct err *err)
{
    char what[80];
    snprintf(what, sizeof what, "give %d or more %s, not %d", (int)rest->min, rest->value, n);
    return refuse_words(command, rows, what, "", err);
}

/* The words that are no options, and whether all is there that must be. */
static int take_words(const char *command, const struct argument *rows, int n, char **word, void *options,
                      struct err *err)
{
    for (const struct argument *row = rows; row->type; row++) {
        void *field = (char *)options + row->offset;
        if (row->type == ARGUMENT_REST) {
            if (n < (int)row->min)
                return refuse_few(command, rows, row, n, err);
            *(struct arguments_rest *)field = (struct arguments_rest){n, word};
            n = 0;
        } else if (!row->name && n > 0) {
            take(command, row, *word++, options, err);
            n--;
        }
        if (row->is_needed && !*(const char **)field)
            return refuse_words(command, rows, row->name ? "give --" : "give ",
                                row->name ? row->name : row->value, err);
    }
    return n > 0 ? refuse_words(command, rows, "one argument too many: ", *word, err) : 0;
}

int arguments_parse(const char *command, const struct argument *rows, int argc, char **argv, void *options,
                    struct err *err)
{
    struct reader r = {.command = command};
    struct spelling s = {.letters = ":"};
    int got;
    add_rows(&r, &s, rows);
    add_rows(&r, &s, arguments_common);
    optind = 0; /* glibc: begin anew */
    while ((got = getopt_long(argc, argv, s.letters, s.option, NULL)) >= 0) {
        const struct argument *row = row_of(&r, got);
        if (got == '?' && optopt == '?')
            return ARGUMENT_HELP;
        if (!row)
            return refuse_option(&r, got, argv, err);
        if (row->type >= ARGUMENT_HELP)
            return (int)row->type;
        if (take(command, row, optarg ? optarg : row->fallback, options, err) < 0)
            return err->code;
    }
    return take_words(command, rows, argc - optind, argv + optind, options, err);
}

/* " [RESULTS.h5...]", or of those that must be there " A.h5 A.h5...". */
static size_t put_rest(const struct argument *row, char *out, size_t size)
{
    size_t n = 0;
    for (int i = 0; i < (int)row->min && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, " %s", row->value);
    if (n < size)
        n += row->min > 0 ? (size_t)snprintf(out + n, size - n, "...")
                          : (size_t)snprintf(out, size, " [%s...]", row->value);
    return n;
}

void arguments_synopsis(const struct argument *row, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, " [OPTION...]");
    for (; row->type && n < size; row++)
        if (row->type == ARGUMENT_REST)
            n += put_rest(row, out + n, size - n);
        else if (!row->name)
            n += (size_t)snprintf(out + n, size - n, row->is_needed ? " %s" : " [%s]", row->value);
        else if (row->is_needed)
            n += (size_t)snprintf(out + n, size - n, " -%c %s", row->letter, row->value);
}

int arguments_take_recalibrate(const char *text, void *field, struct err *err)
{
    return readout_recalibrate(text, field, err);
}

int arguments_take_threshold(const char *text, void *field, struct err *err)
{
    return readout_threshold(text, field, err);
}

int arguments_take_names(const char *text, void *field, struct err *err)
{
    *(const char **)field = text;
    return class_titles_read(text, err);
}

int arguments_take_isa(const char *text, void *field, struct err *err)
{
    return kernels_isa_from_name(text, field, err);
}
