#include "tables/claims_pages.h"

#include "tables/columns.h"

const char claims_note[] = "Findings of the publication, tested on these runs. Of several differences "
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

void claims_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"p_largest", "differences", "missing", "outcome", "reason"};
    char difference[160];
    findings_csv_names(csv, (const char *const[]){"claim", "clusters", "metric", "set"}, 4);
    columns_csv_names(csv, f->summary->store, FACTORS_ALL & ~findings_but_ranked(f));
    findings_csv_names(csv, (const char *const[]){"shown", "value"}, 2);
    findings_csv_contrast_names(csv);
    findings_csv_names(csv, last, sizeof last / sizeof *last);
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
        columns_csv(csv, f->summary->store, row->cell, FACTORS_ALL & ~findings_but_ranked(f));
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

void claims_text(struct texttable *table, const struct findings *f)
{
    char difference[160];
    texttable_add(table, "claim");
    findings_add_factor_names(table, f, findings_but_ranked(f));
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
        findings_add_factors(table, f, row->cell, findings_but_ranked(f));
        texttable_add(table, *row->reason ? "%s (%s)" : "%s", claim_outcome_names[row->outcome], row->reason);
        texttable_add(table, "%s", difference);
        findings_add_number(table, "+", row->contrast.mean);
        findings_add_interval(table, &row->contrast);
        findings_add_number(table, "p", row->p);
        texttable_add(table, "%d", row->contrast.n);
        texttable_end(table);
    }
}

int claims_rows(const struct findings *f)
{
    int n = 0;
    for (int i = 0; i < f->claims->n; i++)
        n += shows_claim(f, &f->claims->row[i]);
    return n;
}
