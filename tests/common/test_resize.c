#include "image/resize.h"

#include "table/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PIXELS = 4096 };

struct picture {
    int width, height, n;
    double pixels[MAX_PIXELS];
};

static void compare(const struct picture *in, const struct picture *out)
{
    static float from[MAX_PIXELS], to[MAX_PIXELS];
    for (int i = 0; i < in->n; i++)
        from[i] = (float)in->pixels[i];
    assert_int_equal(in->n, in->width * in->height);
    assert_int_equal(out->n, out->width * out->width);
    resize_bilinear(to, out->width, from, in->width, in->height, 1);
    for (int i = 0; i < out->n; i++)
        assert_true(fabs((double)to[i] - out->pixels[i]) < 1e-7);
}

/* tests/golden/resize.csv, made by resize.py with torch.nn.functional.interpolate. */
static void test_agrees_with_torch(void **state)
{
    static const char *const columns[] = {"case", "kind", "width", "height", "value"};
    static struct picture picture[2];
    const char *field[5];
    struct csv *csv = NULL;
    struct err err;
    int cases = 0, last_is_out = 0;
    (void)state;
    assert_int_equal(csv_open("tests/golden/resize.csv", columns, 5, &csv, &err), 0);
    while (csv_next(csv, field, &err) > 0) {
        int is_out = strcmp(field[1], "out") == 0;
        if (last_is_out && !is_out) {
            compare(&picture[0], &picture[1]);
            memset(picture, 0, sizeof picture);
            cases++;
        }
        struct picture *p = &picture[is_out];
        p->width = atoi(field[2]);
        p->height = atoi(field[3]);
        assert_true(p->n < MAX_PIXELS);
        p->pixels[p->n++] = strtod(field[4], NULL);
        last_is_out = is_out;
    }
    compare(&picture[0], &picture[1]);
    csv_close(csv);
    assert_int_equal(cases + 1, 10);
}

static void test_same_size_copies(void **state)
{
    float in[81], out[81];
    (void)state;
    for (int i = 0; i < 81; i++)
        in[i] = (float)i / 80.0f;
    resize_bilinear(out, 9, in, 9, 9, 1);
    assert_memory_equal(in, out, sizeof in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_torch),
        cmocka_unit_test(test_same_size_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
