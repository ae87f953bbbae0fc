/* Models that are fitted, while each allocation of theirs fails in turn: a clean error, nothing lost, and knn
 * judges as before without any memory. */
#include "models/model.h"

#include "support/faults.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { N = 24, SIZE = 6, CLASSES = 3, MOST_CALLS = 5000 };
static const int counts[CLASSES] = {12, 7, 5};

static const float *image[N];
static int label[N];
static float weight[N];
static const struct model_set set = {N, image, label, weight};

static struct config config_for(const struct model_kind *kind, struct dataset **data)
{
    *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = noise_config(*data, "none", "holdout");
    assert_int_equal(config_set(&config, "model", kind->name, NULL), 0);
    with(&config, "forest.trees", 3);
    for (int i = 0; i < N; i++) {
        image[i] = dataset_pixels(*data, i);
        label[i] = (*data)->image[i].cluster - 1;
        weight[i] = 1;
    }
    return config;
}

/* A model fitted, and another that takes over its arrays. */
static int make(const struct model_kind *kind, const struct model_spec *spec, void *model[2], struct err *err)
{
    struct arrays kept = {0};
    int rc = kind->open(spec, &model[0], err);
    if (rc == 0)
        rc = kind->open(spec, &model[1], err);
    if (rc == 0)
        rc = kind->fit(model[0], &set, NULL, err);
    if (rc == 0)
        kind->arrays(model[0], MODEL_KEPT, &kept);
    if (rc == 0)
        rc = arrays_check(&kept, err);
    if (rc == 0)
        rc = kind->restore(model[1], MODEL_KEPT, &kept, err);
    arrays_free(&kept);
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    const struct model_kind *kind;
    (void)state;
    for (int i = 0; (kind = model_kind(i)); i++) {
        struct dataset *data;
        struct config config = config_for(kind, &data);
        const struct model_spec spec = {.config = &config, .start = 1};
        int n = 1;
        for (int hit = kind->fit != NULL; hit; n++) {
            void *model[2] = {NULL, NULL};
            struct err err = {0};
            faults_arm(FAULT_MEMORY, n, ENOMEM, 0);
            int rc = make(kind, &spec, model, &err);
            hit = faults_disarm();
            if (rc != (hit ? E_IO : 0))
                fail_msg("%s, allocation %d: %d %s", kind->name, n, rc, err.text);
            for (int m = 0; m < 2; m++)
                if (model[m])
                    kind->close(model[m]);
            assert_true(n < MOST_CALLS);
        }
        assert_true(!kind->fit || n > 2);
        hand_dataset_free(data);
    }
}

static void neighbours_are_found_without_memory(void **state)
{
    static const char *const weights[] = {"uniform", "distance"};
    (void)state;
    for (int w = 0; w < 2; w++)
        for (int k = 1; k <= 40; k += 13) {
            struct dataset *data;
            struct config config = config_for(&model_knn, &data);
            const struct model_spec spec = {.config = &config, .start = 1};
            float probs[2][N * CLASSES];
            void *model = NULL;
            with(&config, "knn.k", k);
            assert_int_equal(config_set(&config, "knn.weights", weights[w], NULL), 0);
            assert_int_equal(model_knn.open(&spec, &model, NULL), 0);
            assert_int_equal(model_knn.fit(model, &set, NULL, NULL), 0);
            model_knn.judge(model, image, N, probs[0]);
            faults_arm(FAULT_MEMORY, 1, ENOMEM, 1);
            model_knn.judge(model, image, N, probs[1]);
            assert_int_equal(faults_disarm(), 1);
            assert_memory_equal(probs[0], probs[1], sizeof probs[0]);
            model_knn.close(model);
            hand_dataset_free(data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(neighbours_are_found_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
