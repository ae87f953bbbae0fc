/* The results file without MPI: everything that is written is read back, what is not
 * written shows as missing. */
#include "support/scratch.h"
#include "support/store_fixture.h"
#include "h5.h"
#include "store/store_select.h"
#include "version.h"

#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[128];
static struct err err;

static int set_up(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    memset(&err, 0, sizeof err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static int n_files(void)
{
    char command[128];
    int n = -1;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *f = popen(command, "r");
    if (!f || fscanf(f, "%d", &n) != 1)
        n = -1;
    if (f)
        pclose(f);
    return n;
}

static struct store *open_reading(void)
{
    struct store *store = NULL;
    int rc = store_open(path, &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return store;
}

static struct store *open_writing(void)
{
    struct store *store = NULL;
    int rc = store_open_shared(path, MPI_COMM_NULL, &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return store;
}

static struct fixture *create(int n_jobs, int n_epochs, size_t n_weights)
{
    struct fixture *f = fixture_new(n_jobs, n_epochs, n_weights);
    memset(&err, 0, sizeof err);
    int rc = store_create(path, &f->plan, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return f;
}

static void test_fresh_file(void **state)
{
    (void)state;
    struct fixture *f = create(5, 6, 0);
    assert_int_equal(n_files(), 1);
    struct store *s = open_reading();
    assert_int_equal(store_n_jobs(s), 5);
    assert_int_equal(store_n_epochs(s), 6);
    assert_int_equal(store_n_classes(s), 3);
    assert_int_equal(store_n_predictions(s, SET_TEST), 4);
    assert_int_equal(store_n_predictions(s, SET_ALL), 12);
    assert_int_equal(store_n_images(s), 12);
    assert_int_equal(store_n_weights(s), 0);
    assert_int_equal(store_synthetic(s), 1);
    assert_string_equal(store_path(s), path);
    assert_string_equal(store_text(s, "yaml_resolved"), f->plan.yaml_resolved);
    assert_string_equal(store_text(s, "ranks"), "3");
    assert_string_equal(store_text(s, "weights_kept"), "0");
    assert_string_equal(store_text(s, "no such"), "");
    assert_non_null(strstr(store_text(s, "libraries"), "HDF5 1."));
    assert_int_equal(strlen(store_text(s, "created")), 20);
    assert_int_equal(store_n_axes(s), 3);
    assert_string_equal(store_axis_name(s, 1), "undersample.replacement");
    for (int j = 0; j < 5; j++)
        f->job[j].row = j;
    assert_memory_equal(store_jobs(s), f->job, 5 * sizeof *f->job);
    for (int i = 0; i < 12; i++) {
        assert_string_equal(store_images(s)[i].id, f->data->image[i].id);
        assert_string_equal(store_images(s)[i].source, f->data->image[i].source);
        assert_int_equal(store_images(s)[i].cluster, f->data->image[i].cluster);
        assert_int_equal(store_images(s)[i].width, 0);
    }
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* Bytes that a job more costs in the file. */
static double bytes_a_job(struct fixture *f)
{
    double all = (double)store_plan_bytes(&f->plan, &err);
    f->plan.n_jobs /= 2;
    double half = (double)store_plan_bytes(&f->plan, &err);
    f->plan.n_jobs *= 2;
    return (all - half) / (f->plan.n_jobs - f->plan.n_jobs / 2);
}

static void test_texts_cost_what_they_are(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(64, 6, 0);
    double before = bytes_a_job(f);
    for (int j = 0; j < 64; j++)
        snprintf(f->job[j].strategy, sizeof f->job[j].strategy, "none");
    assert_true(bytes_a_job(f) == before - 3); /* "none" for "augment" */
    assert_true(before < 1100); /* 256 of them a row of the messages: a large sweep has one in 64 jobs */
    fixture_free(f);
}

/* Rows of /messages/text that hold something. */
static int texts_in_use(void)
{
    enum { MOST = 1000, SIZE = STORE_MESSAGE_SIZE };
    static char text[MOST * SIZE];
    hid_t file, type = h5_string_type(SIZE);
    hsize_t dims[1];
    int n = 0;
    assert_int_equal(h5_open_read(path, &file, &err), 0);
    assert_int_equal(h5_dims(file, "/messages/text", 1, dims, path, &err), 0);
    assert_true(dims[0] <= MOST);
    assert_int_equal(h5_read(file, "/messages/text", type, 1, dims, text, path, &err), 0);
    for (hsize_t i = 0; i < dims[0]; i++)
        n += text[i * SIZE] != '\0';
    H5Tclose(type);
    H5Fclose(file);
    return n;
}

static void say(struct store *s, int job, const char *message)
{
    const struct store_mark mark = {.state = JOB_FAILED, .message = message};
    assert_int_equal(store_write_mark(s, job, &mark, &err), 0);
}

static const char *said(struct store *s, int job)
{
    struct store_mark mark;
    assert_int_equal(store_read_mark(s, job, &mark, &err), 0);
    return mark.message;
}

static void test_equal_messages_stand_once(void **state)
{
    (void)state;
    char large[2 * STORE_MESSAGE_SIZE];
    struct fixture *f = create(64, 1, 0);
    struct store *s = open_writing();
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    assert_string_equal(said(s, 0), "");
    for (int j = 0; j < 60; j++)
        say(s, j, j % 2 ? "no memory" : "loss is NaN");
    say(s, 60, large);
    say(s, 61, large);
    say(s, 62, "passes");
    say(s, 62, NULL);
    assert_string_equal(said(s, 7), "no memory");
    assert_string_equal(said(s, 8), "loss is NaN");
    assert_string_equal(said(s, 62), "");
    assert_int_equal(strlen(said(s, 61)), STORE_MESSAGE_SIZE - 1);
    assert_int_equal(store_close(s, &err), 0);
    assert_int_equal(texts_in_use(), 4);
    fixture_free(f);
}

static void test_a_full_table_of_messages(void **state)
{
    (void)state;
    char text[32];
    struct store_mark mark[64];
    struct fixture *f = create(64, 1, 0);
    struct store *s = open_writing();
    say(s, 1, "the first");
    for (int i = 0; i < 400; i++) {
        snprintf(text, sizeof text, "message %d", i);
        say(s, 0, text);
    }
    say(s, 2, "the first");
    assert_int_equal(store_read_marks(s, mark, &err), 0);
    assert_non_null(strstr(mark[0].message, "no room"));
    assert_string_equal(mark[1].message, "the first");
    assert_string_equal(mark[2].message, "the first");
    assert_string_equal(mark[3].message, "");
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* What a job does not read stays without a value, numbers too, and can be asked for. */
static void test_axes_that_a_job_does_not_read(void **state)
{
    (void)state;
    struct selection chosen;
    struct fixture *f = fixture_new(4, 2, 0);
    *f->job[1].axis[0] = *f->job[2].axis[1] = '\0';
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    struct store *s = open_reading();
    for (int j = 0; j < 4; j++)
        for (int a = 0; a < 3; a++)
            assert_string_equal(store_jobs(s)[j].axis[a], f->job[j].axis[a]);
    assert_int_equal(store_unread_axes(s), 1 << 0 | 1 << 1);
    assert_int_equal(store_select(s, "train.learning_rate=-", &chosen, &err), 0);
    assert_int_equal(chosen.n, 1);
    assert_int_equal(chosen.job[0], 1);
    selection_free(&chosen);
    assert_int_equal(
        store_select(s, "train.learning_rate=-|1e-7,undersample.replacement=false", &chosen, &err), 0);
    assert_int_equal(chosen.n, 1);
    assert_int_equal(chosen.job[0], 0);
    selection_free(&chosen);
    assert_int_equal(store_select(s, "train.learning_rate=0..1e-9", &chosen, &err), E_USAGE);
    assert_non_null(strstr(err.text, "; train.learning_rate is one of 1e-07, - (not read), 0.0003"));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

static void test_fill_values(void **state)
{
    (void)state;
    struct fixture *f = create(3, 4, 5);
    struct store *s = open_reading();
    struct store_mark mark[3];
    float metric[12], probs[36], weights[5];
    int confusion[9], image[12], copy[12], label[12];
    assert_int_equal(store_read_marks(s, mark, &err), 0);
    for (int j = 0; j < 3; j++) {
        assert_int_equal(mark[j].state, JOB_WAITING);
        assert_int_equal(mark[j].attempts, 0);
        assert_int_equal(mark[j].epochs_done, 0);
        assert_int_equal(mark[j].rank, -1);
        assert_true(isnan(mark[j].started) && isnan(mark[j].finished));
        assert_string_equal(mark[j].message, "");
    }
    assert_int_equal(store_read_metric(s, SET_TEST, METRIC_BALANCED_ACCURACY_AS_PUBLISHED, metric, &err), 0);
    for (int i = 0; i < 12; i++)
        assert_true(isnan(metric[i]));
    assert_int_equal(store_read_confusion(s, 2, SET_ALL, confusion, &err), 0);
    assert_int_equal(store_read_predictions(s, 2, SET_ALL, image, copy, label, probs, &err), 0);
    assert_int_equal(store_read_weights(s, 2, weights, &err), 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(confusion[i], -1);
    for (int i = 0; i < 12; i++)
        assert_true(image[i] == -1 && copy[i] == -1 && label[i] == -1 && isnan(probs[3 * i]));
    assert_true(isnan(weights[4]));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* A reader that is open all the time sees what is written, job by job. */
static void test_write_and_read_back(void **state)
{
    (void)state;
    struct fixture *f = create(4, 5, 7);
    struct store *w = open_writing();
    for (int job = 0; job < 4; job++)
        assert_int_equal(fixture_run(w, job, 5 - job, job == 2 ? JOB_DIVERGED : JOB_DONE, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    assert_int_equal(err.code, 0);
    struct store *s = open_reading();
    for (int job = 0; job < 4; job++)
        assert_true(fixture_check(s, job, 5 - job, job == 2 ? JOB_DIVERGED : JOB_DONE));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

static void test_clear_metrics(void **state)
{
    (void)state;
    struct fixture *f = create(2, 3, 0);
    struct store *w = open_writing();
    struct store_mark mark[2];
    float metric[6];
    for (int job = 0; job < 2; job++)
        assert_int_equal(fixture_run(w, job, 3, JOB_DONE, &err), 0);
    assert_int_equal(store_clear_metrics(w, 0, &err), 0);
    assert_int_equal(store_read_metric(w, SET_TRAIN, METRIC_ACCURACY, metric, &err), 0);
    assert_int_equal(store_read_marks(w, mark, &err), 0);
    assert_true(isnan(metric[0]) && isnan(metric[2]));
    assert_int_equal(mark[0].epochs_done, 0);
    assert_true(fixture_check(w, 1, 3, JOB_DONE));
    assert_int_equal(store_close(w, &err), 0);
    fixture_free(f);
}

static void test_rows_outside_are_refused(void **state)
{
    (void)state;
    struct fixture *f = create(2, 3, 0);
    struct store *w = open_writing();
    struct store_mark mark = {.state = JOB_DONE};
    struct store_outcome too_many = {.n_classes = 2, .set = {[SET_TEST] = {5, NULL, NULL, NULL, NULL, NULL}}};
    float metrics[N_METRICS] = {0}, weights[1];
    assert_int_equal(store_write_mark(w, 2, &mark, &err), E_IO);
    assert_int_equal(fixture_epoch(w, 0, 3, metrics, metrics, &err), E_IO);
    assert_int_equal(store_write_outcome(w, 0, &too_many, &err), E_IO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(store_read_weights(w, 0, weights, &err), E_USAGE);
    assert_int_equal(store_close(w, &err), 0);
    fixture_free(f);
}

/* Marks of the file that grew. */
static void assert_grown_marks(struct store *s)
{
    struct store_mark mark[7];
    int states[7];
    assert_int_equal(store_n_epochs(s), 9);
    assert_int_equal(store_read_marks(s, mark, &err), 0);
    static const enum job_state expected[] = {JOB_WAITING, JOB_WAITING,  JOB_WAITING, JOB_DONE,
                                              JOB_WAITING, JOB_DIVERGED, JOB_DONE};
    assert_int_equal(store_read_states(s, states, &err), 0);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(mark[i].state, expected[i]);
        assert_int_equal(states[i], expected[i]);
    }
    assert_string_equal(mark[5].message, "loss is NaN");
}

/* Rows of the file that grew: 3 was kept, 2 has yet to run. */
static void assert_grown_rows(struct store *s)
{
    float metric[63], weights[6];
    int image[12], copy[12], label[12];
    float probs[36];
    assert_int_equal(store_jobs(s)[3].n_train, 23);
    assert_int_equal(store_jobs(s)[2].n_train, -1);
    assert_int_equal(store_read_metric(s, SET_TEST, METRIC_LOSS, metric, &err), 0);
    assert_true(metric[3 * 9 + 3] == fixture_metric(3, 3, SET_TEST, METRIC_LOSS));
    assert_true(isnan(metric[3 * 9 + 4]) && isnan(metric[2 * 9]));
    assert_int_equal(store_read_weights(s, 3, weights, &err), 0);
    assert_true(weights[2] == 302.5f && isnan(weights[3]));
    assert_int_equal(store_read_predictions(s, 3, SET_TEST, image, copy, label, probs, &err), 0);
    assert_true(image[2] == 304 && image[3] == -1 && label[0] == 304 && probs[1] == 307.5f &&
                isnan(probs[2]));
}

static void test_grow(void **state)
{
    (void)state;
    struct fixture *f = create(6, 4, 3);
    struct store *w = open_writing();
    static const enum job_state end[] = {JOB_DONE, JOB_DIVERGED, JOB_FAILED, JOB_DONE, JOB_RUNNING, JOB_DONE};
    for (int job = 0; job < 6; job++)
        assert_int_equal(fixture_run(w, job, 4, end[job], &err), 0);
    assert_int_equal(store_close(w, &err), 0);

    /* Rows in reverse order after two new ones; row 5 is gone; every shape is larger, and an axis is new. */
    struct fixture *g = fixture_new(7, 9, 6);
    int kept = -1;
    for (int i = 2; i < 7; i++)
        g->job[i] = fixture_job(6 - i, 3);
    g->job[0] = fixture_job(20, 3);
    g->job[1] = fixture_job(21, 3);
    g->plan.n_test = 12;
    int grown = store_grow(path, &g->plan, &kept, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(grown, 0);
    assert_int_equal(kept, 3);
    assert_int_equal(n_files(), 1);

    struct store *s = open_reading();
    assert_grown_marks(s);
    assert_grown_rows(s);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(g);
    fixture_free(f);
}

/* Inner sets go into every row that has one, and into a file that grew; a file without has no place for
 * them. */
static void test_inner_sets(void **state)
{
    (void)state;
    struct fixture *f = create(3, 4, 0), *g = fixture_new(4, 6, 0);
    enum image_set set[N_SETS];
    float curve[N_ALL_METRICS], *numbers[N_SETS] = {curve, curve, curve, NULL};
    int cells[9], kept = 0;
    struct store *s = open_writing();
    assert_int_equal(store_curve_sets(s, set), 2);
    assert_int_equal(store_judged_sets(s, set), 2);
    assert_true(set[0] == SET_TEST && set[1] == SET_ALL);
    assert_int_equal(store_n_predictions(s, SET_VAL), 0);
    assert_int_equal(store_read_confusion(s, 0, SET_VAL, cells, &err), E_USAGE);
    assert_int_equal(store_write_epochs(s, 0, 0, 1, (const float *const *)numbers, &err), 0);
    memset(&err, 0, sizeof err);
    assert_int_equal(store_close(s, &err), 0);
    f->plan.n_val = g->plan.n_val = 2;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    s = open_writing();
    assert_int_equal(store_curve_sets(s, set), 3);
    assert_true(set[0] == SET_TRAIN && set[1] == SET_VAL && set[2] == SET_TEST);
    assert_int_equal(fixture_run(s, 1, 4, JOB_DONE, &err), 0);
    assert_true(fixture_check(s, 1, 4, JOB_DONE));
    assert_int_equal(fixture_run(s, 2, 4, JOB_DIVERGED, &err), 0);
    assert_int_equal(store_clear_metrics(s, 2, &err), 0);
    assert_int_equal(store_read_curve(s, 2, SET_VAL, METRIC_ACCURACY, curve, &err), 0);
    assert_true(isnan(curve[0]) && isnan(curve[3]));
    assert_int_equal(store_close(s, &err), 0);
    assert_int_equal(store_grow(path, &g->plan, &kept, &err), 0);
    assert_int_equal(kept, 2);
    s = open_reading();
    assert_true(fixture_check(s, 1, 4, JOB_DONE));
    assert_int_equal(store_jobs(s)[0].judged_epoch, -1);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
    fixture_free(g);
}

static void test_grow_with_weights_wanted_runs_again(void **state)
{
    (void)state;
    struct fixture *f = create(2, 2, 0), *g = fixture_new(2, 2, 3);
    struct store *w = open_writing();
    int kept = -1;
    assert_int_equal(fixture_run(w, 0, 2, JOB_DONE, &err), 0);
    assert_int_equal(fixture_run(w, 1, 2, JOB_DIVERGED, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    int grown = store_grow(path, &g->plan, &kept, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(grown, 0);
    assert_int_equal(kept, 1);
    fixture_free(f);
    fixture_free(g);
}

static void test_grow_keeps_weights(void **state)
{
    (void)state;
    struct fixture *f = create(2, 2, 3);
    struct store *w = open_writing();
    int kept = -1;
    assert_int_equal(fixture_run(w, 0, 2, JOB_DONE, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    assert_int_equal(store_grow(path, &f->plan, &kept, &err), 0);
    assert_int_equal(kept, 1);
    struct store *s = open_reading();
    float weights[3];
    assert_int_equal(store_read_weights(s, 0, weights, &err), 0);
    assert_true(weights[0] == 0.5f && weights[2] == 2.5f);
    assert_true(store_jobs(s)[0].judged_epoch == 2 && store_jobs(s)[1].judged_epoch == -1);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

enum { MANY = 40 };

/* Job 0 has forty classes of long numbers, more than a field of /jobs holds, job 1 a pair, job 2 the pair the
 * other way round and no place for originals. */
static void room_of_job(const void *of, int job, struct store_room *out)
{
    (void)of;
    *out = (struct store_room){.n_test = job == 0 ? 7 : 3,
                               .n_all = job == 2 ? 0 : 5,
                               .n_weights = (size_t)job,
                               .n_classes = job == 0 ? MANY : 2};
    for (int c = 0; c < out->n_classes; c++)
        out->cluster[c] = (int16_t)(job == 0 ? 30000 - c : job == 1 ? 8 + 2 * c : 10 - 2 * c);
}

static void write_sized(struct store *w, int job, int n_classes, int n_test)
{
    static int zero[MANY * MANY], label[7] = {1, 1, 0};
    static float probs[7 * MANY], weights[2] = {0.5f, 1.5f};
    struct store_outcome o = {.n_classes = n_classes,
                              .set = {[SET_TEST] = {n_test, zero, zero, label, probs, zero},
                                      [SET_ALL] = {0, NULL, NULL, NULL, NULL, zero}},
                              .weights = job ? weights : NULL,
                              .n_weights = (size_t)job};
    for (int i = 0; i < n_test * n_classes; i++)
        probs[i] = (float)(100 * job + i);
    assert_int_equal(store_write_outcome(w, job, &o, &err), 0);
}

/* Every job has the place that it needs and its own classes, whatever the others have. */
static void test_jobs_have_their_own_sizes(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(3, 1, 2);
    f->plan.n_classes = MANY;
    f->plan.room = room_of_job;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    struct store *s = open_writing();
    write_sized(s, 0, MANY, 7);
    write_sized(s, 1, 2, 3);
    write_sized(s, 2, 2, 2);
    assert_int_equal(store_close(s, &err), 0);
    s = open_reading();
    int cluster[CONFIG_MAX_CLUSTERS], number[21], matrix[MANY * MANY];
    float probs[7 * MANY], weights[2];
    assert_int_equal(store_classes(s, 0, cluster), MANY);
    assert_int_equal(cluster[MANY - 1], 30000 - MANY + 1);
    assert_int_equal(store_classes(s, 2, cluster), 2);
    assert_true(cluster[0] == 10 && cluster[1] == 8);
    assert_int_equal(store_n_predictions(s, SET_TEST), 7);
    assert_int_equal(store_n_predictions(s, SET_ALL), 5);
    assert_int_equal(store_read_predictions(s, 2, SET_TEST, number, number + 7, number + 14, probs, &err), 0);
    assert_true(number[1] == 0 && number[2] == -1 && number[6] == -1);
    assert_true(probs[1] == 201 && probs[MANY + 1] == 203 && isnan(probs[2]) && isnan(probs[2 * MANY]));
    assert_int_equal(store_read_predictions(s, 0, SET_TEST, number, number + 7, number + 14, probs, &err), 0);
    assert_true(probs[7 * MANY - 1] == 7 * MANY - 1);
    assert_int_equal(store_read_confusion(s, 1, SET_TEST, matrix, &err), 0);
    assert_true(matrix[0] == 0 && matrix[2] == -1 && matrix[MANY + 1] == 0 && matrix[2 * MANY] == -1);
    assert_int_equal(store_read_weights(s, 2, weights, &err), 0);
    assert_true(weights[1] == 1.5f);
    assert_int_equal(store_read_weights(s, 1, weights, &err), 0);
    assert_true(weights[0] == 0.5f && isnan(weights[1]));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

static void assert_cannot_open(const char *because)
{
    struct store *store = (struct store *)folder;
    memset(&err, 0, sizeof err);
    assert_int_equal(store_open(path, &store, &err), E_IO);
    assert_null(store);
    if (!strstr(err.text, because) || !strstr(err.text, path))
        fail_msg("'%s' does not say '%s' of %s", err.text, because, path);
}

static void overwrite_row(const char *name, hsize_t row, hid_t type, const void *value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    assert_true(dataset >= 0);
    assert_int_equal(h5_rows_write(dataset, row, 1, type, value, name, path, &err), 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

/* The last byte of job 1 is another: its model alone is refused. */
static void test_damaged_models_are_refused(void **state)
{
    (void)state;
    struct fixture *f = create(3, 4, 5);
    struct store *w = open_writing();
    const unsigned char other = 0x5a;
    float weights[5];
    for (int job = 0; job < 3; job++)
        assert_int_equal(fixture_run(w, job, 1, JOB_DONE, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    overwrite_row("/models/data", 2 * sizeof weights - 1, H5T_NATIVE_UCHAR, &other);
    struct store *s = open_reading();
    assert_int_equal(store_read_weights(s, 0, weights, &err), 0);
    assert_int_equal(store_read_weights(s, 2, weights, &err), 0);
    assert_int_equal(store_read_weights(s, 1, weights, &err), E_IO);
    assert_non_null(strstr(err.text, "the kept model of job 1 is not what the job left"));
    memset(&err, 0, sizeof err);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* Parts that do not follow each other, or are not those of a number of classes, are damage and no
 * place to write to. */
static void test_damaged_places_are_refused(void **state)
{
    (void)state;
    static const char *const name[] = {"/confusion/first", "/predictions/test/first",
                                       "/predictions/all/first_probability", "/models/first"};
    static const int64_t bad[] = {-1, 1, (int64_t)1 << 60};
    int matrix[9], refused = 0;
    for (size_t i = 0; i < 12; i++) {
        struct fixture *f = create(2, 3, 3);
        overwrite_row(name[i / 3], 1, H5T_NATIVE_INT64, &bad[i % 3]);
        struct store *s = NULL;
        memset(&err, 0, sizeof err);
        int rc = store_open(path, &s, &err);
        if (rc == 0)
            rc = store_read_confusion(s, 0, SET_TEST, matrix, &err);
        refused += rc == E_IO && strstr(err.text, "damaged") != NULL;
        assert_true(rc == E_IO || (i / 3 == 3 && i % 3 == 1)); /* a model may be of any size */
        store_close(s, NULL);
        fixture_free(f);
    }
    assert_int_equal(refused, 11);
}

/* A job's classes are different rows of /classes/name with -1 behind them, and names are different ones:
 * else a prediction would be called something that it is not. */
static void test_damaged_classes_are_refused(void **state)
{
    (void)state;
    static const int16_t bad[][3] = {{0, 99, -1}, {1, 1, -1}, {0, -2, -1}, {0, -1, 1}, {INT16_MIN, 0, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fixture *f = create(2, 3, 3);
        overwrite_row("/classes/job", 1, H5T_NATIVE_INT16, bad[i]);
        assert_cannot_open("/classes/job does not tell the classes of job 1: damaged");
        fixture_free(f);
    }
    struct fixture *f = create(2, 3, 3);
    char name[CLASS_NAME_SIZE];
    snprintf(name, sizeof name, "%d", f->data->cluster[0]);
    hid_t type = h5_string_type(sizeof name);
    for (hsize_t k = 0; k < 2; k++)
        overwrite_row("/classes/name", k, type, name);
    H5Tclose(type);
    assert_cannot_open("/classes/name has");
    fixture_free(f);
}

/* A dataset of the same cells, stored otherwise. */
static void store_otherwise(const char *name, hid_t memory, hid_t stored, int is_chunked)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), old = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(old), list = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t n = (hsize_t)H5Sget_simple_extent_npoints(space);
    void *cells = calloc(n, 8);
    assert_non_null(cells);
    assert_true(H5Dread(old, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) >= 0);
    H5Dclose(old);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    if (is_chunked)
        assert_true(H5Pset_chunk(list, 1, &n) >= 0);
    hid_t fresh = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(fresh >= 0 && H5Dwrite(fresh, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) >= 0);
    free(cells);
    H5Dclose(fresh);
    H5Pclose(list);
    H5Sclose(space);
    H5Fclose(file);
}

/* What is read where HDF5 says that it lies is only what this machine would have stored in one piece. */
static void test_cells_of_another_kind_are_read(void **state)
{
    (void)state;
    struct fixture *f = create(3, 4, 0);
    struct store *w = open_writing();
    for (int job = 0; job < 3; job++)
        assert_int_equal(fixture_run(w, job, 4, JOB_DONE, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    store_otherwise("/predictions/test/image", H5T_NATIVE_INT, H5T_STD_I32BE, 0);
    store_otherwise("/predictions/test/label", H5T_NATIVE_INT, H5T_NATIVE_INT, 1);
    store_otherwise("/predictions/test/probability", H5T_NATIVE_FLOAT, H5T_IEEE_F64LE, 0);
    store_otherwise("/confusion/first", H5T_NATIVE_INT64, H5T_STD_I64BE, 0);
    struct store *s = open_reading();
    for (int job = 2; job >= 0; job--)
        assert_true(fixture_check(s, job, 4, JOB_DONE));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* A link into another file: what HDF5 says of its place is true there. */
static void move_elsewhere(const char *name)
{
    char other[sizeof path + 8];
    snprintf(other, sizeof other, "%s.more", path);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t more = H5Fcreate(other, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Ocopy(file, name, more, "cells", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_external(other, "cells", file, name, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(more);
    H5Fclose(file);
}

static void test_cells_of_another_file_are_read(void **state)
{
    (void)state;
    struct fixture *f = create(3, 4, 0);
    struct store *w = open_writing();
    for (int job = 0; job < 3; job++)
        assert_int_equal(fixture_run(w, job, 4, JOB_DONE, &err), 0);
    assert_int_equal(store_close(w, &err), 0);
    move_elsewhere("/predictions/test/image");
    struct store *s = open_reading();
    for (int job = 2; job >= 0; job--)
        assert_true(fixture_check(s, job, 4, JOB_DONE));
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

enum { MOST_JOBS = 2500 };

/* Rows of a plan made one by one: every third job has three classes. */
static void row_of_many(const void *of, int job, struct store_job *out)
{
    (void)of;
    *out = fixture_job(job, 3);
}

static void room_of_many(const void *of, int job, struct store_room *out)
{
    static const int cluster[] = {8, 10, 12};
    (void)of;
    *out = (struct store_room){.n_test = 4, .n_all = 12, .n_classes = job % 3 == 0 ? 3 : 2};
    memcpy(out->cluster, cluster, (size_t)out->n_classes * sizeof *cluster);
}

/* Places of jobs are read some at a time: forth, back and across the ends of what was read before. */
static void test_places_of_many_jobs(void **state)
{
    (void)state;
    static const int zero[1] = {0};
    static const float probs[3] = {1, 0, 0};
    static const int asked[] = {0, 1023, 1024, 1022, 2047, 2048, MOST_JOBS - 1, 1025, 1, 2049, 1024};
    struct fixture *f = fixture_new(2, 1, 0);
    f->plan.n_jobs = MOST_JOBS;
    f->plan.job = NULL;
    f->plan.row = row_of_many;
    f->plan.room = room_of_many;
    f->plan.of = f;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    struct store *w = open_writing();
    for (int job = 0; job < MOST_JOBS; job++) {
        int n = job % 3 == 0 ? 3 : 2, matrix[9];
        for (int i = 0; i < n * n; i++)
            matrix[i] = 10 * job + i;
        struct store_outcome outcome = {.n_classes = n, .judged_epoch = 1};
        outcome.set[SET_TEST] = outcome.set[SET_ALL] =
            (struct store_judged){1, zero, zero, zero, probs, matrix};
        assert_int_equal(store_write_outcome(w, job, &outcome, &err), 0);
    }
    assert_int_equal(store_close(w, &err), 0);
    struct store *s = open_reading();
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
        int job = asked[k], n = job % 3 == 0 ? 3 : 2, matrix[9];
        assert_int_equal(store_read_confusion(s, job, SET_TEST, matrix, &err), 0);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(matrix[3 * r + c], r < n && c < n ? 10 * job + n * r + c : -1);
    }
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

static void test_grow_refuses_another_dataset(void **state)
{
    (void)state;
    struct fixture *f = create(2, 2, 0);
    int kept;
    f->data->checksum[0] = 'f';
    assert_int_equal(store_grow(path, &f->plan, &kept, &err), E_USAGE);
    assert_non_null(strstr(err.text, "another dataset"));
    assert_int_equal(n_files(), 1);
    f->data->checksum[0] = '0';
    assert_int_equal(store_grow(path, &f->plan, &kept, &err), 0);
    fixture_free(f);
}

/* Numbers that no run writes, as damage may: within their ranges when they are read. */
static void test_marks_are_within_their_ranges(void **state)
{
    (void)state;
    struct fixture *f = create(2, 3, 0);
    struct store *s = open_writing();
    struct store_mark mark[2] = {{(enum job_state)77, INT_MIN, INT_MIN, INT_MIN, 0, 0, ""},
                                 {JOB_DONE, INT_MAX, INT_MAX, INT_MAX, 0, 0, ""}};
    for (int j = 0; j < 2; j++)
        assert_int_equal(store_write_mark(s, j, &mark[j], &err), 0);
    assert_int_equal(store_read_marks(s, mark, &err), 0);
    assert_true(mark[0].state == JOB_WAITING && mark[0].attempts == 0 && mark[0].epochs_done == 0);
    assert_int_equal(mark[0].rank, -1);
    assert_true(mark[1].attempts == INT_MAX && mark[1].epochs_done == 3 && mark[1].rank == INT_MAX);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

static void test_creation_fails_without_traces(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(2, 3, 0);
    static const char *const twice[] = {"train.batch", "train.batch", "train.epochs"};
    static const char *const fixed[] = {"seed", "train.batch", "train.epochs"};
    char *huge = malloc(70001);
    memset(huge, 'x', 70000);
    huge[70000] = '\0';
    f->plan.yaml = huge;
    assert_int_equal(store_create(path, &f->plan, &err), E_IO);
    f->plan.yaml = "";
    f->plan.axis_name = twice;
    assert_int_equal(store_create(path, &f->plan, &err), E_IO);
    f->plan.axis_name = fixed;
    assert_int_equal(store_create(path, &f->plan, &err), E_USAGE);
    f->plan.n_axes = 0;
    f->plan.n_jobs = 0;
    assert_int_equal(store_create(path, &f->plan, &err), E_USAGE);
    assert_int_equal(n_files(), 0);
    f->plan.n_jobs = 2;
    assert_int_equal(store_create("/no/such/folder/r.h5", &f->plan, &err), E_IO);
    assert_non_null(strstr(err.text, "/no/such/folder/r.h5"));
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    free(huge);
    fixture_free(f);
}

static void write_bytes(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_bad_files(void **state)
{
    (void)state;
    assert_cannot_open("No such file");
    write_bytes("id,cluster\n1,2\n");
    assert_cannot_open("not an HDF5 file");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    assert_cannot_open("not a results file");

    struct fixture *f = create(4, 50, 0);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attr = H5Aopen(file, "cellsweep_results", H5P_DEFAULT);
    int newer = 99, older = 2, ours = 3;
    H5Awrite(attr, H5T_NATIVE_INT, &newer);
    H5Aclose(attr);
    H5Fclose(file);
    assert_cannot_open("newer");
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    attr = H5Aopen(file, "cellsweep_results", H5P_DEFAULT);
    H5Awrite(attr, H5T_NATIVE_INT, &older);
    H5Aclose(attr);
    H5Fclose(file);
    assert_cannot_open("written by cellsweep " CELLSWEEP_VERSION
                       " in results format 2, this program reads 3 only");
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    attr = H5Aopen(file, "cellsweep_results", H5P_DEFAULT);
    H5Awrite(attr, H5T_NATIVE_INT, &ours);
    H5Aclose(attr);
    H5Ldelete(file, "/confusion/test", H5P_DEFAULT);
    H5Fclose(file);
    assert_cannot_open("/confusion/test");

    assert_int_equal(store_create(path, &f->plan, &err), 0);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size / 2), 0);
    assert_cannot_open("truncated");
    fixture_free(f);
}

/* The byte after `name` that says where in a row the column begins, in the type of /jobs or /images. */
static void move_column(const char *name)
{
    static char bytes[1 << 20];
    size_t size = strlen(name) + 1, padded = (size + 7) / 8 * 8;
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f), at = 0;
    while (at + padded + 4 < n && memcmp(bytes + at, name, size) != 0)
        at++;
    assert_true(at + padded + 4 < n);
    bytes[at + padded + 2] = (char)0x7f;
    rewind(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void test_columns_outside_their_row_are_refused(void **state)
{
    (void)state;
    static const char *const column[] = {"leak", "train.learning_rate", "cluster"};
    for (int i = 0; i < 3; i++) {
        struct fixture *f = create(3, 3, 0);
        move_column(column[i]);
        assert_cannot_open("damaged");
        fixture_free(f);
        unlink(path);
    }
}

/* The sweep file in the results file is read by the reader of sweep files. */
static void test_the_sweep_is_read_or_refused(void **state)
{
    (void)state;
    struct fixture *f = create(3, 3, 0);
    struct store *s = open_reading();
    assert_string_equal(store_sweep(s)->name, "fixture");
    assert_string_equal(sweep_file_axis(store_sweep(s), "seed")->value[0], "1");
    assert_int_equal(store_close(s, &err), 0);
    f->plan.yaml_resolved = "data: builtin\ntrian.epochs: 3\ngrid: {seed: [1]}\n";
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_cannot_open("its sweep file:2: unknown key 'trian.epochs'");
    fixture_free(f);
}

static void test_no_room_is_told(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(2, 2, (size_t)1 << 50);
    memset(&err, 0, sizeof err);
    assert_int_equal(store_create(path, &f->plan, &err), E_IO);
    assert_non_null(strstr(err.text, "needs 9007199254"));
    assert_non_null(strstr(err.text, "are free in"));
    assert_int_equal(n_files(), 0);
    fixture_free(f);
}

static void test_nothing_stays_open(void **state)
{
    (void)state;
    struct fixture *f = create(3, 3, 2);
    ssize_t before = H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL);
    struct store *s = open_reading();
    assert_int_equal(store_close(s, &err), 0);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), before);
    s = open_writing();
    hid_t stray = H5Dopen2(H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), "/state", H5P_DEFAULT);
    assert_int_equal(store_close(s, &err), 0); /* a stray handle of another opening is not ours */
    H5Dclose(stray);
    assert_int_equal(store_close(NULL, &err), 0);
    fixture_free(f);
}

static int fixture_row(const void *of, int j, struct store_job *out, struct err *why)
{
    (void)of, (void)why;
    *out = fixture_job(j, 3);
    return 0;
}

static void plan_row(const void *of, int job, struct store_job *out)
{
    (void)of;
    *out = fixture_job(job, 3);
}

static void plan_room(const void *of, int job, struct store_room *out)
{
    (void)of, (void)job;
    *out = (struct store_room){.n_test = 4, .n_all = 12, .n_classes = 2, .cluster = {8, 10}};
}

/* More jobs than are read at a time, of which one has run. */
static void test_a_row_at_a_time(void **state)
{
    (void)state;
    static const int asked[] = {0, 1, 2999, 1024, 1023, 1500, 5, 2047, 2048};
    struct store_job row;
    struct store *s;
    struct fixture *f = fixture_new(1, 1, 0);
    f->plan.n_jobs = 3000;
    f->plan.job = NULL;
    f->plan.row = plan_row;
    f->plan.room = plan_room;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    s = open_writing();
    assert_int_equal(fixture_run(s, 1500, 1, JOB_DONE, &err), 0);
    assert_int_equal(store_close(s, &err), 0);
    assert_int_equal(store_open_lean(path, &s, &err), 0);
    assert_null(store_jobs(s));
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct store_job expected = fixture_job(asked[i], 3);
        expected.row = asked[i];
        if (asked[i] == 1500) {
            expected.n_train = 1520;
            expected.n_test = 3;
            expected.leak = 0;
            expected.judged_epoch = 1;
        }
        assert_int_equal(store_row(s, asked[i], &row, &err), 0);
        assert_memory_equal(&row, &expected, sizeof row);
    }
    assert_int_equal(store_refresh(s, &err), 0);
    assert_memory_equal(&store_jobs(s)[1500], (store_row(s, 1500, &row, &err), &row), sizeof row);
    assert_int_equal(store_jobs(s)[2999].seed, 3000);
    assert_int_equal(store_close(s, &err), 0);
    fixture_free(f);
}

/* The refusal names the file and ends as given. */
static void assert_no_match(int n, const char *filter, const char *end)
{
    const struct store_rows rows = {.n = n, .n_axes = 3, .axis_name = fixture_axis, .row = fixture_row};
    struct selection chosen;
    memset(&err, 0, sizeof err);
    assert_int_equal(select_rows(&rows, filter, "--filter", "r.h5", &chosen, &err), E_USAGE);
    assert_null(chosen.job);
    assert_int_equal(strncmp(err.text, "r.h5: --filter '", 16), 0);
    assert_string_equal(err.text + strlen(err.text) - strlen(end), end);
}

static void test_filter_that_matches_nothing(void **state)
{
    (void)state;
    assert_no_match(6, "clusters=8-10,strategy=smotee|x",
                    "none of the 6 jobs; strategy is one of none, augment");
    assert_no_match(6, "seed=7..9", "; seed is one of 1, 2, 3, 4, 5, 6");
    assert_no_match(6, "seed=1,clusters=8-10", "none of the 6 jobs");
    assert_no_match(20, "seed=77", "11, 12, ...");
}

/* 8-10, augment, kfold:5x3, seed 2, 0.0003, true, 100 */
static int second_row(const void *of, int j, struct store_job *out, struct err *why)
{
    (void)of, (void)j, (void)why;
    *out = fixture_job(1, 3);
    return 0;
}

static void assert_filter(const char *filter, int expected)
{
    const struct store_rows rows = {.n = 1, .n_axes = 3, .axis_name = fixture_axis, .row = second_row};
    struct selection chosen;
    memset(&err, 0, sizeof err);
    int got = select_rows(&rows, filter, "--filter", "r.h5", &chosen, &err);
    got = got == 0 ? 1 : strstr(err.text, "matches none") ? 0 : got;
    selection_free(&chosen);
    if (got != expected)
        fail_msg("'%s' gives %d, expected %d (%s)", filter ? filter : "NULL", got, expected, err.text);
    assert_int_equal(err.text[0] != '\0', expected <= 0);
}

static void test_filter(void **state)
{
    (void)state;
    assert_filter(NULL, 1);
    assert_filter("", 1);
    assert_filter("strategy=augment", 1);
    assert_filter("strategy=aug", 0);
    assert_filter("strategy=none|augment,clusters=8-10", 1);
    assert_filter(" strategy = augment , clusters = 8-10 ", 1);
    assert_filter("strategy=augment,clusters=1-27", 0);
    assert_filter("clusters=1-27,strategy=augment", 0);
    assert_filter("seed=1..5", 1);
    assert_filter("seed=3..5", 0);
    assert_filter("seed=7|2", 1);
    assert_filter("seed=2..2", 1);
    assert_filter("seed=", 0);
    assert_filter("protocol=kfold", 1);
    assert_filter("protocol=kfold:5x3", 1);
    assert_filter("protocol=kf", 0);
    assert_filter("train.learning_rate=3e-4", 1);
    assert_filter("train.learning_rate=0.0001..0.0005", 1);
    assert_filter("undersample.replacement=true,train.epochs=100,fold=1,repeat=1,model=cnn", 1);
    assert_filter("colour=red", E_USAGE);
    assert_filter("clusters=1-27,colour=red", E_USAGE);
    assert_filter("augment", E_USAGE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_fresh_file),
        TEST(test_texts_cost_what_they_are),
        TEST(test_equal_messages_stand_once),
        TEST(test_a_full_table_of_messages),
        TEST(test_axes_that_a_job_does_not_read),
        TEST(test_a_row_at_a_time),
        TEST(test_fill_values),
        TEST(test_write_and_read_back),
        TEST(test_clear_metrics),
        TEST(test_rows_outside_are_refused),
        TEST(test_grow),
        TEST(test_inner_sets),
        TEST(test_grow_with_weights_wanted_runs_again),
        TEST(test_grow_keeps_weights),
        TEST(test_jobs_have_their_own_sizes),
        TEST(test_cells_of_another_kind_are_read),
        TEST(test_cells_of_another_file_are_read),
        TEST(test_places_of_many_jobs),
        TEST(test_damaged_models_are_refused),
        TEST(test_damaged_places_are_refused),
        TEST(test_damaged_classes_are_refused),
        TEST(test_grow_refuses_another_dataset),
        TEST(test_creation_fails_without_traces),
        TEST(test_bad_files),
        TEST(test_columns_outside_their_row_are_refused),
        TEST(test_marks_are_within_their_ranges),
        TEST(test_the_sweep_is_read_or_refused),
        TEST(test_no_room_is_told),
        TEST(test_nothing_stays_open),
        TEST(test_filter),
        TEST(test_filter_that_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
