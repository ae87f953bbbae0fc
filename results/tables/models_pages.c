#include "tables/models_pages.h"

#include "tables/columns.h"
#include "tables/findings_pages.h"

#include <math.h>
#include <string.h>

const char models_note[] =
    "Test balanced accuracy of each model beside what a job of it takes, where all else but the clusters is "
    "the same. Mean over the sets of clusters that every model of the place has, with the least and the "
    "greatest of them, which is a range and no interval; of one set the mean over runs with its 95 % "
    "interval. Seconds: median from start to end of a job on its core, judging included; they are of the "
    "machine that ran it. Average rank: 1 is the best mean of a set; ranks that differ by more than the "
    "critical difference (Nemenyi, 0.05) differ, if p of Friedman's test (Iman and Davenport) is below 0.05 "
    "(Demsar 2006); that takes 5 sets of clusters. better, worse: paired comparisons with the other models "
    "of the place, of those that count, with p below 0.05 after Holm's correction for all comparisons of "
    "models in the sweep.\n";

const char models_by_clusters_note[] =
    "The same on every set of clusters: mean test balanced accuracy over the n runs, with its 95 % interval, "
    "and median seconds of a job.\n";

/* Factors that tell places apart, and those that tell their sets of clusters apart, too. */
static unsigned of_place(const struct findings *f)
{
    return FACTORS_ALL & ~(combination_own(f->whole->store, FACTOR_MODEL) | FACTOR(FACTOR_CLASSES));
}

static unsigned of_set(const struct findings *f)
{
    return of_place(f) | FACTOR(FACTOR_CLASSES);
}

static unsigned shown(const struct findings *f, unsigned factors)
{
    return combination_shown(f->summary->varying) & factors;
}

/* A model of a place, on one of its sets or over all of them. */
struct model_row {
    const struct which_place *place;
    int set, value;
};

static const struct which_point *point_of(const struct model_row *row)
{
    return &row->place->point[row->set * row->place->ranking->n_values + row->value];
}

static int is_shown(const struct findings *f, const struct model_row *row)
{
    return f->shown[point_of(row)->group - f->whole->group];
}

/* Calls show(), if any, with every row of a set that is shown; of models over sets the row of its first set
 * that is. Returns how many. */
static int each_row(const struct findings *f, int by_set,
                    void (*show)(void *to, const struct findings *f, const struct model_row *row), void *to)
{
    int n = 0;
    for (int p = 0; f->which && p < f->which->n_places; p++) {
        struct model_row row = {.place = &f->which->place[p]};
        const struct compare_ranking *r = row.place->ranking;
        for (int i = 0; i < r->n_datasets * r->n_values; i++) {
            row.set = by_set ? i / r->n_values : i % r->n_datasets;
            row.value = by_set ? i % r->n_values : i / r->n_datasets;
            if (!is_shown(f, &row))
                continue;
            n++;
            if (show)
                show(to, f, &row);
            if (!by_set) /* on to the next model */
                i += r->n_datasets - 1 - row.set;
        }
    }
    return n;
}

static const char *chosen_on(const struct model_row *row)
{
    enum chosen_on most = CHOSEN_NOTHING;
    const struct compare_ranking *r = row->place->ranking;
    for (int d = 0; d < r->n_datasets; d++) {
        enum chosen_on chosen = row->place->point[d * r->n_values + row->value].group->chosen;
        most = chosen > most ? chosen : most;
    }
    return chosen_on_names[most];
}

/* Mean share of the test images that leak, over sets. */
static double leak(const struct model_row *row)
{
    const struct compare_ranking *r = row->place->ranking;
    double sum = 0;
    for (int d = 0; d < r->n_datasets; d++)
        sum += row->place->point[d * r->n_values + row->value].group->leak_share.mean;
    return sum / r->n_datasets;
}

/* ---- over sets of clusters ---- */

static void names(struct csv_out *csv, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_out_text(csv, name[i]);
}

static void add_csv(void *to, const struct findings *f, const struct model_row *row)
{
    const struct compare_ranking *r = row->place->ranking;
    const struct which_value *v = &row->place->value[row->value];
    struct csv_out *csv = to;
    char name[COMBINATION_LABEL_SIZE];
    columns_csv(csv, f->whole->store, v->cell, of_place(f));
    csv_out_text(csv, which_model_name(f->whole, v->cell, name));
    csv_out_int(csv, r->n_datasets);
    csv_out_int(csv, v->runs);
    const double number[] = {v->balanced, v->low, v->high, v->seconds, v->fastest, v->slowest};
    for (int i = 0; i < 6; i++)
        csv_out_real(csv, number[i]);
    csv_out_int(csv, v->timed);
    csv_out_real(csv, r->n_datasets > 1 ? v->rank : (double)NAN);
    csv_out_real(csv, r->tested ? r->test.p_f : (double)NAN);
    csv_out_real(csv, r->tested ? r->test.critical : (double)NAN);
    csv_out_int(csv, v->compared);
    csv_out_int(csv, v->better);
    csv_out_int(csv, v->worse);
    csv_out_real(csv, leak(row));
    csv_out_real(csv, row->place->chance);
    csv_out_text(csv, chosen_on(row));
    csv_out_end(csv);
}

void models_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"model",
                                       "cluster_sets",
                                       "n",
                                       "balanced_accuracy",
                                       "low",
                                       "high",
                                       "seconds",
                                       "fastest",
                                       "slowest",
                                       "jobs_timed",
                                       "average_rank",
                                       "p_ranks",
                                       "critical_difference",
                                       "comparisons",
                                       "better",
                                       "worse",
                                       "leak_share",
                                       "chance",
                                       "chosen_on"};
    columns_csv_names(csv, f->whole->store, of_place(f));
    names(csv, last, sizeof last / sizeof *last);
    csv_out_end(csv);
    each_row(f, 0, add_csv, csv);
}

/* "-" of what is not known. */
static void add_fixed(struct texttable *table, int decimals, double x)
{
    if (isnan(x))
        texttable_add(table, "-");
    else
        texttable_add(table, "%.*f", decimals, x);
}

static void add_seconds(struct texttable *table, double x)
{
    char text[WHICH_MODEL_SECONDS_SIZE];
    texttable_add(table, "%s", which_model_seconds(x, text));
}

static void add_p(struct texttable *table, double p)
{
    if (p < 0.0005)
        texttable_add(table, "<0.001");
    else
        add_fixed(table, 3, p);
}

static void add_row(void *to, const struct findings *f, const struct model_row *row)
{
    const struct compare_ranking *r = row->place->ranking;
    const struct which_value *v = &row->place->value[row->value];
    struct texttable *table = to;
    char name[COMBINATION_LABEL_SIZE];
    columns_add(table, f->whole->store, v->cell, shown(f, of_place(f)), 0);
    texttable_add(table, "%s", which_model_name(f->whole, v->cell, name));
    texttable_add(table, "%d", r->n_datasets);
    texttable_add(table, "%.3f", v->balanced);
    if (isnan(v->low))
        texttable_add(table, "-");
    else
        texttable_add(table, "%.3f to %.3f", v->low, v->high);
    add_seconds(table, v->seconds);
    add_fixed(table, 2, r->n_datasets > 1 ? v->rank : (double)NAN);
    add_fixed(table, 2, r->tested ? r->test.critical : (double)NAN);
    add_p(table, r->tested ? r->test.p_f : (double)NAN);
    texttable_add(table, "%d of %d", v->better, v->compared);
    texttable_add(table, "%d of %d", v->worse, v->compared);
    columns_add_leak(table, leak(row));
    texttable_add(table, "%s", strcmp(chosen_on(row), "test") == 0 ? "the reported set" : chosen_on(row));
    texttable_end(table);
}

static void header(struct texttable *table, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        texttable_add(table, "%s", name[i]);
    texttable_end(table);
}

void models_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"cluster sets",
                                          "balanced accuracy",
                                          "range or interval",
                                          "seconds",
                                          "average rank",
                                          "critical difference",
                                          "p of no difference",
                                          "better",
                                          "worse",
                                          "leak",
                                          "epoch chosen on"};
    columns_add_names(table, f->whole->store, shown(f, of_place(f)));
    texttable_add(table, "model");
    table->numeric_from = table->filled;
    header(table, numbers, sizeof numbers / sizeof *numbers);
    each_row(f, 0, add_row, table);
}

int models_rows(const struct findings *f)
{
    return each_row(f, 0, NULL, NULL);
}

/* ---- on every set ---- */

static void add_set_csv(void *to, const struct findings *f, const struct model_row *row)
{
    const struct which_point *point = point_of(row);
    const struct store_job *cell = point->group->cell;
    struct csv_out *csv = to;
    char name[COMBINATION_LABEL_SIZE];
    columns_csv(csv, f->whole->store, cell, of_set(f));
    csv_out_text(csv, which_model_name(f->whole, cell, name));
    csv_out_int(csv, point->balanced.n);
    csv_out_real(csv, point->balanced.mean);
    csv_out_real(csv, point->balanced.low);
    csv_out_real(csv, point->balanced.high);
    csv_out_real(csv, point->seconds);
    csv_out_real(csv, point->chance);
    csv_out_end(csv);
}

void models_by_clusters_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"model", "n", "balanced_accuracy", "low", "high", "seconds", "chance"};
    columns_csv_names(csv, f->whole->store, of_set(f));
    names(csv, last, sizeof last / sizeof *last);
    csv_out_end(csv);
    each_row(f, 1, add_set_csv, csv);
}

static void add_set_row(void *to, const struct findings *f, const struct model_row *row)
{
    const struct which_point *point = point_of(row);
    struct texttable *table = to;
    char text[64], name[COMBINATION_LABEL_SIZE];
    columns_add(table, f->whole->store, point->group->cell, shown(f, of_set(f)), 0);
    texttable_add(table, "%s", which_model_name(f->whole, point->group->cell, name));
    texttable_add(table, "%d", point->balanced.n);
    stats_text(text, sizeof text, &point->balanced);
    texttable_add(table, "%s", text);
    add_seconds(table, point->seconds);
    texttable_end(table);
}

void models_by_clusters_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"n", "balanced accuracy", "seconds"};
    columns_add_names(table, f->whole->store, shown(f, of_set(f)));
    texttable_add(table, "model");
    table->numeric_from = table->filled;
    header(table, numbers, 3);
    each_row(f, 1, add_set_row, table);
}

int models_by_clusters_rows(const struct findings *f)
{
    return each_row(f, 1, NULL, NULL);
}
