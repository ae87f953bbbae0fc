#include "sections.h"
#include "strategies/balance.h"

#include "samples/render.h"
#include "select.h"
#include "support/golden_cases.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- golden cases of imbalanced-learn ---- */

enum { MOST = 80, MOST_CLASSES = 3 };

struct golden {
    int size, n_classes, count[MOST_CLASSES], n;
    struct dataset *data;
    int near[MOST][MOST]; /* near[i][j] 1: SMOTE may blend i with j */
    int danger[MOST], tomek[MOST], nearmiss[MOST];
};

/* Numbers of a line behind its first word. */
static int numbers(char *line, double *out, int most)
{
    int n = 0;
    for (char *p = strchr(line, ','); p && n < most; p = strchr(p + 1, ','))
        out[n++] = strtod(p + 1, NULL);
    return n;
}

static void begin_case(struct golden *g, const double *v, int n)
{
    int number[MOST_CLASSES] = {1, 2, 3};
    g->size = (int)v[0];
    g->n_classes = n - 1;
    for (int c = 0; c < g->n_classes; c++)
        g->count[c] = (int)v[c + 1];
    g->data = hand_dataset(g->n_classes, number, g->count, g->size);
    g->n = g->data->n_images;
}

static void assert_blend(const struct golden *g, const double *v)
{
    float pixels[MOST];
    struct sample sample = {.image = (int)v[0], .variant = -1, .partner = (int)v[1], .blend = v[2]};
    struct samples list = {.sample = &sample, .n = 1};
    struct config config = config_defaults(worker_schema());
    assert_int_equal(samples_render(&config, g->data, "key", &list, NULL), 0);
    memcpy(pixels, sample.pixels, (size_t)(g->size * g->size) * sizeof *pixels);
    for (int i = 0; i < g->size * g->size; i++)
        assert_true(fabs((double)pixels[i] - v[3 + i]) < 1e-7);
    free(list.rendered);
}

static void take_line(void *to, char *line)
{
    struct golden *g = to;
    double v[MOST] = {0};
    int n = numbers(line, v, MOST);
    if (strncmp(line, "case", 4) == 0)
        begin_case(g, v, n);
    for (int i = 1; strncmp(line, "pixels", 6) == 0 && i < n; i++)
        g->data->pixels[(int)v[0] * g->size * g->size + i - 1] = (float)v[i];
    for (int i = 1; strncmp(line, "smote", 5) == 0 && i < n; i++)
        g->near[(int)v[0]][(int)v[i]] = 1;
    for (int i = 1; strncmp(line, "danger", 6) == 0 && i < n; i++)
        g->danger[(int)v[i]] = 1;
    for (int i = 0; strncmp(line, "tomek", 5) == 0 && i < n; i++)
        g->tomek[(int)v[i]] = 1;
    for (int i = 0; strncmp(line, "nearmiss", 8) == 0 && i < n; i++)
        g->nearmiss[(int)v[i]] = 1;
    if (strncmp(line, "blend", 5) == 0)
        assert_blend(g, v);
}

/* All originals of data after a strategy; *recipe is what it leaves. */
static struct samples apply(const struct dataset *data, const struct config *config, const char *strategy,
                            const char *key, struct recipe *recipe)
{
    struct samples list = {0};
    struct err err = {0};
    *recipe = recipe_plain();
    for (int i = 0, c = 0; i < data->n_images; i++) {
        c += i > 0 && data->image[i].cluster != data->image[i - 1].cluster;
        assert_int_equal(samples_add(&list, (struct sample){.image = i, .label = c, .variant = -1}, NULL), 0);
    }
    struct balance balance = {.config = config,
                              .data = data,
                              .job_key = key,
                              .n_classes = data->n_clusters,
                              .rng = balance_stream(key),
                              .samples = &list,
                              .recipe = recipe};
    if (balance_apply(strategy, &balance, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < list.n; i++)
        assert_null(list.sample[i].pixels);
    return list;
}

static void assert_kept(const struct golden *g, const char *strategy, const int *kept)
{
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    struct samples list = apply(g->data, &config, strategy, "key", &recipe);
    int found[MOST] = {0};
    for (int i = 0; i < list.n; i++)
        found[list.sample[i].image]++;
    for (int i = 0; i < g->n; i++)
        assert_int_equal(found[i], kept[i]);
    samples_free(&list);
}

/* Over many jobs every allowed pair, and no other, is blended. from: which images may be the first of
 * a pair; NULL: all. */
static void assert_blends(const struct golden *g, const char *strategy, const int *from)
{
    static int seen[MOST][MOST];
    struct config config = config_defaults(worker_schema());
    memset(seen, 0, sizeof seen);
    for (int job = 0; job < 3000; job++) {
        char key[16];
        struct recipe recipe;
        snprintf(key, sizeof key, "job %d", job);
        struct samples list = apply(g->data, &config, strategy, key, &recipe);
        assert_int_equal(list.n, g->n_classes * g->count[0]);
        for (int i = g->n; i < list.n; i++) {
            const struct sample *s = &list.sample[i];
            assert_true(s->blend > 0 && s->blend < 1 && s->copy > 0 && s->variant == -1);
            assert_int_equal(g->data->image[s->partner].cluster, s->label + 1);
            seen[s->image][s->partner] = 1;
        }
        samples_free(&list);
    }
    for (int i = 0; i < g->n; i++)
        for (int j = 0; j < g->n; j++)
            assert_int_equal(seen[i][j], g->near[i][j] && (!from || from[i]));
}

static void rules_on_pixels_agree_with_imbalanced_learn(void **state)
{
    static struct golden g;
    char line[GOLDEN_LINE] = "";
    int n = 0;
    FILE *file = fopen("tests/golden/strategies.csv", "r");
    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; golden_case(file, line, take_line, memset(&g, 0, sizeof g)); n++) {
        assert_blends(&g, "smote", NULL);
        assert_blends(&g, "borderline-smote", g.danger);
        assert_kept(&g, "tomek", g.tomek);
        assert_kept(&g, "nearmiss", g.nearmiss);
        hand_dataset_free(g.data);
    }
    assert_int_equal(n, 4);
    fclose(file);
}

/* ---- corners ---- */

static void smote_of_tiny_classes(void **state)
{
    const int count[] = {9, 1, 3};
    struct dataset *data = noise_dataset(3, count, 4, 1);
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    (void)state;
    struct samples list = apply(data, &config, "smote", "key", &recipe);
    assert_int_equal(list.n, 27);
    for (int i = 13; i < 21; i++)
        assert_true(list.sample[i].image == 9 && list.sample[i].blend == 0.0 &&
                    list.sample[i].copy == i - 12);
    for (int i = 21; i < 27; i++)
        assert_true(list.sample[i].image >= 10 && list.sample[i].partner >= 10 && list.sample[i].blend > 0);
    samples_free(&list);
    hand_dataset_free(data);
}

/* Two classes far apart: no image is in danger, no link to cut. */
static void separate_classes_are_left_alone(void **state)
{
    const int count[] = {12, 6};
    struct dataset *data = noise_dataset(2, count, 4, 1);
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    (void)state;
    for (int i = 12 * 16; i < 18 * 16; i++)
        data->pixels[i] += 20;
    with(&config, "borderline-smote.m", 5);
    struct samples a = apply(data, &config, "borderline-smote", "key", &recipe),
                   b = apply(data, &config, "tomek", "key", &recipe);
    assert_int_equal(a.n, 18);
    assert_int_equal(b.n, 18);
    samples_free(&a);
    samples_free(&b);
    hand_dataset_free(data);
}

/* Links between three classes could take both images of the second: it keeps one. */
static void tomek_leaves_every_class_an_image(void **state)
{
    const int count[] = {1, 2, 2};
    struct dataset *data = noise_dataset(3, count, 2, 1);
    static const float gray[] = {0, 0.1f, 5.1f, 5, 9};
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    (void)state;
    for (int i = 0; i < 20; i++)
        data->pixels[i] = gray[i / 4];
    struct samples list = apply(data, &config, "tomek", "key", &recipe);
    int kept[3];
    samples_count(&list, 3, kept);
    assert_memory_equal(kept, ((const int[]){1, 1, 1}), sizeof kept);
    samples_free(&list);
    hand_dataset_free(data);
}

/* What SMOTE made counts as images of its class: SMOTE and then Tomek links is a known pair. */
static void made_images_are_compared_too(void **state)
{
    const int count[] = {30, 10};
    struct dataset *data = noise_dataset(2, count, 4, 2);
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    (void)state;
    with(&config, "focal.gamma", 3);
    struct samples alone = apply(data, &config, "tomek", "key", &recipe),
                   after = apply(data, &config, "smote+tomek+focal", "key", &recipe);
    int n_alone[2], n_after[2];
    samples_count(&alone, 2, n_alone);
    samples_count(&after, 2, n_after);
    assert_true(n_alone[0] < 30 && n_alone[1] == 10);
    assert_true(n_after[0] == 30 && n_after[1] == 30); /* classes are equal by then: none is larger */
    assert_true(recipe.loss == LOSS_FOCAL && recipe.gamma == 3.0);
    samples_free(&alone);
    samples_free(&after);
    with(&config, "balance.threshold", 40);
    with(&config, "balance.cap", 40);
    struct samples both = apply(data, &config, "augment+nearmiss", "key", &recipe);
    assert_int_equal(both.n, 80);
    samples_free(&both);
    hand_dataset_free(data);
}

/* ---- recipes ---- */

static struct recipe recipe_of(const int *count, const char *strategy, const struct config *config)
{
    struct dataset *data = noise_dataset(3, count, 2, 1);
    struct recipe recipe;
    struct samples list = apply(data, config, strategy, "key", &recipe);
    samples_free(&list);
    hand_dataset_free(data);
    return recipe;
}

static void assert_close(float value, double expected)
{
    assert_true(fabs((double)value - expected) <= 1e-6 * (1 + fabs(expected)));
}

static void class_balanced_weights(void **state)
{
    const int count[] = {50, 20, 5};
    struct config config = config_defaults(worker_schema());
    double e[3], sum = 0;
    (void)state;
    with(&config, "class-balanced.beta", 0.9);
    struct recipe r = recipe_of(count, "class-balanced", &config);
    for (int c = 0; c < 3; c++) {
        e[c] = (1 - 0.9) / (1 - pow(0.9, count[c]));
        sum += e[c];
    }
    for (int c = 0; c < 3; c++)
        assert_close(r.class_weight[c], 3 * e[c] / sum);
    with(&config, "class-balanced.beta", 0);
    r = recipe_of(count, "class-balanced", &config);
    for (int c = 0; c < 3; c++)
        assert_close(r.class_weight[c], 1);
    with(&config, "class-balanced.beta", 0.99999999);
    r = recipe_of(count, "class-balanced", &config);
    for (int c = 0; c < 3; c++)
        assert_true(fabs((double)r.class_weight[c] - 3 / (0.02 + 0.05 + 0.2) / count[c]) < 1e-4);
}

static void offsets_and_shifts(void **state)
{
    const int count[] = {50, 20, 5};
    struct config config = config_defaults(worker_schema());
    (void)state;
    struct recipe softmax = recipe_of(count, "balanced-softmax", &config);
    with(&config, "logit-adjust.tau", 1.5);
    struct recipe loss = recipe_of(count, "logit-adjust", &config);
    assert_int_equal(config_set(&config, "logit-adjust.form", "post-hoc", NULL), 0);
    struct recipe post = recipe_of(count, "logit-adjust", &config);
    for (int c = 0; c < 3; c++) {
        double prior = log(count[c] / 75.0);
        assert_close(softmax.logit_offset[c], prior);
        assert_close(loss.logit_offset[c], 1.5 * prior);
        assert_close(post.logit_shift[c], -1.5 * prior);
        assert_true(softmax.logit_shift[c] == 0 && loss.logit_shift[c] == 0 && post.logit_offset[c] == 0);
    }
    struct recipe batch = recipe_of(count, "balanced-batch+mixup+focal", &config);
    assert_true(batch.balanced_batches == 1 && batch.mixup_alpha == 0.2 && batch.loss == LOSS_FOCAL &&
                batch.gamma == 2.0 && batch.n_members == 1);
}

static void threshold_divides_by_class_shares(void **state)
{
    const int count[] = {50, 20, 5};
    struct config config = config_defaults(worker_schema());
    struct recipe recipe = recipe_of(count, "threshold", &config);
    (void)state;
    for (int c = 0; c < 3; c++) {
        assert_true(fabs(exp((double)recipe.logit_shift[c]) - 75.0 / count[c]) < 1e-5);
        assert_true(recipe.logit_offset[c] == 0);
    }
}

/* Weights come in after a share of the epochs, and are multiplied with those of other parts. */
static void margins_and_late_weights(void **state)
{
    const int count[] = {80, 16, 5};
    struct config config = config_defaults(worker_schema());
    (void)state;
    config.epochs = 20;
    with(&config, "class-balanced.beta", 0.9999);
    struct recipe weights = recipe_of(count, "class-balanced", &config);
    struct recipe late = recipe_of(count, "ldam", &config);
    struct recipe both = recipe_of(count, "reweight+ldam", &config);
    for (int c = 0; c < 3; c++) {
        assert_close(late.margin[c], 0.5 * pow(5.0 / count[c], 0.25));
        assert_close(recipe_weight(&late, c, 15), 1);
        assert_close(recipe_weight(&late, c, 16), (double)weights.class_weight[c]);
        assert_close(recipe_weight(&both, c, 16), 101.0 / (3 * count[c]) * (double)weights.class_weight[c]);
    }
    assert_true(late.logit_scale == 30.0 && weights.logit_scale == 0.0);
    with(&config, "ldam.share", 1);
    late = recipe_of(count, "ldam", &config);
    assert_close(recipe_weight(&late, 2, 19), 1);
}

/* Both stages have an epoch, but of a job of one: that is retrained from the beginning. */
static void retraining_has_an_epoch(void **state)
{
    const int count[] = {8, 4, 5};
    struct config config = config_defaults(worker_schema());
    (void)state;
    config.epochs = 20;
    assert_int_equal(recipe_of(count, "crt", &config).retrain_from, 18);
    with(&config, "crt.share", 0.999);
    assert_int_equal(recipe_of(count, "crt", &config).retrain_from, 19);
    config.epochs = 1;
    assert_int_equal(recipe_of(count, "crt", &config).retrain_from, 0);
    assert_int_equal(recipe_of(count, "ldam+balanced-batch", &config).retrain_from, RECIPE_NEVER);
}

/* ---- ensembles ---- */

static void members_get_balanced_subsets_of_their_own(void **state)
{
    const int count[] = {50, 20, 5};
    struct dataset *data = noise_dataset(3, count, 2, 1);
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    uint64_t first = 0, second = 0;
    (void)state;
    with(&config, "easy-ensemble.members", 6);
    struct samples list = apply(data, &config, "easy-ensemble+reweight", "key", &recipe);
    assert_int_equal(recipe.n_members, 6);
    for (int m = 0; m < 6; m++) {
        int n[3] = {0};
        for (int i = 0; i < list.n; i++)
            n[list.sample[i].label] += sample_is_of(&list.sample[i], m);
        assert_memory_equal(n, ((const int[]){5, 5, 5}), sizeof n);
    }
    for (int i = 0; i < list.n && list.sample[i].label == 0; i++) {
        first |= (list.sample[i].members & 1) << i;
        second |= (list.sample[i].members >> 1 & 1) << i;
        assert_true(list.sample[i].members != 0);
    }
    assert_true(first != second);
    for (int c = 0; c < 3; c++)
        assert_true(recipe.class_weight[c] == 1.0f); /* what comes after sees the classes of one network */
    struct samples same = apply(data, &config, "easy-ensemble+undersample+oversample", "key", &recipe);
    assert_int_equal(same.n, list.n);
    samples_free(&same);
    samples_free(&list);
    snprintf(config.strategy, sizeof config.strategy, "focal+easy-ensemble");
    assert_int_equal(balance_n_members(&config), 6);
    snprintf(config.strategy, sizeof config.strategy, "focal+mixup");
    assert_int_equal(balance_n_members(&config), 1);
    hand_dataset_free(data);
}

/* ---- every strategy on random data ---- */

/* A text of one to three strategies, every one of them in turn. */
static void random_strategy(struct rng *rng, int trial, char *out, size_t size)
{
    int n_strategies = 0, more = (int)rng_below(rng, 3);
    while (balance_strategy(n_strategies))
        n_strategies++;
    snprintf(out, size, "%s", balance_strategy(trial % n_strategies)->name);
    for (int k = 0; k < more; k++) {
        const char *name = balance_strategy((int)rng_below(rng, (uint32_t)n_strategies))->name;
        if (strlen(out) + strlen(name) + 2 < size)
            snprintf(out + strlen(out), size - strlen(out), "+%s", name);
    }
}

/* Some images become copies of others, of any class. */
static void plant_copies(struct dataset *data, struct rng *rng)
{
    size_t pixels = (size_t)(data->size * data->size);
    data->content = calloc((size_t)data->n_images, sizeof *data->content);
    for (int i = 0; i < data->n_images; i++)
        data->content[i] = i;
    for (int k = 0; k < 4; k++) {
        int from = (int)rng_below(rng, (uint32_t)data->n_images),
            to = (int)rng_below(rng, (uint32_t)data->n_images);
        memcpy(data->pixels + (size_t)to * pixels, data->pixels + (size_t)from * pixels,
               pixels * sizeof(float));
    }
    for (int i = 0; i < data->n_images; i++)
        for (int j = i; j-- > 0;)
            if (memcmp(data->pixels + (size_t)i * pixels, data->pixels + (size_t)j * pixels,
                       pixels * sizeof(float)) == 0)
                data->content[i] = j;
}

static struct dataset *random_job(struct rng *rng, int trial, const char *const *protocols, int n_protocols,
                                  struct config *config)
{
    int count[4], n = 2 + (int)rng_below(rng, 3);
    char strategy[CONFIG_WORD_SIZE];
    for (int c = 0; c < n; c++)
        count[c] = 3 + (int)rng_below(rng, c == 0 ? 30 : 12);
    struct dataset *data = noise_dataset(n, count, 3, (uint64_t)trial);
    random_strategy(rng, trial, strategy, sizeof strategy);
    *config = noise_config(data, strategy, protocols[rng_below(rng, (uint32_t)n_protocols)]);
    config->seed = (int64_t)rng_below(rng, 1000);
    config->fold = config->protocol.kind == PROTOCOL_KFOLD ? (int64_t)rng_below(rng, 3) : 0;
    config->validation = 0.1 + 0.4 * rng_uniform(rng);
    with(config, "borderline-smote.m", 1 + (int)rng_below(rng, 10));
    if (rng_below(rng, 3) == 0) {
        int threshold = 2 + (int)rng_below(rng, 12);
        with(config, "balance.threshold", threshold);
        with(config, "balance.cap", threshold + (int)rng_below(rng, 12));
    }
    return data;
}

static struct job_samples select_ok(const struct config *config, const struct dataset *data, const char *key)
{
    struct job_samples s;
    struct err err = {0};
    if (job_samples_select(config, data, key, NULL, &s, &err) < 0)
        fail_msg("%s: %s", config->strategy, err.text);
    assert_int_equal(job_samples_render(config, data, key, &s, &err), 0);
    return s;
}

static int same_pixels(const struct dataset *data, int a, int b)
{
    size_t pixels = (size_t)(data->size * data->size);
    return memcmp(data->pixels + (size_t)a * pixels, data->pixels + (size_t)b * pixels,
                  pixels * sizeof *data->pixels) == 0;
}

/* Whether two samples share an origin, by index or by content. */
static int related(const struct dataset *data, const struct sample *a, const struct sample *b)
{
    int shared = same_pixels(data, a->image, b->image);
    shared |= a->blend > 0 && same_pixels(data, a->partner, b->image);
    shared |= b->blend > 0 && same_pixels(data, a->image, b->partner);
    shared |= a->blend > 0 && b->blend > 0 && same_pixels(data, a->partner, b->partner);
    return shared;
}

static int leak_by_brute_force(const struct dataset *data, const struct job_samples *s)
{
    int leak = 0;
    for (int i = 0; i < s->test.n; i++) {
        int found = 0;
        for (int k = 0; k < s->train.n; k++)
            found |= related(data, &s->test.sample[i], &s->train.sample[k]);
        leak += found;
    }
    return leak;
}

/* No pixel vector of the test side in training; exactly made blends of them would show as relations. */
static void assert_no_equal_pixels(const struct dataset *data, const struct job_samples *s)
{
    for (int i = 0; i < s->test.n; i++)
        for (int k = 0; k < s->train.n; k++)
            assert_memory_not_equal(s->test.sample[i].pixels, s->train.sample[k].pixels,
                                    (size_t)(data->size * data->size) * sizeof(float));
}

static void honest_protocols_never_leak(void **state)
{
    static const char *const honest[] = {"holdout", "kfold:3x1"};
    struct rng rng = rng_start(rng_key("test", "honest", 6), 0);
    (void)state;
    for (int trial = 0; trial < 1000; trial++) {
        struct config config;
        struct dataset *data = random_job(&rng, trial, honest, 2, &config);
        struct job_samples s = select_ok(&config, data, "key");
        assert_int_equal(s.leak, 0);
        assert_int_equal(leak_by_brute_force(data, &s), 0);
        assert_no_equal_pixels(data, &s);
        for (int i = 0; i < s.test.n; i++)
            assert_true(s.test.sample[i].copy == 0 && s.test.sample[i].blend == 0.0 &&
                        s.test.sample[i].variant == -1);
        job_samples_free(&s);
        hand_dataset_free(data);
    }
}

static void leak_is_exact(void **state)
{
    static const char *const all[] = {"report", "tail", "holdout", "kfold:3x1"};
    struct rng rng = rng_start(rng_key("test", "leak", 4), 1);
    int leaking[4] = {0}, blended = 0;
    (void)state;
    for (int trial = 0; trial < 600; trial++) {
        struct config config;
        struct dataset *data = random_job(&rng, trial, all, 4, &config);
        plant_copies(data, &rng);
        struct job_samples s = select_ok(&config, data, "key");
        assert_int_equal(s.leak, leak_by_brute_force(data, &s));
        leaking[config.protocol.kind] += s.leak > 0;
        for (int i = 0; i < s.test.n; i++)
            blended += s.test.sample[i].blend > 0;
        job_samples_free(&s);
        hand_dataset_free(data);
    }
    assert_true(leaking[PROTOCOL_REPORT] > 50 && leaking[PROTOCOL_HOLDOUT] > 10 && blended > 50);
}

/* What planning needs: never a smaller test set than the job's, and the same numbers
 * where nothing was compared. */
static void estimates_are_upper_bounds(void **state)
{
    static const char *const all[] = {"report", "tail", "holdout", "kfold:3x1"};
    struct rng rng = rng_start(rng_key("test", "estimate", 8), 0);
    int exact = 0, larger = 0;
    (void)state;
    for (int trial = 0; trial < 1000; trial++) {
        struct config config;
        struct job_samples guess;
        struct err err = {0};
        struct dataset *data = random_job(&rng, trial, all, 4, &config);
        struct job_samples s = select_ok(&config, data, "key");
        assert_int_equal(job_samples_estimate(&config, data, "key", &guess, &err), 0);
        int is_upper = strstr(config.strategy, "tomek") || strstr(config.strategy, "borderline");
        assert_true(guess.test.n >= s.test.n);
        assert_true(is_upper || (guess.test.n == s.test.n && guess.train.n == s.train.n));
        exact += guess.test.n == s.test.n;
        larger += guess.test.n > s.test.n;
        job_samples_free(&s);
        job_samples_free(&guess);
        hand_dataset_free(data);
    }
    assert_true(exact > 500 && larger > 5);
}

static int same_lists(const struct samples *a, const struct samples *b, size_t bytes)
{
    int same = a->n == b->n;
    for (int i = 0; same && i < a->n; i++) {
        const struct sample *x = &a->sample[i], *y = &b->sample[i];
        same = x->image == y->image && x->copy == y->copy && x->members == y->members &&
               memcmp(x->pixels, y->pixels, bytes) == 0;
    }
    return same;
}

static void every_strategy_has_a_title(void **state)
{
    (void)state;
    for (int i = 0; balance_strategy(i); i++) {
        const char *title = balance_title(balance_strategy(i)->name);
        assert_true(*title && strcmp(title, balance_strategy(i)->name) != 0);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(title, balance_strategy(k)->title);
    }
    assert_string_equal(balance_title("augment"), "Augmentation");
    assert_string_equal(balance_title("augment+reweight"), "augment+reweight");
}

static void the_key_decides_every_bit(void **state)
{
    const int count[] = {40, 9, 14};
    struct dataset *data = noise_dataset(3, count, 8, 4);
    (void)state;
    for (int i = 0; balance_strategy(i); i++) {
        struct config config = noise_config(data, balance_strategy(i)->name, "holdout");
        struct job_samples a = select_ok(&config, data, "one"), b = select_ok(&config, data, "one");
        assert_true(same_lists(&a.train, &b.train, 64 * sizeof(float)));
        assert_memory_equal(&a.recipe, &b.recipe, sizeof a.recipe);
        job_samples_free(&a);
        job_samples_free(&b);
    }
    hand_dataset_free(data);
}

/* Results must not change silently from one version to the next: these are the blends version 1 makes. */
static void the_draw_is_pinned(void **state)
{
    const int count[] = {8, 4};
    struct dataset *data = noise_dataset(2, count, 4, 1);
    struct config config = config_defaults(worker_schema());
    struct recipe recipe;
    struct samples list = apply(data, &config, "smote", "key", &recipe);
    static const int pinned[][2] = {{11, 10}, {10, 11}, {9, 11}, {10, 9}};
    static const double blend[] = {0.022048303181003703, 0.41670617733259141, 0.50241772330517265,
                                   0.35266649350476409};
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(list.sample[12 + i].image, pinned[i][0]);
        assert_int_equal(list.sample[12 + i].partner, pinned[i][1]);
        assert_true(list.sample[12 + i].blend == blend[i]);
    }
    samples_free(&list);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_on_pixels_agree_with_imbalanced_learn),
        cmocka_unit_test(smote_of_tiny_classes),
        cmocka_unit_test(separate_classes_are_left_alone),
        cmocka_unit_test(tomek_leaves_every_class_an_image),
        cmocka_unit_test(made_images_are_compared_too),
        cmocka_unit_test(class_balanced_weights),
        cmocka_unit_test(offsets_and_shifts),
        cmocka_unit_test(threshold_divides_by_class_shares),
        cmocka_unit_test(margins_and_late_weights),
        cmocka_unit_test(retraining_has_an_epoch),
        cmocka_unit_test(members_get_balanced_subsets_of_their_own),
        cmocka_unit_test(honest_protocols_never_leak),
        cmocka_unit_test(leak_is_exact),
        cmocka_unit_test(estimates_are_upper_bounds),
        cmocka_unit_test(every_strategy_has_a_title),
        cmocka_unit_test(the_key_decides_every_bit),
        cmocka_unit_test(the_draw_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
