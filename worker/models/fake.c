/* Model "fake": an epoch is a sleep of fake.milliseconds and its numbers come from the job's random stream.
 * It stands in for training where the orchestration is what is tested, under any strategy.
 *
 * Tests hold its jobs where they want to look at them, however fast the machine: with
 * CELLSWEEP_TEST_HOLD=FOLDER in the environment epoch e, counted from 0, of the job with a key does not
 * end while FOLDER/<key> or FOLDER/all has a number of at most e in it. What is held so says so by
 * making FOLDER/<key>.held. */
#include "models/model.h"

#include "clock.h"
#include "rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 1 when FOLDER/name has a number of at most `epoch` in it. */
static int says_hold(const char *folder, const char *name, int epoch)
{
    char path[4200];
    int first, found = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (f) {
        found = fscanf(f, "%d", &first) == 1 && first <= epoch;
        fclose(f);
    }
    return found;
}

static int is_held(const char *key, int epoch, int *told)
{
    const char *folder = getenv("CELLSWEEP_TEST_HOLD");
    char path[4200];
    if (!folder || !(says_hold(folder, "all", epoch) || says_hold(folder, key, epoch)))
        return 0;
    if (!(*told)++) {
        snprintf(path, sizeof path, "%s/%s.held", folder, key);
        FILE *f = fopen(path, "w");
        if (f)
            fclose(f);
    }
    return 1;
}

struct settings {
    double milliseconds;
};

static const struct setting settings[] = {
    {"fake.milliseconds", SETTING_REAL, offsetof(struct settings, milliseconds), 0, 1e6, "1", NULL,
     "what an epoch of model fake takes"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

static double milliseconds_of(const struct config *config)
{
    return ((const struct settings *)config_of(config, &section))->milliseconds;
}

struct fake {
    double milliseconds;
    int n_classes;
    char key[CONFIG_WORD_SIZE]; /* the job's */
};

/* What it stands in for has a kind of job for every network. */
static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    char network[MODEL_IDENTITY_SIZE];
    model_cnn.identity(config, network);
    snprintf(out, MODEL_IDENTITY_SIZE, "fake%s", strchr(network, ' '));
}

/* Milliseconds; an epoch of none takes some time, too. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    (void)n_seen, (void)n_judged;
    return fmax(milliseconds_of(config), 1e-3) * (double)config->epochs;
}

static int open_fake(const struct model_spec *spec, void **out, struct err *err)
{
    struct fake *fake = err_calloc(1, sizeof *fake, "a model", err);
    *out = fake;
    if (!fake)
        return E_IO;
    fake->milliseconds = milliseconds_of(spec->config);
    fake->n_classes = spec->config->clusters.n;
    snprintf(fake->key, sizeof fake->key, "%s", spec->job_key ? spec->job_key : "");
    return 0;
}

/* Pure functions of key and epoch. */
static void make_up(const struct fake *fake, int epoch, float numbers[N_SETS][N_ALL_METRICS])
{
    struct rng rng = rng_start(rng_key("fake metrics", fake->key, strlen(fake->key)), (uint64_t)epoch);
    for (int m = 0; m < N_METRICS; m++) {
        numbers[SET_TRAIN][m] = (float)rng_uniform(&rng);
        numbers[SET_TEST][m] = (float)rng_uniform(&rng);
    }
    for (int m = 0; m < N_ALL_METRICS; m++)
        numbers[SET_VAL][m] = (float)rng_uniform(&rng);
    numbers[SET_TEST][METRIC_AUROC] = (float)rng_uniform(&rng);
    numbers[SET_TRAIN][METRIC_AUROC] = (float)NAN;
}

/* Sleeps in slices of at most 1 ms; in between others are served. */
static int epoch_of(void *model, int epoch, struct pause *pause, float numbers[N_SETS][N_ALL_METRICS],
                    struct err *err)
{
    const struct fake *fake = model;
    double end = clock_now() + fake->milliseconds * 1e-3;
    int told = 0;
    make_up(fake, epoch, numbers);
    for (double left; (left = end - clock_now()) > 0 || is_held(fake->key, epoch, &told);) {
        struct timespec nap = {.tv_nsec = left > 0 && left < 1e-3 ? (long)(left * 1e9) : 1000000};
        nanosleep(&nap, NULL);
        if (pause->ask && pause->ask(pause->self))
            return err_set(err, E_STOPPED, "stopped between mini-batches");
    }
    return 0;
}

/* A pure function of the key. */
static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct fake *fake = model;
    struct rng rng = rng_start(rng_key("fake predictions", fake->key, strlen(fake->key)), 0);
    int n_classes = fake->n_classes;
    (void)image;
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int c = 0; c < n_classes; c++)
            sum += probs[i * n_classes + c] = (float)rng_uniform(&rng) + 0.01f;
        for (int c = 0; c < n_classes; c++)
            probs[i * n_classes + c] /= sum;
    }
}

const struct model_kind model_fake = {
    .name = "fake",
    .help = "sleeps; its numbers are made up: for testing the orchestration",
    .section = &section,
    .can = MODEL_HEEDS | MODEL_EPOCHS | MODEL_MADE_UP,
    .seconds = 1e-3,
    .identity = identity,
    .work = work,
    .open = open_fake,
    .epoch = epoch_of,
    .judge = judge,
    .close = free,
};
