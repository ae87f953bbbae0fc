#include "tables/comparison_pages.h"

#include "tables/columns.h"

#include <math.h>

/* ---- strategies compared ---- */

const char comparisons_note[] =
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
    findings_csv_names(csv, (const char *const[]){"first", "second", "first_mean", "second_mean"}, 4);
    findings_csv_contrast_names(csv);
    findings_csv_names(csv, (const char *const[]){"p_holm", "comparisons", "jobs_lacking_a_class", "verdict"},
                       4);
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

void comparisons_csv(struct csv_out *csv, const struct findings *f)
{
    findings_csv_names(csv, (const char *const[]){"set", "metric"}, 2);
    columns_csv_names(csv, f->summary->store, FACTORS_ALL & ~findings_but_strategy(f));
    csv_compared_names(csv);
    for (int s = 0; s < N_REPLICATES_SETS; s++) {
        const struct compare *compare = f->compared[FACTOR_STRATEGY][s];
        for (int i = 0; i < compare->n; i++) {
            const struct compare_row *row = &compare->row[i];
            if (!findings_shows(f, row))
                continue;
            csv_out_text(csv, replicates_set_names[s]);
            csv_out_text(csv, compare->metric);
            columns_csv(csv, f->summary->store, row->a->cell, FACTORS_ALL & ~findings_but_strategy(f));
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

void comparisons_table(struct texttable *table, const struct findings *f)
{
    findings_add_factor_names(table, f, findings_but_strategy(f));
    add_compared_names(table);
    for (int s = 0; s < N_REPLICATES_SETS; s++) {
        const struct compare *compare = f->compared[FACTOR_STRATEGY][s];
        for (int i = 0; i < compare->n; i++)
            if (findings_shows(f, &compare->row[i])) {
                findings_add_factors(table, f, compare->row[i].a->cell, findings_but_strategy(f));
                add_compared(table, f, &compare->row[i], FACTOR_STRATEGY, s);
            }
    }
}

int comparisons_rows(const struct findings *f)
{
    int n = 0;
    for (int s = 0; s < N_REPLICATES_SETS; s++)
        n += findings_count_rows(f, f->compared[FACTOR_STRATEGY][s]);
    return n;
}

/* ---- models and axes compared ---- */

const char factors_note[] =
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

void factors_csv(struct csv_out *csv, const struct findings *f)
{
    findings_csv_names(csv, (const char *const[]){"factor", "set", "metric"}, 3);
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

void factors_table(struct texttable *table, const struct findings *f)
{
    texttable_add(table, "factor");
    findings_add_factor_names(table, f, only_factor(f));
    add_compared_names(table);
    each_factor_row(f, show_factor, table);
}

int factors_rows(const struct findings *f)
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

void rankings_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"data_sets",        "value",
                                        "average_rank",     "friedman_chi2",
                                        "friedman_p",       "iman_davenport_f",
                                        "iman_davenport_p", "nemenyi_critical_difference"};
    findings_csv_names(csv, (const char *const[]){"ranked", "set"}, 2);
    columns_csv_names(csv, f->summary->store, rank_factors);
    findings_csv_names(csv, names, sizeof names / sizeof *names);
    csv_out_end(csv);
    each_rank(f, show_rank_csv, csv);
}

const char rankings_note[] =
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
    unsigned but = models && models->n_rankings > 0 ? FACTOR(FACTOR_CLASSES) : findings_but_ranked(f);
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

void rankings_table(struct texttable *table, const struct findings *f)
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

int rankings_rows(const struct findings *f)
{
    return each_rank(f, NULL, NULL);
}
