/* store_chosen.h - on which images the epoch of a job, or what it was tuned over, was chosen: from its
 * settings and the places of its row.
 *
 *     enum chosen_on chosen;
 *     rc = store_chosen_on(store, row, &chosen, &err);
 *     if (chosen == CHOSEN_TEST) ... say chosen_on_test wherever a number of the job shows
 *
 * A job chooses when it is judged by its best epoch (judge: best) or stops early (train.stop.patience above
 * 0), and is chosen for when its sweep tunes: on its inner set, or where it has none on the very images that
 * its number is reported of. A model that was trained elsewhere (MODEL_ELSEWHERE) was chosen there, on images
 * that nobody here knows. No MPI. */
#ifndef CELLSWEEP_STORE_CHOSEN_H
#define CELLSWEEP_STORE_CHOSEN_H

#include "store/store.h"

enum chosen_on { CHOSEN_NOTHING, CHOSEN_VAL, CHOSEN_TEST, CHOSEN_ELSEWHERE, N_CHOSEN_ON };

/* "none", "val", "test", "elsewhere": as in the column chosen_on. */
extern const char *const chosen_on_names[N_CHOSEN_ON];

/* "chosen on the reported set": what is to be said of CHOSEN_TEST; and of CHOSEN_ELSEWHERE, "trained
 * elsewhere: that it did not see these images is the user's word". */
extern const char chosen_on_test[], chosen_elsewhere[];

/* What settings come to: judge is a value of that key, or "" for the default; is_tuned: 1, its sweep tunes;
 * has_val: 1, the job has an inner set. */
enum chosen_on chosen_from(const char *judge, double patience, int is_tuned, int has_val);

/* The set that the job in a row chooses on, if it chooses: SET_VAL, or where it has no inner set SET_TEST.
 * E_IO when the file is damaged. */
int store_choosing_set(struct store *store, int job, enum image_set *out, struct err *err);

/* 1 when a job is tuned: its sweep tunes. Of a file that keeps sweeps apart, some of which do, a job of them
 * counts once it is finished. E_IO when the file is damaged. */
int store_job_is_tuned(struct store *store, int job, int *out, struct err *err);

/* Of a row of store_jobs() or a copy of one. E_IO when the file is damaged. */
int store_chosen_on(struct store *store, const struct store_job *job, enum chosen_on *out, struct err *err);

#endif
