/* setting.h - one key of a sweep file: its row, and its value as text and back.
 *
 * Whoever has parameters has a table of these beside the code that reads them (struct section, config.h).
 *
 * Canonical texts: numbers as in C; clusters "8-10", "Folded-Polylobed" (class_name.h; class index =
 * position) or "all"; a file "/data/net.onnx"; class_sizes "900-90" or "all";
 * epochs "30-60" or "none"; lists of numbers "32-64",
 * "0.25-0.5" or, when empty, "none"; strategy "augment", or
 * "augment+reweight" for a combination; protocol "report", "tail", "holdout", "kfold:5x3" (folds x repeats),
 * "given"; inner "none", "share:0.2", "folds:5". Pure functions, no MPI, no files. */
#ifndef CELLSWEEP_SETTING_H
#define CELLSWEEP_SETTING_H

#include "class_name.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_MAX_CLUSTERS = 256,
    CONFIG_WORD_SIZE = 64,
    CONFIG_PATH_SIZE = 256,
    CONFIG_MAX_EPOCHS = 15,
    CONFIG_MAX_NUMBERS = 16,
    SETTING_TEXT_SIZE = CONFIG_MAX_CLUSTERS * 32
};

enum protocol { PROTOCOL_REPORT, PROTOCOL_TAIL, PROTOCOL_HOLDOUT, PROTOCOL_KFOLD, PROTOCOL_GIVEN };

/* The C type of each kind of value. */
enum setting_type {
    SETTING_INT,      /* int64_t */
    SETTING_REAL,     /* double */
    SETTING_BOOL,     /* int, 0 or 1 */
    SETTING_WORD,     /* char[CONFIG_WORD_SIZE], zeros behind the text */
    SETTING_PATH,     /* char[CONFIG_PATH_SIZE], the same: a file, or the fallback */
    SETTING_CLUSTERS, /* struct config_clusters */
    SETTING_SIZES,    /* struct config_sizes */
    SETTING_EPOCHS,   /* struct config_epochs */
    SETTING_INTS,     /* struct config_numbers, whole ones */
    SETTING_REALS,    /* struct config_numbers */
    SETTING_PROTOCOL, /* struct config_protocol */
    SETTING_INNER     /* struct config_inner */
};

struct config_clusters {
    int n;                           /* 0: all clusters of the dataset, not yet known */
    int number[CONFIG_MAX_CLUSTERS]; /* class index -> class (class_name.h) */
};

struct config_sizes {
    int n;                             /* 0: all images of every class */
    int32_t size[CONFIG_MAX_CLUSTERS]; /* class index -> originals to draw */
};

/* Epochs of a training, rising. */
struct config_epochs {
    int n; /* 0: none */
    int32_t epoch[CONFIG_MAX_EPOCHS];
};

/* Numbers of 0 or above: sizes of layers, rates. */
struct config_numbers {
    int n; /* 0: none */
    double value[CONFIG_MAX_NUMBERS];
};

struct config_protocol {
    enum protocol kind;
    int folds, repeats; /* kfold only, else 1 and 1 */
};

/* Which of the training originals a job sets aside to choose on. */
struct config_inner {
    enum { INNER_NONE, INNER_SHARE, INNER_FOLDS } kind;
    int folds;    /* INNER_FOLDS: of so many one, else 0 */
    double share; /* INNER_SHARE: so many of them, 0 < share < 1, else 0 */
};

struct setting {
    const char *name; /* dotted, as a sweep file has it: "train.learning_rate" */
    enum setting_type type;
    size_t offset;        /* of the value: in the struct of its section; in a schema, in struct config */
    double min, max;      /* range of a number, of each of a list, inclusive; of a list not below 0 */
    const char *fallback; /* the default, canonical text; never changes once it was released */
    const char *choices;  /* SETTING_WORD: "adam|sgd", or NULL when another module checks it */
    const char *help;
};

/* 1 when a value is a list, which a file may write as one. */
int setting_is_list(const struct setting *setting);

/* Bytes of the C type of a value. */
size_t setting_size(enum setting_type type);

/* A value from its text into *value, of the setting's C type. E_USAGE with a line that names the key, the
 * text and what would be right; *value is untouched then. */
int setting_parse(const struct setting *setting, const char *text, void *value, struct err *err);

/* The canonical text of *value in out: size bytes, always terminated; SETTING_TEXT_SIZE are enough. */
void setting_print(const struct setting *setting, const void *value, char *out, size_t size);

/* What a value may be, for people: "1 to 1024", "true or false", "loss/post-hoc"; "" where no row says so. */
void setting_range(const struct setting *setting, char *out, size_t size);

/* A number as people write it: the fewest digits that read back as the same double, without an exponent from
 * 1e-4 up to 1e15 (20, not 2e+01). out: size bytes, always terminated; 32 are enough. */
void setting_real_text(double value, char *out, size_t size);

/* Edit distance (Levenshtein's) of two names of at most 63 characters, for "did you mean". */
int setting_distance(const char *a, const char *b);

/* Name of a protocol: "report", "tail", "holdout", "kfold", "given". */
const char *config_protocol_name(enum protocol kind);

#endif
