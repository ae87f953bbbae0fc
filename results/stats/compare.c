#include "stats/compare.h"
#include "stats/shared_groups.h"
#include "store/repeat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a comparison is being made of. */
struct making {
    const struct summary *summary;
    const struct replicates *replicates;
    struct compare *compare;
    int capacity;
    int groups;                /* the factor of that name, -1: it is no axis */
    struct partition *grouped; /* of the summary's groups: all but that factor the same; NULL without it */
};

/* ---- rows and families ---- */

static struct compare_row *add_row(struct making *m, int a, int b, struct err *err)
{
    struct compare *c = m->compare;
    if (c->n == m->capacity) {
        int capacity = 2 * m->capacity + 16;
        struct compare_row *row = realloc(c->row, (size_t)capacity * sizeof *row);
        if (!row) {
            err_set(err, E_IO, "no memory for %d comparisons", capacity);
            return NULL;
        }
        c->row = row;
        m->capacity = capacity;
    }
    c->row[c->n] = (struct compare_row){
        .a = &m->summary->group[a], .b = &m->summary->group[b], .group_a = a, .group_b = b};
    if (c->on == REPLICATES_TEST)
        c->row[c->n].lacking = m->summary->group[a].n_lacking + m->summary->group[b].n_lacking;
    return &c->row[c->n++];
}

static enum verdict judge(const struct making *m, const struct compare_row *row, double p_reachable)
{
    if (m->compare->on == REPLICATES_ALL)
        return VERDICT_SEEN;
    if (row->lacking > 0)
        return VERDICT_LACKING;
    if (draws_are_one(&row->a->draws) || draws_are_one(&row->b->draws))
        return VERDICT_REPEATED;
    return contrast_verdict(&row->contrast, row->p_holm, p_reachable, m->compare->better);
}

/* Adjust and judge n rows as one family; p has room for 6 n. */
static void judge_family(const struct making *m, struct compare_row *row, int n, double *p)
{
    double *adjusted = p + n, *smallest = p + 2 * n, *reachable = p + 3 * n, *scratch = p + 4 * n;
    int family = 0;
    for (int i = 0; i < n; i++) {
        p[i] = row[i].contrast.p;
        smallest[i] = isnan(p[i]) ? p[i] : row[i].contrast.smallest_p;
        family += !isnan(p[i]);
    }
    stats_holm(p, n, adjusted, scratch);
    stats_holm(smallest, n, reachable, scratch);
    for (int i = 0; i < n; i++) {
        row[i].p_holm = adjusted[i];
        row[i].family = family;
        row[i].verdict = judge(m, &row[i], reachable[i]);
    }
}

/* The rows from `begin` on are a family, if there are any. */
static int close_family(struct making *m, int part, int begin, struct err *err)
{
    struct compare *c = m->compare;
    int n = c->n - begin;
    if (n == 0)
        return 0;
    double *p = err_calloc(6 * (unsigned long)n, sizeof *p, "p values", err);
    if (!p)
        return E_IO;
    judge_family(m, c->row + begin, n, p);
    free(p);
    c->family[c->n_families++] = (struct compare_family){part, begin, c->n};
    return 0;
}

static int has_replicates(const struct making *m, int g)
{
    return m->replicates->group[g].n > 0;
}

/* ---- the values of a factor ---- */

/* What is known of images that were trained on: how far apart two values are, and no more. */
static void leave_untested(struct contrast *contrast)
{
    contrast->low = contrast->high = contrast->p = contrast->p_sign_flip = contrast->p_wilcoxon = (double)NAN;
    contrast->method = "none";
}

static int compare_pair(struct making *m, int a, int b, struct err *err)
{
    const struct replicates_group *x = &m->replicates->group[a], *y = &m->replicates->group[b];
    struct compare_row *row = add_row(m, a, b, err);
    int by_seed = m->groups >= 0 && combination_own(m->summary->store, m->compare->factor) >> m->groups & 1;
    int rc = row ? (by_seed ? contrast_by_seed : contrast_paired)(x, y, &row->contrast, err) : E_IO;
    if (rc == 0)
        contrast_within(&row->contrast, m->compare->metric);
    if (rc == 0 && m->compare->on == REPLICATES_ALL)
        leave_untested(&row->contrast);
    return rc;
}

/* Of strategies, none: what the others are set against. It stands second, so that a gain is above 0. */
static int is_baseline(const struct making *m, int g)
{
    return m->compare->factor == FACTOR_STRATEGY && strcmp(m->summary->group[g].cell->strategy, "none") == 0;
}

static int compare_setting(struct making *m, int part, struct err *err)
{
    const struct partition *settings = m->compare->settings;
    int first = m->compare->n, rc = 0;
    for (int i = settings->begin[part]; i < settings->begin[part + 1] && rc == 0; i++)
        for (int k = i + 1; k < settings->begin[part + 1] && rc == 0; k++) {
            int a = settings->member[i], b = settings->member[k], turned = is_baseline(m, a);
            if (has_replicates(m, a) && has_replicates(m, b))
                rc = compare_pair(m, turned ? b : a, turned ? a : b, err);
        }
    return rc == 0 ? close_family(m, part, first, err) : rc;
}

enum compare_flaw compare_setting_flaw(const struct summary *summary, const struct partition *settings,
                                       int part, enum replicates_set on)
{
    enum compare_flaw flaw = FLAW_NONE;
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct summary_group *group = &summary->group[settings->member[i]];
        if (group->n_state[JOB_DONE] < group->n_jobs)
            return FLAW_UNFINISHED;
        if (on == REPLICATES_TEST && group->n_lacking > 0)
            flaw = FLAW_LACKING;
        if (on != REPLICATES_ALL && flaw == FLAW_NONE && draws_are_one(&group->draws))
            flaw = FLAW_REPEATED;
    }
    return flaw;
}

/* ---- rankings ---- */

/* What is being ranked: the groups by the value of the factor, and of a ranked part its
 * values in the order of groups. */
struct ranked {
    const struct partition *values;
    int n, value[RANKS_MAX_STRATEGIES];
};

static int place_of(const struct ranked *ranked, int value)
{
    for (int v = 0; v < ranked->n; v++)
        if (ranked->value[v] == value)
            return v;
    return -1;
}

static void list_values(const struct making *m, struct ranked *ranked, struct compare_ranking *r)
{
    const struct partition *all = m->compare->ranked;
    ranked->n = 0;
    for (int i = all->begin[r->part]; i < all->begin[r->part + 1] && ranked->n < RANKS_MAX_STRATEGIES; i++) {
        int g = all->member[i];
        if (place_of(ranked, ranked->values->part_of[g]) < 0) {
            r->value[ranked->n] = m->summary->group[g].cell;
            ranked->value[ranked->n++] = ranked->values->part_of[g];
        }
    }
    r->n_values = ranked->n;
}

/* Mean of every value in a setting, larger for better; 0 when one is missing, or the setting has a flaw. */
static int dataset_row(const struct making *m, int setting, const struct ranked *ranked, double *mean,
                       int *group)
{
    const struct partition *settings = m->compare->settings;
    int missing = 0;
    for (int v = 0; v < ranked->n; v++)
        mean[v] = (double)NAN;
    for (int i = settings->begin[setting]; i < settings->begin[setting + 1]; i++) {
        int g = settings->member[i], v = place_of(ranked, ranked->values->part_of[g]);
        if (v < 0)
            continue;
        mean[v] = m->compare->better * replicates_mean(&m->replicates->group[g]);
        group[v] = g;
    }
    for (int v = 0; v < ranked->n; v++)
        missing += isnan(mean[v]);
    enum compare_flaw flaw = compare_setting_flaw(m->summary, settings, setting, m->compare->on);
    return missing == 0 && (flaw == FLAW_NONE || flaw == FLAW_REPEATED);
}

static void release_ranking(struct compare_ranking *ranking)
{
    free(ranking->mean);
    free(ranking->group);
}

static int rank_part(struct making *m, int part, struct ranked *ranked, struct err *err)
{
    const struct partition *all = m->compare->ranked, *settings = m->compare->settings;
    struct compare_ranking *r = &m->compare->ranking[m->compare->n_rankings];
    *r =
        (struct compare_ranking){.part = part, .cell = m->summary->group[all->member[all->begin[part]]].cell};
    list_values(m, ranked, r);
    if (ranked->n < 2 || m->compare->better == 0)
        return 0;
    size_t members = (size_t)(all->begin[part + 1] - all->begin[part]), n = (size_t)ranked->n;
    r->mean = err_calloc(members * n, sizeof *r->mean, "ranks", err);
    r->group = err_calloc(members * n, sizeof *r->group, "ranks", err);
    m->compare->n_rankings++; /* what is allocated is freed with it */
    if (!r->mean || !r->group)
        return E_IO;
    for (int i = all->begin[part]; i < all->begin[part + 1]; i++)
        if (partition_is_first(settings, all->member[i])) {
            size_t at = (size_t)r->n_datasets * n;
            r->n_datasets +=
                dataset_row(m, settings->part_of[all->member[i]], ranked, r->mean + at, r->group + at);
        }
    r->tested = r->n_datasets >= RANKS_MIN_DATASETS && m->compare->on != REPLICATES_ALL;
    if (r->n_datasets > 0)
        return ranks_friedman(r->mean, r->n_datasets, ranked->n, r->average_rank, &r->test, err);
    release_ranking(r);
    m->compare->n_rankings--;
    return 0;
}

static int rank_parts(struct making *m, struct ranked *ranked, struct err *err)
{
    int rc = 0, n = m->compare->ranked->n_parts;
    m->compare->ranking = err_calloc((unsigned long)n, sizeof *m->compare->ranking, "ranks", err);
    if (!m->compare->ranking)
        return E_IO;
    for (int part = 0; part < n && rc == 0; part++)
        rc = rank_part(m, part, ranked, err);
    return rc;
}

static int rank_values(struct making *m, const struct store_job *const *cell, int factor, struct err *err)
{
    unsigned own = combination_own(m->summary->store, factor),
             like = combination_like(m->summary->store, factor);
    struct partition *values = NULL;
    int n = m->summary->n_groups;
    int rc = partition_new(cell, n, own, &values, err);
    if (rc == 0)
        rc = partition_new(cell, n, like & ~FACTOR(FACTOR_CLASSES), &m->compare->ranked, err);
    if (rc == 0)
        rc = rank_parts(m, &(struct ranked){.values = values}, err);
    partition_free(values);
    return rc;
}

static int compare_settings(struct making *m, int factor, struct err *err)
{
    const struct store_job **cell = summary_cells(m->summary, err);
    struct partition **settings = &m->compare->settings;
    unsigned like = combination_like(m->summary->store, factor);
    int rc = cell ? partition_new(cell, m->summary->n_groups, like, settings, err) : E_IO;
    for (int part = 0; rc == 0 && part < (*settings)->n_parts; part++)
        rc = compare_setting(m, part, err);
    if (rc == 0 && (factor == FACTOR_STRATEGY || factor == FACTOR_MODEL))
        rc = rank_values(m, cell, factor, err);
    free(cell);
    return rc;
}

/* ---- leak inflation ---- */

/* Rows of group g against its likes whose protocol holds out originals: every kfold, or else holdout. */
static int compare_with_honest(struct making *m, int g, int kfold, struct err *err)
{
    const struct partition *likes = m->summary->same[SUMMARY_LEAK];
    int part = likes->part_of[g], rc = 0;
    for (int i = likes->begin[part]; i < likes->begin[part + 1] && rc == 0; i++) {
        int other = likes->member[i];
        const char *protocol = m->summary->group[other].cell->protocol;
        if (!has_replicates(m, other) ||
            !(kfold ? protocol_is_kfold(protocol) : strcmp(protocol, "holdout") == 0))
            continue;
        struct compare_row *row = add_row(m, g, other, err);
        rc = row ? contrast_by_seed(&m->replicates->group[g], &m->replicates->group[other], &row->contrast,
                                    err)
                 : E_IO;
        if (rc == 0) {
            row->leak_share = row->a->leak_share.mean;
            contrast_within(&row->contrast, m->compare->metric);
        }
    }
    return rc;
}

static int keeps_none(const struct making *m, int g)
{
    return strcmp(combination_value(m->summary->group[g].cell, m->groups), "none") == 0;
}

/* Whether the groups that images of the file have are those of one column: of several, an image has the words
 * of all. */
static int groups_are_of_one_column(const struct making *m)
{
    const char *column = NULL;
    for (int g = 0; g < m->summary->n_groups; g++) {
        const char *value = combination_value(m->summary->group[g].cell, m->groups);
        if (strcmp(value, "none") == 0 || (column && strcmp(value, column) == 0))
            continue;
        if (column)
            return 0;
        column = value;
    }
    return 1;
}

/* Rows of group g, which divides images whatever groups they are of, against its likes that do not. */
static int compare_with_groups(struct making *m, int g, struct err *err)
{
    const struct summary_group *group = &m->summary->group[g];
    double share = (double)NAN;
    int part = m->grouped->part_of[g], rc = 0;
    if (groups_are_of_one_column(m))
        rc = shared_groups(m->summary->store, group->job, group->n_state[JOB_DONE], &share, err);
    for (int i = m->grouped->begin[part]; i < m->grouped->begin[part + 1] && rc == 0; i++) {
        int other = m->grouped->member[i];
        if (!has_replicates(m, other) || keeps_none(m, other))
            continue;
        struct compare_row *row = add_row(m, g, other, err);
        rc = row ? contrast_by_seed(&m->replicates->group[g], &m->replicates->group[other], &row->contrast,
                                    err)
                 : E_IO;
        if (rc == 0) {
            row->by_groups = 1;
            row->leak_share = share;
            contrast_within(&row->contrast, m->compare->metric);
        }
    }
    return rc;
}

static int compare_leaks(struct making *m, int part, struct err *err)
{
    const struct partition *leaks = m->summary->same[SUMMARY_LEAKS];
    int first = m->compare->n, rc = 0;
    for (int i = leaks->begin[part]; i < leaks->begin[part + 1] && rc == 0; i++) {
        int g = leaks->member[i];
        if (has_replicates(m, g) && m->grouped && keeps_none(m, g))
            rc = compare_with_groups(m, g, err);
        int before = m->compare->n;
        if (rc < 0 || !has_replicates(m, g) || strcmp(m->summary->group[g].cell->protocol, "report") != 0)
            continue;
        rc = compare_with_honest(m, g, 1, err);
        if (rc == 0 && m->compare->n == before)
            rc = compare_with_honest(m, g, 0, err);
    }
    return rc == 0 ? close_family(m, part, first, err) : rc;
}

static int compare_protocols(struct making *m, int factor, struct err *err)
{
    (void)factor;
    int rc = 0;
    if (m->groups >= 0) {
        const struct store_job **cell = summary_cells(m->summary, err);
        unsigned same = FACTORS_ALL & ~FACTOR(m->groups);
        rc = cell ? partition_new(cell, m->summary->n_groups, same, &m->grouped, err) : E_IO;
        free(cell);
    }
    for (int part = 0; part < m->summary->same[SUMMARY_LEAKS]->n_parts && rc == 0; part++)
        rc = compare_leaks(m, part, err);
    return rc;
}

/* ---- verdicts in words ---- */

static int n_in(const struct compare_row *row, enum job_state x, enum job_state y)
{
    return row->a->n_state[x] + row->b->n_state[x] + row->a->n_state[y] + row->b->n_state[y];
}

static const char *reservation(const struct compare_row *row)
{
    if (n_in(row, JOB_FAILED, JOB_DIVERGED) > 0)
        return " (jobs were lost)";
    return n_in(row, JOB_WAITING, JOB_RUNNING) > 0 ? " (jobs are unfinished)" : "";
}

void compare_verdict_text(char *out, size_t size, const struct compare_row *row, const char *better,
                          const char *worse)
{
    contrast_verdict_text(out, size, row->verdict, &row->contrast, row->family);
    if (row->verdict == VERDICT_LACKING)
        snprintf(out, size, "no verdict: %d job%s lack%s a class", row->lacking, row->lacking == 1 ? "" : "s",
                 row->lacking == 1 ? "s" : "");
    if (row->verdict == VERDICT_REPEATED)
        snprintf(out, size, "no verdict: %d runs of one split", row->contrast.n);
    if (row->verdict == VERDICT_BETTER || row->verdict == VERDICT_WORSE)
        snprintf(out, size, "%s%s", row->verdict == VERDICT_BETTER ? better : worse, reservation(row));
}

void compare_against_text(char *out, size_t size, const struct store *store, const struct compare_row *row)
{
    int groups = row->by_groups ? combination_find(store, "groups") : -1;
    if (groups < 0)
        snprintf(out, size, "%s", row->b->cell->protocol);
    else
        snprintf(out, size, "%s, groups %s", row->b->cell->protocol, combination_value(row->b->cell, groups));
}

/* ---- both ---- */

static int make(const struct summary *summary, const struct replicates *replicates, int factor,
                int (*fill)(struct making *, int factor, struct err *), struct compare **out, struct err *err)
{
    struct compare *compare = err_calloc(1, sizeof *compare, "comparisons", err);
    struct making m = {.summary = summary,
                       .replicates = replicates,
                       .compare = compare,
                       .groups = combination_find(summary->store, "groups")};
    int rc = compare ? 0 : E_IO;
    *out = NULL;
    if (rc == 0) {
        compare->factor = factor;
        snprintf(compare->metric, sizeof compare->metric, "%s", replicates->metric);
        compare->on = replicates->on;
        compare->better = replicates->better;
        compare->family =
            err_calloc((unsigned long)summary->n_groups, sizeof *compare->family, "comparisons", err);
        rc = compare->family ? fill(&m, factor, err) : E_IO;
    }
    partition_free(m.grouped);
    if (rc < 0)
        compare_free(compare);
    else
        *out = compare;
    return rc;
}

int compare_factor(const struct summary *summary, const struct replicates *replicates, int factor,
                   struct compare **out, struct err *err)
{
    return make(summary, replicates, factor, compare_settings, out, err);
}

int compare_leak(const struct summary *summary, const struct replicates *replicates, struct compare **out,
                 struct err *err)
{
    return make(summary, replicates, FACTOR_PROTOCOL, compare_protocols, out, err);
}

void compare_free(struct compare *compare)
{
    if (!compare)
        return;
    partition_free(compare->settings);
    partition_free(compare->ranked);
    free(compare->row);
    free(compare->family);
    for (int i = 0; i < compare->n_rankings; i++)
        release_ranking(&compare->ranking[i]);
    free(compare->ranking);
    free(compare);
}
