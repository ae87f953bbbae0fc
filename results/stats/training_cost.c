#include "stats/training_cost.h"

#include "models/model.h"
#include "stats/job_seconds.h"
#include "stats/overall.h"
#include "stats/pareto.h"
#include "store/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const training_cost_names[N_TRAINING_COSTS] = {"images", "seconds"};

struct making {
    const struct summary *summary;
    struct replicates *replicates;
    struct overall *overall[2]; /* of strategies, of models; NULL: not compared */
    struct store_mark *mark;    /* (jobs) */
    double *seconds, *value;    /* (jobs) NaN: not timed; room */
    int *count;                 /* (2 jobs) room */
    int *place_of, *point_of;   /* (n_groups) -1: of none */
};

/* ---- a point ---- */

static void find_images(const struct making *m, struct training_cost_point *point)
{
    const struct summary_group *group = point->group;
    const struct model_kind *kind = model_find(group->cell->model);
    int at_once = kind && !(kind->can & MODEL_EPOCHS), n = group->n_state[JOB_DONE];
    double images = 0;
    for (int i = 0; i < n; i++) {
        double epochs = at_once ? 1 : m->mark[group->job[i]].epochs_done;
        point->epochs += epochs / n;
        images += epochs * store_jobs(m->summary->store)[group->job[i]].n_train / n;
    }
    point->cost[COST_IMAGES] = group->chosen == CHOSEN_ELSEWHERE || !(images > 0) ? (double)NAN : images;
}

static struct training_cost_point point_of(const struct making *m, int g)
{
    struct training_cost_point point = {.group = &m->summary->group[g]};
    point.balanced = replicates_interval(&m->replicates->group[g], point.group, m->value, m->count);
    find_images(m, &point);
    point.timed = job_seconds_list(m->seconds, point.group, m->value);
    point.cost[COST_SECONDS] = job_seconds_median(m->value, point.timed);
    point.leaks = point.group->leak.mean > 0;
    return point;
}

/* ---- a place ---- */

/* better (n, n): 1 where a test says so; and how many pairs have one. */
static void read_tests(const struct making *m, struct training_cost_place *place, int p, signed char *better)
{
    for (int f = 0; f < 2; f++)
        for (int k = 0; m->overall[f] && k < m->overall[f]->compare->n_families; k++) {
            const struct overall *o = m->overall[f];
            const struct compare_family *family = &o->compare->family[k];
            for (int i = family->begin; i < family->end && overall_counts(o, k); i++) {
                const struct compare_row *row = &o->compare->row[i];
                int a = m->point_of[row->group_a], b = m->point_of[row->group_b];
                if (m->place_of[row->group_a] != p || m->place_of[row->group_b] != p ||
                    isnan(o->adjusted[i]) || place->point[a].leaks || place->point[b].leaks)
                    continue;
                better[a * place->n + b] = overall_direction(o, i) > 0;
                better[b * place->n + a] = overall_direction(o, i) < 0;
                place->tested++;
                place->point[a].tested++;
                place->point[b].tested++;
            }
        }
}

static void find_front(struct training_cost_place *place, enum training_costs c, const signed char *better,
                       double *cost, double *gain, int *found)
{
    for (int i = 0; i < place->n; i++) {
        cost[i] = place->point[i].leaks ? (double)NAN : place->point[i].cost[c];
        gain[i] = place->point[i].balanced.mean;
    }
    pareto_front(cost, gain, place->n, found);
    for (int i = 0; i < place->n; i++)
        place->point[i].front[c] = found[i];
    pareto_beaten(cost, better, place->n, found);
    for (int i = 0; i < place->n; i++)
        place->point[i].beaten[c] = found[i];
}

static int find_fronts(const struct making *m, struct training_cost_place *place, int p, struct err *err)
{
    size_t n = (size_t)place->n;
    signed char *better = err_calloc(n * n, 1, "fronts", err);
    double *work = err_calloc(2 * n, sizeof *work, "fronts", err);
    int *found = err_calloc(n, sizeof *found, "fronts", err), estimates = 0;
    int rc = better && work && found ? 0 : E_IO;
    for (int i = 0; i < place->n; i++)
        estimates += !place->point[i].leaks;
    place->pairs = estimates * (estimates - 1) / 2;
    if (rc == 0)
        read_tests(m, place, p, better);
    for (int c = 0; c < N_TRAINING_COSTS && rc == 0; c++)
        find_front(place, (enum training_costs)c, better, work, work + n, found);
    free(better);
    free(work);
    free(found);
    return rc;
}

static int count_models(const struct making *m, const struct training_cost_place *place)
{
    unsigned but = FACTORS_ALL & ~combination_own(m->summary->store, FACTOR_MODEL);
    int n = 0;
    for (int i = 0; i < place->n; i++) {
        int k = 0;
        while (k < i && !combination_same(place->point[k].group->cell, place->point[i].group->cell, but))
            k++;
        n += k == i;
    }
    return n;
}

/* The finished groups of a part, if they are two at least. Returns 1 for a place, 0 for none. */
static int make_place(struct making *m, const int *group, int n, struct training_cost *cost, struct err *err)
{
    struct training_cost_place *place = &cost->place[cost->n_places];
    int cluster[CONFIG_MAX_CLUSTERS], finished = 0;
    for (int i = 0; i < n; i++)
        finished += m->summary->group[group[i]].n_state[JOB_DONE] > 0;
    if (finished < 2)
        return 0;
    place->point = err_calloc((size_t)finished, sizeof *place->point, "training costs", err);
    if (!place->point)
        return E_IO;
    for (int i = 0; i < n; i++)
        if (m->summary->group[group[i]].n_state[JOB_DONE] > 0) {
            m->place_of[group[i]] = cost->n_places;
            m->point_of[group[i]] = place->n;
            place->point[place->n++] = point_of(m, group[i]);
        }
    place->n_models = count_models(m, place);
    int classes = classes_of(m->summary->store, place->point[0].group->cell, cluster);
    place->chance = classes > 0 ? 1.0 / classes : (double)NAN;
    return find_fronts(m, place, cost->n_places++, err);
}

/* ---- all places ---- */

static int divide(const struct making *m, const struct store_job *const *cell, struct partition **out,
                  struct err *err)
{
    const struct store *store = m->summary->store;
    unsigned strategy = combination_own(store, FACTOR_STRATEGY), model = combination_own(store, FACTOR_MODEL);
    int most = 0, rc = partition_new(cell, m->summary->n_groups, FACTORS_ALL & ~(strategy | model), out, err);
    for (int part = 0; rc == 0 && part < (*out)->n_parts; part++) {
        int n = (*out)->begin[part + 1] - (*out)->begin[part];
        most = n > most ? n : most;
    }
    if (rc < 0 || most <= TRAINING_COST_MOST)
        return rc;
    partition_free(*out);
    *out = NULL;
    return partition_new(cell, m->summary->n_groups, FACTORS_ALL & ~strategy, out, err);
}

static int make_places(struct making *m, struct training_cost *cost, struct err *err)
{
    const struct store_job **cell = summary_cells(m->summary, err);
    struct partition *parts = NULL;
    int rc = cell ? divide(m, cell, &parts, err) : E_IO;
    if (rc == 0 &&
        !(cost->place = err_calloc((size_t)parts->n_parts + 1, sizeof *cost->place, "places", err)))
        rc = E_IO;
    for (int part = 0; rc == 0 && part < parts->n_parts; part++)
        rc = make_place(m, parts->member + parts->begin[part], parts->begin[part + 1] - parts->begin[part],
                        cost, err);
    partition_free(parts);
    free(cell);
    return rc;
}

static int begin(struct store *store, struct making *m, const struct compare *const compare[2],
                 struct err *err)
{
    size_t n = (size_t)store_n_jobs(store), groups = (size_t)m->summary->n_groups;
    int rc = job_seconds_read(store, &m->seconds, err);
    m->mark = err_calloc(n, sizeof *m->mark, "marks", err);
    m->value = err_calloc(n, sizeof *m->value, "seconds", err);
    m->count = err_calloc(2 * n, sizeof *m->count, "seconds", err);
    m->place_of = err_calloc(groups, sizeof *m->place_of, "places", err);
    m->point_of = err_calloc(groups, sizeof *m->point_of, "places", err);
    if (!m->mark || !m->value || !m->count || !m->place_of || !m->point_of)
        return E_IO;
    for (size_t g = 0; g < groups; g++)
        m->place_of[g] = m->point_of[g] = -1;
    if (rc == 0)
        rc = store_read_marks(store, m->mark, err);
    if (rc == 0)
        rc = replicates_new(store, m->summary, "balanced_accuracy", REPLICATES_TEST, &m->replicates, err);
    for (int f = 0; f < 2 && rc == 0; f++)
        if (compare[f])
            rc = overall_new(m->summary, compare[f], &m->overall[f], err);
    return rc;
}

static void making_release(struct making *m)
{
    replicates_free(m->replicates);
    overall_free(m->overall[0]);
    overall_free(m->overall[1]);
    free(m->mark);
    free(m->seconds);
    free(m->value);
    free(m->count);
    free(m->place_of);
    free(m->point_of);
}

int training_cost_new(struct store *store, const struct summary *summary, const struct compare *strategies,
                      const struct compare *models, struct training_cost **out, struct err *err)
{
    struct making m = {.summary = summary};
    const struct compare *const compare[2] = {strategies, models};
    struct training_cost *cost = *out = err_calloc(1, sizeof *cost, "training costs", err);
    int rc = cost ? begin(store, &m, compare, err) : E_IO;
    if (rc == 0)
        rc = make_places(&m, cost, err);
    making_release(&m);
    if (rc < 0) {
        training_cost_free(cost);
        *out = NULL;
    }
    return rc;
}

void training_cost_free(struct training_cost *cost)
{
    if (!cost)
        return;
    for (int p = 0; cost->place && p < cost->n_places; p++)
        free(cost->place[p].point);
    free(cost->place);
    free(cost);
}
