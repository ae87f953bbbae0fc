/* cellsweep export: the results file as CSV. */
#include "command.h"

#include "export.h"
#include "output.h"

#include <argp.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DOC[] =
    "Write a table of a results file as CSV, to stdout or to a file. It may be used while the sweep runs.\v"
    "jobs: one row a job with its state, times, sizes and last metrics. epochs: the learning curves. "
    "confusion: the "
    "matrices, one row a cell. predictions: every image's class probabilities. scores: sensitivity, AUROC, "
    "calibration and more, computed from the stored probabilities. Missing and undefined values are empty "
    "fields.\n\n"
    "  cellsweep export fig4.h5 --table epochs --filter 'clusters=1-27,seed=1..5' -o curves.csv\n"
    "  cellsweep export cv.h5 --table scores --on oof";

static const struct argp_option OPTIONS[] = {
    {"table", 't', "TABLE", 0, "jobs, epochs, confusion, predictions or scores", 0},
    {"on", 'n', "SET", 0,
     "Scores of which images: val (default), all (every original), oof (out of fold: k-fold pooled)", 0},
    {"output", 'o', "FILE", 0, "Write there; the file appears when it is whole (default: stdout)", 0},
    {"filter", 'f', "FILTER", 0, "Only these jobs, e.g. 'strategy=augment|none,seed=1..5'", 0},
    {0}};

struct options {
    const char *path, *output, *filter;
    int table; /* -1: not given */
    enum units_set on;
    struct err *err;
};

static int parse_table(const char *name, int *table, struct err *err)
{
    for (int t = 0; t < N_EXPORT_TABLES; t++)
        if (strcmp(export_table_names[t], name) == 0) {
            *table = t;
            return 0;
        }
    return err_set(err, E_USAGE,
                   "export: --table '%.60s' is not one of jobs, epochs, confusion, predictions, "
                   "scores",
                   name);
}

static int parse_set(const char *name, enum units_set *on, struct err *err)
{
    for (int k = 0; k < N_UNITS_SETS; k++)
        if (strcmp(units_set_names[k], name) == 0) {
            *on = (enum units_set)k;
            return 0;
        }
    return err_set(err, E_USAGE, "export: --on '%.60s' is not one of val, all, oof", name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 't':
        return parse_table(arg, &o->table, o->err) < 0 ? EINVAL : 0;
    case 'n':
        return parse_set(arg, &o->on, o->err) < 0 ? EINVAL : 0;
    case 'o':
        o->output = arg;
        return 0;
    case 'f':
        o->filter = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (o->path)
            return ARGP_ERR_UNKNOWN;
        o->path = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int write_table(struct store *store, const struct options *o, FILE *out, struct err *err)
{
    if (o->table == EXPORT_SCORES)
        return export_write_scores(store, o->on, o->filter, out, err);
    return export_write(store, (enum export_table)o->table, o->filter, out, err);
}

static int write_file(struct store *store, const struct options *o, struct err *err)
{
    struct output out;
    char folder[OUTPUT_PATH_SIZE], name[OUTPUT_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", o->output);
    snprintf(name, sizeof name, "%s", o->output);
    int rc = output_open(&out, dirname(folder), basename(name), err);
    if (rc < 0)
        return rc;
    rc = write_table(store, o, out.file, err);
    if (rc < 0) {
        output_abandon(&out);
        return rc;
    }
    return output_close(&out, err);
}

static int export_store(const struct options *o, struct err *err)
{
    struct store *store = NULL;
    int rc = store_try(o->path, err);
    if (rc == 0)
        rc = store_open(o->path, &store, err);
    if (rc < 0)
        return rc;
    rc = o->output ? write_file(store, o, err) : write_table(store, o, stdout, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

int cmd_export(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {OPTIONS, parse_option, "RESULTS.h5", DOC, NULL, NULL, NULL};
    struct options o = {.table = -1, .err = err};
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "export: see cellsweep export --help");
    if (!o.path || o.table < 0)
        return err_set(err, E_USAGE,
                       "export: give a results file and --table jobs, epochs, confusion, predictions or "
                       "scores");
    return export_store(&o, err);
}
