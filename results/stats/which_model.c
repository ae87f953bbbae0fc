#include "stats/which_model.h"

#include "stats/job_seconds.h"
#include "stats/overall.h"
#include "store/classes.h"

#include <math.h>
#include <stdlib.h>

struct making {
    const struct summary *summary;
    const struct compare *compare;
    struct replicates *replicates;
    struct overall *overall;
    double *seconds; /* (jobs) NaN: not timed */
    double *value;   /* (jobs) room */
    int *count;      /* (jobs) room */
};

/* ---- one model on one set of clusters ---- */

/* Seconds of the timed jobs of a group, behind x. Returns how many. */
static int list_seconds(const struct making *m, const struct summary_group *group, double *x)
{
    return job_seconds_list(m->seconds, group, x);
}

static struct which_point point_of(struct making *m, int g)
{
    const struct summary_group *group = &m->summary->group[g];
    struct which_point point = {.group = group};
    int cluster[CONFIG_MAX_CLUSTERS];
    point.balanced = replicates_interval(&m->replicates->group[g], group, m->value, m->count);
    int n = list_seconds(m, group, m->value);
    point.seconds = job_seconds_median(m->value, n);
    n = classes_of(m->summary->store, group->cell, cluster);
    point.chance = n > 0 ? 1.0 / n : (double)NAN;
    return point;
}

/* ---- one model in a place ---- */

static void describe_accuracy(struct which_value *value, const struct which_place *place, int v)
{
    int n = place->ranking->n_datasets, k = place->ranking->n_values;
    const struct stats_summary *one = &place->point[v].balanced;
    value->low = value->high = one->mean;
    value->runs = one->n;
    for (int d = 0; d < n; d++) {
        const struct stats_summary *s = &place->point[d * k + v].balanced;
        value->balanced += s->mean / n;
        value->low = fmin(value->low, s->mean);
        value->high = fmax(value->high, s->mean);
        value->runs = s->n < value->runs ? s->n : value->runs;
    }
    if (n == 1) {
        value->low = one->low;
        value->high = one->high;
    }
}

static void describe_seconds(const struct making *m, struct which_value *value,
                             const struct which_place *place, int v)
{
    int n = 0, k = place->ranking->n_values;
    for (int d = 0; d < place->ranking->n_datasets; d++)
        n += list_seconds(m, place->point[d * k + v].group, m->value + n);
    value->timed = n;
    value->seconds = job_seconds_median(m->value, n);
    value->fastest = n > 0 ? m->value[0] : (double)NAN;
    value->slowest = n > 0 ? m->value[n - 1] : (double)NAN;
}

static double chance_of(const struct which_place *place)
{
    double chance = place->point[0].chance;
    for (int i = 1; i < place->ranking->n_datasets * place->ranking->n_values; i++)
        if (place->point[i].chance != chance)
            return (double)NAN;
    return chance;
}

/* Which value of the place a group is; -1: it is of none of its sets. */
static int value_of(const struct which_place *place, const struct summary_group *group)
{
    int k = place->ranking->n_values;
    for (int i = 0; i < place->ranking->n_datasets * k; i++)
        if (place->point[i].group == group)
            return i % k;
    return -1;
}

/* Count what each of the place's models won and lost. */
static void count_comparisons(const struct making *m, struct which_place *place)
{
    for (int f = 0; f < m->compare->n_families; f++)
        for (int i = m->compare->family[f].begin; i < m->compare->family[f].end; i++) {
            const struct compare_row *row = &m->compare->row[i];
            int a = value_of(place, row->a), b = value_of(place, row->b);
            if (a < 0 || b < 0 || !overall_counts(m->overall, f))
                continue;
            int direction = overall_direction(m->overall, i);
            place->value[a].compared++;
            place->value[b].compared++;
            place->value[a].better += direction > 0;
            place->value[b].better += direction < 0;
            place->value[a].worse += direction < 0;
            place->value[b].worse += direction > 0;
        }
}

static int make_place(struct making *m, const struct compare_ranking *r, struct which_place *place,
                      struct err *err)
{
    place->ranking = r;
    place->point =
        err_calloc((size_t)r->n_datasets * (size_t)r->n_values, sizeof *place->point, "models", err);
    place->value = err_calloc((size_t)r->n_values, sizeof *place->value, "models", err);
    if (!place->point || !place->value)
        return E_IO;
    for (int i = 0; i < r->n_datasets * r->n_values; i++)
        place->point[i] = point_of(m, r->group[i]);
    place->chance = chance_of(place);
    for (int v = 0; v < r->n_values; v++) {
        place->value[v] = (struct which_value){.cell = r->value[v], .rank = r->average_rank[v]};
        describe_accuracy(&place->value[v], place, v);
        describe_seconds(m, &place->value[v], place, v);
    }
    count_comparisons(m, place);
    return 0;
}

/* ---- all places ---- */

static int read_seconds(struct store *store, struct making *m, struct err *err)
{
    size_t n = (size_t)store_n_jobs(store);
    int rc = job_seconds_read(store, &m->seconds, err);
    m->value = err_calloc(n, sizeof *m->value, "seconds", err);
    m->count = err_calloc(2 * n, sizeof *m->count, "seconds", err);
    return m->value && m->count ? rc : E_IO;
}

/* Number the models of all places, in the order in which they come. */
static int number_models(struct which_model *which, unsigned but, struct err *err)
{
    int n = 0, k = 0;
    for (int p = 0; p < which->n_places; p++)
        n += which->place[p].ranking->n_values;
    const struct store_job **model = err_calloc((size_t)n + 1, sizeof *model, "models", err);
    for (int p = 0; model && p < which->n_places; p++)
        for (int v = 0; v < which->place[p].ranking->n_values; v++) {
            struct which_value *value = &which->place[p].value[v];
            while (value->number < k && !combination_same(model[value->number], value->cell, but))
                value->number++;
            if (value->number == k)
                model[k++] = value->cell;
        }
    free(model);
    return model ? 0 : E_IO;
}

static int make(struct store *store, struct making *m, struct which_model *which, struct err *err)
{
    int rc = read_seconds(store, m, err);
    if (rc == 0)
        rc = replicates_new(store, m->summary, "balanced_accuracy", REPLICATES_TEST, &m->replicates, err);
    if (rc == 0)
        rc = overall_new(m->summary, m->compare, &m->overall, err);
    which->place = err_calloc((size_t)m->compare->n_rankings + 1, sizeof *which->place, "models", err);
    if (!which->place)
        return E_IO;
    which->comparisons = rc == 0 ? m->overall->rows : 0;
    for (int r = 0; r < m->compare->n_rankings && rc == 0; r++)
        rc = make_place(m, &m->compare->ranking[r], &which->place[which->n_places++], err);
    return rc == 0 ? number_models(which, FACTORS_ALL & ~combination_own(store, FACTOR_MODEL), err) : rc;
}

int which_model_new(struct store *store, const struct summary *summary, const struct compare *compare,
                    struct which_model **out, struct err *err)
{
    struct making m = {.summary = summary, .compare = compare};
    struct which_model *which = *out = err_calloc(1, sizeof *which, "models", err);
    int rc = which ? make(store, &m, which, err) : E_IO;
    replicates_free(m.replicates);
    overall_free(m.overall);
    free(m.seconds);
    free(m.value);
    free(m.count);
    if (rc < 0) {
        which_model_free(which);
        *out = NULL;
    }
    return rc;
}

int which_model_differs(const struct which_place *place, double a, double b)
{
    const struct compare_ranking *r = place->ranking;
    return r->tested && r->test.p_f < contrast_alpha && fabs(a - b) > r->test.critical;
}

void which_model_order(const struct which_place *place, int *order)
{
    for (int v = 0; v < place->ranking->n_values; v++) {
        int at = v;
        for (; at > 0 && place->value[order[at - 1]].rank > place->value[v].rank; at--)
            order[at] = order[at - 1];
        order[at] = v;
    }
}

void which_model_free(struct which_model *which)
{
    if (!which)
        return;
    for (int p = 0; which->place && p < which->n_places; p++) {
        free(which->place[p].point);
        free(which->place[p].value);
    }
    free(which->place);
    free(which);
}
