#include "xenium/jp2.h"

#include "support/jp2_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIDE = 64 };
static uint16_t sample[SIDE * SIDE], got[SIDE * SIDE];
static struct jp2_bytes bytes;

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < SIDE * SIDE; i++)
        sample[i] = (uint16_t)(i * 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(bytes.at);
    return 0;
}

static struct jp2_tile whole(void)
{
    return (struct jp2_tile){SIDE, SIDE, SIDE, SIDE, 16};
}

static void both_forms_give_every_bit(void **state)
{
    struct jp2_tile tile = whole();
    struct err err = {0};
    (void)state;
    for (int is_box = 0; is_box <= 1; is_box++) {
        jp2_encode(sample, SIDE, 16, is_box, &bytes);
        assert_true(jp2_is(bytes.at, bytes.n));
        memset(got, 0, sizeof got);
        assert_int_equal(jp2_decode(bytes.at, bytes.n, &tile, got, &err), 0);
        assert_memory_equal(got, sample, sizeof got);
    }
}

static void what_a_smaller_image_does_not_cover_is_zero(void **state)
{
    struct jp2_tile tile = {SIDE, SIDE, 20, 30, 16};
    struct err err = {0};
    (void)state;
    jp2_encode(sample, 32, 16, 0, &bytes);
    memset(got, 1, sizeof got);
    assert_int_equal(jp2_decode(bytes.at, bytes.n, &tile, got, &err), 0);
    assert_int_equal(got[31 * SIDE + 31], sample[31 * 32 + 31]);
    assert_int_equal(got[32], 0);
    assert_int_equal(got[40 * SIDE], 0);
}

static void other_images_are_refused(void **state)
{
    struct jp2_tile tile = whole(), smaller = {32, 32, 32, 32, 16}, shallow = {SIDE, SIDE, SIDE, SIDE, 8};
    struct err err = {0};
    (void)state;
    jp2_encode(sample, SIDE, 16, 0, &bytes);
    assert_int_equal(jp2_decode(bytes.at, bytes.n, &smaller, got, &err), E_IO);
    assert_string_equal(err.text, "JPEG 2000 of 64 x 64 pixels in a tile of 32 x 32");
    assert_int_equal(jp2_decode(bytes.at, bytes.n, &shallow, got, &err), E_IO);
    assert_string_equal(err.text, "JPEG 2000 of 16 bits a sample in a TIFF of 8");
    jp2_encode(sample, 32, 16, 0, &bytes);
    assert_int_equal(jp2_decode(bytes.at, bytes.n, &tile, got, &err), E_IO);
    jp2_encode_components(sample, SIDE, 16, 3, 1, &bytes);
    assert_int_equal(jp2_decode(bytes.at, bytes.n, &tile, got, &err), E_IO);
    assert_string_equal(err.text, "JPEG 2000 of 3 components, one is read");
}

static void damage_is_told(void **state)
{
    struct jp2_tile tile = whole();
    struct err err = {0};
    (void)state;
    jp2_encode(sample, SIDE, 16, 1, &bytes);
    for (size_t n = 0; n < bytes.n; n += bytes.n / 7) {
        assert_int_equal(jp2_decode(bytes.at, n, &tile, got, &err), E_IO);
        assert_non_null(strstr(err.text, "JPEG 2000"));
    }
    assert_false(jp2_is((const unsigned char *)"II*", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_give_every_bit),
        cmocka_unit_test(what_a_smaller_image_does_not_cover_is_zero),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
