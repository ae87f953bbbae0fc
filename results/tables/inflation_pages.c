#include "tables/inflation_pages.h"

#include "tables/columns.h"

#include <math.h>

/* ---- leak inflation ---- */

const char leak_note[] =
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

void leak_csv(struct csv_out *csv, const struct findings *f)
{
    char verdict[96], against[2 * CONFIG_WORD_SIZE];
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    findings_csv_names(csv, (const char *const[]){"against", "leak_share", "mean", "mean_against"}, 4);
    findings_csv_contrast_names(csv);
    findings_csv_names(csv, (const char *const[]){"p_holm", "comparisons", "jobs_lacking_a_class", "verdict"},
                       4);
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

void leak_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"leak",          "with",     "without", "inflation",
                                          "95 % interval", "p (Holm)", "n"};
    char verdict[96], against[2 * CONFIG_WORD_SIZE];
    findings_add_factor_names(table, f, combination_own(f->summary->store, FACTOR_PROTOCOL));
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
        findings_add_factors(table, f, row->a->cell, combination_own(f->summary->store, FACTOR_PROTOCOL));
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

int leak_rows(const struct findings *f)
{
    return findings_count_rows(f, f->leak);
}

/* ---- selection inflation ---- */

const char selection_note[] =
    "What picking the epoch on the reported images would have feigned: the highest test balanced accuracy "
    "of a job over its epochs, minus that at the epoch with the highest one on its inner set, or, without "
    "such a set, at its last epoch. Mean over the n jobs, with the interval of comparisons. A maximum is "
    "never below one of its numbers, so no p is told.\n";

void selection_csv(struct csv_out *csv, const struct findings *f)
{
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    findings_csv_names(
        csv, (const char *const[]){"against", "mean", "mean_against", "n", "difference", "low", "high"}, 7);
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

void selection_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"best on test", "against it", "inflation", "95 % interval", "n"};
    findings_add_factor_names(table, f, 0);
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
        findings_add_factors(table, f, row->group->cell, 0);
        texttable_add(table, "%s", inflation_against(row));
        findings_add_number(table, "", row->contrast.mean_first);
        findings_add_number(table, "", row->contrast.mean_second);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

int selection_rows(const struct findings *f)
{
    int n = 0;
    for (int i = 0; i < f->selection->n; i++)
        n += f->shown[f->selection->row[i].index];
    return n;
}
