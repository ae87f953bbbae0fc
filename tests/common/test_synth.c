#include "data/synth.h"

#include "data/drawing.h"
#include "data/kinds.h"
#include "data/pack.h"
#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct err err;

static int count_entries(const char *path)
{
    int n = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

static void test_kinds_are_those_of_the_report(void **state)
{
    int n = 0;
    (void)state;
    for (int k = 0; k < N_KINDS; k++) {
        assert_int_equal(kinds[k].cluster, k + 1);
        n += kinds[k].n_images;
    }
    assert_int_equal(n, 1000);
    assert_int_equal(kinds[0].n_images, 94);
    assert_int_equal(kinds[26].n_images, 7);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double area_of(const struct point *v, int n)
{
    double twice = 0.0;
    for (int i = 0, j = n - 1; i < n; j = i++)
        twice += v[j].x * v[i].y - v[i].x * v[j].y;
    return fabs(twice) / 2.0;
}

/* Areas of drawn cells follow the quantiles they are drawn from. */
static void test_areas_follow_the_quantiles(void **state)
{
    enum { N = 300 };
    static double area[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        struct drawing d = {0};
        assert_int_equal(drawing_make(&kinds[6], i, &d, &err), 0);
        area[i] = area_of(d.outline, DRAWING_CORNERS);
        drawing_release(&d);
    }
    qsort(area, N, sizeof *area, compare);
    assert_true(fabs(log(area[N / 10] / kinds[6].cell_area[0])) < 0.35);
    assert_true(fabs(log(area[N / 2] / kinds[6].cell_area[1])) < 0.15);
    assert_true(fabs(log(area[9 * N / 10] / kinds[6].cell_area[2])) < 0.35);
}

static void test_the_same_bytes_every_time(void **state)
{
    static const char *const files[] = {"clusters.csv", "cell_boundaries.csv.gz", "README.txt", "SYNTHETIC"};
    struct dataset_options options = dataset_defaults();
    struct dataset *a = NULL, *b = NULL;
    struct pack_report report = {0};
    (void)state;
    assert_int_equal(synth_write(in_folder("one"), &err), 0);
    mkdir(in_folder("two"), 0700); /* an empty folder is taken too */
    assert_int_equal(synth_write(in_folder("two/"), &err), 0);
    for (int k = 0; k < 4; k++) {
        char one[64], two[64];
        size_t n, m;
        snprintf(one, sizeof one, "one/%s", files[k]);
        snprintf(two, sizeof two, "two/%s", files[k]);
        char *x = get_bytes(in_folder(one), &n), *y = get_bytes(in_folder(two), &m);
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n);
        free(x);
        free(y);
    }
    assert_int_equal(pack_folder(in_folder("one"), &options, &a, &report, &err), 0);
    assert_int_equal(report.rejects.n + report.n_unknown + report.n_misfits + report.found.n_unlisted, 0);
    assert_int_equal(report.n_masked, 1000);
    pack_report_release(&report);
    assert_int_equal(synth_open(&options, &b, &err), 0);
    assert_string_equal(a->checksum, b->checksum);
    assert_string_equal(b->origin, "builtin");
    assert_true(a->synthetic && b->synthetic);
    assert_int_equal(b->n_clusters, N_KINDS);
    for (int k = 0; k < N_KINDS; k++)
        assert_int_equal(b->cluster_count[k], kinds[k].n_images);
    dataset_free(a);
    dataset_free(b);
}

static void test_a_full_folder_is_refused(void **state)
{
    const char *path = in_folder("full");
    (void)state;
    mkdir(path, 0700);
    put_text(in_folder("full/x"), "");
    assert_int_equal(synth_write(path, &err), E_USAGE);
    assert_string_equal(err.text + strlen(path), ": the folder is not empty; name a new one");
    assert_int_equal(count_entries(path), 1);
    assert_int_equal(synth_write(in_folder("full/x"), &err), E_USAGE);
    assert_int_equal(synth_write(in_folder("no/such/folder"), &err), E_IO);
}

static void test_nothing_is_left_in_tmpdir(void **state)
{
    struct dataset_options options = dataset_defaults();
    struct dataset *data = NULL;
    (void)state;
    mkdir(in_folder("tmp"), 0700);
    setenv("TMPDIR", in_folder("tmp"), 1);
    options.size = 4; /* packing fails after the folder is full */
    assert_int_equal(synth_open(&options, &data, &err), E_USAGE);
    assert_int_equal(count_entries(in_folder("tmp")), 0);
    setenv("TMPDIR", in_folder("none"), 1);
    options.size = 50;
    assert_int_equal(synth_open(&options, &data, &err), E_IO);
    assert_non_null(strstr(err.text, "set TMPDIR to a folder that can be written"));
    unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_those_of_the_report),
        cmocka_unit_test(test_areas_follow_the_quantiles),
        cmocka_unit_test(test_the_same_bytes_every_time),
        cmocka_unit_test(test_a_full_folder_is_refused),
        cmocka_unit_test(test_nothing_is_left_in_tmpdir),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
