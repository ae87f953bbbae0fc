#include "image/image.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

enum { WIDTH = 21, HEIGHT = 19 };
enum {
    WHOLE = SAMPLEFORMAT_UINT,
    REAL = SAMPLEFORMAT_IEEEFP,
    GRAY = PHOTOMETRIC_MINISBLACK,
    RGB = PHOTOMETRIC_RGB
};

/* How write_tiff() is to write. */
struct kind {
    int bits, format, samples, photometric, planar, compression, tile, pages, extra;
    const char *mode; /* "w" unless said: "w8" BigTIFF, "wb" big-endian */
};

/* Whole value of a sample, below 2^bits. */
static uint32_t value_of(const struct kind *k, int page, int s, int x, int y)
{
    uint32_t v = (uint32_t)(x * 7 + y * 13 + s * 29 + page * 53) * 2654435761u;
    return k->bits < 32 ? v >> (32 - k->bits) : v;
}

static double real_of(const struct kind *k, int page, int s, int x, int y)
{
    (void)k;
    return (x * 3 + y + s * 5 + page) / 256.0;
}

static void put_sample(const struct kind *k, unsigned char *row, size_t i, int page, int s, int x, int y)
{
    uint32_t v = value_of(k, page, s, x, y);
    uint16_t two = (uint16_t)v;
    float single = (float)real_of(k, page, s, x, y);
    double twice = real_of(k, page, s, x, y);
    if (k->format == SAMPLEFORMAT_IEEEFP) {
        if (k->bits == 32)
            memcpy(row + 4 * i, &single, 4);
        else
            memcpy(row + 8 * i, &twice, 8);
    } else if (k->bits == 8)
        row[i] = (unsigned char)v;
    else if (k->bits == 16)
        memcpy(row + 2 * i, &two, 2);
    else if (k->bits == 32)
        memcpy(row + 4 * i, &v, 4);
    else
        for (size_t b = 0; b < (size_t)k->bits; b++)
            if ((uint64_t)v >> ((size_t)k->bits - 1 - b) & 1u)
                row[(i * (size_t)k->bits + b) / 8] |= (unsigned char)(128 >> ((i * (size_t)k->bits + b) % 8));
}

/* Rows y0 to y0 + rows and columns x0 to x0 + columns of the samples of a plane (-1: all) in `block`. */
static void fill(const struct kind *k, unsigned char *block, size_t stride, int page, int plane, int x0,
                 int y0, int columns, int rows)
{
    memset(block, 0, stride * (size_t)rows);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            for (int s = 0; s < (plane < 0 ? k->samples : 1); s++)
                put_sample(k, block + stride * (size_t)y, (size_t)(plane < 0 ? x * k->samples + s : x), page,
                           plane < 0 ? s : plane, x0 + x, y0 + y);
}

static void set_fields(TIFF *t, const struct kind *k)
{
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA, palette[3][256];
    for (int i = 0; i < 256; i++)
        for (int c = 0; c < 3; c++)
            palette[c][i] = (uint16_t)(257 * (c == 0 ? i : c == 1 ? 255 - i : i / 2));
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, HEIGHT);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, k->bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->samples);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, k->format);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, k->photometric);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, k->planar ? k->planar : PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_COMPRESSION, k->compression ? k->compression : COMPRESSION_NONE);
    if (k->extra)
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (k->photometric == PHOTOMETRIC_PALETTE)
        TIFFSetField(t, TIFFTAG_COLORMAP, palette[0], palette[1], palette[2]);
    if (k->compression == COMPRESSION_JPEG) {
        TIFFSetField(t, TIFFTAG_JPEGQUALITY, 100);
        TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    if (k->tile) {
        TIFFSetField(t, TIFFTAG_TILEWIDTH, k->tile);
        TIFFSetField(t, TIFFTAG_TILELENGTH, k->tile);
    } else
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
}

static void write_blocks(TIFF *t, const struct kind *k, int page, int plane)
{
    int step = k->tile ? k->tile : 8;
    unsigned char *block = calloc(1, 64 * 1024);
    size_t stride = (size_t)(k->tile ? TIFFTileRowSize(t) : TIFFScanlineSize(t));
    for (int y = 0; y < HEIGHT; y += step)
        for (int x = 0; x < WIDTH; x += k->tile ? step : WIDTH) {
            int rows = k->tile || HEIGHT - y > step ? step : HEIGHT - y;
            fill(k, block, stride, page, plane, x, y, k->tile ? step : WIDTH, rows);
            uint32_t n =
                k->tile ? TIFFComputeTile(t, (uint32_t)x, (uint32_t)y, 0, (uint16_t)(plane < 0 ? 0 : plane))
                        : TIFFComputeStrip(t, (uint32_t)y, (uint16_t)(plane < 0 ? 0 : plane));
            tmsize_t size = (tmsize_t)(stride * (size_t)rows);
            assert_true((k->tile ? TIFFWriteEncodedTile(t, n, block, size)
                                 : TIFFWriteEncodedStrip(t, n, block, size)) == size);
        }
    free(block);
}

static void write_tiff(const char *path, const struct kind *k)
{
    TIFF *t = TIFFOpen(path, k->mode ? k->mode : "w");
    assert_non_null(t);
    for (int page = 0; page < (k->pages ? k->pages : 1); page++) {
        int apart = k->planar == PLANARCONFIG_SEPARATE;
        set_fields(t, k);
        for (int plane = 0; plane < (apart ? k->samples : 1); plane++)
            write_blocks(t, k, page, apart ? plane : -1);
        assert_true(TIFFWriteDirectory(t));
    }
    TIFFClose(t);
}

static struct image image;
static struct err err;

static void read_back(const struct kind *k)
{
    const char *path = in_folder("kind.tif");
    write_tiff(path, k);
    if (image_read(path, &image, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
}

/* Written, read, and every sample where and what it should be. */
static void check(struct kind k)
{
    int pages = k.pages ? k.pages : 1, colours = k.samples - k.extra;
    double max = ldexp(1, k.bits) - 1;
    read_back(&k);
    assert_int_equal(image.channels, pages * colours);
    for (int page = 0; page < pages; page++)
        for (int s = 0; s < k.samples; s++)
            for (int y = 0; y < HEIGHT; y++)
                for (int x = 0; x < WIDTH; x++) {
                    int c = page + s, at = y * WIDTH + x;
                    double whole = value_of(&k, page, s, x, y) / max;
                    double want = k.format == SAMPLEFORMAT_IEEEFP           ? real_of(&k, page, s, x, y)
                                  : k.photometric == PHOTOMETRIC_MINISWHITE ? 1 - whole
                                                                            : whole;
                    float got = s == colours ? image.alpha[at] : image.pixels[at * image.channels + c];
                    assert_true(fabs((double)got - want) < 1e-6);
                }
    assert_int_equal(image.alpha != NULL, k.extra);
    image_release(&image);
}

static void test_whole_numbers_of_every_depth(void **state)
{
    static const int bits[] = {1, 2, 4, 8, 10, 12, 14, 16, 32};
    (void)state;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        check((struct kind){bits[i], WHOLE, 1, .photometric = GRAY});
    check((struct kind){8, WHOLE, 1, .photometric = PHOTOMETRIC_MINISWHITE});
    read_back(&(struct kind){12, WHOLE, 1, .photometric = GRAY});
    assert_int_equal(image.depth, 12);
    image_release(&image);
}

static void test_floats(void **state)
{
    (void)state;
    check((struct kind){32, REAL, 1, .photometric = GRAY});
    check((struct kind){64, REAL, 1, .photometric = GRAY, .tile = 16, .mode = "wb"});
    check((struct kind){32, REAL, 1, .photometric = GRAY, .compression = COMPRESSION_ADOBE_DEFLATE});
}

static void test_signed_numbers_and_half_floats(void **state)
{
    (void)state;
    struct kind k = {16, SAMPLEFORMAT_INT, 1, .photometric = GRAY};
    read_back(&k);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int16_t v = (int16_t)value_of(&k, 0, 0, i % WIDTH, i / WIDTH);
        assert_true(fabs((double)image.pixels[i] - v / 32767.0) < 1e-6);
    }
    image_release(&image);
    k.format = SAMPLEFORMAT_IEEEFP;
    TIFF *t = TIFFOpen(in_folder("half.tif"), "w");
    uint16_t half[WIDTH] = {0, 0x3c00, 0xc000, 0x3555, 1, 0x7bff};
    set_fields(t, &k);
    for (uint32_t y = 0; y < HEIGHT; y++)
        TIFFWriteScanline(t, half, y, 0);
    TIFFClose(t);
    assert_int_equal(image_read(in_folder("half.tif"), &image, &err), 0);
    assert_true(image.pixels[1] == 1 && image.pixels[2] == -2 && fabsf(image.pixels[3] - 1 / 3.0f) < 1e-4f);
    assert_true(image.pixels[4] == ldexpf(1, -24) && image.pixels[5] == 65504);
    image_release(&image);
}

static void test_strips_tiles_planes_and_compressions(void **state)
{
    static const int compression[] = {COMPRESSION_NONE,     COMPRESSION_LZW,  COMPRESSION_ADOBE_DEFLATE,
                                      COMPRESSION_PACKBITS, COMPRESSION_ZSTD, COMPRESSION_LZMA};
    (void)state;
    for (size_t i = 0; i < sizeof compression / sizeof *compression; i++)
        for (int tile = 0; tile <= 16; tile += 16)
            for (int planar = PLANARCONFIG_CONTIG; planar <= PLANARCONFIG_SEPARATE; planar++) {
                check((struct kind){8, WHOLE, 3, .photometric = RGB, .compression = compression[i],
                                    .tile = tile, .planar = planar});
                check((struct kind){16, WHOLE, 2, .photometric = GRAY, .compression = compression[i],
                                    .tile = tile, .planar = planar, .mode = "wb"});
            }
    check((struct kind){8, WHOLE, 4, .photometric = RGB, .extra = 1});
    check((struct kind){16, WHOLE, 2, .photometric = GRAY, .extra = 1, .planar = PLANARCONFIG_SEPARATE,
                        .tile = 16});
    check((struct kind){1, WHOLE, 1, .photometric = GRAY, .compression = COMPRESSION_CCITTFAX4});
    check((struct kind){16, WHOLE, 3, .photometric = RGB, .mode = "w8"});
}

static void test_colours(void **state)
{
    (void)state;
    read_back(&(struct kind){8, WHOLE, 3, .photometric = RGB});
    assert_int_equal(image.is_rgb, 1);
    assert_int_equal(image.coloured, 1);
    assert_int_equal(image_to_gray(&image, &err), 0);
    assert_int_equal(image.channels, 1);
    image_release(&image);
    struct kind k = {8, WHOLE, 1, .photometric = PHOTOMETRIC_PALETTE};
    read_back(&k);
    assert_int_equal(image.channels, 3);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        int v = (int)value_of(&k, 0, 0, i % WIDTH, i / WIDTH);
        assert_true(fabs((double)image.pixels[3 * i] - v / 255.0) < 1e-6);
        assert_true(fabs((double)image.pixels[3 * i + 1] - (255 - v) / 255.0) < 1e-6);
        assert_true(fabs((double)image.pixels[3 * i + 2] - v / 2 / 255.0) < 1e-6);
    }
    image_release(&image);
}

/* JPEG inside TIFF, its YCbCr as RGB; of noise it keeps the rough brightness. */
static void test_jpeg_inside(void **state)
{
    (void)state;
    struct kind k = {8,         WHOLE, 3, .photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG,
                     .tile = 16};
    double got = 0, want = 0;
    read_back(&k);
    assert_int_equal(image.is_rgb, 1);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        got += (double)image.pixels[i];
        want += value_of(&k, 0, i % 3, i / 3 % WIDTH, i / 3 / WIDTH) / 255.0;
    }
    assert_true(fabs(got - want) / (WIDTH * HEIGHT * 3) < 0.02);
    image_release(&image);
}

static void test_pages_are_channels(void **state)
{
    (void)state;
    check((struct kind){16, WHOLE, 1, .photometric = GRAY, .pages = 4});
    check((struct kind){8, WHOLE, 1, .photometric = GRAY, .pages = 16, .tile = 16});
    read_back(&(struct kind){8, WHOLE, 1, .photometric = GRAY, .pages = 3});
    assert_int_equal(image.is_rgb, 0);
    assert_int_equal(image_to_gray(&image, &err), E_IO);
    assert_string_equal(err.text, "3 channels that are no colours; say which with --channels");
    image_release(&image);
}

/* A reduced copy behind the image, as pyramids have it. */
static void test_reduced_copies_are_passed_over(void **state)
{
    unsigned char row[WIDTH] = {0};
    struct kind k = {8, WHOLE, 1, .photometric = GRAY};
    (void)state;
    TIFF *t = TIFFOpen(in_folder("copy.tif"), "w");
    set_fields(t, &k);
    write_blocks(t, &k, 0, -1);
    TIFFWriteDirectory(t);
    set_fields(t, &k);
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, 2);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(t, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    TIFFWriteScanline(t, row, 0, 0);
    TIFFClose(t);
    assert_int_equal(image_read(in_folder("copy.tif"), &image, &err), 0);
    assert_int_equal(image.channels, 1);
    assert_int_equal(image.width, WIDTH);
    image_release(&image);
}

static void expect_refusal(const struct kind *k, const char *line)
{
    const char *path = in_folder("kind.tif");
    write_tiff(path, k);
    assert_int_equal(image_read(path, &image, &err), E_IO);
    assert_string_equal(err.text + strlen(path), line);
    assert_null(image.pixels);
}

static void test_refusals_have_their_line(void **state)
{
    (void)state;
    expect_refusal(&(struct kind){8, WHOLE, 3, .photometric = RGB, .pages = 2},
                   ": 2 pages of 3 samples; keep one page");
    expect_refusal(&(struct kind){8, WHOLE, 1, .photometric = GRAY, .pages = 17},
                   ": more than 16 pages, a stack; keep one plane, with a page or a sample a channel");
    expect_refusal(&(struct kind){8, WHOLE, 17, .photometric = GRAY},
                   ": 17 channels, more than the 16 an image may have");
    expect_refusal(&(struct kind){8, WHOLE, 4, .photometric = PHOTOMETRIC_SEPARATED},
                   ": a TIFF of CMYK, L*a*b*, a mask or raw camera data; convert it");
    expect_refusal(&(struct kind){8, WHOLE, 3, .photometric = PHOTOMETRIC_YCBCR},
                   ": a TIFF of YCbCr; convert it");
    expect_refusal(&(struct kind){64, WHOLE, 1, .photometric = GRAY},
                   ": a TIFF of 64 bits a sample; convert it");
    expect_refusal(&(struct kind){64, SAMPLEFORMAT_COMPLEXIEEEFP, 1, .photometric = GRAY},
                   ": a TIFF of complex numbers; convert it");
}

static void test_numbers_must_be_finite(void **state)
{
    float row[WIDTH] = {0, 1, NAN};
    struct kind k = {32, REAL, 1, .photometric = GRAY};
    (void)state;
    TIFF *t = TIFFOpen(in_folder("nan.tif"), "w");
    set_fields(t, &k);
    for (uint32_t y = 0; y < HEIGHT; y++)
        TIFFWriteScanline(t, row, y, 0);
    TIFFClose(t);
    assert_int_equal(image_read(in_folder("nan.tif"), &image, &err), E_IO);
    assert_non_null(strstr(err.text, "a pixel is not a finite number (channel 1)"));
}

/* Bytes of a file whose width or tile claims gigabytes. */
static void test_giants_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    size_t n;
    write_tiff(in_folder("big.tif"), &(struct kind){8, WHOLE, 1, .photometric = GRAY, .tile = 16});
    char *bytes = get_bytes(in_folder("big.tif"), &n);
    uint32_t first;
    memcpy(&first, bytes + 4, 4);
    uint16_t entries;
    memcpy(&entries, bytes + first, 2);
    for (int i = 0; i < entries; i++) {
        char *entry = bytes + first + 2 + 12 * i;
        uint16_t tag;
        memcpy(&tag, entry, 2);
        if (tag == TIFFTAG_TILEWIDTH || tag == TIFFTAG_TILELENGTH) {
            memcpy(entry + 2, "\x04\0\1\0\0\0\0\0\1\0", 10); /* LONG, 1 of them: 65536 */
        }
    }
    assert_int_equal(image_read_memory(bytes, n, "big", IMAGE_MAX_SIDE, &image, &err), E_IO);
    assert_string_equal(err.text,
                        "big: strips or tiles of 4294967296 bytes, too large for a cell image or damaged");
    free(bytes);
}

/* Every beginning of a file is refused or gives an image; none crashes, none speaks. */
static void test_truncated_anywhere(void **state)
{
    size_t n, given = 0;
    (void)state;
    write_tiff(in_folder("whole.tif"),
               &(struct kind){8, WHOLE, 3, .photometric = RGB, .compression = COMPRESSION_LZW});
    char *bytes = get_bytes(in_folder("whole.tif"), &n);
    int quiet = open(in_folder("stderr"), O_CREAT | O_RDWR | O_TRUNC, 0600), saved = dup(2);
    fflush(stderr);
    dup2(quiet, 2);
    for (size_t k = 0; k < n; k++) {
        char *part = malloc(k + 1);
        memcpy(part, bytes, k);
        given += image_read_memory(part, k, "part", IMAGE_MAX_SIDE, &image, &err) == 0;
        image_release(&image);
        free(part);
    }
    fflush(stderr);
    off_t said = lseek(quiet, 0, SEEK_END);
    dup2(saved, 2);
    close(saved);
    close(quiet);
    assert_int_equal(said, 0);
    assert_int_equal(given, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers_of_every_depth),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_signed_numbers_and_half_floats),
        cmocka_unit_test(test_strips_tiles_planes_and_compressions),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_jpeg_inside),
        cmocka_unit_test(test_pages_are_channels),
        cmocka_unit_test(test_reduced_copies_are_passed_over),
        cmocka_unit_test(test_refusals_have_their_line),
        cmocka_unit_test(test_numbers_must_be_finite),
        cmocka_unit_test(test_giants_are_refused_before_memory_is_taken),
        cmocka_unit_test(test_truncated_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
