#include "tables/findings_pages.h"

#include "tables/calibration_pages.h"
#include "tables/columns.h"
#include "tables/literature_pages.h"
#include "tables/models_pages.h"
#include "tables/training_pages.h"
#include "tables/tuning_pages.h"
#include "tables/versus_pages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces of tables ---- */

/* Factors of which a table has no column: those that it compares, ranks or makes claims of. */
static unsigned but_strategy(const struct findings *f)
{
    return combination_own(f->summary->store, FACTOR_STRATEGY);
}

static unsigned but_ranked(const struct findings *f)
{
    return but_strategy(f) | FACTOR(FACTOR_CLASSES);
}

static void add_factor_names(struct texttable *table, const struct findings *f, unsigned but)
{
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying) & ~but);
}

static void add_factors(struct texttable *table, const struct findings *f, const struct store_job *cell,
                        unsigned but)
{
    columns_add(table, f->summary->store, cell, combination_shown(f->summary->varying) & ~but, 0);
}

/* Without the sign of what rounds to 0. */
double findings_tidy(double x)
{
    return fabs(x) < 0.0005 ? 0 : x;
}

enum { DECIMALS = 3, MAX_DECIMALS = 12, NUMBER_SIZE = 40 };

/* Three decimals, or as many as leave x on its side of a limit. */
static void format_beside(char out[NUMBER_SIZE], const char *format, double x, double limit)
{
    for (int decimals = DECIMALS; decimals <= MAX_DECIMALS; decimals++) {
        snprintf(out, NUMBER_SIZE, *format == '+' ? "%+.*f" : "%.*f", decimals, x);
        double shown = strtod(out, NULL);
        if ((shown < limit) == (x < limit) && (shown > limit) == (x > limit))
            return;
    }
}

void findings_add_number(struct texttable *table, const char *format, double x)
{
    char text[NUMBER_SIZE];
    if (isnan(x))
        snprintf(text, sizeof text, "-");
    else if (strcmp(format, "p") == 0 && x < 0.0005)
        snprintf(text, sizeof text, "<0.001");
    else if (strcmp(format, "p") == 0)
        format_beside(text, "", x, contrast_alpha);
    else
        snprintf(text, sizeof text, strcmp(format, "+") == 0 ? "%+.3f" : "%.3f", findings_tidy(x));
    texttable_add(table, "%s", text);
}

void findings_add_interval(struct texttable *table, const struct contrast *c)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    int holds_zero = c->low <= 0 && c->high >= 0;
    if (isnan(c->low)) {
        texttable_add(table, "-");
        return;
    }
    format_beside(low, "+", holds_zero ? findings_tidy(c->low) : c->low, holds_zero ? 1 : 0);
    format_beside(high, "+", holds_zero ? findings_tidy(c->high) : c->high, holds_zero ? 1 : 0);
    texttable_add(table, "%s to %s", low, high);
}

void findings_print_note(FILE *file, const struct findings *f, const struct findings_page *page)
{
    char filter[SUMMARY_FILTER_SIZE];
    if (*summary_filter_text(f->summary, filter, sizeof filter))
        fprintf(file, "%s.%s\n", filter,
                page->of_file
                    ? " It chooses the rows that are shown; what stands in them is of all jobs of the file."
                    : "");
    fputs(page->note, file);
}

void findings_latex_filter(FILE *file, const struct summary *summary)
{
    char filter[SUMMARY_FILTER_SIZE];
    if (*summary_filter_text(summary, filter, sizeof filter))
        fprintf(file, "%% %s\n", filter);
}

static int count_rows(const struct findings *f, const struct compare *compare)
{
    int n = 0;
    for (int i = 0; i < compare->n; i++)
        n += findings_shows(f, &compare->row[i]);
    return n;
}

static void csv_names(struct csv_out *csv, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_out_text(csv, name[i]);
}

static const char *const contrast_names[] = {"n",      "difference", "low",         "high",
                                             "method", "p",          "p_sign_flip", "p_wilcoxon"};
enum { N_CONTRAST_NAMES = sizeof contrast_names / sizeof *contrast_names };

void findings_csv_contrast_names(struct csv_out *csv)
{
    csv_names(csv, contrast_names, N_CONTRAST_NAMES);
}

void findings_csv_contrast(struct csv_out *csv, const struct contrast *c)
{
    csv_out_int(csv, c->n);
    csv_out_real(csv, c->mean);
    csv_out_real(csv, c->low);
    csv_out_real(csv, c->high);
    csv_out_text(csv, c->method);
    csv_out_real(csv, c->p);
    csv_out_real(csv, c->p_sign_flip);
    csv_out_real(csv, c->p_wilcoxon);
}

/* ---- scores ---- */

static const char scores_note[] = "Mean and 95 % interval of the mean from the stored probabilities: test "
                                  "over finished jobs, Student's t widened where splits share images (Nadeau "
                                  "and Bengio 2003); oof (out of fold: the folds of a repeat pooled, every "
                                  "image judged once by a network that has not seen it) over repeats and all "
                                  "(every original, training images included) over jobs, Student's t: they "
                                  "judge the same images each time and say nothing about others. With two "
                                  "classes the one of which fewer originals are drawn is positive. A score "
                                  "is left out where it is undefined (no image predicted as the class, one "
                                  "class only); where that leaves fewer values than the n of the row, it has "
                                  "its own n behind it, and those left out are often the bad runs.\n";

static void scores_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const numbers[] = {"n", "mean", "sd", "low", "high"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    csv_names(csv, (const char *const[]){"set", "score"}, 2);
    csv_names(csv, numbers, sizeof numbers / sizeof *numbers);
    csv_out_end(csv);
    for (int i = 0; i < f->summary->n_groups * N_REPLICATES_SETS * n_scores; i++) {
        int s = i % n_scores, set = i / n_scores % N_REPLICATES_SETS, g = i / n_scores / N_REPLICATES_SETS;
        const struct store_job *cell = f->summary->group[g].cell;
        const struct stats_summary *x = &f->scores[set][g * n_scores + s];
        if (x->n == 0)
            continue;
        columns_csv(csv, f->summary->store, cell, FACTORS_ALL);
        csv_out_text(csv, replicates_set_names[set]);
        csv_out_text(csv, scores[s].name);
        csv_out_int(csv, x->n);
        csv_out_real(csv, x->mean);
        csv_out_real(csv, x->sd);
        csv_out_real(csv, x->low);
        csv_out_real(csv, x->high);
        csv_out_end(csv);
    }
}

/* A score of a row of n values: with its own number of them where it has fewer. */
static void add_score(struct texttable *table, const struct stats_summary *x, int n)
{
    char text[64];
    stats_text(text, sizeof text, x);
    if (x->n == n || x->n == 0)
        texttable_add(table, "%s", text);
    else
        texttable_add(table, "%s [n %d]", text, x->n);
}

static void add_scores(struct texttable *table, const struct findings *f, int g, int set)
{
    const struct store_job *cell = f->summary->group[g].cell;
    const struct stats_summary *x = f->scores[set] + g * n_scores;
    int n = 0;
    for (int s = 0; s < n_scores; s++)
        n = x[s].n > n ? x[s].n : n;
    if (n == 0)
        return;
    add_factors(table, f, cell, 0);
    texttable_add(table, "%s", replicates_set_names[set]);
    texttable_add(table, "%d", n);
    for (int s = 0; s < n_scores; s++)
        add_score(table, &x[s], n);
    texttable_end(table);
}

static void scores_table(struct texttable *table, const struct findings *f)
{
    add_factor_names(table, f, 0);
    texttable_add(table, "set");
    table->numeric_from = table->filled;
    texttable_add(table, "n");
    for (int s = 0; s < n_scores; s++)
        texttable_add(table, "%s", scores[s].name);
    texttable_end(table);
    for (int g = 0; g < f->summary->n_groups; g++)
        for (int set = 0; set < N_REPLICATES_SETS; set++)
            add_scores(table, f, g, set);
}

/* ---- strategies compared ---- */

static const char strategies_note[] =
    "Balanced accuracy, first minus second, of the n pairs of runs with the same seed, repeat and fold; "
    "means are of these pairs. Sets: test, the images a job held back; oof, those of all folds of a repeat "
    "pooled; all, every original image, training images included: how far apart two strategies are there "
    "is shown, but not tested.\n"
    "kfold and holdout on test: corrected resampled t-test and interval (Nadeau and Bengio 2003), because "
    "their splits share images; else sign-flip test, with a BCa bootstrap interval from 30 pairs on and "
    "Student's t below. Differences that do not vary are tested by sign flips, too; their interval has no "
    "width and tells nothing. p is adjusted for all pairs of strategies of the same clusters, protocol, "
    "model and other axes (Holm), not for the number of such settings; a difference without significance "
    "is no win. Where jobs were judged on images that lack a class there is no verdict, nor where groups "
    "of images, or a tail, left all seeds and repeats one and the same split, so that n counts runs of it; "
    "where jobs were lost, the verdict is about the others, and they may flatter. They speak about other "
    "seeds and splits of these images, not about other samples.\n";

/* Columns of a comparison after those that say where it was made. */
static void csv_compared_names(struct csv_out *csv)
{
    csv_names(csv, (const char *const[]){"first", "second", "first_mean", "second_mean"}, 4);
    findings_csv_contrast_names(csv);
    csv_names(csv, (const char *const[]){"p_holm", "comparisons", "jobs_lacking_a_class", "verdict"}, 4);
    csv_out_end(csv);
}

/* What a value of a factor is called beside the others of the file. */
static const char *label(const struct findings *f, const struct store_job *cell, int factor,
                         char out[COMBINATION_LABEL_SIZE])
{
    return combination_label(f->summary->store, cell, factor, f->whole->varying, out);
}

static void csv_compared(struct csv_out *csv, const struct findings *f, const struct compare_row *row,
                         int factor)
{
    char verdict[96], name[COMBINATION_LABEL_SIZE];
    csv_out_set(csv, label(f, row->a->cell, factor, name));
    csv_out_set(csv, label(f, row->b->cell, factor, name));
    csv_out_real(csv, row->contrast.mean_first);
    csv_out_real(csv, row->contrast.mean_second);
    findings_csv_contrast(csv, &row->contrast);
    csv_out_real(csv, row->p_holm);
    csv_out_int(csv, row->family);
    csv_out_int(csv, row->lacking);
    compare_verdict_text(verdict, sizeof verdict, row, "better", "worse");
    csv_out_text(csv, verdict);
    csv_out_end(csv);
}

static void comparisons_csv(struct csv_out *csv, const struct findings *f)
{
    csv_names(csv, (const char *const[]){"set", "metric"}, 2);
    columns_csv_names(csv, f->summary->store, FACTORS_ALL & ~but_strategy(f));
    csv_compared_names(csv);
    for (int s = 0; s < N_REPLICATES_SETS; s++) {
        const struct compare *compare = f->compared[FACTOR_STRATEGY][s];
        for (int i = 0; i < compare->n; i++) {
            const struct compare_row *row = &compare->row[i];
            if (!findings_shows(f, row))
                continue;
            csv_out_text(csv, replicates_set_names[s]);
            csv_out_text(csv, compare->metric);
            columns_csv(csv, f->summary->store, row->a->cell, FACTORS_ALL & ~but_strategy(f));
            csv_compared(csv, f, row, FACTOR_STRATEGY);
        }
    }
}

static void add_compared_names(struct texttable *table)
{
    static const char *const names[] = {"set", "first", "second", "first is", "method"};
    static const char *const numbers[] = {"difference", "95 % interval", "p", "p (Holm)", "n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        texttable_add(table, "%s", names[i]);
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        texttable_add(table, "%s", numbers[i]);
    texttable_end(table);
}

static void add_compared(struct texttable *table, const struct findings *f, const struct compare_row *row,
                         int factor, int set)
{
    char verdict[96], name[COMBINATION_LABEL_SIZE];
    compare_verdict_text(verdict, sizeof verdict, row, "better", "worse");
    texttable_add(table, "%s", replicates_set_names[set]);
    texttable_add(table, "%s", label(f, row->a->cell, factor, name));
    texttable_add(table, "%s", label(f, row->b->cell, factor, name));
    texttable_add(table, "%s", verdict);
    texttable_add(table, "%s", row->contrast.method);
    findings_add_number(table, "+", row->contrast.mean);
    findings_add_interval(table, &row->contrast);
    findings_add_number(table, "p", row->contrast.p);
    findings_add_number(table, "p", row->p_holm);
    texttable_add(table, "%d", row->contrast.n);
    texttable_end(table);
}

static void comparisons_table(struct texttable *table, const struct findings *f)
{
    add_factor_names(table, f, but_strategy(f));
    add_compared_names(table);
    for (int s = 0; s < N_REPLICATES_SETS; s++) {
        const struct compare *compare = f->compared[FACTOR_STRATEGY][s];
        for (int i = 0; i < compare->n; i++)
            if (findings_shows(f, &compare->row[i])) {
                add_factors(table, f, compare->row[i].a->cell, but_strategy(f));
                add_compared(table, f, &compare->row[i], FACTOR_STRATEGY, s);
            }
    }
}

/* ---- models and axes compared ---- */

static const char factors_note[] =
    "Balanced accuracy of the first value of a factor minus that of the second, all else the same, of the "
    "n pairs of runs with the same seed, repeat and fold. Sets, tests, intervals and verdicts are those of "
    "the comparisons of strategies; p is adjusted for all pairs of values of the factor where all else is "
    "the same (Holm). Axes with more than 12 values and models, if more than 64, are not compared: "
    "their figures show them. A model that learns nothing, as majority, is what the others have to beat.\n";

_Static_assert(FINDINGS_MOST_VALUES == 12 && FINDINGS_MOST_MODELS == 64, "the note says so");

/* For each row that is shown of a factor that is not strategy. Returns how many. */
static int each_factor_row(const struct findings *f,
                           void (*show)(void *, const struct findings *, int factor, int set,
                                        const struct compare_row *),
                           void *to)
{
    int n = 0;
    for (int factor = 0; factor < FACTORS_MOST; factor++)
        for (int s = 0; findings_compares(f, factor) && s < N_REPLICATES_SETS; s++) {
            const struct compare *compare = f->compared[factor][s];
            for (int i = 0; compare && i < compare->n; i++)
                if (findings_shows(f, &compare->row[i])) {
                    n++;
                    if (show)
                        show(to, f, factor, s, &compare->row[i]);
                }
        }
    return n;
}

static void show_factor_csv(void *to, const struct findings *f, int factor, int set,
                            const struct compare_row *row)
{
    struct csv_out *csv = to;
    struct store_job cell = *row->a->cell;
    combination_blank(&cell, combination_own(f->summary->store, factor));
    csv_out_text(csv, combination_name(f->summary->store, factor));
    csv_out_text(csv, replicates_set_names[set]);
    csv_out_text(csv, f->compared[factor][set]->metric);
    columns_csv(csv, f->summary->store, &cell, FACTORS_ALL);
    csv_compared(csv, f, row, factor);
}

static void factors_csv(struct csv_out *csv, const struct findings *f)
{
    csv_names(csv, (const char *const[]){"factor", "set", "metric"}, 3);
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    csv_compared_names(csv);
    each_factor_row(f, show_factor_csv, csv);
}

/* A factor has no column of its own where nothing else is compared. */
static unsigned only_factor(const struct findings *f)
{
    int n = 0, only = 0;
    for (int factor = 0; factor < FACTORS_MOST; factor++)
        if (findings_compares(f, factor)) {
            n++;
            only = factor;
        }
    return n == 1 ? combination_own(f->summary->store, only) : 0;
}

static void show_factor(void *to, const struct findings *f, int factor, int set,
                        const struct compare_row *row)
{
    const struct store *store = f->summary->store;
    texttable_add(to, "%s", combination_name(store, factor));
    columns_add(to, store, row->a->cell, combination_shown(f->summary->varying) & ~only_factor(f),
                combination_own(store, factor));
    add_compared(to, f, row, factor, set);
}

static void factors_table(struct texttable *table, const struct findings *f)
{
    texttable_add(table, "factor");
    add_factor_names(table, f, only_factor(f));
    add_compared_names(table);
    each_factor_row(f, show_factor, table);
}

static int has_factors(const struct findings *f)
{
    return each_factor_row(f, NULL, NULL);
}

/* ---- rankings ---- */

/* Value k of a ranking is shown when a job of it is, with all else the same. */
static int shows_rank(const struct findings *f, const struct compare *c, const struct compare_ranking *r,
                      int k)
{
    unsigned own = combination_own(f->whole->store, c->factor);
    for (int i = c->ranked->begin[r->part]; i < c->ranked->begin[r->part + 1]; i++)
        if (f->shown[c->ranked->member[i]] &&
            combination_same(f->whole->group[c->ranked->member[i]].cell, r->value[k], ~own))
            return 1;
    return 0;
}

/* A value of a ranking and where it stands. */
struct rank_row {
    const struct compare *compare;
    const struct compare_ranking *ranking;
    int k;
};

/* For each value of a ranking that is shown: strategies first, then models. Returns how many. */
static int each_rank(const struct findings *f,
                     void (*show)(void *, const struct findings *, const struct rank_row *), void *to)
{
    static const int factors[] = {FACTOR_STRATEGY, FACTOR_MODEL};
    int n = 0;
    for (int i = 0; i < 2 * N_REPLICATES_SETS; i++) {
        struct rank_row row = {.compare = f->compared[factors[i / N_REPLICATES_SETS]][i % N_REPLICATES_SETS]};
        for (int r = 0; row.compare && r < row.compare->n_rankings; r++) {
            row.ranking = &row.compare->ranking[r];
            for (row.k = 0; row.k < row.ranking->n_values; row.k++)
                if (shows_rank(f, row.compare, row.ranking, row.k)) {
                    n++;
                    if (show)
                        show(to, f, &row);
                }
        }
    }
    return n;
}

/* Clusters are what a ranking goes over. */
static const unsigned rank_factors = FACTORS_ALL & ~FACTOR(FACTOR_CLASSES);

static void show_rank_csv(void *to, const struct findings *f, const struct rank_row *row)
{
    const struct compare_ranking *r = row->ranking;
    const double number[] = {r->test.chi2, r->test.p, r->test.f, r->test.p_f, r->test.critical};
    int factor = row->compare->factor;
    char name[COMBINATION_LABEL_SIZE];
    struct store_job cell = *r->cell;
    struct csv_out *csv = to;
    combination_blank(&cell, combination_own(f->summary->store, factor));
    csv_out_text(csv, combination_name(f->summary->store, factor));
    csv_out_text(csv, replicates_set_names[row->compare->on]);
    columns_csv(csv, f->summary->store, &cell, rank_factors);
    csv_out_int(csv, r->n_datasets);
    csv_out_text(csv, label(f, r->value[row->k], factor, name));
    csv_out_real(csv, r->average_rank[row->k]);
    for (int j = 0; j < 5; j++)
        csv_out_real(csv, r->tested ? number[j] : (double)NAN);
    csv_out_end(csv);
}

static void rankings_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"data_sets",        "value",
                                        "average_rank",     "friedman_chi2",
                                        "friedman_p",       "iman_davenport_f",
                                        "iman_davenport_p", "nemenyi_critical_difference"};
    csv_names(csv, (const char *const[]){"ranked", "set"}, 2);
    columns_csv_names(csv, f->summary->store, rank_factors);
    csv_names(csv, names, sizeof names / sizeof *names);
    csv_out_end(csv);
    each_rank(f, show_rank_csv, csv);
}

static const char rankings_note[] =
    "What is ranked: strategies, of one protocol, model and other axes; or models, of one strategy, protocol "
    "and other axes. Rank 1 is the best mean balanced accuracy of a set of clusters, among all values of the "
    "file. Friedman's test with Iman and Davenport's correction and Nemenyi's critical difference (0.05; "
    "Demsar 2006) need 5 sets of clusters, better more than 10; where all of them agree, Iman and "
    "Davenport's F is infinite and p is that of Friedman's chi-square. p is of one ranking, not adjusted for "
    "their number. Set test is what each job held back, oof the held-back predictions of all folds of a "
    "repeat pooled. Set all holds images that were trained on and is not tested. Sets whose jobs are "
    "unfinished or lost, or were judged without a class, are left out. They count as independent data sets: "
    "where they share clusters they are not, and p is too small.\n";

/* Columns that say where it was ranked; the strategy's only where models are ranked. */
static unsigned rank_columns(const struct findings *f)
{
    const struct compare *models = f->compared[FACTOR_MODEL][REPLICATES_TEST];
    unsigned but = models && models->n_rankings > 0 ? FACTOR(FACTOR_CLASSES) : but_ranked(f);
    return combination_shown(f->summary->varying) & ~but;
}

static void show_rank(void *to, const struct findings *f, const struct rank_row *row)
{
    const struct compare_ranking *r = row->ranking;
    const struct store *store = f->summary->store;
    int factor = row->compare->factor;
    char name[COMBINATION_LABEL_SIZE];
    struct texttable *table = to;
    texttable_add(table, "%s", combination_name(store, factor));
    columns_add(table, store, r->cell, rank_columns(f), combination_own(store, factor));
    texttable_add(table, "%s", replicates_set_names[row->compare->on]);
    texttable_add(table, "%s", label(f, r->value[row->k], factor, name));
    texttable_add(table, "%.2f", r->average_rank[row->k]);
    texttable_add(table, "%d", r->n_datasets);
    findings_add_number(table, "p", r->tested ? r->test.p_f : (double)NAN);
    findings_add_number(table, "", r->tested ? r->test.critical : (double)NAN);
    texttable_end(table);
}

static void rankings_table(struct texttable *table, const struct findings *f)
{
    texttable_add(table, "ranked");
    columns_add_names(table, f->summary->store, rank_columns(f));
    texttable_add(table, "set");
    texttable_add(table, "value");
    table->numeric_from = table->filled;
    texttable_add(table, "average rank");
    texttable_add(table, "cluster sets");
    texttable_add(table, "p of no difference");
    texttable_add(table, "critical difference");
    texttable_end(table);
    each_rank(f, show_rank, table);
}

/* ---- leak inflation ---- */

static const char leak_note[] =
    "Test balanced accuracy that protocol report shows above the protocol that keeps copies out of the "
    "test set, and that a split without groups shows above one that keeps the images of a group (slide, "
    "animal) on one side. Leak: test images with copies in training, or with images of their group "
    "there. Means over folds and repeats of each seed, of the n seeds that both have "
    "(sign-flip test), or of all repeats when fewer than two are shared (Welch's t-test); p adjusted for all "
    "rows of the same clusters, model and other axes (Holm). 'Inflated' needs a leak; jobs that were judged "
    "on images without a class leave no verdict.\n";

static void leak_verdict(char *out, size_t size, const struct compare_row *row)
{
    int leaks = isnan(row->leak_share) || row->leak_share > 0;
    compare_verdict_text(out, size, row, leaks ? "inflated" : "higher, without a leak", "deflated");
}

static void leak_csv(struct csv_out *csv, const struct findings *f)
{
    char verdict[96], against[2 * CONFIG_WORD_SIZE];
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    csv_names(csv, (const char *const[]){"against", "leak_share", "mean", "mean_against"}, 4);
    findings_csv_contrast_names(csv);
    csv_names(csv, (const char *const[]){"p_holm", "comparisons", "jobs_lacking_a_class", "verdict"}, 4);
    csv_out_end(csv);
    for (int i = 0; i < f->leak->n; i++) {
        const struct compare_row *row = &f->leak->row[i];
        if (!findings_shows(f, row))
            continue;
        columns_csv(csv, f->summary->store, row->a->cell, FACTORS_ALL);
        compare_against_text(against, sizeof against, f->summary->store, row);
        csv_out_text(csv, against);
        csv_out_real(csv, row->leak_share);
        csv_out_real(csv, row->contrast.mean_first);
        csv_out_real(csv, row->contrast.mean_second);
        findings_csv_contrast(csv, &row->contrast);
        csv_out_real(csv, row->p_holm);
        csv_out_int(csv, row->family);
        csv_out_int(csv, row->lacking);
        leak_verdict(verdict, sizeof verdict, row);
        csv_out_text(csv, verdict);
        csv_out_end(csv);
    }
}

static void leak_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"leak",          "with",     "without", "inflation",
                                          "95 % interval", "p (Holm)", "n"};
    char verdict[96], against[2 * CONFIG_WORD_SIZE];
    add_factor_names(table, f, combination_own(f->summary->store, FACTOR_PROTOCOL));
    texttable_add(table, "against");
    table->keys = table->filled;
    texttable_add(table, "verdict");
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        texttable_add(table, "%s", numbers[i]);
    texttable_end(table);
    for (int i = 0; i < f->leak->n; i++) {
        const struct compare_row *row = &f->leak->row[i];
        if (!findings_shows(f, row))
            continue;
        leak_verdict(verdict, sizeof verdict, row);
        add_factors(table, f, row->a->cell, combination_own(f->summary->store, FACTOR_PROTOCOL));
        compare_against_text(against, sizeof against, f->summary->store, row);
        texttable_add(table, "%s", against);
        texttable_add(table, "%s", verdict);
        if (isnan(row->leak_share))
            texttable_add(table, "by group");
        else
            columns_add_leak(table, row->leak_share);
        findings_add_number(table, "", row->contrast.mean_first);
        findings_add_number(table, "", row->contrast.mean_second);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        findings_add_number(table, "p", row->p_holm);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

/* ---- selection inflation ---- */

static const char selection_note[] =
    "What picking the epoch on the reported images would have feigned: the highest test balanced accuracy "
    "of a job over its epochs, minus that at the epoch with the highest one on its inner set, or, without "
    "such a set, at its last epoch. Mean over the n jobs, with the interval of comparisons. A maximum is "
    "never below one of its numbers, so no p is told.\n";

static void selection_csv(struct csv_out *csv, const struct findings *f)
{
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    csv_names(csv, (const char *const[]){"against", "mean", "mean_against", "n", "difference", "low", "high"},
              7);
    csv_out_end(csv);
    for (int i = 0; i < f->selection->n; i++) {
        const struct inflation_row *row = &f->selection->row[i];
        if (!f->shown[row->index])
            continue;
        columns_csv(csv, f->summary->store, row->group->cell, FACTORS_ALL);
        csv_out_text(csv, inflation_against(row));
        csv_out_real(csv, row->contrast.mean_first);
        csv_out_real(csv, row->contrast.mean_second);
        csv_out_int(csv, row->contrast.n);
        csv_out_real(csv, row->contrast.mean);
        csv_out_real(csv, row->contrast.low);
        csv_out_real(csv, row->contrast.high);
        csv_out_end(csv);
    }
}

static void selection_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"best on test", "against it", "inflation", "95 % interval", "n"};
    add_factor_names(table, f, 0);
    table->keys = table->filled;
    texttable_add(table, "against");
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        texttable_add(table, "%s", numbers[i]);
    texttable_end(table);
    for (int i = 0; i < f->selection->n; i++) {
        const struct inflation_row *row = &f->selection->row[i];
        if (!f->shown[row->index])
            continue;
        add_factors(table, f, row->group->cell, 0);
        texttable_add(table, "%s", inflation_against(row));
        findings_add_number(table, "", row->contrast.mean_first);
        findings_add_number(table, "", row->contrast.mean_second);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

/* ---- claims ---- */

static const char claims_note[] = "Findings of the publication, tested on these runs. Of several differences "
                                  "the least favourable one is shown, with the largest p; positive speaks "
                                  "for the claim. 'about a number' holds when the interval lies within 0.05 "
                                  "of it, and does not when it is wholly outside (else: margin).\n";

/* A claim is shown when a job of its clusters, protocol, model and other axes is. */
static int shows_claim(const struct findings *f, const struct claim_row *row)
{
    const struct partition *ranked = f->whole->same[SUMMARY_RANKED];
    for (int i = ranked->begin[row->part]; i < ranked->begin[row->part + 1]; i++)
        if (f->shown[ranked->member[i]] &&
            claim_covers(row->claim, f->summary->store, f->whole->group[ranked->member[i]].cell))
            return 1;
    return 0;
}

/* What was subtracted from what. */
static void claim_difference(char *out, size_t size, const struct claim_row *row)
{
    switch (row->claim->kind) {
    case CLAIM_BEATS:
        snprintf(out, size, "%s - %s", row->first, row->second);
        break;
    case CLAIM_FALLS:
        snprintf(out, size, "%s: test - all", row->first);
        break;
    case CLAIM_ABOUT:
        snprintf(out, size, "%s - %.2f", row->first, row->claim->published);
        break;
    case CLAIM_BELOW:
        snprintf(out, size, "%.2f - %s", row->claim->published, row->first);
        break;
    }
}

static void claims_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"p_largest", "differences", "missing", "outcome", "reason"};
    char difference[160];
    csv_names(csv, (const char *const[]){"claim", "clusters", "metric", "set"}, 4);
    columns_csv_names(csv, f->summary->store, FACTORS_ALL & ~but_ranked(f));
    csv_names(csv, (const char *const[]){"shown", "value"}, 2);
    csv_names(csv, contrast_names, N_CONTRAST_NAMES);
    csv_names(csv, last, sizeof last / sizeof *last);
    csv_out_end(csv);
    for (int i = 0; i < f->claims->n; i++) {
        const struct claim_row *row = &f->claims->row[i];
        if (!shows_claim(f, row))
            continue;
        claim_difference(difference, sizeof difference, row);
        csv_out_text(csv, row->claim->text);
        csv_out_set(csv, row->claim->clusters ? row->claim->clusters : "");
        csv_out_text(csv, row->claim->metric);
        csv_out_text(csv, replicates_set_names[row->claim->on]);
        columns_csv(csv, f->summary->store, row->cell, FACTORS_ALL & ~but_ranked(f));
        csv_out_text(csv, difference);
        csv_out_real(csv, row->value);
        findings_csv_contrast(csv, &row->contrast);
        csv_out_real(csv, row->p);
        csv_out_int(csv, row->n_contrasts);
        csv_out_int(csv, row->n_missing);
        csv_out_text(csv, claim_outcome_names[row->outcome]);
        csv_out_text(csv, row->reason);
        csv_out_end(csv);
    }
}

static void claims_text(struct texttable *table, const struct findings *f)
{
    char difference[160];
    texttable_add(table, "claim");
    add_factor_names(table, f, but_ranked(f));
    table->keys = table->filled;
    texttable_add(table, "outcome");
    texttable_add(table, "shown");
    table->numeric_from = table->filled;
    texttable_add(table, "difference");
    texttable_add(table, "95 %% interval");
    texttable_add(table, "p");
    texttable_add(table, "n");
    texttable_end(table);
    for (int i = 0; i < f->claims->n; i++) {
        const struct claim_row *row = &f->claims->row[i];
        if (!shows_claim(f, row))
            continue;
        claim_difference(difference, sizeof difference, row);
        texttable_add(table, "%s", row->claim->text);
        add_factors(table, f, row->cell, but_ranked(f));
        texttable_add(table, *row->reason ? "%s (%s)" : "%s", claim_outcome_names[row->outcome], row->reason);
        texttable_add(table, "%s", difference);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        findings_add_number(table, "p", row->p);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

/* ---- all tables ---- */

static int has_scores(const struct findings *f)
{
    for (int i = 0; i < f->summary->n_groups * n_scores; i++)
        if (f->scores[REPLICATES_TEST][i].n > 0)
            return 1;
    return 0;
}

static int has_comparisons(const struct findings *f)
{
    int n = 0;
    for (int s = 0; s < N_REPLICATES_SETS; s++)
        n += count_rows(f, f->compared[FACTOR_STRATEGY][s]);
    return n;
}

static int has_rankings(const struct findings *f)
{
    return each_rank(f, NULL, NULL);
}

static int has_leak(const struct findings *f)
{
    return count_rows(f, f->leak);
}

static int has_selection(const struct findings *f)
{
    int n = 0;
    for (int i = 0; i < f->selection->n; i++)
        n += f->shown[f->selection->row[i].index];
    return n;
}

static int has_claims(const struct findings *f)
{
    int n = 0;
    for (int i = 0; i < f->claims->n; i++)
        n += shows_claim(f, &f->claims->row[i]);
    return n;
}

const struct findings_page findings_pages[N_FINDINGS_PAGES] = {
    [FINDINGS_SCORES] = {"scores", "Scores", scores_note, 0, has_scores, scores_csv, scores_table},
    [FINDINGS_COMPARISONS] = {"comparisons", "Strategies compared", strategies_note, 1, has_comparisons,
                              comparisons_csv, comparisons_table},
    [FINDINGS_FACTORS] = {"factors", "Models and axes compared", factors_note, 1, has_factors, factors_csv,
                          factors_table},
    [FINDINGS_RANKINGS] = {"rankings", "Strategies and models ranked", rankings_note, 1, has_rankings,
                           rankings_csv, rankings_table},
    [FINDINGS_LEAK] = {"leak_inflation", "Leak inflation", leak_note, 1, has_leak, leak_csv, leak_table},
    [FINDINGS_SELECTION] = {"selection_inflation", "Selection inflation", selection_note, 1, has_selection,
                            selection_csv, selection_table},
    [FINDINGS_CALIBRATION] = {"calibration", "Calibration", calibration_note, 0, calibration_rows,
                              calibration_csv, calibration_table},
    [FINDINGS_RELIABILITY] = {"reliability", "Reliability", reliability_note, 0, reliability_rows,
                              reliability_csv, reliability_table},
    [FINDINGS_COST] = {"calibration_cost", "What rebalancing costs", calibration_cost_note, 1,
                       calibration_cost_rows, calibration_cost_csv, calibration_cost_table},
    [FINDINGS_SWEEPS] = {"sweeps", "Sweeps compared", versus_note, 1, versus_rows, versus_csv, versus_table},
    [FINDINGS_MODELS] = {"models", "Which model", models_note, 1, models_rows, models_csv, models_table},
    [FINDINGS_MODELS_BY_CLUSTERS] = {"models_by_clusters", "Models on every set of clusters",
                                     models_by_clusters_note, 1, models_by_clusters_rows,
                                     models_by_clusters_csv, models_by_clusters_table},
    [FINDINGS_TRAINING_SIZE] = {"training_size", "Accuracy against training size", training_size_note, 0,
                                training_size_rows, training_size_csv, training_size_table},
    [FINDINGS_TRAINING_COST] = {"training_cost", "Accuracy against cost", training_cost_note, 1,
                                training_cost_rows, training_cost_csv, training_cost_table},
    [FINDINGS_CLAIMS] = {"claims", "The publication's claims, tested", claims_note, 1, has_claims, claims_csv,
                         claims_text},
    [FINDINGS_LITERATURE] = {"literature", "Claims of others, tested", literature_note, 1, literature_rows,
                             literature_csv, literature_table},
    [FINDINGS_TUNING] = {"tuning", "Tuning", tuning_note, 0, tuning_rows, tuning_csv, tuning_table},
    [FINDINGS_TUNING_CURVE] = {"tuning_curve", "What more trials bring", tuning_curve_note, 0,
                               tuning_curve_rows, tuning_curve_csv, tuning_curve_table},
};
