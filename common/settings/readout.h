/* readout.h - how the stored probabilities of a sweep are read: choices that cost no training, and
 * stand in no job's key. A sweep file makes them (`recalibrate`, `threshold`), options of report and
 * export override them. No MPI. */
#ifndef CELLSWEEP_READOUT_H
#define CELLSWEEP_READOUT_H

#include "err.h"

#include <stddef.h>

enum recalibration { RECALIBRATE_NONE, RECALIBRATE_PRIOR, RECALIBRATE_TEMPERATURE, N_RECALIBRATIONS };
enum threshold { THRESHOLD_ARGMAX, THRESHOLD_TUNED, N_THRESHOLDS };

/* "none", "prior", "temperature"; "argmax", "tuned". */
extern const char *const recalibration_names[N_RECALIBRATIONS];
extern const char *const threshold_names[N_THRESHOLDS];

enum { READOUT_TEXT_SIZE = 64 };

struct readout {
    unsigned recalibrate; /* 1u << enum recalibration of each; 0: as the sweep says */
    int threshold;        /* enum threshold; -1: as the sweep says */
};

/* What is not said at all: none, argmax. */
struct readout readout_plain(void);

/* Nothing, so as the sweep says. */
struct readout readout_unsaid(void);

/* `over`, and `under` where it says nothing. */
struct readout readout_over(struct readout over, struct readout under);

/* 1 when something has to be fitted, so jobs need a val set. */
int readout_fits(struct readout readout);

/* "none,prior" as a set. E_USAGE with what there is; a word twice is one. */
int readout_recalibrate(const char *text, unsigned *out, struct err *err);
int readout_threshold(const char *text, int *out, struct err *err);

/* The set as such a text, in out. Returns out. */
const char *readout_text(unsigned recalibrate, char out[READOUT_TEXT_SIZE]);

/* What to do where nothing can be fitted for want of a val set: a part of a sentence. */
extern const char readout_remedy[];

#endif
