#include "page/page_cuts.h"

#include "stats/cuts.h"
#include "write/json_out.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are stored as they lie in memory");

enum { NONE = 65535, PARTS = 3, OF_GROUP = N_CUT_RATES * PARTS * CUTS_POINTS };

/* The columns of the member under way; rates is (n_groups, N_CUT_RATES, PARTS, CUTS_POINTS). */
struct columns {
    json_t *positive, *n, *positives, *negatives, *stored;
    uint16_t *rates;
    int failed;
};

static uint16_t packed(double share)
{
    return isnan(share) ? NONE : (uint16_t)lround(10000 * share);
}

static void pack_rates(const struct cuts *cuts, uint16_t *to)
{
    for (int i = 0; i < OF_GROUP; i++) {
        const struct stats_summary *s = &cuts->value[i / (PARTS * CUTS_POINTS)][i % CUTS_POINTS];
        int part = i / CUTS_POINTS % PARTS;
        to[i] = packed(part == 0 ? s->mean : part == 1 ? s->low : s->high);
    }
}

/* The threshold that decides: the one of the first largest probability, or the mean of what jobs tuned. */
static double stored_threshold(const struct calibration *calibration, int g)
{
    return calibration->readout.threshold == THRESHOLD_TUNED ? calibration->group[g].cut : 0.5;
}

static int add_group(struct columns *c, struct predicted *predicted, const struct summary_group *group,
                     double stored, uint16_t *rates, struct err *err)
{
    struct cuts cuts;
    int rc = cuts_of_group(predicted, group, &cuts, err);
    if (rc < 0)
        return rc;
    pack_rates(&cuts, rates);
    json_out_add(c->positive, json_out_class(cuts.positive), &c->failed);
    json_out_add(c->n, json_integer(cuts.value[CUT_TP][0].n), &c->failed);
    json_out_add(c->positives, json_out_real(cuts.value[CUT_TP][0].mean + cuts.value[CUT_FN][0].mean),
                 &c->failed);
    json_out_add(c->negatives, json_out_real(cuts.value[CUT_TN][0].mean + cuts.value[CUT_FP][0].mean),
                 &c->failed);
    json_out_add(c->stored, json_out_real(stored), &c->failed);
    return cuts.value[CUT_TP][0].n > 0;
}

static json_t *member(struct columns *c, size_t n)
{
    json_t *object = json_object();
    json_out_put(object, "positive", c->positive, &c->failed);
    json_out_put(object, "n", c->n, &c->failed);
    json_out_put(object, "positives", c->positives, &c->failed);
    json_out_put(object, "negatives", c->negatives, &c->failed);
    json_out_put(object, "stored", c->stored, &c->failed);
    json_out_put(object, "rates", json_out_bytes("", c->rates, n * sizeof *c->rates), &c->failed);
    return object;
}

int page_cuts(struct store *store, const struct summary *summary, const struct calibration *calibration,
              json_t **out, struct err *err)
{
    size_t n = (size_t)summary->n_groups * OF_GROUP;
    struct predicted *predicted = NULL;
    int n_two = 0;
    *out = json_null();
    if (summary->n_groups > PAGE_CUTS_MOST)
        return 0;
    uint16_t *rates = err_calloc(n, sizeof *rates, "the page's data", err);
    if (!rates)
        return E_IO;
    struct columns c = {json_array(), json_array(), json_array(), json_array(), json_array(), rates, 0};
    int rc = predicted_new(store, &predicted, err);
    for (int g = 0; g < summary->n_groups && rc >= 0; g++) {
        rc = add_group(&c, predicted, &summary->group[g], stored_threshold(calibration, g),
                       rates + (size_t)g * OF_GROUP, err);
        n_two += rc > 0;
    }
    predicted_free(predicted);
    json_t *object = member(&c, n);
    free(rates);
    if (rc >= 0 && c.failed)
        rc = err_set(err, E_IO, "out of memory for the page's data");
    if (rc >= 0 && n_two > 0)
        *out = object;
    else
        json_decref(object);
    return rc < 0 ? rc : 0;
}
