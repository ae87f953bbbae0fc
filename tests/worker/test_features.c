/* What kinds of features make of images, against scikit-image (tests/golden/features.py); and of
 * every kind, none of them by name, what feature.h promises: names, purity, scales of the training
 * images alone, kept models. */
#include "features/features.h"

#include "job.h"
#include "models/model.h"
#include "plan.h"
#include "sections.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"
#include "table/csv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 16, CLASSES = 3, MAX_SIZE = 48, MAX_CHANNELS = 3 };
static const int counts[CLASSES] = {24, 12, 9};

/* ---- golden ---- */

/* image() of features.py */
static void draw(int size, int channels, float *out)
{
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            for (int c = 0; c < channels; c++) {
                double dx = x - size / 2.0, dy = y - size / 2.5, r = size / 1.8;
                int inside = dx * dx + 2 * dy * dy + 3 * x < r * r;
                int value = (x * 37 + y * 59 + c * 71 + x * y * (3 + c)) % 251 + 1;
                *out++ = inside ? (float)value / 256 : 0;
            }
}

static void set(struct config *config, const char *key, const char *text)
{
    struct err err = {0};
    if (config_set(config, key, text, &err) < 0)
        fail_msg("%s", err.text);
}

/* "hog 24 1 9 8 2 l2-hys": kind, size, channels, and the settings of the kind in order. */
static struct config config_of_case(const char *name)
{
    static const char *const keys[2][4] = {
        {"hog.orientations", "hog.cell", "hog.block", "hog.norm"},
        {"shape.object", "shape.levels", "shape.distance", "shape.granularity"}};
    struct config config = config_defaults(worker_schema());
    char text[96], *word, *rest = text;
    snprintf(text, sizeof text, "%s", name);
    set(&config, "features", strtok_r(rest, " ", &rest));
    set(&config, "image.size", strtok_r(rest, " ", &rest));
    config.channels = atoi(strtok_r(rest, " ", &rest));
    for (int k = 0; (word = strtok_r(rest, " ", &rest)); k++)
        set(&config, keys[*name == 's'][k], word);
    return config;
}

static float *row_of_case(const char *name)
{
    static float image[MAX_SIZE * MAX_SIZE * MAX_CHANNELS];
    const float *pointer = image;
    struct config config = config_of_case(name);
    struct features *features = NULL;
    float *row = calloc(feature_floats(&config), sizeof *row);
    draw((int)config.image_size, (int)config.channels, image);
    assert_int_equal(features_new(&config, &features, NULL), 0);
    features_measure(features, &pointer, 1, row);
    features_free(features);
    return row;
}

static void numbers_are_those_of_scikit_image(void **state)
{
    static const char *const columns[] = {"case", "number", "value"};
    const char *field[3];
    char name[96] = "";
    struct csv *csv = NULL;
    struct err err;
    float *row = NULL;
    double worst = 0;
    int n = 0;
    (void)state;
    assert_int_equal(csv_open("tests/golden/features.csv", columns, 3, &csv, &err), 0);
    while (csv_next(csv, field, &err) > 0) {
        if (strcmp(name, field[0]) != 0) {
            free(row);
            snprintf(name, sizeof name, "%s", field[0]);
            row = row_of_case(name);
        }
        double is = (double)row[atoi(field[1])], be = strtod(field[2], NULL),
               off = fabs(is - be) / fmax(1, fabs(be));
        if (off > 1e-6)
            fail_msg("%s, number %s: %.9g, not %s", name, field[1], is, field[2]);
        worst = fmax(worst, off);
        n++;
    }
    free(row);
    csv_close(csv);
    assert_true(n > 100);
    print_message("worst of %d numbers: %.2g\n", n, worst);
}

/* ---- every kind ---- */

static struct config config_for(const struct dataset *data, const char *model,
                                const struct feature_kind *kind)
{
    struct config config = noise_config(data, "none", "holdout");
    set(&config, "model", model);
    set(&config, "features", kind->name);
    with(&config, "hog.cell", 4);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    config.epochs = 3;
    config.batch = 12;
    return config;
}

static void every_number_has_a_name_of_its_own(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct feature_kind *kind;
    (void)state;
    for (int i = 0; (kind = feature_kind(i)); i++) {
        struct config config = config_for(data, "knn", kind);
        size_t n = kind->floats(&config);
        char(*name)[FEATURE_NAME_SIZE] = calloc(n, sizeof *name);
        assert_true(n > 0 && *kind->help);
        for (size_t a = 0; kind->label && a < n; a++) {
            kind->label(&config, a, name[a]);
            assert_true(*name[a] && !strpbrk(name[a], ", \""));
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(name[a], name[b]);
        }
        free(name);
    }
    hand_dataset_free(data);
}

static struct job_result run(const struct config *config, const struct dataset *data, const char *key)
{
    const struct job_hooks hooks = {0};
    struct job_result result;
    struct err err = {0};
    if (job_run(config, data, key, &hooks, &result, &err) < 0)
        fail_msg("%s: %s", config->model, err.text);
    return result;
}

/* What was kept says of all images, asked in one go and one by one, what the job said. */
static void assert_kept_predicts(const struct config *config, const struct dataset *data,
                                 const struct job_result *r)
{
    const struct job_predictions *all = &r->set[SET_ALL];
    const float *image[64];
    float probs[64 * CLASSES], one[CLASSES];
    for (int i = 0; i < all->n; i++)
        image[i] = dataset_pixels(data, all->image[i]);
    assert_int_equal(job_predict(config, r->weights, r->n_weights, image, all->n, probs, NULL), 0);
    assert_memory_equal(probs, all->probs, (size_t)(all->n * CLASSES) * sizeof *probs);
    assert_int_equal(job_predict(config, r->weights, r->n_weights, image + 3, 1, one, NULL), 0);
    assert_memory_equal(one, all->probs + 3 * CLASSES, sizeof one);
}

static void assert_same(const struct job_result *a, const struct job_result *b)
{
    assert_int_equal(a->n_weights, b->n_weights);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
    assert_memory_equal(a->set[SET_ALL].probs, b->set[SET_ALL].probs,
                        (size_t)(a->set[SET_ALL].n * CLASSES) * sizeof(float));
}

static void assert_sound(const struct config *config, const struct dataset *data)
{
    struct job_result a = run(config, data, "key"), b = run(config, data, "key");
    assert_in_range(a.n_weights, 1, job_n_weights(config, a.n_train));
    if (!(model_of(config)->can & MODEL_GROWS))
        assert_int_equal(a.n_weights, job_n_weights(config, a.n_train));
    assert_same(&a, &b);
    assert_kept_predicts(config, data, &a);
    job_result_free(&a);
    job_result_free(&b);
}

/* Is refused when it is planned, or keeps what it promises, alone and in an ensemble. */
static void try_pair(const struct model_kind *model, const struct feature_kind *kind,
                     const struct dataset *data)
{
    struct config config = config_for(data, model->name, kind), many;
    struct job_plan plan;
    int takes = model->can & MODEL_VECTORS || feature_is_pixels(&config);
    config.channels = data->channels;
    assert_int_equal(job_plan(&config, data, "key", &plan, NULL), takes ? 0 : E_USAGE);
    if (!takes || !model->room)
        return;
    assert_sound(&config, data);
    many = config;
    set(&many, "strategy", "easy-ensemble");
    with(&many, "easy-ensemble.members", 3);
    assert_sound(&many, data);
}

static void every_model_with_every_kind(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct model_kind *model;
    const struct feature_kind *kind;
    (void)state;
    for (int c = 1; c <= 3; c += 2, hand_channels(data, 3))
        for (int m = 0; (model = model_kind(m)); m++)
            for (int i = 0; (kind = feature_kind(i)) && !(model->can & MODEL_ELSEWHERE); i++)
                try_pair(model, kind, data);
    hand_dataset_free(data);
}

/* Other test images, the same training images: what is kept stays as it is. */
static void nothing_is_learnt_from_the_test_set(void **state)
{
    const struct feature_kind *kind;
    (void)state;
    for (int i = 0; (kind = feature_kind(i)); i++) {
        struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
        struct config config = config_for(data, "logistic", kind);
        struct job_result a = run(&config, data, "key");
        for (int t = 0; t < a.set[SET_TEST].n; t++) {
            float *pixels = data->pixels + (size_t)a.set[SET_TEST].image[t] * dataset_floats(data);
            for (size_t k = 0; k < dataset_floats(data); k++)
                pixels[k] *= k % 3 == 0;
        }
        struct job_result b = run(&config, data, "key");
        assert_memory_equal(a.weights, b.weights, a.n_weights * sizeof *a.weights);
        assert_memory_not_equal(a.set[SET_TEST].probs, b.set[SET_TEST].probs,
                                (size_t)(a.set[SET_TEST].n * CLASSES) * sizeof(float));
        job_result_free(&a);
        job_result_free(&b);
        hand_dataset_free(data);
    }
}

/* ---- scale ---- */

static void training_rows_are_standardised(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = config_for(data, "knn", &feature_hog);
    struct sample sample[3] = {{.pixels = dataset_pixels(data, 0)},
                               {.pixels = dataset_pixels(data, 30)},
                               {.pixels = dataset_pixels(data, 9)}};
    struct job_samples samples = {.train = {.sample = sample, .n = 2},
                                  .test = {.sample = sample + 2, .n = 1}};
    struct features *features = NULL;
    float *rows = NULL, *again = calloc(feature_floats(&config), sizeof *again);
    (void)state;
    assert_int_equal(features_new(&config, &features, NULL), 0);
    assert_int_equal(features_give(features, &samples, NULL, &rows, NULL), 0);
    int is_scaled = 0;
    for (size_t j = 0; j < feature_floats(&config); j++) {
        double a = (double)sample[0].pixels[j], b = (double)sample[1].pixels[j];
        is_scaled += fabs(a + b) < 1e-3 && fabs(fabs(a) - 1) < 1e-3;
    }
    assert_true(is_scaled > 9 * (int)feature_floats(&config) / 10);
    const float *image = dataset_pixels(data, 9);
    features_make(features, &image, 1, again);
    assert_memory_equal(again, sample[2].pixels, feature_floats(&config) * sizeof *again);
    features_free(features);
    free(rows);
    free(again);
    hand_dataset_free(data);
}

static void unscaled_rows_are_the_numbers(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = config_for(data, "knn", &feature_hog);
    struct features *features = NULL;
    size_t n = feature_floats(&config);
    float *row = calloc(2 * n, sizeof *row);
    const float *image = dataset_pixels(data, 9);
    int n_arrays;
    (void)state;
    set(&config, "features.scale", "none");
    assert_int_equal(features_room(&config, &n_arrays), 0);
    assert_int_equal(n_arrays, 0);
    assert_int_equal(features_new(&config, &features, NULL), 0);
    features_make(features, &image, 1, row);
    features_measure(features, &image, 1, row + n);
    assert_memory_equal(row, row + n, n * sizeof *row);
    features_free(features);
    free(row);
    hand_dataset_free(data);
}

/* ---- identities ---- */

static void identities_tell_features_apart(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config pixels = config_for(data, "logistic", &feature_pixels),
                  hog = config_for(data, "logistic", &feature_hog), finer = hog, raw = hog;
    char text[4][MODEL_IDENTITY_SIZE], plain[MODEL_IDENTITY_SIZE];
    (void)state;
    set(&finer, "hog.orientations", "8");
    set(&raw, "features.scale", "none");
    model_identity(&pixels, text[0]);
    model_identity(&hog, text[1]);
    model_identity(&finer, text[2]);
    model_identity(&raw, text[3]);
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(text[a], text[b]);
    model_of(&pixels)->identity(&pixels, plain);
    assert_string_equal(text[0], plain);
    hand_dataset_free(data);
}

static void too_wide_blocks_are_refused(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = config_for(data, "knn", &feature_hog);
    struct job_plan plan;
    struct err err = {0};
    (void)state;
    with(&config, "hog.cell", 9);
    assert_int_equal(job_plan(&config, data, "key", &plan, &err), E_USAGE);
    assert_non_null(strstr(err.text, "hog.cell"));
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_scikit_image),
        cmocka_unit_test(every_number_has_a_name_of_its_own),
        cmocka_unit_test(every_model_with_every_kind),
        cmocka_unit_test(nothing_is_learnt_from_the_test_set),
        cmocka_unit_test(training_rows_are_standardised),
        cmocka_unit_test(unscaled_rows_are_the_numbers),
        cmocka_unit_test(identities_tell_features_apart),
        cmocka_unit_test(too_wide_blocks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
