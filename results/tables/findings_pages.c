#include "tables/findings_pages.h"

#include "tables/calibration_pages.h"
#include "tables/claims_pages.h"
#include "tables/columns.h"
#include "tables/comparison_pages.h"
#include "tables/inflation_pages.h"
#include "tables/literature_pages.h"
#include "tables/models_pages.h"
#include "tables/scores_pages.h"
#include "tables/training_pages.h"
#include "tables/tuning_pages.h"
#include "tables/versus_pages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces of tables ---- */

unsigned findings_but_strategy(const struct findings *f)
{
    return combination_own(f->summary->store, FACTOR_STRATEGY);
}

unsigned findings_but_ranked(const struct findings *f)
{
    return findings_but_strategy(f) | FACTOR(FACTOR_CLASSES);
}

void findings_add_factor_names(struct texttable *table, const struct findings *f, unsigned but)
{
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying) & ~but);
}

void findings_add_factors(struct texttable *table, const struct findings *f, const struct store_job *cell,
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

int findings_count_rows(const struct findings *f, const struct compare *compare)
{
    int n = 0;
    for (int i = 0; i < compare->n; i++)
        n += findings_shows(f, &compare->row[i]);
    return n;
}

void findings_csv_names(struct csv_out *csv, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_out_text(csv, name[i]);
}

static const char *const contrast_names[] = {"n",      "difference", "low",         "high",
                                             "method", "p",          "p_sign_flip", "p_wilcoxon"};
enum { N_CONTRAST_NAMES = sizeof contrast_names / sizeof *contrast_names };

void findings_csv_contrast_names(struct csv_out *csv)
{
    findings_csv_names(csv, contrast_names, N_CONTRAST_NAMES);
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

/* ---- all tables ---- */

const struct findings_page findings_pages[N_FINDINGS_PAGES] = {
    [FINDINGS_SCORES] = {"scores", "Scores", scores_note, 0, scores_rows, scores_csv, scores_table},
    [FINDINGS_COMPARISONS] = {"comparisons", "Strategies compared", comparisons_note, 1, comparisons_rows,
                              comparisons_csv, comparisons_table},
    [FINDINGS_FACTORS] = {"factors", "Models and axes compared", factors_note, 1, factors_rows, factors_csv,
                          factors_table},
    [FINDINGS_RANKINGS] = {"rankings", "Strategies and models ranked", rankings_note, 1, rankings_rows,
                           rankings_csv, rankings_table},
    [FINDINGS_LEAK] = {"leak_inflation", "Leak inflation", leak_note, 1, leak_rows, leak_csv, leak_table},
    [FINDINGS_SELECTION] = {"selection_inflation", "Selection inflation", selection_note, 1, selection_rows,
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
    [FINDINGS_CLAIMS] = {"claims", "The publication's claims, tested", claims_note, 1, claims_rows,
                         claims_csv, claims_text},
    [FINDINGS_LITERATURE] = {"literature", "Claims of others, tested", literature_note, 1, literature_rows,
                             literature_csv, literature_table},
    [FINDINGS_TUNING] = {"tuning", "Tuning", tuning_note, 0, tuning_rows, tuning_csv, tuning_table},
    [FINDINGS_TUNING_CURVE] = {"tuning_curve", "What more trials bring", tuning_curve_note, 0,
                               tuning_curve_rows, tuning_curve_csv, tuning_curve_table},
};
