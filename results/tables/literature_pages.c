#include "tables/literature_pages.h"

#include "tables/columns.h"

#include <math.h>

const char literature_note[] =
    "What others found of imbalanced classes, tested on these runs, a row a setting in which the "
    "first strategy of the claim was run. Supported: every difference, first minus second, is "
    "significantly within the range that is claimed; contradicted: one is significantly beyond it; p "
    "by the tests of comparisons, of 'the difference is the bound', two-sided, the largest of them "
    "for the claim and the least against it, adjusted for all settings of the claim (Holm). So "
    "'leaves as it is' needs the difference within its margin, 0.02 of AUROC, shown by two one-sided "
    "tests; that nothing is significant supports nothing. Brier scores are sums over two classes, "
    "twice those published. Overfitting is balanced accuracy of training, as seen while learning, "
    "minus that of test, 0.05 more than without rebalancing. Protocols that resample before they "
    "split, leaks, and epochs chosen on test are no evidence. Margins and the measure of 'degrades', "
    "AUPRC, are this program's. Against a model that was not trained to its end a difference says "
    "little. Of made-up images it says what methods do, not what cells are like.\n";

static unsigned factors(const struct findings *f)
{
    return FACTORS_ALL & ~combination_own(f->summary->store, FACTOR_STRATEGY);
}

int literature_rows(const struct findings *f)
{
    int n = 0;
    for (int i = 0; i < f->literature->n; i++)
        n += f->shown[f->literature->row[i].group];
    return n;
}

/* What was subtracted from what; "" where nothing was. */
static const char *shown(char *out, size_t size, const struct literature_row *row)
{
    *out = '\0';
    if (*row->second)
        snprintf(out, size, "%s - %s", row->claim->first, row->second);
    return out;
}

void literature_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"claimed_low", "claimed_high",   "p_for",   "p_against",
                                       "p_for_holm",  "p_against_holm", "outcome", "reason"};
    char text[2 * CONFIG_WORD_SIZE];
    csv_out_text(csv, "claim");
    csv_out_text(csv, "source");
    csv_out_text(csv, "metric");
    columns_csv_names(csv, f->summary->store, factors(f));
    csv_out_text(csv, "shown");
    findings_csv_contrast_names(csv);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        csv_out_text(csv, last[i]);
    csv_out_end(csv);
    for (int i = 0; i < f->literature->n; i++) {
        const struct literature_row *row = &f->literature->row[i];
        if (!f->shown[row->group])
            continue;
        csv_out_text(csv, row->claim->text);
        csv_out_text(csv, row->claim->source);
        csv_out_text(csv, row->claim->metric);
        columns_csv(csv, f->summary->store, row->cell, factors(f));
        csv_out_text(csv, shown(text, sizeof text, row));
        findings_csv_contrast(csv, &row->contrast);
        csv_out_real(csv, isinf(row->claim->low) ? (double)NAN : row->claim->low);
        csv_out_real(csv, isinf(row->claim->high) ? (double)NAN : row->claim->high);
        csv_out_real(csv, row->p_for);
        csv_out_real(csv, row->p_against);
        csv_out_real(csv, row->adjusted_for);
        csv_out_real(csv, row->adjusted_against);
        csv_out_text(csv, literature_outcome_names[row->outcome]);
        csv_out_text(csv, row->reason);
        csv_out_end(csv);
    }
}

static void add_range(struct texttable *table, const struct literature_claim *claim)
{
    if (isinf(claim->low))
        texttable_add(table, "below %.2f", claim->high);
    else if (isinf(claim->high))
        texttable_add(table, "above %.2f", claim->low);
    else
        texttable_add(table, "%.3f to %.3f", claim->low, claim->high);
}

static void add_head(struct texttable *table, const struct findings *f, unsigned but)
{
    static const char *const numbers[] = {"claimed", "difference", "95 % interval",
                                          "p for",   "p against",  "n"};
    texttable_add(table, "claim");
    columns_add_names(table, f->summary->store, but);
    table->keys = table->filled;
    texttable_add(table, "outcome");
    texttable_add(table, "shown");
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        texttable_add(table, "%s", numbers[i]);
    texttable_end(table);
}

void literature_table(struct texttable *table, const struct findings *f)
{
    unsigned columns = combination_shown(f->summary->varying) & factors(f);
    char text[2 * CONFIG_WORD_SIZE];
    add_head(table, f, columns);
    for (int i = 0; i < f->literature->n; i++) {
        const struct literature_row *row = &f->literature->row[i];
        if (!f->shown[row->group])
            continue;
        texttable_add(table, "%s (%s)", row->claim->text, row->claim->source);
        columns_add(table, f->summary->store, row->cell, columns, 0);
        texttable_add(table, *row->reason ? "%s (%s)" : "%s", literature_outcome_names[row->outcome],
                      row->reason);
        texttable_add(table, "%s", *shown(text, sizeof text, row) ? text : "-");
        add_range(table, row->claim);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        findings_add_number(table, "p", row->adjusted_for);
        findings_add_number(table, "p", row->adjusted_against);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}
