#include "image/npy.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct image image;
static struct err err;

/* An array in memory: its header by these texts, then n bytes of elements. */
static size_t write_npy(char *out, const char *descr, const char *fortran, const char *shape,
                        const void *bytes, size_t n)
{
    char header[128];
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
                          descr, fortran, shape);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (char)length;
    out[9] = 0;
    memcpy(out + 10, header, (size_t)length);
    memcpy(out + 10 + length, bytes, n);
    return 10 + (size_t)length + n;
}

static int read_npy(const char *descr, const char *fortran, const char *shape, const void *bytes, size_t n)
{
    char file[512];
    size_t size = write_npy(file, descr, fortran, shape, bytes, n);
    char *exact = malloc(size); /* its own block, so that a read past its end is seen */
    memcpy(exact, file, size);
    int rc = image_read_memory(exact, size, "x.npy", IMAGE_MAX_SIDE, &image, &err);
    free(exact);
    return rc;
}

static void expect(int width, int height, int channels, const double *pixels)
{
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    assert_int_equal(image.channels, channels);
    for (int i = 0; i < width * height * channels; i++)
        assert_true(fabs((double)image.pixels[i] - pixels[i]) < 1e-6);
    image_release(&image);
}

static void test_every_type(void **state)
{
    (void)state;
    assert_int_equal(read_npy("|u1", "False", "(1, 3)", "\0\x33\xff", 3), 0);
    assert_int_equal(image.depth, 8);
    expect(3, 1, 1, (double[]){0, 0.2, 1});
    assert_int_equal(read_npy("<u2", "False", "(2, 1)", "\1\0\xff\xff", 4), 0);
    assert_int_equal(image.depth, 16);
    expect(1, 2, 1, (double[]){1 / 65535.0, 1});
    assert_int_equal(read_npy(">u2", "False", "(2, 1)", "\0\1\xff\xff", 4), 0);
    expect(1, 2, 1, (double[]){1 / 65535.0, 1});
    assert_int_equal(read_npy("<i2", "False", "(1, 2)", "\xff\x7f\xff\xff", 4), 0);
    expect(2, 1, 1, (double[]){1, -1 / 32767.0});
    assert_int_equal(read_npy("|b1", "False", "(1, 2)", "\0\1", 2), 0);
    expect(2, 1, 1, (double[]){0, 1});
    assert_int_equal(read_npy("<f4", "False", "(1, 2)", (const float[]){0.25f, 7}, 8), 0);
    assert_int_equal(image.depth, 32);
    expect(2, 1, 1, (double[]){0.25, 7});
    assert_int_equal(read_npy("<f8", "False", "(1, 2)", (const double[]){0.25, -7}, 16), 0);
    expect(2, 1, 1, (double[]){0.25, -7});
    assert_int_equal(read_npy("<f2", "False", "(1, 2)", "\0\x3c\0\xc0", 4), 0);
    expect(2, 1, 1, (double[]){1, -2});
    assert_int_equal(read_npy("<i8", "False", "(1, 1)", "\xfe\xff\xff\xff\xff\xff\xff\xff", 8), 0);
    expect(1, 1, 1, (double[]){-2 / 9223372036854775807.0});
}

/* A 2 x 3 image of 2 or 3 channels whose value is 100 y + 10 x + c. */
static void test_every_order(void **state)
{
    static const unsigned char last[] = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
    static const unsigned char fortran[] = {0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121};
    double expected[12];
    (void)state;
    for (int i = 0; i < 12; i++)
        expected[i] = last[i] / 255.0;
    assert_int_equal(read_npy("|u1", "False", "(2, 3, 2)", last, 12), 0);
    assert_int_equal(image.is_rgb, 0);
    expect(3, 2, 2, expected);
    assert_int_equal(read_npy("|u1", "False", "(3, 1, 3)", last, 9), 0); /* equal ends: behind */
    assert_int_equal(image.is_rgb, 1);
    assert_int_equal(image.width, 1);
    image_release(&image);
    assert_int_equal(read_npy("|u1", "False", "(1, 2, 6)", last, 12), 0);
    assert_int_equal(image.channels, 1);
    image_release(&image);
    assert_int_equal(read_npy("|u1", "True", "(2, 3, 2)", fortran, 12), 0);
    expect(3, 2, 2, expected);
    assert_int_equal(read_npy("|u1", "True", "(3, 2)", "\0\1\2\3\4\5", 6), 0);
    expect(2, 3, 1, (double[]){0, 3 / 255.0, 1 / 255.0, 4 / 255.0, 2 / 255.0, 5 / 255.0});
}

/* (channels, height, width) when the first is the smaller end. */
static void test_channels_in_front(void **state)
{
    static const unsigned char bytes[2 * 3 * 4] = {[3] = 51, [12 + 3] = 102};
    (void)state;
    assert_int_equal(read_npy("|u1", "False", "(2, 3, 4)", bytes, 24), 0);
    assert_int_equal(image.channels, 2);
    assert_int_equal(image.width, 4);
    assert_int_equal(image.height, 3);
    assert_true(fabsf(image.pixels[6] - 0.2f) < 1e-6f && fabsf(image.pixels[7] - 0.4f) < 1e-6f);
    image_release(&image);
}

static void refused(const char *descr, const char *shape, size_t n, const char *line)
{
    static const char zero[64];
    assert_int_equal(read_npy(descr, "False", shape, zero, n), E_IO);
    assert_string_equal(err.text, line);
    assert_null(image.pixels);
}

static void test_refusals_have_their_line(void **state)
{
    (void)state;
    refused("|u1", "(3, 3)", 8, "x.npy: a NumPy array that is truncated: the file ends inside it");
    refused("<U4", "(1, 1)", 8,
            "x.npy: a NumPy array of a type that is no number; save it as uint8, uint16 or float32");
    refused("|O8", "(1, 1)", 8,
            "x.npy: a NumPy array of a type that is no number; save it as uint8, uint16 or float32");
    refused("|u1", "(9,)", 9,
            "x.npy: a NumPy array that is no image: (height, width), (height, width, channels) or (channels, "
            "height, width)");
    refused("|u1", "(0, 9)", 9,
            "x.npy: a NumPy array that is empty, has more than four dimensions or no sensible shape");
    refused("|u1", "(99999999999, 99999999999)", 9,
            "x.npy: a NumPy array that is empty, has more than four dimensions or no sensible shape");
    refused(
        "|u1", "(20000, 20000)", 9,
        "x.npy: 20000 x 20000 pixels, more than a cell image may have (16384 a side, 67108864 in all); cut "
        "the cell out");
    refused("|u1", "(17, 20, 17)", 9, "x.npy: 17 channels, more than the 16 an image may have");
    refused("<f4", "(1, 1)", 3, "x.npy: a NumPy array that is truncated: the file ends inside it");
    assert_int_equal(read_npy("<f4", "False", "(1, 1)", (const float[]){NAN}, 4), E_IO);
    assert_string_equal(err.text, "x.npy: a pixel is not a finite number (channel 1)");
}

static void test_truncated_anywhere(void **state)
{
    char file[512];
    (void)state;
    size_t n = write_npy(file, "|u1", "False", "(3, 3)", "012345678", 9);
    for (size_t k = 0; k < n; k++) {
        char *part = malloc(k + 1);
        memcpy(part, file, k);
        assert_int_equal(image_read_memory(part, k, "part", IMAGE_MAX_SIDE, &image, &err), E_IO);
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),         cmocka_unit_test(test_every_order),
        cmocka_unit_test(test_channels_in_front),  cmocka_unit_test(test_refusals_have_their_line),
        cmocka_unit_test(test_truncated_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
