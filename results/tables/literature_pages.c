#include "tables/literature_pages.h"

#include "tables/columns.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    "split, leaks, and epochs chosen on test are no evidence; nor is a baseline that is not significantly "
    "above chance, for what degrades or is left as it is: AUROC of 0.5, AUPRC of a random order, the share "
    "of positives and in small sets a little more. Tuning matters more than the method, of a sweep that "
    "tunes beside one that does not (report UNTUNED.h5 TUNED.h5), where run by run the gain of every method, "
    "tuned minus untuned, is above every difference of two untuned methods, all of them significantly; "
    "contradicted where some difference is significantly above every gain, p times the number of such "
    "differences; what is shown is the gain and the difference that speak least for it. Margins and the "
    "measure of 'degrades', AUPRC, are this program's. Against a model that was not trained to its end "
    "a difference says little. Of made-up images it says what methods do, not what cells are like.\n";

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

void literature_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"claimed_low", "claimed_high",   "p_for",   "p_against",
                                       "p_for_holm",  "p_against_holm", "outcome", "reason"};
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
        csv_out_text(csv, row->shown);
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

/* ---- where nothing can be tested ---- */

static int shown_rows(const struct findings *f, const char *reason)
{
    int n = 0;
    for (int i = 0; i < f->literature->n; i++)
        n += f->shown[f->literature->row[i].group] &&
             (!reason || strcmp(f->literature->row[i].reason, reason) == 0);
    return n;
}

static int is_testable(const struct findings *f)
{
    for (int i = 0; i < f->literature->n; i++)
        if (f->shown[f->literature->row[i].group] && f->literature->row[i].outcome != LITERATURE_UNTESTABLE)
            return 1;
    return 0;
}

/* 1 when no shown row before i has its reason. */
static int is_first_reason(const struct findings *f, int i)
{
    for (int k = 0; k < i; k++)
        if (f->shown[f->literature->row[k].group] &&
            strcmp(f->literature->row[k].reason, f->literature->row[i].reason) == 0)
            return 0;
    return 1;
}

char *literature_sentence(const struct findings *f)
{
    char *text = NULL;
    size_t size;
    FILE *file = is_testable(f) ? NULL : open_memstream(&text, &size);
    if (!file)
        return NULL;
    fprintf(file, "None of these claims can be tested on these runs, %d row%s of the CSV file:",
            shown_rows(f, NULL), shown_rows(f, NULL) == 1 ? "" : "s");
    const char *comma = " ";
    for (int i = 0; i < f->literature->n; i++) {
        const struct literature_row *row = &f->literature->row[i];
        if (!f->shown[row->group] || !is_first_reason(f, i))
            continue;
        fprintf(file, "%s%s (%d)", comma, row->reason, shown_rows(f, row->reason));
        comma = "; ";
    }
    fputs(".", file);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- the table ---- */

void literature_table(struct texttable *table, const struct findings *f)
{
    unsigned columns = combination_shown(f->summary->varying) & factors(f);
    char *sentence = literature_sentence(f);
    if (sentence) {
        texttable_add(table, "claims");
        table->keys = table->numeric_from = table->filled;
        texttable_end(table);
        texttable_add(table, "%s", sentence);
        texttable_end(table);
        free(sentence);
        return;
    }
    add_head(table, f, columns);
    for (int i = 0; i < f->literature->n; i++) {
        const struct literature_row *row = &f->literature->row[i];
        if (!f->shown[row->group])
            continue;
        texttable_add(table, "%s (%s)", row->claim->text, row->claim->source);
        columns_add(table, f->summary->store, row->cell, columns, 0);
        texttable_add(table, *row->reason ? "%s (%s)" : "%s", literature_outcome_names[row->outcome],
                      row->reason);
        texttable_add(table, "%s", *row->shown ? row->shown : "-");
        add_range(table, row->claim);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        findings_add_number(table, "p", row->adjusted_for);
        findings_add_number(table, "p", row->adjusted_against);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

int literature_write(struct store *store, const char *filter, FILE *out, struct err *err)
{
    struct csv_out csv = {.file = out};
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    int rc = summary_new(store, filter, &summary, err);
    if (rc == 0)
        rc = findings_new(store, summary, &findings, err);
    if (rc == 0) {
        literature_csv(&csv, findings);
        if (fflush(out) != 0 || ferror(out))
            rc = err_set(err, E_IO, "cannot write the literature table: %s", strerror(errno));
    }
    findings_free(findings);
    summary_free(summary);
    return rc;
}
