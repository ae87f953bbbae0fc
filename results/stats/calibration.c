#include "stats/calibration.h"

#include "stats/predicted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one job ---- */

struct calibrator {
    struct store *store;
    struct predicted *val, *test;
    struct scores_input val_input, test_input;
    double trained[CONFIG_MAX_CLUSTERS]; /* NaN: not known */
};

int calibrator_new(struct store *store, struct calibrator **out, struct err *err)
{
    struct calibrator *c = err_calloc(1, sizeof *c, "a job's probabilities", err);
    int rc = c ? 0 : E_IO;
    *out = c;
    if (c)
        c->store = store;
    if (rc == 0)
        rc = predicted_new(store, &c->val, err);
    if (rc == 0)
        rc = predicted_new(store, &c->test, err);
    if (rc == 0)
        return 0;
    calibrator_free(c);
    *out = NULL;
    return rc;
}

void calibrator_free(struct calibrator *calibrator)
{
    if (!calibrator)
        return;
    predicted_free(calibrator->val);
    predicted_free(calibrator->test);
    free(calibrator);
}

int calibrator_read(struct calibrator *calibrator, int job, struct err *err)
{
    int rc = predicted_read(calibrator->test, &job, 1, SET_TEST, &calibrator->test_input, err);
    calibrator->val_input = calibrator->test_input;
    calibrator->val_input.n = 0;
    if (rc == 0 && store_has_val(calibrator->store))
        rc = predicted_read(calibrator->val, &job, 1, SET_VAL, &calibrator->val_input, err);
    return rc == 0 ? store_read_trained(calibrator->store, job, calibrator->trained, err) : rc;
}

int calibrator_score(const struct calibrator *calibrator, enum recalibration how, enum threshold threshold,
                     struct recalibrator *fit, double value[N_CALIBRATION], struct reliability *reliability,
                     struct err *err)
{
    int rc = recalibrate_fit(how, threshold, &calibrator->val_input, calibrator->trained, fit, err);
    if (fit->why && calibrator->val_input.n == 0)
        fit->why = "the job has no val set";
    return rc == 0 ? calibrated_scores(fit, &calibrator->test_input, value, reliability, err) : rc;
}

int calibrator_n_classes(const struct calibrator *calibrator)
{
    return calibrator->test_input.n_classes;
}

int calibrator_positive(const struct calibrator *calibrator)
{
    return calibrator->test_input.positive;
}

int calibrator_class(const struct calibrator *calibrator, int index)
{
    return predicted_cluster(calibrator->test, index);
}

int calibrator_n_val(const struct calibrator *calibrator)
{
    return calibrator->val_input.n;
}

/* ---- a summary ---- */

enum { N_VALUES = N_RECALIBRATIONS * N_CALIBRATION };

/* Scores of a job by every way that is read: value[k * stride] is score k % N_CALIBRATION of way
 * k / N_CALIBRATION. */
static int score_job(const struct calibrator *calibrator, struct readout readout,
                     struct calibration_group *group, double *value, size_t stride, double *cut,
                     struct err *err)
{
    int rc = 0;
    *cut = (double)NAN;
    for (int how = 0; how < N_RECALIBRATIONS && rc == 0; how++) {
        struct calibration_way *way = &group->way[how];
        struct recalibrator fit;
        double scored[N_CALIBRATION];
        if (!(readout.recalibrate >> how & 1))
            continue;
        rc = calibrator_score(calibrator, (enum recalibration)how, (enum threshold)readout.threshold, &fit,
                              scored, &way->reliability, err);
        for (int s = 0; s < N_CALIBRATION && rc == 0; s++)
            value[(size_t)(how * N_CALIBRATION + s) * stride] = scored[s];
        if (rc == 0 && isnan(*cut))
            *cut = recalibrate_cut(&fit, calibrator_positive(calibrator));
        if (rc == 0 && fit.why && way->n_unfit++ == 0)
            way->why = fit.why;
    }
    return rc;
}

/* Means and intervals of value (N_VALUES, n), which is overwritten; count (n) is room. */
static void summarise(const struct summary_group *from, struct readout readout, double *value, int n,
                      int *count, struct calibration_group *group)
{
    for (int k = 0; k < N_VALUES; k++) {
        const struct calibration_score *score = &calibration_scores[k % N_CALIBRATION];
        double *x = value + (size_t)k * (size_t)n;
        if (!(readout.recalibrate >> k / N_CALIBRATION & 1))
            continue;
        int pooled = stats_pool(x, from->first, n, count);
        group->way[k / N_CALIBRATION].score[k % N_CALIBRATION] = stats_within(
            stats_of_splits(x, pooled, from->test_ratio, summary_level), score->least, score->most);
    }
}

static int score_group(struct calibrator *calibrator, const struct summary_group *from,
                       struct readout readout, struct calibration_group *group, struct err *err)
{
    int n = from->n_state[JOB_DONE], rc = 0;
    double *value = err_calloc((N_VALUES + 1) * (unsigned long)n, sizeof *value, "scores", err), *cut;
    int *count = err_calloc((unsigned long)n, sizeof *count, "scores", err);
    group->positive = CLASS_NONE;
    cut = value ? value + (size_t)N_VALUES * (size_t)n : NULL;
    for (int i = 0; i < n && value && count && rc == 0; i++) {
        rc = calibrator_read(calibrator, from->job[i], err);
        if (rc == 0)
            rc = score_job(calibrator, readout, group, value + i, (size_t)n, &cut[i], err);
        if (rc == 0 && calibrator_n_classes(calibrator) == 2)
            group->positive = calibrator_class(calibrator, calibrator_positive(calibrator));
    }
    rc = value && count ? rc : E_IO;
    if (rc == 0) {
        summarise(from, readout, value, n, count, group);
        group->cut = stats_summarise(cut, n, summary_level).mean;
    }
    free(value);
    free(count);
    return rc;
}

int calibration_readout(const struct store *store, struct readout asked, struct readout *out, struct err *err)
{
    char list[READOUT_TEXT_SIZE];
    *out = readout_over(asked, store_sweep(store)->readout);
    if (store_has_val(store) || !readout_fits(*out))
        return 0;
    if (!readout_fits(readout_over(asked, readout_plain()))) {
        *out = readout_over(asked, readout_plain());
        return 0;
    }
    return err_set(err, E_USAGE, "%s: --recalibrate %s --threshold %s: %s", store_path(store),
                   readout_text(out->recalibrate, list), threshold_names[out->threshold], readout_remedy);
}

int calibration_new(struct store *store, const struct summary *summary, struct readout asked,
                    struct calibration **out, struct err *err)
{
    struct calibrator *calibrator = NULL;
    struct calibration *c = err_calloc(1, sizeof *c, "calibration", err);
    int rc = c ? calibration_readout(store, asked, &c->readout, err) : E_IO;
    *out = NULL;
    if (rc == 0) {
        c->n_groups = summary->n_groups;
        c->group = err_calloc((unsigned long)summary->n_groups, sizeof *c->group, "calibration", err);
        rc = c->group ? calibrator_new(store, &calibrator, err) : E_IO;
    }
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = score_group(calibrator, &summary->group[g], c->readout, &c->group[g], err);
    calibrator_free(calibrator);
    if (rc < 0)
        calibration_free(c);
    else
        *out = c;
    return rc;
}

void calibration_free(struct calibration *calibration)
{
    if (!calibration)
        return;
    free(calibration->group);
    free(calibration);
}
