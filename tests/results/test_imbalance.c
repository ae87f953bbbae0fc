#include "figures/imbalance.h"

#include "figures/curves.h"
#include "rng.h"
#include "store/drawn.h"
#include "figures/figures.h"
#include "figures/pagename.h"
#include "support/scratch.h"
#include "support/small_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Two pairs, four sizes, eighteen strategies (two more than a page has lines), two learning rates, three
 * optimizer words, four seeds: not the whole product, but every axis once beside the sizes. */
enum { SIZES = 4, STRATEGIES = 18, SEEDS = 4, PAIRS = 2, N_MAIN = SIZES * STRATEGIES * SEEDS * PAIRS };

static const char *const sizes[SIZES] = {"90-90", "90-9", "90-30", "90-3"};
static const double ratios[SIZES] = {1, 10, 3, 30};
static const char *const pairs[PAIRS] = {"1-2", "8-10"};
static const char *const strategies[STRATEGIES] = {"none",           "reweight",         "undersample",
                                                   "oversample",     "augment",          "smote",
                                                   "tomek",          "nearmiss",         "focal",
                                                   "mixup",          "threshold",        "balanced-softmax",
                                                   "logit-adjust",   "balanced-batch",   "easy-ensemble",
                                                   "class-balanced", "borderline-smote", "augment+reweight"};

static char root[64];

static double balanced_of(int pair, int size, int strategy, int seed)
{
    struct rng rng = rng_start(rng_key("imbalance", &seed, sizeof seed),
                               (uint64_t)((pair * SIZES + size) * STRATEGIES + strategy));
    return fmin(1, 0.9 - 0.08 * log(ratios[size]) / (1 + 0.1 * strategy) - 0.05 * pair +
                       0.05 * rng_normal(&rng));
}

static void row(struct small_job *job, const char *clusters, const char *strategy, int64_t seed,
                double balanced)
{
    memset(job, 0, sizeof *job);
    strcpy(job->row.clusters, clusters);
    strcpy(job->row.protocol, "kfold");
    snprintf(job->row.strategy, sizeof job->row.strategy, "%s", strategy);
    job->row.seed = seed;
    job->state = JOB_DONE;
    job->n = 2;
    job->balanced = balanced;
}

static struct summary *summarise(const char *path, struct store **store, const char *filter)
{
    struct summary *summary = NULL;
    struct err err = {0};
    if (store_open(path, store, &err) < 0 || summary_new(*store, filter, &summary, &err) < 0)
        fail_msg("%s", err.text);
    return summary;
}

static void write_store(char path[128], const char *name, const struct small_job *job, int n,
                        const char *const *axis, int n_axes, const char *resolved)
{
    struct err err = {0};
    snprintf(path, 128, "%s/%s.h5", root, name);
    if (small_store(path, job, n, 2, axis, n_axes, resolved, &err) < 0)
        fail_msg("%s", err.text);
}

static char main_file[128];

static int set_up(void **state)
{
    (void)state;
    static const char *const axis[] = {"class_sizes"};
    struct small_job *job = calloc(N_MAIN, sizeof *job);
    assert_int_equal(scratch_make(root, sizeof root), 0);
    for (int j = 0; j < N_MAIN; j++) {
        int seed = j % SEEDS, size = j / SEEDS % SIZES, strategy = j / SEEDS / SIZES % STRATEGIES,
            pair = j / SEEDS / SIZES / STRATEGIES;
        row(&job[j], pairs[pair], strategies[strategy], seed + 1, balanced_of(pair, size, strategy, seed));
        strcpy(job[j].row.axis[0], sizes[size]);
    }
    job[SEEDS - 1].state = JOB_DIVERGED;     /* 1-2, none, 90-90: three of four */
    for (int seed = 1; seed < SEEDS; seed++) /* 1-2, none, 90-9: one of four */
        job[SEEDS + seed].state = JOB_FAILED;
    for (int seed = 0; seed < SEEDS; seed++) /* 1-2, none, 90-30: nothing */
        job[2 * SEEDS + seed].state = JOB_FAILED;
    write_store(main_file, "main", job, N_MAIN, axis, 1, "");
    free(job);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line) == 0 ? 0 : -1;
}

static struct figures draw(const char *path)
{
    struct store *store = NULL;
    struct err err = {0};
    struct summary *summary = summarise(path, &store, NULL);
    struct figures_options options = {.metric = METRIC_ACCURACY};
    struct figures figures;
    if (figures_write(summary, NULL, &options, root, &figures, &err) < 0)
        fail_msg("%s", err.text);
    summary_free(summary);
    store_close(store, NULL);
    return figures;
}

static int has(const struct figures *figures, const char *name)
{
    for (int i = 0; i < figures->n; i++)
        if (strcmp(figures->name[i], name) == 0)
            return 1;
    return 0;
}

/* One line of a data file: its numbers. */
struct line {
    int series, jobs, n;
    char strategy[64], value[64];
    double x, mean, low, high, job[4];
};

/* Line `i` below the header; 0 when there is none. */
static int read_line(const char *text, int i, struct line *l)
{
    const char *at = strchr(text, '\n') + 1;
    for (; i > 0 && *at; i--)
        at = strchr(at, '\n') + 1;
    return *at && sscanf(at, "%d %63s %lf %63s %d %d %lf %lf %lf %lf %lf %lf %lf", &l->series, l->strategy,
                         &l->x, l->value, &l->jobs, &l->n, &l->mean, &l->low, &l->high, &l->job[0],
                         &l->job[1], &l->job[2], &l->job[3]) == 13;
}

static void expect_mean(int pair, int size, int strategy, double *mean, double *half)
{
    double sum = 0, squares = 0;
    for (int s = 0; s < SEEDS; s++)
        sum += (double)(float)balanced_of(pair, size, strategy, s);
    *mean = sum / SEEDS;
    for (int s = 0; s < SEEDS; s++)
        squares += pow((double)(float)balanced_of(pair, size, strategy, s) - *mean, 2);
    /* Student's t, 3 degrees of freedom, 0.975; one image judges, the other drawn ones train */
    *half = 3.18244630528371 * sqrt(squares / (SEEDS - 1) * (1.0 / SEEDS + 1 / (90 + 90 / ratios[size] - 1)));
}

/* Every number of 8-10, first page: 16 strategies, each at rising ratios. */
static void points_are_means_and_intervals(void **state)
{
    (void)state;
    static const int rising[SIZES] = {0, 2, 1, 3};
    struct figures figures = draw(main_file);
    struct line l;
    double mean, half;
    char *text = small_text(root, "imbalance_8-10.tsv");
    assert_non_null(text);
    for (int i = 0; i < TREND_SERIES * SIZES; i++) {
        int strategy = i / SIZES, size = rising[i % SIZES];
        assert_true(read_line(text, i, &l));
        expect_mean(1, size, strategy, &mean, &half);
        assert_int_equal(l.series, strategy);
        assert_string_equal(l.strategy, strategies[strategy]);
        assert_string_equal(l.value, sizes[size]);
        assert_int_equal(l.n, SEEDS);
        assert_true(fabs(l.x - ratios[size]) < 1e-8);
        assert_true(fabs(l.mean - mean) < 1e-8);
        assert_true(fabs(l.low - fmax(0, mean - half)) < 1e-8);
        assert_true(fabs(l.high - fmin(1, mean + half)) < 1e-8);
    }
    assert_false(read_line(text, TREND_SERIES * SIZES, &l));
    free(text);
    figures_release(&figures);
}

static void more_strategies_go_to_a_further_page(void **state)
{
    (void)state;
    struct figures figures = draw(main_file);
    struct line l;
    char *text = small_text(root, "imbalance_8-10_more1.tsv");
    assert_true(has(&figures, "imbalance_8-10"));
    assert_true(has(&figures, "imbalance_8-10_more1"));
    assert_true(has(&figures, "imbalance_1-2"));
    assert_false(has(&figures, "axis_class_sizes_8-10"));
    assert_true(read_line(text, 0, &l));
    assert_string_equal(l.strategy, "borderline-smote");
    assert_true(read_line(text, 2 * SIZES - 1, &l));
    assert_string_equal(l.strategy, "augment+reweight");
    assert_false(read_line(text, 2 * SIZES, &l));
    free(text);
    figures_release(&figures);
}

static void lost_jobs_are_seen(void **state)
{
    (void)state;
    struct figures figures = draw(main_file);
    struct line l;
    char *text = small_text(root, "imbalance_1-2.tsv"), *script = small_text(root, "imbalance_1-2.gp");
    assert_true(read_line(text, 0, &l));
    assert_int_equal(l.n, 3);
    assert_int_equal(l.jobs, 4);
    for (int s = 0; s < 3; s++)
        assert_true(fabs(l.job[s] - balanced_of(0, 0, 0, s)) < 1e-6);
    assert_true(isnan(l.job[3]));
    assert_true(read_line(text, 1, &l)); /* 90-30 has no point */
    assert_true(fabs(l.x - 10) < 1e-8);
    assert_int_equal(l.n, 1);
    assert_true(fabs(l.mean - (double)(float)balanced_of(0, 1, 0, 0)) < 1e-8);
    assert_true(isnan(l.low) && isnan(l.high) && isnan(l.job[0]));
    assert_non_null(strstr(script, "Unbalanced (n = 1 to 4)"));
    assert_non_null(strstr(script, "set logscale x"));
    free(text);
    free(script);
    figures_release(&figures);
}

/* Three sizes, `jobs` of each, as a picture's script and data. */
static void draw_jobs(int jobs, int n_sizes, char **script, char **data)
{
    static const char *const axis[] = {"class_sizes"};
    struct small_job job[3 * CURVES_FEW];
    char path[128];
    for (int j = 0; j < n_sizes * jobs; j++) {
        row(&job[j], "1-2", "none", 1 + j % jobs, 0.5 + 0.01 * j);
        strcpy(job[j].row.axis[0], sizes[j / jobs]);
    }
    write_store(path, "jobs", job, n_sizes * jobs, axis, 1, "");
    struct figures figures = draw(path);
    *script = small_text(root, "imbalance_1-2.gp");
    *data = small_text(root, "imbalance_1-2.tsv");
    figures_release(&figures);
}

/* An interval from five jobs on; below it each of the jobs. */
static void few_jobs_are_points(void **state)
{
    char *script, *data;
    struct line l;
    (void)state;
    draw_jobs(CURVES_FEW, 3, &script, &data);
    assert_non_null(strstr(script, "with yerrorbars"));
    assert_non_null(strstr(script, "95 % interval"));
    assert_null(strstr(script, "'job'"));
    assert_true(read_line(data, 0, &l) && isnan(l.job[0]));
    free(script);
    free(data);
    draw_jobs(CURVES_FEW - 1, 3, &script, &data);
    assert_null(strstr(script, "with yerrorbars"));
    assert_null(strstr(script, "95 % interval"));
    assert_non_null(strstr(script, "for [j=1:4] f using"));
    assert_non_null(strstr(script, "Small circles: single jobs"));
    assert_true(read_line(data, 0, &l) && fabs(l.job[3] - 0.53) < 1e-6);
    free(script);
    free(data);
}

/* A line between two values would be a course that nobody measured. */
static void two_values_are_not_joined(void **state)
{
    char *script, *data;
    (void)state;
    draw_jobs(1, 3, &script, &data);
    assert_non_null(strstr(script, "with linespoints"));
    free(script);
    free(data);
    draw_jobs(1, 2, &script, &data);
    assert_null(strstr(script, "with linespoints"));
    assert_non_null(strstr(script, "with points"));
    free(script);
    free(data);
}

static void pictures_are_drawn(void **state)
{
    (void)state;
    struct err err = {0};
    char names[2][CURVES_NAME_SIZE] = {"imbalance_8-10", "imbalance_1-2"}, file[64];
    struct figures list = {.n = 2, .name = names};
    struct figures figures = draw(main_file);
    if (figures_render(&list, root, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%.40s.svg", names[i]);
        char *svg = small_text(root, file);
        assert_non_null(strstr(svg, "Undersampling (n = 4)"));
        assert_non_null(strstr(svg, "synthetic data"));
        free(svg);
    }
    figures_release(&figures);
}

static void sizes_of_texts(void **state)
{
    (void)state;
    long size[CONFIG_MAX_CLUSTERS];
    assert_int_equal(drawn_parse("900-90", size), 2);
    assert_int_equal(size[0], 900);
    assert_int_equal(size[1], 90);
    assert_int_equal(drawn_parse("5-70-6", size), 3);
    assert_int_equal(size[1], 70);
    assert_int_equal(size[2], 6);
    static const char *const others[] = {"", "all", "90", "90-", "90-0", "90--3", "90-3x", "90-3-..."};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (drawn_parse(others[i], size))
            fail_msg("'%s' is no list of sizes", others[i]);
}

/* 40 of cluster 8 and 10 of 10 is another problem than 10 and 40: no line joins them. Other clusters'
 * sizes do not matter. */
static void turned_sizes_have_pages_of_their_own(void **state)
{
    (void)state;
    static const char *const axis[] = {"class_sizes"};
    static const char *const size[] = {"40-10", "10-40", "40-40"};
    struct small_job job[6];
    char path[128];
    for (int j = 0; j < 6; j++) {
        row(&job[j], j < 3 ? "8-10" : "1-27", "none", 1, 0.5 + 0.1 * j);
        strcpy(job[j].row.axis[0], j < 3 ? size[j] : j == 3 ? "90-9" : "80-20");
        job[j].row.seed = j + 1;
    }
    write_store(path, "turned", job, 6, axis, 1, "");
    struct figures figures = draw(path);
    assert_true(has(&figures, "imbalance_8-10_largest-class=40-of-8"));
    assert_true(has(&figures, "imbalance_8-10_largest-class=40-of-10"));
    char *text = small_text(root, "imbalance_8-10_largest-class=40-of-10.tsv");
    struct line l;
    assert_true(read_line(text, 0, &l) && !read_line(text, 1, &l));
    assert_string_equal(l.value, "10-40");
    free(text);
    figures_release(&figures);
}

/* Equal ratios of different sizes are different experiments: a page a largest class. A value that is no list
 * of sizes stands for the data as they are: 94 and 7 images of 1-27. */
static void equal_ratios_have_pages_of_their_own(void **state)
{
    (void)state;
    static const char *const value[] = {"90-9", "40-4", "all", "90-45", "40-40"};
    static const char *const axis[] = {"class_sizes"};
    struct small_job job[5];
    struct line l;
    char path[128];
    for (int j = 0; j < 5; j++) {
        row(&job[j], "1-27", "none", 1, 0.5 + 0.01 * j);
        strcpy(job[j].row.axis[0], value[j]);
    }
    write_store(path, "equal", job, 5, axis, 1, "");
    struct figures figures = draw(path);
    assert_true(has(&figures, "imbalance_1-27_largest-class=90-of-1"));
    assert_true(has(&figures, "imbalance_1-27_largest-class=40-of-1"));
    char *text = small_text(root, "imbalance_1-27_largest-class=94-of-1.tsv");
    assert_true(read_line(text, 0, &l));
    assert_true(fabs(l.x - 94 / 7.0) < 1e-7);
    free(text);
    text = small_text(root, "imbalance_1-27_largest-class=40-of-1.tsv");
    assert_true(read_line(text, 0, &l));
    assert_true(l.x == 1);
    assert_true(read_line(text, 1, &l));
    assert_true(l.x == 10);
    free(text);
    figures_release(&figures);
}

/* A list too long for its row is that of the grid; its last number counts, and of two that begin
 * alike each has its own. */
static void long_lists_are_looked_up(void **state)
{
    (void)state;
#define TWENTY "60-30-50-50-50-50-50-50-50-50-50-50-50-50-50-50-50-50-50-50"
    static const char other[] = TWENTY "-50-50", uneven[] = TWENTY "-50-3";
    static const char *const axis[] = {"class_sizes"};
    struct small_job job[2];
    struct line l;
    char path[128];
    for (int j = 0; j < 2; j++) {
        row(&job[j], "all", "none", 1, 0.5);
        store_field_text(job[j].row.axis[0], sizeof job[j].row.axis[0], j ? other : uneven);
    }
    write_store(path, "long", job, 2, axis, 1, "grid:\n  class_sizes: [" TWENTY "-50-50, " TWENTY "-50-3]\n");
    struct figures figures = draw(path);
    char *text = small_text(root, "imbalance_all.tsv");
    assert_true(read_line(text, 0, &l));
    assert_true(l.x == 2);
    assert_true(read_line(text, 1, &l));
    assert_true(l.x == 20);
    free(text);
    figures_release(&figures);
}

static void check_x(const char *file, int i, const char *value, double x)
{
    struct line l;
    char *text = small_text(root, file);
    if (!text)
        fail_msg("%s is missing", file);
    assert_true(read_line(text, i, &l));
    assert_string_equal(l.value, value);
    assert_true(fabs(l.x - x) < 1e-9);
    free(text);
}

static int has_text(const char *file, const char *part)
{
    char *text = small_text(root, file);
    int found = text && strstr(text, part);
    free(text);
    return found;
}

/* Every other axis has a figure too, one page for each value of the rest. */
static void axes_have_figures(void **state)
{
    (void)state;
    static const char *const axis[] = {"train.learning_rate", "train.batch", "logit-adjust.form"};
    static const char *const rate[] = {"0.01", "0.001"}, *const batch[] = {"16", "32", "64"},
                             *const form[] = {"post-hoc", "loss"};
    struct small_job job[12];
    char path[128];
    for (int j = 0; j < 12; j++) {
        row(&job[j], "8-10", "logit-adjust", 1, 0.5 + 0.01 * j);
        strcpy(job[j].row.axis[0], rate[j % 2]);
        strcpy(job[j].row.axis[1], batch[j / 2 % 3]);
        strcpy(job[j].row.axis[2], form[j / 6]);
    }
    write_store(path, "axes", job, 12, axis, 3, "");
    struct figures figures = draw(path);
    assert_true(has(&figures, "axis_learning_rate_8-10_batch=16_form=post-hoc"));
    assert_true(has(&figures, "axis_batch_8-10_learning_rate=0.001_form=loss"));
    check_x("axis_learning_rate_8-10_batch=16_form=post-hoc.tsv", 0, "0.001", 0.001);
    check_x("axis_learning_rate_8-10_batch=16_form=post-hoc.tsv", 1, "0.01", 0.01);
    check_x("axis_batch_8-10_learning_rate=0.001_form=loss.tsv", 2, "64", 64);
    check_x("axis_form_8-10_learning_rate=0.01_batch=16.tsv", 0, "post-hoc", 0);
    check_x("axis_form_8-10_learning_rate=0.01_batch=16.tsv", 1, "loss", 1);
    assert_true(has_text("axis_learning_rate_8-10_batch=16_form=post-hoc.gp", "set logscale x"));
    assert_false(has_text("axis_batch_8-10_learning_rate=0.001_form=loss.gp", "set logscale x"));
    assert_true(has_text("axis_form_8-10_learning_rate=0.01_batch=16.gp", "'post-hoc' 0"));
    assert_true(has_text("axis_batch_8-10_learning_rate=0.001_form=loss.gp", "with linespoints"));
    figures_release(&figures);
}

/* Learning curves: no strategy is dropped, four panels a page, the report's four first. */
static void curves_have_further_pages(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct err err = {0};
    struct curves_page *pages = NULL;
    struct summary *summary = summarise(main_file, &store, "clusters=8-10,class_sizes=90-9");
    int n = curves_pages(summary, &pages, &err), panels = 0;
    assert_int_equal(n, 6);
    assert_string_equal(pages[0].name, "fig2a");
    assert_string_equal(pages[1].name, "fig4a");
    assert_int_equal(pages[1].n_panels, 4);
    assert_string_equal(pages[1].panel[0]->cell->strategy, "undersample");
    assert_string_equal(pages[2].name, "fig4a_more1");
    assert_string_equal(pages[2].panel[0]->cell->strategy, "smote");
    assert_string_equal(pages[5].name, "fig4a_more4");
    assert_int_equal(pages[5].n_panels, 1);
    assert_string_equal(pages[5].panel[0]->cell->strategy, "augment+reweight");
    for (int i = 0; i < n; i++)
        panels += pages[i].n_panels;
    assert_int_equal(panels, STRATEGIES);
    curves_free(pages, n);
    summary_free(summary);
    store_close(store, NULL);
}

/* Models that learn at once have no curves; those that learn round by round have. */
static void curves_of_fitted_models_are_flat(void **state)
{
    static const char *const flat[] = {"knn", "logistic", "forest", "svm", "majority"};
    static const char *const learning[] = {"cnn", "boost", "fake", "of a later version"};
    struct store_job job;
    const struct summary_group group = {.cell = &job};
    (void)state;
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++) {
        snprintf(job.model, sizeof job.model, "%s", flat[i]);
        assert_true(curves_are_flat(&group));
    }
    for (size_t i = 0; i < sizeof learning / sizeof *learning; i++) {
        snprintf(job.model, sizeof job.model, "%s", learning[i]);
        assert_false(curves_are_flat(&group));
    }
}

/* Round numbers are written out in figures and in the names of files: neither 1e+03 nor, with
 * a + lost, 1e-03. */
static void numbers_stay_what_they_are(void **state)
{
    const struct trend_axis axis = imbalance_axis(FACTOR_AXES);
    struct store_job job = {.axis = {"9000-9"}};
    const struct summary_group group = {.cell = &job};
    char text[64], name[PAGENAME_SIZE] = "axis_";
    (void)state;
    axis.tick(text, sizeof text, &group, FACTOR_AXES, 1000);
    assert_string_equal(text, "1000\n9000-9");
    axis.tick(text, sizeof text, &group, FACTOR_AXES, 100.0 / 3);
    assert_string_equal(text, "33.3\n9000-9");
    pagename_append(name, "rotation=2e+20");
    assert_string_equal(name, "axis_rotation=2e+20");
}

static const char *file_name(const char *begin, const char *list)
{
    static char name[PAGENAME_SIZE];
    snprintf(name, sizeof name, "%s", begin);
    pagename_append_classes(name, list);
    return name;
}

static void names_of_classes_are_easily_typed(void **state)
{
    (void)state;
    assert_string_equal(file_name("fig4_", "8-10"), "fig4_8-10");
    assert_string_equal(file_name("fig4_", "CD8+ T cell-\"Mono, classical\""),
                        "fig4_CD8+-T-cell-Mono-classical");
    assert_string_equal(file_name("", "$(rm -rf ..)-A"), "rm-rf-..-A");
    assert_string_equal(file_name("", "\"-x\"-..y"), "x-..y");
    assert_string_equal(file_name("", "..-A"), "A");
    assert_int_equal(strncmp(file_name("fig4_", "B\303\266l\303\274m-A"), "fig4_B-l-m-A.", 13), 0);
    assert_int_equal(strlen(file_name("", "\347\273\206")), 8);
    assert_string_not_equal(file_name("", "\347\273\206"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_classes_are_easily_typed),
                                       cmocka_unit_test(points_are_means_and_intervals),
                                       cmocka_unit_test(more_strategies_go_to_a_further_page),
                                       cmocka_unit_test(lost_jobs_are_seen),
                                       cmocka_unit_test(few_jobs_are_points),
                                       cmocka_unit_test(two_values_are_not_joined),
                                       cmocka_unit_test(pictures_are_drawn),
                                       cmocka_unit_test(sizes_of_texts),
                                       cmocka_unit_test(turned_sizes_have_pages_of_their_own),
                                       cmocka_unit_test(equal_ratios_have_pages_of_their_own),
                                       cmocka_unit_test(long_lists_are_looked_up),
                                       cmocka_unit_test(axes_have_figures),
                                       cmocka_unit_test(curves_have_further_pages),
                                       cmocka_unit_test(curves_of_fitted_models_are_flat),
                                       cmocka_unit_test(numbers_stay_what_they_are)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
