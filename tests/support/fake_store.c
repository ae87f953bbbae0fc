#include "support/fake_store.h"
#include "support/store_fixture.h"

#include "rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fake_pairs[FAKE_PAIRS] = {"8-10", "14-15", "1-27", "3-9"};

static const char *const fake_strategies[FAKE_STRATEGIES] = {"none", "reweight", "undersample", "oversample",
                                                             "augment"};

int fake_job(int pair, int strategy, int seed)
{
    return (pair * FAKE_STRATEGIES + strategy) * FAKE_SEEDS + seed;
}

/* The last seed of 8-10 augment diverged, of 14-15 reweight failed; 3-9 has one seed done a strategy,
 * and its oversample none. */
static enum job_state fake_state(int job)
{
    int seed = job % FAKE_SEEDS, strategy = job / FAKE_SEEDS % FAKE_STRATEGIES,
        pair = job / FAKE_SEEDS / FAKE_STRATEGIES;
    if (job == fake_job(0, 4, FAKE_SEEDS - 1))
        return JOB_DIVERGED;
    if (job == fake_job(1, 1, FAKE_SEEDS - 1))
        return JOB_FAILED;
    if (pair == 3 && (seed > 0 || strategy == 3))
        return seed == 1 ? JOB_RUNNING : JOB_WAITING;
    return JOB_DONE;
}

float fake_metric(int job, int epoch, enum image_set set, enum metric metric)
{
    if (set == SET_TEST && metric == METRIC_ACCURACY)
        metric = METRIC_BALANCED_ACCURACY;
    int strategy = job / FAKE_SEEDS % FAKE_STRATEGIES, pair = job / FAKE_SEEDS / FAKE_STRATEGIES;
    struct rng rng = rng_start(rng_key("fake", &job, sizeof job),
                               (uint64_t)(epoch * 8 + (set == SET_TEST) * 4 + (int)metric));
    struct rng once = rng_start(rng_key("fake", &job, sizeof job), 1000000);
    double shift = 0.06 * rng_normal(&once), noise = rng_normal(&rng), t = epoch / 25.0;
    double level = set == SET_TRAIN ? 1 : 0.55 + 0.06 * strategy + 0.03 * pair + shift;
    double x = 0.5 + (level - 0.5) * (1 - exp(-t)) + 0.03 * noise * exp(-t / 2);
    if (metric == METRIC_BALANCED_ACCURACY && set == SET_TEST)
        x -= pair == 2 ? 0.25 * (1 - exp(-t)) : 0.02;
    if (metric == METRIC_LOSS)
        x = set == SET_TRAIN ? 0.7 * exp(-t) * (1 + 0.1 * noise)
                             : 0.7 + (1.1 - level) * 1.6 * t * (1 + shift);
    else
        x = x > 1 ? 1 : x;
    return (float)x;
}

/* with_axis 1: the first half of the seeds have one learning rate, the others another. */
static struct store_job fake_row(int job, int with_axis)
{
    struct store_job row = {.n_train = -1, .n_test = -1, .leak = -1};
    snprintf(row.key, sizeof row.key, "%032x", (unsigned)job + 1);
    snprintf(row.clusters, sizeof row.clusters, "%s", fake_pairs[job / FAKE_SEEDS / FAKE_STRATEGIES]);
    snprintf(row.strategy, sizeof row.strategy, "%s", fake_strategies[job / FAKE_SEEDS % FAKE_STRATEGIES]);
    strcpy(row.protocol, "report");
    strcpy(row.model, "cnn");
    row.seed = job % FAKE_SEEDS + 1;
    if (with_axis)
        strcpy(row.axis[0], job % FAKE_SEEDS < FAKE_SEEDS / 2 ? "0.001" : "0.0003");
    return row;
}

int fake_leak(int job)
{
    return job / FAKE_SEEDS % FAKE_STRATEGIES >= 3 ? 12 + job % 2 : 0;
}

void fake_confusion(int job, int cell[4])
{
    int seed = job % FAKE_SEEDS;
    cell[0] = 40 - seed;
    cell[1] = 4 + seed;
    cell[2] = 30;
    cell[3] = 15;
}

void fake_confusion_test(int job, int cell[4])
{
    double x = (double)fake_metric(job, FAKE_EPOCHS - 1, SET_TEST, METRIC_BALANCED_ACCURACY);
    cell[0] = cell[3] = (int)lround(1e6 * x);
    cell[1] = cell[2] = 1000000 - cell[0];
}

static int fake_write_job(struct store *store, int job, struct err *err)
{
    static const int zero[FAKE_ALL];
    static const float probs[FAKE_ALL * 2];
    int confusion[4], confusion_test[4], rc = 0;
    struct store_mark mark = {.state = fake_state(job), .attempts = 1, .epochs_done = FAKE_EPOCHS};
    struct store_outcome outcome = {.n_classes = 2,
                                    .n_train = 71,
                                    .judged_epoch = FAKE_EPOCHS,
                                    .set = {[SET_TEST] = {FAKE_TEST, zero, zero, zero, probs, confusion_test},
                                            [SET_ALL] = {FAKE_ALL, zero, zero, zero, probs, confusion}},
                                    .leak = fake_leak(job)};
    if (mark.state == JOB_WAITING)
        return 0;
    mark.epochs_done = mark.state == JOB_DONE ? FAKE_EPOCHS : 7;
    for (int e = 0; e < mark.epochs_done && rc == 0; e++) {
        float train[N_METRICS], test[N_METRICS];
        for (int m = 0; m < N_METRICS; m++) {
            int done = mark.state == JOB_DONE;
            train[m] = done ? fake_metric(job, e, SET_TRAIN, (enum metric)m) : 1000.0f;
            test[m] = done ? fake_metric(job, e, SET_TEST, (enum metric)m) : 1000.0f;
        }
        rc = fixture_epoch(store, job, e, train, test, err);
    }
    fake_confusion(job, confusion);
    fake_confusion_test(job, confusion_test);
    if (rc == 0 && mark.state == JOB_DONE)
        rc = store_write_outcome(store, job, &outcome, err);
    return rc < 0 ? rc : store_write_mark(store, job, &mark, err);
}

struct dataset *fake_dataset(struct err *err)
{
    static const int count[28] = {94, 82, 73, 70, 61, 64, 64, 44, 24, 45, 51, 47, 42, 42,
                                  23, 20, 19, 17, 14, 11, 14, 17, 14, 10, 14, 8,  7,  9};
    struct dataset *data = dataset_new(1000, 50, 1, err);
    for (int c = 0, i = 0; data && c < 28; c++)
        for (int k = 0; k < count[c]; k++, i++) {
            float *pixel = data->pixels + (size_t)i * 2500;
            data->image[i].cluster = c + 1;
            snprintf(data->image[i].id, sizeof data->image[i].id, "c%d-%d", c + 1, k + 1);
            for (int p = 0; p < 2500; p++) {
                double x = p % 50 - 22.0 - c % 5, y = p / 50 - 27.0 + k % 3;
                double spot = exp(-(x * x / 40 + y * y / 90 + x * y / 90)),
                       small = exp(-((x - 5) * (x - 5) + y * y) / 6);
                pixel[p] =
                    (float)fmin(1, 0.75 * spot + 0.5 * small + (fabs(x) + 0.7 * fabs(y) < 21 ? 0.08 : 0));
            }
        }
    if (data) {
        data->synthetic = 1;
        strcpy(data->origin, "builtin");
        if (dataset_finish(data, err) < 0) {
            dataset_free(data);
            data = NULL;
        }
    }
    return data;
}

int fake_store(const char *path, const char *cells, int flags, struct err *err)
{
    struct dataset *data = fake_dataset(err);
    struct store_job *row = calloc(FAKE_JOBS, sizeof *row);
    const char *axis_name[] = {"train.learning_rate"};
    const int axis_is_number[] = {1};
    struct store *store = NULL;
    int rc = data && row ? 0 : E_IO;
    for (int j = 0; j < FAKE_JOBS && rc == 0; j++)
        row[j] = fake_row(j, flags & FAKE_AXIS);
    if (rc == 0 && flags & FAKE_OTHER_DATA) /* an image less of cluster 1, one more of cluster 2 */
        data->image[0].cluster = 2;
    struct store_plan plan = {.name = "fake 'sweep'",
                              .yaml = "",
                              .yaml_resolved = "data: builtin\ngrid: {seed: [1, 2, 3]}\n",
                              .data_origin = "builtin",
                              .data = data,
                              .n_jobs = FAKE_JOBS,
                              .n_epochs = FAKE_EPOCHS,
                              .n_classes = 2,
                              .n_test = FAKE_TEST,
                              .n_all = FAKE_ALL,
                              .job = row,
                              .n_axes = flags & FAKE_AXIS ? 1 : 0,
                              .axis_name = axis_name,
                              .axis_is_number = axis_is_number,
                              .ranks = 1};
    if (rc == 0)
        rc = store_create(path, &plan, err);
    if (rc == 0 && cells)
        rc = dataset_write(data, cells, err);
    if (rc == 0)
        rc = store_open_shared(path, MPI_COMM_NULL, &store, err); /* without MPI: one process */
    for (int j = 0; j < FAKE_JOBS && rc == 0 && !(flags & FAKE_WAITING); j++)
        rc = fake_write_job(store, j, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    free(row);
    dataset_free(data);
    return rc < 0 ? rc : closed;
}
