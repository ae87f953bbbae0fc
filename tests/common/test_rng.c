#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

/* Known answers of Philox4x32-10, from Random123's kat_vectors: counter 0..3, key 0..1, output 0..3. */
static void test_known_answers(void **state)
{
    static const uint32_t kat[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
         0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
         0x5001e420, 0x24126ea1},
    };
    (void)state;
    for (int k = 0; k < 3; k++) {
        const uint32_t *v = kat[k];
        uint32_t out[4];
        rng_block(v[4] | (uint64_t)v[5] << 32, v[2] | (uint64_t)v[3] << 32, v[0] | (uint64_t)v[1] << 32, out);
        assert_memory_equal(out, v + 6, sizeof out);
    }
}

static void test_stream_is_its_blocks(void **state)
{
    uint64_t key = rng_key("test", "abc", 3);
    struct rng rng = rng_start(key, 5);
    (void)state;
    for (uint64_t block = 0; block < 10; block++) {
        uint32_t out[4];
        rng_block(key, 5, block, out);
        for (int i = 0; i < 4; i++)
            assert_int_equal(rng_u32(&rng), out[i]);
    }
}

static void test_purpose_and_identity_separate_streams(void **state)
{
    (void)state;
    assert_true(rng_key("split", "abc", 3) != rng_key("weights", "abc", 3));
    assert_true(rng_key("split", "abc", 3) != rng_key("split", "abd", 3));
    assert_true(rng_key("split", "abc", 3) == rng_key("split", "abc", 3));
    struct rng a = rng_start(1, 0), b = rng_start(1, 1);
    assert_true(rng_u32(&a) != rng_u32(&b));
}

/* Chi-square of n cells with `draws` draws; for 6 and more degrees of freedom, 6 standard
 * deviations are never chance. */
static void check_uniform(const int *count, int n, int draws)
{
    double expected = (double)draws / n, chi = 0.0;
    for (int i = 0; i < n; i++)
        chi += (count[i] - expected) * (count[i] - expected) / expected;
    assert_true(fabs(chi - (n - 1)) < 6.0 * sqrt(2.0 * (n - 1)));
}

static void test_below_is_uniform(void **state)
{
    static const uint32_t sizes[] = {7, 10, 64, 100};
    struct rng rng = rng_start(rng_key("below", "", 0), 0);
    (void)state;
    for (int k = 0; k < 4; k++) {
        int count[100] = {0};
        for (int i = 0; i < 200000; i++) {
            uint32_t v = rng_below(&rng, sizes[k]);
            assert_true(v < sizes[k]);
            count[v]++;
        }
        check_uniform(count, (int)sizes[k], 200000);
    }
    assert_int_equal(rng_below(&rng, 1), 0);
}

/* n = 3 * 2^30: without rejection every third number would come up twice as often as the others. */
static void test_below_rejects(void **state)
{
    struct rng rng = rng_start(rng_key("reject", "", 0), 0);
    int count[12] = {0};
    (void)state;
    for (int i = 0; i < 120000; i++)
        count[rng_below(&rng, 3u << 30) % 12]++;
    check_uniform(count, 12, 120000);
}

static void test_uniform_and_normal_moments(void **state)
{
    struct rng rng = rng_start(rng_key("moments", "", 0), 0);
    double sum = 0, squares = 0, u_sum = 0;
    int n = 200000;
    (void)state;
    for (int i = 0; i < n; i++) {
        double u = rng_uniform(&rng), z = rng_normal(&rng), b = rng_between(&rng, -3.0, 5.0);
        assert_true(u >= 0.0 && u < 1.0 && b >= -3.0 && b < 5.0 && isfinite(z));
        u_sum += u;
        sum += z;
        squares += z * z;
    }
    assert_true(fabs(u_sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(sum / n) < 5 / sqrt(n));
    assert_true(fabs(squares / n - 1.0) < 5 * sqrt(2.0 / n));
}

static void test_shuffle_is_uniform(void **state)
{
    struct rng rng = rng_start(rng_key("shuffle", "", 0), 0);
    int count[24] = {0};
    (void)state;
    for (int i = 0; i < 48000; i++) {
        int items[4] = {0, 1, 2, 3}, seen = 0, rank = 0;
        rng_shuffle(&rng, items, 4);
        for (int a = 0; a < 4; a++) {
            int smaller = 0;
            seen |= 1 << items[a];
            for (int b = a + 1; b < 4; b++)
                smaller += items[b] < items[a];
            rank = rank * (4 - a) + smaller;
        }
        assert_int_equal(seen, 15);
        count[rank]++;
    }
    check_uniform(count, 24, 48000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_stream_is_its_blocks),
        cmocka_unit_test(test_purpose_and_identity_separate_streams),
        cmocka_unit_test(test_below_is_uniform),
        cmocka_unit_test(test_below_rejects),
        cmocka_unit_test(test_uniform_and_normal_moments),
        cmocka_unit_test(test_shuffle_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
