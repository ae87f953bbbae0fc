#include "stats/tuned.h"

#include "models/model.h"
#include "store/store_chosen.h"
#include "store/stored_model.h"

#include <math.h>
#include <stdlib.h>

struct reading {
    struct store *store;
    struct tuned *tuned;
    int n_trials;
    int *of, *number; /* (n_trials) job and number of each row of a trial */
    struct trial_curves curves;
    struct config config; /* of the job at hand, as the grid has it */
};

static double finite_or_nan(double score)
{
    return isfinite(score) ? score : (double)NAN;
}

static int damaged(const struct reading *r, int row, struct err *err)
{
    return err_set(err, E_IO, "%s: /trials: row %d is no trial of a job: damaged; restore a copy",
                   store_path(r->store), row);
}

int tuned_read_curves(struct store *store, const struct tune *tune, int job, int trial,
                      const struct config *config, struct trial_curves *curves, int *n, struct err *err)
{
    enum metric metric[2];
    enum image_set set = SET_VAL;
    choose_curves_metrics(tune, config, metric);
    int rc = store_choosing_set(store, job, &set, err);
    if (rc == 0)
        rc = store_read_curve(store, trial, set, metric[0], curves->score, err);
    if (rc == 0)
        rc = store_read_curve(store, trial, set, metric[1], curves->on, err);
    *n = 0;
    while (rc == 0 && *n < store_n_epochs(store) && !isnan(curves->score[*n]))
        ++*n;
    return rc;
}

/* The score of one seed of a trial, and its epochs. */
static int read_seed(struct reading *r, int row, const struct config *config, double *score, struct err *err)
{
    struct tuned_job *job = &r->tuned->job[r->of[row]];
    struct store_mark mark;
    int n = 0, at = r->tuned->n_jobs + row, by_epochs = (int)(model_of(config)->can & MODEL_EPOCHS);
    int rc = store_read_mark(r->store, at, &mark, err);
    if (rc == 0)
        rc = tuned_read_curves(r->store, r->tuned->tune, r->of[row], at, config, &r->curves, &n, err);
    if (rc < 0)
        return rc;
    if (mark.state == JOB_FAILED || mark.state == JOB_DIVERGED)
        n = 0;
    *score = choose_trial_score(r->tuned->tune, config, &r->curves, n);
    r->tuned->trial[r->tuned->n_trials].is_pruned |= mark.state == JOB_PRUNED;
    job->epochs += mark.epochs_done;
    job->full += by_epochs ? config->epochs : mark.epochs_done;
    return 0;
}

/* The trial whose first seed is in `row`. *end: the row behind its seeds. */
static int read_trial(struct reading *r, int row, int *end, struct err *err)
{
    struct tuned_job *job = &r->tuned->job[r->of[row]];
    struct config config = r->config;
    double sum = 0, score = 0;
    int rc = 0, i = row;
    tune_apply(r->tuned->tune, r->number[row], &config);
    for (; rc == 0 && i < r->n_trials && r->of[i] == r->of[row] && r->number[i] == r->number[row]; i++) {
        rc = read_seed(r, i, &config, &score, err);
        sum += score;
    }
    *end = i;
    score = sum / (i - row);
    job->score[job->n++] = score;
    struct tuned_trial *trial = &r->tuned->trial[r->tuned->n_trials++];
    trial->job = r->of[row];
    trial->number = r->number[row];
    trial->score = finite_or_nan(score);
    if (r->number[row] == 0)
        job->plain = finite_or_nan(score);
    if (r->number[row] == job->chosen)
        job->best = finite_or_nan(score);
    return rc;
}

static void find_values(struct reading *r, struct tuned_job *job)
{
    const struct tune *tune = r->tuned->tune;
    struct config config = r->config;
    char text[SETTING_TEXT_SIZE];
    tune_apply(tune, job->chosen, &config);
    for (int k = 0; k < tune->n_keys; k++)
        if (config_reads(&config, tune->range[k].key)) {
            config_get(&config, tune->range[k].key, text, sizeof text);
            snprintf(job->value[k], sizeof job->value[k], "%.*s", CONFIG_WORD_SIZE - 1, text);
        }
}

static int by_score(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The job whose first trial is in `row`. *end: the row behind its trials. */
static int read_job(struct reading *r, int row, int *end, struct err *err)
{
    int of = r->of[row], rc = of >= 0 && of < r->tuned->n_jobs ? 0 : damaged(r, row, err);
    if (rc < 0)
        return rc;
    struct tuned_job *job = &r->tuned->job[of];
    if (job->score)
        return damaged(r, row, err);
    job->score = &r->tuned->score[row];
    rc = stored_model_config(r->store, of, &r->config, err);
    if (rc == 0)
        rc = store_read_chosen(r->store, of, &job->chosen, err);
    enum image_set set = SET_VAL;
    if (rc == 0)
        rc = store_choosing_set(r->store, of, &set, err);
    r->tuned->n_on_test += set == SET_TEST;
    if (rc == 0 && job->chosen >= r->tuned->tune->n_trials)
        rc = damaged(r, row, err);
    while (rc == 0 && row < r->n_trials && r->of[row] == of)
        rc = r->number[row] >= 0 && r->number[row] < r->tuned->tune->n_trials ? read_trial(r, row, &row, err)
                                                                              : damaged(r, row, err);
    *end = row;
    if (rc == 0 && job->chosen >= 0)
        find_values(r, job);
    qsort(job->score, (size_t)job->n, sizeof *job->score, by_score);
    return rc;
}

static int make(struct reading *r, struct err *err)
{
    struct tuned *tuned = r->tuned;
    tuned->tune = &store_sweep(r->store)->tune;
    tuned->n_jobs = store_n_jobs(r->store);
    tuned->job = err_calloc((size_t)tuned->n_jobs, sizeof *tuned->job, "the trials", err);
    tuned->score = err_calloc((size_t)r->n_trials, sizeof *tuned->score, "the trials", err);
    tuned->trial = err_calloc((size_t)r->n_trials, sizeof *tuned->trial, "the trials", err);
    r->of = err_calloc(3 * (size_t)r->n_trials, sizeof *r->of, "the trials", err);
    if (!tuned->job || !tuned->score || !tuned->trial || !r->of ||
        choose_curves_new(store_n_epochs(r->store), &r->curves, err) < 0)
        return E_IO;
    r->number = r->of + r->n_trials;
    for (int j = 0; j < tuned->n_jobs; j++)
        tuned->job[j] = (struct tuned_job){.chosen = -1, .best = (double)NAN, .plain = (double)NAN};
    return store_read_trials(r->store, r->of, err);
}

int tuned_new(struct store *store, struct tuned **out, struct err *err)
{
    struct reading r = {.store = store, .n_trials = store_n_trials(store)};
    *out = NULL;
    if (r.n_trials == 0)
        return 0;
    r.tuned = err_calloc(1, sizeof *r.tuned, "the trials", err);
    int rc = r.tuned ? make(&r, err) : E_IO;
    for (int row = 0; rc == 0 && row < r.n_trials;)
        rc = read_job(&r, row, &row, err);
    free(r.of);
    choose_curves_free(&r.curves);
    if (rc < 0)
        tuned_free(r.tuned);
    else
        *out = r.tuned;
    return rc;
}

double tuned_expected(const double *score, int n, int t)
{
    double sum = 0;
    int first = 0;
    while (first < n && !isfinite(score[first]))
        first++;
    for (int i = 0; i < n && first < n; i++)
        sum += score[i < first ? first : i] * (pow((i + 1.0) / n, t) - pow((double)i / n, t));
    return first < n ? sum : (double)NAN;
}

void tuned_free(struct tuned *tuned)
{
    if (!tuned)
        return;
    free(tuned->job);
    free(tuned->score);
    free(tuned->trial);
    free(tuned);
}
