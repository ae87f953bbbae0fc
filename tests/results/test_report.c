#include "report.h"

#include "command.h"
#include "support/fake_store.h"
#include "write/output.h"
#include "paper/published.h"
#include "support/scratch.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* The report of a fake sweep, made once; tests look at its files. */
static char root[64], results[128], report_dir[128], printed[128];

static const double T9 = 2.26215716279820, T8 = 2.30600413520417; /* t quantiles 0.975 */

static void run(const char *store_file, const char *dir, const char *filter, enum metric metric, int expected,
                struct err *err)
{
    struct store *store = NULL;
    struct report_options options = {.dir = dir, .filter = filter, .metric = metric};
    FILE *table = fopen(printed, "w");
    assert_non_null(table);
    if (store_open(store_file, &store, err) < 0)
        fail_msg("%s", err->text);
    int rc = report_write(store, &options, table, err);
    store_close(store, NULL);
    fclose(table);
    if (rc != expected)
        fail_msg("report returned %d: %s", rc, err->text);
}

/* A whole file as text, a few MB at most; freed by the caller. */
static char *slurp(const char *dir, const char *name, size_t *n)
{
    char path[512];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (stat(path, &info) != 0)
        fail_msg("%s is missing", path);
    char *text = calloc(1, (size_t)info.st_size + 1);
    FILE *file = fopen(path, "rb");
    *n = fread(text, 1, (size_t)info.st_size, file);
    fclose(file);
    return text;
}

/* Text of column `name` in line `row` (0: the first below the header) of a separated table, in out. */
static void cell(const char *text, const char *name, int row, char separator, char out[64])
{
    int column = 0, found = -1;
    const char *at = text;
    size_t n = strlen(name);
    for (;; column++) {
        size_t width = strcspn(at, separator == '\t' ? "\t\n" : ",\n");
        if (width == n && strncmp(at, name, n) == 0)
            found = column;
        at += width;
        if (*at++ != separator)
            break;
    }
    if (found < 0)
        fail_msg("no column %s", name);
    for (; row > 0; row--)
        at = strchr(at, '\n') + 1;
    for (; found > 0; found--)
        at = strchr(at, separator) + 1;
    snprintf(out, 64, "%.*s", (int)strcspn(at, separator == '\t' ? "\t\n" : ",\n"), at);
}

static double number(const char *text, const char *name, int row, char separator)
{
    char value[64];
    cell(text, name, row, separator, value);
    return *value ? strtod(value, NULL) : nan("");
}

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 2e-8 * fmax(1, fabs(expected))))
        fail_msg("%.10g is not %.10g", x, expected);
}

/* Mean and half the interval over seeds 0 .. n-1, from the formula the store was filled by: FAKE_TEST
 * images judge, 71 train. */
static void expect(int pair, int strategy, int n, int epoch, enum image_set set, enum metric metric,
                   double *mean, double *half)
{
    double sum = 0, squares = 0;
    for (int s = 0; s < n; s++)
        sum += (double)fake_metric(fake_job(pair, strategy, s), epoch, set, metric);
    *mean = sum / n;
    for (int s = 0; s < n; s++)
        squares += pow((double)fake_metric(fake_job(pair, strategy, s), epoch, set, metric) - *mean, 2);
    *half = (n == 10 ? T9 : T8) * sqrt(squares / (n - 1) * (1.0 / n + FAKE_TEST / 71.0));
}

static void check_curve(const char *file, int pair, int strategy, int n, enum image_set set,
                        enum metric metric)
{
    static const int epochs[] = {0, 1, 49, 99};
    char name[128], low[140], high[140];
    size_t size;
    char *text = slurp(report_dir, file, &size);
    snprintf(name, sizeof name, "%s_%s", set == SET_TRAIN ? "train" : "test", metric_names[metric]);
    snprintf(low, sizeof low, "%s_low", name);
    snprintf(high, sizeof high, "%s_high", name);
    for (int i = 0; i < 4; i++) {
        double mean, half;
        expect(pair, strategy, n, epochs[i], set, metric, &mean, &half);
        assert_int_equal((int)number(text, "epoch", epochs[i], '\t'), epochs[i] + 1);
        assert_int_equal((int)number(text, "n", epochs[i], '\t'), n);
        assert_near(number(text, name, epochs[i], '\t'), mean);
        assert_near(number(text, low, epochs[i], '\t'), fmax(0, mean - half));
        assert_near(number(text, high, epochs[i], '\t'),
                    metric == METRIC_LOSS ? mean + half : fmin(1, mean + half));
    }
    free(text);
}

static void curves_are_means_over_finished_jobs(void **state)
{
    (void)state;
    check_curve("fig4a_oversample.tsv", 0, 3, 10, SET_TEST, METRIC_BALANCED_ACCURACY_AS_PUBLISHED);
    check_curve("fig4c_undersample.tsv", 2, 2, 10, SET_TRAIN, METRIC_LOSS);
    check_curve("fig2b_none.tsv", 1, 0, 10, SET_TEST, METRIC_LOSS);
    check_curve("fig2b_none.tsv", 1, 0, 10, SET_TEST, METRIC_BALANCED_ACCURACY);
    check_curve("fig4a_augment.tsv", 0, 4, 9, SET_TEST, METRIC_ACCURACY);   /* one diverged */
    check_curve("fig4b_reweight.tsv", 1, 1, 9, SET_TRAIN, METRIC_ACCURACY); /* one failed */
}

static void one_job_has_no_interval_and_none_no_panel(void **state)
{
    (void)state;
    char path[256], value[64];
    size_t size;
    char *text = slurp(report_dir, "fig4_3-9_augment.tsv", &size);
    assert_int_equal((int)number(text, "n", 99, '\t'), 1);
    assert_near(number(text, "test_loss", 99, '\t'),
                (double)fake_metric(fake_job(3, 4, 0), 99, SET_TEST, METRIC_LOSS));
    cell(text, "test_loss_low", 99, '\t', value);
    assert_string_equal(value, "NaN");
    free(text);
    snprintf(path, sizeof path, "%s/fig4_3-9_oversample.tsv", report_dir);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* The embedded curves against the file they come from, read here by sscanf. */
static void published_curves_are_those_of_the_file(void **state)
{
    (void)state;
    char line[256], clusters[32], strategy[32], part[8], metric[64];
    FILE *file = fopen("experiments/published_curves.csv", "r");
    int epoch, seen = 0;
    double value, curve[100];
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31[^,],%31[^,],%7[^,],%63[^,],%d,%lf", clusters, strategy, part, metric, &epoch,
                   &value) != 6)
            continue;
        if (strcmp(clusters, "14-15") != 0 || strcmp(strategy, "oversample") != 0 ||
            strcmp(part, "test") != 0 || strcmp(metric, "loss") != 0)
            continue;
        assert_int_equal(published_curve(clusters, strategy, SET_TEST, METRIC_LOSS, curve, 100), 100);
        assert_near(curve[epoch - 1], value);
        if (epoch == 100)
            assert_near(published_final(clusters, strategy, SET_TEST, METRIC_LOSS), value);
        seen++;
    }
    fclose(file);
    assert_int_equal(seen, 100);
}

static void published_curves_stop_where_asked(void **state)
{
    (void)state;
    double curve[3];
    assert_int_equal(published_curve("8-10", "augment", SET_TRAIN, METRIC_LOSS, curve, 3), 3);
    assert_int_equal(published_curve("8-10", "nothing", SET_TRAIN, METRIC_LOSS, curve, 3), 0);
    assert_int_equal(published_curve("8-1", "augment", SET_TRAIN, METRIC_LOSS, curve, 3), 0);
    assert_true(isnan(curve[0]));
    assert_near(published_final("8-10", "none", SET_TEST, METRIC_BALANCED_ACCURACY_AS_PUBLISHED), 0.2777778);
    assert_string_equal(published_protocol("none"), "tail");
    assert_string_equal(published_protocol("augment"), "report");
}

static void published_curves_stand_beside_ours(void **state)
{
    (void)state;
    size_t size;
    char *ours = slurp(report_dir, "fig4c_oversample.tsv", &size),
         *other = slurp(report_dir, "fig2_3-9_none.tsv", &size);
    assert_near(number(ours, "published_test_balanced_accuracy_as_published", 99, '\t'), 1);
    assert_true(isnan(number(ours, "published_test_balanced_accuracy", 99, '\t')));
    assert_true(isnan(number(other, "published_test_loss", 0, '\t')));
    free(ours);
    free(other);
}

/* So they do when the clusters have been given names, under the report's letter. */
static void published_curves_know_clusters_by_number(void **state)
{
    (void)state;
    struct err err = {0};
    char dir[128];
    size_t n;
    snprintf(dir, sizeof dir, "%s/named", root);
    assert_int_equal(class_call(27, "Folded", &err), 0);
    run(results, dir, "clusters=1-Folded,strategy=oversample|augment", METRIC_LOSS, 0, &err);
    class_forget_titles();
    char *curve = slurp(dir, "fig4c_oversample.tsv", &n), *csv = slurp(dir, "final.csv", &n);
    assert_near(number(curve, "published_test_balanced_accuracy_as_published", 99, '\t'), 1);
    assert_non_null(strstr(csv, "published_test"));
    assert_non_null(strstr(csv, "\n1-Folded,"));
    free(curve);
    free(csv);
}

/* Clusters 8 and 10 of other data are other cells: nothing of the report stands beside them. */
static void other_data_have_nothing_published(void **state)
{
    (void)state;
    struct err err = {0};
    char path[128], dir[128];
    size_t n;
    snprintf(path, sizeof path, "%s/other.h5", root);
    snprintf(dir, sizeof dir, "%s/other", root);
    assert_int_equal(fake_store(path, NULL, FAKE_OTHER_DATA, &err), 0);
    run(path, dir, "clusters=1-27,strategy=oversample|augment", METRIC_LOSS, 0, &err);
    char *curve = slurp(dir, "fig4c_oversample.tsv", &n), *script = slurp(dir, "fig4c.gp", &n),
         *csv = slurp(dir, "final.csv", &n), *markdown = slurp(dir, "final.md", &n),
         *table = slurp(root, "printed", &n);
    assert_true(isnan(number(curve, "published_test_balanced_accuracy_as_published", 99, '\t')));
    assert_non_null(strstr(script, "metric = 'balanced_accuracy'"));
    assert_null(strstr(script, "Published"));
    assert_null(strstr(csv, "published_test"));
    assert_null(strstr(markdown, "| published"));
    assert_null(strstr(table, "tested"));
    snprintf(path, sizeof path, "%s/other/claims.csv", root);
    assert_int_not_equal(access(path, F_OK), 0);
    free(curve);
    free(script);
    free(csv);
    free(markdown);
    free(table);
}

static void published_curves_set_the_metric(void **state)
{
    (void)state;
    struct err err = {0};
    char dir[128];
    size_t n;
    snprintf(dir, sizeof dir, "%s/default", root);
    run(results, dir, "clusters=1-27|3-9,strategy=none", METRIC_LOSS, 0, &err);
    char *ours = slurp(dir, "fig2c.gp", &n), *other = slurp(dir, "fig2_3-9.gp", &n),
         *markdown = slurp(dir, "final.md", &n);
    assert_non_null(strstr(ours, "metric = 'balanced_accuracy_as_published'"));
    assert_non_null(strstr(other, "metric = 'balanced_accuracy'"));
    assert_non_null(strstr(markdown, "| published"));
    free(ours);
    free(other);
    free(markdown);
}

/* Row of final.csv of a pair and strategy: groups stand in grid order. */
static int csv_row(int pair, int strategy)
{
    return pair * FAKE_STRATEGIES + strategy;
}

static void final_csv_has_the_last_epoch(void **state)
{
    (void)state;
    char value[64];
    size_t size;
    double mean, half;
    char *text = slurp(report_dir, "final.csv", &size);
    int row = csv_row(1, 1);
    cell(text, "clusters", row, ',', value);
    assert_string_equal(value, "14+15");
    cell(text, "strategy", row, ',', value);
    assert_string_equal(value, "reweight");
    assert_int_equal((int)number(text, "jobs", row, ','), 10);
    assert_int_equal((int)number(text, "n", row, ','), 9);
    assert_int_equal((int)number(text, "failed", row, ','), 1);
    assert_int_equal((int)number(text, "diverged", row, ','), 0);
    expect(1, 1, 9, 99, SET_TEST, METRIC_BALANCED_ACCURACY, &mean, &half);
    assert_near(number(text, "test_balanced_accuracy_mean", row, ','), mean);
    assert_near(number(text, "test_balanced_accuracy_low", row, ','), mean - half);
    assert_near(number(text, "test_balanced_accuracy_high", row, ','), mean + half);
    assert_near(number(text, "test_balanced_accuracy_sd", row, ','),
                half / T8 / sqrt(1.0 / 9 + FAKE_TEST / 71.0));
    assert_near(number(text, "test_ratio", row, ','), FAKE_TEST / 71.0);
    assert_near(number(text, "published_test_balanced_accuracy_as_published", row, ','), 0.5384616);
    assert_int_equal((int)number(text, "diverged", csv_row(0, 4), ','), 1);
    assert_int_equal((int)number(text, "n", csv_row(3, 3), ','), 0);
    assert_true(isnan(number(text, "test_loss_mean", csv_row(3, 3), ',')));
    free(text);
}

static void final_csv_has_leak_and_all_originals(void **state)
{
    (void)state;
    size_t size;
    char *text = slurp(report_dir, "final.csv", &size);
    double all = 0;
    for (int s = 0; s < 10; s++)
        all += ((40.0 - s) / 44 + 1.0 / 3) / 2 / 10;
    assert_near(number(text, "all_balanced_accuracy_mean", csv_row(2, 3), ','), all);
    assert_near(number(text, "leak_mean", csv_row(2, 3), ','), 12.5);
    assert_near(number(text, "leak_share_mean", csv_row(2, 3), ','), 12.5 / FAKE_TEST);
    assert_near(number(text, "leak_mean", csv_row(2, 2), ','), 0);
    assert_near(number(text, "n_test_mean", csv_row(2, 3), ','), FAKE_TEST);
    assert_near(number(text, "n_train_mean", csv_row(2, 3), ','), 71);
    free(text);
}

static void tables_say_what_is_in_them(void **state)
{
    (void)state;
    struct err err = {0};
    char dir[256], value[64];
    double mean, half;
    size_t size;
    char *markdown = slurp(report_dir, "final.md", &size);
    expect(0, 3, 10, 99, SET_TEST, METRIC_BALANCED_ACCURACY, &mean, &half);
    snprintf(value, sizeof value, "%.3f ± %.3f | 12.5 of 18", mean, half);
    assert_non_null(strstr(markdown, value));
    assert_non_null(strstr(markdown, "152 of 200 jobs finished"));
    free(markdown);
    snprintf(dir, sizeof dir, "%s/again", root);
    run(results, dir, "clusters=1-27,strategy=augment|none", METRIC_BALANCED_ACCURACY, 0, &err);
    char *table = slurp(root, "printed", &size);
    assert_non_null(strstr(table, "20 of 20 jobs finished on "));
    assert_non_null(strstr(table, "synthetic images"));
    assert_non_null(strstr(table, "0.901"));
    assert_non_null(strstr(table, "\n1-27"));
    assert_null(strstr(table, "\n8-10"));
    free(table);
    char *script = slurp(dir, "fig4c.gp", &size);
    assert_non_null(strstr(script, "metric = 'balanced_accuracy'"));
    assert_null(strstr(script, "as published"));
    free(script);
}

static void check_picture(const char *name, size_t at_least)
{
    char file[64];
    size_t n;
    snprintf(file, sizeof file, "%s.png", name);
    char *png = slurp(report_dir, file, &n);
    assert_true(n > at_least);
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    assert_true((unsigned char)png[18] * 256 + (unsigned char)png[19] >= 1700); /* width in the IHDR chunk */
    free(png);
    snprintf(file, sizeof file, "%s.svg", name);
    char *svg = slurp(report_dir, file, &n);
    assert_true(n > at_least);
    assert_non_null(strstr(svg, "</svg>"));
    assert_non_null(strstr(svg, "synthetic data"));
    assert_non_null(strstr(svg, "commit"));
    free(svg);
    snprintf(file, sizeof file, "%s.pdf", name);
    char *pdf = slurp(report_dir, file, &n);
    assert_true(n > at_least);
    assert_memory_equal(pdf, "%PDF-", 5);
    assert_memory_equal(pdf + n - 6, "%%EOF\n", 6);
    free(pdf);
}

static void every_picture_is_drawn_in_three_formats(void **state)
{
    (void)state;
    static const char *const names[] = {"fig1",  "fig2a", "fig2b",    "fig2c", "fig2_3-9",
                                        "fig4a", "fig4b", "fig4_3-9", "fig4c", "appendix_a1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_picture(names[i], 8000);
}

static void nothing_temporary_is_left(void **state)
{
    (void)state;
    DIR *dir = opendir(report_dir);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (strstr(entry->d_name, ".tmp"))
            fail_msg("%s was left", entry->d_name);
    closedir(dir);
}

static void cluster_sizes_are_those_of_all_images(void **state)
{
    (void)state;
    size_t size;
    char *text = slurp(report_dir, "fig1.tsv", &size);
    assert_int_equal((int)number(text, "images", 0, '\t'), 94);
    assert_int_equal((int)number(text, "cluster", 27, '\t'), 28);
    assert_int_equal((int)number(text, "images", 26, '\t'), 7);
    free(text);
}

static void appendix_shows_the_first_image_of_cluster_27(void **state)
{
    (void)state;
    struct err err = {0};
    struct dataset *data = fake_dataset(&err);
    size_t size;
    int image = 0, rows = 0, differ[17] = {0};
    char *text = slurp(report_dir, "appendix_a1.tsv", &size), *at = strchr(text, '\n') + 1;
    while (data->image[image].cluster != 27)
        image++;
    for (int v = 0, x = 0, y = 0; *at; rows++, at = strchr(at, '\n') + 1) {
        double value;
        assert_int_equal(sscanf(at, "%d\t%d\t%d\t%lf", &v, &x, &y, &value), 4);
        assert_int_equal(v, rows / 2500);
        differ[v] += fabs(value - (double)data->pixels[(size_t)image * 2500 + (size_t)(y * 50 + x)]) > 1e-4;
    }
    assert_int_equal(rows, 17 * 2500);
    assert_int_equal(differ[0], 0);
    for (int v = 1; v < 17; v++)
        assert_true(differ[v] > 100);
    free(text);
    dataset_free(data);
}

static void no_finished_job_is_an_error(void **state)
{
    (void)state;
    struct err err = {0};
    char path[128], dir[128];
    snprintf(path, sizeof path, "%s/waiting.h5", root);
    snprintf(dir, sizeof dir, "%s/waiting", root);
    assert_int_equal(fake_store(path, NULL, FAKE_WAITING, &err), 0);
    run(path, dir, NULL, METRIC_ACCURACY, E_USAGE, &err);
    assert_non_null(strstr(err.text, "none of 200 jobs is finished"));
    assert_int_not_equal(access(dir, F_OK), 0);
}

static void filters_that_match_nothing_are_errors(void **state)
{
    (void)state;
    struct err err = {0};
    run(results, report_dir, "clusters=2-3", METRIC_ACCURACY, E_USAGE, &err);
    assert_non_null(strstr(err.text, "clusters=2-3"));
    run(results, report_dir, "colour=red", METRIC_ACCURACY, E_USAGE, &err);
    assert_non_null(strstr(err.text, "colour"));
}

static void without_gnuplot_data_and_scripts_stay(void **state)
{
    (void)state;
    struct err err = {0};
    char dir[128], path[256], *old = strdup(getenv("PATH"));
    snprintf(dir, sizeof dir, "%s/bare/of/pictures", root);
    setenv("PATH", root, 1);
    run(results, dir, "clusters=8-10", METRIC_ACCURACY, E_IO, &err);
    setenv("PATH", old, 1);
    free(old);
    assert_non_null(strstr(err.text, "gnuplot-nox"));
    snprintf(path, sizeof path, "%s/fig4a_augment.tsv", dir);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/fig4a.gp", dir);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/final.csv", dir);
    assert_int_equal(access(path, F_OK), 0);
}

static void without_images_only_the_appendix_is_missing(void **state)
{
    (void)state;
    struct err err = {0};
    char path[128], dir[128], file[256];
    snprintf(path, sizeof path, "%s/alone.h5", root);
    snprintf(dir, sizeof dir, "%s/alone", root);
    assert_int_equal(fake_store(path, NULL, 0, &err), 0);
    run(path, dir, "clusters=8-10,strategy=none", METRIC_BALANCED_ACCURACY_AS_PUBLISHED, 0, &err);
    snprintf(file, sizeof file, "%s/appendix_a1.gp", dir);
    assert_int_not_equal(access(file, F_OK), 0);
    snprintf(file, sizeof file, "%s/fig2a.png", dir);
    assert_int_equal(access(file, F_OK), 0);
}

static void other_axes_have_pages_of_their_own(void **state)
{
    (void)state;
    struct err err = {0};
    char path[128], dir[128], value[64];
    size_t size;
    snprintf(path, sizeof path, "%s/axis.h5", root);
    snprintf(dir, sizeof dir, "%s/axis", root);
    assert_int_equal(fake_store(path, NULL, FAKE_AXIS, &err), 0);
    run(path, dir, "clusters=8-10,strategy=augment", METRIC_ACCURACY, 0, &err);
    char *text = slurp(dir, "fig4a_learning_rate=0.0003_augment.tsv", &size);
    assert_int_equal((int)number(text, "n", 0, '\t'), 4);
    free(text);
    text = slurp(dir, "fig4a_learning_rate=0.001_augment.tsv", &size);
    assert_int_equal((int)number(text, "n", 0, '\t'), 5);
    free(text);
    text = slurp(dir, "final.csv", &size);
    cell(text, "train.learning_rate", 1, ',', value);
    assert_string_equal(value, "0.0003");
    free(text);
    run(path, dir, "clusters=8-10,train.learning_rate=0.001", METRIC_ACCURACY, 0, &err);
    free(slurp(dir, "fig4a.pdf", &size));
}

static void output_is_whole_or_not_there(void **state)
{
    (void)state;
    struct err err = {0};
    struct output out;
    char file[128];
    assert_int_equal(output_open(&out, root, "x.txt", &err), 0);
    fputs("half", out.file);
    assert_int_not_equal(access(out.path, F_OK), 0);
    output_abandon(&out);
    assert_int_not_equal(access(out.temporary, F_OK), 0);
    assert_int_equal(output_open(&out, root, "x.txt", &err), 0);
    fputs("whole", out.file);
    assert_int_equal(output_close(&out, &err), 0);
    assert_int_equal(access(out.path, F_OK), 0);
    snprintf(file, sizeof file, "%s/x.txt/sub", root);
    assert_int_equal(output_directory(file, &err), E_IO);
    assert_non_null(strstr(err.text, "not a directory"));
    assert_int_equal(output_open(&out, "/nowhere/at/all", "x", &err), E_IO);
}

static int command(const char *a, const char *b, const char *c, const char *d, struct err *err)
{
    char name[] = "cellsweep report", text[4][128];
    const char *const given[4] = {a, b, c, d};
    char *argv[6] = {name};
    int argc = 1;
    for (int i = 0; i < 4 && given[i]; i++) {
        snprintf(text[i], sizeof text[i], "%s", given[i]);
        argv[argc++] = text[i];
    }
    return command_run(&cmd_report, argc, argv, err);
}

static void the_command_checks_its_arguments(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(command(NULL, NULL, NULL, NULL, &err), E_USAGE);
    assert_int_equal(command(results, NULL, NULL, NULL, &err), E_USAGE);
    assert_non_null(strstr(err.text, "-o DIR"));
    assert_int_equal(command(results, "extra.h5", "-o", root, &err), E_IO);
    assert_non_null(strstr(err.text, "extra.h5"));
    assert_int_equal(command(results, results, "-o", root, &err), E_USAGE);
    assert_non_null(strstr(err.text, "stands there twice"));
    assert_int_equal(command(results, "--metric=loss", "-o", root, &err), E_USAGE);
    assert_non_null(strstr(err.text, "balanced_accuracy"));
    assert_int_equal(command("/nowhere.h5", "-o", root, NULL, &err), E_IO);
}

static int make_report(void **state)
{
    (void)state;
    struct err err = {0};
    char cells[128];
    assert_int_equal(scratch_make(root, sizeof root), 0);
    snprintf(results, sizeof results, "%s/fake.h5", root);
    snprintf(cells, sizeof cells, "%s/fake.cells.h5", root);
    snprintf(report_dir, sizeof report_dir, "%s/report", root);
    snprintf(printed, sizeof printed, "%s/printed", root);
    if (fake_store(results, cells, 0, &err) < 0)
        fail_msg("%s", err.text);
    run(results, report_dir, NULL, METRIC_BALANCED_ACCURACY_AS_PUBLISHED, 0, &err);
    return 0;
}

static int remove_report(void **state)
{
    (void)state;
    char command_line[128];
    snprintf(command_line, sizeof command_line, "rm -rf %s", root);
    return system(command_line) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(curves_are_means_over_finished_jobs),
                                       cmocka_unit_test(one_job_has_no_interval_and_none_no_panel),
                                       cmocka_unit_test(published_curves_are_those_of_the_file),
                                       cmocka_unit_test(published_curves_stop_where_asked),
                                       cmocka_unit_test(published_curves_stand_beside_ours),
                                       cmocka_unit_test(other_data_have_nothing_published),
                                       cmocka_unit_test(published_curves_know_clusters_by_number),
                                       cmocka_unit_test(published_curves_set_the_metric),
                                       cmocka_unit_test(final_csv_has_the_last_epoch),
                                       cmocka_unit_test(final_csv_has_leak_and_all_originals),
                                       cmocka_unit_test(tables_say_what_is_in_them),
                                       cmocka_unit_test(every_picture_is_drawn_in_three_formats),
                                       cmocka_unit_test(nothing_temporary_is_left),
                                       cmocka_unit_test(cluster_sizes_are_those_of_all_images),
                                       cmocka_unit_test(appendix_shows_the_first_image_of_cluster_27),
                                       cmocka_unit_test(no_finished_job_is_an_error),
                                       cmocka_unit_test(filters_that_match_nothing_are_errors),
                                       cmocka_unit_test(without_gnuplot_data_and_scripts_stay),
                                       cmocka_unit_test(without_images_only_the_appendix_is_missing),
                                       cmocka_unit_test(other_axes_have_pages_of_their_own),
                                       cmocka_unit_test(output_is_whole_or_not_there),
                                       cmocka_unit_test(the_command_checks_its_arguments)};
    return cmocka_run_group_tests(tests, make_report, remove_report);
}
