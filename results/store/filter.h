/* filter.h - the grammar of filters: those of commands, and the excludes of a grid (settings/sweep_file.h).
 *
 *     struct filter *filter = NULL;
 *     rc = filter_new("strategy=augment|none,clusters=1-*,seed<=5", &rows, &filter, &err);
 *     for (int j = 0; rc >= 0 && j < rows.n; j++)
 *         rc = filter_matches(filter, j, &err);
 *     filter_free(filter);
 *
 * A filter is parts joined by commas, all of which must hold; a part is a key, an operator and what the job's
 * value of the key is held against:
 *
 *     strategy=augment|none    = any of these alternatives; != none of them. An alternative is
 *     seed!=1..5                   a value; a range of numbers, ends included;
 *     clusters=1-*,model=res*      a pattern, in which * is any characters, or none;
 *     smote.k=-|3                  or -, which is a setting that the job does not read
 *     image.size<64            <, <=, >, >= one number, of a key that has numbers; whoever does not read it,
 *                              or has a word there, does not match
 *
 * Numbers are equal as numbers: 0.001 is 1e-3. protocol=kfold is any kfold:5. Text in double quotes is taken
 * as it is, clusters="T-cell"-Folded (class_name.h; titles are understood, too). Keys are key, fold, repeat
 * and every setting, whether the grid varies it or not. Spaces around all of these count for nothing. An
 * empty filter matches every job. No MPI. */
#ifndef CELLSWEEP_FILTER_H
#define CELLSWEEP_FILTER_H

#include "store/store.h"

/* Jobs of a file or of a sweep that has none yet, as a filter sees them: row j to *out, and its value of a
 * setting that is no column of the row, "" where it does not read it, to out (CONFIG_WORD_SIZE). */
struct store_rows {
    int n, n_axes;
    const char *const *axis_name;
    int (*row)(const void *of, int j, struct store_job *out, struct err *err);
    int (*setting)(const void *of, int j, const struct setting *key, char *out, struct err *err);
    const void *of;
};

struct filter;

/* The filter of a text for the jobs of rows, both of which outlive it. E_USAGE for a key that is none, with
 * the one that may be meant, for a part that is not key=value, and for numbers where there are none. *out is
 * owned by the caller. */
int filter_new(const char *text, const struct store_rows *rows, struct filter **out, struct err *err);

/* 1 when job j matches, 0 when it does not; errors of the rows. */
int filter_matches(const struct filter *filter, int j, struct err *err);

/* Why a filter matched no job, "; strategy is one of none, smote", in out: the values there are of the first
 * key whose part no job matches; "" when it is the combination. */
void filter_hint(const struct filter *filter, char *out, size_t size);

void filter_free(struct filter *filter);

#endif
