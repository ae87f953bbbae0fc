/* sweep_file.h - a sweep file: what is run on which data, and the blocks of its grid. It knows
 * no job; expand.h makes those.
 *
 *     struct sweep_file *file = NULL;
 *     if (sweep_file_read("fig4.yaml", n_set, set, NULL, &file, &err) < 0) ...    YAML, checked against
 *                                                                                 config_keys
 *     sweep_file_free(file);
 *
 * The grid is a block, or a list of blocks, which gives what any of them gives:
 *
 *     grid:
 *       - clusters: [[8, 10], [1, 27]]             axes: every combination of their values
 *         strategy: [none, smote]
 *         seed: {first: 1, count: 10}
 *         exclude: 'strategy=smote,clusters=1-27'  but for the jobs that this filter matches, or any of a
 *                                                  list of filters (store/filter.h)
 *       - clusters: [[8, 10]]
 *         zip:                                     one dimension: first values together, second ones, ...
 *           class_sizes: [[900, 90], [900, 9]]
 *           train.epochs: [50, 100]
 *
 * Several zips are a list of such maps. What a block does not vary has the value beside the grid, or its
 * default. The axes of the file are those of all blocks.
 *
 * An override goes the same way: grid.seed=[1] of the one block, or of all blocks that have the key, and
 * grid.2.seed=[1] of the second, where it may be new. A value for a key that some block varies is refused.
 *
 * file->resolved says the same with every key and its value, and is a sweep file itself: ranks get it from
 * rank 0, the results file keeps it, and sweep_file_parse() is the one reader of it. No MPI. */
#ifndef CELLSWEEP_SWEEP_FILE_H
#define CELLSWEEP_SWEEP_FILE_H

#include "data/dataset.h"
#include "err.h"
#include "settings/config.h"
#include "settings/readout.h"
#include "settings/tune.h"

enum { SWEEP_MAX_AXES = 16, SWEEP_MAX_BLOCKS = 100, SWEEP_MAX_JOBS = 1000000, SWEEP_MAX_TEXT = 59000 };

/* A key of the sweep as a whole, for people: `grid` and what stands beside it but for keys of jobs. */
struct sweep_file_key {
    const char *name, *fallback, *range, *help; /* fallback "-": has to be given; range "": any */
};

/* Ended by a row without name. */
extern const struct sweep_file_key sweep_file_keys[];

/* Instead of a line of the file. */
enum { SWEEP_KEY_BY_SET = 0, SWEEP_KEY_NOT_GIVEN = -1 };

/* A key and its values as canonical texts, or for seeds a range, which may be long: value NULL, and the
 * numbers from `first` on. */
struct sweep_axis {
    const struct setting *key;
    int n;
    char **value; /* (n) */
    int *line;    /* (n) that gives each, as struct sweep_file's; of a range (1) */
    long long first;
    int where;    /* the line of its key */
    int dim;      /* of its block: axes of a zip share one; they stand beside one another */
    int n_blocks; /* of the file's: that have it; in the others the key has its value beside the grid */
};

struct sweep_exclude {
    char *text; /* a filter, not read yet */
    int line;
};

/* A block of the grid. Its combinations have numbers from `first` on: the last dimension varies fastest. */
struct sweep_block {
    int line;
    int n_axes, n_dims;
    struct sweep_axis axis[SWEEP_MAX_AXES]; /* as the file lists them */
    int n_excludes;
    struct sweep_exclude *exclude;
    long first, n; /* at most SWEEP_MAX_JOBS + 1, which is more than there may be */
};

enum { SWEEP_NUMBER_SIZE = 24 };

/* Value i, and the line that gives it. A number of a range is written into out. */
const char *sweep_axis_value(const struct sweep_axis *axis, int i, char out[SWEEP_NUMBER_SIZE]);
int sweep_axis_line(const struct sweep_axis *axis, int i);

/* The axis of a block for a key, or NULL. */
const struct sweep_axis *sweep_block_axis(const struct sweep_block *block, const struct setting *key);

struct sweep_file {
    char *path; /* as given, owned; of a resolved text: whose it is */
    char name[64];
    char data[1024];                  /* "builtin" or a path that exists */
    double pixel_size;                /* micrometres, for a folder of images */
    int has_labels;                   /* 1: it names classes; titles are the process's (class_name.h) */
    int pixel_size_given;             /* 1 when the file names it */
    int keep_weights;                 /* 1: those that judge a job are stored */
    struct readout readout;           /* whole: what the file does not say is as readout_plain() */
    char groups[DATASET_GROUPS_SIZE]; /* sweep_file_groups(); "": none */
    struct config base;               /* what stands beside the grid, or defaults */
    int line
        [CONFIG_MAX_KEYS]; /* that gives key k of the schema, or SWEEP_KEY_...; a resolved text gives none */
    struct tune tune;      /* n_keys 0: nothing is tuned */
    int n_blocks;
    struct sweep_block *block;
    int n_axes;
    struct sweep_axis axis[SWEEP_MAX_AXES]; /* of all blocks, each once, with all values that jobs have */
    char *text;                             /* the file as given, owned; NULL after sweep_file_parse */
    char *resolved;                         /* every key with its value, one a line, and the grid; owned */
};

/* What another floor knows of a value: 0, or E_USAGE with a line that names the key. */
typedef int sweep_file_check(const char *key, const char *text, struct err *err);

/* Read a sweep file and apply n_set overrides "key=value". A relative `data` path is looked up from the
 * working directory, then from the file's folder. schema: the keys that jobs have. check: asked of every
 * value that a job may get; NULL: nobody is. E_USAGE names file, line, key and what would be right. *out is
 * owned by the caller. */
int sweep_file_read(const char *path, int n_set, char *const *set, const struct schema *schema,
                    sweep_file_check *check, struct sweep_file **out, struct err *err);

/* The sweep file of a resolved text: no file is read, `data` is not looked for. origin: whose text it is, for
 * messages. *out is owned by the caller. */
int sweep_file_parse(const char *resolved, const char *origin, const struct schema *schema,
                     sweep_file_check *check, struct sweep_file **out, struct err *err);

/* The block of a combination; place[a] is the number of its value of the block's axis a. */
int sweep_file_place(const struct sweep_file *file, long combination, int place[SWEEP_MAX_AXES]);

/* The axis of a dotted key, or NULL. */
const struct sweep_axis *sweep_file_axis(const struct sweep_file *file, const char *key);

/* The size that images are packed at: the largest image.size of the grid. Jobs with a smaller
 * one resize from there. */
int sweep_file_image_size(const struct sweep_file *file);

/* The columns of clusters.csv that jobs keep together in their splits, a line each (struct dataset_options),
 * or NULL. */
const char *sweep_file_groups(const struct sweep_file *file);

/* Name the first key of jobs on which two files differ, "train.epochs is 3 there and 4 here", in out;
 * sweep_file_same_keys, "the grids differ", when it is none but how the values are combined. */
extern const char sweep_file_same_keys[];
void sweep_file_difference(const struct sweep_file *there, const struct sweep_file *here, char *out,
                           size_t size);

/* 1 when they do not tune the same; out then has the entries of `tune` from the first that is
 * not the same on. */
int sweep_file_tune_difference(const struct sweep_file *there, const struct sweep_file *here, char *out,
                               size_t size);

/* Write file->resolved, which is NULL before: every key with its value, the grid last. E_USAGE when
 * it is longer than SWEEP_MAX_TEXT. */
int sweep_file_resolve(struct sweep_file *file, struct err *err);

/* 1 when two resolved texts give classes the same names, or none. */
int sweep_file_same_labels(const char *there, const char *here);

void sweep_file_free(struct sweep_file *file);

#endif
