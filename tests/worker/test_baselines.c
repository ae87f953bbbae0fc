/* Models that are fitted at once against those of scikit-learn and xgboost: class probabilities of the same
 * rows (tests/golden/baselines.py). */
#include "models/model.h"

#include "sections.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N_TRAIN = 90, N_TEST = 30, N = N_TRAIN + N_TEST, SIZE = 10, FLOATS = SIZE * SIZE, MOST_CLASSES = 3 };

static float pixel[N][FLOATS];
static const float *image[N];
static int label[N];
static float weight[N];

static int label_of(int i, int classes)
{
    return classes == 2 ? i % 4 == 0 : i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
}

static void make_rows(int classes, int weighted)
{
    int count[MOST_CLASSES] = {0};
    for (int i = 0; i < N; i++) {
        label[i] = label_of(i, classes);
        image[i] = pixel[i];
        count[label[i]] += i < N_TRAIN;
        for (int j = 0; j < FLOATS; j++) {
            double noise = (i * 7919 + j * 10473 + i * j % 97 * 31) % 1009 / 1009.0;
            pixel[i][j] = (float)(0.5 * noise + 0.1 * label[i] * (j % 7 == label[i]));
        }
    }
    for (int i = 0; i < N; i++)
        weight[i] = weighted ? (float)N_TRAIN / (float)(classes * count[label[i]]) : 1;
}

/* One line of the table. */
struct golden {
    char model[32], settings[128];
    int classes, weighted, sample;
    double p[MOST_CLASSES];
};

static int read_golden(FILE *f, struct golden *g)
{
    char line[512];
    if (!fgets(line, sizeof line, f))
        return 0;
    char *rest = line;
    snprintf(g->model, sizeof g->model, "%s", strsep(&rest, ","));
    snprintf(g->settings, sizeof g->settings, "%s", strsep(&rest, ","));
    assert_int_equal(sscanf(rest, "%d,%d,%d,%lf,%lf,%lf", &g->classes, &g->weighted, &g->sample, &g->p[0],
                            &g->p[1], &g->p[2]),
                     6);
    return 1;
}

static struct config config_of_golden(const struct golden *g)
{
    struct config config = hand_config(g->classes == 2 ? "1-2" : "1-2-3", "none", "holdout");
    struct err err = {0};
    char text[128], *rest = text, *key;
    config.image_size = SIZE;
    assert_int_equal(config_set(&config, "model", g->model, &err), 0);
    snprintf(text, sizeof text, "%s", g->settings);
    while ((key = strsep(&rest, ";")) && *key) {
        char *value = strchr(key, '=');
        *value++ = '\0';
        if (config_set(&config, key, value, &err) < 0)
            fail_msg("%s", err.text);
    }
    return config;
}

static void predict(const struct golden *g, float probs[N_TEST * MOST_CLASSES])
{
    struct config config = config_of_golden(g);
    const struct model_kind *kind = model_of(&config);
    const struct model_spec spec = {.config = &config, .start = 1};
    void *model = NULL;
    struct err err = {0};
    make_rows(g->classes, g->weighted);
    const struct model_set train = {N_TRAIN, image, label, weight};
    int rc = kind->open(&spec, &model, &err);
    for (int e = 0; rc == 0 && e < (kind->can & MODEL_EPOCHS ? config.epochs : 1); e++)
        rc = kind->fit(model, &train, NULL, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    kind->judge(model, image + N_TRAIN, N_TEST, probs);
    kind->close(model);
}

/* How near each model comes: float32 arithmetic, what its solver leaves open, or the spread of means over
 * 3000 trees, four standard deviations of a share near a half. */
static double tolerance_of(const char *model)
{
    static const struct {
        const char *model;
        double tolerance;
    } row[] = {{"knn", 1e-6}, {"logistic", 2e-5}, {"forest", 0.04}, {"svm", 1e-6}, {"boost", 1e-6}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (strcmp(row[i].model, model) == 0)
            return row[i].tolerance;
    fail_msg("no tolerance for model %s", model);
    return 0;
}

static void probabilities_are_those_of_others(void **state)
{
    struct golden g;
    float probs[N_TEST * MOST_CLASSES];
    char line[512];
    int n = 0;
    double worst = 0;
    FILE *f = fopen("tests/golden/baselines.csv", "r");
    (void)state;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (; read_golden(f, &g); n++) {
        if (g.sample == 0) {
            predict(&g, probs);
            worst = 0;
        }
        for (int c = 0; c < g.classes; c++) {
            double off = fabs((double)probs[g.sample * g.classes + c] - g.p[c]);
            worst = fmax(worst, off);
            if (off > tolerance_of(g.model))
                fail_msg("%s %s, %d classes, sample %d: probability %d is off by %g", g.model, g.settings,
                         g.classes, g.sample, c, off);
        }
        if (g.sample == N_TEST - 1)
            print_message("%s %s, %d classes%s: off by at most %.1e\n", g.model, g.settings, g.classes,
                          g.weighted ? ", weighted" : "", worst);
    }
    assert_true(n > 0 && n % N_TEST == 0);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_are_those_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
