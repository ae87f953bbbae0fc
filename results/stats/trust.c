#include "stats/trust.h"

#include "stats/calibrated.h"
#include "stats/predicted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const trust_names[N_TRUST] = {"brier", "log_loss", "ece"};

static int log_loss(const struct scores_input *input, double *value, struct err *err)
{
    const struct scores_input nothing = {0, input->n_classes, input->stride, NULL, NULL, input->positive};
    struct recalibrator as_stored;
    struct reliability unused = {0};
    double all[N_CALIBRATION];
    int rc = recalibrate_fit(RECALIBRATE_NONE, THRESHOLD_ARGMAX, &nothing, NULL, &as_stored, err);
    if (rc == 0)
        rc = calibrated_scores(&as_stored, input, all, &unused, err);
    *value = rc == 0 ? all[CALIBRATION_NLL] : (double)NAN;
    return rc;
}

/* number: (N_TRUST, J). */
static int score_job(struct predicted *predicted, int job, double *number, size_t n_jobs, struct err *err)
{
    struct scores_input input;
    struct judged *judged = NULL;
    int rc = predicted_read(predicted, &job, 1, SET_TEST, &input, err);
    if (rc == 0)
        rc = log_loss(&input, &number[TRUST_LOG_LOSS * n_jobs + (size_t)job], err);
    if (rc == 0)
        rc = judged_new(&input, &judged, err);
    if (rc == 0) {
        number[TRUST_BRIER * n_jobs + (size_t)job] = score_find("brier")->value(judged);
        number[TRUST_ECE * n_jobs + (size_t)job] = score_find("ece")->value(judged);
    }
    judged_free(judged);
    return rc;
}

static int score_jobs(struct store *store, const struct summary *summary, double *number, struct err *err)
{
    struct predicted *predicted = NULL;
    size_t n_jobs = (size_t)store_n_jobs(store);
    int rc = predicted_new(store, &predicted, err);
    for (size_t i = 0; i < N_TRUST * n_jobs; i++)
        number[i] = (double)NAN;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        for (int i = 0; i < summary->group[g].n_state[JOB_DONE] && rc == 0; i++)
            rc = score_job(predicted, summary->group[g].job[i], number, n_jobs, err);
    predicted_free(predicted);
    return rc;
}

/* In double precision, unlike metrics that are stored. */
static void name(struct replicates *replicates, const char *metric)
{
    snprintf(replicates->metric, sizeof replicates->metric, "%s", metric);
    replicates->better = -1;
    for (int g = 0; g < replicates->n_groups; g++)
        replicates->group[g].rounding = 0;
}

int trust_new(struct store *store, const struct summary *summary, struct replicates *out[N_TRUST],
              struct err *err)
{
    size_t n_jobs = (size_t)store_n_jobs(store);
    double *number = err_calloc(N_TRUST * n_jobs, sizeof *number, "scores", err);
    int rc = number ? score_jobs(store, summary, number, err) : E_IO;
    memset(out, 0, N_TRUST * sizeof *out);
    for (size_t t = 0; t < N_TRUST && rc == 0; t++) {
        rc = replicates_of_jobs(store, summary, number + t * n_jobs, &out[t], err);
        if (rc == 0)
            name(out[t], trust_names[t]);
    }
    free(number);
    if (rc < 0)
        trust_free(out);
    return rc;
}

void trust_free(struct replicates *trust[N_TRUST])
{
    for (int t = 0; t < N_TRUST; t++) {
        replicates_free(trust[t]);
        trust[t] = NULL;
    }
}
