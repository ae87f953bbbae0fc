#include "paper/claims.h"

#include "store/classes.h"
#include "paper/published.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const claim_outcome_names[] = {"holds", "does not hold", "cannot tell"};

const double claims_margin = 0.05;

#define BALANCED  "balanced_accuracy"
#define NO_NUMBER (double)NAN
#define PUBLISHED "balanced_accuracy_as_published"

/* Orders of strategies are the report's text and the last epochs of its curves
 * (experiments/published_curves.csv), compared by balanced accuracy proper; numbers are compared with the
 * metric they were published in. */
const struct claim claims_table[] = {
    {"every strategy beats none on 8-10", "8-10", CLAIM_BEATS, REPLICATES_TEST,
     "reweight|undersample|oversample|augment", "none", BALANCED, NO_NUMBER},
    {"augmentation beats the others on 8-10", "8-10", CLAIM_BEATS, REPLICATES_TEST, "augment",
     "none|reweight|undersample|oversample", BALANCED, NO_NUMBER},
    {"oversampling beats the others on 14-15", "14-15", CLAIM_BEATS, REPLICATES_TEST, "oversample",
     "none|reweight|undersample|augment", BALANCED, NO_NUMBER},
    {"undersampling is worst on 1-27", "1-27", CLAIM_BEATS, REPLICATES_TEST,
     "none|reweight|oversample|augment", "undersample", BALANCED, NO_NUMBER},
    {"duplicate oversampling wins overall", NULL, CLAIM_BEATS, REPLICATES_TEST, "oversample",
     "none|reweight|undersample|augment", BALANCED, NO_NUMBER},
    {"unbalanced training stays below chance on 8-10 (0.28)", "8-10", CLAIM_BELOW, REPLICATES_TEST, "none",
     "", PUBLISHED, 0.5},
    {"unbalanced training stays below chance on 14-15 (0.15)", "14-15", CLAIM_BELOW, REPLICATES_TEST, "none",
     "", PUBLISHED, 0.5},
    {"oversampling of 1-27 reaches 1.00 in validation", "1-27", CLAIM_ABOUT, REPLICATES_TEST, "oversample",
     "", PUBLISHED, 1.0},
    {"oversampling of 1-27 reaches 1.00 on the originals", "1-27", CLAIM_ABOUT, REPLICATES_ALL, "oversample",
     "", BALANCED, 1.0},
    {"augmentation of 1-27 falls on the originals", "1-27", CLAIM_FALLS, REPLICATES_TEST, "augment", "",
     BALANCED, NO_NUMBER},
    {"augmentation of 1-27 has 0.59 on the originals", "1-27", CLAIM_ABOUT, REPLICATES_ALL, "augment", "",
     BALANCED, 0.59},
    {"reweighting of 1-27 has 0.56 on the originals", "1-27", CLAIM_ABOUT, REPLICATES_ALL, "reweight", "",
     BALANCED, 0.56},
    {"oversampling of 14-15 has 0.82 on the originals", "14-15", CLAIM_ABOUT, REPLICATES_ALL, "oversample",
     "", BALANCED, 0.82},
    {"augmentation of 14-15 has 0.80 on the originals", "14-15", CLAIM_ABOUT, REPLICATES_ALL, "augment", "",
     BALANCED, 0.80},
    {"duplicates to 45 give 0.89 on all clusters' originals", "all", CLAIM_ABOUT, REPLICATES_ALL, "none", "",
     BALANCED, 0.89},
    {"all clusters end at a validation accuracy of 0.09", "all", CLAIM_ABOUT, REPLICATES_TEST, "none", "",
     "accuracy", 0.0927835},
};

const int n_claims = sizeof claims_table / sizeof *claims_table;

/* ---- clusters ---- */

static const char *const report_pairs[] = {"8-10", "14-15", "1-27"};
enum { N_PAIRS = sizeof report_pairs / sizeof *report_pairs };

/* Place among the report's pairs, N_PAIRS for others. */
static int pair_of(const struct store *store, const struct store_job *job)
{
    char room[CONFIG_WORD_SIZE];
    const char *clusters = published_clusters(store, job, room);
    int i = 0;
    while (i < N_PAIRS && strcmp(report_pairs[i], clusters) != 0)
        i++;
    return i;
}

int claim_covers(const struct claim *claim, const struct store *store, const struct store_job *job)
{
    char room[CONFIG_WORD_SIZE];
    return claim->clusters ? strcmp(claim->clusters, published_clusters(store, job, room)) == 0
                           : pair_of(store, job) < N_PAIRS;
}

/* ---- replicates of a strategy ---- */

/* The claim under test and where. */
struct testing {
    struct store *store;
    const struct summary *summary;
    const struct claim *claim;
    int part; /* of SUMMARY_RANKED: the same protocol, model and axes */
    const struct replicates *replicates, *originals; /* originals: falls only, else NULL */
};

static int is_about_all(const struct claim *claim)
{
    return claim->clusters && strcmp(claim->clusters, "all") == 0;
}

static int is_wanted(const struct testing *t, const struct summary_group *group, const char *strategy)
{
    return strcmp(group->cell->strategy, strategy) == 0 && claim_covers(t->claim, t->store, group->cell) &&
           combination_is_plain(t->store, group->cell) &&
           (!is_about_all(t->claim) || classes_is_published_all(t->store, group->cell)) &&
           published_compares(t->store, group->cell);
}

/* Add the values of `from` to those of the same runs in `sum`; *seen counts additions of each. */
static void add_values(const struct replicates_group *from, struct replicates_group *sum, int *seen)
{
    for (int i = 0; i < sum->n; i++)
        for (int k = 0; k < from->n; k++)
            if (sum->replicate[i].seed == from->replicate[k].seed &&
                sum->replicate[i].repeat == from->replicate[k].repeat &&
                sum->replicate[i].fold == from->replicate[k].fold) {
                sum->replicate[i].value += from->replicate[k].value;
                seen[i]++;
            }
}

/* Keep the runs that every one of n_groups clusters has, as means. */
static void finish_means(struct replicates_group *sum, const int *seen, int n_groups)
{
    int n = 0;
    for (int i = 0; i < sum->n; i++)
        if (seen[i] == n_groups) {
            sum->replicate[n] = sum->replicate[i];
            sum->replicate[n++].value /= n_groups;
        }
    sum->n = n;
}

/* The first of the clusters: its runs, each seen once. E_IO without memory; both are the caller's to free. */
static int begin_means(const struct replicates_group *first, struct replicates_group *sum, int **seen,
                       struct err *err)
{
    size_t n = (size_t)first->n;
    *sum = (struct replicates_group){first->n, err_calloc(n, sizeof *sum->replicate, "replicates", err),
                                     first->test_ratio, first->rounding};
    *seen = err_calloc(n, sizeof **seen, "replicates", err);
    if (!sum->replicate || !*seen)
        return E_IO;
    memcpy(sum->replicate, first->replicate, n * sizeof *sum->replicate);
    for (int k = 0; k < sum->n; k++)
        (*seen)[k] = 1;
    return 0;
}

/* Units of a strategy, a mean over clusters where the claim is about all; n is 0 when there are none.
 * out->replicate is the caller's to free. */
static int strategy_units(const struct testing *t, const struct replicates *replicates, const char *strategy,
                          struct replicates_group *out, struct err *err)
{
    const struct partition *ranked = t->summary->same[SUMMARY_RANKED];
    int n_groups = 0, rc = 0, *seen = NULL;
    *out = (struct replicates_group){.test_ratio = (double)NAN};
    for (int i = ranked->begin[t->part]; i < ranked->begin[t->part + 1] && rc == 0; i++) {
        int g = ranked->member[i];
        const struct replicates_group *group = &replicates->group[g];
        if (!is_wanted(t, &t->summary->group[g], strategy))
            continue;
        n_groups++; /* also one without a run, which leaves the mean without any */
        if (group->n > 0 && !seen)
            rc = begin_means(group, out, &seen, err);
        else if (group->n > 0)
            add_values(group, out, seen);
    }
    if (rc == 0 && seen && n_groups > 1)
        finish_means(out, seen, n_groups);
    free(seen);
    return rc;
}

/* ---- one difference ---- */

static void turn(struct contrast *c)
{
    double low = c->low;
    c->mean = -c->mean;
    c->low = -c->high;
    c->high = -low;
}

/* The contrast of a claim for one first and one second strategy; n is 0 when runs are missing. */
static int contrast_of(const struct testing *t, const char *first, const char *second, struct contrast *out,
                       double *value, struct err *err)
{
    struct replicates_group a = {0}, b = {0};
    *out = (struct contrast){0};
    int rc = strategy_units(t, t->replicates, first, &a, err);
    if (rc == 0 && t->claim->kind == CLAIM_BEATS)
        rc = strategy_units(t, t->replicates, second, &b, err);
    if (rc == 0 && t->claim->kind == CLAIM_FALLS)
        rc = strategy_units(t, t->originals, first, &b, err);
    if (rc == 0 && (t->claim->kind == CLAIM_BEATS || t->claim->kind == CLAIM_FALLS))
        rc = contrast_paired(&a, &b, out, err);
    else if (rc == 0)
        rc = contrast_constant(&a, t->claim->published, out, err);
    *value = out->mean_first;
    if (rc == 0 && out->n > 0 && isnan(t->claim->published))
        contrast_within(out, t->claim->metric);
    else if (rc == 0 && out->n > 0)
        contrast_within_of(out, t->claim->metric, t->claim->published);
    if (rc == 0 && t->claim->kind == CLAIM_BELOW)
        turn(out);
    free(a.replicate);
    free(b.replicate);
    return rc;
}

/* ---- one claim in one setting ---- */

enum { MAX_CONTRASTS = 36 };

/* Differences of a claim and the strategies they are of. */
struct family {
    int n;
    struct contrast contrast[MAX_CONTRASTS];
    double p[MAX_CONTRASTS], adjusted[MAX_CONTRASTS], scratch[2 * MAX_CONTRASTS];
};

/* Word i of "a|b|c" in out, 0 when there are fewer. */
static int pick_word(const char *list, int i, char out[CONFIG_WORD_SIZE])
{
    for (; i > 0; i--) {
        list = strchr(list, '|');
        if (!list)
            return 0;
        list++;
    }
    snprintf(out, CONFIG_WORD_SIZE, "%.*s", (int)strcspn(list, "|"), list);
    return 1;
}

/* The least favourable difference is the one to show. */
static void take(struct family *family, struct claim_row *row, const struct contrast *c, double value,
                 const char *first, const char *second)
{
    if (c->n == 0 || family->n == MAX_CONTRASTS) {
        row->n_missing++;
        return;
    }
    family->p[family->n] = c->p;
    family->contrast[family->n++] = *c;
    if (family->n > 1 && !(c->mean < row->contrast.mean))
        return;
    row->contrast = *c;
    row->value = value;
    snprintf(row->first, sizeof row->first, "%s", first);
    snprintf(row->second, sizeof row->second, "%s", second);
}

static int collect(const struct testing *t, struct family *family, struct claim_row *row, struct err *err)
{
    char first[CONFIG_WORD_SIZE], second[CONFIG_WORD_SIZE];
    struct contrast contrast;
    double value;
    for (int a = 0; pick_word(t->claim->first, a, first); a++)
        for (int b = 0; pick_word(t->claim->second, b, second); b++) {
            int rc = contrast_of(t, first, second, &contrast, &value, err);
            if (rc < 0)
                return rc;
            take(family, row, &contrast, value, first, second);
        }
    return 0;
}

/* Beats, falls, below: a direction. */
static enum claim_outcome judge_direction(struct family *family, const struct claim_row *row)
{
    int all = row->n_missing == 0;
    stats_holm(family->p, family->n, family->adjusted, family->scratch);
    for (int i = 0; i < family->n; i++) {
        if (family->contrast[i].mean < 0 && family->adjusted[i] < contrast_alpha)
            return CLAIM_FAILS;
        all &= family->contrast[i].mean > 0 && family->p[i] < contrast_alpha;
    }
    return all ? CLAIM_HOLDS : CLAIM_OPEN;
}

static enum claim_outcome judge_number(const struct contrast *c)
{
    double margin = claims_margin + contrast_slack;
    if (c->n >= 2 && c->low >= -margin && c->high <= margin)
        return CLAIM_HOLDS;
    return c->n >= 2 && (c->low > margin || c->high < -margin) ? CLAIM_FAILS : CLAIM_OPEN;
}

static const char *open_reason(const struct claim_row *row)
{
    if (row->n_absent > 0)
        return "clusters missing";
    if (row->n_missing == 0 && row->n_unfinished > 0)
        return "jobs unfinished or lost";
    if (row->n_missing == 0 && row->n_lacking > 0)
        return "a class is missing";
    if (row->contrast.n < 2)
        return "one run";
    if (row->one_split)
        return "one split";
    if (row->claim->kind == CLAIM_ABOUT)
        return "margin";
    if (row->contrast.smallest_p >= contrast_alpha)
        return "few runs";
    return row->n_missing > 0 ? "runs missing" : "no evidence";
}

static void judge(struct family *family, struct claim_row *row)
{
    row->n_contrasts = family->n;
    row->p = (double)NAN;
    for (int i = 0; i < family->n; i++)
        row->p = fmax(row->p, family->p[i]);
    row->outcome =
        row->claim->kind == CLAIM_ABOUT ? judge_number(&row->contrast) : judge_direction(family, row);
    if (row->n_unfinished > 0 || row->n_lacking > 0 || row->n_absent > 0 || row->one_split)
        row->outcome = CLAIM_OPEN;
    row->reason = row->outcome == CLAIM_OPEN ? open_reason(row) : "";
}

static int names(const char *list, const char *strategy)
{
    char word[CONFIG_WORD_SIZE];
    for (int i = 0; pick_word(list, i, word); i++)
        if (strcmp(word, strategy) == 0)
            return 1;
    return 0;
}

/* Jobs of the claim's strategies that leave it open. */
static void count_flaws(const struct testing *t, struct claim_row *row)
{
    const struct partition *ranked = t->summary->same[SUMMARY_RANKED];
    int classes_count = t->claim->on == REPLICATES_TEST && strcmp(t->claim->metric, BALANCED) == 0;
    int seen[N_PAIRS + 1] = {0};
    for (int i = ranked->begin[t->part]; i < ranked->begin[t->part + 1]; i++) {
        const struct summary_group *group = &t->summary->group[ranked->member[i]];
        const char *strategy = group->cell->strategy;
        if (!is_wanted(t, group, strategy) ||
            !(names(t->claim->first, strategy) || names(t->claim->second, strategy)))
            continue;
        row->n_unfinished += group->n_jobs - group->n_state[JOB_DONE];
        row->n_lacking += classes_count ? group->n_lacking : 0;
        row->one_split |= t->claim->on != REPLICATES_ALL && draws_are_one(&group->draws);
        seen[pair_of(t->store, group->cell)] = 1;
    }
    for (int i = 0; i < N_PAIRS && !t->claim->clusters; i++)
        row->n_absent += !seen[i];
}

static int test_claim(const struct testing *t, struct claims *claims, struct err *err)
{
    struct family family = {0};
    const struct partition *ranked = t->summary->same[SUMMARY_RANKED];
    const struct summary_group *first = &t->summary->group[ranked->member[ranked->begin[t->part]]];
    struct claim_row row = {.claim = t->claim, .cell = first->cell, .part = t->part};
    int rc = collect(t, &family, &row, err);
    if (rc < 0 || family.n == 0)
        return rc;
    count_flaws(t, &row);
    judge(&family, &row);
    claims->row[claims->n++] = row;
    return 0;
}

/* ---- all claims, all settings ---- */

static int test_everywhere(struct testing *t, struct claims *claims, struct err *err)
{
    struct replicates *replicates = NULL, *originals = NULL;
    int rc = replicates_new(t->store, t->summary, t->claim->metric, t->claim->on, &replicates, err);
    if (rc == 0 && t->claim->kind == CLAIM_FALLS)
        rc = replicates_new(t->store, t->summary, t->claim->metric, REPLICATES_ALL, &originals, err);
    t->replicates = replicates;
    t->originals = originals;
    for (t->part = 0; t->part < t->summary->same[SUMMARY_RANKED]->n_parts && rc == 0; t->part++)
        rc = test_claim(t, claims, err);
    replicates_free(replicates);
    replicates_free(originals);
    return rc;
}

int claims_new(struct store *store, const struct summary *summary, struct claims **out, struct err *err)
{
    struct claims *claims = err_calloc(1, sizeof *claims, "claims", err);
    int rc = claims ? 0 : E_IO;
    *out = NULL;
    if (claims) {
        size_t room = (size_t)n_claims * (size_t)summary->n_groups;
        claims->row = err_calloc(room, sizeof *claims->row, "claims", err);
        rc = claims->row ? 0 : E_IO;
    }
    for (int c = 0; c < n_claims && rc == 0 && published_fits(store); c++) {
        struct testing t = {.store = store, .summary = summary, .claim = &claims_table[c]};
        rc = test_everywhere(&t, claims, err);
    }
    if (rc < 0)
        claims_free(claims);
    else
        *out = claims;
    return rc;
}

void claims_free(struct claims *claims)
{
    if (!claims)
        return;
    free(claims->row);
    free(claims);
}
