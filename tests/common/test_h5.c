#include "h5.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct err err;

static void test_attributes_come_back(void **state)
{
    const char *path = in_folder("a.h5");
    char *text = NULL, *long_text = calloc(70001, 1);
    struct h5_draft draft;
    int i = 0;
    double r = 0.0;
    (void)state;
    memset(long_text, 'y', 70000);
    assert_int_equal(h5_draft_begin(&draft, path, &err), 0);
    assert_int_equal(h5_write_text_attr(draft.file, "text", "a: \xc2\xb5m\nb", path, &err), 0);
    assert_int_equal(h5_write_text_attr(draft.file, "empty", "", path, &err), 0);
    assert_int_equal(h5_write_int_attr(draft.file, "i", -7, path, &err), 0);
    assert_int_equal(h5_write_real_attr(draft.file, "r", 0.1, path, &err), 0);
    assert_int_equal(h5_write_text_attr(draft.file, "long", long_text, path, &err), E_IO);
    assert_int_equal(h5_draft_commit(&draft, &err), 0);
    hid_t file;
    assert_int_equal(h5_open_read(path, &file, &err), 0);
    assert_int_equal(h5_read_text_attr(file, "text", &text, path, &err), 0);
    assert_string_equal(text, "a: \xc2\xb5m\nb");
    free(text);
    assert_int_equal(h5_read_text_attr(file, "empty", &text, path, &err), 0);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(h5_read_int_attr(file, "i", &i, path, &err), 0);
    assert_int_equal(i, -7);
    assert_int_equal(h5_read_real_attr(file, "r", &r, path, &err), 0);
    assert_true(r == 0.1);
    assert_int_equal(h5_read_int_attr(file, "none", &i, path, &err), E_IO);
    assert_int_equal(h5_read_text_attr(file, "i", &text, path, &err), E_IO);
    assert_true(h5_has_attr(file, "i") && !h5_has_attr(file, "none"));
    H5Fclose(file);
    free(long_text);
}

static void test_rows_and_fill(void **state)
{
    const char *path = in_folder("r.h5");
    const hsize_t dims[2] = {4, 3};
    int fill = -1, rows[6] = {1, 2, 3, 4, 5, 6}, all[12], back[3];
    struct h5_draft draft;
    (void)state;
    assert_int_equal(h5_draft_begin(&draft, path, &err), 0);
    hid_t dataset = h5_create(draft.file, "/deep/er/x", H5T_NATIVE_INT, 2, dims, &fill, path, &err);
    assert_true(dataset >= 0);
    assert_int_equal(h5_rows_write(dataset, 1, 2, H5T_NATIVE_INT, rows, "x", path, &err), 0);
    assert_int_equal(h5_rows_write(dataset, 3, 2, H5T_NATIVE_INT, rows, "x", path, &err), E_IO);
    assert_int_equal(h5_rows_read(dataset, 2, 1, H5T_NATIVE_INT, back, "x", path, &err), 0);
    assert_memory_equal(back, rows + 3, sizeof back);
    H5Dclose(dataset);
    assert_true(h5_exists(draft.file, "/deep/er/x") && !h5_exists(draft.file, "/deep/no/x"));
    assert_int_equal(h5_read(draft.file, "/deep/er/x", H5T_NATIVE_INT, 2, dims, all, path, &err), 0);
    assert_true(all[0] == -1 && all[3] == 1 && all[8] == 6 && all[11] == -1);
    assert_int_equal(
        h5_read(draft.file, "/deep/er/x", H5T_NATIVE_INT, 2, (const hsize_t[]){3, 4}, all, path, &err), E_IO);
    assert_int_equal(h5_read(draft.file, "/deep/er/x", H5T_NATIVE_INT, 1, dims, all, path, &err), E_IO);
    h5_draft_abandon(&draft);
    assert_true(access(path, F_OK) < 0 && access(draft.temp, F_OK) < 0);
}

/* An object left open would keep the file open behind a "closed" one: commit refuses and leaves nothing. */
static void test_commit_refuses_open_objects(void **state)
{
    const char *path = in_folder("c.h5");
    struct h5_draft draft;
    (void)state;
    assert_int_equal(h5_draft_begin(&draft, path, &err), 0);
    hid_t group = H5Gcreate2(draft.file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(h5_draft_commit(&draft, &err), E_IO);
    H5Gclose(group);
    assert_true(access(path, F_OK) < 0 && access(draft.temp, F_OK) < 0);
}

/* What a killed process left goes, what only looks alike stays. */
static void test_old_drafts_are_removed(void **state)
{
    static const char *const name[] = {"d.h5", "d.h5.draft-1234567", "d.h5.draft-12345", "d.h5.old-123456",
                                       "e.h5.draft-123456"};
    char path[4096], temp[H5_PATH_SIZE];
    struct h5_draft draft;
    (void)state;
    snprintf(path, sizeof path, "%s", in_folder("d.h5"));
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        put_bytes(in_folder(name[i]), "x", 1);
    assert_int_equal(h5_draft_begin(&draft, path, &err), 0);
    snprintf(temp, sizeof temp, "%s", draft.temp);
    H5Fclose(draft.file);
    assert_int_equal(access(temp, F_OK), 0);
    h5_draft_tidy(path);
    assert_true(access(temp, F_OK) < 0);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        assert_int_equal(unlink(in_folder(name[i])), 0);
    h5_draft_tidy("/no/such/folder/r.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_come_back),
        cmocka_unit_test(test_rows_and_fill),
        cmocka_unit_test(test_commit_refuses_open_objects),
        cmocka_unit_test(test_old_drafts_are_removed),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
