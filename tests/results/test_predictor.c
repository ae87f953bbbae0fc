/* Predictions from a results file: the bits of the sweep's own, images as data pack makes them,
 * errors that name the choices. */
#include "image/png.h"
#include "kernels/kernels.h"
#include "h5.h"
#include "predict/predictor.h"

#include "data/pack.h"
#include "image/resize.h"
#include "job.h"
#include "store/stored_model.h"
#include "support/folder_fixture.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/trained_store.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

enum { SIZE = 20, CLASSES = 3, N = 38 };
static const int counts[CLASSES] = {20, 11, 7};
static const struct trained_job jobs[] = {{"1-2-3", "none", 1},
                                          {"1-2-3", "easy-ensemble", 1},
                                          {"1-2-3", "threshold", 1},
                                          {"1-2-3", "logit-adjust", 1},
                                          {"1-3", "balanced-softmax", 1},
                                          {"1-2-3", "none", 2},
                                          {"2-3", "none", 1}};
enum { N_JOBS = sizeof jobs / sizeof *jobs };

static struct dataset *data;
static struct store *store;
static struct err err;
static char path[128];

static int set_up(void **state)
{
    if (fixture_setup(state) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", fixture_folder);
    data = noise_dataset(CLASSES, counts, SIZE, 5);
    snprintf(data->checksum, sizeof data->checksum, "0123456789abcdef0123456789abcdef");
    data->pixel_size = 0.2125;
    struct config base = trained_config(data);
    if (trained_store(path, data, &base, jobs, N_JOBS, 1, &err) < 0 || store_open(path, &store, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    store_close(store, NULL);
    hand_dataset_free(data);
    return fixture_teardown(state);
}

/* Job 4: classes 1 and 3, seed 1, shifted logits. */
static void a_kept_model_says_what_it_is(void **state)
{
    (void)state;
    struct stored_model model;
    assert_int_equal(stored_model_open(store, 4, &model, &err), 0);
    assert_string_equal(model.config.strategy, "balanced-softmax");
    assert_int_equal(model.config.clusters.n, 2);
    assert_int_equal(model.config.clusters.number[1], 3);
    assert_int_equal(model.data_size, SIZE);
    assert_true(model.pixel_size > 0.2124 && model.pixel_size < 0.2126);
    assert_non_null(model.weights);
    assert_true(isfinite(model.weights[job_n_weights(&model.config, 1) - 1]));
    stored_model_close(&model);
    assert_null(model.weights);
}

static void what_has_not_finished_left_no_model(void **state)
{
    (void)state;
    struct selection finished;
    struct stored_model model;
    assert_int_equal(stored_models_find(store, NULL, &finished, &err), 0);
    assert_int_equal(finished.n, N_JOBS - 1);
    assert_int_equal(finished.job[N_JOBS - 2], N_JOBS - 2);
    selection_free(&finished);
    assert_int_equal(stored_models_find(store, "clusters=2-3", &finished, &err), E_USAGE);
    assert_null(finished.job);
    assert_int_equal(stored_model_open(store, N_JOBS - 1, &model, &err), E_IO);
    assert_non_null(strstr(err.text, "left no usable weights"));
    assert_null(model.weights);
    memset(&err, 0, sizeof err);
}

static struct predictor *predictor(const char *filter)
{
    struct predictor *p = NULL;
    if (predictor_new(store, filter, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

/* What a job stored of all originals, and their pixels. */
struct stored {
    int n, image[N], copy[N], label[N];
    float probs[N * CLASSES];
    const float *pixels[N];
};

static void read_stored(int job, struct stored *s)
{
    assert_int_equal(store_read_predictions(store, job, SET_ALL, s->image, s->copy, s->label, s->probs, &err),
                     0);
    for (s->n = 0; s->n < N && s->image[s->n] >= 0; s->n++)
        s->pixels[s->n] = data->pixels + s->image[s->n] * SIZE * SIZE;
}

/* Stored rows are as wide as the widest job's. */
static void assert_as_stored(struct predictor *p, const struct stored *s)
{
    float probs[N * CLASSES];
    size_t classes = (size_t)predictor_n_classes(p);
    assert_int_equal(predictor_classify(p, s->pixels, s->n, probs, &err), 0);
    for (int i = 0; i < s->n; i++)
        assert_memory_equal(probs + (size_t)i * classes, s->probs + i * CLASSES, classes * sizeof *probs);
}

static void one_job_gives_the_bits_of_its_own_predictions(void **state)
{
    (void)state;
    for (int j = 0; j < N_JOBS - 1; j++) {
        char filter[128];
        struct stored s;
        snprintf(filter, sizeof filter, "clusters=%s,strategy=%s,seed=%d", jobs[j].clusters, jobs[j].strategy,
                 jobs[j].seed);
        struct predictor *p = predictor(filter);
        assert_int_equal(predictor_n_jobs(p), 1);
        assert_int_equal(predictor_n_networks(p), j == 1 ? 3 : 1);
        assert_true(predictor_is_exact(p));
        read_stored(j, &s);
        assert_int_equal(s.n, j == 4 ? 27 : N);
        assert_as_stored(p, &s);
        for (int c = 0; c < predictor_n_classes(p); c++)
            assert_int_equal(predictor_cluster(p, c), j == 4 ? 1 + 2 * c : c + 1);
        predictor_free(p);
    }
}

/* In whatever company an image comes: alone, or among others. */
static void an_image_alone_gets_the_same_bits(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-2-3,strategy=easy-ensemble");
    struct stored s;
    float probs[CLASSES];
    read_stored(1, &s);
    int exact = strncmp(kernels_isa_name(kernels_best()), "avx", 3) == 0;
    for (int i = 0; i < s.n; i++) {
        assert_int_equal(predictor_classify(p, &s.pixels[i], 1, probs, &err), 0);
        for (int c = 0; c < CLASSES; c++)
            assert_true(fabs((double)probs[c] - (double)s.probs[i * CLASSES + c]) < (exact ? 1e-30 : 1e-5));
    }
    predictor_free(p);
}

/* Image i: its votes and their spread are those of what the jobs stored. */
static void assert_votes(const struct stored *s, int n, int i, const int *votes, const float *spread)
{
    int expected[CLASSES] = {0};
    for (int k = 0; k < n; k++) {
        const float *row = s[k].probs + i * CLASSES;
        expected[row[1] > row[0] ? (row[2] > row[1] ? 2 : 1) : row[2] > row[0] ? 2 : 0]++;
    }
    for (int c = 0; c < CLASSES; c++) {
        double mean = 0, squares = 0;
        for (int k = 0; k < n; k++)
            mean += (double)s[k].probs[i * CLASSES + c] / n;
        for (int k = 0; k < n; k++)
            squares += pow((double)s[k].probs[i * CLASSES + c] - mean, 2);
        assert_int_equal(votes[i * CLASSES + c], expected[c]);
        assert_true(fabs((double)spread[i * CLASSES + c] - sqrt(squares / (n - 1))) < 1e-6);
    }
}

/* Jobs of different shapes vote, each with the same say. */
static void several_jobs_vote(void **state)
{
    static const int voters[] = {0, 1, 2, 3, 5};
    (void)state;
    struct predictor *p = predictor("clusters=1-2-3");
    struct stored s[5];
    float probs[N * CLASSES];
    char who[256];
    predictor_describe(p, who, sizeof who);
    assert_string_equal(who, "7 networks of 5 jobs (clusters 1-2-3, 4 strategies)");
    for (int k = 0; k < 5; k++)
        read_stored(voters[k], &s[k]);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(predictor_classify(p, s[0].pixels, N, probs, &err), 0);
        for (int i = 0; i < N * CLASSES; i++) {
            double sum = 0;
            for (int k = 0; k < 5; k++)
                sum += (double)s[k].probs[i];
            assert_true(fabs((double)probs[i] - sum / 5) < 1e-7);
        }
    }
    int votes[N * CLASSES];
    float spread[N * CLASSES], same[N * CLASSES];
    assert_int_equal(predictor_classify_votes(p, s[0].pixels, N, same, votes, spread, &err), 0);
    assert_memory_equal(same, probs, sizeof probs);
    for (int i = 0; i < N; i++)
        assert_votes(s, 5, i, votes, spread);
    predictor_free(p);
}

/* One job alone has a vote, and no spread. */
static void one_vote_has_no_spread(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-2-3,strategy=threshold");
    const float *pixels = data->pixels;
    float probs[CLASSES], spread[CLASSES];
    int votes[CLASSES];
    assert_int_equal(predictor_classify_votes(p, &pixels, 1, probs, votes, spread, &err), 0);
    assert_int_equal(votes[0] + votes[1] + votes[2], 1);
    assert_true(isnan(spread[0]));
    predictor_free(p);
}

static void assert_refused(const char *filter, int code, const char *text)
{
    struct predictor *p = NULL;
    assert_int_equal(predictor_new(store, filter, &p, &err), code);
    assert_null(p);
    if (!strstr(err.text, text))
        fail_msg("'%s' is not in: %s", text, err.text);
    assert_null(strchr(err.text, '\n'));
}

static void errors_name_the_choices(void **state)
{
    (void)state;
    assert_refused(NULL, E_USAGE,
                   "2 kinds of jobs; choose one by --filter 'clusters=1-2-3' or 'clusters=1-3'");
    assert_refused("strategy=none,seed=9", E_USAGE, "matches none of the 7 jobs");
    assert_refused("clusters=2-3", E_USAGE, "none of the 1 jobs chosen has finished");
    assert_refused("clusters=1,3", E_USAGE, "'3' is not key=value");
    assert_refused("nonsense", E_USAGE, "a class with a comma in its name stands in double quotes");
}

/* A file whose channels were edited, or a word of a job, is refused once, by its name. */
static void edited_files_are_refused_by_name(void **state)
{
    (void)state;
    struct store *edited = NULL;
    struct predictor *p = NULL;
    char copy[160];
    size_t n;
    int three = 3;
    snprintf(copy, sizeof copy, "%s", in_folder("edited.h5"));
    char *bytes = get_bytes(path, &n);
    put_bytes(copy, bytes, n);
    hid_t file = H5Fopen(copy, H5F_ACC_RDWR, H5P_DEFAULT), channels = H5Aopen(file, "channels", H5P_DEFAULT);
    assert_true(H5Awrite(channels, H5T_NATIVE_INT, &three) >= 0);
    H5Aclose(channels);
    H5Fclose(file);
    assert_int_equal(store_open(copy, &edited, &err), 0);
    assert_int_equal(predictor_new(edited, "strategy=threshold", &p, &err), E_IO);
    assert_int_equal(strncmp(err.text, copy, strlen(copy)), 0);
    assert_non_null(strstr(err.text, "job 2 "));
    assert_non_null(strstr(err.text, "damaged"));
    store_close(edited, NULL);

    char *word = memmem(bytes, n, "holdout\0", 8); /* the words of /jobs are ended by zeros */
    for (char *at = word; at; at = memmem(at + 1, n - (size_t)(at + 1 - bytes), "holdout\0", 8))
        memcpy(at, "holdaut", 7);
    assert_non_null(word);
    put_bytes(copy, bytes, n);
    assert_int_equal(store_open(copy, &edited, &err), 0);
    if (predictor_new(edited, "seed=1,clusters=1-2-3", &p, &err) != E_IO || !strstr(err.text, "job 0: "))
        fail_msg("%s", err.text);
    assert_int_equal(strncmp(err.text, copy, strlen(copy)), 0);
    store_close(edited, NULL);
    free(bytes);
}

/* ---- images ---- */

static const char *const OUTLINES = "cell_id,vertex_x,vertex_y\n"
                                    "cell_7,3,5\ncell_7,7.25,5\ncell_7,7.25,8.1\ncell_7,3,9.25\ncell_7,3,5\n"
                                    "8,0,0\n8,4,0\n8,2,6\n";

/* A folder with cells 7, 8 and 9; 9 has no outline. */
static struct dataset *pack_cells(int size)
{
    struct dataset_options options = {.size = size, .pixel_size = 0.2125};
    struct pack_report report = {0};
    struct dataset *packed = NULL;
    mkdir(in_folder("cells"), 0777);
    mkdir(in_folder("cells/cluster_1"), 0777);
    mkdir(in_folder("cells/cluster_2"), 0777);
    put_png(in_folder("cells/cluster_1/cell_7.png"), 21, 23, 3);
    put_png(in_folder("cells/cluster_1/cell_8.png"), 19, 30, 80);
    put_png(in_folder("cells/cluster_2/cell_9.png"), 40, 17, 7);
    put_text(in_folder("cells/cell_boundaries.csv"), OUTLINES);
    if (pack_folder(in_folder("cells"), &options, &packed, &report, &err) < 0)
        fail_msg("%s", err.text);
    pack_report_release(&report);
    return packed;
}

static void assert_prepared(const struct predictor *p, const struct dataset *packed, int i,
                            const char *outline, const struct outlines *outlines)
{
    float pixels[SIZE * SIZE];
    struct predictor_image info;
    char file[DATASET_SOURCE_SIZE + 8], name[DATASET_ID_SIZE + 16];
    size_t n;
    snprintf(file, sizeof file, "cells/%s", packed->image[i].source);
    snprintf(name, sizeof name, "cell_%s.png", packed->image[i].id);
    char *bytes = get_bytes(in_folder(file), &n);
    int rc = outlines ? predictor_prepare_from(p, bytes, n, name, outlines, pixels, &info, &err)
                      : predictor_prepare(p, bytes, n, name, outline, pixels, &info, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(pixels, packed->pixels + i * SIZE * SIZE, sizeof pixels);
    assert_int_equal(info.masked, packed->image[i].masked);
    assert_int_equal(info.width, packed->image[i].width);
    assert_int_equal(info.height, packed->image[i].height);
    free(bytes);
}

static void images_are_prepared_as_data_pack_does(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-3");
    struct dataset *packed = pack_cells(SIZE);
    struct outlines outlines;
    assert_int_equal(packed->n_images, 3);
    assert_int_equal(outlines_read_all(in_folder("cells/cell_boundaries.csv"), &outlines, &err), 0);
    for (int i = 0; i < 3; i++) {
        assert_prepared(p, packed, i, OUTLINES, NULL);
        assert_prepared(p, packed, i, NULL, &outlines);
    }
    /* the only outline of a table fits any name, and needs no cell_id */
    assert_prepared(p, packed, 0, "vertex_x,vertex_y\n3,5\n7.25,5\n7.25,8.1\n3,9.25\n", NULL);
    outlines_release(&outlines);
    dataset_free(packed);
    predictor_free(p);
}

/* A job on smaller images than its dataset's resizes from those, not from the crop. */
static void smaller_images_are_resized_twice(void **state)
{
    enum { SMALL = 14 };
    (void)state;
    struct config base = trained_config(data);
    struct dataset *packed = pack_cells(SIZE);
    struct store *small = NULL;
    struct predictor *p = NULL;
    struct predictor_image info;
    float pixels[SMALL * SMALL], expected[SMALL * SMALL];
    size_t n;
    base.image_size = SMALL;
    assert_int_equal(trained_store(in_folder("small.h5"), data, &base, jobs, 1, 0, &err), 0);
    assert_int_equal(store_open(in_folder("small.h5"), &small, &err), 0);
    assert_int_equal(predictor_new(small, NULL, &p, &err), 0);
    assert_int_equal(predictor_size(p), SMALL);
    char *bytes = get_bytes(in_folder("cells/cluster_2/cell_9.png"), &n);
    assert_int_equal(predictor_prepare(p, bytes, n, "cell_9.png", OUTLINES, pixels, &info, &err), 0);
    resize_bilinear(expected, SMALL, packed->pixels + 2 * SIZE * SIZE, SIZE, SIZE, 1);
    assert_memory_equal(pixels, expected, sizeof pixels);
    free(bytes);
    predictor_free(p);
    store_close(small, NULL);
    dataset_free(packed);
}

static void a_crop_is_shown_masked(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-3");
    struct outlines outlines = {0};
    struct predictor_view view;
    size_t n;
    put_png(in_folder("crop.png"), 21, 21, 3);
    char *bytes = get_bytes(in_folder("crop.png"), &n);
    const struct image_file file = {(const unsigned char *)bytes, n, "crop.png", IMAGE_MAX_SIDE};
    char half[200]; /* columns 0 to 10 */
    double um = predictor_pixel_size(p);
    snprintf(half, sizeof half, "vertex_x,vertex_y\n0,0\n%.17g,0\n%.17g,%.17g\n0,%.17g\n", 10 * um, 10 * um,
             20 * um, 20 * um);
    assert_int_equal(outlines_parse(half, "half", &outlines, &err), 0);
    assert_int_equal(predictor_view(p, &file, &outlines, 1, &view, &err), 0);
    assert_true(view.info.masked && view.info.width == 21 && view.info.height == 21);
    for (int i = 0; i < 21 * 21; i++)
        assert_true(i % 21 <= 10 ? view.masked[i] == view.crop[i] : view.masked[i] == 0);
    predictor_view_release(&view);
    outlines_release(&outlines);
    free(bytes);
    predictor_free(p);
}

/* The green channel of new images, stretched, as the dataset's were. */
static void images_are_prepared_as_the_dataset_was(void **state)
{
    (void)state;
    struct config base = trained_config(data);
    struct preprocess before = data->preprocess;
    struct store *scaled = NULL;
    struct predictor *p = NULL;
    struct predictor_image info;
    float pixels[SIZE * SIZE];
    unsigned char rgb[9 * 9 * 3];
    void *png = NULL;
    size_t n;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = i % 3 == 1 ? 51 : 200;
    assert_int_equal(preprocess_parse("channels=2 scale=dataset range=0.1:0.5", &data->preprocess, &err), 0);
    assert_int_equal(trained_store(in_folder("scaled.h5"), data, &base, jobs, 1, 0, &err), 0);
    data->preprocess = before;
    assert_int_equal(store_open(in_folder("scaled.h5"), &scaled, &err), 0);
    assert_int_equal(predictor_new(scaled, NULL, &p, &err), 0);
    assert_int_equal(image_encode_png8(rgb, 9, 9, 3, &png, &n, &err), 0);
    assert_int_equal(predictor_prepare(p, png, n, "x.png", NULL, pixels, &info, &err), 0);
    assert_int_equal(info.coloured, 0);
    for (int i = 0; i < SIZE * SIZE; i++)
        assert_true(fabsf(pixels[i] - 0.25f) < 1e-6f);
    free(png);
    predictor_free(p);
    store_close(scaled, NULL);
}

static void assert_unprepared(const struct predictor *p, const void *png, size_t n, const char *outline,
                              const char *text)
{
    float pixels[SIZE * SIZE];
    struct predictor_image info;
    assert_int_equal(predictor_prepare(p, png, n, "up.png", outline, pixels, &info, &err), E_IO);
    if (!strstr(err.text, text))
        fail_msg("'%s' is not in: %s", text, err.text);
}

static void bad_images_and_outlines_are_one_line(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-3");
    size_t n;
    put_png(in_folder("up.png"), 300, 300, 3);
    char *bytes = get_bytes(in_folder("up.png"), &n);
    assert_unprepared(p, "no picture", 10, NULL, "up.png: ");
    assert_unprepared(p, bytes, n / 2, NULL, "up.png: ");
    assert_unprepared(p, bytes, n, "vertex_x\n1\n", "outline:1: no column \"vertex_y\"");
    assert_unprepared(p, bytes, n, "vertex_x,vertex_y\n1,2\n3,4\n", "2 vertices, needs 3");
    assert_unprepared(p, bytes, n, "vertex_x,vertex_y\n1,2\n3,4\n3,zz\n", "not a number");
    char *many = calloc(1, 1 << 20);
    strcpy(many, "vertex_x,vertex_y\n");
    for (size_t i = 0, used = strlen(many); i < 30000; i++)
        used += (size_t)sprintf(many + used, "%zu,%zu\n", i % 99, i % 98);
    assert_unprepared(p, bytes, n, many, "no cell's");
    free(many);
    free(bytes);
    predictor_free(p);
}

/* ---- explanations ---- */

/* Hiding the square that tells the class costs; hiding background costs nothing at all. */
static void occlusion_finds_what_decides(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-2-3,strategy=none");
    float image[SIZE * SIZE] = {0}, map[SIZE * SIZE], probs[CLASSES];
    const float *pixels = image;
    for (int y = 2; y < 7; y++)
        for (int x = 11; x < 16; x++)
            image[y * SIZE + x] = 0.9f;
    assert_int_equal(predictor_classify(p, &pixels, 1, probs, &err), 0);
    assert_int_equal(predictor_occlusion(p, image, 0, map, &err), 0);
    double in = 0, out = 0;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            *(y < 8 && x > 9 ? &in : &out) += fabs((double)map[y * SIZE + x]);
    assert_true(in > 0);
    for (int x = 0; x < SIZE; x++)
        assert_true(map[(SIZE - 1) * SIZE + x] == 0);
    assert_true(out < in);
    assert_int_equal(predictor_occlusion(p, image, CLASSES, map, &err), E_USAGE);
    predictor_free(p);
}

static void the_most_similar_image_is_itself(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-3");
    int image[N], n = 0;
    float similarity[N];
    for (int i = 0; i < N; i++) {
        int cluster = data->image[i].cluster;
        n = predictor_similar(p, data, data->pixels + i * SIZE * SIZE, 5, image, similarity, &err);
        assert_int_equal(n, 5);
        for (int k = 1; k < n; k++)
            assert_true(similarity[k] <= similarity[k - 1]);
        for (int k = 0; k < n; k++)
            assert_int_not_equal(data->image[image[k]].cluster, 2);
        if (cluster != 2) {
            int at = 0;
            while (at < n && image[at] != i)
                at++;
            assert_true(at < n && fabs((double)similarity[at] - 1) < 1e-5);
        }
    }
    assert_int_equal(predictor_similar(p, data, data->pixels, N, image, similarity, &err), 27);
    predictor_free(p);
}

/* Images of SIZE pixels as small ones, worked out here from the resizing alone. */
static double small_distance(const float *a, const float *b)
{
    float x[16 * 16], y[16 * 16];
    double sum = 0;
    resize_bilinear(x, 16, a, SIZE, SIZE, 1);
    resize_bilinear(y, 16, b, SIZE, SIZE, 1);
    for (int i = 0; i < 16 * 16; i++)
        sum += pow((double)x[i] - (double)y[i], 2);
    return sqrt(sum / (16 * 16));
}

/* The least distance of a to images of clusters 1 and 3, but for row `but`. */
static double least_distance(const float *a, int but)
{
    double least = 1e9;
    for (int k = 0; k < N; k++)
        if (k != but && data->image[k].cluster != 2)
            least = fmin(least, small_distance(a, dataset_pixels(data, k)));
    return least;
}

/* A copy is one of any cluster; what is far is far from those that the networks tell apart. */
static void the_sweeps_own_images_are_known_again(void **state)
{
    (void)state;
    struct predictor *p = predictor("clusters=1-3");
    struct predictor_known known;
    float other[SIZE * SIZE];
    double largest = 0;
    for (int i = 0; i < N; i++) {
        int ours = data->image[i].cluster != 2;
        assert_int_equal(predictor_know(p, data, dataset_pixels(data, i), &known, &err), 0);
        assert_int_equal(known.copy, i);
        assert_true(ours ? known.distance == 0 : known.distance > 0);
        if (ours)
            largest = fmax(largest, least_distance(dataset_pixels(data, i), i));
    }
    assert_true(fabs((double)known.usual - largest) < 1e-6); /* of fewer than a hundred none is left out */
    memcpy(other, dataset_pixels(data, 3), sizeof other);
    other[7] += 0.001f;
    assert_int_equal(predictor_know(p, data, other, &known, &err), 0);
    assert_int_equal(known.copy, -1);
    assert_true(known.distance > 0 && known.distance < known.usual);
    memset(other, 0, sizeof other);
    assert_int_equal(predictor_know(p, data, other, &known, &err), 0);
    assert_true(fabs((double)known.distance - least_distance(other, -1)) < 1e-6);
    assert_true(known.distance > known.usual);
    predictor_free(p);
}

/* A model without a hidden layer compares the features that it is given; pixels are none. */
static void features_are_compared_where_there_is_no_layer(void **state)
{
    static const char *const kinds[] = {"pixels", "hog", "shape", "embedding"};
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct config base = trained_config(data);
        struct store *made = NULL;
        struct predictor *p = NULL;
        int image[N], n;
        float similarity[N];
        with_text(&base, "model", "logistic");
        with_text(&base, "features", kinds[k]);
        with(&base, "hog.cell", 4);
        assert_int_equal(trained_store(in_folder(kinds[k]), data, &base, jobs, 1, 0, &err), 0);
        assert_int_equal(store_open(in_folder(kinds[k]), &made, &err), 0);
        assert_int_equal(predictor_new(made, NULL, &p, &err), 0);
        n = predictor_similar(p, data, data->pixels, 5, image, similarity, &err);
        assert_int_equal(n, k == 0 ? 0 : 5);
        assert_true(k == 0 || (image[0] == 0 && fabs((double)similarity[0] - 1) < 1e-5));
        predictor_free(p);
        store_close(made, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_model_says_what_it_is),
        cmocka_unit_test(what_has_not_finished_left_no_model),
        cmocka_unit_test(one_job_gives_the_bits_of_its_own_predictions),
        cmocka_unit_test(an_image_alone_gets_the_same_bits),
        cmocka_unit_test(several_jobs_vote),
        cmocka_unit_test(errors_name_the_choices),
        cmocka_unit_test(edited_files_are_refused_by_name),
        cmocka_unit_test(images_are_prepared_as_data_pack_does),
        cmocka_unit_test(smaller_images_are_resized_twice),
        cmocka_unit_test(a_crop_is_shown_masked),
        cmocka_unit_test(images_are_prepared_as_the_dataset_was),
        cmocka_unit_test(bad_images_and_outlines_are_one_line),
        cmocka_unit_test(occlusion_finds_what_decides),
        cmocka_unit_test(the_most_similar_image_is_itself),
        cmocka_unit_test(the_sweeps_own_images_are_known_again),
        cmocka_unit_test(one_vote_has_no_spread),
        cmocka_unit_test(features_are_compared_where_there_is_no_layer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
