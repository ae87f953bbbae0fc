#include "stats/overlap.h"

#include "stats/originals.h"

#include <math.h>
#include <string.h>

int overlap_ratio(struct store *store, const int *job, int n, double *ratio, struct err *err)
{
    const struct store_job *row = store_jobs(store);
    double sum = 0, drawn = 0;
    int found = 0, rc = 0;
    *ratio = (double)NAN;
    if (n < 1 || strcmp(row[job[0]].protocol, "tail") == 0 || strcmp(row[job[0]].protocol, "given") == 0)
        return 0;
    int rebalanced = strcmp(row[job[0]].protocol, "report") == 0;
    if (!rebalanced)
        rc = originals_divided(store, job[0], &drawn, err);
    for (int i = 0; i < n && rc == 0; i++) {
        double n_test = row[job[i]].n_test, n_train = rebalanced ? row[job[i]].n_train : drawn - n_test;
        if (n_test < 1 || n_train < 1)
            continue;
        sum += n_test / n_train;
        found++;
    }
    if (found > 0)
        *ratio = sum / found;
    return rc;
}
