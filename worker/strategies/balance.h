/* balance.h - the rebalancing strategies: tables of small functions.
 *
 * A strategy turns the samples it is given into the samples to train on, or sets the recipe they are trained
 * by, or both. To add one: write its function in the balance_*.c of its kind and its row in the table at the
 * end of that file:
 *     balance_classic.c    duplicates, subsets, variants, class weights: no pixels are looked at
 *     balance_pixels.c     rules on distances between images
 *     balance_loss.c       losses, logits, probabilities
 *     balance_training.c   mini-batches, mixing, ensembles
 * Nothing else knows its name. Random choices come from the job's own stream.
 *
 * Class sizes are those of the samples given: all originals of the job, or its training part, as the
 * protocol says. With more than two classes "majority" is every class larger than the smallest,
 * "minority" every class smaller than the largest, as in imbalanced-learn's sampling_strategy="auto".
 * A class never loses its last sample. */
#ifndef CELLSWEEP_BALANCE_H
#define CELLSWEEP_BALANCE_H

#include "base/pause.h"
#include "rng.h"
#include "samples/sample.h"

struct balance {
    const struct config *config;
    const struct dataset *data; /* whose images the samples point at */
    const char *job_key;        /* names the pixels of variants */
    int n_classes;
    struct rng rng; /* the job's "balance" stream */
    /* in: originals; out: rebalanced. Added samples stand at the end, kept ones in their order */
    struct samples *samples;
    struct recipe *recipe; /* recipe_plain() on entry */
    int estimate;        /* 1: numbers of samples are enough; rules that compare pixels use their stand-ins */
    int upper;           /* set by a stand-in: classes may be smaller than they seem, never larger */
    struct pause *pause; /* asked while images are compared; NULL: nobody */
    int *copies; /* (data->n_images) copies made of each image so far; balance_apply() sets and frees it */
};

struct balance_strategy {
    const char *name;
    const char *title; /* of it in figures and on the page: "Undersampling" */
    /* Of its lines there: "#rrggbb", told from the others with any colour vision, by lightness too. */
    const char *colour;
    const char *help;              /* one line for --help and the README */
    const struct section *section; /* its settings: "smote.k" of smote; NULL: none */
    int (*apply)(struct balance *balance, struct err *err);
    /* Stand-in for an expensive rule: no class smaller than the rule leaves it, in no time.
     * NULL: apply is cheap. */
    int (*estimate)(struct balance *balance, struct err *err);
    int (*n_members)(const struct config *config); /* networks it trains; NULL: one */
    /* The first epoch, from 1, of its last stage, on which choices among epochs may fall; NULL: 1 */
    int (*choose_from)(const struct config *config);
    int sets_targets; /* 1: it smooths labels itself, and train.label_smoothing is refused beside it */
    unsigned needs; /* MODEL_... flags (model.h) without which a model would train as if it were not there */
};

/* The parts of the table, each ended by a row without name, in the order they are listed in messages. */
extern const struct balance_strategy balance_classic[], balance_pixels[], balance_loss[], balance_training[];

/* Strategy i, from 0, or NULL past the last. */
const struct balance_strategy *balance_strategy(int i);

/* Title of a strategy text: that of its row, or the text itself where it is a chain or unknown. */
const char *balance_title(const char *strategy);

/* "#rrggbb" of a strategy text: that of its row; a chain or an unknown name has one of a strategy that is not
 * of the report, which depends on its text alone. */
const char *balance_colour(const char *strategy);

/* Check a strategy text ("augment", "augment+reweight"). E_USAGE with the list of names. */
int balance_check(const char *strategy, struct err *err);

/* 1 when the model of config learns from the images that are given it: what it is given makes no difference
 * to one that was trained elsewhere. */
int balance_is_used(const struct config *config, const struct section *section);

/* 1 when a part of the strategy of config reads a section, its own. */
int balance_reads(const struct config *config, const struct section *section);

/* The rule that fills small classes up to a cap after any strategy. The cap is read when there is a
 * threshold. */
extern const struct section balance_threshold_section, balance_cap_section;
int balance_cap_is_used(const struct config *config, const struct section *section);

/* 0 when the model of a configuration heeds every part of its strategy; E_USAGE with what each of them
 * would go with. */
int balance_suits(const struct config *config, struct err *err);

/* Networks that a job of config trains, from 1 to RECIPE_MAX_MEMBERS: the strategy text must be known. */
int balance_n_members(const struct config *config);

/* The first epoch, from 1, whose networks are what the strategy of config makes of them in the end: no other
 * may be chosen to judge. The strategy text must be known. */
int balance_choose_from(const struct config *config);

/* The job's "balance" stream at its beginning, from the job's key. */
struct rng balance_stream(const char *job_key);

/* Apply a strategy text, its parts from left to right, then the cap rule if balance.threshold and balance.cap
 * are both on: a class with fewer images than the threshold is filled up with duplicates drawn with
 * replacement until it has cap images in all; a class that has them already stays as it is. No sample's
 * pixels are set afterwards. E_USAGE for an unknown strategy, E_IO without memory, E_STOPPED when the pause
 * says so; then the samples may be half rebalanced, but can be freed. */
int balance_apply(const char *strategy, struct balance *balance, struct err *err);

#endif
