/* load_neighbours [N...]: seconds that rules on distances take, and how they grow.
 *
 * For each N (default 1000 2000 4000 10000) a job of protocol holdout on two classes of N and N / 2 images of
 * 50 x 50 pixels of noise selects its samples, as before it trains; a second job of the same strategy with
 * another seed follows. Prints a table: seconds of both, and the exponents between one N and the next. */
#include "select.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static const char *const strategies[] = {"smote", "borderline-smote", "nearmiss", "tomek"};
enum { N_STRATEGIES = sizeof strategies / sizeof *strategies, IMAGE_SIZE = 50 };

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double select_once(const struct dataset *data, const char *strategy, int seed)
{
    struct config config = noise_config(data, strategy, "holdout");
    struct job_samples samples;
    struct err err;
    config.seed = seed;
    double begin = seconds_now();
    if (job_samples_select(&config, data, "key", NULL, &samples, &err) < 0) {
        fprintf(stderr, "load_neighbours: %s\n", err.text);
        exit(3);
    }
    double end = seconds_now();
    job_samples_free(&samples);
    return end - begin;
}

static void measure(int n, int before, double seconds[2 * N_STRATEGIES])
{
    const int count[] = {n, n / 2};
    struct dataset *data = noise_dataset(2, count, IMAGE_SIZE, 1);
    for (int s = 0; s < N_STRATEGIES; s++)
        for (int k = 0; k < 2; k++) {
            double *slot = &seconds[2 * s + k], last = *slot;
            *slot = select_once(data, strategies[s], 1 + k);
            printf("%8d  %-16s  %s  %9.3f s", n, strategies[s], k ? "again" : "first", *slot);
            if (before > 0)
                printf("  exponent %.2f", log(*slot / last) / log((double)n / before));
            printf("\n");
            fflush(stdout);
        }
    hand_dataset_free(data);
}

int main(int argc, char **argv)
{
    static const int sizes[] = {1000, 2000, 4000, 10000};
    double seconds[2 * N_STRATEGIES] = {0};
    for (int i = 0, before = 0; i < (argc > 1 ? argc - 1 : 4); i++) {
        int n = argc > 1 ? atoi(argv[i + 1]) : sizes[i];
        if (n < 10) {
            fprintf(stderr, "load_neighbours: '%s' is no class size; give numbers from 10\n", argv[i + 1]);
            return 2;
        }
        measure(n, before, seconds);
        before = n;
    }
    return 0;
}
