#include "data/dataset.h"

#include "support/folder_fixture.h"
#include "h5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct err err;

static struct dataset *make(void)
{
    static const int cluster[] = {7, 7, 30, 2};
    struct dataset *data = dataset_new(4, 8, 1, &err);
    assert_non_null(data);
    for (int i = 0; i < 4; i++) {
        struct dataset_image *image = &data->image[i];
        snprintf(image->id, sizeof image->id, "id-%d", i);
        snprintf(image->source, sizeof image->source, "cell_images/%d.png", i);
        image->cluster = cluster[i];
        image->width = 10 + i;
        image->height = 20 + i;
        image->masked = i & 1;
    }
    for (int i = 0; i < 4 * 64; i++)
        data->pixels[i] = (float)i / 256.0f;
    data->synthetic = 1;
    data->pixel_size = 0.325;
    snprintf(data->origin, sizeof data->origin, "somewhere");
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

static void write_one(const char *path)
{
    struct dataset *data = make();
    assert_int_equal(dataset_write(data, path, &err), 0);
    dataset_free(data);
}

static void expect_error(const char *path, const char *line)
{
    struct dataset *data = NULL;
    assert_int_equal(dataset_read(path, &data, &err), E_IO);
    assert_null(data);
    assert_string_equal(err.text + strlen(path), line);
}

/* make() with names. */
static struct dataset *make_named(const char *first, const char *last)
{
    struct dataset *data = make();
    for (int i = 0; i < 4; i++) {
        data->image[i].cluster = class_number(i < 2 ? first : last, &err);
        data->image[i].given = i;
    }
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

static void test_named_classes_are_kept(void **state)
{
    char room[CLASS_NAME_SIZE], long_id[DATASET_ID_SIZE];
    const char *path = in_folder("named.h5");
    struct dataset *data = make_named("CD4+ T cell", "Prometaphase"), *again = NULL;
    (void)state;
    memset(long_id, 'x', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    memcpy(data->image[3].id, long_id, sizeof long_id);
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_int_equal(dataset_write(data, path, &err), 0);
    assert_int_equal(dataset_read(path, &again, &err), 0);
    assert_true(dataset_has_names(again));
    assert_int_equal(again->n_clusters, 2);
    assert_string_equal(class_text(again->cluster[0], room), "CD4+ T cell");
    assert_string_equal(class_text(again->cluster[1], room), "Prometaphase");
    assert_string_equal(again->image[3].id, long_id);
    assert_string_equal(again->checksum, data->checksum);
    for (int i = 0; i < 4; i++)
        assert_int_equal(again->image[i].given, i);
    dataset_free(again);
    dataset_free(data);
}

static void test_names_decide_the_checksum(void **state)
{
    struct dataset *a = make_named("a", "b"), *b = make_named("a", "c"), *numbered = make();
    (void)state;
    assert_string_not_equal(a->checksum, b->checksum);
    assert_false(dataset_has_names(numbered));
    dataset_free(a);
    dataset_free(b);
    dataset_free(numbered);
}

static void test_a_class_without_a_name_is_an_error(void **state)
{
    const char *path = in_folder("named.h5");
    int cluster[4] = {0, 0, 3, 2};
    (void)state;
    struct dataset *data = make_named("a", "b");
    assert_int_equal(dataset_write(data, path, &err), 0);
    dataset_free(data);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "/images/cluster", H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, cluster) >= 0);
    H5Dclose(set);
    H5Fclose(file);
    expect_error(path, ": /images/cluster is 3 for image 2, /classes/name has 2; pack it again");
}

static void test_clusters_are_counted(void **state)
{
    struct dataset *data = make();
    (void)state;
    assert_int_equal(data->n_clusters, 3);
    assert_int_equal(data->cluster[0], 2);
    assert_int_equal(data->cluster[1], 7);
    assert_int_equal(data->cluster_count[1], 2);
    assert_int_equal(dataset_cluster_index(data, 30), 2);
    assert_int_equal(dataset_cluster_index(data, 3), -1);
    dataset_free(data);
}

static void test_what_is_written_is_read(void **state)
{
    const char *path = in_folder("d.h5");
    struct dataset *a = make(), *b = NULL;
    (void)state;
    assert_int_equal(dataset_write(a, path, &err), 0);
    assert_int_equal(dataset_read(path, &b, &err), 0);
    assert_int_equal(b->n_images, 4);
    assert_int_equal(b->size, 8);
    assert_int_equal(b->synthetic, 1);
    assert_true(b->pixel_size == 0.325);
    assert_string_equal(b->origin, "somewhere");
    assert_string_equal(b->checksum, a->checksum);
    assert_memory_equal(a->image, b->image, 4 * sizeof *a->image);
    assert_memory_equal(a->pixels, b->pixels, 4 * 64 * sizeof *a->pixels);
    dataset_free(b);
    assert_int_equal(dataset_write(a, in_folder("no/such/d.h5"), &err), E_IO);
    dataset_free(a);
}

static struct dataset *make_grouped(void)
{
    static const char *const group[] = {"b", "", "b", ""};
    struct dataset *data = make();
    snprintf(data->group_column, sizeof data->group_column, "slide");
    for (int i = 0; i < 4; i++)
        snprintf(data->image[i].group, sizeof data->image[i].group, "%s", group[i]);
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

static void test_groups_are_numbered(void **state)
{
    static const int expected[] = {2, 0, 2, 1}; /* those without one are one each */
    struct dataset *data = make_grouped(), *plain = make();
    (void)state;
    const struct grouping *slides = groupings_find(&data->groupings, "slide");
    assert_int_equal(slides->n, 3);
    assert_memory_equal(slides->number, expected, sizeof expected);
    assert_int_equal(plain->groupings.n, 0);
    assert_null(groupings_find(&data->groupings, "animal"));
    dataset_free(data);
    dataset_free(plain);
}

static void test_groups_are_written_and_read(void **state)
{
    const char *path = in_folder("g.h5");
    struct dataset *a = make_grouped(), *b = NULL;
    (void)state;
    assert_int_equal(dataset_write(a, path, &err), 0);
    assert_int_equal(dataset_read(path, &b, &err), 0);
    assert_string_equal(b->group_column, "slide");
    assert_string_equal(b->checksum, a->checksum);
    assert_memory_equal(a->image, b->image, 4 * sizeof *a->image);
    assert_memory_equal(a->groupings.item[0].number, b->groupings.item[0].number, 4 * sizeof(int));
    dataset_free(a);
    dataset_free(b);
}

static void test_files_without_groups_have_no_trace_of_them(void **state)
{
    const char *path = in_folder("p.h5");
    (void)state;
    write_one(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_false(h5_has_attr(file, "groups"));
    assert_false(h5_exists(file, "/images/group"));
    H5Fclose(file);
}

/* Packed files and results of earlier versions hold these sums. */
static void test_the_checksum_is_pinned(void **state)
{
    struct dataset *plain = make(), *grouped = make_grouped();
    (void)state;
    assert_string_equal(plain->checksum, "7e48973bea5f0c17c48b8c8c0fcd0e22");
    assert_string_equal(grouped->checksum, plain->checksum); /* groups divide images, and are none */
    char slides[GROUPING_CHECKSUM_SIZE];
    memcpy(slides, grouped->groupings.item[0].checksum, sizeof slides);
    grouped->group_column[0] = 'S'; /* the same division by another name */
    assert_int_equal(dataset_finish(grouped, &err), 0);
    assert_string_equal(grouped->groupings.item[0].checksum, slides);
    grouped->image[1].group[0] = 'b';
    assert_int_equal(dataset_finish(grouped, &err), 0);
    assert_string_not_equal(grouped->groupings.item[0].checksum, slides);
    assert_string_equal(grouped->checksum, plain->checksum);
    dataset_free(plain);
    dataset_free(grouped);
}

static void test_every_part_moves_the_checksum(void **state)
{
    struct dataset *data = make();
    char first[DATASET_CHECKSUM_SIZE], second[DATASET_CHECKSUM_SIZE];
    (void)state;
    memcpy(first, data->checksum, sizeof first);
    data->image[0].width++;
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_string_equal(first, data->checksum);
    data->image[3].cluster = 3;
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_string_not_equal(first, data->checksum);
    memcpy(second, data->checksum, sizeof second);
    data->image[3].cluster = 2;
    data->pixels[255] += 1e-6f;
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_string_not_equal(first, data->checksum);
    assert_string_not_equal(second, data->checksum);
    dataset_free(data);
}

static void test_equal_images_are_found(void **state)
{
    enum { N = 12, SIZE = 8, PIXELS = SIZE * SIZE };
    static const int first[N] = {0, 1, 0, 3, 4, 1, 6, 0, 8, 1, 10, 10};
    struct dataset *data = dataset_new(N, SIZE, 1, &err);
    (void)state;
    assert_non_null(data);
    for (int i = 0; i < N; i++) {
        data->image[i].cluster = i % 3; /* labels make no difference */
        for (int p = 0; p < PIXELS; p++)
            data->pixels[i * PIXELS + p] = (float)first[i] / 16 + (float)p / 1024;
    }
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_memory_equal(data->content, first, sizeof first);
    data->pixels[2 * PIXELS + PIXELS - 1] += 0.5f;
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_int_equal(dataset_content(data, 2), 2);
    assert_int_equal(dataset_content(data, 7), 0);
    dataset_free(data);
}

static void test_nothing_temporary_is_left(void **state)
{
    struct dirent *entry;
    int n = 0;
    (void)state;
    mkdir(in_folder("clean"), 0700);
    write_one(in_folder("clean/d.h5"));
    write_one(in_folder("clean/d.h5"));
    DIR *dir = opendir(in_folder("clean"));
    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    closedir(dir);
    assert_int_equal(n, 1);
}

static void test_changed_pixels_are_noticed(void **state)
{
    const char *path = in_folder("changed.h5");
    float rows[64] = {0};
    char line[256], *stored = NULL;
    (void)state;
    write_one(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT),
          pixels = H5Dopen2(file, "/images/pixels", H5P_DEFAULT);
    assert_int_equal(h5_read_text_attr(file, "checksum", &stored, path, &err), 0);
    assert_int_equal(h5_rows_write(pixels, 2, 1, H5T_NATIVE_FLOAT, rows, "pixels", path, &err), 0);
    H5Dclose(pixels);
    H5Fclose(file);
    struct dataset *data = NULL;
    assert_int_equal(dataset_read(path, &data, &err), E_IO);
    snprintf(line, sizeof line, ", the file says %s: it was changed or damaged; pack it again", stored);
    assert_non_null(strstr(err.text, line));
    assert_non_null(strstr(err.text, ": checksum is "));
    free(stored);
}

/* Every length from 0 to the whole but one is refused, without a crash and without HDF5 talking on stderr. */
static void test_truncated_files(void **state)
{
    const char *path = in_folder("t.h5");
    size_t n = 0;
    (void)state;
    write_one(path);
    char *bytes = get_bytes(path, &n);
    for (size_t k = 0; k < n; k += k < 64 ? 8 : 97) {
        struct dataset *data = NULL;
        put_bytes(path, bytes, k);
        assert_int_equal(dataset_read(path, &data, &err), E_IO);
        assert_null(data);
    }
    put_bytes(path, bytes, n / 2);
    expect_error(path, ": HDF5 cannot open it: truncated or damaged; make it again");
    free(bytes);
}

static void test_other_files(void **state)
{
    const char *path = in_folder("o.h5");
    (void)state;
    put_text(path, "Barcode,Cluster\n");
    expect_error(path, ": not an HDF5 file");
    put_text(path, "");
    expect_error(path, ": not an HDF5 file");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_error(path, ": an HDF5 file, but not a dataset packed by `cellsweep data pack`");
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_int_equal(h5_write_int_attr(file, "cellsweep_dataset", 1, path, &err), 0);
    H5Fclose(file);
    expect_error(path, ": has no dataset /images/pixels");
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(h5_write_int_attr(file, "cellsweep_results", 1, path, &err), 0);
    H5Fclose(file);
    expect_error(path, ": the results of a sweep, not a packed dataset");
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(h5_write_int_attr(file, "cellsweep_dataset", 2, path, &err), 0);
    H5Fclose(file);
    expect_error(path, ": format version 2, this program reads 1; pack it again");
    expect_error(in_folder("none.h5"), ": cannot read: No such file or directory");
}

static void test_impossible_shapes(void **state)
{
    static const hsize_t shapes[][3] = {{4, 8, 9}, {0, 8, 8}, {4, 7, 7}, {1, 600, 600}};
    const char *path = in_folder("i.h5");
    (void)state;
    for (int k = 0; k < 4; k++) {
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), dataset;
        assert_int_equal(h5_write_int_attr(file, "cellsweep_dataset", 1, path, &err), 0);
        dataset = h5_create(file, "/images/pixels", H5T_NATIVE_FLOAT, 3, shapes[k], NULL, path, &err);
        assert_true(dataset >= 0);
        H5Dclose(dataset);
        H5Fclose(file);
        expect_error(path, ": /images/pixels has an impossible shape; pack it again");
    }
}

/* Two images of three channels. */
static struct dataset *make_stains(void)
{
    struct dataset *data = dataset_new(2, 8, 3, &err);
    assert_non_null(data);
    assert_int_equal(dataset_floats(data), 192);
    for (int i = 0; i < 2; i++) {
        snprintf(data->image[i].id, sizeof data->image[i].id, "%d", i);
        data->image[i].cluster = i;
    }
    for (int i = 0; i < 2 * 192; i++)
        data->pixels[i] = (float)i / 384.0f;
    for (int c = 0; c < 3; c++)
        snprintf(data->channel_name[c], sizeof data->channel_name[c], "stain %d", c);
    assert_int_equal(
        preprocess_parse("channels=all scale=dataset range=0:1,0:2,0:4", &data->preprocess, &err), 0);
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

/* Three channels are kept, with their names and what made them, also where a sweep opens them. */
static void test_channels(void **state)
{
    const char *path = in_folder("channels.h5");
    struct dataset_options options = {.size = 8, .pixel_size = 0.325};
    struct dataset *data = make_stains(), *back = NULL, *opened = NULL;
    char one[DATASET_CHECKSUM_SIZE];
    (void)state;
    assert_int_equal(dataset_write(data, path, &err), 0);
    assert_int_equal(dataset_read(path, &back, &err), 0);
    assert_int_equal(back->channels, 3);
    assert_string_equal(back->channel_name[2], "stain 2");
    assert_true(back->preprocess.n_ranges == 3 && back->preprocess.high[2] == 4.0f);
    assert_string_equal(back->checksum, data->checksum);
    assert_memory_equal(dataset_pixels(back, 1), data->pixels + 192, 192 * sizeof(float));
    assert_int_equal(dataset_open(path, &options, &opened, &err), 0);
    assert_int_equal(opened->channels, 3);
    dataset_free(opened);
    assert_int_equal(back->content[1], 1); /* no two are equal */
    memcpy(back->pixels + 192, back->pixels, 192 * sizeof(float));
    assert_int_equal(dataset_finish(back, &err), 0);
    assert_int_equal(back->content[1], 0);
    back->pixels[2 * 192 - 1] += 0.25f; /* in the last channel of the last pixel alone */
    assert_int_equal(dataset_finish(back, &err), 0);
    assert_int_equal(back->content[1], 1);
    memcpy(one, back->checksum, sizeof one);
    back->channels = 1; /* the same bytes, of larger images of one channel, are another dataset */
    assert_int_equal(dataset_finish(back, &err), 0);
    assert_string_not_equal(one, back->checksum);
    dataset_free(back);
    dataset_free(data);
}

static void test_open_checks_the_size(void **state)
{
    const char *path = in_folder("s.h5");
    struct dataset_options options = dataset_defaults();
    struct dataset *data = NULL;
    (void)state;
    write_one(path);
    assert_int_equal(dataset_open(path, &options, &data, &err), E_USAGE);
    assert_null(data);
    assert_string_equal(
        err.text + strlen(path),
        ": its images are 8 x 8 pixels, 50 x 50 are asked for; write `image: {size: 8}` in the sweep file, "
        "or pack it with --size 50");
    assert_int_equal(dataset_open(path, NULL, &data, &err), 0);
    dataset_free(data);
    options.size = 8;
    assert_int_equal(dataset_open(path, &options, &data, &err), 0);
    dataset_free(data);
    assert_int_equal(dataset_open(in_folder("none"), NULL, &data, &err), E_IO);
}

static void test_open_checks_the_groups(void **state)
{
    const char *path = in_folder("o.h5");
    struct dataset_options options = {.size = 8, .pixel_size = 0.325, .groups = "slide"};
    struct dataset *grouped = make_grouped(), *data = NULL;
    (void)state;
    write_one(path);
    assert_int_equal(dataset_open(path, &options, &data, &err), E_USAGE);
    assert_null(data);
    assert_string_equal(
        err.text + strlen(path),
        ": it was packed without groups, groups slide are asked for; pack it with --meta slide");
    assert_int_equal(dataset_write(grouped, path, &err), 0);
    assert_int_equal(dataset_open(path, &options, &data, &err), 0);
    dataset_free(data);
    options.groups = NULL;
    assert_int_equal(dataset_open(path, &options, &data, &err), 0);
    dataset_free(data);
    options.groups = "animal";
    assert_int_equal(dataset_open(path, &options, &data, &err), E_USAGE);
    assert_string_equal(
        err.text + strlen(path),
        ": it was packed with --groups slide, groups animal are asked for; pack it with --meta animal");
    assert_int_equal(dataset_open("builtin", &options, &data, &err), E_USAGE);
    assert_string_equal(err.text, "builtin: the built-in images have no groups; leave out groups: animal");
    dataset_free(grouped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_classes_are_kept),
        cmocka_unit_test(test_names_decide_the_checksum),
        cmocka_unit_test(test_a_class_without_a_name_is_an_error),
        cmocka_unit_test(test_clusters_are_counted),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_groups_are_numbered),
        cmocka_unit_test(test_groups_are_written_and_read),
        cmocka_unit_test(test_files_without_groups_have_no_trace_of_them),
        cmocka_unit_test(test_the_checksum_is_pinned),
        cmocka_unit_test(test_every_part_moves_the_checksum),
        cmocka_unit_test(test_equal_images_are_found),
        cmocka_unit_test(test_nothing_temporary_is_left),
        cmocka_unit_test(test_changed_pixels_are_noticed),
        cmocka_unit_test(test_truncated_files),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_impossible_shapes),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_open_checks_the_size),
        cmocka_unit_test(test_open_checks_the_groups),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
