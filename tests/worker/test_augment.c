#include "samples/augment.h"
#include "sections.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { GOLDEN_SIZE = 11, GOLDEN_PIXELS = GOLDEN_SIZE * GOLDEN_SIZE };

static const struct augment_parameters still = {.zoom_y = 1, .zoom_x = 1};

static void warp(float *out, const float *in, int size, struct augment_parameters p)
{
    struct augment_warp w = augment_matrix(&p, size);
    augment_apply(out, in, size, 1, &w);
}

static void fill_counting(float *image, int size)
{
    for (int i = 0; i < size * size; i++)
        image[i] = (float)i + 1;
}

static void identity_is_exact(void **state)
{
    float in[49], out[49];
    (void)state;
    fill_counting(in, 7);
    warp(out, in, 7, still);
    assert_memory_equal(in, out, sizeof in);
}

static void one_pixel_shift_and_nearest_fill(void **state)
{
    float in[16], out[16];
    struct augment_parameters p = still;
    (void)state;
    fill_counting(in, 4);
    p.shift_x = 1;
    warp(out, in, 4, p);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            assert_true(out[4 * y + x] == in[4 * y + (x < 3 ? x + 1 : 3)]);
    p.shift_x = 0;
    p.shift_y = -1;
    warp(out, in, 4, p);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            assert_true(out[4 * y + x] == in[4 * (y > 0 ? y - 1 : 0) + x]);
}

/* Every channel goes through the same warp, as if it were alone. */
static void channels_are_warped_alike(void **state)
{
    enum { SIDE = 9, N = SIDE * SIDE, CHANNELS = 3 };
    float in[CHANNELS][N], mixed[CHANNELS * N], out[CHANNELS * N], alone[N];
    const struct augment_parameters p = {20, 1.5, -0.5, 5, 0.9, 1.1, 1};
    const struct augment_warp w = augment_matrix(&p, SIDE);
    struct rng rng = rng_start(5, 0);
    (void)state;
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < N; i++)
            mixed[i * CHANNELS + c] = in[c][i] = (float)rng_uniform(&rng);
    augment_apply(out, mixed, SIDE, CHANNELS, &w);
    for (int c = 0; c < CHANNELS; c++) {
        augment_apply(alone, in[c], SIDE, 1, &w);
        for (int i = 0; i < N; i++)
            assert_true(out[i * CHANNELS + c] == alone[i]);
    }
}

static void far_outside_is_the_corner(void **state)
{
    float in[16], out[16];
    struct augment_parameters p = still;
    (void)state;
    fill_counting(in, 4);
    p.shift_x = 100;
    p.shift_y = -100;
    warp(out, in, 4, p);
    for (int i = 0; i < 16; i++)
        assert_true(out[i] == in[3]);
}

static void half_pixel_is_the_mean(void **state)
{
    const float in[4] = {0, 1, 4, 9};
    float out[4];
    struct augment_parameters p = still;
    (void)state;
    p.shift_x = 0.5;
    p.shift_y = 0.5;
    warp(out, in, 2, p);
    assert_true(out[0] == 3.5f && out[1] == 5.0f && out[2] == 6.5f && out[3] == 9.0f);
}

static void quarter_turns_are_exact(void **state)
{
    float in[25], out[25], back[25];
    struct augment_parameters p = still;
    (void)state;
    fill_counting(in, 5);
    p.rotation = 90;
    warp(out, in, 5, p);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            assert_true(out[5 * y + x] == in[5 * (4 - x) + y]);
    p.rotation = -90;
    warp(back, out, 5, p);
    assert_memory_equal(in, back, sizeof in);
}

static void flip_is_exact(void **state)
{
    float in[36], out[36];
    struct augment_parameters p = still;
    (void)state;
    fill_counting(in, 6);
    p.flip = 1;
    warp(out, in, 6, p);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 6; x++)
            assert_true(out[6 * y + x] == in[6 * y + 5 - x]);
}

/* n comma-separated numbers of the next line. Returns 0 at the end of the file. */
static int read_row(FILE *file, double *out, int n)
{
    char *line = NULL, *text;
    size_t size = 0;
    if (getline(&line, &size, file) < 0) {
        free(line);
        return 0;
    }
    text = line;
    for (int i = 0; i < n; i++) {
        char *end;
        out[i] = strtod(text, &end);
        assert_ptr_not_equal(end, text);
        text = end + (*end == ',');
    }
    free(line);
    return 1;
}

static void assert_golden_row(const double *row, const float *in)
{
    float out[GOLDEN_PIXELS];
    struct augment_parameters p = {row[0], row[1], row[2], row[3], row[4], row[5], row[6] > 0};
    warp(out, in, GOLDEN_SIZE, p);
    for (int i = 0; i < GOLDEN_PIXELS; i++)
        assert_true(fabs((double)out[i] - row[7 + i]) < 1e-6);
}

static void agrees_with_scipy(void **state)
{
    double row[7 + GOLDEN_PIXELS];
    float in[GOLDEN_PIXELS];
    int n = 0;
    FILE *file = fopen("tests/golden/augment.csv", "r");
    (void)state;
    assert_non_null(file);
    assert_true(read_row(file, row, 1 + GOLDEN_PIXELS));
    assert_true(row[0] == GOLDEN_SIZE);
    for (int i = 0; i < GOLDEN_PIXELS; i++)
        in[i] = (float)row[1 + i];
    for (; read_row(file, row, 7 + GOLDEN_PIXELS); n++)
        assert_golden_row(row, in);
    assert_int_equal(n, 16);
    fclose(file);
}

static void assert_within(double value, double range)
{
    assert_true(value >= -range && value <= range);
}

static void draws_stay_in_their_ranges(void **state)
{
    struct config config = config_defaults(worker_schema());
    struct rng rng = rng_start(rng_key("test", "ranges", 6), 0);
    double largest_rotation = 0, largest_shift = 0, least_zoom = 9;
    int flips = 0;
    (void)state;
    for (int i = 0; i < 4000; i++) {
        struct augment_parameters p = augment_parameters_draw(&config, 50, &rng);
        assert_within(p.rotation, 40);
        assert_within(p.shift_y, 10);
        assert_within(p.shift_x, 10);
        assert_within(p.shear, 0.2);
        assert_within(p.zoom_y - 1, 0.2);
        assert_within(p.zoom_x - 1, 0.2);
        flips += p.flip;
        largest_rotation = fmax(largest_rotation, p.rotation);
        largest_shift = fmax(largest_shift, -p.shift_x);
        least_zoom = fmin(least_zoom, p.zoom_y);
    }
    assert_true(flips > 1800 && flips < 2200);
    assert_true(largest_rotation > 39.5 && largest_shift > 9.8 && least_zoom < 0.805);
}

static void ranges_come_from_the_config(void **state)
{
    struct config config = config_defaults(worker_schema());
    struct rng rng = rng_start(1, 2);
    const struct augment_warp none = {{{1, 0, 0}, {0, 1, 0}}};
    (void)state;
    with(&config, "augment.rotation", 0);
    with(&config, "augment.shift", 0);
    with(&config, "augment.shear", 0);
    with(&config, "augment.flip", 0);
    with(&config, "augment.zoom_min", 1);
    with(&config, "augment.zoom_max", 1);
    for (int i = 0; i < 20; i++) {
        struct augment_warp drawn = augment_draw(&config, 50, &rng);
        assert_memory_equal(&drawn, &none, sizeof none);
    }
    with(&config, "augment.flip", 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(augment_parameters_draw(&config, 50, &rng).flip, 1);
}

static void same_stream_same_warp(void **state)
{
    struct config config = config_defaults(worker_schema());
    struct rng a = rng_start(7, 1), b = rng_start(7, 1), c = rng_start(7, 2);
    (void)state;
    struct augment_warp first = augment_draw(&config, 50, &a), second = augment_draw(&config, 50, &b);
    struct augment_warp other = augment_draw(&config, 50, &c);
    assert_memory_equal(&first, &second, sizeof first);
    assert_memory_not_equal(&first, &other, sizeof first);
}

/* Switching one range off must not change what the others draw. */
static void ranges_are_drawn_independently(void **state)
{
    struct config all = config_defaults(worker_schema()), some = config_defaults(worker_schema());
    struct rng a = rng_start(3, 0), b = rng_start(3, 0);
    (void)state;
    with(&some, "augment.rotation", 0);
    struct augment_parameters p = augment_parameters_draw(&all, 50, &a),
                              q = augment_parameters_draw(&some, 50, &b);
    assert_true(p.shift_y == q.shift_y && p.zoom_x == q.zoom_x && p.flip == q.flip && q.rotation == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_is_exact),
        cmocka_unit_test(one_pixel_shift_and_nearest_fill),
        cmocka_unit_test(channels_are_warped_alike),
        cmocka_unit_test(far_outside_is_the_corner),
        cmocka_unit_test(half_pixel_is_the_mean),
        cmocka_unit_test(quarter_turns_are_exact),
        cmocka_unit_test(flip_is_exact),
        cmocka_unit_test(agrees_with_scipy),
        cmocka_unit_test(draws_stay_in_their_ranges),
        cmocka_unit_test(ranges_come_from_the_config),
        cmocka_unit_test(same_stream_same_warp),
        cmocka_unit_test(ranges_are_drawn_independently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
