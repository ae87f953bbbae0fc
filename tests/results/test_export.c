/* CSV of a results file: columns, quoting, missing values, filters. */
#include "support/scratch.h"
#include "support/store_fixture.h"

#include "tables/export.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128];
static struct err err;
static struct fixture *fixture;
static struct store *store;

/* Job 0 is done, job 1 failed with a message full of CSV, job 2 waits. */
static void fill(struct store *w)
{
    static const int image[] = {0, 7, 11}, copy[] = {0, 2, 0}, label[] = {1, 0, 0}, all_copy[] = {0, 0, 0};
    static const int confusion[] = {1, 1, 0, 1}, confusion_all[] = {2, 0, 1, 0};
    static const float probs[] = {0.25f, 0.75f, 0.1f, 0.9f, 1.0f, 0.0f};
    static const float probs_all[] = {0.5f, 0.5f, 1.0f, 0.0f, NAN, NAN};
    struct store_outcome o = {.n_classes = 2,
                              .n_train = 9,
                              .leak = 1,
                              .judged_epoch = 2,
                              .set = {[SET_TEST] = {3, image, copy, label, probs, confusion},
                                      [SET_ALL] = {3, image, all_copy, label, probs_all, confusion_all}},
                              .weights = probs,
                              .n_weights = 1};
    struct store_mark mark = {JOB_DONE, 1, 2, 0, 1000.0, 1060.5, ""};
    const float train[N_METRICS] = {0.1f, 0.5f, 0.5f, 0.5f}, test[N_METRICS] = {0.2f, 0.25f, NAN, INFINITY};
    assert_int_equal(fixture_epoch(w, 0, 0, test, train, &err), 0);
    assert_int_equal(fixture_epoch(w, 0, 1, train, test, &err), 0);
    assert_int_equal(store_write_outcome(w, 0, &o, &err), 0);
    assert_int_equal(store_write_mark(w, 0, &mark, &err), 0);
    struct store_mark bad = {JOB_FAILED, 3, 0, 1, 1000.0, 1001.0, "it said \"no\", twice\nand left"};
    assert_int_equal(store_write_mark(w, 1, &bad, &err), 0);
}

static int make_store(void)
{
    struct store *w = NULL;
    memset(&err, 0, sizeof err);
    if (store_create(path, &fixture->plan, &err) < 0 || store_open_shared(path, MPI_COMM_NULL, &w, &err) < 0)
        return -1;
    fill(w);
    return store_close(w, &err) < 0 ? -1 : store_open(path, &store, &err);
}

static int set_up(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    fixture = fixture_new(3, 4, 1);
    fixture->plan.n_classes = 2;
    return make_store();
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store, NULL);
    fixture_free(fixture);
    unlink(path);
    return rmdir(folder);
}

/* The table as one text; freed by the caller. */
static char *export(enum export_table table, const char *filter, int expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    memset(&err, 0, sizeof err);
    int rc = export_write(store, table, filter, out, &err);
    fclose(out);
    if (rc != expected)
        fail_msg("export gives %d, expected %d: %s", rc, expected, err.text);
    return text;
}

#define JOB0 "0,00000000000000000000000000abc000,1+27,none,holdout,1,0,0,cnn,1e-07,false,1000000,none,"
#define JOB1 "1,00000000000000000000000000abc001,8+10,augment,kfold:5x3,2,1,1,cnn,0.0003,true,100,none,"
#define JOB2 "2,00000000000000000000000000abc002,1+27,augment,holdout,3,2,0,cnn,1e-07,false,1000000,none,"
#define HEAD                                                                                                 \
    "job,key,clusters,strategy,protocol,seed,fold,repeat,model,train.learning_rate,undersample.replacement," \
    "train.epochs,chosen_on,"
#define METRICS                                                                                              \
    "train_loss,train_accuracy,train_balanced_accuracy,train_balanced_accuracy_as_published,"                \
    "test_loss,test_accuracy,test_balanced_accuracy,test_balanced_accuracy_as_published\n"

static void assert_table(enum export_table table, const char *filter, const char *expected)
{
    char *text = export(table, filter, 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_jobs(void **state)
{
    (void)state;
    assert_table(
        EXPORT_JOBS, NULL,
        HEAD "state,attempts,epochs_done,rank,started,finished,seconds,message,n_train,n_test,leak,judged_"
             "epoch," METRICS JOB0 "done,1,2,0,1970-01-01T00:16:40Z,1970-01-01T00:17:40Z,60.5,,9,3,1,2,"
             "0.100000001,0.5,0.5,0.5,0.200000003,0.25,,inf\n" JOB1
             "failed,3,0,1,1970-01-01T00:16:40Z,1970-01-01T00:16:41Z,1,\"it said \"\"no\"\", twice and "
             "left\",,,,,,,,,,,,\n" JOB2 "waiting,0,0,,,,,,,,,,,,,,,,,\n");
}

static void test_epochs(void **state)
{
    (void)state;
    assert_table(EXPORT_EPOCHS, NULL,
                 HEAD "epoch," METRICS JOB0 "1,0.200000003,0.25,,inf,0.100000001,0.5,0.5,0.5\n" JOB0
                      "2,0.100000001,0.5,0.5,0.5,0.200000003,0.25,,inf\n");
}

static void test_confusion(void **state)
{
    (void)state;
    assert_table(EXPORT_CONFUSION, "seed=1",
                 HEAD "set,true,predicted,count\n" JOB0 "test,1,1,1\n" JOB0 "test,1,27,1\n" JOB0
                      "test,27,1,0\n" JOB0 "test,27,27,1\n" JOB0 "all,1,1,2\n" JOB0 "all,1,27,0\n" JOB0
                      "all,27,1,1\n" JOB0 "all,27,27,0\n");
}

static void test_predictions(void **state)
{
    (void)state;
    assert_table(EXPORT_PREDICTIONS, NULL,
                 HEAD "set,image,cluster,copy,predicted,probability_1,probability_8,"
                      "probability_10,probability_27\n" JOB0 "test,cell_0,8,0,27,0.25,,,0.75\n" JOB0
                      "test,cell_7,10,2,27,0.100000001,,,0.899999976\n" JOB0
                      "test,cell_11,10,0,1,1,,,0\n" JOB0 "all,cell_0,8,0,1,0.5,,,0.5\n" JOB0
                      "all,cell_7,10,0,1,1,,,0\n" JOB0 "all,cell_11,10,0,,,,,\n");
}

/* The plate of an image, where images have one: between its cluster and its copy. */
static void test_groups_of_images(void **state)
{
    (void)state;
    store_close(store, NULL);
    snprintf(fixture->data->image[7].group, DATASET_GROUP_SIZE, "=plate 3");
    snprintf(fixture->data->image[11].group, DATASET_GROUP_SIZE, "B,\x1b");
    assert_int_equal(make_store(), 0);
    assert_table(EXPORT_PREDICTIONS, NULL,
                 HEAD "set,image,cluster,group,copy,predicted,probability_1,probability_8,"
                      "probability_10,probability_27\n" JOB0 "test,cell_0,8,,0,27,0.25,,,0.75\n" JOB0
                      "test,cell_7,10,'=plate 3,2,27,0.100000001,,,0.899999976\n" JOB0
                      "test,cell_11,10,\"B, \",0,1,1,,,0\n" JOB0 "all,cell_0,8,,0,1,0.5,,,0.5\n" JOB0
                      "all,cell_7,10,'=plate 3,0,1,1,,,0\n" JOB0 "all,cell_11,10,\"B, \",0,,,,,\n");
}

static void test_filter_and_errors(void **state)
{
    (void)state;
    assert_table(EXPORT_EPOCHS, "clusters=8+10", HEAD "epoch," METRICS);
    char *text = export(EXPORT_JOBS, "seed=9", E_USAGE);
    assert_string_equal(text, "");
    free(text);
    text = export(EXPORT_JOBS, "colour=red", E_USAGE);
    assert_string_equal(text, "");
    free(text);
    FILE *full = fopen("/dev/full", "w");
    assert_int_equal(export_write(store, EXPORT_JOBS, NULL, full, &err), E_IO);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_groups_of_images),
        cmocka_unit_test(test_filter_and_errors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
