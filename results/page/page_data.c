#include "page/page_data.h"

#include "store/classes.h"
#include "figures/curves.h"
#include "tables/columns.h"
#include "tables/cost.h"
#include "tables/findings_pages.h"
#include "tables/versus_pages.h"
#include "tables/headline.h"
#include "write/json_out.h"
#include "models/model.h"
#include "strategies/balance.h"
#include "paper/published.h"
#include "store/store_select.h"
#include "tables/tables.h"
#include "page/page_cells.h"
#include "page/page_cuts.h"
#include "page/page_glance.h"
#include "page/page_pieces.h"
#include "page/page_roc.h"
#include "page/page_trials.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_QUANTILES = 10000 };

/* A document under way. */
struct document {
    struct store *store;
    const struct page_data_options *options;
    const struct summary *summary;
    const struct findings *findings; /* the callers' */
    struct store_mark *mark;         /* (J of the store) */
    int n;                           /* jobs of the document */
    int *job;                        /* (n) their rows in the store */
    json_t *root;
    int failed; /* 1: something could not be allocated */
};

static void put(struct document *d, json_t *object, const char *name, json_t *value)
{
    json_out_put(object, name, value, &d->failed);
}

static void add(struct document *d, json_t *array, json_t *value)
{
    json_out_add(array, value, &d->failed);
}

/* What a function prints, as JSON: one text, or an array of lines. */
static json_t *printed(struct document *d, void (*print)(FILE *, const struct summary *), int lines)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    print(file, d->summary);
    json_t *value = fclose(file) != 0 ? NULL : lines ? json_out_lines(text) : json_out_text(text);
    free(text);
    return value;
}

/* The same of the findings. */
static json_t *found(struct document *d, void (*print)(FILE *, const struct findings *), int lines)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    print(file, d->findings);
    json_t *value = fclose(file) != 0 ? NULL : lines ? json_out_lines(text) : json_out_text(text);
    free(text);
    return value;
}

/* ---- what the file says of itself ---- */

static void put_texts(struct document *d, json_t *object, const char *const *name, int n)
{
    for (int i = 0; i < n; i++)
        put(d, object, name[i], json_out_text(store_text(d->store, name[i])));
}

static json_t *provenance(struct document *d)
{
    static const char *const names[] = {"yaml", "yaml_resolved", "version", "commit",  "created",
                                        "host", "libraries",     "cpu",     "kernels", "merged_from"};
    json_t *object = json_object();
    put_texts(d, object, names, sizeof names / sizeof *names);
    put(d, object, "ranks", json_integer(atoi(store_text(d->store, "ranks"))));
    put(d, object, "results_file", json_out_text(store_path(d->store)));
    return object;
}

/* Every class of the images and its size, in order. */
static json_t *cluster_sizes(struct document *d)
{
    int n = store_n_images(d->store), *cluster = calloc((size_t)n + 1, sizeof *cluster);
    json_t *sizes = json_array();
    if (!cluster)
        d->failed = 1;
    for (int i = 0; i < n && cluster; i++)
        cluster[i] = store_images(d->store)[i].cluster;
    if (cluster)
        qsort(cluster, (size_t)n, sizeof *cluster, class_compare_ints);
    for (int i = 0, end; i < n && cluster; i = end) {
        for (end = i; end < n && cluster[end] == cluster[i];)
            end++;
        add(d, sizes, json_pack("{s:o, s:i}", "number", json_out_class(cluster[i]), "count", end - i));
    }
    free(cluster);
    return sizes;
}

static json_t *data_of(struct document *d)
{
    json_t *object = json_object();
    put(d, object, "origin", json_out_text(store_text(d->store, "data")));
    put(d, object, "checksum", json_out_text(store_text(d->store, "dataset_checksum")));
    put(d, object, "n_images", json_integer(store_n_images(d->store)));
    put(d, object, "clusters", cluster_sizes(d));
    return object;
}

static json_t *metric_list(struct document *d)
{
    json_t *list = json_array();
    for (int m = 0; m < N_METRICS; m++)
        add(d, list, json_out_text(metric_names[m]));
    return list;
}

static json_t *axes(struct document *d)
{
    json_t *list = json_array();
    for (int i = 0; i < store_n_axes(d->store); i++) {
        json_t *axis = json_object();
        put(d, axis, "name", json_out_text(store_axis_name(d->store, i)));
        put(d, axis, "is_number", json_boolean(store_axis_is_number(d->store, i)));
        int owner = combination_owner(d->store, FACTOR_AXES + i);
        put(d, axis, "of", owner < 0 ? json_null() : json_out_text(combination_name(d->store, owner)));
        add(d, list, axis);
    }
    return list;
}

/* Names of the factors that vary among the jobs of the document. */
static json_t *varying(struct document *d)
{
    json_t *list = json_array();
    for (int f = 0; f < combination_n_factors(d->store); f++)
        if (summary_varies(d->summary, f))
            add(d, list, json_out_text(combination_name(d->store, f)));
    return list;
}

/* Quantiles that intervals of 95 % are made with, of 1 degree of freedom and up to those of the largest
 * group; beyond MOST_QUANTILES the last one serves. */
static json_t *quantiles(struct document *d)
{
    json_t *list = json_array();
    int most = 2;
    for (int g = 0; g < d->summary->n_groups; g++)
        most = d->summary->group[g].n_jobs > most ? d->summary->group[g].n_jobs : most;
    for (int df = 1; df < most && df <= MOST_QUANTILES; df++)
        add(d, list, json_real(stats_t_quantile(0.5 + summary_level / 2, df)));
    return list;
}

/* Clusters of the classes of each list of clusters. */
static json_t *classes(struct document *d)
{
    json_t *object = json_object();
    int cluster[CONFIG_MAX_CLUSTERS];
    for (int g = 0; g < d->summary->n_groups; g++) {
        const struct store_job *cell = d->summary->group[g].cell;
        if (json_object_get(object, cell->clusters))
            continue;
        json_t *list = json_array();
        int n = classes_of(d->store, cell, cluster);
        for (int c = 0; c < n; c++)
            add(d, list, json_out_class(cluster[c]));
        put(d, object, cell->clusters, list);
    }
    return object;
}

static json_t *colors(struct document *d)
{
    json_t *object = json_object();
    for (int g = 0; g < d->summary->n_groups; g++) {
        const char *strategy = d->summary->group[g].cell->strategy;
        put(d, object, strategy, json_out_text(balance_colour(strategy)));
    }
    return object;
}

/* A strategy whose groups differ in the all-cluster rule keeps its name. */
static json_t *titles(struct document *d)
{
    json_t *object = json_object();
    for (int g = 0; g < d->summary->n_groups; g++) {
        const char *strategy = d->summary->group[g].cell->strategy;
        char title[128];
        curves_group_title(title, sizeof title, d->summary, &d->summary->group[g],
                           combination_owned(d->store));
        const char *other = json_string_value(json_object_get(object, strategy));
        put(d, object, strategy, json_out_text(other && strcmp(other, title) != 0 ? strategy : title));
    }
    return object;
}

/* What part of the file the document is. */
static json_t *filter_of(const struct summary *s)
{
    json_t *filter = json_object();
    int failed = filter == NULL;
    json_out_put(filter, "text", json_out_text(s->filter), &failed);
    json_out_put(filter, "jobs", json_integer(s->n_jobs), &failed);
    json_out_put(filter, "of_jobs", json_integer(s->n_jobs_file), &failed);
    json_out_put(filter, "strategies", json_integer(s->same[SUMMARY_STRATEGY]->n_parts), &failed);
    json_out_put(filter, "of_strategies", json_integer(s->n_strategies_file), &failed);
    if (!failed)
        return filter;
    json_decref(filter);
    return NULL;
}

/* Models whose curves are horizontal lines. */
static json_t *at_once(struct document *d)
{
    json_t *list = json_array();
    const struct model_kind *kind;
    for (int i = 0; (kind = model_kind(i)); i++)
        if (!(kind->can & MODEL_EPOCHS))
            add(d, list, json_string(kind->name));
    return list;
}

static void put_head(struct document *d)
{
    const struct summary *s = d->summary;
    put(d, d->root, "format", json_integer(1));
    put_texts(d, d->root, (const char *const[]){"name"}, 1);
    put(d, d->root, "version", d->options->version ? json_string(d->options->version) : json_null());
    put(d, d->root, "synthetic", json_boolean(store_synthetic(d->store)));
    put(d, d->root, "live", json_boolean(d->options->live));
    put(d, d->root, "complete", json_boolean(s->n_state[JOB_WAITING] == 0 && s->n_state[JOB_RUNNING] == 0));
    put(d, d->root, "filter", s->filter ? filter_of(s) : json_null());
    put(d, d->root, "data", data_of(d));
    put(d, d->root, "provenance", provenance(d));
    put(d, d->root, "n_epochs", json_integer(store_n_epochs(d->store)));
    put(d, d->root, "n_classes", json_integer(store_n_classes(d->store)));
    put(d, d->root, "metrics", metric_list(d));
    put(d, d->root, "axes", axes(d));
    put(d, d->root, "varying", varying(d));
    put(d, d->root, "t95", quantiles(d));
    put(d, d->root, "classes", classes(d));
    put(d, d->root, "titles", titles(d));
    put(d, d->root, "colors", colors(d));
    put(d, d->root, "at_once", at_once(d));
}

/* ---- jobs, a column a fact ---- */

enum kind { TEXT, POINTED, COUNT, SEED, TIME, STATE };

/* A member of struct store_job, or of struct store_mark. */
static const struct job_column {
    const char *name;
    enum kind kind;
    int of_mark;
    size_t offset;
} job_columns[] = {
    {"key", TEXT, 0, offsetof(struct store_job, key)},
    {"clusters", TEXT, 0, offsetof(struct store_job, clusters)},
    {"strategy", TEXT, 0, offsetof(struct store_job, strategy)},
    {"protocol", TEXT, 0, offsetof(struct store_job, protocol)},
    {"model", TEXT, 0, offsetof(struct store_job, model)},
    {"seed", SEED, 0, offsetof(struct store_job, seed)},
    {"fold", COUNT, 0, offsetof(struct store_job, fold)},
    {"repeat", COUNT, 0, offsetof(struct store_job, repeat)},
    {"n_train", COUNT, 0, offsetof(struct store_job, n_train)},
    {"n_val", COUNT, 0, offsetof(struct store_job, n_val)},
    {"n_test", COUNT, 0, offsetof(struct store_job, n_test)},
    {"leak", COUNT, 0, offsetof(struct store_job, leak)},
    {"leak_val", COUNT, 0, offsetof(struct store_job, leak_val)},
    {"judged_epoch", COUNT, 0, offsetof(struct store_job, judged_epoch)},
    {"state", STATE, 1, offsetof(struct store_mark, state)},
    {"epochs_done", COUNT, 1, offsetof(struct store_mark, epochs_done)},
    {"attempts", COUNT, 1, offsetof(struct store_mark, attempts)},
    {"rank", COUNT, 1, offsetof(struct store_mark, rank)},
    {"started", TIME, 1, offsetof(struct store_mark, started)},
    {"finished", TIME, 1, offsetof(struct store_mark, finished)},
    {"message", POINTED, 1, offsetof(struct store_mark, message)},
};

static json_t *job_value(const struct document *d, const struct job_column *column, int job)
{
    const void *record = column->of_mark ? (const void *)&d->mark[job] : &store_jobs(d->store)[job];
    const void *value = (const char *)record + column->offset;
    switch (column->kind) {
    case TEXT:
        return json_out_text(value);
    case POINTED:
        return json_out_text(*(const char *const *)value);
    case COUNT:
        return json_out_count(*(const int *)value);
    case SEED:
        return json_integer(*(const int64_t *)value);
    case TIME:
        return json_out_real(*(const double *)value);
    case STATE:
        return json_out_text(job_state_names[*(const enum job_state *)value]);
    }
    return NULL;
}

static json_t *axis_column(struct document *d, int axis)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++)
        add(d, column, json_out_text(store_jobs(d->store)[d->job[i]].axis[axis]));
    return column;
}

/* On what each job chose its epoch; the jobs of a group chose alike. */
static json_t *chosen_column(struct document *d)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++) {
        struct err why = {0};
        enum chosen_on chosen = CHOSEN_NOTHING;
        d->failed |= store_chosen_on(d->store, &store_jobs(d->store)[d->job[i]], &chosen, &why) < 0;
        add(d, column, json_out_text(chosen_on_names[chosen]));
    }
    return column;
}

/* Of each job that is a run of a split that others of its group are runs of, too (summary.h), the row of the
 * first of these; null of the others. */
static json_t *split_column(struct document *d)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++)
        add(d, column, json_null());
    for (int g = 0; g < d->summary->n_groups; g++) {
        const struct summary_group *group = &d->summary->group[g];
        for (int k = 0, i = 0; group->first && k < group->n_state[JOB_DONE]; k++) {
            while (i < d->n && d->job[i] < group->job[k])
                i++;
            if (i < d->n && d->job[i] == group->job[k])
                json_array_set_new(column, (size_t)i, json_integer(group->job[group->first[k]]));
        }
    }
    return column;
}

static void put_jobs(struct document *d)
{
    json_t *jobs = json_object(), *list = json_array();
    for (size_t c = 0; c < sizeof job_columns / sizeof *job_columns; c++) {
        json_t *column = json_array();
        for (int i = 0; i < d->n; i++)
            add(d, column, job_value(d, &job_columns[c], d->job[i]));
        put(d, jobs, job_columns[c].name, column);
    }
    for (int a = 0; a < store_n_axes(d->store); a++)
        add(d, list, axis_column(d, a));
    put(d, jobs, "axis", list);
    put(d, jobs, "split", split_column(d));
    put(d, jobs, "chosen_on", chosen_column(d));
    put(d, d->root, "jobs", jobs);
}

/* ---- curves and matrices ---- */

/* Of each finished job the number of its judged epoch; curve (n, E). */
static json_t *judged_column(const struct document *d, const float *curve, struct err *err)
{
    size_t epochs = (size_t)store_n_epochs(d->store);
    float *value = err_calloc((size_t)d->n, sizeof *value, "judged epochs", err);
    for (int i = 0; i < d->n && value; i++) {
        int epoch = store_jobs(d->store)[d->job[i]].judged_epoch;
        int is_judged = d->mark[d->job[i]].state == JOB_DONE && epoch > 0;
        value[i] = is_judged ? curve[(size_t)i * epochs + (size_t)epoch - 1] : NAN;
    }
    json_t *column = value ? json_out_floats(value, (size_t)d->n) : NULL;
    free(value);
    return column;
}

static void put_judged(struct document *d, enum metric metric, const float *curve, struct err *err)
{
    json_t *jobs = json_object_get(d->root, "jobs"), *judged = json_object_get(jobs, "judged");
    if (metric != METRIC_LOSS && metric != METRIC_BALANCED_ACCURACY)
        return;
    if (!judged) {
        put(d, jobs, "judged", json_object());
        judged = json_object_get(jobs, "judged"); /* NULL without memory */
    }
    put(d, judged, metric_names[metric], judged_column(d, curve, err));
}

static int put_curve(struct document *d, json_t *object, enum image_set set, enum metric metric, float *all,
                     struct err *err)
{
    size_t e = (size_t)store_n_epochs(d->store);
    int rc = store_read_metric(d->store, set, metric, all, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < d->n; i++) /* rows are in order, so none is overwritten before it was moved */
        memmove(all + (size_t)i * e, all + (size_t)d->job[i] * e, e * sizeof *all);
    put(d, object, metric_names[metric], json_out_floats(all, (size_t)d->n * e));
    if (set == SET_TEST)
        put_judged(d, metric, all, err);
    return 0;
}

static int put_curves(struct document *d, struct err *err)
{
    size_t cells = (size_t)store_n_jobs(d->store) * (size_t)store_n_epochs(d->store);
    float *all = err_calloc(cells, sizeof *all, "learning curves", err);
    json_t *curves = json_object();
    int rc = all ? 0 : E_IO;
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(d->store, set);
    for (int s = 0; s < n_sets; s++) {
        json_t *object = json_object();
        for (int m = 0; m < N_METRICS && rc == 0; m++)
            rc = put_curve(d, object, set[s], (enum metric)m, all, err);
        put(d, curves, image_set_names[set[s]], object);
    }
    put(d, d->root, "curves", curves);
    free(all);
    return rc;
}

static int put_confusion(struct document *d, struct err *err)
{
    size_t c = (size_t)store_n_classes(d->store), n = (size_t)d->n;
    int *all = err_calloc(n * c * c, sizeof *all, "confusion matrices", err), rc = all ? 0 : E_IO;
    enum image_set set[N_JUDGED_SETS];
    int n_sets = store_judged_sets(d->store, set);
    json_t *object = json_object();
    for (int s = 0; s < n_sets && rc == 0; s++) {
        for (size_t i = 0; i < n && rc == 0; i++)
            rc = store_read_confusion(d->store, d->job[i], set[s], all + i * c * c, err);
        put(d, object, image_set_names[set[s]], json_out_ints(all, n * c * c));
    }
    put(d, d->root, "confusion", object);
    free(all);
    return rc;
}

/* ---- published curves ---- */

static void add_published(struct document *d, json_t *list, int g, enum image_set set, enum metric metric,
                          double *curve)
{
    const struct summary_group *group = &d->summary->group[g];
    int n = d->summary->n_epochs;
    if (curves_published(d->summary, group, set, metric, curve, n) == 0)
        return;
    json_t *object = json_object(), *values = json_array();
    for (int e = 0; e < n; e++)
        add(d, values, json_out_real(curve[e]));
    columns_put(object, d->store, group->cell, FACTORS_ALL & ~FACTOR(FACTOR_PROTOCOL), &d->failed);
    put(d, object, "protocol", json_out_text(published_protocol(group->cell->strategy)));
    put(d, object, "set", json_out_text(image_set_names[set]));
    put(d, object, "metric", json_out_text(metric_names[metric]));
    put(d, object, "values", values);
    add(d, list, object);
}

static int put_published(struct document *d, struct err *err)
{
    double *curve = err_calloc((size_t)d->summary->n_epochs, sizeof *curve, "published curves", err);
    json_t *list = json_array();
    for (int g = 0; g < d->summary->n_groups && curve; g++)
        for (int k = 0; k < N_CURVE_SETS * N_METRICS && partition_is_first(d->summary->same[SUMMARY_LEAK], g);
             k++)
            add_published(d, list, g, curve_sets[k / N_METRICS], (enum metric)(k % N_METRICS), curve);
    put(d, d->root, "published", list);
    free(curve);
    return curve ? 0 : E_IO;
}

/* ---- sentences and tables ---- */

/* A place of which_model.h in words. */
static json_t *model_words(struct document *d, const struct which_model *which, int place)
{
    unsigned own = combination_own(d->store, FACTOR_MODEL) | FACTOR(FACTOR_CLASSES);
    json_t *object = json_object();
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (file) {
        which_model_words(file, d->findings->whole, which, place);
        d->failed |= fclose(file) != 0;
    }
    struct store_job cell = *which->place[place].ranking->cell;
    combination_blank(&cell, own);
    columns_put(object, d->store, &cell, FACTORS_ALL & ~own, &d->failed);
    put(d, object, "text", text ? json_out_text(text) : NULL);
    free(text);
    return object;
}

static json_t *models_in_words(struct document *d)
{
    const struct which_model *which = d->findings->which;
    json_t *list = json_array();
    for (int p = 0; which && p < which->n_places; p++)
        add(d, list, model_words(d, which, p));
    return list;
}

static void put_summary(struct document *d)
{
    json_t *object = json_object(), *sentences = json_array();
    add(d, sentences, printed(d, headline_run, 0));
    add(d, sentences, found(d, headline_outcome, 0));
    add(d, sentences, printed(d, headline_leak, 0));
    if (d->findings->selection->n > 0)
        add(d, sentences, found(d, headline_selection, 0));
    put(d, object, "sentences", sentences);
    put(d, object, "cost", found(d, cost_sentence, 0));
    put(d, object, "models", models_in_words(d));
    if (d->findings->versus[0])
        put(d, object, "sweeps", found(d, versus_sentences, 1));
    put(d, object, "warnings", found(d, headline_warnings, 1));
    put(d, d->root, "summary", object);
}

/* A table from its rows, the header the first of them; rows and notes are taken over. */
static json_t *table(struct document *d, json_t *rows, json_t *notes)
{
    json_t *object = json_object(), *header = json_incref(json_array_get(rows, 0));
    put(d, object, "columns", header ? header : json_array());
    if (header && json_array_remove(rows, 0) < 0)
        d->failed = 1;
    put(d, object, "rows", rows);
    put(d, object, "notes", notes);
    return object;
}

/* Filter and note of a table of findings, an array of lines. */
static json_t *notes(const struct document *d, const struct findings_page *page)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    findings_print_note(file, d->findings, page);
    json_t *value = fclose(file) != 0 ? NULL : json_out_lines(text);
    free(text);
    return value;
}

static void put_tables(struct document *d)
{
    json_t *tables = json_object();
    struct csv_out csv = {.rows = json_array()};
    tables_csv(&csv, d->summary);
    d->failed |= csv.failed;
    put(d, tables, "final", table(d, csv.rows, printed(d, tables_print_notes, 1)));
    for (int p = 0; p < N_FINDINGS_PAGES; p++) {
        if ((p >= FINDINGS_TUNING && !d->findings->tuned) ||
            (p == FINDINGS_SWEEPS && !d->findings->versus[0]))
            continue;
        struct csv_out page = {.rows = json_array()};
        if (findings_pages[p].rows(d->findings) > 0)
            findings_pages[p].csv(&page, d->findings);
        d->failed |= page.failed;
        put(d, tables, findings_pages[p].name, table(d, page.rows, notes(d, &findings_pages[p])));
    }
    put(d, d->root, "tables", tables);
}

/* ---- all ---- */

static int choose_jobs(struct document *d, struct err *err)
{
    struct selection chosen;
    d->mark = err_calloc((size_t)store_n_jobs(d->store), sizeof *d->mark, "commit marks", err);
    int rc = d->mark ? store_select(d->store, d->summary->filter, &chosen, err) : E_IO;
    if (rc < 0)
        return rc;
    d->job = chosen.job;
    d->n = chosen.n;
    return store_read_marks(d->store, d->mark, err);
}

static int fill(struct document *d, struct err *err)
{
    int rc;
    put_head(d);
    put_jobs(d);
    if ((rc = put_curves(d, err)) < 0 || (rc = put_confusion(d, err)) < 0 ||
        (rc = put_published(d, err)) < 0 || (rc = page_cells(d->summary, d->options->data, d->root, err)) < 0)
        return rc;
    put_summary(d);
    put_tables(d);
    json_t *glance = NULL;
    if ((rc = page_glance(d->store, d->summary, d->findings, &glance, err)) < 0)
        return rc;
    put(d, d->root, "glance", glance);
    put(d, d->root, "roc", page_roc(d->findings->roc));
    json_t *trials = NULL;
    if (d->findings->tuned &&
        (rc = page_trials(d->store, d->findings->tuned, d->job, d->n, &trials, err)) == 0)
        put(d, json_object_get(d->root, "tables"), "trials", trials);
    else
        json_decref(trials);
    if (rc < 0)
        return rc;
    json_t *cuts = NULL;
    if ((rc = page_cuts(d->store, d->summary, d->findings->calibration, &cuts, err)) < 0)
        return rc;
    put(d, d->root, "cuts", cuts);
    d->failed |= page_pieces_fit(d->root, d->options->most, d->options->apart) < 0;
    return d->failed ? err_set(err, E_IO, "%s: out of memory for the page's data", store_path(d->store)) : 0;
}

char *page_data_text(const json_t *value, size_t *n)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12));
    *n = text ? strlen(text) : 0;
    return text;
}

static int write_text(const struct document *d, char **json, size_t *n, struct err *err)
{
    *json = page_data_text(d->root, n);
    return *json ? 0 : err_set(err, E_IO, "%s: out of memory for the page's data", store_path(d->store));
}

int page_data_of(const struct summary *summary, const struct findings *findings,
                 const struct page_data_options *options, char **json, size_t *n, struct err *err)
{
    struct document d = {.store = summary->store,
                         .options = options,
                         .summary = summary,
                         .findings = findings,
                         .root = json_object()};
    int rc = choose_jobs(&d, err);
    *json = NULL;
    if (rc == 0)
        rc = fill(&d, err);
    if (rc == 0)
        rc = write_text(&d, json, n, err);
    json_decref(d.root);
    free(d.job);
    free(d.mark);
    return rc;
}

int page_data_new(struct store *store, const char *filter, const struct page_data_options *options,
                  char **json, size_t *n, struct err *err)
{
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    int rc = summary_read(store, filter, &summary, err);
    *json = NULL;
    if (rc == 0)
        rc = findings_new(store, summary, &findings, err);
    if (rc == 0)
        rc = page_data_of(summary, findings, options, json, n, err);
    findings_free(findings);
    summary_free(summary);
    return rc;
}
