#include "data/anndata.h"

#include "h5.h"
#include "support/folder_fixture.h"
#include "support/h5ad_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct err err;
static struct labels labels;

/* The rows of a column as "id=label|id=label|", or the error line without the file's path. */
static const char *rows(const char *column, const struct labels_options *options)
{
    static char out[1200];
    char name[400];
    size_t n = 0;
    snprintf(name, sizeof name, "%s%s", in_folder("t.h5ad"), column);
    out[0] = '\0';
    if (labels_read(name, options, &labels, &err) < 0) {
        snprintf(out, sizeof out, "%s", err.text + strlen(in_folder("t.h5ad")));
        return out;
    }
    for (int i = 0; i < labels.n; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s=%s|", labels_text(&labels, i, LABELS_ID),
                              labels_text(&labels, i, LABELS_LABEL));
    labels_release(&labels);
    return out;
}

static void test_columns_of_every_kind(void **state)
{
    const struct labels_options none = {0}, by_score = {.label_column = "score"};
    const struct labels_options by_kind = {.id_column = "kind", .label_column = "n"};
    (void)state;
    for (int style = H5AD_OLD; style <= H5AD_NEW; style++) {
        put_h5ad(in_folder("t.h5ad"), (enum h5ad_style)style);
        assert_string_equal(rows(":obs/leiden", &none), "1=T|2=B|3=T|4=|");
        assert_string_equal(rows(":obs/kind", &none), "1=a|2=b|3=a b|4=c|");
        assert_string_equal(rows(":obs/n", &none), "1=3|2=4|3=3|4=4|");
        assert_string_equal(rows("", &by_score), "1=0.5|2=1|3=2.5|4=3|");
        assert_string_equal(rows("", &by_kind), "a=3|b=4|a b=3|c=4|");
        assert_string_equal(rows(":obs/slide", &none), "1=s1|2=s2|3=s1|4=s2|");
    }
}

static void test_groups_come_along(void **state)
{
    const struct labels_options options = {.groups = "slide"};
    char name[400];
    (void)state;
    put_h5ad(in_folder("t.h5ad"), H5AD_NEW);
    snprintf(name, sizeof name, "%s:obs/leiden", in_folder("t.h5ad"));
    assert_int_equal(labels_read(name, &options, &labels, &err), 0);
    assert_string_equal(labels_text(&labels, 1, LABELS_GROUP), "s2");
    assert_null(labels_text(&labels, 1, LABELS_FILE));
    assert_int_equal(labels_line(&labels, 1), 2);
    labels_release(&labels);
}

static void test_wrong_columns_are_named(void **state)
{
    const struct labels_options none = {0};
    (void)state;
    put_h5ad(in_folder("t.h5ad"), H5AD_NEW);
    assert_non_null(strstr(rows("", &none), ": which column of obs has the labels? "));
    assert_non_null(
        strstr(err.text, "found: \"cell_id\", \"kind\", \"leiden\", \"n\", \"score\", \"slide\""));
    assert_non_null(
        strstr(rows(":obs/louvain", &none), ": no column \"louvain\" in obs, found: \"cell_id\""));
    assert_non_null(strstr(rows(":uns/leiden", &none), "a column of cells is FILE.h5ad:obs/COLUMN"));
}

static hid_t change(void)
{
    put_h5ad(in_folder("t.h5ad"), H5AD_NEW);
    return H5Fopen(in_folder("t.h5ad"), H5F_ACC_RDWR, H5P_DEFAULT);
}

static void test_damaged_files_are_refused(void **state)
{
    const struct labels_options none = {0};
    const signed char codes[] = {1, 0, 2, -1}, few[] = {1, 0, 1};
    (void)state;
    hid_t file = change();
    H5Ldelete(file, "obs/leiden/codes", H5P_DEFAULT);
    h5ad_put(file, "obs/leiden/codes", H5T_NATIVE_SCHAR, 4, codes);
    H5Fclose(file);
    assert_string_equal(rows(":obs/leiden", &none),
                        ": obs/leiden has codes that no category belongs to: damaged");
    file = change();
    H5Ldelete(file, "obs/leiden/codes", H5P_DEFAULT);
    h5ad_put(file, "obs/leiden/codes", H5T_NATIVE_SCHAR, 3, few);
    H5Fclose(file);
    assert_string_equal(rows(":obs/leiden", &none),
                        ": obs/leiden has another number of rows than the index: damaged");
    file = change();
    H5Ldelete(file, "obs/leiden/categories", H5P_DEFAULT);
    H5Fclose(file);
    assert_string_equal(rows(":obs/leiden", &none),
                        ": obs/leiden is of a kind that is not read; write it as categories or text");
    file = change();
    H5Ldelete(file, "obs", H5P_DEFAULT);
    H5Fclose(file);
    assert_string_equal(rows(":obs/leiden", &none),
                        ": an HDF5 file without the table obs: not an AnnData file");
    file = H5Fopen(in_folder("t.h5ad"), H5F_ACC_RDWR, H5P_DEFAULT);
    h5ad_put(file, "obs", H5T_NATIVE_SCHAR, 4, codes);
    H5Fclose(file);
    assert_non_null(strstr(rows(":obs/leiden", &none), ": obs is written as anndata before 0.7 did"));
    put_text(in_folder("t.h5ad"), "Barcode,Cluster\n");
    assert_non_null(strstr(rows(":obs/leiden", &none), "not an HDF5 file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_of_every_kind),
        cmocka_unit_test(test_groups_come_along),
        cmocka_unit_test(test_wrong_columns_are_named),
        cmocka_unit_test(test_damaged_files_are_refused),
    };
    h5_silence();
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
