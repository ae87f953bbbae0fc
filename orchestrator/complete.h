/* complete.h - what a word of the command line may become, for shells that complete it.
 *
 *     cellsweep complete export sweep.h5 --filter strategy=
 *
 * The words after "cellsweep", the last one as far as it is typed. It prints a candidate a line, with a TAB
 * and what it means: the whole word, and no blank is wanted behind one that ends in '=' or ','. A line that
 * begins with ':' says what else: ":files yaml yml" are files that end so, ":files" any, ":folders".
 * Everything is asked from what the program itself reads: commands and options from their tables, settings
 * from the schema, axes of a filter and their values from the results file or the sweep file that the line
 * names, so nothing here can be out of date. packaging/completion.* are the shells' side. Nothing is an
 * error: what cannot be known is not offered. */
#ifndef CELLSWEEP_COMPLETE_H
#define CELLSWEEP_COMPLETE_H

#include "command.h"

#include <stdio.h>

/* The word that is typed: what stands before the part that is completed, and that part. */
struct typed {
    FILE *out;
    char before[1024];
    const char *part;
};

/* One candidate, when it begins with the part that is typed. meaning: NULL is none. */
void complete_offer(const struct typed *typed, const char *candidate, const char *meaning);

/* The same of a key, to be followed by a value. */
void complete_offer_key(const struct typed *typed, const char *key, const char *meaning);

/* Move what ends at `end` from the part to what stands before it. */
void complete_advance(struct typed *typed, const char *end);

/* What stands for the value of a row. file: the results file or sweep file of the line, or NULL. */
void complete_value(struct typed *typed, const struct argument *row, const char *file);

/* KEY=VALUE of a job; key=value parts of a filter. */
void complete_setting(struct typed *typed);
void complete_filter(struct typed *typed, const char *file);

/* Print what the last of n >= 1 words may become. */
void complete_words(FILE *out, const struct command *program, int n, char **word);

#endif
