#include "image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_kinds_by_name(void **state)
{
    static const char *const read[] = {"a.png", "/x.y/b.PNG", "c.tif", "d.ome.tiff", "e.JPG", "f.jpeg"};
    static const char *const other[] = {"a.bmp", "b.GIF", "c.webp", "d.heic", "e.czi", "f.jp2"};
    static const char *const none[] = {"clusters.csv", "png",       ".png", "/a.png/b",
                                       "c.png.txt",    "Thumbs.db", ""};
    (void)state;
    for (size_t k = 0; k < sizeof read / sizeof *read; k++)
        assert_int_equal(image_kind_of(read[k]), IMAGE_READ);
    for (size_t k = 0; k < sizeof other / sizeof *other; k++)
        assert_int_equal(image_kind_of(other[k]), IMAGE_OTHER);
    for (size_t k = 0; k < sizeof none / sizeof *none; k++)
        assert_int_equal(image_kind_of(none[k]), IMAGE_NONE);
}

static void test_stems(void **state)
{
    (void)state;
    assert_int_equal(image_stem("cell_1.png"), 6);
    assert_int_equal(image_stem("a.ome.TIFF"), 5);
    assert_int_equal(image_stem("notes.txt"), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_by_name),
        cmocka_unit_test(test_stems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
