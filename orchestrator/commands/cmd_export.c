/* cellsweep export: the results file as CSV, its weights as models. */
#include "command.h"

#include "commands/sweeps.h"
#include "tables/export.h"
#include "tables/tensorboard.h"
#include "tables/literature_pages.h"
#include "tables/suspects_table.h"
#include "tables/cuts_table.h"
#include "tables/roc_table.h"
#include "write/output.h"
#include "store/store_select.h"
#include "predict/feature_tables.h"
#include "predict/weights_export.h"
#include "store/repeat.h"

#include <stdio.h>
#include <stdlib.h>

struct options {
    const char *names; /* a table of class names, read already */
    const char *path, *output, *filter;
    struct arguments_rest more; /* kept apart by the column sweep */
    const char *tensorboard;    /* folder; NULL: not wanted */
    int table;                  /* -1: not given */
    int format;                 /* of weights; -1: not given */
    int weights;
    int on; /* enum replicates_set; -1: test */
    struct readout readout;
};

/* Those of jobs, that of combinations, and those that are made of the sweep's images. */
enum {
    TABLE_SUSPECTS = N_EXPORT_TABLES,
    TABLE_LITERATURE,
    TABLE_FEATURES,
    TABLE_IMPORTANCE,
    TABLE_ROC,
    TABLE_CUTS,
    N_TABLES
};
static const char *const table_names[] = {"jobs",       "epochs", "confusion", "predictions", "scores",
                                          "thresholds", "tuning", "suspects",  "literature",  "features",
                                          "importance", "roc",    "cuts"};
_Static_assert(sizeof table_names / sizeof *table_names == N_TABLES, "a table has no name");

static const struct argument rows[] = {
    ARGUMENT_RESULTS(path),
    ARGUMENT_MORE_RESULTS(more),
    {"table", 't', ARGUMENT_CHOICE, "TABLE", AT(table), 0, N_TABLES - 1, table_names,
     .help =
         "jobs, epochs, confusion, predictions, scores, thresholds, tuning, suspects (likely wrong labels), "
         "literature (claims of others, tested), features (of all images), importance (of features, by "
         "shuffling), roc (ROC and precision-recall curves) or cuts (what thresholds give)"},
    {"weights", 'w', ARGUMENT_FLAG, NULL, AT(weights),
     .help = "The networks that keep_weights kept, a file a job, into the folder --output"},
    {"tensorboard", 'b', ARGUMENT_TEXT, "DIR", AT(tensorboard),
     .help = "Learning curves and settings as event files of TensorBoard, a run a job, into the new folder "
             "DIR"},
    {"format", 'F', ARGUMENT_CHOICE, "FORMAT", AT(format), 0, N_WEIGHTS_FORMATS - 1, weights_format_names,
     .help = "Of --weights: onnx (default) or raw"},
    {"on", 'n', ARGUMENT_CHOICE, "SET", AT(on), 0, N_REPLICATES_SETS - 1, replicates_set_names,
     .help =
         "Scores of which images: test (default), all (every original), oof (out of fold: k-fold pooled)"},
    ARGUMENT_RECALIBRATE(readout.recalibrate),
    ARGUMENT_THRESHOLD(readout.threshold),
    ARGUMENT_OUTPUT_FILE(output),
    ARGUMENT_FILTER(filter),
    ARGUMENT_NAMES(names),
    {0}};

static int write_suspects(struct store *store, const struct options *o, FILE *out, struct err *err)
{
    int n_leaky, rc = suspects_table_write(store, o->filter, out, &n_leaky, err);
    if (rc == 0 && n_leaky > 0)
        fprintf(
            stderr,
            "%s: %d job%s left out, whose test images were seen in training and tell of no wrong labels\n",
            o->path, n_leaky, n_leaky == 1 ? " is" : "s are");
    return rc;
}

static int write_table(struct store *store, const struct options *o, FILE *out, struct err *err)
{
    if (o->table == TABLE_SUSPECTS)
        return write_suspects(store, o, out, err);
    if (o->table == TABLE_LITERATURE)
        return literature_write(store, o->filter, out, err);
    if (o->table == TABLE_FEATURES)
        return feature_tables_write_features(store, o->filter, out, err);
    if (o->table == TABLE_IMPORTANCE)
        return feature_tables_write_importance(store, o->filter, out, err);
    if (o->table == TABLE_CUTS)
        return cuts_table_write(store, o->filter, out, err);
    if (o->table == TABLE_ROC)
        return roc_table_write(store, o->filter, out, err);
    if (o->table == EXPORT_SCORES)
        return export_write_scores(store, o->on < 0 ? REPLICATES_TEST : (enum replicates_set)o->on, o->filter,
                                   out, err);
    if (o->table == EXPORT_THRESHOLDS)
        return export_write_thresholds(store, o->readout, o->filter, out, err);
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

static int write_runs(struct store *store, const struct options *o, struct err *err)
{
    int n = 0;
    int rc = tensorboard_write(store, o->filter, o->tensorboard, &n, err);
    if (rc == 0)
        fprintf(stderr, "%s: %d run%s; `tensorboard --logdir %s` shows them\n", o->tensorboard, n,
                n == 1 ? "" : "s", o->tensorboard);
    return rc;
}

/* Whether a chosen job is a fold, so that there is something out of fold. */
static int has_folds(struct store *store, const char *filter)
{
    struct selection chosen;
    struct store_job row;
    int found = 0, rc = store_select(store, filter, &chosen, NULL);
    for (int i = 0; rc == 0 && i < chosen.n && !found; i++)
        found = store_row(store, chosen.job[i], &row, NULL) == 0 && protocol_is_kfold(row.protocol);
    selection_free(&chosen);
    return found;
}

static void note_no_folds(struct store *store, const struct options *o)
{
    if (o->table == EXPORT_SCORES && o->on == REPLICATES_OOF && !has_folds(store, o->filter))
        fprintf(
            stderr,
            "%s: the table has no rows: out-of-fold scores are of protocol kfold, which none of these jobs "
            "has; leave --on oof out for scores of the test images\n",
            o->path);
}

static int export_all(struct store *store, const void *options, struct err *err)
{
    const struct options *o = options;
    if (o->weights)
        return write_models(store, o, err);
    if (o->tensorboard)
        return write_runs(store, o, err);
    int rc = write_file(store, o, err);
    if (rc == 0)
        note_no_folds(store, o);
    return rc;
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    if (o->table < 0 && !o->weights && !o->tensorboard)
        return err_set(
            err, E_USAGE,
            "export: give --table jobs, epochs, confusion, predictions, scores, thresholds, tuning, "
            "suspects, literature, features, importance, roc, cuts, or --weights or --tensorboard");
    if (o->tensorboard && (o->table >= 0 || o->weights || o->output))
        return err_set(err, E_USAGE,
                       "export: --tensorboard DIR goes without --table, --weights and --output");
    if (o->weights && (o->table >= 0 || !o->output))
        return err_set(err, E_USAGE, "export: --weights goes with --output DIR, and without --table");
    if (o->table != EXPORT_THRESHOLDS && (o->readout.recalibrate || o->readout.threshold >= 0))
        return err_set(err, E_USAGE, "export: --recalibrate and --threshold go with --table thresholds");
    if (o->on >= 0 && o->table != EXPORT_SCORES)
        return err_set(err, E_USAGE, "export: --on goes with --table scores; the other tables have all sets");
    if (!o->weights && o->format >= 0)
        return err_set(err, E_USAGE, "export: --format goes with --weights; a table is CSV");
    return sweeps_use(o->path, &o->more, store_try, export_all, o, err);
}

static const struct options defaults = {.table = -1, .format = -1, .on = -1, .readout = {.threshold = -1}};

COMMAND(export, "CSV of jobs, epochs, matrices, predictions; weights as ONNX", &defaults, 0, 0);
