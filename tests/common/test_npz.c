#include "data/npz.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zip.h>

static struct dataset *data;
static struct pack_report report;
static struct err err;
static zip_t *archive;

static void begin(void)
{
    remove(in_folder("x.npz"));
    archive = zip_open(in_folder("x.npz"), ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(archive);
}

/* An array of bytes of one type, of this shape. */
static void add(const char *name, const char *type, const char *shape, const void *elements, size_t n,
                int compressed)
{
    char *bytes = malloc(256 + n);
    assert_non_null(bytes);
    int length =
        snprintf(bytes + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);
    memcpy(bytes, "\x93NUMPY\1\0", 8);
    bytes[8] = (char)length;
    bytes[9] = 0;
    memcpy(bytes + 10 + length, elements, n);
    zip_source_t *source = zip_source_buffer(archive, bytes, 10 + (size_t)length + n, 1);
    zip_int64_t i = zip_file_add(archive, name, source, ZIP_FL_OVERWRITE);
    assert_true(i >= 0);
    assert_int_equal(
        zip_set_file_compression(archive, (zip_uint64_t)i, compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0), 0);
}

static int pack_with(struct dataset_options options)
{
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    return npz_pack(in_folder("x.npz"), &options, &data, &report, &err);
}

static int end_and_pack(void)
{
    assert_int_equal(zip_close(archive), 0);
    return pack_with((struct dataset_options){.size = 8, .pixel_size = 1});
}

static int release(void **state)
{
    (void)state;
    dataset_free(data);
    data = NULL;
    pack_report_release(&report);
    return 0;
}

/* Images 8 x 8 of one value each: 10, 20, ... */
static const void *flat(int n, int channels)
{
    static unsigned char pixels[6 * 64 * 3];
    for (int i = 0; i < n * 64 * channels; i++)
        pixels[i] = (unsigned char)(10 * (i / (64 * channels) + 1) + i % channels);
    return pixels;
}

static void add_medmnist(int channels)
{
    const char *shape[2] = {channels == 3 ? "(3, 8, 8, 3)" : "(3, 8, 8)",
                            channels == 3 ? "(2, 8, 8, 3)" : "(2, 8, 8)"};
    size_t one = 64 * (size_t)channels;
    begin();
    add("train_images.npy", "|u1", shape[0], flat(3, channels), 3 * one, 1);
    add("train_labels.npy", "|u1", "(3, 1)", "\1\0\1", 3, 0);
    add("test_images.npy", "|u1", shape[1], flat(2, channels), 2 * one, 0);
    add("test_labels.npy", "<i4", "(2,)", "\0\0\0\0\1\0\0\0", 8, 1);
}

static void test_sets_are_given(void **state)
{
    static const char *const ids[] = {"train_1", "test_0", "train_0", "train_2", "test_1"};
    static const int given[] = {GIVEN_TRAIN, GIVEN_TEST, GIVEN_TRAIN, GIVEN_TRAIN, GIVEN_TEST};
    static const int value[] = {20, 10, 10, 30, 20};
    (void)state;
    add_medmnist(1);
    assert_int_equal(end_and_pack(), 0);
    assert_int_equal(data->n_images, 5);
    assert_int_equal(data->n_clusters, 2);
    assert_int_equal(report.found.n_given, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(data->image[i].id, ids[i]);
        assert_int_equal(data->image[i].given, given[i]);
        assert_int_equal(data->image[i].cluster, i >= 2);
        assert_int_equal(data->image[i].depth, 8);
        assert_true(dataset_pixels(data, i)[63] == (float)(value[i] / 255.0));
    }
    assert_string_equal(data->image[1].source, "test_images[0]");
}

static void test_colours_and_scales(void **state)
{
    struct dataset_options options = {.size = 8, .pixel_size = 1};
    (void)state;
    add_medmnist(3);
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(preprocess_parse("channels=rgb scale=depth", &options.preprocess, &err), 0);
    assert_int_equal(pack_with(options), 0);
    assert_int_equal(data->channels, 3);
    assert_string_equal(data->channel_name[2], "blue");
    assert_true(dataset_pixels(data, 0)[2] == (float)(22 / 255.0));
    assert_int_equal(preprocess_set_scale(&options.preprocess, "dataset", &err), 0);
    assert_int_equal(pack_with(options), 0);
    assert_true(dataset_pixels(data, 3)[0] == 1.0f && dataset_pixels(data, 2)[0] == 0.0f);
    assert_int_equal(data->preprocess.n_ranges, 3);
}

static void test_without_sets(void **state)
{
    (void)state;
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(2, 1), 128, 1);
    add("labels.npy", "<f8", "(2,)", (const double[]){7, 3}, 16, 1);
    assert_int_equal(end_and_pack(), 0);
    assert_string_equal(data->image[0].id, "1");
    assert_int_equal(data->cluster[0], 3);
    assert_int_equal(data->image[0].given, GIVEN_NONE);
}

/* A float image beyond 0 to 1 is left out; the rest moves up. */
static void test_an_image_that_cannot_be_used_is_listed(void **state)
{
    static float pixels[3 * 64];
    (void)state;
    for (int i = 0; i < 3 * 64; i++)
        pixels[i] = i / 64 == 1 ? 9.0f : 0.5f;
    begin();
    add("images.npy", "<f4", "(3, 8, 8)", pixels, sizeof pixels, 1);
    add("labels.npy", "|u1", "(3,)", "\0\0\1", 3, 1);
    assert_int_equal(end_and_pack(), 0);
    assert_int_equal(data->n_images, 2);
    assert_int_equal(report.rejects.n, 1);
    assert_string_equal(report.rejects.item[0].source, "images[1]");
    assert_non_null(strstr(report.rejects.item[0].reason, "its values go from 9 to 9"));
    assert_string_equal(data->image[1].id, "2");
    assert_true(dataset_pixels(data, 1)[0] == 0.5f);
}

static void refused(const char *line)
{
    assert_int_equal(end_and_pack(), E_IO);
    assert_null(data);
    assert_string_equal(err.text + strlen(in_folder("x.npz")), line);
}

static void test_refusals_have_their_line(void **state)
{
    (void)state;
    begin();
    add("x.npy", "|u1", "(2,)", "\0\1", 2, 0);
    refused(": neither train_images and train_labels (val_, test_) nor images and labels in it");
    begin();
    add("labels.npy", "|u1", "(2,)", "\0\1", 2, 0);
    refused(": images: not in the archive, but its labels are");
    begin();
    add("images.npy", "|u1", "(3, 8, 8)", flat(3, 1), 192, 0);
    add("labels.npy", "|u1", "(2,)", "\0\1", 2, 0);
    refused(": images: 3 images, but 2 labels");
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(2, 1), 128, 0);
    add("labels.npy", "|u1", "(2, 14)", flat(1, 1), 28, 0);
    refused(": labels: not one label an image, (n) or (n, 1)");
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(2, 1), 100, 1);
    add("labels.npy", "|u1", "(2,)", "\0\1", 2, 0);
    refused(": images: damaged: the array ends too early");
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(2, 1), 128, 1);
    add("labels.npy", "|i1", "(2,)", "\0\xff", 2, 0);
    refused(": labels: label 1 is -1, not a whole number from 0 to 32767");
    begin();
    add("images.npy", "|u1", "(99999999, 8, 8)", flat(2, 1), 128, 1);
    add("labels.npy", "|u1", "(99999999,)", "\0\1", 2, 0);
    refused(": labels: damaged: the array ends too early");
}

/* Every beginning of an archive is refused. */
static void test_truncated_anywhere(void **state)
{
    size_t n;
    (void)state;
    add_medmnist(1);
    assert_int_equal(end_and_pack(), 0);
    char *bytes = get_bytes(in_folder("x.npz"), &n);
    for (size_t k = 4; k < n; k += 7) {
        put_bytes(in_folder("x.npz"), bytes, k);
        assert_int_equal(pack_with((struct dataset_options){.size = 8, .pixel_size = 1}), E_IO);
        assert_null(data);
    }
    free(bytes);
}

/* A byte that is another one is found by the checksum of its member, wherever it lies. */
static void test_changed_bytes_are_found(void **state)
{
    enum { SIDE = 100, N_BYTES = 2 * SIDE * SIDE };
    static char pixels[N_BYTES];
    size_t n;
    (void)state;
    begin();
    add("images.npy", "|u1", "(2, 100, 100)", memset(pixels, 7, N_BYTES), N_BYTES, 0);
    add("labels.npy", "|u1", "(2,)", "\0\1", 2, 0);
    assert_int_equal(end_and_pack(), 0);
    char *bytes = get_bytes(in_folder("x.npz"), &n);
    assert_true(n > N_BYTES + 300);
    for (size_t k = 300; k < N_BYTES; k += N_BYTES / 5) {
        bytes[k]++;
        put_bytes(in_folder("x.npz"), bytes, n);
        assert_int_equal(pack_with((struct dataset_options){.size = 8, .pixel_size = 1}), E_IO);
        assert_non_null(strstr(err.text, ": images: damaged: "));
        bytes[k]--;
    }
    free(bytes);
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(3, 1), 192, 0);
    add("labels.npy", "|u1", "(2,)", "\0\1", 2, 0);
    refused(": images: damaged: more bytes follow than its shape says");
}

/* ---- images alone ---- */

struct seen {
    int n, stop_at;
    float sum;
    char names[512];
};

static int see(void *self, const char *name, struct image *image, struct err *why)
{
    struct seen *seen = self;
    const char *slash = strrchr(name, '/');
    assert_int_equal(strncmp(name, in_folder("x.npz"), strlen(in_folder("x.npz"))), 0);
    strcat(strcat(seen->names, slash), "|");
    seen->sum += image->pixels[0];
    return ++seen->n == seen->stop_at ? err_set(why, E_JOB, "enough") : 0;
}

static int see_all(struct seen *seen)
{
    return npz_each(in_folder("x.npz"), see, seen, &err);
}

static void test_images_without_their_labels(void **state)
{
    (void)state;
    struct seen seen = {0}, stopped = {.stop_at = 2}, none = {0};
    begin();
    add("train_images.npy", "|u1", "(2, 8, 8)", flat(2, 1), 128, 1);
    add("images.npy", "|u1", "(1, 8, 8)", flat(1, 1), 64, 0);
    add("train_labels.npy", "|u1", "(5,)", "\1\2\3\4\5", 5, 0);
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(see_all(&seen), 0);
    assert_string_equal(seen.names, "/0|/train_0|/train_1|");
    assert_true(seen.sum > 39.9f / 255 && seen.sum < 40.1f / 255);
    assert_int_equal(see_all(&stopped), E_JOB);
    assert_int_equal(stopped.n, 2);
    begin();
    add("train_labels.npy", "|u1", "(2,)", "\1\2", 2, 0);
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(see_all(&none), E_IO);
    assert_non_null(strstr(err.text, "x.npz: neither images nor train_images"));
    begin();
    add("images.npy", "|u1", "(2, 8, 8)", flat(1, 1), 64, 0);
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(see_all(&none), E_IO);
    assert_non_null(strstr(err.text, "x.npz: images: damaged: the array ends too early"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sets_are_given, release),
        cmocka_unit_test_teardown(test_colours_and_scales, release),
        cmocka_unit_test_teardown(test_without_sets, release),
        cmocka_unit_test_teardown(test_an_image_that_cannot_be_used_is_listed, release),
        cmocka_unit_test_teardown(test_refusals_have_their_line, release),
        cmocka_unit_test_teardown(test_truncated_anywhere, release),
        cmocka_unit_test_teardown(test_changed_bytes_are_found, release),
        cmocka_unit_test(test_images_without_their_labels),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
