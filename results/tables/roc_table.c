#include "tables/roc_table.h"

#include "tables/columns.h"
#include "write/output.h"

#include <errno.h>
#include <string.h>

static int has_any(const struct roc *roc)
{
    for (int g = 0; g < roc->n_groups; g++)
        if (roc_has(&roc->group[g]))
            return 1;
    return 0;
}

static void put_names(struct csv_out *csv, const struct store *store)
{
    static const char *const names[] = {"positive", "curve", "x", "n", "mean", "low", "high"};
    columns_csv_names(csv, store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
}

static void put_point(struct csv_out *csv, const struct summary *summary, const struct roc *roc, int g,
                      int kind, int k)
{
    const struct stats_summary *s = &roc->group[g].curve[kind][k];
    if (s->n == 0)
        return;
    columns_csv(csv, summary->store, summary->group[g].cell, FACTORS_ALL);
    csv_out_class(csv, roc->group[g].positive);
    csv_out_text(csv, roc_kind_names[kind]);
    csv_out_real(csv, roc_place(k));
    csv_out_int(csv, s->n);
    csv_out_real(csv, s->mean);
    csv_out_real(csv, s->low);
    csv_out_real(csv, s->high);
    csv_out_end(csv);
}

static void put_all(FILE *file, const struct summary *summary, const struct roc *roc)
{
    struct csv_out csv = {.file = file};
    put_names(&csv, summary->store);
    for (int g = 0; g < roc->n_groups; g++)
        for (int i = 0; i < N_ROC_CURVES * ROC_POINTS && roc_has(&roc->group[g]); i++)
            put_point(&csv, summary, roc, g, i / ROC_POINTS, i % ROC_POINTS);
}

int roc_table_write(struct store *store, const char *filter, FILE *out, struct err *err)
{
    struct summary *summary = NULL;
    struct roc *roc = NULL;
    int rc = summary_new(store, filter, &summary, err);
    if (rc == 0)
        rc = roc_new(store, summary, &roc, err);
    if (rc == 0 && !has_any(roc))
        rc = err_set(err, E_USAGE,
                     "%s: curves need predictions of test images, and none are stored of these jobs",
                     store_path(store));
    if (rc == 0) {
        put_all(out, summary, roc);
        if (fflush(out) != 0 || ferror(out))
            rc = err_set(err, E_IO, "cannot write the roc table: %s", strerror(errno));
    }
    roc_free(roc);
    summary_free(summary);
    return rc;
}

int roc_table_write_file(const struct summary *summary, const struct roc *roc, const char *dir,
                         struct err *err)
{
    struct output out;
    if (!has_any(roc))
        return 0;
    int rc = output_open(&out, dir, "roc.csv", err);
    if (rc < 0)
        return rc;
    put_all(out.file, summary, roc);
    return output_close(&out, err);
}
