#include "paper/literature_parts.h"

#include "store/combination.h"
#include "store/store_chosen.h"
#include "store/store_merge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One setting: methods that both sweeps have, as groups of the summary. */
struct tuning {
    struct store *store;
    const struct summary *summary;
    const struct literature_claim *claim;
    const struct replicates *replicates;
    char *is_tuned; /* (groups) */
    int sweep;      /* the factor */
    int n, too_many, tuned[LITERATURE_METHODS], untuned[LITERATURE_METHODS];
};

/* ---- which runs ---- */

static const struct store_job *cell_of(const struct tuning *t, int group)
{
    return t->summary->group[group].cell;
}

static int mark_tuned(struct tuning *t, struct err *err)
{
    int rc = 0;
    for (int g = 0; g < t->summary->n_groups && rc == 0; g++) {
        const struct summary_group *group = &t->summary->group[g];
        int is_tuned = 0;
        for (int i = 0; i < group->n_state[JOB_DONE] && rc == 0 && !is_tuned; i++)
            rc = store_job_is_tuned(t->store, group->job[i], &is_tuned, err);
        t->is_tuned[g] = (char)is_tuned;
    }
    return rc;
}

/* The group of a sweep that does not tune with all else as in group g; sweep "": the first there is. */
static int find_untuned(const struct tuning *t, int g, const char *sweep)
{
    unsigned but = combination_own(t->store, t->sweep);
    for (int u = 0; u < t->summary->n_groups; u++)
        if (!t->is_tuned[u] && combination_same(cell_of(t, g), cell_of(t, u), but) &&
            (!*sweep || strcmp(combination_value(cell_of(t, u), t->sweep), sweep) == 0))
            return u;
    return -1;
}

/* 1 when no earlier group is of the setting of group g, which tunes. */
static int is_first(const struct tuning *t, int g, unsigned but)
{
    for (int h = 0; h < g; h++)
        if (t->is_tuned[h] && combination_same(cell_of(t, g), cell_of(t, h), but))
            return 0;
    return 1;
}

/* The methods of the setting of group g. */
static void find_methods(struct tuning *t, int g)
{
    unsigned but = combination_own(t->store, FACTOR_STRATEGY);
    const char *sweep = "";
    t->n = t->too_many = 0;
    for (int h = g; h < t->summary->n_groups; h++) {
        if (!t->is_tuned[h] || !combination_same(cell_of(t, g), cell_of(t, h), but) ||
            !combination_is_plain(t->store, cell_of(t, h)))
            continue;
        int u = find_untuned(t, h, sweep);
        if (u < 0)
            continue;
        if (t->n == LITERATURE_METHODS) {
            t->too_many = 1;
            return;
        }
        sweep = combination_value(cell_of(t, u), t->sweep);
        t->tuned[t->n] = h;
        t->untuned[t->n++] = u;
    }
}

static const char *why_not(const struct tuning *t)
{
    const char *why = literature_why_not_model(t->claim, &t->summary->group[t->tuned[0]]);
    if (!why && combination_own(t->store, t->sweep) & ~FACTOR(t->sweep))
        why = "the sweeps differ in more than tuning";
    if (!why && t->too_many)
        why = "more than 12 methods";
    if (!why && t->n < 2)
        why = "one method only";
    for (int m = 0; m < t->n && !why; m++) {
        why = literature_why_not_group(&t->summary->group[t->tuned[m]]);
        why = why ? why : literature_why_not_group(&t->summary->group[t->untuned[m]]);
    }
    return why;
}

/* ---- runs that all have ---- */

struct rule {
    const struct literature_methods *methods;
    double test_ratio;
    int n, room;            /* runs */
    struct replicate *run;  /* (2 methods, room) tuned and untuned of each, one after the other */
    struct replicate *work; /* (room) */
};

static const struct replicates_group *side_of(const struct literature_methods *m, int side)
{
    return side % 2 == 0 ? m->tuned[side / 2] : m->untuned[side / 2];
}

static struct replicate *run_of(const struct rule *r, int side)
{
    return r->run + (size_t)side * (size_t)r->room;
}

static const struct replicate *find_run(const struct replicates_group *group, const struct replicate *like)
{
    for (int i = 0; i < group->n; i++) {
        const struct replicate *run = &group->replicate[i];
        if (run->seed == like->seed && run->repeat == like->repeat && run->fold == like->fold &&
            !isnan(run->value))
            return run;
    }
    return NULL;
}

static int list_runs(struct rule *r, struct err *err)
{
    const struct replicates_group *first = r->methods->tuned[0];
    r->room = first->n + 1;
    r->test_ratio = first->test_ratio;
    r->run = err_calloc((size_t)(2 * r->methods->n) * (size_t)r->room, sizeof *r->run, "replicates", err);
    r->work = err_calloc((size_t)r->room, sizeof *r->work, "replicates", err);
    if (!r->run || !r->work)
        return E_IO;
    for (int side = 0; side < 2 * r->methods->n; side++)
        r->test_ratio = fmax(r->test_ratio, side_of(r->methods, side)->test_ratio);
    for (int i = 0; i < first->n; i++) {
        int have = 0;
        for (int side = 0; side < 2 * r->methods->n; side++) {
            const struct replicate *run = find_run(side_of(r->methods, side), &first->replicate[i]);
            if (run)
                run_of(r, side)[r->n] = *run;
            have += run != NULL;
        }
        r->n += have == 2 * r->methods->n;
    }
    return 0;
}

/* ---- the rule ---- */

/* What tuning method m gains, minus how far method a is above b where nothing is tuned. */
static int gain_above(const struct rule *r, int m, int a, int b, struct contrast *out, struct err *err)
{
    struct replicates_group all = {.n = r->n, .replicate = r->work, .test_ratio = r->test_ratio};
    double gain = 0, apart = 0;
    for (int i = 0; i < r->n; i++) {
        double tuned = run_of(r, 2 * m)[i].value - run_of(r, 2 * m + 1)[i].value;
        double method = run_of(r, 2 * a + 1)[i].value - run_of(r, 2 * b + 1)[i].value;
        r->work[i] = run_of(r, 2 * m)[i];
        r->work[i].value = tuned - method;
        gain += tuned / r->n;
        apart += method / r->n;
    }
    int rc = contrast_constant(&all, 0, out, err);
    out->mean_first = gain;
    out->mean_second = apart;
    return rc;
}

/* Two methods against what tuning gains each of them all; p_beyond: that every gain is smaller. The contrast
 * that speaks least for the claim is shown. */
static int test_pair(const struct rule *r, int a, int b, struct literature_row *row, double *p_beyond,
                     struct err *err)
{
    const char *const *name = r->methods->name;
    *p_beyond = 0;
    for (int m = 0; m < r->methods->n; m++) {
        struct contrast contrast;
        int rc = gain_above(r, m, a, b, &contrast, err);
        if (rc < 0)
            return rc;
        const struct literature_bound bound = {1, contrast.mean, isnan(contrast.p) ? 1 : contrast.p};
        double within = literature_within(&bound, 1);
        int is_tie = within >= row->p_for && contrast.mean < row->contrast.mean;
        if (!*row->shown || within > row->p_for || is_tie) {
            row->contrast = contrast;
            snprintf(row->shown, sizeof row->shown, "%s tuned - untuned, minus (%s - %s)", name[m], name[a],
                     name[b]);
        }
        row->p_for = fmax(row->p_for, within);
        *p_beyond = fmax(*p_beyond, literature_beyond(&bound, 1));
    }
    return 0;
}

int literature_tuning_rule(const struct literature_methods *methods, struct literature_row *row,
                           struct err *err)
{
    struct rule r = {.methods = methods};
    double beyond;
    int rc = list_runs(&r, err), n = methods->n;
    row->p_for = 0;
    row->p_against = 1;
    for (int a = 0; a < n && rc == 0; a++)
        for (int b = 0; b < n && rc == 0; b++)
            if (a != b && (rc = test_pair(&r, a, b, row, &beyond, err)) == 0)
                row->p_against = fmin(row->p_against, n * (n - 1) * beyond);
    if (rc == 0 && r.n < 2)
        row->reason = "one run";
    free(r.run);
    free(r.work);
    return rc;
}

static int test_setting(const struct tuning *t, struct literature_row *row, struct err *err)
{
    struct literature_methods methods = {.n = t->n};
    for (int m = 0; m < t->n; m++) {
        methods.name[m] = cell_of(t, t->tuned[m])->strategy;
        methods.tuned[m] = &t->replicates->group[t->tuned[m]];
        methods.untuned[m] = &t->replicates->group[t->untuned[m]];
    }
    return literature_tuning_rule(&methods, row, err);
}

static int add_row(struct tuning *t, int g, struct literature *literature, struct err *err)
{
    find_methods(t, g);
    if (t->n == 0)
        return 0;
    struct literature_row *row = &literature->row[literature->n++];
    *row =
        (struct literature_row){.claim = t->claim, .cell = cell_of(t, g), .group = g, .reason = why_not(t)};
    int rc = row->reason ? 0 : test_setting(t, row, err);
    if (row->reason)
        literature_blank(row);
    return rc;
}

int literature_add_tuning(struct store *store, const struct summary *summary,
                          const struct literature_claim *claim, struct literature *literature,
                          struct err *err)
{
    struct replicates *replicates = NULL;
    struct tuning t = {.store = store, .summary = summary, .claim = claim};
    int column = store_sweep_column(store), rc;
    if (column < 0 || store_n_trials(store) == 0)
        return 0;
    t.sweep = FACTOR_AXES + column;
    t.is_tuned = err_calloc((size_t)summary->n_groups + 1, 1, "tuned groups", err);
    rc = t.is_tuned ? mark_tuned(&t, err) : E_IO;
    if (rc == 0)
        rc = replicates_new(store, summary, claim->metric, REPLICATES_TEST, &replicates, err);
    t.replicates = replicates;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        if (t.is_tuned[g] && is_first(&t, g, combination_own(store, FACTOR_STRATEGY)))
            rc = add_row(&t, g, literature, err);
    replicates_free(replicates);
    free(t.is_tuned);
    return rc;
}
