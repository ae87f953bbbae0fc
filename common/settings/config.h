/* config.h - everything that decides a job: what all of the house knows of it, and sections that only their
 * module knows.
 *
 *     struct config config = config_defaults(worker_schema());
 *     if (config_set(&config, "smote.k", "3", &err) < 0) ...
 *     const struct smote *smote = config_of(&config, &smote_section);        in smote's own module
 *
 * A module that has parameters has a struct for them, a table of settings that says where in it each stands,
 * and a section that joins the two; a schema lists the sections there are. A sweep file, `--set key=value`
 * and a grid axis all end in config_set(): a dotted key, a canonical text (setting.h). A config is plain
 * bytes: copy it as you like, within a process. No MPI, no files. */
#ifndef CELLSWEEP_CONFIG_H
#define CELLSWEEP_CONFIG_H

#include "settings/setting.h"

enum { CONFIG_ROOM = 4096, CONFIG_MAX_KEYS = 160, CONFIG_MAX_SECTIONS = 64 };

struct schema;

struct config {
    const struct schema *schema;
    struct config_clusters clusters;
    struct config_sizes class_sizes; /* originals drawn of each class before anything else */
    char strategy[CONFIG_WORD_SIZE];
    struct config_protocol protocol;
    int64_t fold, repeat; /* this job's, from 0; 0 unless kfold */
    int64_t seed;
    double validation;             /* share of images held back by report, tail, holdout; 0 < v < 1 */
    char groups[CONFIG_WORD_SIZE]; /* column of clusters.csv whose values no split may divide; "none" */
    char model[CONFIG_WORD_SIZE];  /* a row of worker/models/model.h */
    int64_t epochs, batch;
    int64_t image_size; /* pixels */
    int64_t channels;   /* of the images: no setting, whoever has the data says it; 1 in config_defaults() */
    int64_t trial_seed; /* of a trial of tuning, from 0: no setting, whoever makes trials says it; else 0 */
    int64_t is_tuned;   /* 1: its sweep tunes: no setting, whoever reads the sweep says it; else 0 */
    _Alignas(8) unsigned char part[CONFIG_ROOM]; /* structs of the sections, laid out by the schema */
};

/* A key of before, and what to write now: {"cnn.filters1", "cnn.blocks: [32, 64]"}. */
struct renamed {
    const char *name, *now;
};

struct section {
    const struct setting *setting; /* ended by a row without name */
    const struct renamed *renamed; /* the same; NULL: none was */
    size_t size;                   /* of its struct; 0: its settings are members of struct config */
    /* 0, or E_USAGE for values that do not go together. settings: its struct. NULL: all do. */
    int (*check)(const void *settings, struct err *err);
    /* Where values of several spellings come to the same, leave the one that stands for them in keys. NULL:
     * none do. */
    void (*unify)(void *settings);
};

/* 1 when a job of config reads the settings of a section; for any other their values do not exist. Asks only
 * settings that every job reads. */
typedef int section_is_used(const struct config *config, const struct section *section);

/* A table of sections: schema_begin(), schema_add() one after the other. It does not change afterwards. */
struct schema {
    unsigned id; /* of all that this process began: another one may come to stand at the same address */
    int n_sections, n_keys;
    size_t used; /* bytes of config.part */
    struct schema_place {
        const struct section *section;
        section_is_used *is_used; /* NULL: by every job */
        const char *decided_by;   /* the key whose value is_used asks: "strategy"; NULL: by every job */
        char used_by[64];         /* which jobs those are, for people: "strategy smote" */
        size_t at;                /* of its struct, in struct config */
    } place[CONFIG_MAX_SECTIONS];
    struct setting key[CONFIG_MAX_KEYS + 1]; /* of all sections, ended by a row without name */
    int place_of[CONFIG_MAX_KEYS];           /* of each key */
    int by_name[CONFIG_MAX_KEYS];            /* (n_keys) the keys in the order of their names */
};

/* Begin with what all of the house knows: clusters, protocol, seed, model, class_sizes, groups, image.size,
 * train.epochs; and `validation`, which protocols kfold and given do not read. */
void schema_begin(struct schema *schema);

/* All of the house knows these, too, strategy and train.batch, but who reads them is a matter of models. */
extern const struct section config_strategy_section, config_batch_section;

/* Append a section. is_used NULL: by every job; decided_by is the key whose value is_used asks, "strategy",
 * used_by says by which jobs, "strategy smote". One that is there already stays where it is, and used_by is
 * added to its own: is_used and decided_by must be the same. */
void schema_add(struct schema *schema, const struct section *section, section_is_used *is_used,
                const char *decided_by, const char *used_by);

/* Row of a dotted key, or NULL. */
const struct setting *config_find(const struct schema *schema, const char *name);

/* The key nearest to `name` by edit distance, for "did you mean"; NULL when none is near. */
const char *config_nearest(const struct schema *schema, const char *name);

/* E_USAGE with the line about a key that the schema does not have: what it is called now, or which may be
 * meant. */
int config_unknown(const struct schema *schema, const char *name, struct err *err);

/* Which jobs read a key of the schema, for people: "strategy smote", or "" for all. */
const char *config_used_by(const struct schema *schema, const struct setting *key);

/* The key whose value decides whether a job reads a key of the schema: "strategy" for smote.k. NULL:
 * every job reads it. */
const char *config_decided_by(const struct schema *schema, const struct setting *key);

/* 1 when a job of this config, whose strategy and model are known, reads a key of its schema. */
int config_reads(const struct config *config, const struct setting *key);

/* The same of all keys: reads[k] of schema->key[k]. */
void config_reads_all(const struct config *config, unsigned char reads[CONFIG_MAX_KEYS]);

/* Every key at its default; clusters all. */
struct config config_defaults(const struct schema *schema);

/* Set one key from its text. E_USAGE with a line that names the key, the text and what would be right. */
int config_set(struct config *config, const char *key, const char *text, struct err *err);

/* Put settings that a job of config does not read back to their defaults, config_defaults() of its schema:
 * two jobs that differ in nothing but those are one. */
void config_normalise(struct config *config, const struct config *defaults);

/* 0 when the values of every section that is used go together, else E_USAGE. */
int config_check(const struct config *config, struct err *err);

/* The value of a key of the config's schema as canonical text in out: size bytes, always terminated;
 * SETTING_TEXT_SIZE are enough. */
void config_get(const struct config *config, const struct setting *key, char *out, size_t size);

/* The struct of a section, which is one of the config's schema. Valid as long as the config. */
const void *config_of(const struct config *config, const struct section *section);

/* Column of the groups that the split of a job keeps together, NULL when there are none to keep. */
const char *config_groups(const struct config *config);

/* What is hashed into a job's key: "key=value\n" of the settings that the job reads and that, once sections
 * unify what comes to the same, are off their default, sorted by name, and always of clusters, model,
 * protocol, seed, strategy; then fold and repeat. So a new setting whose default is what was done before, or
 * another order of tables, leaves the keys of all jobs as they are. Returns the length that was needed, like
 * snprintf. */
size_t config_canonical(const struct config *config, char *out, size_t size);

#endif
