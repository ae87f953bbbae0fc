#include "fake.h"

#include "clock.h"
#include "rng.h"

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

int fake_epoch(const struct config *config, const char *key, int epoch, int (*pause)(void *self), void *self,
               struct err *err)
{
    double end = clock_now() + config->fake_milliseconds * 1e-3;
    int told = 0;
    for (double left; (left = end - clock_now()) > 0 || is_held(key, epoch, &told);) {
        struct timespec nap = {.tv_nsec = left > 0 && left < 1e-3 ? (long)(left * 1e9) : 1000000};
        nanosleep(&nap, NULL);
        if (pause && pause(self))
            return err_set(err, E_STOPPED, "stopped between mini-batches");
    }
    return 0;
}

void fake_metrics(const char *key, int epoch, float train[N_METRICS], float val[N_METRICS])
{
    struct rng rng = rng_start(rng_key("fake metrics", key, strlen(key)), (uint64_t)epoch);
    for (int m = 0; m < N_METRICS; m++) {
        train[m] = (float)rng_uniform(&rng);
        val[m] = (float)rng_uniform(&rng);
    }
}

void fake_predict(const char *key, int n, int n_classes, float *probs)
{
    struct rng rng = rng_start(rng_key("fake predictions", key, strlen(key)), 0);
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int c = 0; c < n_classes; c++)
            sum += probs[i * n_classes + c] = (float)rng_uniform(&rng) + 0.01f;
        for (int c = 0; c < n_classes; c++)
            probs[i * n_classes + c] /= sum;
    }
}
