/* store_merge_parts.h - what the files store_merge*.c share. No MPI. */
#ifndef CELLSWEEP_STORE_MERGE_PARTS_H
#define CELLSWEEP_STORE_MERGE_PARTS_H

#include "store/store_copy.h"
#include "store/store_merge.h"

/* One of the files. */
struct source {
    struct store *store;
    struct store_mark *mark;    /* (rows) */
    int column[STORE_MAX_AXES]; /* of each column of the merged file, its own; -1: it has none */
    int first;                  /* its first entry */
};

/* A row of a file. */
struct merge_entry {
    char key[STORE_KEY_SIZE];
    int source, row;
    int of;     /* of a trial: the entry of its job; else -1 */
    int leader; /* the first entry of the same job */
    int best;   /* of a leader: the entry whose row is taken */
    int job;    /* of a leader: its row in the merged file */
};

struct merging {
    const struct store_merge *asked;
    struct source source[STORE_MERGE_MOST];
    int n_entries;
    struct merge_entry *entry; /* (n_entries) by source, then row */
    int n_jobs, n_trials;      /* of the merged file; jobs with the trials */
    int *leader;               /* (n_jobs) entry of each row of the merged file */
    int n_columns;             /* of /jobs, without `sweep` */
    const char *column[STORE_MAX_AXES];
    int column_is_number[STORE_MAX_AXES];
    struct sweep_file *sweep;     /* of all */
    struct dataset data;          /* no pixels; its images are owned */
    char *origin[N_ORIGIN_TEXTS]; /* owned */
    char *yaml;                   /* owned */
    struct err why;               /* of what was called back; code 0: nothing went wrong */
};

/* 1 when the job of an entry has ended: done, diverged, or a trial that was pruned. */
int merge_is_over(const struct merging *m, const struct merge_entry *entry);

/* Of the rows of one job the first of the largest worth is taken: 2 when it is over, 1 when
 * it failed, else 0. */
int merge_worth(const struct merging *m, const struct merge_entry *entry);

/* entry, leader, n_jobs and n_trials of open files. E_IO when one has a job twice. */
int merge_find_jobs(struct merging *m, struct err *err);

/* The columns of /jobs, after merge_describe(). E_USAGE when there are too many. */
int merge_find_columns(struct merging *m, struct err *err);

/* The plan of the merged file, valid as long as *m. self: the merging, by its address, which the plan keeps;
 * what goes wrong while it is asked for rows is left in m->why. */
struct store_plan merge_plan(struct merging *const *self);

/* Sweep file, texts and images of all; E_USAGE when they do not go together. */
int merge_describe(struct merging *m, struct err *err);
void merge_forget(struct merging *m);

#endif
