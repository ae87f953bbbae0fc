#include "fake.h"

#include "rng.h"

#include <string.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int fake_epoch(const struct config *config, const struct job_hooks *hooks, struct err *err)
{
    double end = seconds_now() + config->fake_milliseconds * 1e-3;
    for (double left; (left = end - seconds_now()) > 0;) {
        struct timespec nap = {.tv_nsec = left < 1e-3 ? (long)(left * 1e9) : 1000000};
        nanosleep(&nap, NULL);
        if (hooks->pause && hooks->pause(hooks->self))
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
