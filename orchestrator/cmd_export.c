/* cellsweep export: the results file as CSV, its weights as models. */
#include "command.h"

#include "export.h"
#include "output.h"
#include "store_select.h"
#include "weights_export.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DOC[] =
    "Write a table of a results file as CSV, to stdout or to a file, or the networks it kept (--weights) as "
    "files "
    "of a folder. It may be used while the sweep runs.\v"
    "jobs: one row a job with its state, times, sizes and last metrics. epochs: the learning curves. "
    "confusion: the "
    "matrices, one row a cell. predictions: every image's class probabilities. scores: sensitivity, AUROC, "
    "calibration and more, computed from the stored probabilities. Columns of a class are named by its "
    "cluster (probability_8, as predict names "
    "them), or, where the chosen jobs have different lists of clusters, by its place in the list "
    "(probability_class_0). Missing and undefined values are empty "
    "fields.\n\n"
    "--weights writes a file a finished job: onnx, for onnxruntime, R, Python or Fiji (input \"image\", "
    "N x 1 x size x size, 0 to 1, masked and resized as `data pack` does; output \"probabilities\", N x "
    "clusters; an "
    "ensemble is averaged inside), or raw, the flat float32 parameters with a JSON file that says what they "
    "are.\n\n"
    "  cellsweep export fig4.h5 --table epochs --filter clusters=1-27 \\\n"
    "      -o curves.csv\n"
    "  cellsweep export cv.h5 --table scores --on oof\n"
    "  cellsweep export fig4.h5 --weights \\\n"
    "      --filter clusters=1-27,strategy=augment -o models";

static const struct argp_option OPTIONS[] = {
    {"table", 't', "TABLE", 0, "jobs, epochs, confusion, predictions or scores", 0},
    {"weights", 'w', NULL, 0, "The networks that keep_weights kept, a file a job, into the folder --output",
     0},
    {"format", 'F', "FORMAT", 0, "Of --weights: onnx (default) or raw", 0},
    {"on", 'n', "SET", 0,
     "Scores of which images: val (default), all (every original), oof (out of fold: k-fold pooled)", 0},
    {"output", 'o', "FILE", 0, "Write there; the file appears when it is whole (default, and -: stdout)", 0},
    {"filter", 'f', "FILTER", 0, "Only these jobs, e.g. 'strategy=augment|none,seed=1..5'", 0},
    {0}};

struct options {
    const char *path, *output, *filter;
    int table;  /* -1: not given */
    int format; /* of weights; -1: not given */
    int weights;
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

static int parse_format(const char *name, int *format, struct err *err)
{
    for (int k = 0; k < N_WEIGHTS_FORMATS; k++)
        if (strcmp(weights_format_names[k], name) == 0) {
            *format = k;
            return 0;
        }
    return err_set(err, E_USAGE, "export: --format '%.60s' is not one of onnx, raw", name);
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
    case 'w':
        o->weights = 1;
        return 0;
    case 'F':
        return parse_format(arg, &o->format, o->err) < 0 ? EINVAL : 0;
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
    int rc = output_open_file(&out, o->output, err);
    if (rc < 0)
        return rc;
    rc = write_table(store, o, out.file, err);
    if (rc < 0 && ferror(out.file))
        rc = err_set(err, rc, "%s: %.900s", out.path, err->text);
    if (rc < 0) {
        output_abandon(&out);
        return rc;
    }
    return output_close(&out, err);
}

static int write_models(struct store *store, const struct options *o, struct err *err)
{
    int n = 0;
    int rc = weights_export(store, o->format < 0 ? WEIGHTS_ONNX : (enum weights_format)o->format, o->filter,
                            o->output, &n, err);
    if (rc == 0)
        fprintf(stderr, "%s: the networks of %d job%s\n", o->output, n, n == 1 ? "" : "s");
    return rc;
}

/* Whether a chosen job is a fold, so that there is something out of fold. */
static int has_folds(const struct store *store, const char *filter)
{
    struct selection chosen;
    int found = 0, rc = store_select(store, filter, &chosen, NULL);
    for (int i = 0; rc == 0 && i < chosen.n && !found; i++)
        found = units_is_kfold(store_jobs(store)[chosen.job[i]].protocol);
    selection_free(&chosen);
    return found;
}

static void note_no_folds(const struct store *store, const struct options *o)
{
    if (o->table == EXPORT_SCORES && o->on == UNITS_OOF && !has_folds(store, o->filter))
        fprintf(
            stderr,
            "%s: the table has no rows: out-of-fold scores are of protocol kfold, which none of these jobs "
            "has; leave --on oof out for scores of the validation images\n",
            o->path);
}

static int write_any(struct store *store, const struct options *o, struct err *err)
{
    if (o->weights)
        return write_models(store, o, err);
    return write_file(store, o, err);
}

static int check_options(const struct options *o, struct err *err)
{
    if (!o->path || (o->table < 0 && !o->weights))
        return err_set(err, E_USAGE,
                       "export: give a results file and --table jobs, epochs, confusion, predictions or "
                       "scores, or --weights");
    if (o->weights && (o->table >= 0 || !o->output))
        return err_set(err, E_USAGE, "export: --weights goes with --output DIR, and without --table");
    if (!o->weights && o->format >= 0)
        return err_set(err, E_USAGE, "export: --format goes with --weights; a table is CSV");
    return 0;
}

static int export_store(const struct options *o, struct err *err)
{
    struct store *store = NULL;
    int rc = store_try(o->path, err);
    if (rc == 0)
        rc = store_open(o->path, &store, err);
    if (rc < 0)
        return rc;
    rc = write_any(store, o, err);
    if (rc == 0)
        note_no_folds(store, o);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

int cmd_export(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {OPTIONS, parse_option, "RESULTS.h5", DOC, NULL, NULL, NULL};
    struct options o = {.table = -1, .format = -1, .err = err};
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "export: see cellsweep export --help");
    int rc = check_options(&o, err);
    return rc < 0 ? rc : export_store(&o, err);
}
