/* literature.h - what others have published about imbalanced classes, tested on the user's own runs.
 *
 *     struct literature *literature = NULL;
 *     if (literature_new(store, summary, &literature, &err) < 0) ...
 *     literature->row[i].claim->text, .cell->clusters, .contrast, .outcome, .reason
 *     literature_free(literature);
 *
 * A claim says in which range the differences of one strategy from others lie: above 0 where one wins, within
 * a margin where one leaves a score as it is. Each bound of the range is tested by the two-sided test of
 * contrast.h, of "the difference is the bound". So a claim of no effect is an equivalence test, two one-sided
 * tests each at half of contrast_alpha, which is to say that the interval lies within the margin; that a
 * difference is not significant supports nothing. Rules, of p values adjusted by Holm for all settings in
 * which the claim was tested:
 *     supported      every difference is significantly within every bound: p_for, the largest of their p
 *     contradicted   one of them is significantly beyond one: p_against, the least p times the differences
 *     undecided      neither
 *     not testable   not asked, and `reason` says why not: a strategy was not run; a protocol that resamples
 *                    before it splits, or whose test images have copies in training (never evidence, either
 *                    way); an epoch chosen on test; another kind of model, one that learnt nothing of these
 *                    images; a baseline that is not significantly above chance (chance.h), which nothing can
 *                    degrade; jobs judged without a class, unfinished, of one split, or one run
 *
 * That tuning matters more than the method needs a sweep that tunes and one that does not, kept apart in one
 * file and alike in all else. Run by run (seed, repeat, fold), the gain of a method m is m tuned minus m
 * untuned; two methods a, b differ by a minus b, both untuned. For all m, a, b the gain minus that difference
 * is tested against 0:
 *     supported      each is significantly above: tuning any method gains more than the largest difference
 *     contradicted   some a - b is significantly above every gain: the least over a, b of the largest p over
 *                    m, times the number of pairs a, b
 * A setting is one set of clusters, protocol, model and values of the other axes. Only plain strategies
 * count. Of made-up images an outcome says what methods do, not what cells are like. Adding a claim is a row
 * in literature.c. No MPI. */
#ifndef CELLSWEEP_LITERATURE_H
#define CELLSWEEP_LITERATURE_H

#include "stats/contrast.h"

enum literature_outcome {
    LITERATURE_SUPPORTED,
    LITERATURE_CONTRADICTED,
    LITERATURE_UNDECIDED,
    LITERATURE_UNTESTABLE,
    N_LITERATURE_OUTCOMES
};

/* "supported", "contradicted", "undecided", "not testable". */
extern const char *const literature_outcome_names[N_LITERATURE_OUTCOMES];

struct literature_claim {
    const char *text, *source;
    const char *models; /* "cnn|vit": of these alone; NULL: of any that learns from the images */
    /* A score of scores.h on test, or literature_gap: balanced accuracy of the training set, as seen while
     * it learns in the judged epoch, minus that of the test set */
    const char *metric;
    const char *first, *second; /* strategies; second may be several, "a|b"; literature_tuned: of sweeps */
    double low, high;           /* range of first - second that is claimed; infinite: no bound */
    int two_classes;            /* 1: the numbers are those of two classes */
    int has_to_learn;           /* 1: what it is compared with has to be above chance, significantly */
};

extern const char literature_gap[], literature_tuned[];

enum { LITERATURE_SHOWN = 4 * CONFIG_WORD_SIZE };

/* The table. */
extern const struct literature_claim literature_claims[];
extern const int n_literature_claims;

struct literature_row {
    const struct literature_claim *claim;
    const struct store_job *cell; /* of the setting */
    int group;                    /* of the summary: that of the first strategy */
    char shown[LITERATURE_SHOWN]; /* "oversample - none": the contrast, the least favourable one */
    struct contrast contrast;     /* of `shown`; its means are those of what stands around the minus */
    double p_for, p_against;      /* of this setting; NaN: not testable */
    double adjusted_for, adjusted_against; /* for all settings of the claim */
    enum literature_outcome outcome;
    const char *reason; /* why not testable or undecided, else ""; a constant */
};

struct literature {
    int n;
    struct literature_row *row; /* (n) owned; claim after claim */
};

/* ---- the rules, pure ---- */

/* The two-sided p of "the difference is the bound", and the mean of difference - bound. */
struct literature_bound {
    int is_low; /* 1: the claim is above it, 0: below it */
    double mean, p;
};

/* The p by which a difference is within its n bounds: the largest, 1 when it is beyond one. */
double literature_within(const struct literature_bound *bound, int n);

/* The p by which it is beyond one: the least, 1 when it is within all. */
double literature_beyond(const struct literature_bound *bound, int n);

/* The outcome of adjusted p values. */
enum literature_outcome literature_judge(double p_for, double p_against);

/* ---- of a sweep ---- */

/* Test every claim in every setting where its first strategy was run; n may be 0. summary, of the whole file,
 * must outlive *out, which is owned by the caller. E_IO without memory or of a damaged file. */
int literature_new(struct store *store, const struct summary *summary, struct literature **out,
                   struct err *err);

/* literature may be NULL. */
void literature_free(struct literature *literature);

#endif
