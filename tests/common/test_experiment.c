#include "xenium/experiment.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct experiment experiment;

static void put(const char *name, const char *content)
{
    put_text(in_folder(name), content);
}

static void make(const char *folder)
{
    assert_int_equal(mkdir(in_folder(folder), 0777), 0);
}

/* The bundle `name` with its experiment.xenium. */
static const char *bundle(const char *name, const char *json)
{
    char path[200];
    make(name);
    snprintf(path, sizeof path, "%s/experiment.xenium", name);
    put(path, json);
    return in_folder(name);
}

static void refuses(const char *folder, const char *says)
{
    struct err err = {0};
    assert_int_equal(experiment_read(folder, &experiment, &err), E_IO);
    if (!strstr(err.text, says))
        fail_msg("%s", err.text);
}

static void one_file_is_dapi(void **state)
{
    const char *folder =
        bundle("one", "{\"pixel_size\": 0.25, \"images\": {\"morphology_focus_filepath\": \"f.tif\"}}");
    struct err err = {0};
    (void)state;
    put("one/f.tif", "");
    assert_int_equal(experiment_read(folder, &experiment, &err), 0);
    assert_float_equal(experiment.pixel_size, 0.25, 0);
    assert_int_equal(experiment.n_channels, 1);
    assert_string_equal(experiment.channel[0].name, "dapi");
    assert_non_null(strstr(experiment.channel[0].path, "one/f.tif"));
}

static void a_name_brings_its_sisters_in_order(void **state)
{
    const char *folder =
        bundle("series", "{\"pixel_size\": 0.2125, \"images\": {\"morphology_focus_filepath\":"
                         " \"morphology_focus/morphology_focus_0000.ome.tif\"}}");
    struct err err = {0};
    (void)state;
    make("series/morphology_focus");
    put("series/morphology_focus/morphology_focus_0002.ome.tif", "");
    put("series/morphology_focus/morphology_focus_0000.ome.tif", "");
    put("series/morphology_focus/morphology_focus_0001.ome.tif", "");
    put("series/morphology_focus/preview.tif", "");
    assert_int_equal(experiment_read(folder, &experiment, &err), 0);
    assert_int_equal(experiment.n_channels, 3);
    assert_string_equal(experiment.channel[0].name, "dapi");
    assert_string_equal(experiment.channel[2].name, "channel 3");
    assert_non_null(strstr(experiment.channel[1].path, "_0001.ome.tif"));
}

/* What experiment.xenium names is not there: the usual names are tried. */
static void stains_name_channels(void **state)
{
    const char *folder =
        bundle("stains", "{\"analysis_sw_version\": \"R&D\", \"pixel_size\": 0.2125, \"images\":"
                         " {\"morphology_focus_filepath\": \"morphology_focus.ome.tif\"}}");
    struct err err = {0};
    (void)state;
    make("stains/morphology_focus");
    put("stains/morphology_focus/ch0001_atp1a1_cd45_e-cadherin.ome.tif", "");
    put("stains/morphology_focus/ch0000_dapi.ome.tif", "");
    assert_int_equal(experiment_read(folder, &experiment, &err), 0);
    assert_int_equal(experiment.n_channels, 2);
    assert_string_equal(experiment.channel[0].name, "dapi");
    assert_string_equal(experiment.channel[1].name, "atp1a1_cd45_e-cadherin");
    put("stains/morphology_focus/morphology_focus_0001.ome.tif", "");
    refuses(folder, "are the same channel; keep one");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    make("empty");
    refuses(in_folder("empty"), "experiment.xenium is missing: looked for");
    refuses(bundle("bad", "{\"pixel_size\": }"), "experiment.xenium:1: no JSON");
    refuses(bundle("sizeless", "{\"images\": {}}"), "no pixel_size");
    refuses(bundle("negative", "{\"pixel_size\": -1}"), "no pixel_size");
    refuses(bundle("dark", "{\"pixel_size\": 1, \"images\": {\"morphology_focus_filepath\": \"x.tif\"}}"),
            "the focus image is missing: looked for x.tif, morphology_focus.ome.tif, ");
    assert_int_equal(experiment_is(in_folder("dark")), 1);
    assert_int_equal(experiment_is(in_folder("empty")), 0);
}

static void clusterings_are_found_by_what_they_are_called(void **state)
{
    char path[600];
    struct err err = {0};
    const char *folder = in_folder("clusters");
    (void)state;
    make("clusters");
    assert_int_equal(experiment_clusters(folder, "graphclust", path, sizeof path, &err), E_IO);
    assert_non_null(strstr(err.text, "/analysis/clustering/*/clusters.csv; --labels names"));
    put("clusters/analysis.tar.gz", "");
    assert_int_equal(experiment_clusters(folder, "graphclust", path, sizeof path, &err), E_IO);
    assert_non_null(strstr(err.text, "tar -xzf analysis.tar.gz"));
    make("clusters/analysis");
    make("clusters/analysis/clustering");
    make("clusters/analysis/clustering/gene_expression_graphclust");
    make("clusters/analysis/clustering/gene_expression_kmeans_10_clusters");
    put("clusters/analysis/clustering/gene_expression_graphclust/clusters.csv", "");
    put("clusters/analysis/clustering/gene_expression_kmeans_10_clusters/clusters.csv", "");
    static const char *const names[] = {"graphclust", "gene_expression_graphclust", "kmeans_10"};
    for (int k = 0; k < 3; k++)
        assert_int_equal(experiment_clusters(folder, names[k], path, sizeof path, &err), 0);
    assert_non_null(strstr(path, "kmeans_10_clusters/clusters.csv"));
    assert_int_equal(experiment_clusters(folder, "kmeans_1", path, sizeof path, &err), E_IO);
    assert_non_null(strstr(err.text, "no clustering 'kmeans_1' with a clusters.csv; there are: "
                                     "gene_expression_graphclust, gene_expression_kmeans_10_clusters"));
}

static void outlines_are_plain_or_zipped(void **state)
{
    char path[600];
    struct err err = {0};
    const char *folder = in_folder("outlines");
    (void)state;
    make("outlines");
    put("outlines/nucleus_boundaries.parquet", "");
    assert_int_equal(experiment_outlines(folder, "nucleus", path, sizeof path, &err), E_IO);
    assert_non_null(strstr(err.text, "nucleus_boundaries.csv.gz and "));
    assert_non_null(strstr(err.text, "read_parquet"));
    put("outlines/nucleus_boundaries.csv", "");
    assert_int_equal(experiment_outlines(folder, "nucleus", path, sizeof path, &err), 0);
    assert_string_equal(strrchr(path, '/'), "/nucleus_boundaries.csv");
    put("outlines/nucleus_boundaries.csv.gz", "");
    assert_int_equal(experiment_outlines(folder, "nucleus", path, sizeof path, &err), 0);
    assert_string_equal(strrchr(path, '/'), "/nucleus_boundaries.csv.gz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_dapi),
        cmocka_unit_test(a_name_brings_its_sisters_in_order),
        cmocka_unit_test(stains_name_channels),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(clusterings_are_found_by_what_they_are_called),
        cmocka_unit_test(outlines_are_plain_or_zipped),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
