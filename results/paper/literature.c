#include "paper/literature_parts.h"

#include "models/model.h"
#include "paper/chance.h"
#include "store/classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const literature_outcome_names[] = {"supported", "contradicted", "undecided", "not testable"};

const char literature_gap[] = "balanced_accuracy train - test", literature_tuned[] = "tuned";

#define CNNS    "cnn|vgg-small|resnet-8|resnet-14"
#define DEEP    CNNS "|vit"
#define BUDA    "Buda, Maki and Mazurowski 2018"
#define CHEN    "Chen et al. 2026, arXiv 2605.14147"
#define KOCH    "Koch Andersen et al. 2026, arXiv 2603.00208"
#define SHWARTZ "Shwartz-Ziv et al. 2023, arXiv 2312.02517"
#define LEAST   (-(double)INFINITY)
#define MOST    ((double)INFINITY)

/* Margins are this program's: 0.05 as in claims.c; of AUROC twice the largest change that was published,
 * 0.010. Brier scores were published by one column, 0.029 to 0.080; scores.h sums over two, so twice that.
 * What "degrades" is measured by is AUPRC, which needs no threshold: at 0.5 a balanced training set moves
 * every score of decisions. */
const struct literature_claim literature_claims[] = {
    {"oversampling beats no rebalancing and undersampling in CNNs", BUDA, CNNS, "auroc", "oversample",
     "none|undersample", 0, MOST, 0, 0},
    {"oversampling does not make CNNs overfit", BUDA, CNNS, literature_gap, "oversample", "none", LEAST, 0.05,
     0, 0},
    {"undersampling degrades deep models", CHEN, DEEP, "auprc", "undersample", "none", LEAST, 0, 0, 1},
    {"SMOTE degrades deep models", CHEN, DEEP, "auprc", "smote", "none", LEAST, 0, 0, 1},
    {"oversampling leaves AUROC as it is", KOCH, NULL, "auroc", "oversample", "none", -0.02, 0.02, 0, 1},
    {"undersampling leaves AUROC as it is", KOCH, NULL, "auroc", "undersample", "none", -0.02, 0.02, 0, 1},
    {"SMOTE leaves AUROC as it is", KOCH, NULL, "auroc", "smote", "none", -0.02, 0.02, 0, 1},
    {"oversampling worsens Brier's score by 0.03 to 0.08", KOCH, NULL, "brier", "oversample", "none", 0.058,
     0.16, 1, 0},
    {"undersampling worsens Brier's score by 0.03 to 0.08", KOCH, NULL, "brier", "undersample", "none", 0.058,
     0.16, 1, 0},
    {"SMOTE worsens Brier's score by 0.03 to 0.08", KOCH, NULL, "brier", "smote", "none", 0.058, 0.16, 1, 0},
    {"tuning matters more than the method", SHWARTZ, DEEP, "balanced_accuracy", literature_tuned, "", 0, MOST,
     0, 0},
};

const int n_literature_claims = sizeof literature_claims / sizeof *literature_claims;

/* ---- rules ---- */

static int is_within(const struct literature_bound *bound)
{
    return bound->is_low ? bound->mean > 0 : bound->mean < 0;
}

double literature_within(const struct literature_bound *bound, int n)
{
    double p = 0;
    for (int i = 0; i < n; i++)
        p = fmax(p, is_within(&bound[i]) ? bound[i].p : 1);
    return p;
}

double literature_beyond(const struct literature_bound *bound, int n)
{
    double p = 1;
    for (int i = 0; i < n; i++)
        p = fmin(p, is_within(&bound[i]) ? 1 : bound[i].p);
    return p;
}

enum literature_outcome literature_judge(double p_for, double p_against)
{
    if (p_against < contrast_alpha)
        return LITERATURE_CONTRADICTED;
    return p_for < contrast_alpha ? LITERATURE_SUPPORTED : LITERATURE_UNDECIDED;
}

/* ---- what is tested ---- */

enum { MOST_SECOND = 4 };

struct testing {
    struct store *store;
    const struct summary *summary;
    const struct literature_claim *claim;
    const struct replicates *replicates;
    int first, second[MOST_SECOND], n_second; /* groups of the summary, -1: was not run */
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

static int has_word(const char *list, const char *word)
{
    char each[CONFIG_WORD_SIZE];
    for (int i = 0; pick_word(list, i, each); i++)
        if (strcmp(each, word) == 0)
            return 1;
    return 0;
}

static int find_group(const struct testing *t, int part, const char *strategy)
{
    const struct partition *settings = t->summary->same[SUMMARY_SETTING];
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct store_job *cell = t->summary->group[settings->member[i]].cell;
        if (strcmp(cell->strategy, strategy) == 0 && combination_is_plain(t->store, cell))
            return settings->member[i];
    }
    return -1;
}

static void find_groups(struct testing *t, int part)
{
    char word[CONFIG_WORD_SIZE];
    t->first = find_group(t, part, t->claim->first);
    t->n_second = 0;
    for (int i = 0; i < MOST_SECOND && pick_word(t->claim->second, i, word); i++)
        t->second[t->n_second++] = find_group(t, part, word);
}

/* ---- what is no evidence ---- */

const char *literature_why_not_model(const struct literature_claim *claim, const struct summary_group *group)
{
    const char *name = group->cell->model;
    const struct model_kind *kind = model_find(name);
    if (!kind || kind->can & (MODEL_MADE_UP | MODEL_ELSEWHERE) || kind == &model_majority)
        return "the model does not learn from these images";
    if (claim->models && !has_word(claim->models, name))
        return "about another kind of model";
    if (claim->metric == literature_gap && !(kind->can & MODEL_EPOCHS))
        return "no training curve";
    return NULL;
}

const char *literature_why_not_group(const struct summary_group *group)
{
    const char *protocol = group->cell->protocol;
    if (strcmp(protocol, "report") == 0 || strcmp(protocol, "tail") == 0)
        return "the protocol resamples before it splits";
    if (group->leak.mean > 0)
        return "leak: copies of test images in training";
    if (group->chosen == CHOSEN_TEST)
        return "chosen on the reported set";
    if (group->n_state[JOB_DONE] < group->n_jobs)
        return "jobs unfinished or lost";
    if (group->n_lacking > 0)
        return "judged without a class";
    return draws_are_one(&group->draws) ? "one split" : NULL;
}

static const char *why_not(const struct testing *t)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    const char *why = literature_why_not_model(t->claim, &t->summary->group[t->first]);
    if (!why)
        why = literature_why_not_group(&t->summary->group[t->first]);
    for (int i = 0; i < t->n_second && !why; i++)
        why = t->second[i] < 0 ? "a strategy it compares with was not run"
                               : literature_why_not_group(&t->summary->group[t->second[i]]);
    if (!why && t->claim->two_classes && classes_of(t->store, t->summary->group[t->first].cell, cluster) != 2)
        why = "the numbers are those of two classes";
    return why;
}

/* *why is NULL when what the claim compares with is significantly above chance. Where it is not, as after few
 * epochs, a difference tells how slowly it learns, and nothing can degrade. */
static int has_learnt(const struct testing *t, const char **why, struct err *err)
{
    int rc = 0;
    *why = NULL;
    for (int i = 0; i < t->n_second && rc == 0 && !*why; i++) {
        struct contrast above = {.mean = 0};
        double chance;
        rc = chance_of(t->store, &t->summary->group[t->second[i]], t->claim->metric, &chance, err);
        if (rc == 0)
            rc = contrast_constant(&t->replicates->group[t->second[i]], chance, &above, err);
        if (rc == 0)
            *why = chance_why_not_above(&above);
    }
    return rc;
}

/* ---- one claim in one setting ---- */

/* The contrast of the two groups once the first is moved down by a number. */
static int contrast_moved(const struct testing *t, int second, double by, struct contrast *out,
                          struct err *err)
{
    struct replicates_group a = t->replicates->group[t->first];
    const struct replicate *from = a.replicate;
    a.replicate = err_calloc((size_t)a.n + 1, sizeof *a.replicate, "replicates", err);
    if (!a.replicate)
        return E_IO;
    for (int i = 0; i < a.n; i++) {
        a.replicate[i] = from[i];
        a.replicate[i].value -= by;
    }
    int rc = contrast_paired(&a, &t->replicates->group[second], out, err);
    free(a.replicate);
    return rc;
}

/* The bounds of the claim, tested. Returns how many, or negative. */
static int test_bounds(const struct testing *t, int second, struct literature_bound bound[2], struct err *err)
{
    const double at[2] = {t->claim->low, t->claim->high};
    int n = 0, rc = 0;
    for (int i = 0; i < 2 && rc == 0; i++) {
        struct contrast moved;
        if (isinf(at[i]))
            continue;
        rc = contrast_moved(t, second, at[i], &moved, err);
        bound[n++] = (struct literature_bound){i == 0, moved.mean, isnan(moved.p) ? 1 : moved.p};
    }
    return rc < 0 ? rc : n;
}

/* One difference of a row; the one that speaks least for the claim is shown. */
static int take_second(const struct testing *t, int i, struct literature_row *row, struct err *err)
{
    struct literature_bound bound[2];
    struct contrast contrast;
    int second = t->second[i];
    int rc = contrast_paired(&t->replicates->group[t->first], &t->replicates->group[second], &contrast, err);
    int n = rc < 0 ? rc : test_bounds(t, second, bound, err);
    if (n < 0)
        return n;
    double within = literature_within(bound, n);
    if (i == 0 || within > row->p_for) {
        row->contrast = contrast;
        snprintf(row->shown, sizeof row->shown, "%s - %s", t->claim->first,
                 t->summary->group[second].cell->strategy);
    }
    if (contrast.n < 2)
        row->reason = "one run";
    row->p_for = i == 0 ? within : fmax(row->p_for, within);
    double beyond = fmin(1, t->n_second * literature_beyond(bound, n));
    row->p_against = i == 0 ? beyond : fmin(row->p_against, beyond);
    return 0;
}

void literature_blank(struct literature_row *row)
{
    row->p_for = row->p_against = (double)NAN;
    row->contrast = (struct contrast){.mean = (double)NAN,
                                      .low = (double)NAN,
                                      .high = (double)NAN,
                                      .mean_first = (double)NAN,
                                      .mean_second = (double)NAN,
                                      .p = (double)NAN,
                                      .p_sign_flip = (double)NAN,
                                      .p_wilcoxon = (double)NAN,
                                      .method = ""};
    row->shown[0] = '\0';
}

static int test_row(const struct testing *t, struct literature_row *row, struct err *err)
{
    int rc = 0;
    row->reason = why_not(t);
    if (!row->reason && t->claim->has_to_learn)
        rc = has_learnt(t, &row->reason, err);
    for (int i = 0; i < t->n_second && rc == 0 && !row->reason; i++)
        rc = take_second(t, i, row, err);
    if (row->reason)
        literature_blank(row);
    else if (rc == 0 && t->claim->metric != literature_gap)
        contrast_within(&row->contrast, t->claim->metric);
    return rc;
}

/* ---- all ---- */

/* Balanced accuracy of what was learnt from minus that of test, of every job in its judged epoch. */
static int find_gaps(struct store *store, const struct summary *summary, struct replicates **out,
                     struct err *err)
{
    size_t n = (size_t)store_n_jobs(store), epochs = (size_t)store_n_epochs(store);
    float *train = err_calloc(n * epochs, sizeof *train, "learning curves", err);
    float *test = err_calloc(n * epochs, sizeof *test, "learning curves", err);
    double *gap = err_calloc(n, sizeof *gap, "learning curves", err);
    int rc = train && test && gap ? 0 : E_IO;
    if (rc == 0)
        rc = store_read_metric(store, SET_TRAIN, METRIC_BALANCED_ACCURACY, train, err);
    if (rc == 0)
        rc = store_read_metric(store, SET_TEST, METRIC_BALANCED_ACCURACY, test, err);
    for (size_t j = 0; j < n && rc == 0; j++) {
        int judged = store_jobs(store)[j].judged_epoch;
        size_t at = j * epochs + (size_t)judged - 1;
        gap[j] = judged >= 1 ? (double)train[at] - (double)test[at] : (double)NAN;
    }
    if (rc == 0)
        rc = replicates_of_jobs(store, summary, gap, out, err);
    free(train);
    free(test);
    free(gap);
    return rc;
}

/* The rows from `begin` on are those of one claim. */
static int adjust(struct literature *literature, int begin, struct err *err)
{
    int n = literature->n - begin;
    double *work = err_calloc(5 * (size_t)n + 1, sizeof *work, "p values", err);
    if (!work)
        return E_IO;
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < n; i++)
            work[i] = way == 0 ? literature->row[begin + i].p_for : literature->row[begin + i].p_against;
        stats_holm(work, n, work + n, work + 3 * n);
        for (int i = 0; i < n; i++)
            *(way == 0 ? &literature->row[begin + i].adjusted_for
                       : &literature->row[begin + i].adjusted_against) = work[n + i];
    }
    for (int i = begin; i < literature->n; i++) {
        struct literature_row *row = &literature->row[i];
        row->outcome =
            row->reason ? LITERATURE_UNTESTABLE : literature_judge(row->adjusted_for, row->adjusted_against);
        if (!row->reason)
            row->reason = row->outcome == LITERATURE_UNDECIDED && row->contrast.smallest_p >= contrast_alpha
                              ? "few runs"
                              : "";
    }
    free(work);
    return 0;
}

static int test_claim(struct testing *t, struct literature *literature, struct err *err)
{
    struct replicates *replicates = NULL;
    const struct partition *settings = t->summary->same[SUMMARY_SETTING];
    int rc = t->claim->metric == literature_gap
                 ? find_gaps(t->store, t->summary, &replicates, err)
                 : replicates_new(t->store, t->summary, t->claim->metric, REPLICATES_TEST, &replicates, err);
    t->replicates = replicates;
    for (int part = 0; part < settings->n_parts && rc == 0; part++) {
        find_groups(t, part);
        if (t->first < 0)
            continue;
        struct literature_row *row = &literature->row[literature->n++];
        *row = (struct literature_row){
            .claim = t->claim, .cell = t->summary->group[t->first].cell, .group = t->first};
        rc = test_row(t, row, err);
    }
    replicates_free(replicates);
    return rc;
}

int literature_new(struct store *store, const struct summary *summary, struct literature **out,
                   struct err *err)
{
    struct literature *literature = err_calloc(1, sizeof *literature, "claims", err);
    size_t room = (size_t)n_literature_claims * (size_t)summary->n_groups + 1;
    int rc = literature ? 0 : E_IO;
    *out = NULL;
    if (literature) {
        literature->row = err_calloc(room, sizeof *literature->row, "claims", err);
        rc = literature->row ? 0 : E_IO;
    }
    for (int c = 0; c < n_literature_claims && rc == 0; c++) {
        struct testing t = {.store = store, .summary = summary, .claim = &literature_claims[c]};
        int begin = literature->n;
        rc = t.claim->first == literature_tuned
                 ? literature_add_tuning(store, summary, t.claim, literature, err)
                 : test_claim(&t, literature, err);
        if (rc == 0)
            rc = adjust(literature, begin, err);
    }
    if (rc < 0)
        literature_free(literature);
    else
        *out = literature;
    return rc;
}

void literature_free(struct literature *literature)
{
    if (!literature)
        return;
    free(literature->row);
    free(literature);
}
