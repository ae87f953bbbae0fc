#include "samples/batches.h"

#include "samples/augment.h"
#include "samples/render.h"
#include "select.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A job's samples and its mini-batches. */
struct job {
    struct dataset *data;
    struct config config;
    struct job_samples samples;
    struct batches batches;
};

static void begin_with(struct job *job, const int *count, const char *strategy, int batch,
                       const char *setting, const char *value)
{
    struct err err = {0};
    job->data = noise_dataset(3, count, 8, 1);
    job->config = noise_config(job->data, strategy, "holdout");
    job->config.batch = batch;
    with_text(&job->config, setting, value);
    assert_int_equal(job_samples_select(&job->config, job->data, "key", NULL, &job->samples, &err), 0);
    assert_int_equal(job_samples_render(&job->config, job->data, "key", &job->samples, &err), 0);
    assert_int_equal(batches_new(&job->config, job->data, &job->samples, "key", &job->batches, &err), 0);
}

static void begin(struct job *job, const int *count, const char *strategy, int batch)
{
    begin_with(job, count, strategy, batch, "train.augment", "none");
}

static void end(struct job *job)
{
    batches_free(&job->batches);
    job_samples_free(&job->samples);
    hand_dataset_free(job->data);
}

/* Position of the training sample with these pixels. */
static int sample_of(const struct job *job, const float *pixels)
{
    int i = 0;
    while (i < job->samples.train.n && job->samples.train.sample[i].pixels != pixels)
        i++;
    return i;
}

static const int sizes[] = {50, 20, 10}; /* 64 of them train: 40, 16, 8 */

static void plain_epochs_see_every_sample_once(void **state)
{
    struct job job;
    struct batch batch;
    int order[2][64];
    (void)state;
    begin(&job, sizes, "none", 24);
    for (int epoch = 0; epoch < 2; epoch++) {
        int seen[64] = {0}, n = 0;
        assert_int_equal(batches_start(&job.batches, 0, epoch), 64);
        for (int size; (size = batches_next(&job.batches, (uint64_t)n, &batch)) > 0; n += size) {
            assert_int_equal(size, n < 48 ? 24 : 16);
            for (int i = 0; i < size; i++) {
                int at = sample_of(&job, batch.image[i]), label = job.samples.train.sample[at].label;
                order[epoch][n + i] = at;
                seen[at]++;
                assert_int_equal(job.batches.label[i], label);
                for (int c = 0; c < 3; c++)
                    assert_true(batch.target[i * 3 + c] == (c == label ? 1.0f : 0.0f));
                assert_true(batch.weight[i] == 1.0f);
            }
        }
        for (int i = 0; i < 64; i++)
            assert_int_equal(seen[i], 1);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    end(&job);
}

/* Members of an ensemble see their own samples, in an order of their own. */
static void members_see_their_own_samples(void **state)
{
    struct job job;
    struct batch batch;
    (void)state;
    begin(&job, sizes, "easy-ensemble", 7);
    for (int m = 0; m < job.samples.recipe.n_members; m++) {
        int count[3] = {0}, n;
        assert_int_equal(batches_start(&job.batches, m, 0), 24);
        while ((n = batches_next(&job.batches, 0, &batch)) > 0)
            for (int i = 0; i < n; i++) {
                assert_true(sample_is_of(&job.samples.train.sample[sample_of(&job, batch.image[i])], m));
                count[job.batches.label[i]]++;
            }
        assert_memory_equal(count, ((const int[]){8, 8, 8}), sizeof count);
    }
    end(&job);
}

static void balanced_batches_hold_equal_classes(void **state)
{
    struct job job;
    struct batch batch;
    int drawn[64] = {0}, n_batches = 0, n;
    (void)state;
    begin(&job, sizes, "balanced-batch", 24);
    for (int epoch = 0; epoch < 200; epoch++) {
        assert_int_equal(batches_start(&job.batches, 0, epoch), 64);
        for (; (n = batches_next(&job.batches, 0, &batch)) > 0; n_batches++) {
            int count[3] = {0};
            for (int i = 0; i < n; i++) {
                count[job.batches.label[i]]++;
                drawn[sample_of(&job, batch.image[i])]++;
            }
            for (int c = 0; c < 3; c++)
                assert_in_range(count[c], n / 3, n / 3 + (n % 3 > 0));
        }
    }
    assert_int_equal(n_batches, 600);
    for (int i = 0; i < 64; i++) {
        double expected =
            200 * 64 / 3.0 / (double)(const int[]){40, 16, 8}[job.samples.train.sample[i].label];
        assert_true(fabs(drawn[i] - expected) < 5 * sqrt(expected));
    }
    end(&job);
}

/* A class that the split left without training images has no turn. */
static void absent_classes_have_no_turn(void **state)
{
    struct job job;
    struct batch batch;
    int kept = 0;
    (void)state;
    begin(&job, sizes, "balanced-batch", 10);
    struct samples *train = &job.samples.train;
    for (int i = 0; i < train->n; i++)
        if (train->sample[i].label != 1)
            train->sample[kept++] = train->sample[i];
    train->n = kept;
    assert_int_equal(batches_start(&job.batches, 0, 0), 48);
    assert_int_equal(batches_next(&job.batches, 0, &batch), 10);
    int first = 0;
    for (int i = 0; i < 10; i++)
        first += job.batches.label[i] == 0;
    assert_int_equal(first, 5);
    end(&job);
}

/* Largest distance of the empirical distribution of n draws from one that is known: below 1.95 / sqrt(n) but
 * once in a thousand times (Kolmogorov). */
static double distance_from(double (*cdf)(double), double *value, int n)
{
    double worst = 0;
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && value[k] < value[k - 1]; k--) {
            double swap = value[k];
            value[k] = value[k - 1];
            value[k - 1] = swap;
        }
    for (int i = 0; i < n; i++)
        worst = fmax(worst, fmax(fabs(cdf(value[i]) - (double)i / n), fabs(cdf(value[i]) - (i + 1.0) / n)));
    return worst;
}

static double uniform_cdf(double x)
{
    return x;
}

static double arcsine_cdf(double x)
{
    return 2 / acos(-1) * asin(sqrt(x));
}

static double quadratic_cdf(double x)
{
    return x * x * (3 - 2 * x);
}

/* Beta(1, 1), Beta(1/2, 1/2) and Beta(2, 2) have these distributions. */
static void lambda_is_beta(void **state)
{
    enum { N = 3000 };
    static double value[N];
    double (*const cdf[])(double) = {uniform_cdf, arcsine_cdf, quadratic_cdf};
    const double alpha[] = {1, 0.5, 2};
    struct rng rng = rng_start(rng_key("test", "beta", 4), 0);
    (void)state;
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < N; i++)
            value[i] = batches_beta(&rng, alpha[k]);
        assert_true(distance_from(cdf[k], value, N) < 1.95 / sqrt(N));
    }
}

/* Mean 1/2, variance 1 / (4 (2 alpha + 1)); the smallest alpha gives numbers too. */
static void lambda_has_the_moments_of_beta(void **state)
{
    enum { N = 40000 };
    const double alpha[] = {0.001, 0.2, 0.4, 7};
    struct rng rng = rng_start(rng_key("test", "moments", 7), 0);
    (void)state;
    for (int k = 0; k < 4; k++) {
        double sum = 0, squares = 0, variance = 1 / (4 * (2 * alpha[k] + 1));
        for (int i = 0; i < N; i++) {
            double x = batches_beta(&rng, alpha[k]);
            assert_true(x >= 0 && x <= 1);
            sum += x - 0.5;
            squares += (x - 0.5) * (x - 0.5);
        }
        assert_true(fabs(sum / N) < 5 * sqrt(variance / N));
        assert_true(fabs(squares / N - variance) < 0.02 * variance);
    }
}

static struct rng mixup_stream(uint64_t step)
{
    return rng_start(rng_key("mixup", "key", 3), step);
}

/* Images, targets and weights of a mixed batch from the documented stream: lambda, then the permutation. */
static void mixed_batches_are_the_documented_ones(void **state)
{
    enum { BATCH = 16 };
    struct job plain, mixed;
    struct batch a, b;
    (void)state;
    begin(&plain, sizes, "reweight", BATCH);
    begin(&mixed, sizes, "reweight+mixup", BATCH);
    batches_start(&plain.batches, 0, 3);
    batches_start(&mixed.batches, 0, 3);
    for (uint64_t step = 70; step < 74; step++) {
        int partner[BATCH];
        struct rng rng = mixup_stream(step);
        double lambda = batches_beta(&rng, 0.2);
        for (int i = 0; i < BATCH; i++)
            partner[i] = i;
        rng_shuffle(&rng, partner, BATCH);
        assert_int_equal(batches_next(&plain.batches, step, &a), BATCH);
        assert_int_equal(batches_next(&mixed.batches, step, &b), BATCH);
        for (int i = 0; i < BATCH; i++) {
            int j = partner[i], label = plain.batches.label[lambda >= 0.5 ? i : j];
            assert_int_equal(mixed.batches.label[i], label);
            for (int p = 0; p < 64; p++)
                assert_true(fabs((double)b.image[i][p] - lambda * (double)a.image[i][p] -
                                 (1 - lambda) * (double)a.image[j][p]) < 1e-6);
            for (int c = 0; c < 3; c++) {
                double expected = lambda * (double)(a.weight[i] * a.target[i * 3 + c]) +
                                  (1 - lambda) * (double)(a.weight[j] * a.target[j * 3 + c]);
                assert_true(fabs((double)(b.weight[i] * b.target[i * 3 + c]) - expected) < 1e-6);
            }
            assert_true(fabs((double)(b.target[i * 3] + b.target[i * 3 + 1] + b.target[i * 3 + 2]) - 1) <
                        1e-6);
        }
    }
    end(&plain);
    end(&mixed);
}

/* From the second stage on, batches are balanced and of the last layer alone. */
static void retraining_begins_late(void **state)
{
    struct job job;
    struct batch batch;
    (void)state;
    begin(&job, sizes, "crt", 64);
    int from = job.samples.recipe.retrain_from;
    assert_in_range(from, 1, (int)job.config.epochs - 1);
    for (int epoch = from - 1; epoch <= from; epoch++) {
        int count[3] = {0};
        batches_start(&job.batches, 0, epoch);
        int n = batches_next(&job.batches, 0, &batch);
        for (int i = 0; i < n; i++)
            count[job.batches.label[i]]++;
        assert_int_equal(batch.last_only, epoch == from);
        assert_memory_equal(count, epoch == from ? ((const int[]){22, 21, 21}) : ((const int[]){40, 16, 8}),
                            sizeof count);
    }
    end(&job);
}

/* A class keeps 1 - e of its target, blended or not; classes of equal size are all at the tail, 0. */
static void smoothed_targets_sum_to_one(void **state)
{
    static const char *const texts[] = {"label-aware", "label-aware+mixup", "oversample+label-aware"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct job job;
        struct batch batch;
        int full = 0;
        begin(&job, sizes, texts[k], 64);
        batches_start(&job.batches, 0, 0);
        int n = batches_next(&job.batches, 0, &batch);
        for (int i = 0; i < n; i++) {
            const float *t = batch.target + (size_t)i * 3;
            assert_true(fabs((double)(t[0] + t[1] + t[2]) - 1) < 1e-6);
            full += t[0] == 1.0f || t[1] == 1.0f || t[2] == 1.0f;
            assert_true(k != 0 ||
                        fabs((double)t[0] - (job.batches.label[i] == 0 ? 0.7 : (double)t[0])) < 1e-6);
        }
        assert_true(k == 0 ? full == 8 : k == 1 ? full < 8 : full == n);
        end(&job);
    }
}

/* torch.nn.CrossEntropyLoss(label_smoothing = s). */
static void smoothed_labels_are_torchs(void **state)
{
    struct job job;
    struct batch batch;
    (void)state;
    begin_with(&job, sizes, "reweight", 64, "train.label_smoothing", "0.3");
    batches_start(&job.batches, 0, 0);
    for (int i = batches_next(&job.batches, 0, &batch) - 1; i >= 0; i--)
        for (int c = 0; c < 3; c++)
            assert_true(fabs((double)batch.target[i * 3 + c] - (c == job.batches.label[i] ? 0.8 : 0.1)) <
                        1e-6);
    end(&job);
}

/* The warp of a sample by the documented stream. */
static void expect_warp(const struct job *job, const struct sample *sample, int epoch, int turn,
                        float out[64])
{
    const struct {
        uint64_t key;
        int32_t image, copy, member, epoch, turn, nothing;
    } which = {rng_key("augment all", "key", 3), sample->image, sample->copy, 0, epoch, turn, 0};
    struct rng rng = rng_start(rng_key("augment all", &which, sizeof which), 0);
    struct augment_warp warp = augment_draw(&job->config, 8, &rng);
    augment_apply(out, sample->variant >= 0 ? dataset_pixels(job->data, sample->image) : sample->pixels, 8, 1,
                  &warp);
}

/* Whatever made a sample, it is seen through the warp of its image, copy and epoch, wherever it stands. */
static void every_sample_is_warped_anew(void **state)
{
    static const char *const strategies[] = {"none", "oversample", "augment", "smote", "balanced-batch"};
    (void)state;
    for (int s = 0; s < 5; s++)
        for (int epoch = 0; epoch < 2; epoch++) {
            struct job plain, warped;
            struct batch a, b;
            float expected[64];
            begin(&plain, sizes, strategies[s], 24);
            begin_with(&warped, sizes, strategies[s], 24, "train.augment", "all");
            int left = batches_start(&plain.batches, 0, epoch), place = 0;
            assert_int_equal(batches_start(&warped.batches, 0, epoch), left);
            for (; left > 0; left -= a.n) {
                batches_next(&plain.batches, 0, &a);
                assert_int_equal(batches_next(&warped.batches, 0, &b), a.n);
                for (int i = 0; i < a.n; i++, place++) {
                    const struct sample *sample = &plain.samples.train.sample[sample_of(&plain, a.image[i])];
                    if (strcmp(strategies[s], "oversample") == 0) /* copies share their pixels */
                        continue;
                    expect_warp(&warped, sample, epoch, s == 4 ? place : 0, expected);
                    assert_memory_equal(b.image[i], expected, sizeof expected);
                }
            }
            end(&plain);
            end(&warped);
        }
}

/* Copies of an image, and the same one drawn twice, look different; and nothing looks as in another epoch. */
static void no_two_warps_are_alike(void **state)
{
    static const char *const strategies[] = {"oversample", "balanced-batch"};
    (void)state;
    for (int s = 0; s < 2; s++) {
        static float seen[256][64];
        struct job job;
        struct batch batch;
        int n = 0;
        begin_with(&job, sizes, strategies[s], 24, "train.augment", "all");
        for (int epoch = 0; epoch < 2; epoch++)
            for (int left = batches_start(&job.batches, 0, epoch), step = 0; left > 0; left -= batch.n) {
                batches_next(&job.batches, 0, &batch);
                assert_int_equal(batch.step, epoch * batch.per_epoch + step++);
                for (int i = 0; i < batch.n; i++)
                    memcpy(seen[n++], batch.image[i], sizeof seen[0]);
            }
        assert_in_range(n, 128, 256);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++)
                assert_memory_not_equal(seen[i], seen[j], sizeof seen[0]);
        end(&job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_epochs_see_every_sample_once),
        cmocka_unit_test(members_see_their_own_samples),
        cmocka_unit_test(balanced_batches_hold_equal_classes),
        cmocka_unit_test(smoothed_targets_sum_to_one),
        cmocka_unit_test(retraining_begins_late),
        cmocka_unit_test(smoothed_labels_are_torchs),
        cmocka_unit_test(every_sample_is_warped_anew),
        cmocka_unit_test(no_two_warps_are_alike),
        cmocka_unit_test(absent_classes_have_no_turn),
        cmocka_unit_test(lambda_is_beta),
        cmocka_unit_test(lambda_has_the_moments_of_beta),
        cmocka_unit_test(mixed_batches_are_the_documented_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
