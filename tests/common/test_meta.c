#include "data/meta.h"

#include "h5.h"
#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct err err;

static void make(struct meta *meta)
{
    static const char *const slide[] = {"s2", "s1", NULL, "s2"}, *const animal[] = {"", "x", "y", "x"};
    assert_int_equal(meta_add(meta, "slide", slide, 4, &err), 0);
    assert_int_equal(meta_add(meta, "animal", animal, 4, &err), 0);
}

static void test_words_are_kept(void **state)
{
    struct meta meta = {0};
    const int keep[] = {1, 3};
    (void)state;
    make(&meta);
    const struct meta_column *slide = meta_find(&meta, "slide");
    assert_non_null(slide);
    assert_null(meta_find(&meta, "plate"));
    assert_int_equal(slide->n_values, 2);
    assert_string_equal(meta_word(slide, 0), "s2");
    assert_string_equal(meta_word(slide, 2), "");
    meta_keep(&meta, keep, 2);
    assert_string_equal(meta_word(slide, 0), "s1");
    assert_string_equal(meta_word(slide, 1), "s2");
    assert_string_equal(meta_word(meta_find(&meta, "animal"), 1), "x");
    meta_release(&meta);
}

static void test_what_is_written_is_read(void **state)
{
    struct meta meta = {0}, again = {0};
    const char *path = in_folder("m.h5");
    const int bad[] = {0, 2, -1, 1};
    (void)state;
    make(&meta);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(meta_read(file, &again, 4, path, &err), 0);
    assert_int_equal(again.n_columns, 0);
    assert_int_equal(meta_write(file, &meta, 4, path, &err), 0);
    assert_int_equal(meta_read(file, &again, 4, path, &err), 0);
    assert_int_equal(again.n_columns, 2);
    for (int i = 0; i < 4; i++)
        assert_string_equal(meta_word(meta_find(&again, "slide"), i),
                            meta_word(meta_find(&meta, "slide"), i));
    meta_release(&again);
    hid_t set = H5Dopen2(file, "/meta/slide/code", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, bad);
    H5Dclose(set);
    assert_int_equal(meta_read(file, &again, 4, path, &err), E_IO);
    assert_non_null(strstr(err.text, "/meta/slide/code is 2 for image 1; pack it again"));
    meta_release(&again);
    meta_release(&meta);
    H5Fclose(file);
}

static void test_unusable_words_are_refused(void **state)
{
    struct meta meta = {0};
    char longer[META_WORD_SIZE + 1];
    const char *word = "a\x1b[31m", *fine = "a";
    (void)state;
    assert_int_equal(meta_add(&meta, "slide", &word, 1, &err), E_IO);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    word = longer;
    assert_int_equal(meta_add(&meta, "slide", &word, 1, &err), E_IO);
    assert_int_equal(meta_add(&meta, "a/b", &fine, 1, &err), E_IO);
    assert_non_null(strstr(err.text, "its name is empty or has a slash"));
    assert_int_equal(meta.n_columns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_kept),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_unusable_words_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
