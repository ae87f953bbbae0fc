/* checkpoint_folder.h - where the checkpoints of a sweep lie: "<results>.checkpoints/<job key>.ckpt",
 * one a job that has begun and is not finished. The folder is made with the first of them and removed
 * with the last. No MPI. */
#ifndef CELLSWEEP_CHECKPOINT_FOLDER_H
#define CELLSWEEP_CHECKPOINT_FOLDER_H

#include "state_file.h"
#include "sweep/expand.h"

enum { CHECKPOINT_PATH_SIZE = 4096 };

/* Path of a job's checkpoint in out (CHECKPOINT_PATH_SIZE). */
void checkpoint_path(const char *results_path, const char *key, char *out);

/* Make the folder, if it is not there. 0 or E_IO. */
int checkpoint_folder_make(const char *results_path, struct err *err);

/* What a checkpoint of a job must belong to, to be gone on with by this program. */
struct state_file_identity checkpoint_identity(const char *key, const char *data, const char *kernels);

/* The jobs that have a checkpoint, good or not. */
struct checkpoint_entry {
    char key[JOB_KEY_SIZE];
    int wanted; /* 1: asked for by checkpoint_want() */
};
struct checkpoint_list {
    int n;
    struct checkpoint_entry *entry; /* (n) by key, owned */
};

/* Without a folder, or one that cannot be read, the list is empty. 0 or E_IO without memory. */
int checkpoint_list(const char *results_path, struct checkpoint_list *out, struct err *err);
void checkpoint_list_free(struct checkpoint_list *list);

/* 1 when a job has a checkpoint, which is then marked as wanted; else 0. */
int checkpoint_want(struct checkpoint_list *list, const char *key);

/* Remove what killed ranks left half-written and the listed checkpoints that nobody wants, then the
 * folder when nothing is left in it. Files of other names are not touched. What cannot be removed
 * stays: it does no harm. */
void checkpoint_folder_tidy(const char *results_path, const struct checkpoint_list *list);

#endif
