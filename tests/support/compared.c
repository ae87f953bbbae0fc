#include "support/compared.h"

int compared_by(struct store *store, const struct summary *summary, int factor, const char *metric,
                enum replicates_set on, struct compare **out, struct err *err)
{
    struct replicates *replicates = NULL;
    int rc = replicates_new(store, summary, metric, on, &replicates, err);
    *out = NULL;
    if (rc == 0)
        rc = factor == FACTOR_PROTOCOL ? compare_leak(summary, replicates, out, err)
                                       : compare_factor(summary, replicates, factor, out, err);
    replicates_free(replicates);
    return rc;
}
