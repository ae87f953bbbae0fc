/* tune.h - what a sweep file's `tune` asks for: which settings of a job are tuned, over what, how long.
 *
 *     tune: {over: {train.learning_rate: log(1e-4, 1e-2), train.batch: [16, 32, 64]}, trials: 16, seeds: 2,
 *            choose: balanced_accuracy, rungs: [10, 30], keep: 1/3}
 *
 * Every job of the grid is tuned by itself, on its val set. Its trial 0 is the job as the grid has it, with
 * what the file says of a tuned setting or its default; trial
 * t > 0 takes point t of a sequence that fills the space evenly from its first point on (tune_point()), a
 * pure function of t and of the place of the setting: every job and strategy tries the same points, and
 * more trials only add some. Each trial runs once a tuning seed; what is compared is the mean over them.
 * After each rung's epochs only the best share `keep` goes on, and trial 0, so that tuned and default are
 * always compared at full length; who is left runs to train.epochs (run/tuner.h decides). No MPI. */
#ifndef CELLSWEEP_TUNE_H
#define CELLSWEEP_TUNE_H

#include "settings/config.h"
#include "settings/tree.h"

#include <stdio.h>

enum {
    TUNE_MAX_KEYS = 8,
    TUNE_MAX_CHOICES = 32,
    TUNE_MAX_RUNGS = 8, /* the last one, train.epochs, too */
    TUNE_MAX_TRIALS = 1000,
    TUNE_MAX_SEEDS = 16,
    TUNE_TEXT_SIZE = 1000 + TUNE_MAX_KEYS * TUNE_MAX_CHOICES * (CONFIG_WORD_SIZE + 4) /* of tune_print() */
};

/* How a setting is tuned: log(a, b), linear(a, b), int(a, b), or a list. */
enum tune_scale { TUNE_LOG, TUNE_LINEAR, TUNE_INT, TUNE_LIST, N_TUNE_SCALES };

struct tune_range {
    const struct setting *key;
    enum tune_scale scale;
    double low, high;                                /* inclusive; of a list: none */
    int n;                                           /* of a list */
    char choice[TUNE_MAX_CHOICES][CONFIG_WORD_SIZE]; /* (n) canonical texts */
};

struct tune {
    int n_keys;                             /* 0: nothing is tuned */
    struct tune_range range[TUNE_MAX_KEYS]; /* by name of the key */
    int n_trials, n_seeds;
    char choose[24]; /* metric of the val set that decides: a word of tune_choices, that of metrics.h */
    int n_rungs;     /* but for the last */
    int rung[TUNE_MAX_RUNGS]; /* epochs, rising */
    int keep[2];              /* {1, 3}: a third */
};

/* What `choose` may be, ended by NULL: the lowest loss, or the highest of the others. */
extern const char *const tune_choices[];

/* Read the map `node` of a sweep file at `path`. base: the settings of jobs, whose schema says what a key may
 * be. E_USAGE with file and line. */
int tune_read(const struct tree *node, const struct config *base, const char *path, struct tune *out,
              struct err *err);

/* The same in one line, every value told: what tune_read() reads again, and what job keys are made of. */
void tune_print(FILE *out, const struct tune *tune);

/* Coordinate k < TUNE_MAX_KEYS of point t > 0 of Halton's sequence with scrambled digits, in [0, 1). */
double tune_point(int k, int t);

/* The text of setting k in trial `trial` > 0, as config_set() takes it: numbers have four digits, so that
 * they are the same on every machine. */
void tune_value(const struct tune *tune, int k, int trial, char out[CONFIG_WORD_SIZE]);

/* Give a job's config the values of a trial: of the settings that it reads. Trial 0 leaves it as it is. */
void tune_apply(const struct tune *tune, int trial, struct config *config);

/* How many of the tuned settings a job reads. */
int tune_reads(const struct tune *tune, const struct config *config);

/* "train.batch 32, train.learning_rate 0.00215": the tuned settings that a config reads, as it has them. */
void tune_text(const struct tune *tune, const struct config *config, char *out, size_t size);

/* Epochs after which the trials of a job of so many epochs are compared, the last of them `epochs`: of a
 * model that is not taught by epochs (by_epochs 0) that alone. Returns how many. */
int tune_limits(const struct tune *tune, int epochs, int by_epochs, int limit[TUNE_MAX_RUNGS]);

/* Epochs that the trial at `place` (from 0, the best first) of n takes at most, for the n_limits of
 * tune_limits(): those that go on, and the default with them. */
int tune_epochs(const struct tune *tune, int n, int place, const int *limit, int n_limits);

#endif
