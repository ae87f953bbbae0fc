#include "page/page_roc.h"

#include "write/json_out.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are stored as they lie in memory");

enum { NONE = 65535, PARTS = 3, OF_GROUP = PARTS * ROC_POINTS };

static uint16_t packed(double share)
{
    return isnan(share) ? NONE : (uint16_t)lround(10000 * share);
}

/* (n_groups, mean low high, ROC_POINTS) of a kind of curve. */
static json_t *curves(const struct roc *roc, int kind)
{
    size_t n = (size_t)roc->n_groups * OF_GROUP;
    uint16_t *all = malloc((n + 1) * sizeof *all);
    for (size_t i = 0; i < n && all; i++) {
        const struct stats_summary *s = &roc->group[i / OF_GROUP].curve[kind][i % ROC_POINTS];
        size_t part = i % OF_GROUP / ROC_POINTS;
        all[i] = packed(part == 0 ? s->mean : part == 1 ? s->low : s->high);
    }
    json_t *value = all ? json_out_bytes("", all, n * sizeof *all) : NULL;
    free(all);
    return value;
}

json_t *page_roc(const struct roc *roc)
{
    int failed = 0;
    if (roc->n_groups > PAGE_ROC_MOST)
        return json_null();
    json_t *object = json_object(), *positive = json_array(), *n = json_array();
    for (int g = 0; g < roc->n_groups; g++) {
        json_out_add(positive, json_out_class(roc->group[g].positive), &failed);
        json_out_add(n, json_integer(roc->group[g].curve[ROC_TPR][0].n), &failed);
    }
    json_out_put(object, "positive", positive, &failed);
    json_out_put(object, "n", n, &failed);
    for (int kind = 0; kind < N_ROC_CURVES; kind++)
        json_out_put(object, roc_kind_names[kind], curves(roc, kind), &failed);
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}
