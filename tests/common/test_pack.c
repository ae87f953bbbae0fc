#include "data/formats.h"
#include "data/pack.h"

#include "image/png.h"
#include "image/polygon.h"
#include "image/resize.h"
#include "support/folder_fixture.h"
#include "support/h5ad_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct dataset *data;
static struct pack_report report;
static struct err err;

/* A fresh source folder "s" for every test. */
static int fresh(void **state)
{
    (void)state;
    remove_folder(in_folder("s"));
    memset(&err, 0, sizeof err);
    return mkdir(in_folder("s"), 0700);
}

static int release(void **state)
{
    (void)state;
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    return 0;
}

static int pack_options(int size, const char *groups)
{
    struct dataset_options options = {.size = size, .pixel_size = 0.5, .groups = groups};
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    return pack_folder(in_folder("s"), &options, &data, &report, &err);
}

static int pack_sized(int size)
{
    return pack_options(size, NULL);
}

static int pack(void)
{
    return pack_sized(8);
}

/* cell_images/cluster_1 with cells 1, 2, 10 and cluster_2 with cells 3, 4: 9 x 7 pixels. */
static void make_layout_a(void)
{
    mkdir(in_folder("s/cell_images"), 0700);
    mkdir(in_folder("s/cell_images/cluster_1"), 0700);
    mkdir(in_folder("s/cell_images/cluster_2"), 0700);
    put_png(in_folder("s/cell_images/cluster_1/cell_10.png"), 9, 7, 10);
    put_png(in_folder("s/cell_images/cluster_1/cell_1.png"), 9, 7, 11);
    put_png(in_folder("s/cell_images/cluster_1/cell_2.png"), 9, 7, 12);
    put_png(in_folder("s/cell_images/cluster_2/cell_3.png"), 9, 7, 13);
    put_png(in_folder("s/cell_images/cluster_2/cell_4.png"), 9, 7, 14);
}

/* pack() fails with this line after the folder's path. */
static void expect_error(const char *line)
{
    assert_int_equal(pack(), E_IO);
    assert_null(data);
    assert_string_equal(err.text + strlen(in_folder("s")), line);
}

/* pack() keeps n images and rejects one, so. */
static void expect_reject(int n, const char *source, const char *reason)
{
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_images, n);
    assert_int_equal(report.rejects.n, 1);
    assert_int_equal(report.found.n_found, n + 1);
    assert_string_equal(report.rejects.item[0].source, source);
    assert_string_equal(report.rejects.item[0].reason, reason);
}

static void test_layout_a(void **state)
{
    static const char *const ids[] = {"1", "2", "10", "3", "4"};
    float expected[64];
    struct image image;
    (void)state;
    make_layout_a();
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_images, 5);
    assert_int_equal(data->n_clusters, 2);
    assert_int_equal(data->cluster_count[0], 3);
    assert_int_equal(report.n_masked, 0);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(data->image[i].id, ids[i]);
        assert_int_equal(data->image[i].cluster, i < 3 ? 1 : 2);
        assert_int_equal(data->image[i].width, 9);
        assert_int_equal(data->image[i].height, 7);
    }
    assert_string_equal(data->image[2].source, "cell_images/cluster_1/cell_10.png");
    assert_int_equal(image_read(in_folder("s/cell_images/cluster_1/cell_10.png"), &image, &err), 0);
    resize_bilinear(expected, 8, image.pixels, 9, 7, 1);
    assert_memory_equal(expected, data->pixels + 2 * 64, sizeof expected);
    image_release(&image);
}

static void test_layout_b_with_and_without_prefix(void **state)
{
    (void)state;
    put_png(in_folder("s/a.png"), 3, 3, 0);
    put_png(in_folder("s/cell_7.PNG"), 3, 3, 9);
    put_png(in_folder("s/b.png"), 3, 3, 18);
    put_png(in_folder("s/c.png"), 3, 3, 27);
    put_text(in_folder("s/notes.txt"), "x");
    put_text(in_folder("s/clusters.csv"), "Cluster,Barcode\n4,cell_7\n0,a\n4,b\n");
    expect_reject(3, "c.png", "no label in clusters.csv");
    assert_string_equal(data->image[0].id, "a");
    assert_string_equal(data->image[1].id, "7");
    assert_string_equal(data->image[2].id, "b");
    assert_int_equal(data->cluster[0], 0);
    assert_int_equal(data->cluster[1], 4);
}

/* A triangle in micrometres, half a micrometre a pixel: pixels beyond its long side become 0 before
 * resizing. */
static void test_mask_is_applied_before_resizing(void **state)
{
    struct point outline[] = {{20, 30}, {24, 30}, {20, 33}};
    struct image image;
    float expected[64];
    (void)state;
    make_layout_a();
    put_text(in_folder("s/cell_boundaries.csv"),
             "cell_id,vertex_x,vertex_y\n"
             "3,20,30\n99,0,0\n3,24,30\n3,20,33\n3,20,30\n99,1,0\n98,1,1\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(report.n_masked, 1);
    assert_int_equal(report.n_unknown, 2);
    assert_int_equal(report.n_misfits, 0);
    assert_int_equal(data->image[3].masked, 1);
    assert_int_equal(data->image[4].masked, 0);
    assert_int_equal(image_read(in_folder("s/cell_images/cluster_2/cell_3.png"), &image, &err), 0);
    polygon_to_pixels(outline, 3, 0.5);
    polygon_mask(outline, 3, image.pixels, 9, 7, 1);
    assert_true(image.pixels[8] > 0.0f && image.pixels[9 + 8] == 0.0f && image.pixels[6 * 9] > 0.0f);
    resize_bilinear(expected, 8, image.pixels, 9, 7, 1);
    assert_memory_equal(expected, data->pixels + 3 * 64, sizeof expected);
    image_release(&image);
}

static void test_bad_images_are_listed(void **state)
{
    const char *bad = in_folder("s/cell_images/cluster_1/cell_5.png");
    size_t n;
    (void)state;
    make_layout_a();
    put_text(bad, "");
    expect_reject(5, "cell_images/cluster_1/cell_5.png", "empty file");
    put_bytes(bad, "GIF89a", 6);
    expect_reject(5, "cell_images/cluster_1/cell_5.png",
                  "a GIF, which is not read; convert it to PNG or TIFF");
    char *bytes = get_bytes(in_folder("s/cell_images/cluster_1/cell_1.png"), &n);
    put_bytes(bad, bytes, n - 20);
    expect_reject(5, "cell_images/cluster_1/cell_5.png", "truncated: the file ends inside the image");
    memcpy(bytes + 16, "\0\0\xff\xff\0\0\xff\xff", 8);
    put_bytes(bad, bytes, n);
    expect_reject(
        5, "cell_images/cluster_1/cell_5.png",
        "65535 x 65535 pixels, more than a cell image may have (16384 a side, 67108864 in all); cut "
        "the cell out");
    free(bytes);
}

static void test_bad_boundaries_are_listed(void **state)
{
    const char *table = in_folder("s/cell_boundaries.csv"), *cell = "cell_images/cluster_2/cell_3.png";
    (void)state;
    make_layout_a();
    put_text(table, "cell_id,vertex_x,vertex_y\n3,1,1\n3,2,1\n3,1,1\n");
    expect_reject(4, cell, "its boundary has 2 vertices, needs 3");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,1,1\n");
    expect_reject(4, cell, "its boundary has 1 vertex, needs 3");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,1,1\n3,NaN,1\n3,4,4\n3,1,2\n");
    expect_reject(4, cell, "its boundary has a vertex that is not a number (vertex 2)");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,1,1\n3,5,1\n3,4,inf\n");
    expect_reject(4, cell, "its boundary has a vertex that is not a number (vertex 3)");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,900\n3,900,900\n3,899,0\n4,20,30\n4,24,30\n4,20,33\n");
    expect_reject(
        4, cell,
        "its boundary leaves no lit pixel of it; does it belong to this image, and is the pixel size right?");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,900,0\n3,0,900\n");
    expect_error(
        "/cell_boundaries.csv: outlines do not fit their images: of 1, 0 have a box of the image's size, 0 "
        "are smaller; is the pixel size right? --crop box or --crop centred takes them as they are");
    put_text(table, "cell,vertex_x,vertex_y\n");
    expect_error(
        "/cell_boundaries.csv:1: no column \"cell_id\", found: \"cell\", \"vertex_x\", \"vertex_y\"");
}

static void test_one_pixel_is_an_image(void **state)
{
    (void)state;
    make_layout_a();
    put_png(in_folder("s/cell_images/cluster_2/cell_5.png"), 1, 1, 51);
    put_text(in_folder("s/cell_boundaries.csv"), "cell_id,vertex_x,vertex_y\n5,7,7\n5,7.1,7\n5,7,7.1\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(data->image[5].masked, 1);
    for (int i = 0; i < 64; i++)
        assert_true(data->pixels[5 * 64 + i] == 0.2f);
}

static void test_nothing_to_pack(void **state)
{
    (void)state;
    expect_error(": no images: neither <class>/<id>.png, cell_images/cluster_<k>/cell_<id>.png, "
                 "{train,val,test}/<class>/<id>.png nor <id>.png");
    put_png(in_folder("s/1.png"), 3, 3, 0);
    expect_error(": images without labels: no clusters.csv (Barcode,Cluster) and no folders called after "
                 "classes; --labels names a table that lies elsewhere");
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\n1,1\n");
    expect_error(": all 1 images are of one class, cluster 1; at least two are needed");
    put_text(in_folder("s/1.png"), "");
    expect_error(": none of 1 images can be used; the first, 1.png: empty file");
    remove_folder(in_folder("s"));
    expect_error(": not a folder that can be read");
}

static void test_duplicate_ids(void **state)
{
    (void)state;
    make_layout_a();
    put_png(in_folder("s/cell_images/cluster_2/cell_2.png"), 9, 7, 1);
    expect_error(
        ": cell_images/cluster_1/cell_2.png and cell_images/cluster_2/cell_2.png have the same cell id 2; "
        "rename or remove one; cells of several slides keep apart with the slide's name before their ids");
}

static void test_labels_are_checked(void **state)
{
    const char *table = in_folder("s/clusters.csv");
    (void)state;
    make_layout_a();
    put_text(table, "Barcode,Cluster\n1,1\n3,2\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(report.found.n_unlisted, 3);
    put_text(table, "Barcode,Cluster\n1,1\n5,2\n6,1\n");
    expect_error("/clusters.csv:3: cell 5 has a label but no image (2 such rows); remove the row, add the "
                 "image, or let `cellsweep data pack --allow-missing` pass over such rows");
    put_text(table, "Barcode,Cluster\n1,1\n3,1\n");
    expect_error("/clusters.csv:3: cell 3 is in cluster 1 here, but in cell_images/cluster_2/cell_3.png; "
                 "make them agree");
    put_text(table, "Barcode,Cluster\n1,1\n2,1\n1,1\n");
    expect_error("/clusters.csv:4: cell 1 has a label already, in line 2; remove one");
    put_text(table, "Barcode,Cluster\n1,1.5\n");
    expect_error(
        "/clusters.csv:2: cell 1 is in cluster 1.5 here, but in cell_images/cluster_1/cell_1.png; make "
        "them agree");
    put_text(table, "Barcode,Cluster\n1,01\n2,1.0\n3, 2\n");
    assert_int_equal(pack(), 0);
    put_text(table, "Barcode\n1\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(report.found.n_unlisted, 4);
}

/* A flat folder with the images 1 to 4 and a table. */
static void make_flat(const char *table)
{
    for (int i = 1; i <= 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "s/%d.png", i);
        put_png(in_folder(name), 9, 7, 20 * i);
    }
    put_text(in_folder("s/clusters.csv"), table);
}

/* Class k of data, as text. */
static const char *name_of(int k)
{
    static char room[CLASS_NAME_SIZE];
    return class_text(data->cluster[k], room);
}

static void test_labels_may_be_names(void **state)
{
    (void)state;
    make_flat("Barcode,Cluster\n1,CD8+ T cell\n2,CD4+ T cell\n3,CD8+ T cell\n4,10\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(dataset_has_names(data), 1);
    assert_string_equal(name_of(0), "10");
    assert_string_equal(name_of(1), "CD4+ T cell");
    assert_string_equal(name_of(2), "CD8+ T cell");
    assert_string_equal(data->image[0].id, "4");
    assert_int_equal(data->image[3].cluster, data->cluster[2]);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\n1,1\n2,2.5\n3,1\n4,2\n");
    expect_error(
        "/clusters.csv:3: the label is \"2.5\", not a whole number from 0 to 32767, while all others are "
        "numbers, too; give every class a whole number, or a name");
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\n1,a`b\n2,2\n3,1\n4,2\n");
    expect_error(
        "/clusters.csv:2: the class name \"a`b\" has control characters, backquotes or bytes that are no "
        "UTF-8; rename it");
}

static void test_folders_may_be_names(void **state)
{
    (void)state;
    mkdir(in_folder("s/Polylobed"), 0700);
    mkdir(in_folder("s/B cells"), 0700);
    mkdir(in_folder("s/notes"), 0700);
    put_png(in_folder("s/Polylobed/a1.png"), 9, 7, 0);
    put_png(in_folder("s/B cells/a2.png"), 9, 7, 20);
    assert_int_equal(pack(), 0);
    assert_int_equal(report.found.n_outside, 1);
    assert_string_equal(name_of(0), "B cells");
    assert_string_equal(name_of(1), "Polylobed");
    assert_string_equal(data->image[0].id, "a2");
    put_png(in_folder("s/B cells/a1.png"), 9, 7, 40);
    assert_int_equal(pack(), 0);
    assert_string_equal(data->image[0].id, "B cells/a1");
    assert_string_equal(data->image[2].id, "Polylobed/a1");
    assert_int_equal(report.found.are_paths, 1);
    remove_folder(in_folder("s/notes"));
    mkdir(in_folder("s/cell_images"), 0700);
    rename(in_folder("s/B cells"), in_folder("s/cell_images/B"));
    rename(in_folder("s/Polylobed"), in_folder("s/cell_images/2"));
    assert_int_equal(pack(), 0);
    assert_string_equal(data->image[0].id, "2/a1");
    assert_string_equal(data->image[0].source, "cell_images/2/a1.png");
}

static void test_folders_may_be_sets(void **state)
{
    static const char *const sets[] = {"train", "Validation", "test"};
    (void)state;
    for (int k = 0; k < 3; k++)
        for (int c = 0; c < 2; c++) {
            char name[64];
            snprintf(name, sizeof name, "s/%s", sets[k]);
            mkdir(in_folder(name), 0700);
            snprintf(name, sizeof name, "s/%s/%c", sets[k], "ab"[c]);
            mkdir(in_folder(name), 0700);
            snprintf(name, sizeof name, "s/%s/%c/%d.png", sets[k], "ab"[c], 2 * k + c);
            put_png(in_folder(name), 9, 7, 30 * k + c);
        }
    assert_int_equal(pack(), 0);
    assert_int_equal(report.found.n_given, 6);
    assert_string_equal(name_of(1), "b");
    for (int i = 0; i < 6; i++)
        assert_int_equal(data->image[i].given, 1 + i % 3);
    assert_string_equal(data->image[1].source, "Validation/a/2.png");
}

/* Folders that are no labels of the table are only folders. */
static void test_a_table_decides_over_folders(void **state)
{
    (void)state;
    mkdir(in_folder("s/slide1"), 0700);
    mkdir(in_folder("s/slide2"), 0700);
    put_png(in_folder("s/slide1/a.png"), 9, 7, 0);
    put_png(in_folder("s/slide2/b.png"), 9, 7, 20);
    put_png(in_folder("s/slide2/c.png"), 9, 7, 40);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\na,3\nb,3\nc,4\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_images, 3);
    assert_int_equal(data->cluster[0], 3);
    put_text(in_folder("s/clusters.csv"), "path,class,split\nslide1/a.png,x,train\nslide2/c.png,y,\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_images, 2);
    assert_string_equal(data->image[1].id, "c");
    assert_string_equal(data->image[1].source, "slide2/c.png");
    assert_int_equal(data->image[0].given, GIVEN_TRAIN);
    assert_int_equal(data->image[1].given, GIVEN_NONE);
    put_png(in_folder("s/slide2/a.png"), 9, 7, 60);
    put_text(in_folder("s/clusters.csv"),
             "filename,label\nslide1/a.png,x\nslide2/a.png,y\nslide2/no.png,y\n");
    expect_error(
        "/clusters.csv:4: cell slide2/no has a label but no image (1 such row); remove the row, add the "
        "image, or let `cellsweep data pack --allow-missing` pass over such rows");
    put_text(in_folder("s/clusters.csv"), "filename,label\nslide1/a.png,x\nslide2/a.png,y\n");
    assert_int_equal(pack(), 0);
    assert_string_equal(data->image[1].id, "slide2/a");
}

static void test_ids_that_differ_are_explained(void **state)
{
    struct dataset_options options = {.size = 8, .pixel_size = 0.5, .strip_suffix = "-1"};
    (void)state;
    make_flat("Barcode,Cluster\n1-1,1\n2-1,2\n3-1,1\n4-1,2\n");
    expect_error(
        "/clusters.csv: none of its ids is that of an image: \"1-1\" here is \"1\" among the images: "
        "--strip-suffix=-1 leaves the difference out");
    pack_report_release(&report);
    assert_int_equal(pack_folder(in_folder("s"), &options, &data, &report, &err), 0);
    assert_int_equal(data->n_images, 4);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\nb'1',1\ncell_2,2\nb\"3\",1\n4,2\n");
    assert_int_equal(pack(), 0);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\n1,1\n2,2\n3,1\n04,2\n");
    assert_int_equal(pack(), E_IO);
    assert_non_null(
        strstr(err.text, "pass over such rows; \"04\" here is \"4\" among the images: --strip-zeros "));
    dataset_free(data);
    options.strip_zeros = 1;
    pack_report_release(&report);
    assert_int_equal(pack_folder(in_folder("s"), &options, &data, &report, &err), 0);
    assert_string_equal(data->image[3].id, "4");
}

static void test_labels_of_anndata(void **state)
{
    struct dataset_options options = {.size = 8, .pixel_size = 0.5, .groups = "slide"};
    char name[400];
    (void)state;
    make_flat("");
    put_h5ad(in_folder("t.h5ad"), H5AD_NEW);
    snprintf(name, sizeof name, "%s:obs/leiden", in_folder("t.h5ad"));
    options.labels = name;
    pack_report_release(&report);
    assert_int_equal(pack_folder(in_folder("s"), &options, &data, &report, &err), 0);
    assert_int_equal(data->n_images, 3);
    assert_string_equal(name_of(0), "B");
    assert_string_equal(data->image[2].group, "s1");
    assert_int_equal(report.found.n_unlabelled, 1);
    assert_string_equal(report.found.table, "t.h5ad");
}

static void test_guessed_columns_are_told(void **state)
{
    struct dataset_options options = {
        .size = 8, .pixel_size = 0.5, .label_column = "kind", .id_column = "nr"};
    (void)state;
    make_flat(",leiden\n1,1\n2,2\n3,1\n4,2\n");
    assert_int_equal(pack(), 0);
    assert_string_equal(
        report.found.guess,
        "the cells' ids are taken from column \"\", their labels from \"leiden\"; if that is not "
        "right, name them: --id-column, --label-column");
    put_text(in_folder("s/clusters.csv"), "nr,x,kind,Cluster\n1,0,a,5\n2,0,b,5\n3,0,a,5\n4,0,b,5\n");
    expect_error("/clusters.csv:1: no column \"Barcode\", found: \"nr\", \"x\", \"kind\", \"Cluster\"; "
                 "--id-column names the one that has the cells' ids");
    pack_report_release(&report);
    assert_int_equal(pack_folder(in_folder("s"), &options, &data, &report, &err), 0);
    assert_string_equal(name_of(1), "b");
    assert_string_equal(report.found.guess, "");
    put_text(in_folder("s/clusters.csv"), "cell_id,x,y\n1,0,a\n");
    expect_error(
        "/clusters.csv: no column of labels (Cluster, group, label, ...), found: \"cell_id\", \"x\", "
        "\"y\"; --label-column names it");
    put_text(in_folder("other.csv"), "barcode,cluster\n1,1\n2,2\n3,1\n4,2\n");
    options = (struct dataset_options){.size = 8, .pixel_size = 0.5, .labels = in_folder("other.csv")};
    dataset_free(data);
    pack_report_release(&report);
    assert_int_equal(pack_folder(in_folder("s"), &options, &data, &report, &err), 0);
    assert_string_equal(report.found.table, "other.csv");
}

static void test_a_cluster_of_one_is_packed(void **state)
{
    (void)state;
    make_layout_a();
    mkdir(in_folder("s/cell_images/cluster_9"), 0700);
    put_png(in_folder("s/cell_images/cluster_9/cell_6.png"), 4, 4, 0);
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_clusters, 3);
    assert_int_equal(data->cluster_count[2], 1);
    mkdir(in_folder("s/cell_images/cluster_x"), 0700);
    mkdir(in_folder("s/cell_images/old"), 0700);
    put_png(in_folder("s/cell_images/old/7.png"), 4, 4, 9);
    assert_int_equal(pack(), 0);
    assert_int_equal(dataset_has_names(data), 0);
    assert_int_equal(report.found.n_outside, 2);
    put_png(in_folder("s/cell_images/cluster_x/7.png"), 4, 4, 9);
    assert_int_equal(pack(), 0);
    assert_string_equal(name_of(3), "x");
    remove_folder(in_folder("s/cell_images/cluster_x"));
    rename(in_folder("s/cell_images/cluster_9"), in_folder("s/cell_images/cluster_99999"));
    expect_error(
        "/cell_images/cluster_99999: the label is \"99999\", not a whole number from 0 to 32767, while all "
        "others are numbers, too; give every class a whole number, or a name");
}

static void test_long_names_are_whole(void **state)
{
    char name[512], source[512];
    (void)state;
    make_layout_a();
    snprintf(name, sizeof name, "%s/%0251d.png", in_folder("s/cell_images/cluster_1"), 0);
    put_png(name, 3, 3, 0);
    assert_int_equal(pack(), 0);
    assert_int_equal(strlen(data->image[0].id), 251);
    snprintf(source, sizeof source, "cell_images/cluster_1/%0251d.png", 0);
    assert_string_equal(data->image[0].source, source);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    make_layout_a();
    assert_int_equal(pack_sized(7), E_USAGE);
    assert_int_equal(pack_sized(513), E_USAGE);
    assert_int_equal(pack_sized(512), 0);
}

static void test_checksum_follows_what_decides(void **state)
{
    char first[DATASET_CHECKSUM_SIZE];
    (void)state;
    make_layout_a();
    assert_int_equal(pack(), 0);
    memcpy(first, data->checksum, sizeof first);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\n1,1\n");
    assert_int_equal(pack(), 0);
    assert_string_equal(first, data->checksum);
    put_png(in_folder("s/cell_images/cluster_2/cell_4.png"), 9, 7, 15);
    assert_int_equal(pack(), 0);
    assert_string_not_equal(first, data->checksum);
    put_png(in_folder("s/cell_images/cluster_2/cell_4.png"), 9, 7, 14);
    assert_int_equal(rename(in_folder("s/cell_images/cluster_2/cell_4.png"),
                            in_folder("s/cell_images/cluster_2/cell_5.png")),
                     0);
    assert_int_equal(pack(), 0);
    assert_string_not_equal(first, data->checksum);
}

static void expect_groups(const char *const *group, int n)
{
    assert_int_equal(pack_options(8, "slide"), 0);
    assert_int_equal(data->n_images, n);
    assert_string_equal(data->group_column, "slide");
    for (int i = 0; i < n; i++)
        assert_string_equal(data->image[i].group, group[i]);
}

/* Layout A: cells 1, 2, 10, 3, 4; the table leaves out one and has no value for another. */
static void test_groups_are_a_column(void **state)
{
    static const char *const a[] = {"s 1", "s 2", "", "s 1", ""};
    static const char *const b[] = {"x", "y", "x"};
    (void)state;
    make_layout_a();
    put_text(in_folder("s/clusters.csv"),
             "slide,Barcode,x,Cluster\ns 1,1,0,1\n\"s 2\",cell_2,0,1\ns 1,3,0,2\n,4,0,2\n");
    expect_groups(a, 5);
    assert_int_equal(report.found.n_unlisted, 1);
    assert_int_equal(report.n_ungrouped, 2);
    assert_int_equal(groupings_find(&data->groupings, "slide")->n, 4);
    assert_int_equal(pack(), 0);
    assert_int_equal(report.n_ungrouped, 0);
    assert_string_equal(data->group_column, "");
    assert_string_equal(data->image[0].group, "");
    assert_int_equal(data->groupings.n, 0);
    remove_folder(in_folder("s/cell_images"));
    put_png(in_folder("s/a.png"), 3, 3, 0);
    put_png(in_folder("s/b.png"), 3, 3, 9);
    put_png(in_folder("s/c.png"), 3, 3, 18);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster,slide\na,1,x\nb,1,y\nc,2,x\n");
    expect_groups(b, 3);
    assert_int_equal(groupings_find(&data->groupings, "slide")->n, 2);
}

static void expect_group_error(const char *groups, int code, const char *line)
{
    assert_int_equal(pack_options(8, groups), code);
    assert_null(data);
    if (!strstr(err.text, line))
        fail_msg("'%s' does not say '%s'", err.text, line);
}

static void test_wrong_groups_are_named(void **state)
{
    char row[200];
    (void)state;
    make_layout_a();
    expect_group_error("slide", E_IO, "/s: groups slide: there is no clusters.csv to take that column from");
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster,Slide\n1,1,a\n");
    expect_group_error("slide", E_IO,
                       "/s/clusters.csv:1: no column \"slide\", found: \"Barcode\", \"Cluster\", \"Slide\"");
    snprintf(row, sizeof row, "Barcode,Cluster,slide\n1,1,%064d\n", 7);
    put_text(in_folder("s/clusters.csv"), row);
    expect_group_error("slide", E_IO,
                       "/s/clusters.csv:2: slide is \"0000000000000000000000000000000000000000...\", "
                       "longer than 63 characters; shorten it");
    expect_group_error("", E_USAGE, "must be a column's name");
    expect_group_error("none", E_USAGE, "must be a column's name");
}

/* What pack says on stderr about the folder packed last, and about its files. */
static const char *notes(void)
{
    static char text[8192];
    FILE *to = fmemopen(text, sizeof text - 1, "w");
    assert_non_null(to);
    memset(text, 0, sizeof text);
    pack_report_print(&report, to);
    if (data)
        formats_note(data, to);
    fclose(to);
    return text;
}

static void expect_note(const char *expected)
{
    if (!strstr(notes(), expected))
        fail_msg("'%s' does not say '%s'", notes(), expected);
}

static void expect_no_note(const char *unexpected)
{
    if (strstr(notes(), unexpected))
        fail_msg("'%s' says '%s'", notes(), unexpected);
}

/* A PNG of 9 x 7 pixels in one of libpng's formats, every sample the same. */
static void put_format(const char *name, png_uint_32 format, const void *pixels)
{
    png_image png = {.version = PNG_IMAGE_VERSION, .width = 9, .height = 7, .format = format};
    assert_true(png_image_write_to_file(&png, in_folder(name), 0, pixels, 0, NULL));
}

static void test_what_files_say_beyond_brightness_is_told(void **state)
{
    unsigned char red[9 * 7 * 3] = {0}, half[9 * 7 * 4];
    (void)state;
    make_layout_a();
    assert_int_equal(pack(), 0);
    expect_no_note("coloured");
    expect_no_note("transparent");
    for (size_t i = 0; i < sizeof red; i += 3)
        red[i] = 200;
    memset(half, 128, sizeof half);
    put_format("s/cell_images/cluster_1/cell_20.png", PNG_FORMAT_RGB, red);
    put_format("s/cell_images/cluster_2/cell_21.png", PNG_FORMAT_RGBA, half);
    assert_int_equal(pack(), 0);
    assert_int_equal(data->image[3].coloured, 1);
    assert_int_equal(data->image[6].transparent, 1);
    assert_int_equal(data->image[6].coloured, 0);
    expect_note("note: 1 image is coloured; only its brightness is used; --channels rgb keeps colours\n");
    expect_note("note: 1 image is transparent in places");
}

static int pack_prepared(const char *channels, const char *scale, int alpha_masks)
{
    struct dataset_options options = {.size = 8, .pixel_size = 0.5};
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    assert_int_equal(preprocess_set_channels(&options.preprocess, channels, &err), 0);
    assert_int_equal(preprocess_set_scale(&options.preprocess, scale, &err), 0);
    options.preprocess.alpha_masks = alpha_masks;
    return pack_folder(in_folder("s"), &options, &data, &report, &err);
}

/* Cells 1, 2 and 3 of two clusters, all of one colour each, of which the third is clear. */
static void make_colours(void)
{
    static const unsigned char colour[3][4] = {{255, 0, 51, 255}, {0, 102, 0, 255}, {51, 51, 51, 0}};
    unsigned char pixels[9 * 7 * 4];
    mkdir(in_folder("s/a"), 0700);
    mkdir(in_folder("s/b"), 0700);
    for (int k = 0; k < 3; k++) {
        static const char *const name[] = {"s/a/1.png", "s/a/2.png", "s/b/3.png"};
        for (size_t i = 0; i < sizeof pixels; i++)
            pixels[i] = colour[k][i % 4];
        put_format(name[k], PNG_FORMAT_RGBA, pixels);
    }
}

static void expect_colour(int i, double red, double green, double blue)
{
    const double wanted[3] = {red, green, blue};
    for (int k = 0; k < 64 * 3; k++)
        if (fabs((double)dataset_pixels(data, i)[k] - wanted[k % 3]) > 1e-6)
            fail_msg("image %d, value %d is %g", i, k, (double)dataset_pixels(data, i)[k]);
}

static void test_channels_are_chosen(void **state)
{
    (void)state;
    make_colours();
    assert_int_equal(pack_prepared("rgb", "depth", 0), 0);
    assert_int_equal(data->channels, 3);
    assert_string_equal(data->channel_name[1], "green");
    expect_colour(0, 1, 0, 0.2);
    expect_colour(1, 0, 0.4, 0);
    expect_no_note("coloured");
    assert_int_equal(pack_prepared("2", "depth", 0), 0);
    assert_int_equal(data->channels, 1);
    assert_string_equal(data->channel_name[0], "green");
    assert_true(dataset_pixels(data, 1)[0] == 0.4f);
    assert_int_equal(pack_prepared("4", "depth", 0), E_IO);
    assert_non_null(strstr(err.text, "3 channels, but channel 4 is asked for"));
}

static void test_alpha_masks_when_asked(void **state)
{
    (void)state;
    make_colours();
    assert_int_equal(pack_prepared("rgb", "depth", 1), 0);
    expect_colour(1, 0, 0.4, 0);
    expect_colour(2, 0, 0, 0);
    assert_int_equal(data->image[2].masked, 1);
    assert_int_equal(data->image[0].masked, 0);
    assert_int_equal(report.n_masked, 1);
    expect_no_note("transparent");
    expect_no_note("no cell_boundaries.csv");
    expect_note("note: 1 image is black all over");
}

static void test_what_scales_is_kept(void **state)
{
    (void)state;
    make_colours();
    assert_int_equal(pack_prepared("rgb", "dataset", 1), 0);
    expect_colour(0, 1, 0, 1);
    expect_colour(1, 0, 1, 0);
    assert_int_equal(data->preprocess.n_ranges, 3);
    assert_true(data->preprocess.high[1] == 0.4f && data->preprocess.low[1] == 0.0f);
}

/* An image with another number of channels than the first is left out, with that reason. */
static void test_channels_must_agree(void **state)
{
    (void)state;
    make_colours();
    put_png(in_folder("s/b/4.png"), 9, 7, 0);
    assert_int_equal(pack_prepared("all", "depth", 0), 0);
    assert_int_equal(data->n_images, 3);
    assert_string_equal(report.rejects.item[0].reason, "1 channel, but the first image has 3");
    assert_int_equal(pack_prepared("rgb", "depth", 0), 0);
    assert_int_equal(data->n_images, 4);
}

/* 12 bits stored in 16. */
static void put_twelve_bits(const char *name)
{
    png_uint_16 dim[9 * 7];
    for (int i = 0; i < 63; i++)
        dim[i] = 4095;
    put_format(name, PNG_FORMAT_LINEAR_Y, dim);
}

static void test_depths_are_told(void **state)
{
    char text[64];
    (void)state;
    make_layout_a();
    assert_int_equal(pack(), 0);
    expect_no_note("bits");
    put_twelve_bits("s/cell_images/cluster_1/cell_20.png");
    assert_int_equal(pack(), 0);
    expect_note("warning: the files have different depths (bits: files, 8: 5, 16: 1);");
    expect_note("the 1 image of 16 bits uses only the lowest 12: 1/16 of the brightness");
    formats_text(data, 1, text, sizeof text);
    assert_string_equal(text, "8: 3, 16: 1");
    put_twelve_bits("s/cell_images/cluster_2/cell_3.png");
    put_twelve_bits("s/cell_images/cluster_2/cell_4.png");
    assert_int_equal(remove(in_folder("s/cell_images/cluster_1/cell_20.png")), 0);
    assert_int_equal(pack(), 0);
    expect_note("WARNING: THE DEPTH OF THE FILES GOES WITH THE CLASS");
    formats_text(data, 2, text, sizeof text);
    assert_string_equal(text, "16 bit");
    assert_true(formats_bright(data, 2) > 0.062 && formats_bright(data, 2) < 0.063);
    assert_true(formats_bright(data, 1) > 0.25);
}

/* Crops of 9 x 7 pixels of half a micrometre: an outline's box of 4 x 3 micrometres is theirs, one of
 * 3 x 3 is not. */
static void test_outlines_that_do_not_fit_are_told(void **state)
{
    const char *table = in_folder("s/cell_boundaries.csv");
    (void)state;
    make_layout_a();
    put_text(table, "cell_id,vertex_x,vertex_y\n3,20,30\n3,24,30\n3,20,33\n");
    assert_int_equal(pack(), 0);
    expect_no_note("another size");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,20,30\n3,24,30\n3,20,33\n4,20,30\n4,22.5,30\n4,20,33\n");
    assert_int_equal(pack(), 0);
    expect_note("note: 1 boundary does not fit its image, so its mask lies beside the cell");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,20,-30\n3,24,-30\n3,20,-33\n");
    expect_error("/cell_boundaries.csv: no vertex_y is positive: that axis grows upwards; --flip-y turns it");
    put_text(table, "cell_id,vertex_x,vertex_y\n30,20,30\n30,24,30\n30,20,33\n");
    expect_error(
        "/cell_boundaries.csv: none of its ids is that of an image: \"30\" here, \"1\" among the images");
}

/* Outlines of half a micrometre a pixel for cells 1, 2, 10, 3, 4, whose images are w x h[i] pixels. */
static void make_outlines(const char *shape)
{
    FILE *f = fopen(in_folder("s/cell_boundaries.csv"), "w");
    assert_non_null(f);
    fprintf(f, "cell_id,vertex_x,vertex_y\n");
    for (int i = 0; i < 5; i++)
        for (const char *p = shape; *p; p += 4)
            fprintf(f, "%d,%d,%c%c\n", (const int[]){1, 2, 10, 3, 4}[i], 100 + 10 * (p[0] - '0') + p[1] - '0',
                    p[2], p[3]);
    fclose(f);
}

static int pack_way(struct dataset_options options)
{
    options.size = 9;
    options.pixel_size = options.pixel_size > 0.0 ? options.pixel_size : 0.5;
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    return pack_folder(in_folder("s"), &options, &data, &report, &err);
}

static void put_rectangle(const char *name, int width, int height, const int lit[4])
{
    unsigned char gray[4096] = {0};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            gray[y * width + x] = x >= lit[0] && x < lit[1] && y >= lit[2] && y < lit[3]
                                      ? 200
                                      : (unsigned char)(10 + (x + y) % 3);
    assert_int_equal(image_write_png8(in_folder(name), gray, width, height, 1, &err), 0);
}

static void put_all(int width, int height, const int lit[4])
{
    make_layout_a();
    put_rectangle("s/cell_images/cluster_1/cell_1.png", width, height, lit);
    put_rectangle("s/cell_images/cluster_1/cell_2.png", width, height, lit);
    put_rectangle("s/cell_images/cluster_1/cell_10.png", width, height, lit);
    put_rectangle("s/cell_images/cluster_2/cell_3.png", width, height, lit);
    put_rectangle("s/cell_images/cluster_2/cell_4.png", width, height, lit);
}

/* A box of 2 x 3 micrometres, 5 x 7 pixels, in the middle of images of 21 x 31. */
static void test_centred_crops_are_found(void **state)
{
    (void)state;
    put_all(21, 31, (const int[]){8, 13, 12, 19});
    make_outlines("00000200020300030000");
    assert_int_equal(pack(), 0);
    expect_note(
        "note: images are larger than the boxes of their boundaries (5 of 5 looked at): the cell is taken to "
        "be in the middle (--crop centred)");
    assert_int_equal(report.n_misfits, 0);
    assert_int_equal(pack_way((struct dataset_options){.crop = CROP_BOX}), 0);
    assert_int_equal(report.n_misfits, 5);
    assert_int_equal(pack_way((struct dataset_options){.crop = CROP_CENTRED}), 0);
    expect_no_note("--crop centred");
    float most = 0.0f;
    for (int k = 0; k < 81; k++)
        most = data->pixels[k] > most ? data->pixels[k] : most;
    assert_true(most > 0.78f); /* the lit rectangle is what the masks leave */
}

static void test_exchanged_axes_are_found(void **state)
{
    (void)state;
    put_all(5, 9, (const int[]){0, 5, 0, 9});
    make_outlines("00000400040200020000");
    expect_error(
        "/cell_boundaries.csv: x and y are exchanged: 5 of 5 outlines fit their images only the other way; "
        "--swap-xy turns them");
    assert_int_equal(pack_way((struct dataset_options){.swap_xy = 1}), 0);
    assert_int_equal(report.n_misfits, 0);
}

/* A triangle with its right angle above left, on images that are lit below left. */
static void test_turned_outlines_are_seen_by_their_light(void **state)
{
    (void)state;
    put_all(9, 9, (const int[]){0, 4, 5, 9});
    make_outlines("0000040000040000");
    expect_error(
        "/cell_boundaries.csv: y grows upwards: in 5 of 5 images light and dark fit the outline only when "
        "that is mended; --flip-y does it");
    assert_int_equal(pack_way((struct dataset_options){.flip_y = 1}), 0);
    put_all(9, 9, (const int[]){0, 4, 0, 4});
    assert_int_equal(pack(), 0);
}

/* Real outlines of cells that are darker than what is around them, when they are there. */
static void test_turned_real_outlines_are_seen(void **state)
{
    static const char turn[] =
        "mkdir -p '%s' && ln -sfn \"$PWD/../shared/data/wbc/cell_images\" '%s/cell_images' && gzip -dc "
        "../shared/data/wbc/cell_boundaries.csv.gz | awk -F, 'NR == 1 {print; next} {print $1 "
        "\",\" $2 \",\" 500 - $3}' >'%s/cell_boundaries.csv'";
    char command[1500];
    (void)state;
    if (access("../shared/data/wbc/clusters.csv", R_OK) < 0) {
        print_message("no ../shared/data/wbc here\n");
        skip();
    }
    snprintf(command, sizeof command, turn, in_folder("s"), in_folder("s"), in_folder("s"));
    assert_int_equal(system(command), 0);
    assert_int_equal(pack_way((struct dataset_options){.pixel_size = 0.2125}), E_IO);
    assert_non_null(strstr(err.text, "--flip-y does it"));
    assert_int_equal(pack_way((struct dataset_options){.pixel_size = 0.2125, .flip_y = 1}), 0);
}

static void test_another_pixel_size_is_seen(void **state)
{
    static const int size[] = {10, 20, 30, 40, 50}, id[] = {1, 2, 10, 3, 4};
    FILE *f;
    (void)state;
    put_all(9, 9, (const int[]){0, 9, 0, 9});
    f = fopen(in_folder("s/cell_boundaries.csv"), "w");
    fprintf(f, "cell_id,vertex_x,vertex_y\n");
    for (int i = 0; i < 5; i++) {
        char name[64];
        double um = (size[i] - 1) * 0.25;
        snprintf(name, sizeof name, "s/cell_images/cluster_%d/cell_%d.png", i < 3 ? 1 : 2, id[i]);
        put_rectangle(name, size[i], size[i], (const int[]){0, 50, 0, 50});
        fprintf(f, "%d,0,1\n%d,%g,1\n%d,0,%g\n", id[i], id[i], um, id[i], 1 + um);
    }
    fclose(f);
    assert_int_equal(pack(), E_IO);
    assert_non_null(strstr(
        err.text, "times as large as its outline's box at 0.5 micrometres a pixel; is the pixel size"));
}

static void test_parquet_is_named(void **state)
{
    (void)state;
    make_layout_a();
    put_text(in_folder("s/cell_boundaries.parquet"), "PAR1");
    assert_int_equal(pack(), 0);
    expect_note(
        "note: cell_boundaries.parquet is not read, and there is no cell_boundaries.csv: no image is masked; "
        "this converts it: python3 -c 'import pandas; ");
}

/* 9 x 7 pixels of half a micrometre: two rings of three pixels' width. */
static void test_cells_of_several_rings(void **state)
{
    const char *table = in_folder("s/cell_boundaries.csv"), *cell = "cell_images/cluster_2/cell_3.png";
    const float *pixels;
    (void)state;
    make_layout_a();
    put_png(in_folder("s/cell_images/cluster_2/cell_3.png"), 9, 7, 100);
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,1,0\n3,1,3\n3,0,3\n3,0,0\n"
                    "3,3,0\n3,4,0\n3,4,3\n3,3,3\n3,3,0\n");
    assert_int_equal(pack_way((struct dataset_options){.crop = CROP_BOX}), 0);
    pixels = dataset_pixels(data, 3);
    for (int k = 0; k < 9; k++)
        assert_int_equal(pixels[k] > 0.0f, k < 3 || k > 5);
    put_text(table,
             "cell_id,vertex_x,vertex_y,label_id\n3,0,0,7\n3,3,0,9\n3,1,0,7\n3,4,0,9\n3,1,3,7\n3,4,3,9\n"
             "3,0,3,7\n3,3,3,9\n");
    assert_int_equal(pack_way((struct dataset_options){.crop = CROP_BOX}), 0);
    pixels = dataset_pixels(data, 3);
    for (int k = 0; k < 9; k++)
        assert_int_equal(pixels[k] > 0.0f, k < 3 || k > 5);
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,1,0\n3,1,3\n3,0,3\n3,3,0\n3,4,0\n3,4,3\n3,3,3\n");
    expect_reject(
        4, cell,
        "its boundary looks like two rings that are not closed; repeat the first vertex of each at its end, "
        "or give each a label_id of its own");
}

static void test_useless_outlines_have_their_reason(void **state)
{
    const char *table = in_folder("s/cell_boundaries.csv"), *cell = "cell_images/cluster_2/cell_3.png";
    (void)state;
    make_layout_a();
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,2,2\n3,4,4\n");
    expect_reject(4, cell, "its boundary has no area");
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,4,0\n3,0,3\n3,0,0\n3,4,0\n3,0,3\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(report.n_masked, 1);
    put_text(table, "cell_id,vertex_x,vertex_y\n3,0,0\n3,4,0\n3,0,3\n3,0,0\n3,0,0\n3,4,0\n3,0,3\n3,0,0\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(report.n_masked, 1);
    put_text(table, "cell_id,vertex_x,vertex_y\n3,\"0,5\",0\n3,4,0\n3,0,3\n");
    assert_int_equal(pack(), 0);
    expect_note(
        "cell_boundaries.csv:2: vertex_x is \"0,5\", not a number; write decimals with a point (1 such row)");
}

static void test_cells_without_a_label_are_left_out(void **state)
{
    static const char *const words[] = {"", "NA", "nan", "-1", "Unassigned", "None", "N/A"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "s/%c.png", "abc"[k]);
        put_png(in_folder(name), 3, 3, 9 * k);
    }
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        char text[100];
        snprintf(text, sizeof text, "Barcode,Cluster\na,1\nb,%s\nc,2\ngone,%s\n", words[k], words[k]);
        put_text(in_folder("s/clusters.csv"), text);
        assert_int_equal(pack(), 0);
        assert_int_equal(data->n_images, 2);
        assert_int_equal(report.found.n_found, 3);
        assert_int_equal(report.rejects.n, 0);
        assert_int_equal(report.found.n_unlabelled, 2);
        expect_note("note: 2 rows of the label table have no label");
    }
}

/* Files that are no images are counted in any layout, folders among images as folders; names
 * alone make no folder. */
static void test_what_is_passed_over_is_counted(void **state)
{
    (void)state;
    put_png(in_folder("s/a.png"), 3, 3, 0);
    put_png(in_folder("s/cluster_b.png"), 3, 3, 9);
    put_text(in_folder("s/a.bmp"), "x");
    put_text(in_folder("s/cluster_sizes.csv"), "x");
    mkdir(in_folder("s/x.png"), 0700);
    put_text(in_folder("s/clusters.csv"), "Barcode,Cluster\na,1\ncluster_b,2\n");
    assert_int_equal(pack(), 0);
    assert_int_equal(data->n_images, 2);
    expect_note("note: 2 files were passed over: 1 .bmp, 1 .csv (.bmp are not read; convert "
                "such images to PNG or TIFF)\n");
    expect_note("note: 1 folder lies among the images and was passed over\n");
    remove_folder(in_folder("s"));
    mkdir(in_folder("s"), 0700);
    make_layout_a();
    put_text(in_folder("s/cell_images/cluster_sizes.csv"), "x");
    mkdir(in_folder("s/cell_images/cluster_1/more"), 0700);
    assert_int_equal(pack(), 0);
    expect_note("note: 1 file was passed over: 1 .csv\n");
    expect_note("note: 1 folder lies among the images and was passed over\n");
}

/* Thousands of images with one reason are one line, and counted also when nothing is left. */
static void test_many_rejects_are_one_line(void **state)
{
    char name[128];
    (void)state;
    mkdir(in_folder("s/cluster_1"), 0700);
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "s/cluster_1/%070d.png", i);
        put_text(in_folder(name), "");
    }
    assert_int_equal(pack(), E_IO);
    expect_note("rejected 30 of 30 images:\n  30 images, the first cluster_1/0000");
    expect_no_note("empty file\n  ");
}

/* Real images, when they are there: hand-drawn outlines keep the cell and remove what is around it. */
static void test_real_outlines_keep_most_of_their_image(void **state)
{
    struct dataset_options options = dataset_defaults();
    (void)state;
    if (access("../shared/data/wbc/clusters.csv", R_OK) < 0) {
        print_message("no ../shared/data/wbc here\n");
        skip();
    }
    assert_int_equal(pack_folder("../shared/data/wbc", &options, &data, &report, &err), 0);
    assert_int_equal(data->n_images, 300);
    assert_int_equal(report.n_masked, 300);
    assert_int_equal(report.n_misfits, 0);
    for (int i = 0; i < 300; i++) {
        int lit = 0;
        for (int k = 0; k < 2500; k++)
            lit += data->pixels[(size_t)i * 2500 + (size_t)k] > 0.0f;
        assert_true(lit > 1250 && lit < 2400); /* a disc fills 0.79 of its box */
    }
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, fresh, release)

static const struct CMUnitTest tests[] = {
    UNIT(test_layout_a),
    UNIT(test_layout_b_with_and_without_prefix),
    UNIT(test_mask_is_applied_before_resizing),
    UNIT(test_bad_images_are_listed),
    UNIT(test_bad_boundaries_are_listed),
    UNIT(test_one_pixel_is_an_image),
    UNIT(test_nothing_to_pack),
    UNIT(test_duplicate_ids),
    UNIT(test_labels_are_checked),
    UNIT(test_labels_may_be_names),
    UNIT(test_folders_may_be_names),
    UNIT(test_folders_may_be_sets),
    UNIT(test_a_table_decides_over_folders),
    UNIT(test_ids_that_differ_are_explained),
    UNIT(test_labels_of_anndata),
    UNIT(test_guessed_columns_are_told),
    UNIT(test_a_cluster_of_one_is_packed),
    UNIT(test_long_names_are_whole),
    UNIT(test_options_are_checked),
    UNIT(test_checksum_follows_what_decides),
    UNIT(test_groups_are_a_column),
    UNIT(test_wrong_groups_are_named),
    UNIT(test_what_files_say_beyond_brightness_is_told),
    UNIT(test_channels_are_chosen),
    UNIT(test_alpha_masks_when_asked),
    UNIT(test_what_scales_is_kept),
    UNIT(test_channels_must_agree),
    UNIT(test_depths_are_told),
    UNIT(test_outlines_that_do_not_fit_are_told),
    UNIT(test_centred_crops_are_found),
    UNIT(test_exchanged_axes_are_found),
    UNIT(test_turned_outlines_are_seen_by_their_light),
    UNIT(test_turned_real_outlines_are_seen),
    UNIT(test_another_pixel_size_is_seen),
    UNIT(test_parquet_is_named),
    UNIT(test_cells_of_several_rings),
    UNIT(test_useless_outlines_have_their_reason),
    UNIT(test_cells_without_a_label_are_left_out),
    UNIT(test_what_is_passed_over_is_counted),
    UNIT(test_many_rejects_are_one_line),
    UNIT(test_real_outlines_keep_most_of_their_image),
};

int main(void)
{
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
