#include "stats/training_size.h"

#include "store/drawn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int training_size_is_axis(const struct summary *summary, int factor)
{
    static const char *const axes[] = {"class_sizes", "validation", "inner"};
    const char *name = combination_name(summary->store, factor);
    int is = 0;
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
        is |= factor >= FACTOR_AXES && strcmp(name, axes[i]) == 0;
    return is && summary_varies(summary, factor);
}

double training_size_of(const struct summary_group *group)
{
    return round(group->at_hand);
}

int training_size_differs(double a, double b)
{
    return fabs(a - b) > TRAINING_SIZE_SAME * fmax(a, b);
}

void training_size_proportions(char *out, size_t size, const struct summary *summary,
                               const struct summary_group *group)
{
    long drawn[CONFIG_MAX_CLUSTERS], least = 0;
    int n = drawn_sizes(summary->store, group->cell, drawn);
    size_t at = 0;
    for (int c = 0; c < n; c++)
        least = c == 0 || drawn[c] < least ? drawn[c] : least;
    *out = '\0';
    for (int c = 0; c < n && least > 0 && at < size; c++) {
        double share = (double)drawn[c] / (double)least;
        at += (size_t)snprintf(out + at, size - at, "%s%.*f", c ? ":" : "",
                               share < 9.95 && fabs(share - round(share)) >= 0.05 ? 1 : 0, share);
    }
}

static int same_proportions(const struct summary *summary, int a, int b)
{
    char p[COMBINATION_LABEL_SIZE], q[COMBINATION_LABEL_SIZE];
    training_size_proportions(p, sizeof p, summary, &summary->group[a]);
    training_size_proportions(q, sizeof q, summary, &summary->group[b]);
    return strcmp(p, q) == 0;
}

static void stand(struct training_size *size, int g)
{
    size->n += !size->stands[g];
    size->stands[g] = 1;
}

/* Of n groups that differ in strategy and the factor, those beside which another has more or less. */
static void find_pairs(struct training_size *size, const struct summary *summary, int factor,
                       const int *group, int n)
{
    int by_sizes = strcmp(combination_name(summary->store, factor), "class_sizes") == 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            const struct summary_group *a = &summary->group[group[i]], *b = &summary->group[group[k]];
            if (!size->stands[group[i]] && training_size_differs(training_size_of(a), training_size_of(b)) &&
                (!by_sizes || same_proportions(summary, group[i], group[k])))
                stand(size, group[i]);
        }
}

static int find_curves(struct training_size *size, const struct summary *summary, int factor,
                       const struct store_job *const *cell, struct err *err)
{
    unsigned apart =
        combination_own(summary->store, FACTOR_STRATEGY) | combination_own(summary->store, factor);
    struct partition *same = NULL;
    int rc = partition_new(cell, summary->n_groups, FACTORS_ALL & ~apart, &same, err);
    for (int part = 0; rc == 0 && part < same->n_parts; part++)
        find_pairs(size, summary, factor, same->member + same->begin[part],
                   same->begin[part + 1] - same->begin[part]);
    partition_free(same);
    return rc;
}

int training_size_new(const struct summary *summary, struct training_size **out, struct err *err)
{
    struct training_size *size = *out = err_calloc(1, sizeof *size, "training sizes", err);
    const struct store_job **cell = summary_cells(summary, err);
    int rc = size && cell ? 0 : E_IO;
    if (rc == 0 && !(size->stands = err_calloc((size_t)summary->n_groups, 1, "training sizes", err)))
        rc = E_IO;
    for (int f = FACTOR_AXES; f < combination_n_factors(summary->store) && rc == 0; f++)
        if (training_size_is_axis(summary, f))
            rc = find_curves(size, summary, f, cell, err);
    free(cell);
    if (rc < 0) {
        training_size_free(size);
        *out = NULL;
    }
    return rc;
}

void training_size_free(struct training_size *size)
{
    if (!size)
        return;
    free(size->stands);
    free(size);
}
