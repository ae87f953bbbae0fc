#include "page/page_glance.h"

#include "figures/glance_facts.h"
#include "stats/explained.h"
#include "stats/overall.h"
#include "write/json_out.h"

#include <math.h>
#include <stdlib.h>

/* How many runs each group has, and all of them. */
static int put_runs(json_t *object, const struct replicates *replicates, int *failed, struct err *err)
{
    size_t n = 0, room = 1;
    for (int g = 0; g < replicates->n_groups; g++)
        room += (size_t)replicates->group[g].n;
    float *runs = err_calloc(room, sizeof *runs, "single runs", err);
    json_t *counts = json_array();
    if (!runs)
        *failed = 1;
    for (int g = 0; g < replicates->n_groups && runs; g++) {
        json_out_add(counts, json_integer(replicates->group[g].n), failed);
        for (int i = 0; i < replicates->group[g].n; i++)
            runs[n++] = (float)replicates->group[g].replicate[i].value;
    }
    json_out_put(object, "n_runs", counts, failed);
    json_out_put(object, "runs", runs ? json_out_floats(runs, n) : NULL, failed);
    free(runs);
    return *failed ? E_IO : 0;
}

static void put_facts(json_t *object, const struct glance_facts *facts, int *failed)
{
    json_t *chance = json_array(), *none = json_array(), *differs = json_array();
    for (int g = 0; g < facts->n; g++) {
        json_out_add(chance, json_out_real(facts->chance[g]), failed);
        json_out_add(none, json_out_count(facts->none[g]), failed);
        json_out_add(differs, json_integer(facts->differs[g]), failed);
    }
    json_out_put(object, "chance", chance, failed);
    json_out_put(object, "none", none, failed);
    json_out_put(object, "differs", differs, failed);
}

static int put_explained(json_t *object, const struct summary *summary, int *failed, struct err *err)
{
    double share[FACTORS_MOST];
    json_t *list = json_array();
    int rc = explained_shares(summary, share, err);
    for (int f = 0; f < FACTORS_MOST && rc == 0; f++)
        if (!isnan(share[f]))
            json_out_add(list,
                         json_pack("{s:o, s:f}", "factor", json_out_text(combination_name(summary->store, f)),
                                   "share", share[f]),
                         failed);
    json_out_put(object, "explained", list, failed);
    return rc;
}

int page_glance(struct store *store, const struct summary *summary, const struct findings *findings,
                json_t **out, struct err *err)
{
    struct overall *overall = NULL;
    struct glance_facts *facts = NULL;
    struct replicates *replicates = NULL;
    const struct compare *compare = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    int failed = 0, rc = compare ? overall_new(findings->whole, compare, &overall, err) : 0;
    *out = json_object();
    if (rc == 0)
        rc = glance_facts_new(summary, overall, &facts, err);
    if (rc == 0)
        rc = replicates_new(store, summary, "balanced_accuracy", REPLICATES_TEST, &replicates, err);
    if (rc == 0) {
        put_facts(*out, facts, &failed);
        rc = put_runs(*out, replicates, &failed, err);
    }
    if (rc == 0)
        rc = put_explained(*out, summary, &failed, err);
    replicates_free(replicates);
    glance_facts_free(facts);
    overall_free(overall);
    if (rc == 0 && (failed || !*out))
        rc = err_set(err, E_IO, "out of memory for the page's data");
    if (rc == 0)
        return 0;
    json_decref(*out);
    *out = NULL;
    return rc;
}
