#include "tables/export.h"

#include "store/classes.h"
#include "tables/columns.h"
#include "tables/tuning_pages.h"
#include "stats/calibration.h"
#include "stats/predicted.h"
#include "store/store_chosen.h"
#include "store/store_select.h"
#include "store/repeat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const export_table_names[N_EXPORT_TABLES] = {"jobs",   "epochs",     "confusion", "predictions",
                                                         "scores", "thresholds", "tuning"};

static void put_time(struct csv_out *csv, double seconds)
{
    char text[32] = "";
    struct tm parts;
    int is_time = fabs(seconds) < 1e11; /* not NaN, nor what a damaged file may hold */
    time_t whole = is_time ? (time_t)seconds : 0;
    if (is_time && gmtime_r(&whole, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    csv_out_text(csv, text);
}

/* ---- what all tables share ---- */

enum { METRICS_AT_A_TIME = 256 };

/* One export under way. */
struct export
{
    struct store *store;
    struct selection chosen;
    struct csv_out csv;
    enum chosen_on chosen_on; /* of the job at hand */
    int n_epochs, n_classes;
    int n_curves, n_judged; /* sets that the file tells of */
    enum image_set curve[N_CURVE_SETS], judged[N_JUDGED_SETS];
    int n_columns, *column;  /* (n_columns) the classes of all chosen jobs, in order */
    struct store_mark *mark; /* (J) */
    float
        *metric[N_CURVE_SETS][N_METRICS]; /* (METRICS_AT_A_TIME, E) of n_metrics jobs from first_metric on */
    int first_metric, n_metrics;
    /* of one job: */
    int *image, *copy, *label, *confusion; /* (max(V, A)) and (C, C) */
    float *probs;                          /* (max(V, A), C) */
    int has_groups;                        /* predictions only: 1 when an image of the sweep has one */
    int *cluster;                          /* (C) class index -> class, CLASS_NONE behind the last */
    /* scores only: */
    enum replicates_set on;
    struct predicted *predicted;
    int *fold; /* (folds) jobs of a repeat */
    /* thresholds only: */
    struct readout readout;
    struct calibrator *calibrator;
    struct tuned *tuned; /* tuning only */
};

/* The class index of a job that a column is about; -1: the job has no such class. */
static int class_of_column(const struct export *x, int column)
{
    for (int c = 0; c < x->n_classes; c++)
        if (x->cluster[c] == x->column[column])
            return c;
    return -1;
}

/* Seed, fold and repeat stand between the factors of old and those that came later. */
static const unsigned before_seed =
    FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_PROTOCOL);

static void put_job_names(struct export *x)
{
    csv_out_text(&x->csv, "job");
    csv_out_text(&x->csv, "key");
    columns_csv_names(&x->csv, x->store, before_seed);
    csv_out_text(&x->csv, "seed");
    csv_out_text(&x->csv, "fold");
    csv_out_text(&x->csv, "repeat");
    columns_csv_names(&x->csv, x->store, FACTORS_ALL & ~before_seed);
    csv_out_text(&x->csv, "chosen_on");
}

static void put_job(struct export *x, const struct store_job *row)
{
    csv_out_int(&x->csv, row->row);
    csv_out_text(&x->csv, row->key);
    columns_csv(&x->csv, x->store, row, before_seed);
    csv_out_int(&x->csv, row->seed);
    csv_out_int(&x->csv, row->fold);
    csv_out_int(&x->csv, row->repeat);
    columns_csv(&x->csv, x->store, row, FACTORS_ALL & ~before_seed);
    csv_out_text(&x->csv, chosen_on_names[x->chosen_on]);
}

static void put_metric_names(struct export *x)
{
    char name[64];
    for (int s = 0; s < x->n_curves; s++)
        for (int m = 0; m < N_METRICS; m++) {
            snprintf(name, sizeof name, "%s_%s", image_set_names[x->curve[s]], metric_names[m]);
            csv_out_text(&x->csv, name);
        }
}

/* epoch counts from 0; -1: none yet. After read_metrics() of the job. */
static void put_metrics(struct export *x, int job, int epoch)
{
    for (int s = 0; s < x->n_curves; s++)
        for (int m = 0; m < N_METRICS; m++) {
            const float *row = x->metric[s][m] + (size_t)(job - x->first_metric) * (size_t)x->n_epochs;
            csv_out_metric(&x->csv, epoch < 0 ? (double)NAN : (double)row[epoch]);
        }
}

static int last_epoch(const struct export *x, int job)
{
    int n = x->mark[job].epochs_done;
    return (n > x->n_epochs ? x->n_epochs : n) - 1;
}

static int make_metrics(struct export *x, struct err *err)
{
    for (int s = 0; s < x->n_curves; s++)
        for (int m = 0; m < N_METRICS; m++) {
            x->metric[s][m] = err_calloc(METRICS_AT_A_TIME, (size_t)x->n_epochs * sizeof(float),
                                         "the metrics of jobs", err);
            if (!x->metric[s][m])
                return E_IO;
        }
    return 0;
}

/* The metrics of a job and of those behind it, unless they are there. */
static int read_metrics(struct export *x, int job, struct err *err)
{
    int left = store_n_jobs(x->store) - job, n = left < METRICS_AT_A_TIME ? left : METRICS_AT_A_TIME, rc = 0;
    if (job >= x->first_metric && job - x->first_metric < x->n_metrics)
        return 0;
    for (int s = 0; s < x->n_curves; s++)
        for (int m = 0; m < N_METRICS && rc == 0; m++)
            rc = store_read_metric_of(x->store, x->curve[s], (enum metric)m, job, n, x->metric[s][m], err);
    x->first_metric = job;
    x->n_metrics = rc == 0 ? n : 0;
    return rc;
}

/* ---- jobs and epochs ---- */

static int jobs_header(struct export *x, struct err *err)
{
    static const char *const names[] = {"state",    "attempts", "epochs_done", "rank",        "started",
                                        "finished", "seconds",  "message",     "n_train",     "n_test",
                                        "leak",     "n_val",    "leak_val",    "judged_epoch"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (store_has_val(x->store) || !strstr(names[i], "_val"))
            csv_out_text(&x->csv, names[i]);
    put_metric_names(x);
    return make_metrics(x, err);
}

static int jobs_rows(struct export *x, const struct store_job *row, struct err *err)
{
    int job = row->row, rc = read_metrics(x, job, err);
    const struct store_mark *mark = &x->mark[job];
    if (rc < 0)
        return rc;
    put_job(x, row);
    csv_out_text(&x->csv, job_state_names[mark->state]);
    csv_out_int(&x->csv, mark->attempts);
    csv_out_int(&x->csv, mark->epochs_done);
    csv_out_count(&x->csv, mark->rank);
    put_time(&x->csv, mark->started);
    put_time(&x->csv, mark->finished);
    csv_out_real(&x->csv, mark->finished - mark->started);
    csv_out_text(&x->csv, mark->message);
    csv_out_count(&x->csv, row->n_train);
    csv_out_count(&x->csv, row->n_test);
    csv_out_count(&x->csv, row->leak);
    if (store_has_val(x->store)) {
        csv_out_count(&x->csv, row->n_val);
        csv_out_count(&x->csv, row->leak_val);
    }
    csv_out_count(&x->csv, row->judged_epoch);
    put_metrics(x, job, row->judged_epoch > 0 ? row->judged_epoch - 1 : last_epoch(x, job));
    csv_out_end(&x->csv);
    return 0;
}

static int epochs_header(struct export *x, struct err *err)
{
    csv_out_text(&x->csv, "epoch");
    put_metric_names(x);
    return make_metrics(x, err);
}

static int epochs_rows(struct export *x, const struct store_job *row, struct err *err)
{
    int job = row->row, rc = read_metrics(x, job, err);
    for (int epoch = 0; epoch <= last_epoch(x, job) && rc == 0; epoch++) {
        put_job(x, row);
        csv_out_int(&x->csv, epoch + 1);
        put_metrics(x, job, epoch);
        csv_out_end(&x->csv);
    }
    return rc;
}

/* ---- confusion matrices and predictions ---- */

/* Read one job's predictions, unless the sweep has none of this split. n: entries, 0 when there are none. */
static int read_predictions(struct export *x, int job, enum image_set set, int *n, struct err *err)
{
    *n = store_n_predictions(x->store, set);
    if (*n == 0)
        return 0;
    return store_read_predictions(x->store, job, set, x->image, x->copy, x->label, x->probs, err);
}

static int is_used(const struct export *x, int i)
{
    return x->image[i] >= 0 && x->image[i] < store_n_images(x->store) && x->label[i] >= 0 &&
           x->label[i] < x->n_classes;
}

static void find_clusters(struct export *x, int job)
{
    for (int c = store_classes(x->store, job, x->cluster); c < x->n_classes; c++)
        x->cluster[c] = CLASS_NONE;
}

static int make_job_buffers(struct export *x, struct err *err)
{
    unsigned long n = 0, c = (unsigned long)x->n_classes;
    for (int s = 0; s < x->n_judged; s++)
        n = (unsigned long)store_n_predictions(x->store, x->judged[s]) > n
                ? (unsigned long)store_n_predictions(x->store, x->judged[s])
                : n;
    x->image = err_calloc(n, sizeof(int), "predictions", err);
    x->copy = err_calloc(n, sizeof(int), "predictions", err);
    x->label = err_calloc(n, sizeof(int), "predictions", err);
    x->probs = err_calloc(n * c, sizeof(float), "predictions", err);
    x->confusion = err_calloc(c * c, sizeof(int), "a confusion matrix", err);
    return x->image && x->copy && x->label && x->probs && x->confusion ? 0 : E_IO;
}

static int confusion_header(struct export *x, struct err *err)
{
    csv_out_text(&x->csv, "set");
    csv_out_text(&x->csv, "true");
    csv_out_text(&x->csv, "predicted");
    csv_out_text(&x->csv, "count");
    return make_job_buffers(x, err);
}

static int confusion_rows(struct export *x, const struct store_job *row, struct err *err)
{
    int job = row->row, rc = 0;
    find_clusters(x, job);
    for (int s = 0; s < x->n_judged && rc == 0; s++) {
        rc = store_read_confusion(x->store, job, x->judged[s], x->confusion, err);
        for (int i = 0; i < x->n_classes * x->n_classes && rc == 0; i++) {
            if (x->confusion[i] < 0)
                continue;
            put_job(x, row);
            csv_out_text(&x->csv, image_set_names[x->judged[s]]);
            csv_out_class(&x->csv, x->cluster[i / x->n_classes]);
            csv_out_class(&x->csv, x->cluster[i % x->n_classes]);
            csv_out_int(&x->csv, x->confusion[i]);
            csv_out_end(&x->csv);
        }
    }
    return rc;
}

static int has_groups(const struct store *store)
{
    for (int i = 0; i < store_n_images(store); i++)
        if (store_images(store)[i].group[0])
            return 1;
    return 0;
}

static int predictions_header(struct export *x, struct err *err)
{
    static const char *const names[] = {"set", "image", "cluster", "group", "copy", "predicted"};
    x->has_groups = has_groups(x->store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (x->has_groups || strcmp(names[i], "group") != 0)
            csv_out_text(&x->csv, names[i]);
    for (int k = 0; k < x->n_columns; k++)
        csv_out_class_column(&x->csv, "probability", x->column[k]);
    return make_job_buffers(x, err);
}

/* Class of the first largest probability, -1 when there is a NaN among the job's classes. */
static int predicted_class(const struct export *x, const float *probs)
{
    int best = -1;
    for (int c = 0; c < x->n_classes; c++) {
        if (x->cluster[c] != CLASS_NONE && isnan(probs[c]))
            return -1;
        if (!isnan(probs[c]) && (best < 0 || probs[c] > probs[best]))
            best = c;
    }
    return best;
}

static void put_prediction(struct export *x, const struct store_job *row, enum image_set set, int i)
{
    const struct dataset_image *image = &store_images(x->store)[x->image[i]];
    const float *probs = x->probs + (size_t)i * (size_t)x->n_classes;
    int best = predicted_class(x, probs);
    put_job(x, row);
    csv_out_text(&x->csv, image_set_names[set]);
    csv_out_text(&x->csv, image->id);
    csv_out_class(&x->csv, image->cluster);
    if (x->has_groups)
        csv_out_text(&x->csv, image->group);
    csv_out_count(&x->csv, x->copy[i]);
    csv_out_class(&x->csv, best < 0 ? CLASS_NONE : x->cluster[best]);
    for (int k = 0; k < x->n_columns; k++) {
        int c = class_of_column(x, k);
        csv_out_real(&x->csv, c < 0 ? (double)NAN : (double)probs[c]);
    }
    csv_out_end(&x->csv);
}

static int predictions_rows(struct export *x, const struct store_job *row, struct err *err)
{
    int job = row->row, rc = 0, n = 0;
    find_clusters(x, job);
    for (int s = 0; s < x->n_judged && rc == 0; s++) {
        rc = read_predictions(x, job, x->judged[s], &n, err);
        for (int i = 0; i < n && rc == 0; i++)
            if (is_used(x, i))
                put_prediction(x, row, x->judged[s], i);
    }
    return rc;
}

/* ---- scores ---- */

static const char *const per_class[] = {"sensitivity", "precision", "auroc"};
static const char *const per_class_name[] = {"recall", "precision", "auroc"};
enum { N_PER_CLASS = sizeof per_class / sizeof *per_class };

static int scores_header(struct export *x, struct err *err)
{
    csv_out_text(&x->csv, "set");
    csv_out_text(&x->csv, "n");
    csv_out_text(&x->csv, "positive");
    for (int s = 0; s < n_scores; s++)
        csv_out_text(&x->csv, scores[s].name);
    for (int k = 0; k < x->n_columns; k++)
        for (int s = 0; s < N_PER_CLASS; s++)
            csv_out_class_column(&x->csv, per_class_name[s], x->column[k]);
    x->fold = err_calloc((unsigned long)store_n_jobs(x->store), sizeof *x->fold, "folds", err);
    return x->fold ? predicted_new(x->store, &x->predicted, err) : E_IO;
}

static void put_scores(struct export *x, const struct judged *judged, const struct scores_input *input)
{
    csv_out_text(&x->csv, replicates_set_names[x->on]);
    csv_out_int(&x->csv, input->n);
    csv_out_class(&x->csv, input->n_classes == 2 ? x->cluster[input->positive] : CLASS_NONE);
    for (int s = 0; s < n_scores; s++)
        csv_out_real(&x->csv, scores[s].value(judged));
    for (int k = 0; k < x->n_columns; k++) {
        int c = class_of_column(x, k);
        for (int s = 0; s < N_PER_CLASS; s++)
            csv_out_real(&x->csv, c >= 0 && c < input->n_classes
                                      ? score_find(per_class[s])->of_class(judged, c)
                                      : (double)NAN);
    }
    csv_out_end(&x->csv);
}

/* The jobs judged together with `job`: itself, or out of fold all folds of its repeat when it is the first of
 * them; 0 when it is not, or one is not finished. */
static int list_folds(struct export *x, int job)
{
    const struct repeat repeat = repeat_of(x->store, job);
    int done = 0;
    x->fold[0] = job;
    if (x->on != REPLICATES_OOF)
        return x->mark[job].state == JOB_DONE;
    for (int i = 0; i < repeat.n; i++) {
        x->fold[i] = repeat.first + i;
        done += x->mark[repeat.first + i].state == JOB_DONE;
    }
    return repeat.first == job && done == repeat.n ? repeat.n : 0;
}

static int scores_rows(struct export *x, const struct store_job *row, struct err *err)
{
    struct scores_input input;
    struct judged *judged = NULL;
    int n = list_folds(x, row->row);
    if (n == 0)
        return 0;
    int rc =
        predicted_read(x->predicted, x->fold, n, x->on == REPLICATES_ALL ? SET_ALL : SET_TEST, &input, err);
    if (rc == 0)
        rc = judged_new(&input, &judged, err);
    if (rc == 0 && input.n > 0) {
        find_clusters(x, row->row);
        put_job(x, row);
        put_scores(x, judged, &input);
    }
    judged_free(judged);
    return rc;
}

/* ---- thresholds ---- */

static int thresholds_header(struct export *x, struct err *err)
{
    static const char *const names[] = {"recalibrate", "threshold", "n_val",      "temperature", "at_bound",
                                        "positive",    "cut",       "val_before", "val_after",   "why"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(&x->csv, names[i]);
    for (int s = 0; s < N_CALIBRATION; s++)
        csv_out_text(&x->csv, calibration_scores[s].name);
    for (int k = 0; k < x->n_columns; k++)
        csv_out_class_column(&x->csv, "weight", x->column[k]);
    for (int k = 0; k < x->n_columns; k++)
        csv_out_class_column(&x->csv, "offset", x->column[k]);
    return calibrator_new(x->store, &x->calibrator, err);
}

/* What was fitted; of a job that could not be fitted, why. */
static void put_fit(struct export *x, const struct recalibrator *fit)
{
    int two = fit->n_classes == 2, positive = two ? calibrator_positive(x->calibrator) : 0,
        fitted = !fit->why;
    csv_out_text(&x->csv, recalibration_names[fit->how]);
    csv_out_text(&x->csv, threshold_names[fit->threshold]);
    csv_out_int(&x->csv, calibrator_n_val(x->calibrator));
    csv_out_real(&x->csv, fitted ? fit->temperature : (double)NAN);
    csv_out_int(&x->csv, fit->is_bound);
    csv_out_class(&x->csv, two ? calibrator_class(x->calibrator, positive) : CLASS_NONE);
    csv_out_real(&x->csv, fitted && two ? 1 / (1 + exp(fit->offset[positive])) : (double)NAN);
    csv_out_real(&x->csv, fit->before);
    csv_out_real(&x->csv, fit->after);
    csv_out_text(&x->csv, fitted ? "" : fit->why);
}

static void put_of_classes(struct export *x, const struct recalibrator *fit, const double *value)
{
    for (int k = 0; k < x->n_columns; k++) {
        int c = class_of_column(x, k);
        csv_out_real(&x->csv, c >= 0 && c < fit->n_classes && !fit->why ? value[c] : (double)NAN);
    }
}

static int thresholds_rows(struct export *x, const struct store_job *row, struct err *err)
{
    int rc = x->mark[row->row].state == JOB_DONE ? calibrator_read(x->calibrator, row->row, err) : 0;
    find_clusters(x, row->row);
    for (int how = 0; how < N_RECALIBRATIONS && rc == 0 && x->mark[row->row].state == JOB_DONE; how++) {
        struct recalibrator fit;
        struct reliability reliability = {0};
        double value[N_CALIBRATION];
        if (!(x->readout.recalibrate >> how & 1) || calibrator_n_classes(x->calibrator) == 0)
            continue;
        rc = calibrator_score(x->calibrator, (enum recalibration)how, (enum threshold)x->readout.threshold,
                              &fit, value, &reliability, err);
        if (rc < 0)
            break;
        put_job(x, row);
        put_fit(x, &fit);
        for (int s = 0; s < N_CALIBRATION; s++)
            csv_out_real(&x->csv, value[s]);
        put_of_classes(x, &fit, fit.weight);
        put_of_classes(x, &fit, fit.offset);
        csv_out_end(&x->csv);
    }
    return rc;
}

/* ---- tuning ---- */

static int name_tuning(struct export *x, struct err *err)
{
    int rc = tuned_new(x->store, &x->tuned, err);
    if (rc == 0 && !x->tuned)
        rc = err_set(err, E_USAGE,
                     "%s: this sweep tunes nothing; add `tune:` to its file, or take another table",
                     store_path(x->store));
    if (rc == 0)
        tuning_csv_names(&x->csv, x->tuned);
    return rc;
}

static int put_tuning(struct export *x, const struct store_job *row, struct err *err)
{
    (void)err;
    put_job(x, row);
    tuning_csv_job(&x->csv, x->tuned, row->row);
    csv_out_end(&x->csv);
    return 0;
}

/* ---- the table of tables ---- */

static const struct {
    int (*header)(struct export *, struct err *); /* its columns after the job's, and what its rows need */
    int (*rows)(struct export *, const struct store_job *, struct err *);
} tables[N_EXPORT_TABLES] = {
    [EXPORT_JOBS] = {jobs_header, jobs_rows},
    [EXPORT_EPOCHS] = {epochs_header, epochs_rows},
    [EXPORT_CONFUSION] = {confusion_header, confusion_rows},
    [EXPORT_PREDICTIONS] = {predictions_header, predictions_rows},
    [EXPORT_SCORES] = {scores_header, scores_rows},
    [EXPORT_THRESHOLDS] = {thresholds_header, thresholds_rows},
    [EXPORT_TUNING] = {name_tuning, put_tuning},
};

static void add_column(struct export *x, int class)
{
    int at = x->n_columns;
    while (at > 0 && class_compare(class, x->column[at - 1]) < 0)
        at--;
    if (at > 0 && x->column[at - 1] == class)
        return;
    memmove(&x->column[at + 1], &x->column[at], (size_t)(x->n_columns - at) * sizeof *x->column);
    x->column[at] = class;
    x->n_columns++;
}

/* A class has one column, whatever its place in the lists of the jobs. */
static int list_columns(struct export *x, struct err *err)
{
    int n, n_before = 0, class[CONFIG_MAX_CLUSTERS], before[CONFIG_MAX_CLUSTERS];
    x->cluster = err_calloc((unsigned long)x->n_classes, sizeof *x->cluster, "classes", err);
    x->column = err_calloc((unsigned long)store_n_class_names(x->store), sizeof *x->column, "classes", err);
    if (!x->cluster || !x->column)
        return E_IO;
    for (int i = 0; i < x->chosen.n; i++, n_before = n) {
        n = store_classes(x->store, x->chosen.job[i], class);
        for (int c = 0; c < n && (n != n_before || memcmp(class, before, (size_t)n * sizeof *class) != 0);
             c++)
            add_column(x, class[c]);
        memcpy(before, class, (size_t)n * sizeof *class);
    }
    return 0;
}

static int write_table(struct export *x, enum export_table table, struct err *err)
{
    struct store_job row;
    put_job_names(x);
    int rc = tables[table].header(x, err);
    csv_out_end(&x->csv);
    for (int i = 0; i < x->chosen.n && rc == 0; i++) {
        rc = store_row(x->store, x->chosen.job[i], &row, err);
        if (rc == 0)
            rc = store_chosen_on(x->store, &row, &x->chosen_on, err);
        rc = rc < 0 ? rc : tables[table].rows(x, &row, err);
    }
    if (rc == 0 && (fflush(x->csv.file) != 0 || ferror(x->csv.file)))
        rc = err_set(err, E_IO, "cannot write the %s table: %s", export_table_names[table], strerror(errno));
    return rc;
}

static void release(struct export *x)
{
    for (int s = 0; s < x->n_curves; s++)
        for (int m = 0; m < N_METRICS; m++)
            free(x->metric[s][m]);
    void *buffer[] = {x->mark,      x->image,   x->copy, x->label, x->probs,
                      x->confusion, x->cluster, x->fold, x->column};
    predicted_free(x->predicted);
    calibrator_free(x->calibrator);
    tuned_free(x->tuned);
    selection_free(&x->chosen);
    for (size_t i = 0; i < sizeof buffer / sizeof *buffer; i++)
        free(buffer[i]);
}

static int export_table(struct store *store, enum export_table table, enum replicates_set on,
                        struct readout readout, const char *filter, FILE *out, struct err *err)
{
    struct export x = {.store = store, .csv = {.file = out}, .on = on, .readout = readout};
    x.n_epochs = store_n_epochs(store);
    x.n_classes = store_n_classes(store);
    x.n_curves = store_curve_sets(store, x.curve);
    x.n_judged = store_judged_sets(store, x.judged);
    x.mark = err_calloc((unsigned long)store_n_jobs(store), sizeof *x.mark, "commit marks", err);
    /* Marks before /jobs and the data: a row that is done in the marks is whole in what is read after
     * them. */
    int rc = x.mark ? store_read_marks(store, x.mark, err) : E_IO;
    if (rc == 0 && (table >= EXPORT_SCORES || store_jobs(store))) /* these look into other rows, too */
        rc = store_refresh(store, err);
    if (rc == 0)
        rc = store_select(store, filter, &x.chosen, err);
    if (rc == 0 && table == EXPORT_THRESHOLDS)
        rc = calibration_readout(store, readout, &x.readout, err);
    if (rc == 0)
        rc = list_columns(&x, err);
    if (rc == 0)
        rc = write_table(&x, table, err);
    release(&x);
    return rc;
}

int export_write(struct store *store, enum export_table table, const char *filter, FILE *out, struct err *err)
{
    return export_table(store, table, REPLICATES_TEST, readout_unsaid(), filter, out, err);
}

int export_write_scores(struct store *store, enum replicates_set on, const char *filter, FILE *out,
                        struct err *err)
{
    return export_table(store, EXPORT_SCORES, on, readout_unsaid(), filter, out, err);
}

int export_write_thresholds(struct store *store, struct readout asked, const char *filter, FILE *out,
                            struct err *err)
{
    return export_table(store, EXPORT_THRESHOLDS, REPLICATES_TEST, asked, filter, out, err);
}
