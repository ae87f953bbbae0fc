/* config.h - everything that decides a job, as one flat struct and one table of keys.
 *
 * A sweep file, `--set key=value` and a grid axis all end in config_set(): a dotted key, a canonical text.
 * The table config_keys in config.c gives every key its type, range, default and help; adding an option is
 * one row and one field.
 *
 * Canonical texts: numbers as in C; clusters "8-10" (class index = position) or "all"; class_sizes "900-90"
 * or "all"; strategy "augment", or "augment+reweight" for a combination; protocol "report", "tail",
 * "holdout", "kfold:5x3" (folds x repeats). No MPI, no files. */
#ifndef CELLSWEEP_CONFIG_H
#define CELLSWEEP_CONFIG_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum { CONFIG_MAX_CLUSTERS = 256, CONFIG_WORD_SIZE = 64 };

enum protocol { PROTOCOL_REPORT, PROTOCOL_TAIL, PROTOCOL_HOLDOUT, PROTOCOL_KFOLD };

struct config_clusters {
    int n;                               /* 0: all clusters of the dataset, not yet known */
    int16_t number[CONFIG_MAX_CLUSTERS]; /* class index -> cluster number */
};

struct config_sizes {
    int n;                             /* 0: all images of every class */
    int32_t size[CONFIG_MAX_CLUSTERS]; /* class index -> originals to draw */
};

struct config_protocol {
    enum protocol kind;
    int folds, repeats; /* kfold only, else 1 and 1 */
};

struct config {
    struct config_clusters clusters;
    struct config_sizes class_sizes; /* originals drawn of each class before anything else */
    char strategy[CONFIG_WORD_SIZE];
    struct config_protocol protocol;
    int64_t fold, repeat; /* this job's, from 0; 0 unless kfold */
    int64_t seed;
    double validation; /* share of images held back by report, tail, holdout; 0 < v < 1 */

    char model[CONFIG_WORD_SIZE]; /* a row of worker/models/model.h */
    int64_t filters1, filters2, dense1, dense2;
    double dropout1, dropout2, dropout3;
    double fake_milliseconds; /* what an epoch of model "fake" takes */

    int64_t epochs, batch;
    char optimizer[CONFIG_WORD_SIZE]; /* "adam" */
    double learning_rate, beta1, beta2, epsilon;

    int undersample_replacement; /* 0 or 1 */
    int64_t augment_variants;    /* made of every minority image */
    double augment_rotation;     /* degrees, to either side */
    double augment_shift;        /* share of the image size, to either side */
    double augment_shear;        /* degrees, to either side, as Keras computes it */
    double augment_zoom_min, augment_zoom_max;
    double augment_flip;                    /* probability of a horizontal flip */
    int64_t balance_threshold, balance_cap; /* all-cluster rule; 0: off */

    int64_t image_size; /* pixels */

    int64_t smote_k;                                /* neighbours */
    int64_t borderline_smote_k, borderline_smote_m; /* neighbours of the class, of all */
    int64_t nearmiss_k;                             /* neighbours in the smallest class */
    double class_balanced_beta;
    double focal_gamma;
    double logit_adjust_tau;
    char logit_adjust_form[CONFIG_WORD_SIZE]; /* "loss" or "post-hoc" */
    double mixup_alpha;
    int64_t easy_ensemble_members; /* networks */
    char groups[CONFIG_WORD_SIZE]; /* column of clusters.csv whose values no split may divide; "none" */
};

enum config_type {
    CONFIG_INT,
    CONFIG_REAL,
    CONFIG_BOOL,
    CONFIG_WORD,
    CONFIG_CLUSTERS,
    CONFIG_SIZES,
    CONFIG_PROTOCOL
};

struct config_key {
    const char *name; /* dotted, e.g. "train.learning_rate" */
    enum config_type type;
    size_t offset;        /* of the field in struct config */
    double min, max;      /* range of a number, inclusive */
    const char *fallback; /* the default, canonical text */
    const char *choices;  /* CONFIG_WORD: "adam|sgd", or NULL when another module checks it */
    const char *help;
};

/* The table, ended by a row without name. */
extern const struct config_key config_keys[];

/* Row of a dotted key, or NULL. */
const struct config_key *config_find(const char *name);

/* Edit distance (Levenshtein's) of two names of at most 63 characters. */
int config_distance(const char *a, const char *b);

/* The key or name nearest to `name` by edit distance, for "did you mean"; NULL when none is near. */
const char *config_nearest(const char *name);

/* Column of the groups that the split of a job keeps together, NULL when there are none to keep. */
const char *config_groups(const struct config *config);

/* Every key at its default; clusters all. */
struct config config_defaults(void);

/* Set one key from its text. E_USAGE with a line that names the key, the text and what would be right. */
int config_set(struct config *config, const char *key, const char *text, struct err *err);

/* A number as people write it: the fewest digits that read back as the same double, without an exponent from
 * 1e-4 up to 1e15 (20, not 2e+01). out: size bytes, always terminated; 32 are enough. */
void config_real_text(double value, char *out, size_t size);

/* The value of a key as canonical text in out (size bytes, always terminated; at least 1100 for clusters). */
void config_get(const struct config *config, const struct config_key *key, char *out, size_t size);

/* "key=value\n" for every key and for fold and repeat: what is hashed into a job's key. Keys that joined
 * later (from smote.k on) are left out while they hold their default, so that a new option leaves the keys of
 * all earlier jobs as they are. Numbers stand here as printf's %g writes their fewest digits (2e+01),
 * whatever config_get() shows. Returns the length that was needed, like snprintf. */
size_t config_canonical(const struct config *config, char *out, size_t size);

/* Name of a protocol: "report", "tail", "holdout", "kfold". */
const char *config_protocol_name(enum protocol kind);

#endif
