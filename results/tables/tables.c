#include "tables/tables.h"

#include "tables/columns.h"
#include "paper/published.h"
#include "write/texttable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the published values ---- */

/* The last one of a cell's published test curve; NaN where none belongs beside it. */
static double published_value(const struct summary *summary, const struct store_job *cell, enum metric metric)
{
    char clusters[CONFIG_WORD_SIZE];
    if (!published_compares(summary->store, cell))
        return nan("");
    return published_final(published_clusters(summary->store, cell, clusters), cell->strategy, SET_TEST,
                           metric);
}

static int any_published(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (!isnan(published_value(summary, summary->group[g].cell, METRIC_LOSS)))
            return 1;
    return 0;
}

/* ---- final.csv ---- */

static void csv_summary_names(struct csv_out *csv, const char *prefix, const char *name)
{
    static const char *const part[] = {"mean", "sd", "low", "high"};
    char text[96];
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%s%s_%s", prefix, name, part[i]);
        csv_out_text(csv, text);
    }
}

static void csv_summary(struct csv_out *csv, const struct stats_summary *s)
{
    csv_out_metric(csv, s->mean);
    csv_out_real(csv, s->sd);
    csv_out_metric(csv, s->low);
    csv_out_metric(csv, s->high);
}

static void csv_names(struct csv_out *csv, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_out_text(csv, name[i]);
}

static void csv_published_names(struct csv_out *csv)
{
    char name[96];
    csv_out_text(csv, "published_protocol");
    for (int m = 0; m < N_METRICS; m++) {
        snprintf(name, sizeof name, "published_test_%s", metric_names[m]);
        csv_out_text(csv, name);
    }
}

static void csv_header(struct csv_out *csv, const struct summary *summary, int published)
{
    static const char *const jobs[] = {"jobs", "n", "failed", "diverged", "jobs_lacking_a_class"};
    static const char *const last[] = {"test_ratio",      "n_train_mean",    "n_test_mean",
                                       "leak_mean",       "leak_share_mean", "splits_drawn",
                                       "splits_distinct", "split_overlap",   "chosen_on"};
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(summary->store, set);
    char prefix[16];
    columns_csv_names(csv, summary->store, FACTORS_ALL);
    csv_names(csv, jobs, sizeof jobs / sizeof *jobs);
    for (int s = 0; s < n_sets; s++)
        for (int m = 0; m < N_METRICS; m++) {
            snprintf(prefix, sizeof prefix, "%s_", image_set_names[set[s]]);
            csv_summary_names(csv, prefix, metric_names[m]);
        }
    csv_summary_names(csv, "all_", "balanced_accuracy");
    csv_names(csv, last, sizeof last / sizeof *last);
    if (published)
        csv_published_names(csv);
    csv_out_end(csv);
}

static void csv_published(struct csv_out *csv, const struct summary *summary, const struct store_job *cell)
{
    double value[N_METRICS];
    int any = 0;
    for (int m = 0; m < N_METRICS; m++) {
        value[m] = published_value(summary, cell, (enum metric)m);
        any |= !isnan(value[m]);
    }
    csv_out_text(csv, any ? published_protocol(cell->strategy) : "");
    for (int m = 0; m < N_METRICS; m++)
        csv_out_real(csv, value[m]);
}

static void csv_row(struct csv_out *csv, const struct summary *summary, const struct summary_group *group,
                    int published)
{
    const struct store_job *cell = group->cell;
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(summary->store, set);
    columns_csv(csv, summary->store, cell, FACTORS_ALL);
    csv_out_int(csv, group->n_jobs);
    csv_out_int(csv, group->n_values);
    csv_out_int(csv, group->n_state[JOB_FAILED]);
    csv_out_int(csv, group->n_state[JOB_DIVERGED]);
    csv_out_int(csv, group->n_lacking);
    for (int s = 0; s < n_sets; s++)
        for (int m = 0; m < N_METRICS; m++)
            csv_summary(csv, &group->final[set[s]][m]);
    csv_summary(csv, &group->all);
    csv_out_real(csv, group->test_ratio);
    csv_out_real(csv, group->n_train.mean);
    csv_out_real(csv, group->n_test.mean);
    csv_out_real(csv, group->leak.mean);
    csv_out_real(csv, group->leak_share.mean);
    csv_out_real(csv, group->draws.drawn ? group->draws.drawn : (double)NAN);
    csv_out_real(csv, group->draws.drawn ? group->draws.distinct : (double)NAN);
    csv_out_real(csv, group->draws.overlap);
    csv_out_text(csv, chosen_on_names[group->chosen]);
    if (published)
        csv_published(csv, summary, cell);
    csv_out_end(csv);
}

void tables_csv(struct csv_out *csv, const struct summary *summary)
{
    int published = any_published(summary);
    csv_header(csv, summary, published);
    for (int g = 0; g < summary->n_groups; g++)
        csv_row(csv, summary, &summary->group[g], published);
}

void tables_write_csv(FILE *file, const struct summary *summary)
{
    struct csv_out csv = {.file = file};
    tables_csv(&csv, summary);
}

/* ---- what people read ---- */

enum { CELL = 128 };

static void format_n(char *out, const struct summary_group *group)
{
    int lost = group->n_state[JOB_FAILED] + group->n_state[JOB_DIVERGED], done = group->n_state[JOB_DONE];
    int n = group->n_values < done  ? snprintf(out, CELL, "%d (%d jobs)", group->n_values, done)
            : done == group->n_jobs ? snprintf(out, CELL, "%d", done)
                                    : snprintf(out, CELL, "%d of %d", done, group->n_jobs);
    if (lost > 0)
        snprintf(out + n, (size_t)(CELL - n), " (%d lost)", lost);
}

static void format_leak(char *out, const struct summary_group *group)
{
    summary_leak_text(out, CELL, group);
}

static void format_published(char *out, const struct summary *summary, const struct store_job *cell)
{
    double value = published_value(summary, cell, METRIC_BALANCED_ACCURACY_AS_PUBLISHED);
    if (isnan(value))
        snprintf(out, CELL, "-");
    else
        snprintf(out, CELL, "%.3f", value);
}

static int any_lacking(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (summary->group[g].n_lacking > 0)
            return 1;
    return 0;
}

static int any_draws(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (summary->group[g].draws.drawn > 1)
            return 1;
    return 0;
}

static void format_draws(char *out, const struct draws_summary *draws)
{
    if (draws->drawn == 0)
        snprintf(out, CELL, "-");
    else if (isnan(draws->overlap))
        snprintf(out, CELL, "%d of %d", draws->distinct, draws->drawn);
    else
        snprintf(out, CELL, "%d of %d (%.2f)", draws->distinct, draws->drawn, draws->overlap);
}

enum { N_NUMBERS = 8, SPLITS = 1, LACKING = 2, AS_PUBLISHED = 5, PUBLISHED = 6 };

/* Columns that are left out when nothing is in them, or nothing published to compare them with. */
struct optional {
    int splits, lacking, published;
};

static struct optional find_optional(const struct summary *summary)
{
    return (struct optional){any_draws(summary), any_lacking(summary), any_published(summary)};
}

static int has_column(struct optional optional, int c)
{
    if (c == SPLITS)
        return optional.splits;
    return c == LACKING ? optional.lacking : c == AS_PUBLISHED || c == PUBLISHED ? optional.published : 1;
}

static void add_row(struct texttable *table, const struct summary *summary, const struct summary_group *group,
                    struct optional optional)
{
    char cell[N_NUMBERS][CELL];
    format_n(cell[0], group);
    format_draws(cell[SPLITS], &group->draws);
    snprintf(cell[LACKING], sizeof cell[LACKING], "%d", group->n_lacking);
    stats_text(cell[3], sizeof cell[3], &group->final[SET_TEST][METRIC_BALANCED_ACCURACY]);
    format_leak(cell[4], group);
    stats_text(cell[AS_PUBLISHED], sizeof cell[AS_PUBLISHED],
               &group->final[SET_TEST][METRIC_BALANCED_ACCURACY_AS_PUBLISHED]);
    format_published(cell[PUBLISHED], summary, group->cell);
    stats_text(cell[7], sizeof cell[7], &group->all);
    columns_add(table, summary->store, group->cell, combination_shown(summary->varying), 0);
    for (int c = 0; c < N_NUMBERS; c++)
        if (has_column(optional, c))
            texttable_add(table, "%s", cell[c]);
    texttable_end(table);
}

static void add_header(struct texttable *table, const struct summary *summary, struct optional optional)
{
    static const char *const last[N_NUMBERS] = {
        "n",         "splits",       "lack a class", "test balanced", "leak", "test as published",
        "published", "all originals"};
    columns_add_names(table, summary->store, combination_shown(summary->varying));
    table->numeric_from = table->filled;
    for (int c = 0; c < N_NUMBERS; c++)
        if (has_column(optional, c))
            texttable_add(table, "%s", last[c]);
    texttable_end(table);
}

static struct texttable make_table(const struct summary *summary)
{
    struct texttable table = {0};
    struct optional optional = find_optional(summary);
    add_header(&table, summary, optional);
    for (int g = 0; g < summary->n_groups; g++)
        add_row(&table, summary, &summary->group[g], optional);
    return table;
}

/* 1 when an interval allows for splits that share images. */
static int any_overlap(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (!isnan(summary->group[g].test_ratio))
            return 1;
    return 0;
}

static int any_of(const struct summary *summary, const char *protocol)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->protocol, protocol) == 0)
            return 1;
    return 0;
}

/* What the protocols do to intervals. */
static void print_protocols(FILE *file, const struct summary *summary)
{
    if (any_of(summary, "tail"))
        fputs("Under protocol tail jobs share test images, all of them where nothing is resampled, and "
              "intervals do not allow for it: they are over seeds only.\n",
              file);
    if (any_of(summary, "given"))
        fputs("Under protocol given all jobs have one split, the sets train and test that the images came "
              "with; val is in neither. n counts runs of that split, and intervals are over initial weights "
              "only.\n",
              file);
}

/* Columns that only some tables have. */
static void print_columns(FILE *file, const struct summary *summary)
{
    if (any_draws(summary))
        fputs("splits: how many of the splits that seeds and repeats drew are different, and their mean "
              "overlap (Jaccard index of the test sets); groups of images may leave few divisions, and an "
              "unshuffled tail is always the same. Runs of one split are one value, their mean, so that n "
              "counts splits; only where there is one split n counts runs of it, and the interval tells "
              "nothing of other splits.\n",
              file);
    if (any_lacking(summary))
        fputs("lack a class: jobs whose test images have none of some class; their balanced accuracy "
              "is that of the others.\n",
              file);
    if (any_published(summary))
        fputs("published: the report's last value of 'test as published', one run, judged by "
              "protocol tail (none) or report (others).\n",
              file);
}

void tables_print_notes(FILE *file, const struct summary *summary)
{
    char filter[SUMMARY_FILTER_SIZE];
    if (*summary_filter_text(summary, filter, sizeof filter))
        fprintf(file, "%s.\n", filter);
    fprintf(file,
            "%s: %d of %d jobs finished%s. Mean and %.0f %% interval of the mean over the n finished jobs of "
            "a row, at their judged epoch: ± half of it, or from low to high where the range of the metric "
            "cuts it.\n",
            store_text(summary->store, "name"), summary->n_state[JOB_DONE], summary->n_jobs,
            store_synthetic(summary->store) ? ", synthetic data" : "", 100 * summary_level);
    fprintf(file, "Data: %s, %d images.\n", store_text(summary->store, "data"),
            store_n_images(summary->store));
    fprintf(file, "Intervals are Student's t%s.\n",
            any_overlap(summary)
                ? ", widened where the splits share images: variance (1/n + n_test/n_train) s^2, Nadeau and "
                  "Bengio 2003; column test_ratio of the CSV is n_test/n_train"
                : "");
    print_protocols(file, summary);
    fputs(
        "all originals: balanced accuracy on every original image of the clusters, training images "
        "included. Every job judges the same images, so its interval is over seeds and splits only and says "
        "nothing about other images.\n",
        file);
    summary_print_damage(file, summary);
    if (summary->n_state[JOB_FAILED] + summary->n_state[JOB_DIVERGED] > 0)
        fprintf(file, "Lost: %d failed and %d diverged jobs, in no mean.\n", summary->n_state[JOB_FAILED],
                summary->n_state[JOB_DIVERGED]);
    print_columns(file, summary);
}

enum { SCREEN_ROWS = 20 };

void tables_print(FILE *file, const struct summary *summary)
{
    if (summary->n_groups > SCREEN_ROWS) {
        fprintf(file, "final.md: mean, interval and leak of %d combinations.\n", summary->n_groups);
        return;
    }
    struct texttable table = make_table(summary);
    texttable_print(file, &table);
    texttable_release(&table);
    fprintf(
        file,
        "Mean of n finished jobs at their judged epoch, ± half of its %.0f %% interval or from low to high; "
        "final.md says more.\n",
        100 * summary_level);
}

void tables_write_latex(FILE *file, const struct summary *summary)
{
    char filter[SUMMARY_FILTER_SIZE];
    struct texttable table = make_table(summary);
    if (*summary_filter_text(summary, filter, sizeof filter))
        fprintf(file, "%% %s\n", filter);
    texttable_latex(file, &table);
    texttable_release(&table);
}

void tables_write_markdown(FILE *file, const struct summary *summary)
{
    struct texttable table = make_table(summary);
    texttable_markdown(file, &table);
    fputc('\n', file);
    tables_print_notes(file, summary);
    fputs("\n"
          "- **test balanced**: mean recall over the classes of the test images.\n"
          "- **leak**: mean number of test images with a copy or an augmented sibling in training, "
          "of the mean number of test images. Where it is not 0, the test set is no test.\n",
          file);
    if (any_published(summary))
        fputs("- **test as published**: the number the report calls balanced accuracy: (sensitivity + "
              "specificity) / 2 over one-hot outputs, a mean over test batches that count alike. With "
              "two classes it equals accuracy while all test images fit into one batch, not beyond.\n",
              file);
    texttable_release(&table);
}
