#include "image/image.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>

enum { WIDTH = 24, HEIGHT = 17 };

/* A JPEG in memory of slow ramps, channel c by (c + 1); the caller frees. */
static unsigned char *write_jpeg(int channels, J_COLOR_SPACE space, int progressive, size_t *n)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    JSAMPLE row[WIDTH * 4];
    JSAMPROW rows[1] = {row};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = channels;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        for (int i = 0; i < WIDTH * channels; i++)
            row[i] = (JSAMPLE)((i / channels + y) * (i % channels + 1));
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *n = size;
    return bytes;
}

static struct image image;
static struct err err;

static int read_bytes(const void *bytes, size_t n)
{
    return image_read_memory(bytes, n, "x.jpg", IMAGE_MAX_SIDE, &image, &err);
}

static void check(int channels, J_COLOR_SPACE space, int progressive)
{
    size_t n;
    unsigned char *bytes = write_jpeg(channels, space, progressive, &n);
    assert_int_equal(read_bytes(bytes, n), 0);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    assert_int_equal(image.channels, channels);
    assert_int_equal(image.is_rgb, channels == 3);
    assert_int_equal(image.coloured, channels == 3);
    assert_int_equal(image.depth, 8);
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < WIDTH * channels; i++) {
            double want = (i / channels + y) * (i % channels + 1) / 255.0;
            double tolerance = channels == 3 ? 12 / 255.0 : 2 / 255.0; /* chroma is halved */
            assert_true(fabs((double)image.pixels[y * WIDTH * channels + i] - want) <= tolerance);
        }
    image_release(&image);
    free(bytes);
}

static void test_gray_and_colour(void **state)
{
    (void)state;
    check(1, JCS_GRAYSCALE, 0);
    check(3, JCS_RGB, 0);
    check(1, JCS_GRAYSCALE, 1);
    check(3, JCS_RGB, 1);
}

static void test_cmyk_is_refused(void **state)
{
    (void)state;
    size_t n;
    unsigned char *bytes = write_jpeg(4, JCS_CMYK, 0, &n);
    assert_int_equal(read_bytes(bytes, n), E_IO);
    assert_string_equal(err.text, "x.jpg: a JPEG of 4 colours (CMYK?); convert it to RGB or gray");
    free(bytes);
}

static void test_giants_are_refused(void **state)
{
    (void)state;
    size_t n;
    unsigned char *bytes = write_jpeg(1, JCS_GRAYSCALE, 0, &n);
    unsigned char *frame = memmem(bytes, n, "\xff\xc0", 2);
    assert_non_null(frame);
    memcpy(frame + 5, "\xff\xdc\xff\xdc", 4); /* the largest that libjpeg lets through */
    assert_int_equal(read_bytes(bytes, n), E_IO);
    assert_string_equal(err.text,
                        "x.jpg: 65500 x 65500 pixels, more than a cell image may have (16384 a side, "
                        "67108864 in all); cut the cell out");
    assert_int_equal(image_read_memory(bytes, n, "x.jpg", 16, &image, &err), E_IO);
    free(bytes);
}

/* libjpeg paints what is missing gray and only warns: here that is damage. */
static void test_truncated_anywhere(void **state)
{
    size_t n, refused = 0;
    (void)state;
    unsigned char *bytes = write_jpeg(3, JCS_RGB, 1, &n);
    int quiet = open(in_folder("stderr"), O_CREAT | O_RDWR | O_TRUNC, 0600), saved = dup(2);
    fflush(stderr);
    dup2(quiet, 2);
    for (size_t k = 3; k < n; k++) {
        char *part = malloc(k);
        memcpy(part, bytes, k);
        refused += read_bytes(part, k) == E_IO && strncmp(err.text, "x.jpg: damaged: ", 16) == 0;
        image_release(&image);
        free(part);
    }
    fflush(stderr);
    off_t said = lseek(quiet, 0, SEEK_END);
    dup2(saved, 2);
    close(saved);
    close(quiet);
    free(bytes);
    assert_int_equal(refused, n - 3);
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gray_and_colour),
        cmocka_unit_test(test_cmyk_is_refused),
        cmocka_unit_test(test_giants_are_refused),
        cmocka_unit_test(test_truncated_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
