/* pagename.h - names of the files of a page: what tells it from the report's others, no more.
 *
 *     char name[PAGENAME_SIZE] = "fig4";
 *     pagename_append(name, "_3-9");
 *     pagename_append_cell(name, summary, group, 0);       "fig4_3-9_kfold_learning_rate=0.001"
 *
 * No MPI. */
#ifndef CELLSWEEP_PAGENAME_H
#define CELLSWEEP_PAGENAME_H

#include "stats/summary.h"

/* Names stop at PAGENAME_LENGTH characters, which leaves room for a number and an extension. */
enum { PAGENAME_SIZE = 240, PAGENAME_LENGTH = PAGENAME_SIZE - 16 };

/* Append text to a name of PAGENAME_SIZE bytes; whatever is not harmless in a file name becomes '-'. */
void pagename_append(char *name, const char *text);

/* The same of a list of classes, in words that are easily typed: signs and blanks between them become
 * one '-', "CD8+-T-cell-Mono-classical". Where letters beyond ASCII are lost, a hash of the list follows.
 * Two lists may have one name: the names of a report are told apart where they are collected. */
void pagename_append_classes(char *name, const char *list);

/* Append the values of a group for all factors that vary over the summary but clusters, strategy with its own
 * axes and those of a set (combination.h); axes with their names. */
void pagename_append_cell(char *name, const struct summary *summary, const struct summary_group *group,
                          unsigned but);

/* Append the strategy of a group and those of its own axes that vary: "smote_k=3". */
void pagename_append_strategy(char *name, const struct summary *summary, const struct summary_group *group);

/* "learning_rate" of "train.learning_rate". */
const char *pagename_factor(const struct summary *summary, int factor);

#endif
