#include "xenium/cut.h"

#include "support/folder_fixture.h"
#include "support/tiles_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <cmocka.h>

static void every_code_gives_every_tile(void **state)
{
    static const int codes[] = {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, 33003, 33004, 33005, 34712};
    struct err err = {0};
    (void)state;
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++) {
        struct tiles *tiles = NULL;
        tiles_write(in_folder("image.tif"), 50, 40, 32, codes[k]);
        assert_int_equal(tiles_open(in_folder("image.tif"), &tiles, &err), 0);
        const struct tiles_shape *s = tiles_shape(tiles);
        assert_int_equal(s->across * 10 + s->down, 22);
        assert_int_equal(s->bits, 16);
        for (int t = 0; t < 4; t++) {
            const uint16_t *sample = tiles_read(tiles, t, &err);
            assert_non_null(sample);
            assert_int_equal(sample[5 * 32 + 6], tiles_value(t % 2 * 32 + 6, t / 2 * 32 + 5));
        }
        assert_null(tiles_read(tiles, 4, &err));
        assert_non_null(strstr(err.text, "it lies outside the image"));
        tiles_close(tiles);
    }
}

static void other_images_are_refused(void **state)
{
    struct tiles *tiles = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(tiles_open("/nowhere.tif", &tiles, &err), E_IO);
    assert_string_equal(err.text, "/nowhere.tif: cannot be read as a TIFF: it is not there, or no file");
    TIFF *tiff = TIFFOpen(in_folder("image.tif"), "w");
    assert_non_null(tiff);
    uint16_t row[16] = {0};
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 16);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    assert_int_equal(TIFFWriteScanline(tiff, row, 0, 0), 1);
    TIFFClose(tiff);
    assert_int_equal(tiles_open(in_folder("image.tif"), &tiles, &err), E_IO);
    assert_non_null(strstr(err.text, "in strips"));
}

static void a_tile_outside_the_file_is_told(void **state)
{
    struct tiles *tiles = NULL;
    struct err err = {0};
    (void)state;
    tiles_write(in_folder("image.tif"), 64, 64, 32, COMPRESSION_NONE);
    FILE *image = fopen(in_folder("image.tif"), "r+b");
    assert_non_null(image);
    unsigned char word[8], far[8] = {0, 0, 0, 0, 1, 0, 0, 0};
    TIFF *tiff = TIFFOpen(in_folder("image.tif"), "r");
    assert_non_null(tiff);
    uint64_t offset = TIFFGetStrileOffset(tiff, 3);
    TIFFClose(tiff);
    for (long at = 0; fseek(image, at, SEEK_SET) == 0 && fread(word, 1, 8, image) == 8; at++)
        if (memcmp(word, &offset, 8) == 0) {
            fseek(image, at, SEEK_SET);
            assert_int_equal(fwrite(far, 1, 8, image), 8);
        }
    fclose(image);
    assert_int_equal(tiles_open(in_folder("image.tif"), &tiles, &err), 0);
    assert_non_null(tiles_read(tiles, 2, &err));
    assert_null(tiles_read(tiles, 3, &err));
    assert_non_null(strstr(err.text, "tile 4 of 4 (column 1, row 1): its bytes lie outside the file"));
    tiles_close(tiles);
}

/* ---- cut.h ---- */

enum { N_BOXES = 4 };
static const struct cut_box box[N_BOXES] = {
    {3, 4, 5, 6},     /* in one tile */
    {28, 28, 10, 10}, /* in four */
    {90, 20, 20, 30}, /* beyond the right edge */
    {-5, -5, 8, 8},   /* beyond the corner */
};

struct seen {
    float *pixels[N_BOXES];
    int n;
};

static int keep(void *self, int i, float *pixels, struct err *err)
{
    struct seen *seen = self;
    (void)err;
    assert_null(seen->pixels[i]);
    seen->pixels[i] = pixels;
    seen->n++;
    return 0;
}

static float wanted(const struct cut_box *b, int i)
{
    int x = b->x + i % b->width, y = b->y + i / b->width;
    return x >= 0 && y >= 0 && x < 100 && y < 90 ? (float)(tiles_value(x, y) / 65535.0) : 0.0f;
}

/* All boxes as `size` ranks cut them, one after the other; parts of one box are added up here. */
static void cut_by(int size, const struct tiles_shape *shape, struct tiles *tiles)
{
    struct seen seen = {{NULL}, 0};
    struct cut *cut[8];
    struct err err = {0};
    int n_decoded = 0;
    for (int r = 0; r < size; r++) {
        assert_int_equal(cut_new(box, N_BOXES, shape, r, size, &cut[r], &err), 0);
        assert_int_equal(cut_run(cut[r], &tiles, 1, keep, &seen, &err), 0);
        n_decoded += cut_counts(cut[r])->n_decoded;
    }
    assert_int_equal(n_decoded, cut_counts(cut[0])->n_tiles);
    assert_int_equal(cut_counts(cut[0])->n_tiles, 8); /* of 12 */
    for (int i = 0; i < N_BOXES; i++) {
        if (seen.pixels[i]) {
            assert_int_equal(cut_rank(cut[0], i, 1), -1);
            continue;
        }
        int n = box[i].width * box[i].height, owner = cut_owner(cut[0], i);
        seen.pixels[i] = cut_take(cut[owner], i);
        assert_non_null(seen.pixels[i]);
        for (int k = 1, r; (r = cut_rank(cut[0], i, k)) >= 0; k++) {
            float *part = cut_take(cut[r], i);
            assert_non_null(part);
            for (int p = 0; p < n; p++)
                seen.pixels[i][p] += part[p];
            free(part);
        }
    }
    for (int i = 0; i < N_BOXES; i++) {
        for (int p = 0; p < box[i].width * box[i].height; p++)
            assert_float_equal(seen.pixels[i][p], wanted(&box[i], p), 0);
        free(seen.pixels[i]);
    }
    for (int r = 0; r < size; r++)
        cut_free(cut[r]);
}

static void boxes_are_the_image_however_many_ranks_cut(void **state)
{
    struct tiles *tiles = NULL;
    struct err err = {0};
    (void)state;
    tiles_write(in_folder("image.tif"), 100, 90, 32, 34712);
    assert_int_equal(tiles_open(in_folder("image.tif"), &tiles, &err), 0);
    for (int size = 1; size <= 8; size++)
        cut_by(size, tiles_shape(tiles), tiles);
    tiles_close(tiles);
}

static int drop(void *self, int i, float *pixels, struct err *err)
{
    (void)i;
    (void)err;
    free(pixels);
    ++*(int *)self;
    return 0;
}

static void few_boxes_wait_at_once(void **state)
{
    enum { N = 32 * 32 };
    static struct cut_box many[N];
    struct tiles *tiles = NULL;
    struct cut *cut = NULL;
    struct err err = {0};
    int n = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        many[i] = (struct cut_box){i % 32 * 8, i / 32 * 8, 10, 10};
    tiles_write(in_folder("image.tif"), 258, 258, 32, COMPRESSION_NONE);
    assert_int_equal(tiles_open(in_folder("image.tif"), &tiles, &err), 0);
    assert_int_equal(cut_new(many, N, tiles_shape(tiles), 0, 1, &cut, &err), 0);
    assert_int_equal(cut_run(cut, &tiles, 1, drop, &n, &err), 0);
    assert_int_equal(n, N);
    assert_in_range(cut_counts(cut)->most_unended, 32, 60); /* a row of cells, and the tile's own */
    cut_free(cut);
    tiles_close(tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_gives_every_tile),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(a_tile_outside_the_file_is_told),
        cmocka_unit_test(boxes_are_the_image_however_many_ranks_cut),
        cmocka_unit_test(few_boxes_wait_at_once),
    };
    TIFFSetWarningHandler(NULL);
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
