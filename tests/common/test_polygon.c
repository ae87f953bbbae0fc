#include "data/polygon.h"

#include "data/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_CORNERS = 32 };

/* Every point of tests/golden/inpolygon.csv (made by inpolygon.R) is judged as pracma::inpolygon judges
 * it. */
static void test_agrees_with_inpolygon(void **state)
{
    static const char *const columns[] = {"polygon", "kind", "x", "y", "inside"};
    struct point polygon[MAX_CORNERS], p;
    const char *field[5];
    struct csv *csv = NULL;
    struct err err;
    int n = 0, number = 0, points = 0, inside = 0;
    (void)state;
    assert_int_equal(csv_open("tests/golden/inpolygon.csv", columns, 5, &csv, &err), 0);
    while (csv_next(csv, field, &err) > 0) {
        if (atoi(field[0]) != number) {
            number = atoi(field[0]);
            n = 0;
        }
        p = (struct point){strtod(field[2], NULL), strtod(field[3], NULL)};
        if (strcmp(field[1], "vertex") == 0) {
            assert_true(n < MAX_CORNERS);
            polygon[n++] = p;
            continue;
        }
        if (polygon_contains(polygon, n, p) != atoi(field[4]))
            fail_msg("line %ld: polygon %d, point (%.17g, %.17g): R says %s", csv_line(csv), number, p.x, p.y,
                     field[4]);
        points++;
        inside += atoi(field[4]);
    }
    csv_close(csv);
    assert_int_equal(number, 46);
    assert_true(points > 10000 && inside > 3000);
}

static void test_repeated_last_vertex_is_dropped(void **state)
{
    struct point square[] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};
    (void)state;
    assert_int_equal(polygon_corners(square, 5), 4);
    assert_int_equal(polygon_corners(square, 4), 4);
    assert_int_equal(polygon_corners(square, 1), 1);
    assert_int_equal(polygon_corners(square, 0), 0);
}

/* Micrometres to pixels: the corner of least x and y is at pixel (0, 0). */
static void test_mask_of_a_triangle(void **state)
{
    struct point outline[] = {{100.0, 7.0}, {102.0, 7.0}, {100.0, 9.0}};
    float pixels[5 * 6];
    static const char *const expected[6] = {"11111", "11110", "11100", "11000", "10000", "00000"};
    (void)state;
    for (int i = 0; i < 30; i++)
        pixels[i] = 1.0f;
    polygon_to_pixels(outline, 3, 0.5);
    assert_true(outline[1].x == 4.0 && outline[1].y == 0.0 && outline[2].x == 0.0 && outline[2].y == 4.0);
    polygon_mask(outline, 3, pixels, 5, 6);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 5; x++)
            assert_true(pixels[5 * y + x] == (expected[y][x] == '1' ? 1.0f : 0.0f));
}

/* Also where a row is crossed by more edges than the mask keeps at hand, and through vertices
 * that lie on pixels. */
static void test_mask_is_containment_of_every_pixel(void **state)
{
    enum { W = 23, H = 19, MOST = 400 };
    struct point outline[MOST];
    float pixels[W * H];
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 60; round++) {
        int n = round % 4 == 0 ? MOST : 3 + round;
        for (int i = 0; i < 2 * n; i++) {
            seed = seed * 1103515245u + 12345u;
            *(i % 2 ? &outline[i / 2].y : &outline[i / 2].x) = (double)(seed >> 16 & 63) / 2 - 3;
        }
        for (int i = 0; i < W * H; i++)
            pixels[i] = 1.0f;
        polygon_mask(outline, n, pixels, W, H);
        for (int i = 0; i < W * H; i++)
            assert_int_equal(pixels[i] > 0, polygon_contains(outline, n, (struct point){i % W, i / W}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_inpolygon),
        cmocka_unit_test(test_repeated_last_vertex_is_dropped),
        cmocka_unit_test(test_mask_of_a_triangle),
        cmocka_unit_test(test_mask_is_containment_of_every_pixel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
