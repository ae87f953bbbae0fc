#include "image/png.h"

#include "support/folder_fixture.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What write_png() is to write: rows of packed samples as libpng takes them (16 bit big-endian). */
struct kind {
    int width, height, bits, colour, interlace;
    const unsigned char *rows;
    size_t stride;
    int transparent; /* add a tRNS chunk that makes palette entry 0 invisible */
};

static int significant; /* write_png() adds an sBIT chunk of so many bits of gray; 0: none */

static void write_png(const char *path, const struct kind *k)
{
    static const png_color palette[4] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {51, 51, 51}};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(setjmp(png_jmpbuf(png)), 0);
    png_init_io(png, f);
    png_set_IHDR(png, info, (png_uint_32)k->width, (png_uint_32)k->height, k->bits, k->colour, k->interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (k->colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    if (k->transparent) {
        png_byte alpha[1] = {0};
        png_set_tRNS(png, info, alpha, 1, NULL);
    }
    if (significant)
        png_set_sBIT(png, info, &(png_color_8){.gray = (png_byte)significant});
    png_write_info(png, info);
    png_bytep row[16];
    for (int y = 0; y < k->height; y++)
        row[y] = (png_bytep)(uintptr_t)(k->rows + k->stride * (size_t)y);
    png_write_image(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(f);
}

/* Write, read, compare with n expected values to within a float's rounding. */
static void check(const struct kind *kind, const double *expected, int n)
{
    const char *path = in_folder("kind.png");
    struct image image;
    struct err err;
    write_png(path, kind);
    assert_int_equal(image_read(path, &image, &err), 0);
    assert_int_equal(image_to_gray(&image, &err), 0);
    assert_int_equal(image.width, kind->width);
    assert_int_equal(image.height, kind->height);
    assert_int_equal(n, kind->width * kind->height);
    for (int i = 0; i < n; i++)
        assert_true(fabs((double)image.pixels[i] - expected[i]) < 1e-7);
    image_release(&image);
}

static void test_gray_of_every_depth(void **state)
{
    (void)state;
    check(&(struct kind){3, 1, 1, PNG_COLOR_TYPE_GRAY, 0, (const unsigned char[]){0xa0}, 1, 0},
          (double[]){1, 0, 1}, 3);
    check(&(struct kind){4, 1, 2, PNG_COLOR_TYPE_GRAY, 0, (const unsigned char[]){0x1b}, 1, 0},
          (double[]){0, 1.0 / 3, 2.0 / 3, 1}, 4);
    check(&(struct kind){2, 1, 4, PNG_COLOR_TYPE_GRAY, 0, (const unsigned char[]){0x3f}, 1, 0},
          (double[]){0.2, 1}, 2);
    check(&(struct kind){2, 2, 8, PNG_COLOR_TYPE_GRAY, 0, (const unsigned char[]){0, 51, 102, 255}, 2, 0},
          (double[]){0, 0.2, 0.4, 1}, 4);
    check(&(struct kind){3, 1, 16, PNG_COLOR_TYPE_GRAY, 0,
                         (const unsigned char[]){0, 1, 0x12, 0x34, 0xff, 0xff}, 6, 0},
          (double[]){1.0 / 65535, 0x1234 / 65535.0, 1}, 3);
}

static void test_alpha_is_ignored(void **state)
{
    (void)state;
    check(
        &(struct kind){2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, (const unsigned char[]){51, 0, 102, 255}, 4, 0},
        (double[]){0.2, 0.4}, 2);
    check(&(struct kind){1, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, (const unsigned char[]){255, 0, 0, 7}, 4, 0},
          (double[]){0.299}, 1);
    check(
        &(struct kind){1, 1, 16, PNG_COLOR_TYPE_GRAY_ALPHA, 0, (const unsigned char[]){0x80, 1, 0, 0}, 4, 0},
        (double[]){0x8001 / 65535.0}, 1);
}

static void test_colour_is_luma(void **state)
{
    (void)state;
    const unsigned char rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};
    check(&(struct kind){4, 1, 8, PNG_COLOR_TYPE_RGB, 0, rgb, 12, 0},
          (double[]){0.299, 0.587, 0.114, (2.99 + 11.74 + 3.42) / 255}, 4);
    check(&(struct kind){1, 1, 16, PNG_COLOR_TYPE_RGB, 0, (const unsigned char[]){0, 9, 0, 5, 0, 1}, 6, 0},
          (double[]){(9 * 0.299 + 5 * 0.587 + 0.114) / 65535}, 1);
}

static void test_palette(void **state)
{
    (void)state;
    struct kind kind = {4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, (const unsigned char[]){0x1b}, 1, 0};
    check(&kind, (double[]){0, 0.299, 0.587, 0.2}, 4);
    kind.transparent = 1;
    check(&kind, (double[]){0, 0.299, 0.587, 0.2}, 4);
    check(&(struct kind){2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, (const unsigned char[]){3, 2}, 2, 0},
          (double[]){0.2, 0.587}, 2);
}

static void test_equal_colours_are_exactly_the_gray(void **state)
{
    (void)state;
    unsigned char rgb[256 * 3], gray[256];
    struct image a, b;
    struct err err;
    for (int i = 0; i < 256; i++) {
        memset(rgb + 3 * i, i, 3);
        gray[i] = (unsigned char)i;
    }
    write_png(in_folder("rgb.png"), &(struct kind){16, 16, 8, PNG_COLOR_TYPE_RGB, 0, rgb, 48, 0});
    write_png(in_folder("gray.png"), &(struct kind){16, 16, 8, PNG_COLOR_TYPE_GRAY, 0, gray, 16, 0});
    assert_int_equal(image_read(in_folder("rgb.png"), &a, &err), 0);
    assert_int_equal(image_read(in_folder("gray.png"), &b, &err), 0);
    assert_int_equal(a.channels, 3);
    assert_int_equal(image_to_gray(&a, &err), 0);
    assert_memory_equal(a.pixels, b.pixels, 256 * sizeof(float));
    assert_true(b.pixels[255] == 1.0f && b.pixels[0] == 0.0f);
    image_release(&a);
    image_release(&b);
}

static void test_channels_and_alpha_are_those_of_the_file(void **state)
{
    const unsigned char rgba[] = {255, 0, 51, 0, 10, 10, 10, 255};
    struct image image;
    struct err err;
    (void)state;
    write_png(in_folder("rgba.png"), &(struct kind){2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, rgba, 8, 0});
    assert_int_equal(image_read(in_folder("rgba.png"), &image, &err), 0);
    assert_int_equal(image.channels, 3);
    assert_true(image.is_rgb && image.coloured && image.transparent);
    assert_true(image.pixels[0] == 1.0f && image.pixels[1] == 0.0f && image.pixels[2] == (float)(51 / 255.0));
    assert_true(image.alpha[0] == 0.0f && image.alpha[1] == 1.0f);
    image_release(&image);
}

/* A gray file of 16 bits with an sBIT chunk of s bits, three pixels. */
static void check_significant(int s, const unsigned (*v)[3], const double (*expected)[3])
{
    unsigned char rows[6];
    struct image image;
    struct err err;
    for (int i = 0; i < 3; i++) {
        rows[2 * i] = (unsigned char)((*v)[i] >> 8);
        rows[2 * i + 1] = (unsigned char)(*v)[i];
    }
    significant = s;
    write_png(in_folder("bits.png"), &(struct kind){3, 1, 16, PNG_COLOR_TYPE_GRAY, 0, rows, 6, 0});
    significant = 0;
    assert_int_equal(image_read(in_folder("bits.png"), &image, &err), 0);
    assert_int_equal(image.depth, s);
    for (int i = 0; i < 3; i++)
        assert_true(fabs((double)image.pixels[i] - (*expected)[i]) < 1e-7);
    image_release(&image);
}

/* 12 bits: filled up by zeros, by their own high bits, and not at all. */
static void test_significant_bits_are_heeded(void **state)
{
    const double expected[3] = {0x123 / 4095.0, 0xfff / 4095.0, 0x800 / 4095.0};
    (void)state;
    check_significant(12, &(const unsigned[3]){0x1230, 0xfff0, 0x8000}, &expected);
    check_significant(12, &(const unsigned[3]){0x1231, 0xffff, 0x8008}, &expected);
    check_significant(12, &(const unsigned[3]){0x123, 0xfff, 0x800}, &expected);
}

static void test_interlaced(void **state)
{
    (void)state;
    unsigned char gray[99];
    double expected[99];
    for (int i = 0; i < 99; i++) {
        gray[i] = (unsigned char)(i * 2);
        expected[i] = i * 2 / 255.0;
    }
    check(&(struct kind){11, 9, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, gray, 11, 0}, expected, 99);
}

static void test_written_file_reads_back(void **state)
{
    (void)state;
    struct image image;
    struct err err;
    put_png(in_folder("back.png"), 7, 5, 30);
    assert_int_equal(image_read(in_folder("back.png"), &image, &err), 0);
    assert_int_equal(image.width, 7);
    assert_int_equal(image.height, 5);
    for (int i = 0; i < 35; i++)
        assert_true(image.pixels[i] == (float)((30 + i) / 255.0));
    image_release(&image);
    image_release(&image);
    assert_null(image.pixels);
    assert_true(image_write_png8(in_folder("no/such/folder.png"), (const unsigned char[]){0}, 1, 1, 1, &err) <
                0);
}

static void expect(const void *bytes, size_t n, const char *line)
{
    struct image image;
    struct err err = {0};
    put_bytes(in_folder("bad.png"), bytes, n);
    assert_int_equal(image_read(in_folder("bad.png"), &image, &err), E_IO);
    assert_string_equal(err.text + strlen(in_folder("bad.png")), line);
    assert_null(image.pixels);
    assert_int_equal(image_read_memory(bytes, n, "upload", IMAGE_MAX_SIDE, &image, &err), E_IO);
    assert_string_equal(err.text + strlen("upload"), line);
}

static void test_every_refusal_has_its_line(void **state)
{
    (void)state;
    unsigned char bomb[33] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0,    0,    13, 'I',
                              'H',  'D', 'R', 0,   0,    0xff, 0xff, 0,    0, 0xff, 0xff, 8};
    struct image image;
    struct err err;
    expect("", 0, ": empty file");
    expect("Barcode,Cluster\n", 16, ": no image that is read (PNG, TIFF, JPEG, NumPy array)");
    expect("BM6.......", 10, ": a BMP, which is not read; convert it to PNG or TIFF");
    expect("GIF89a....", 10, ": a GIF, which is not read; convert it to PNG or TIFF");
    expect("RIFF....WEBPVP8 ", 16, ": a WebP, which is not read; convert it to PNG or TIFF");
    expect("....ftypheic", 12, ": a HEIC or AVIF, which is not read; convert it to PNG or TIFF");
    expect("\0\0\0\x0cjP  \r\n\x87\n", 12, ": a JPEG 2000, which is not read; convert it to TIFF");
    expect("\0\5\x16\7....", 8, ": what macOS leaves beside a file (AppleDouble), not an image; delete it");
    expect("version https://git-lfs.github.com/spec/v1\n", 43,
           ": a pointer of git-lfs, not the image; run `git lfs pull`");
    expect("<!DOCTYPE html>", 15, ": a web page, not an image; download it again");
    expect("\x89PN", 3, ": truncated: the file ends inside its header");
    expect(bomb, sizeof bomb,
           ": 65535 x 65535 pixels, more than a cell image may have (16384 a side, 67108864 in all); cut "
           "the cell out");
    memcpy(bomb + 16, "\0\0\x40\0\0\0\x10\x01", 8); /* 16384 x 4097 */
    expect(bomb, sizeof bomb,
           ": 16384 x 4097 pixels, more than a cell image may have (16384 a side, 67108864 in all); cut "
           "the cell out");
    memcpy(bomb + 16, "\0\0\0\0\0\0\0\1", 8);
    expect(bomb, sizeof bomb, ": damaged: no valid header");
    assert_int_equal(image_read(in_folder("none.png"), &image, &err), E_IO);
    assert_string_equal(err.text + strlen(in_folder("none.png")), ": cannot open: No such file or directory");
}

/* Every proper beginning of a file is refused, and nothing is said on stderr meanwhile. */
static void test_truncated_anywhere(void **state)
{
    (void)state;
    size_t n = 0;
    put_png(in_folder("whole.png"), 16, 16, 0);
    char *bytes = get_bytes(in_folder("whole.png"), &n);
    int quiet = open(in_folder("stderr"), O_CREAT | O_RDWR | O_TRUNC, 0600), saved = dup(2);
    fflush(stderr);
    dup2(quiet, 2);
    int refused = 0, named = 0;
    for (size_t k = 0; k < n; k++) {
        struct image image;
        struct err err;
        char *part = malloc(k + 1); /* its own block, so that a read past its end is seen */
        memcpy(part, bytes, k);
        refused += image_read_memory(part, k, "part", IMAGE_MAX_SIDE, &image, &err) == E_IO;
        named += strcmp(err.text, "part: truncated: the file ends inside the image") == 0;
        free(part);
    }
    fflush(stderr);
    off_t said = lseek(quiet, 0, SEEK_END);
    dup2(saved, 2);
    close(saved);
    close(quiet);
    free(bytes);
    assert_int_equal(refused, n);
    assert_int_equal(named, n - 33);
    assert_int_equal(said, 0);
}

static void test_damaged_pixels_are_refused(void **state)
{
    (void)state;
    size_t n = 0;
    struct image image;
    struct err err;
    put_png(in_folder("whole.png"), 16, 16, 0);
    char *bytes = get_bytes(in_folder("whole.png"), &n);
    bytes[n - 12 - 6] ^= 1; /* in the last bytes of the image data */
    assert_int_equal(image_read_memory(bytes, n, "flipped", IMAGE_MAX_SIDE, &image, &err), E_IO);
    assert_non_null(strstr(err.text, "flipped: damaged: "));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gray_of_every_depth),
        cmocka_unit_test(test_alpha_is_ignored),
        cmocka_unit_test(test_colour_is_luma),
        cmocka_unit_test(test_palette),
        cmocka_unit_test(test_equal_colours_are_exactly_the_gray),
        cmocka_unit_test(test_channels_and_alpha_are_those_of_the_file),
        cmocka_unit_test(test_significant_bits_are_heeded),
        cmocka_unit_test(test_interlaced),
        cmocka_unit_test(test_written_file_reads_back),
        cmocka_unit_test(test_every_refusal_has_its_line),
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_damaged_pixels_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
