#include "support/judged_job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void judged_write(struct store *to, int job, int leak, int n, const int *image, const float *p_of_10)
{
    int zero[12] = {0}, label[JUDGED_MOST], all[12], label_all[12];
    float probs[2 * JUDGED_MOST], probs_all[24] = {0};
    struct err err = {0};
    for (int i = 0; i < 12; i++) {
        all[i] = i;
        label_all[i] = i >= 7;
    }
    for (int i = 0; i < n; i++) {
        label[i] = image[i] >= 7;
        probs[2 * i] = 1 - p_of_10[i];
        probs[2 * i + 1] = p_of_10[i];
    }
    struct store_outcome outcome = {.n_classes = 2,
                                    .n_train = 9,
                                    .leak = leak,
                                    .judged_epoch = 1,
                                    .set = {[SET_TEST] = {n, image, zero, label, probs, zero},
                                            [SET_ALL] = {12, all, zero, label_all, probs_all, zero}}};
    struct store_mark mark = {.state = JOB_DONE, .attempts = 1, .epochs_done = 1};
    assert_int_equal(store_write_outcome(to, job, &outcome, &err), 0);
    assert_int_equal(store_write_mark(to, job, &mark, &err), 0);
}
