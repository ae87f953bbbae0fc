#include "tables/suspects_table.h"

#include "stats/suspects.h"
#include "tables/columns.h"

#include <errno.h>
#include <string.h>

static void put_names(struct csv_out *csv, const struct store *store)
{
    static const char *const names[] = {"image",      "cluster", "likelier",    "p_cluster",
                                        "p_likelier", "judged",  "seeds_agree", "seeds",
                                        "share",      "agree",   "groups"};
    columns_csv_names(csv, store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
}

static void put_row(struct csv_out *csv, const struct summary *summary, const struct suspect *row)
{
    columns_csv(csv, summary->store, summary->group[row->group].cell, FACTORS_ALL);
    csv_out_text(csv, store_images(summary->store)[row->image].id);
    csv_out_class(csv, row->given);
    csv_out_class(csv, row->likelier);
    csv_out_real(csv, row->p_given);
    csv_out_real(csv, row->p_likelier);
    csv_out_int(csv, row->judged);
    csv_out_int(csv, row->seeds_agree);
    csv_out_int(csv, row->seeds);
    csv_out_real(csv, row->share);
    csv_out_int(csv, row->agree);
    csv_out_int(csv, row->groups);
    csv_out_end(csv);
}

/* Nothing that was judged. */
static int nobody_judged(const struct store *store, const struct suspects *suspects, struct err *err)
{
    if (suspects->n_leaky)
        return err_set(err, E_USAGE,
                       "%s: suspects need test images that were not trained on, and these jobs leak; run "
                       "protocol kfold, or holdout",
                       store_path(store));
    return err_set(err, E_USAGE, "%s: suspects need predictions, and none are stored of these jobs",
                   store_path(store));
}

int suspects_table_write(struct store *store, const char *filter, FILE *out, int *n_leaky, struct err *err)
{
    struct csv_out csv = {.file = out};
    struct summary *summary = NULL;
    struct suspects *suspects = NULL;
    int rc = summary_new(store, filter, &summary, err);
    if (rc == 0)
        rc = suspects_new(store, summary, &suspects, err);
    if (rc == 0 && suspects->n_judged == 0)
        rc = nobody_judged(store, suspects, err);
    if (rc == 0) {
        put_names(&csv, store);
        for (int i = 0; i < suspects->n; i++)
            put_row(&csv, summary, &suspects->row[i]);
        if (fflush(out) != 0 || ferror(out))
            rc = err_set(err, E_IO, "cannot write the suspects table: %s", strerror(errno));
    }
    *n_leaky = suspects ? suspects->n_leaky : 0;
    suspects_free(suspects);
    summary_free(summary);
    return rc;
}
