/* A results file whose content somebody changed (edits.h), with all that `status`, `export` and the
 * tables of `report` read. */
#include "edits.h"
#include "fuzz.h"

#include "tables/export.h"
#include "tables/findings.h"
#include "store/store_layout.h"
#include "stats/summary.h"
#include "tables/tables.h"
#include "tables/headline.h"

#include "support/made.h"

#include <stdlib.h>
#include <string.h>

static const char *const attribute[] = {
    "name", "yaml_resolved",     "data",  "dataset_checksum", "data_file",    "kernels", "created",
    "host", "cellsweep_results", "ranks", "synthetic",        "weights_kept", "channels"};
static const char *const group[] = {"/metrics",         "/metrics/test", "/confusion", "/predictions",
                                    "/predictions/all", "/classes",      "/models"};
enum { N_GROUPS = sizeof group / sizeof *group };

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
    if (rc == 0) {
        headline_outcome(nowhere, findings);
        headline_warnings(nowhere, findings);
    }
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
    for (int t = 0; t < N_EXPORT_TABLES; t++) {
        int rc = fuzz_check(export_write(store, (enum export_table)t, NULL, nowhere, &err), &err);
        all &= rc == 0 || (rc == E_USAGE && t == EXPORT_TUNING); /* a sweep need not tune */
    }
    read_marks(store);
    read_weights(store);
    read_findings(store, nowhere);
    fclose(nowhere);
    return all;
}

static struct edits_names names(void)
{
    static const char *object[N_STORE_DATASETS + N_GROUPS];
    for (int d = 0; d < N_STORE_DATASETS; d++)
        object[d] = store_table[d].path;
    memcpy(object + N_STORE_DATASETS, group, sizeof group);
    return (struct edits_names){object, N_STORE_DATASETS + N_GROUPS, attribute,
                                sizeof attribute / sizeof *attribute};
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static uint8_t *good;
    static size_t n_good;
    struct edits_names all = names();
    struct store *store = NULL;
    struct err err = {0};
    if (!good) {
        const char *made = fuzz_file(0, bytes, 0);
        made_results(made, 4, 6);
        good = fuzz_bytes(made, &n_good);
    }
    const char *path = fuzz_file(1, good, n_good);
    edits_apply(path, &all, bytes, n);
    if (fuzz_check(store_open(path, &store, &err), &err) < 0)
        return 0;
    int accepted = read_store(store);
    if (store_close(store, &err) < 0)
        abort();
    return accepted;
}
