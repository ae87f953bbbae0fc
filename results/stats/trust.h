/* trust.h - Brier score, log loss and expected calibration error of every finished job, on its own test
 * images and as its probabilities are stored, ready to be compared; all of them read once.
 *
 *     struct replicates *trust[N_TRUST];
 *     if (trust_new(store, summary, trust, &err) < 0) ...
 *     compare_factor(summary, trust[TRUST_BRIER], FACTOR_STRATEGY, &compare, &err)
 *     trust_free(trust);
 *
 * Less is better. Brier score and ECE are those of scores.h, the log loss the nll of calibrated.h. No MPI. */
#ifndef CELLSWEEP_TRUST_H
#define CELLSWEEP_TRUST_H

#include "stats/replicates.h"

enum { TRUST_BRIER, TRUST_LOG_LOSS, TRUST_ECE, N_TRUST };

/* "brier", "log_loss", "ece". */
extern const char *const trust_names[N_TRUST];

/* The replicates of test of each, of the groups of summary. All of them are owned by the caller; after a
 * failure they are NULL. E_IO. */
int trust_new(struct store *store, const struct summary *summary, struct replicates *out[N_TRUST],
              struct err *err);

void trust_free(struct replicates *trust[N_TRUST]);

#endif
