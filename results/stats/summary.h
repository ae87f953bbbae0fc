/* summary.h - the jobs of a sweep as groups: what is averaged together.
 *
 * A group is a cell of the grid without its seed, fold and repeat: the same clusters, strategy, protocol,
 * model and other axes. Only finished jobs (state done) count; failed and diverged ones are counted beside
 * them, because a mean over the survivors alone can mislead. Groups stand in the order of their first job.
 *
 *     struct summary *summary = NULL;
 *     if (summary_new(store, "protocol=report", &summary, &err) < 0) ...
 *     const struct stats_summary *loss = summary->group[0].curve[SET_TEST][METRIC_LOSS];   (n_epochs)
 *     summary_free(summary);
 *
 * A filter chooses the jobs that are summarised, so what is shown; what depends on how many there are to
 * compare (findings.h) is made from the summary of the whole file.
 *
 * Intervals of training and test set allow for splits that share images (overlap.h, stats_of_splits()) and
 * are cut to the range of the metric. The correction is derived for the test set; training has the same, so
 * that both can be looked at side by side. What all originals give is judged on the same images by every job,
 * most of them seen in training: that interval is plain Student's t over jobs and tells what other seeds and
 * splits of these images would give, nothing about other images. No MPI. */
#ifndef CELLSWEEP_SUMMARY_H
#define CELLSWEEP_SUMMARY_H

#include "draws.h"
#include "base/metrics.h"
#include "store/store_chosen.h"
#include "store/partition.h"
#include "stats/stats.h"
#include "store/store.h"

#include <stdio.h>

/* The level of every interval. */
extern const double summary_level;

struct summary_group {
    const struct store_job *cell; /* its first job: clusters, strategy, protocol, model, axes; the store's */
    int n_jobs, n_state[N_JOB_STATES]; /* jobs in all, and in each state */
    enum chosen_on chosen;             /* on what its jobs chose their epoch */
    int *job;                          /* (n_state[JOB_DONE]) rows of the finished jobs */
    double test_ratio;                 /* overlap_ratio() of them; NaN: intervals are plain Student's t */
    struct stats_summary *curve[N_SETS][N_METRICS]; /* of the curve_sets that the file has: (n_epochs) */
    struct stats_summary final[N_SETS][N_METRICS];  /* each job's judged epoch */
    struct stats_summary all; /* balanced accuracy on all originals, from /confusion/all */
    struct stats_summary leak, n_train, n_test, leak_share; /* images; share is leak / n_test of each job */
    /* Finished jobs whose test images lack a class: a row of /confusion/test that holds counts,
     * not -1, sums to 0, and another does not. Their balanced accuracy is the mean recall of the
     * classes that are there. */
    int n_lacking;
    double at_hand; /* originals to learn from, before a strategy drops, copies or makes any: originals.h */
    struct draws_summary draws; /* of jobs with groups, of tail or given: how many different splits */
    /* Where several splits were drawn and some of them again, runs of one split are one value, their mean: of
     * each finished job, the place in `job` of the first one with its split (n_state[JOB_DONE]), owned. NULL:
     * each run is a value, also where all have one split, of which there would be no interval. */
    int *first;
    int n_values; /* what n of means and intervals counts: splits, or finished jobs */
};

/* Groups that have something in common. */
enum summary_kind {
    SUMMARY_CLUSTERS,
    SUMMARY_STRATEGY,
    SUMMARY_SETTING, /* all but the strategy: what is compared */
    SUMMARY_RANKED,  /* all but strategy and clusters: what is ranked */
    SUMMARY_LEAK,    /* all but the protocol */
    SUMMARY_LEAKS,   /* clusters, model and axes: strategies and protocols of the same data */
    N_SUMMARY_KINDS
};

struct summary {
    struct store *store; /* the caller's */
    int n_epochs;        /* E of the store */
    int n_jobs, n_state[N_JOB_STATES];
    int n_groups;
    struct summary_group *group;             /* (n_groups) owned */
    struct partition *same[N_SUMMARY_KINDS]; /* of the groups, owned */
    unsigned varying;                        /* factors in which not all groups are the same: combination.h */
    char *filter;                            /* owned; NULL: every job of the file */
    int n_jobs_file, n_strategies_file;      /* of the whole file */
    int n_damaged; /* finished jobs whose numbers no run writes (summary_print_damage); 0 in an outline */
};

/* Summarise the jobs that match a filter (NULL: all). E_USAGE when no job matches, or none of them is
 * finished. The store must stay open while *out is used; *out is owned by the caller. */
int summary_new(struct store *store, const char *filter, struct summary **out, struct err *err);

/* The same of a sweep that may not have a finished job yet: its groups are then without numbers. */
int summary_read(struct store *store, const char *filter, struct summary **out, struct err *err);

/* The same without curves, which are NULL: where nothing shows them they are most of the work. */
int summary_read_final(struct store *store, const char *filter, struct summary **out, struct err *err);

/* Jobs, groups, samples and what they have in common, as summary_read(), without a number from
 * metrics: curves are NULL, `final` and `all` have n 0. For what needs the whole file beside the part
 * of it that is shown. */
int summary_outline(struct store *store, const char *filter, struct summary **out, struct err *err);

enum { SUMMARY_FILTER_SIZE = 512 };

/* "Filter strategy=none|augment: 60 of 150 jobs, 2 of 5 strategies" in out, "" without a filter. Returns
 * out. */
const char *summary_filter_text(const struct summary *summary, char *out, size_t size);
/* The most that a stored metric can be; the least is 0. */
double summary_most(enum metric metric);

/* Mean leak and mean number of test images of a group in out, "8.7 of 1170"; "-" without a
 * finished job. Always terminated. */
void summary_leak_text(char *out, size_t size, const struct summary_group *group);

/* 1 when not all groups have the same value of a factor. */
int summary_varies(const struct summary *summary, int factor);

/* The cells of the groups (n_groups), for partition_new(); freed by the caller. NULL without memory. */
const struct store_job **summary_cells(const struct summary *summary, struct err *err);

/* A line when finished jobs hold what no run writes: a metric of the test set, at the judged epoch, that is
 * no number or out of its range; no test image, or a leak beyond them. */
void summary_print_damage(FILE *file, const struct summary *summary);

void summary_free(struct summary *summary);

#endif
