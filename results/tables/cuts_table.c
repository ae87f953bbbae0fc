#include "tables/cuts_table.h"

#include "stats/cuts.h"
#include "tables/columns.h"

#include <errno.h>
#include <string.h>

static void put_names(struct csv_out *csv, const struct store *store)
{
    char name[64];
    columns_csv_names(csv, store, FACTORS_ALL);
    csv_out_text(csv, "positive");
    csv_out_text(csv, "threshold");
    csv_out_text(csv, "n");
    for (int v = 0; v < N_CUT_VALUES; v++) {
        csv_out_text(csv, cut_names[v]);
        snprintf(name, sizeof name, "%s_low", cut_names[v]);
        csv_out_text(csv, name);
        snprintf(name, sizeof name, "%s_high", cut_names[v]);
        csv_out_text(csv, name);
        if (v == CUT_PRECISION)
            csv_out_text(csv, "precision_n");
    }
    csv_out_end(csv);
}

static void put_row(struct csv_out *csv, const struct summary *summary, int g, const struct cuts *cuts, int k)
{
    columns_csv(csv, summary->store, summary->group[g].cell, FACTORS_ALL);
    csv_out_class(csv, cuts->positive);
    csv_out_real(csv, cuts_place(k));
    csv_out_int(csv, cuts->value[CUT_TP][k].n);
    for (int v = 0; v < N_CUT_VALUES; v++) {
        const struct stats_summary *s = &cuts->value[v][k];
        csv_out_real(csv, s->mean);
        csv_out_real(csv, s->low);
        csv_out_real(csv, s->high);
        if (v == CUT_PRECISION)
            csv_out_int(csv, s->n);
    }
    csv_out_end(csv);
}

/* The header stands above the first rows. Returns how many groups have rows, or a code. */
static int put_groups(struct store *store, const struct summary *summary, struct csv_out *csv,
                      struct err *err)
{
    struct predicted *predicted = NULL;
    struct cuts cuts;
    int n = 0, rc = predicted_new(store, &predicted, err);
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        rc = cuts_of_group(predicted, &summary->group[g], &cuts, err);
        if (rc < 0 || cuts.value[CUT_TP][0].n == 0)
            continue;
        if (n++ == 0)
            put_names(csv, store);
        for (int k = 0; k < CUTS_POINTS; k++)
            put_row(csv, summary, g, &cuts, k);
    }
    predicted_free(predicted);
    return rc < 0 ? rc : n;
}

int cuts_table_write(struct store *store, const char *filter, FILE *out, struct err *err)
{
    struct csv_out csv = {.file = out};
    struct summary *summary = NULL;
    int rc = summary_new(store, filter, &summary, err);
    if (rc == 0)
        rc = put_groups(store, summary, &csv, err);
    if (rc == 0)
        rc = err_set(
            err, E_USAGE,
            "%s: thresholds are of two classes, and these jobs have more, or no predictions; --filter "
            "clusters=... chooses a pair",
            store_path(store));
    if (rc > 0)
        rc = fflush(out) != 0 || ferror(out)
                 ? err_set(err, E_IO, "cannot write the cuts table: %s", strerror(errno))
                 : 0;
    summary_free(summary);
    return rc;
}
