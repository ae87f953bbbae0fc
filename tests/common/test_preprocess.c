#include "image/preprocess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

/* An image of n pixels in a row; values owned by it. */
static struct image make(int n, int channels, const float *values)
{
    struct image image = {.width = n, .height = 1, .channels = channels, .depth = 32};
    image.pixels = malloc((size_t)(n * channels) * sizeof *values);
    if (!image.pixels)
        abort();
    memcpy(image.pixels, values, (size_t)(n * channels) * sizeof *values);
    return image;
}

static struct preprocess how_of(const char *channels, const char *scale)
{
    struct preprocess how = {0};
    assert_int_equal(preprocess_set_channels(&how, channels, &err), 0);
    assert_int_equal(preprocess_set_scale(&how, scale, &err), 0);
    return how;
}

static void expect(struct image *image, int channels, int n, const double *values)
{
    assert_int_equal(image->channels, channels);
    for (int i = 0; i < n; i++)
        assert_true(fabs((double)image->pixels[i] - values[i]) < 1e-6);
    image_release(image);
}

static void test_texts(void **state)
{
    static const char *const texts[] = {"channels=gray scale=depth", "channels=rgb alpha=mask scale=image",
                                        "channels=1,3 scale=dataset range=-1.5:2,0.125:0.5",
                                        "channels=all scale=percentile:0.1,99.9 range=0:1"};
    static const char *const bad[] = {
        "channels=0", "channels=1,1",         "channels=17",   "channels=",          "scale=log",
        "alpha=1",    "scale=percentile:9,9", "scale=dataset", "channels=1 range=1", "channels=1 range=nan:1",
        "x"};
    char text[PREPROCESS_TEXT_SIZE];
    struct preprocess how;
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        assert_int_equal(preprocess_parse(texts[k], &how, &err), 0);
        preprocess_text(&how, text, sizeof text);
        assert_string_equal(text, texts[k]);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(preprocess_parse(bad[k], &how, &err), E_IO);
    assert_int_equal(preprocess_set_channels(&how, "3,", &err), E_USAGE);
    assert_int_equal(preprocess_set_scale(&how, "percentile:1,2x", &err), E_USAGE);
}

static void test_channels(void **state)
{
    const float rgb[6] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f};
    struct preprocess how = how_of("3,1", "depth");
    struct image image = make(2, 3, rgb);
    (void)state;
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    expect(&image, 2, 4, (double[]){0.3, 0.1, 0.6, 0.4});
    how = how_of("all", "depth");
    image = make(2, 3, rgb);
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    expect(&image, 3, 3, (double[]){0.1, 0.2, 0.3});
    how = how_of("rgb", "depth");
    image = make(2, 1, rgb);
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    expect(&image, 3, 6, (double[]){0.1, 0.1, 0.1, 0.2, 0.2, 0.2});
    image = make(2, 2, rgb);
    assert_int_equal(preprocess_apply(&how, &image, &err), E_IO);
    assert_string_equal(err.text, "2 channels that are no colours; say which with --channels");
    image_release(&image);
    how = how_of("gray", "depth");
    image = make(2, 3, rgb);
    assert_int_equal(preprocess_apply(&how, &image, &err), E_IO);
    image_release(&image);
}

static void test_values_beyond_need_a_scale(void **state)
{
    struct preprocess how = how_of("gray", "depth");
    struct image image = make(3, 1, (const float[]){-1, 0, 7});
    (void)state;
    assert_int_equal(preprocess_apply(&how, &image, &err), E_IO);
    assert_string_equal(
        err.text,
        "its values go from -1 to 7, beyond 0 to 1; say how they become that, e.g. --scale dataset");
    how = how_of("gray", "image");
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    expect(&image, 1, 3, (double[]){0, 0.125, 1});
    image = make(2, 1, (const float[]){3, 3});
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    expect(&image, 1, 2, (double[]){0, 0});
}

/* Two images measured together; a third, brighter one is cut. By channel. */
static void test_dataset_scale(void **state)
{
    struct preprocess how = how_of("all", "dataset");
    struct preprocess_measure *measure = preprocess_measure_new(2, &err);
    struct image a = make(2, 2, (const float[]){-1, 10, 0, 20}), b = make(1, 2, (const float[]){3, 15});
    struct image c = make(1, 2, (const float[]){9, 12});
    (void)state;
    assert_int_equal(preprocess_is_open(&how), 1);
    preprocess_measure_add(measure, &how, &a);
    preprocess_measure_add(measure, &how, &b);
    preprocess_measure_end(measure, &how);
    preprocess_measure_free(measure);
    assert_int_equal(preprocess_is_open(&how), 0);
    assert_int_equal(preprocess_apply(&how, &a, &err), 0);
    assert_int_equal(preprocess_apply(&how, &c, &err), 0);
    expect(&a, 2, 4, (double[]){0, 0, 0.25, 1});
    expect(&c, 2, 2, (double[]){1, 0.2});
    image_release(&b);
}

/* 0 to 999 with a few far away: the percentiles pass over those. */
static void test_percentiles(void **state)
{
    struct preprocess how = how_of("all", "percentile:1,99");
    struct preprocess_measure *measure = preprocess_measure_new(1, &err);
    float values[1000];
    (void)state;
    for (int i = 0; i < 1000; i++)
        values[i] = (float)(i < 5 ? -1e6 : i >= 995 ? 1e6 : i);
    struct image image = make(1000, 1, values);
    preprocess_measure_add(measure, &how, &image);
    preprocess_measure_end(measure, &how);
    preprocess_measure_free(measure);
    assert_true(fabs((double)how.low[0] - 9) < 0.01 && fabs((double)how.high[0] - 989) < 1);
    image_release(&image);
}

static void test_alpha_masks(void **state)
{
    struct preprocess how = how_of("gray", "depth");
    struct image image = make(3, 1, (const float[]){0.3f, 0.4f, 0.5f});
    (void)state;
    image.alpha = calloc(3, sizeof *image.alpha);
    assert_non_null(image.alpha);
    image.alpha[1] = 1;
    image.alpha[2] = 0.5f;
    how.alpha_masks = 1;
    assert_int_equal(preprocess_apply(&how, &image, &err), 0);
    assert_null(image.alpha);
    expect(&image, 1, 3, (double[]){0, 0.4, 0.5});
}

static void test_names(void **state)
{
    struct preprocess how = how_of("3,1", "depth");
    char name[32];
    (void)state;
    preprocess_channel_name(&how, 1, 0, name, sizeof name);
    assert_string_equal(name, "blue");
    preprocess_channel_name(&how, 0, 1, name, sizeof name);
    assert_string_equal(name, "channel 1");
    how = how_of("gray", "depth");
    preprocess_channel_name(&how, 1, 0, name, sizeof name);
    assert_string_equal(name, "gray");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_values_beyond_need_a_scale),
        cmocka_unit_test(test_dataset_scale),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_alpha_masks),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
