#include "sweep/divisions.h"

#include "draws.h"
#include "samples/given.h"
#include "samples/sample.h"
#include "select.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { MAX_LINES = 10, VALUE = 1100 };

/* A fold beyond so many times the smallest one is uneven. */
static const double uneven = 1.5;

/* What a division depends on beside seed, repeat and fold. */
static const char *const parts[] = {"clusters", "protocol", "groups", "validation", "class_sizes"};
enum { N_PARTS = sizeof parts / sizeof *parts, N_NAMED = 3 };

struct divided {
    uint64_t values; /* hash of those of parts */
    int cell;        /* first job that has the same */
    int job;
    int64_t seed, repeat, fold;
};

static int compare_divided(const void *a, const void *b)
{
    const struct divided *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    if (x->values != y->values)
        return x->values < y->values ? -1 : 1;
    if (x->seed != y->seed)
        return x->seed < y->seed ? -1 : 1;
    if (x->repeat != y->repeat)
        return x->repeat < y->repeat ? -1 : 1;
    if (x->fold != y->fold)
        return x->fold < y->fold ? -1 : 1;
    return (x->job > y->job) - (x->job < y->job);
}

static struct divided divided_of(const struct config *config, int job)
{
    struct divided d = {0, 0, job, config->seed, config->repeat, config->fold};
    for (int i = 0; i < N_PARTS; i++) {
        char value[VALUE];
        config_get(config, config_find(config->schema, parts[i]), value, sizeof value);
        d.values = XXH3_64bits_withSeed(value, strlen(value), d.values);
    }
    return d;
}

static int varies(const struct sweep *sweep, const char *key)
{
    for (int a = 0; a < sweep->file->n_axes; a++)
        if (strcmp(sweep->file->axis[a].key->name, key) == 0)
            return 1;
    return 0;
}

/* Whole groups leave few divisions; given sets, and an unshuffled tail where nothing is resampled, one. */
static int may_repeat(const struct config *config)
{
    return config_groups(config) || config->protocol.kind == PROTOCOL_GIVEN ||
           (config->protocol.kind == PROTOCOL_TAIL && strcmp(config->strategy, "none") == 0);
}

/* "clusters 4-9, protocol kfold:5x2, groups plate"; "clusters 4-9, protocol tail, where nothing is
 * resampled" */
static void print_cell(FILE *file, const struct sweep *sweep, int job)
{
    struct config config;
    sweep_config(sweep, job, &config);
    for (int i = 0; i < N_PARTS; i++) {
        char value[VALUE];
        if (i >= N_NAMED && !varies(sweep, parts[i]))
            continue;
        config_get(&config, config_find(config.schema, parts[i]), value, sizeof value);
        if (strcmp(parts[i], "groups") == 0 && !config_groups(&config))
            fputs(config.protocol.kind == PROTOCOL_TAIL ? ", where nothing is resampled" : "", file);
        else
            fprintf(file, "%s%s %s", i ? ", " : "", parts[i], value);
    }
}

static int is_uneven(const struct draws_summary *s)
{
    return s->n_sets > 1 && s->most > uneven * s->least;
}

static void print_line(FILE *file, const struct sweep *sweep, int job, const struct draws_summary *s)
{
    int folds = s->n_sets > 1;
    struct config config;
    sweep_config(sweep, job, &config);
    print_cell(file, sweep, job);
    fputc(':', file);
    if (config.protocol.kind == PROTOCOL_GIVEN) {
        fprintf(file,
                " one split, as the images came: %d seeds are runs of it, intervals over initial weights "
                "only\n",
                s->drawn);
        return;
    }
    if (s->drawn > 1) {
        fprintf(file, " %d %s draw %d different %s%s (overlap %.2f)", s->drawn,
                folds ? "seeds and repeats" : "seeds", s->distinct, folds ? "partition" : "split",
                s->distinct == 1 ? "" : "s", s->overlap);
        if (s->distinct < s->drawn)
            fprintf(file, ": n is %d, not %d", s->distinct, s->drawn);
    }
    if (is_uneven(s))
        fprintf(file, "%s folds of %d to %d images", s->drawn > 1 ? ";" : "", s->least, s->most);
    fputc('\n', file);
}

static int add_set(const struct sweep *sweep, const struct dataset *data, int job, struct draws *draws,
                   struct err *err)
{
    struct config config;
    struct job_samples samples = {0};
    char key[JOB_KEY_SIZE];
    sweep_config(sweep, job, &config);
    sweep_key(sweep, job, key);
    int rc = config_set(&config, "strategy", "none", err); /* it divides as every other does */
    if (rc == 0)
        rc = job_samples_estimate(&config, data, key, &samples, err);
    if (rc != 0)
        return rc;
    int *image = err_calloc((unsigned long)samples.test.n + 1, sizeof *image, "a test set", err);
    for (int i = 0; image && i < samples.test.n; i++)
        image[i] = samples.test.sample[i].image;
    rc = image ? draws_add(draws, config.seed, config.repeat, image, samples.test.n, err) : E_IO;
    free(image);
    job_samples_free(&samples);
    return rc;
}

/* The draws of one cell, n of them from d on, sorted; a set that several jobs share counts once. */
static int summarise_cell(const struct sweep *sweep, const struct dataset *data, const struct divided *d,
                          int n, struct draws_summary *out, struct err *err)
{
    struct draws draws = {0};
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++)
        if (i == 0 || d[i].seed != d[i - 1].seed || d[i].repeat != d[i - 1].repeat ||
            d[i].fold != d[i - 1].fold)
            rc = add_set(sweep, data, d[i].job, &draws, err);
    if (rc == 0)
        rc = draws_summarise(&draws, out, err);
    draws_release(&draws);
    return rc;
}

static int print_cells(FILE *file, const struct sweep *sweep, const struct dataset *data,
                       const struct divided *divided, int n, struct err *err)
{
    int lines = 0, rc = 0;
    for (int begin = 0, end; begin < n && rc == 0; begin = end) {
        struct draws_summary s = {0};
        for (end = begin; end < n && divided[end].cell == divided[begin].cell;)
            end++;
        rc = summarise_cell(sweep, data, divided + begin, end - begin, &s, err);
        if (rc == 0 && (s.drawn > 1 || is_uneven(&s)) && lines++ < MAX_LINES)
            print_line(file, sweep, divided[begin].job, &s);
    }
    if (lines > MAX_LINES)
        fprintf(file, "and %d more lines of divisions\n", lines - MAX_LINES);
    return rc;
}

/* Cells in the order of the grid. */
static void sort(struct divided *divided, int n)
{
    qsort(divided, (size_t)n, sizeof *divided, compare_divided);
    for (int begin = 0, end; begin < n; begin = end) {
        int first = divided[begin].job;
        for (end = begin; end < n && divided[end].values == divided[begin].values; end++)
            first = divided[end].job < first ? divided[end].job : first;
        for (int i = begin; i < end; i++)
            divided[i].cell = first;
    }
    qsort(divided, (size_t)n, sizeof *divided, compare_divided);
}

/* The sets that jobs of protocol given have, if some of them are wanted. */
static int print_given(FILE *file, const struct sweep *sweep, const struct dataset *data, const char *wanted,
                       struct err *err)
{
    struct given_leak leak;
    int given = 0;
    for (int j = 0; !given && j < sweep->n_jobs; j++) {
        struct config config;
        sweep_config(sweep, j, &config);
        given = wanted[j] && config.protocol.kind == PROTOCOL_GIVEN;
    }
    int rc = given ? given_measure(data, &leak, err) : 0;
    return given && rc == 0 ? given_print(file, data, &leak, err) : rc;
}

/* Whether the wanted jobs have one seed, and none a fold or a repeat but the first: a run a combination. */
static int are_single(const struct sweep *sweep, const char *wanted)
{
    int64_t seed = 0;
    int n = 0;
    for (int j = 0; j < sweep->n_jobs - sweep->n_trials; j++) {
        struct config config;
        if (!wanted[j])
            continue;
        sweep_config(sweep, j, &config);
        if (sweep->job[j].fold > 0 || sweep->job[j].repeat > 0 || (n++ > 0 && config.seed != seed))
            return 0;
        seed = config.seed;
    }
    return n > 1;
}

static void print_single(FILE *file, const struct sweep *sweep, const char *wanted)
{
    if (are_single(sweep, wanted))
        fprintf(file,
                "note: one run a combination: the report will have neither intervals nor tests; add `seed: "
                "{first: 1, count: 10}` to the grid, or cross-validate, `protocol: {kfold: {folds: 5, "
                "repeats: 2}}`\n");
}

int divisions_print(FILE *file, const struct sweep *sweep, const struct dataset *data, const char *wanted,
                    struct err *err)
{
    struct divided *divided = err_calloc((unsigned long)sweep->n_jobs + 1, sizeof *divided, "the plan", err);
    int n = 0, rc = divided ? 0 : E_IO;
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++) {
        struct config config;
        if (!wanted[j])
            continue;
        sweep_config(sweep, j, &config);
        if (may_repeat(&config))
            divided[n++] = divided_of(&config, j);
    }
    if (rc == 0) {
        sort(divided, n);
        rc = print_cells(file, sweep, data, divided, n, err);
        rc = rc == 0 ? print_given(file, sweep, data, wanted, err) : rc;
        print_single(file, sweep, wanted);
    }
    free(divided);
    return rc;
}
