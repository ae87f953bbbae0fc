#include "data/sheet.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct err err;

/* Clusters 5 (two images) and 8 (one), image i all of brightness (i + 1) / 4. */
static struct dataset *make(void)
{
    struct dataset *data = dataset_new(3, 50, 1, &err);
    assert_non_null(data);
    for (int i = 0; i < 3; i++) {
        data->image[i].cluster = i < 2 ? 5 : 8;
        for (int k = 0; k < 2500; k++)
            data->pixels[i * 2500 + k] = (float)(i + 1) / 4.0f;
    }
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

static int count_level(const struct image *sheet, int level)
{
    int n = 0;
    for (int i = 0; i < sheet->width * sheet->height; i++)
        n += (int)(sheet->pixels[i] * 255.0f + 0.5f) == level;
    return n;
}

static void test_rows_of_images(void **state)
{
    struct dataset *data = make();
    struct image sheet;
    (void)state;
    assert_int_equal(sheet_write(data, 20, in_folder("s.png"), &err), 0);
    assert_int_equal(image_read(in_folder("s.png"), &sheet, &err), 0);
    assert_int_equal(count_level(&sheet, 64), 2500);
    assert_int_equal(count_level(&sheet, 128), 2500);
    assert_int_equal(count_level(&sheet, 191), 2500);
    /* digits of 3 x 5 cells: 5 has 11 lit, 8 has 13, 3 pixels a side; the counts 2 and 1 have 11 and
     * 8, 2 pixels a side */
    assert_int_equal(count_level(&sheet, 255), 9 * (11 + 13) + 4 * (11 + 8));
    image_release(&sheet);
    assert_int_equal(sheet_write(data, 1, in_folder("s.png"), &err), 0);
    assert_int_equal(image_read(in_folder("s.png"), &sheet, &err), 0);
    assert_int_equal(count_level(&sheet, 128), 0);
    image_release(&sheet);
    assert_int_equal(sheet_write(data, 1, in_folder("no/such/s.png"), &err), E_IO);
    dataset_free(data);
}

static void name_classes(struct dataset *data, const char *const name[2])
{
    for (int i = 0; i < data->n_images; i++)
        data->image[i].cluster = class_number(name[i >= 2], &err);
    assert_int_equal(dataset_finish(data, &err), 0);
}

/* "T I" at two pixels a side: T has 7 lit cells, I has 9; of signs in names, '"' has 4 and '|' 5. */
static void test_names_are_drawn(void **state)
{
    static const char *const names[] = {"T I", "?"}, *const wider[] = {"a longer name, cut", "?"};
    static const char *const signs[] = {"\"\xc3\x8f|", "?"};
    struct dataset *data = make();
    struct image sheet, wide;
    (void)state;
    name_classes(data, names);
    assert_int_equal(sheet_write(data, 20, in_folder("s.png"), &err), 0);
    assert_int_equal(image_read(in_folder("s.png"), &sheet, &err), 0);
    assert_int_equal(count_level(&sheet, 255), 4 * (7 + 9 + 5) + 4 * (11 + 8));
    name_classes(data, signs);
    assert_int_equal(sheet_write(data, 20, in_folder("s.png"), &err), 0);
    assert_int_equal(image_read(in_folder("s.png"), &wide, &err), 0);
    assert_int_equal(count_level(&wide, 255), 4 * (4 + 9 + 5 + 5) + 4 * (11 + 8));
    image_release(&wide);
    name_classes(data, wider);
    assert_int_equal(sheet_write(data, 20, in_folder("s.png"), &err), 0);
    assert_int_equal(image_read(in_folder("s.png"), &wide, &err), 0);
    assert_true(wide.width > sheet.width);
    image_release(&sheet);
    image_release(&wide);
    dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_images),
        cmocka_unit_test(test_names_are_drawn),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
