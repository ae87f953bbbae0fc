/* curves.h - pages of learning curves, as data files and a gnuplot script.
 *
 * A page shows the groups of one cell of the grid that differ only in strategy: fig2 the unbalanced one, fig4
 * the others, two in a row; strategies that the report does not have follow on further pages of four panels,
 * "fig4a_more1". A panel has an accuracy above the loss, training and test set, mean and 95 % interval over
 * jobs (summary.h), below CURVES_FEW jobs each of them as a thin line instead; the published curve dashed
 * where there is one. All panels of a page have the same axes, made for our own curves: a published loss
 * beyond them leaves the picture, and a note says so.
 *
 * The upper half shows one metric. By default it is balanced_accuracy, but on a page with published curves
 * balanced_accuracy_as_published, because only that can be compared with them; such a page says what that is,
 * and adds the true balanced accuracy of the test set as a thin dotted line, so that a minority class nobody
 * recognises stays visible. No MPI. */
#ifndef CELLSWEEP_CURVES_H
#define CELLSWEEP_CURVES_H

#include "figures/figstyle.h"
#include "figures/pagename.h"
#include "stats/summary.h"

enum { CURVES_NAME_SIZE = PAGENAME_SIZE, CURVES_FEW = 5 };

struct curves_page {
    const struct summary *summary;
    char name[CURVES_NAME_SIZE]; /* of its files, without extension: "fig4a", "fig2_3-9_kfold" */
    int part;                    /* 0, or k for the k-th page of strategies that are not the report's */
    int n_panels;
    const struct summary_group **panel; /* (n_panels) owned; the groups are the summary's */
};

/* All pages of a summary: *out (n pages, returned) is owned by the caller, see curves_free. Groups without a
 * finished job have no panel, nor have those of curves_are_flat(). Negative: E_IO. */
int curves_pages(const struct summary *summary, struct curves_page **out, struct err *err);

/* 1 for a group whose model learns at once, not epoch by epoch: its curves would be horizontal lines. */
int curves_are_flat(const struct summary_group *group);

/* 1 when a panel shows its jobs, 2 to CURVES_FEW - 1, instead of a band: its data file has a column for
 * each. */
int curves_shows_jobs(const struct summary_group *group);

/* Write dir/<name>_<strategy>.tsv for each panel, and dir/<name>.gp. metric: what the upper half shows,
 * METRIC_LOSS: the default. */
int curves_write(const struct curves_page *page, enum metric metric, const struct figstyle *style,
                 const char *dir, struct err *err);

/* The second half of curves_write, from curves_script.c. */
int curves_write_script(const struct curves_page *page, enum metric metric, const struct figstyle *style,
                        const char *dir, struct err *err);

/* 1 for a group of strategy none: it goes on a fig2 page. */
int curves_is_unbalanced(const struct summary_group *group);

/* The title of a group's strategy (balance.h): with the all-cluster rule in force "Duplicates to 45", or
 * "Augmentation, duplicates to 45"; "SMOTE (k 3)" with those of its own axes that vary, but for the factors
 * of a set (combination.h). */
void curves_group_title(char *out, size_t size, const struct summary *summary,
                        const struct summary_group *group, unsigned but);

/* Append ", model cnn" where it varies and ", train.batch 16" for every axis that does and that the group
 * reads, but for the strategy's own and the factors of a set. */
void curves_append_factors(char *out, size_t size, const struct summary *summary,
                           const struct summary_group *group, unsigned but);

/* What a reader must know of a protocol when strategies are compared. */
const char *curves_protocol_meaning(const char *protocol);

/* published_curve() and published_originals() of a group, which may be the model of all clusters. None unless
 * published_compares(). */
int curves_published(const struct summary *summary, const struct summary_group *group, enum image_set set,
                     enum metric metric, double *out, int n_epochs);
double curves_published_originals(const struct summary *summary, const struct summary_group *group);

/* Name of the data file of a panel, in out. */
void curves_panel_file(char *out, size_t size, const struct curves_page *page, int panel);

enum { CURVES_FOOTER_SIZE = 1024 };

/* One line for the foot of a picture: what a filter left of the file, sweep, protocol (may be NULL),
 * jobs, version and commit. */
void curves_footer(char *out, size_t size, const struct summary *summary, const char *protocol, int n_done,
                   int n_jobs);

void curves_free(struct curves_page *pages, int n);

#endif
