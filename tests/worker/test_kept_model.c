/* A network that another job kept as features (embedding.from): rows are those of the network itself, its
 * training images are leaks, its key is of what it is; what does not suit is refused. The results file is
 * played by a reader of ours: test program run_kept.sh has a real one. */
#include "models/kept_model.h"

#include "features/features.h"
#include "job.h"
#include "models/model.h"
#include "plan.h"
#include "sections.h"
#include "select.h"
#include "support/hand_dataset.h"
#include "support/scratch.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIZE = 16, CLASSES = 3, SEEN = 9 };
static const int counts[CLASSES] = {24, 12, 9};

/* ---- the file ---- */

static char folder[64], file[96];
static struct kept_model kept; /* what our reader finds in it */
static int n_reads;

static int read_ours(const char *path, const char *filter, struct kept_model *out, struct err *err)
{
    n_reads++;
    if (strcmp(filter, "seed=9") == 0)
        return err_set(err, E_USAGE, "%s: no job has seed=9", path);
    *out = kept;
    out->weights = calloc(kept.n_weights, sizeof *out->weights);
    out->seen = calloc((size_t)kept.n_seen, sizeof *out->seen);
    memcpy(out->weights, kept.weights, kept.n_weights * sizeof *out->weights);
    memcpy(out->seen, kept.seen, (size_t)kept.n_seen * sizeof *out->seen);
    return 0;
}

/* Other bytes than before: as long as `lines`. */
static void write_file(int lines)
{
    FILE *out = fopen(file, "w");
    for (int i = 0; i < lines; i++)
        fputs("line\n", out);
    assert_int_equal(fclose(out), 0);
}

static struct config small(const struct dataset *data, const char *model)
{
    struct config config = noise_config(data, "none", "holdout");
    with_text(&config, "model", model);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    config.epochs = 2;
    config.batch = 12;
    return config;
}

/* A job of three classes leaves its network; it saw images 3, 4, ... */
static void keep_network(const struct dataset *data)
{
    const struct job_hooks hooks = {0};
    struct job_result result;
    kept.config = small(data, "cnn");
    assert_int_equal(job_run(&kept.config, data, "kept", &hooks, &result, NULL), 0);
    kept.n_weights = result.n_weights;
    kept.weights = calloc(kept.n_weights, sizeof *kept.weights);
    memcpy(kept.weights, result.weights, kept.n_weights * sizeof *kept.weights);
    kept.seen = calloc(SEEN, sizeof *kept.seen);
    for (int i = 0; i < SEEN; i++)
        kept.seen[kept.n_seen++] = data->image[3 + i].print;
    kept.data_size = SIZE;
    job_result_free(&result);
}

static int set_up(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    for (int i = 0; i < data->n_images; i++)
        data->image[i].print = (uint64_t)i + 1;
    assert_int_equal(scratch_make(folder, sizeof folder), 0);
    snprintf(file, sizeof file, "%s/kept.h5", folder);
    write_file(1);
    kept_model_read_by(read_ours);
    keep_network(data);
    *state = data;
    return 0;
}

static int tear_down(void **state)
{
    hand_dataset_free(*state);
    kept_model_release(&kept);
    unlink(file);
    rmdir(folder);
    return 0;
}

/* A job of two of the classes that takes it over. */
static struct config own(const struct dataset *data, const char *model)
{
    struct config config = small(data, model);
    with_text(&config, "clusters", "1-2");
    with_text(&config, "features", "embedding");
    with_text(&config, "embedding.from", file);
    return config;
}

/* ---- tests ---- */

static void rows_are_those_of_the_network(void **state)
{
    const struct dataset *data = *state;
    const struct config config = own(data, "knn");
    const struct model_spec spec = {&kept.config, NULL, 0};
    const struct feature_lesson lesson = {.config = &config, .data = data};
    struct features *features = NULL;
    struct arrays arrays = {0};
    float ours[8], theirs[8];
    const float *image = dataset_pixels(data, 5);
    size_t at = 0;
    void *net;
    assert_int_equal(features_new(&config, &features, NULL), 0);
    assert_int_equal(features_learn(features, &lesson, NULL), 0);
    features_measure(features, &image, 1, ours);
    assert_int_equal(model_cnn.open(&spec, &net, NULL), 0);
    model_cnn.arrays(net, MODEL_KEPT, &arrays);
    for (int i = 0; i < arrays.n; at += array_bytes(&arrays.item[i++]) / sizeof(float))
        memcpy(arrays.item[i].data, kept.weights + at, array_bytes(&arrays.item[i]));
    model_cnn.embed(net, &image, 1, theirs);
    assert_memory_equal(ours, theirs, sizeof ours);
    arrays_free(&arrays);
    model_cnn.close(net);
    features_free(features);
}

/* Whatever becomes of the file. */
static void what_a_job_leaves_predicts_alone(void **state)
{
    const struct dataset *data = *state;
    const struct config config = own(data, "logistic");
    const struct job_hooks hooks = {0};
    const float *image = dataset_pixels(data, 7);
    struct job_result result;
    float probs[2];
    assert_int_equal(job_run(&config, data, "own", &hooks, &result, NULL), 0);
    unlink(file);
    const int before = n_reads;
    assert_int_equal(job_predict(&config, result.weights, result.n_weights, &image, 1, probs, NULL), 0);
    assert_int_equal(n_reads, before);
    assert_memory_equal(probs, result.set[SET_ALL].probs + (size_t)7 * 2, sizeof probs);
    write_file(1);
    job_result_free(&result);
}

static int saw(int image)
{
    return image >= 3 && image < 3 + SEEN;
}

static void its_training_images_are_leaks(void **state)
{
    const struct dataset *data = *state;
    struct config config = own(data, "logistic"), alone = config;
    struct job_samples with_it, without;
    int test = 0, val = 0;
    with_text(&config, "inner", "share:0.4");
    with_text(&alone, "inner", "share:0.4");
    with_text(&alone, "embedding.from", "none");
    assert_int_equal(job_samples_select(&config, data, "key", NULL, &with_it, NULL), 0);
    assert_int_equal(job_samples_select(&alone, data, "key", NULL, &without, NULL), 0);
    for (int i = 0; i < with_it.test.n; i++)
        test += saw(with_it.test.sample[i].image);
    for (int i = 0; i < with_it.val.n; i++)
        val += saw(with_it.val.sample[i].image);
    assert_true(test > 0 && val > 0);
    assert_int_equal(with_it.leak, test);
    assert_int_equal(with_it.leak_val, val);
    assert_int_equal(without.leak, 0);
    assert_int_equal(without.leak_val, 0);
    job_samples_free(&with_it);
    job_samples_free(&without);
}

static void canonical(const struct config *config, char out[1024])
{
    assert_true(config_canonical(config, out, 1024) < 1024);
}

/* Of weights and of the images that were seen; whatever the file is called, and however the job is named. */
static void the_key_is_of_the_network(void **state)
{
    const struct dataset *data = *state;
    const struct config config = own(data, "logistic");
    struct config named = config;
    char first[1024], other[1024];
    canonical(&config, first);
    assert_non_null(strstr(first, "embedding.from=xxh3:"));
    with_text(&named, "embedding.filter", "seed=1");
    canonical(&named, other);
    assert_string_equal(first, other);
    kept.weights[11] += 1;
    write_file(2);
    canonical(&config, other);
    assert_string_not_equal(first, other);
    kept.weights[11] -= 1;
    kept.seen[0]++;
    write_file(3);
    canonical(&config, other);
    assert_string_not_equal(first, other);
    kept.seen[0]--;
    write_file(1);
}

static void a_file_is_read_when_it_changed(void **state)
{
    const struct kept_model *found;
    (void)state;
    write_file(5);
    const int before = n_reads;
    for (int i = 0; i < 3; i++)
        assert_int_equal(kept_model_find(file, "none", &found, NULL), 0);
    assert_int_equal(n_reads, before + 1);
    write_file(6);
    assert_int_equal(kept_model_find(file, "none", &found, NULL), 0);
    assert_int_equal(n_reads, before + 2);
    write_file(1);
}

/* ---- what is refused ---- */

static void assert_refused(const struct config *config, const struct dataset *data, const char *part)
{
    struct job_plan plan;
    struct err err = {0};
    int rc = config_check(config, &err);
    if (rc == 0)
        rc = job_plan(config, data, "key", &plan, &err);
    assert_int_equal(rc, E_USAGE);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in: %s", part, err.text);
}

static void what_does_not_suit_is_refused(void **state)
{
    static const struct {
        const char *key, *value, *said;
    } cases[] = {{"embedding.from", "/nowhere/kept.h5", "embedding.from: /nowhere/kept.h5: No such file"},
                 {"embedding.filter", "seed=9", "no job has seed=9"},
                 {"embedding.model", "vit", "say embedding.model: cnn"},
                 {"cnn.dense", "9-9", "say cnn.dense: 8-8"},
                 {"cnn.dropout", "0.1-0.5-0.5", "say cnn.dropout: "},
                 {"image.size", "12", "takes images of 16 pixels and 1 channels"},
                 {"embedding.from", "none", "embedding.filter chooses a job of embedding.from"}};
    struct dataset *data = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = own(data, "logistic");
        if (strcmp(cases[i].value, "none") == 0)
            with_text(&config, "embedding.filter", "seed=1");
        with_text(&config, cases[i].key, cases[i].value);
        assert_refused(&config, data, cases[i].said);
    }
    struct config config = own(data, "logistic");
    kept.data_size = SIZE + 1;
    write_file(2);
    assert_refused(&config, data, "pack them again with --size 17");
    kept.data_size = SIZE;
    write_file(1);
    config.channels = 3;
    assert_refused(&config, data, "those of the job have 16 and 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_network),  cmocka_unit_test(what_a_job_leaves_predicts_alone),
        cmocka_unit_test(its_training_images_are_leaks),  cmocka_unit_test(the_key_is_of_the_network),
        cmocka_unit_test(a_file_is_read_when_it_changed), cmocka_unit_test(what_does_not_suit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
