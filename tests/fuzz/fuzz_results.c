/* A results file, with all that `status`, `export` and the tables of `report` read from it. */
#include "fuzz.h"

#include "export.h"
#include "findings.h"
#include "store.h"
#include "summary.h"
#include "tables.h"

#include <stdlib.h>

static void read_marks(struct store *store)
{
    struct err err = {0};
    struct store_mark *mark = calloc((size_t)store_n_jobs(store), sizeof *mark);
    if (mark)
        fuzz_check(store_read_marks(store, mark, &err), &err);
    free(mark);
}

static void read_weights(struct store *store)
{
    struct err err = {0};
    float *weights = calloc(store_n_weights(store) + 1, sizeof *weights);
    for (int j = 0; weights && store_n_weights(store) && j < store_n_jobs(store); j++)
        fuzz_check(store_read_weights(store, j, weights, &err), &err);
    free(weights);
}

static void read_findings(struct store *store, FILE *nowhere)
{
    struct err err = {0};
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    int rc = fuzz_check(summary_new(store, NULL, &summary, &err), &err);
    if (rc == 0) {
        tables_print(nowhere, summary);
        rc = fuzz_check(findings_new(store, summary, &findings, &err), &err);
    }
    if (rc == 0)
        findings_print(nowhere, findings);
    findings_free(findings);
    summary_free(summary);
}

static int read_store(struct store *store)
{
    struct err err = {0};
    FILE *nowhere = fopen("/dev/null", "w");
    int all = 1;
    if (!nowhere)
        abort();
    for (int t = 0; t < N_EXPORT_TABLES; t++)
        all &= fuzz_check(export_write(store, (enum export_table)t, NULL, nowhere, &err), &err) == 0;
    read_marks(store);
    read_weights(store);
    read_findings(store, nowhere);
    fclose(nowhere);
    return all;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    struct store *store = NULL;
    struct err err = {0};
    if (fuzz_check(store_open(fuzz_file(0, bytes, n), &store, &err), &err) < 0)
        return 0;
    int accepted = read_store(store);
    if (store_close(store, &err) < 0)
        abort();
    return accepted;
}
