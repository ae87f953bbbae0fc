/* Likely wrong labels: the counts of confident learning by hand, and what is made of stored predictions. */
#include "stats/suspects.h"

#include "stats/confident.h"
#include "support/judged_job.h"
#include "support/store_fixture.h"
#include "tables/suspects_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { TEXT = 4096 };

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-6))
        fail_msg("%.9g is not %.9g", x, expected);
}

/* Class 0 is sure of itself (mean 0.75), class 1 is not (mean 0.4): 0.45 of it is enough. */
static void an_image_counts_as_the_class_whose_threshold_it_reaches(void **state)
{
    const double probs[] = {0.95, 0.05, 0.55, 0.45, 0.75, 0.25, /* labelled 0 */
                            0.6,  0.4,  0.4,  0.6,  0.8,  0.2}; /* labelled 1 */
    const int label[] = {0, 0, 0, 1, 1, 1};
    const struct confident confident = {6, 2, probs, label};
    double threshold[2];
    int joint[4], counted[6];
    (void)state;
    confident_count(&confident, threshold, joint, counted);
    assert_near(threshold[0], 0.75);
    assert_near(threshold[1], 0.4);
    const int expected[] = {0, 1, 0, 1, 1, 0};
    assert_memory_equal(counted, expected, sizeof expected);
    const int counts[] = {2, 1, 1, 2};
    assert_memory_equal(joint, counts, sizeof counts);
    assert_near(confident_share(joint, 2, 1, 0), 1 / 3.0);
}

/* Of two thresholds reached the more probable class; of none nothing; a class without images never. */
static void several_thresholds_and_none(void **state)
{
    const double probs[] = {0.5, 0.3, 0.2, 0.1, 0.2, 0.7, 0.3, 0.1, 0.6, 0.30, 0.4, 0.3};
    const int label[] = {0, 1, 0, 1};
    const struct confident confident = {4, 3, probs, label};
    double threshold[3];
    int joint[9], counted[4];
    (void)state;
    confident_count(&confident, threshold, joint, counted); /* 0.4, 0.3, none */
    assert_true(isnan(threshold[2]));
    const int expected[] = {0, -1, -1, 1};
    assert_memory_equal(counted, expected, sizeof expected);
    const int row[] = {0, 0, 0, 0};
    assert_memory_equal(joint + 6, row, 3 * sizeof(int));
    assert_near(confident_share(row, 2, 0, 1), 0);
}

/* Of 500 groups with 3 suspects each there is room for some; of a few groups for several of each. */
static void a_page_has_room_for_some(void **state)
{
    enum { GROUPS = 500, EACH = 3 };
    static struct suspect row[GROUPS * EACH];
    static char shown[GROUPS * EACH];
    struct suspects all = {.n = GROUPS * EACH, .row = row}, few = {.n = 10 * EACH, .row = row};
    struct err err = {0};
    int n = 0;
    (void)state;
    for (int i = 0; i < all.n; i++) /* later groups are surer, but for the last one */
        row[i] = (struct suspect){.group = i / EACH,
                                  .image = 7,
                                  .p_likelier = i / EACH == GROUPS - 1 ? 0.1 : 0.2 + i / EACH * 1e-3,
                                  .p_given = i % EACH * 0.01};
    assert_int_equal(suspects_choose(&all, 60, 400, shown, &err), 0);
    for (int i = 0; i < all.n; i++) {
        n += shown[i];
        assert_int_equal(shown[i], i % EACH == 0 && i / EACH >= 99 && i / EACH < GROUPS - 1);
    }
    assert_int_equal(n, 400);
    assert_int_equal(suspects_choose(&few, 60, 29, shown, &err), 0); /* two of each, not all three */
    for (int i = 0; i < few.n; i++)
        assert_int_equal(shown[i], i % EACH < 2);
    assert_int_equal(suspects_choose(&few, 60, 30, shown, &err), 0);
    for (int i = 0; i < few.n; i++)
        assert_int_equal(shown[i], 1);
}

/* ---- of stored predictions ---- */

static char path[64];
static struct fixture *fixture;
static struct store *store;
static struct summary *summary;
static const float first_seed[3] = {0.125f, 0.75f, 0.75f};

/* Seeds of one combination; every image of 0 to 3 and 7 to 9 judged, each once or twice. */
static void write_jobs(int leak_of_last, const float p_of_first[3])
{
    struct err err = {0};
    for (int j = 0; j < 3; j++) {
        fixture->job[j] = fixture_job(1, 3);
        fixture->job[j].seed = j;
        snprintf(fixture->job[j].key, sizeof fixture->job[j].key, "%032x", (unsigned)j + 1);
    }
    assert_int_equal(store_create(path, &fixture->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    judged_write(store, 0, 0, 3, (const int[3]){0, 1, 7}, p_of_first);
    judged_write(store, 1, 0, 3, (const int[3]){1, 2, 8}, (const float[3]){1, 0.25f, 0.125f});
    judged_write(store, 2, leak_of_last, 2, (const int[2]){3, 9}, (const float[2]){1, 0.875f});
    store_close(store, NULL);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_suspects.XXXXXX");
    int file = mkstemp(path);
    fixture = fixture_new(3, 1, 0);
    return file < 0 || close(file) < 0;
}

static int end(void **state)
{
    (void)state;
    summary_free(summary);
    store_close(store, NULL);
    fixture_free(fixture);
    summary = NULL;
    store = NULL;
    return unlink(path);
}

/* Images 1 and 8 are surely of the other cluster. Image 3 would be: its job has seen it. */
static void suspects_are_means_over_the_jobs_that_do_not_leak(void **state)
{
    struct suspects *suspects = NULL;
    struct err err = {0};
    (void)state;
    write_jobs(1, first_seed);
    assert_int_equal(suspects_new(store, summary, &suspects, &err), 0);
    assert_int_equal(suspects->n, 2);
    assert_int_equal(suspects->n_leaky, 1);
    assert_int_equal(suspects->n_judged, 1);
    const struct suspect *row = suspects->row;
    assert_int_equal(row[0].image, 1); /* 0.875 against 0.125: by their margins equal, by their rows not */
    assert_int_equal(row[0].given, 8);
    assert_int_equal(row[0].likelier, 10);
    assert_int_equal(row[0].judged, 2);
    assert_near(row[0].p_given, 0.125);
    assert_near(row[0].p_likelier, 0.875);
    assert_near(row[0].share, 1 / 3.0);
    assert_int_equal(row[1].image, 8);
    assert_int_equal(row[1].judged, 1);
    assert_int_equal(row[1].agree, 1);
    assert_int_equal(row[1].groups, 1);
    assert_int_equal(row[0].seeds_agree, 2);
    assert_int_equal(row[0].seeds, 2);
    assert_int_equal(suspects->group[0].images, 5);
    assert_int_equal(suspects->group[0].n, 2);
    assert_int_equal(suspects->group[0].n_leaky, 1);
    suspects_free(suspects);
}

/* Seed 0 gives image 1 to neither class, seed 1 and both together to the other. Of three labels 8 one counts
 * as 10, of two labels 10 one as 8: 3 / 3 and 2 / 2 of 5 are estimated to be wrong. */
static void seeds_are_asked_alone(void **state)
{
    struct suspects *suspects = NULL;
    struct err err = {0};
    (void)state;
    write_jobs(1, (const float[3]){0.125f, 0.4f, 0.9f});
    assert_int_equal(suspects_new(store, summary, &suspects, &err), 0);
    assert_int_equal(suspects->n, 2);
    assert_int_equal(suspects->row[1].image, 1);
    assert_near(suspects->row[1].p_likelier, 0.7);
    assert_int_equal(suspects->row[1].seeds_agree, 1);
    assert_int_equal(suspects->row[1].seeds, 2);
    assert_int_equal(suspects->row[0].image, 8);
    assert_int_equal(suspects->row[0].seeds_agree, 1);
    assert_int_equal(suspects->row[0].seeds, 1);
    assert_near(suspects->group[0].wrong, 0.4);
    suspects_free(suspects);
}

static void the_table_names_them(void **state)
{
    char text[TEXT] = "";
    struct err err = {0};
    (void)state;
    int n_leaky = -1;
    write_jobs(0, first_seed);
    FILE *file = fmemopen(text, TEXT, "w");
    assert_int_equal(suspects_table_write(store, NULL, file, &n_leaky, &err), 0);
    fclose(file);
    assert_int_equal(n_leaky, 0);
    assert_non_null(strstr(
        text, ",image,cluster,likelier,p_cluster,p_likelier,judged,seeds_agree,seeds,share,agree,groups\n"));
    assert_non_null(strstr(text, ",8,10,0,1,1,1,1,0.5,1,1\n")); /* image 3, unleaked, the surest */
}

static void what_leaks_throughout_is_refused(void **state)
{
    char text[TEXT] = "";
    struct err err = {0};
    (void)state;
    int n_leaky = -1;
    write_jobs(1, first_seed);
    FILE *file = fmemopen(text, TEXT, "w");
    assert_int_equal(suspects_table_write(store, "seed=2", file, &n_leaky, &err), E_USAGE);
    fclose(file);
    assert_int_equal(n_leaky, 1);
    assert_non_null(strstr(err.text, "leak"));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_counts_as_the_class_whose_threshold_it_reaches),
        cmocka_unit_test(several_thresholds_and_none),
        cmocka_unit_test(a_page_has_room_for_some),
        cmocka_unit_test_setup_teardown(suspects_are_means_over_the_jobs_that_do_not_leak, begin, end),
        cmocka_unit_test_setup_teardown(seeds_are_asked_alone, begin, end),
        cmocka_unit_test_setup_teardown(the_table_names_them, begin, end),
        cmocka_unit_test_setup_teardown(what_leaks_throughout_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
