#include "image/polygon.h"

#include "table/csv.h"

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
    polygon_mask(outline, 3, pixels, 5, 6, 1);
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
        polygon_mask(outline, n, pixels, W, H, 1);
        for (int i = 0; i < W * H; i++)
            assert_int_equal(pixels[i] > 0, polygon_contains(outline, n, (struct point){i % W, i / W}));
    }
}

/* Two squares, one after the other, each closed. */
static const struct point two[] = {{0, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0},
                                   {4, 0}, {6, 0}, {6, 2}, {4, 2}, {4, 0}};

static void test_closed_rings_are_parts(void **state)
{
    int end[3];
    float pixels[7 * 3];
    (void)state;
    assert_int_equal(polygon_rings(two, 10, end), 2);
    assert_int_equal(end[0], 4);
    assert_int_equal(end[1], 9);
    assert_true(polygon_twice_area(two, 10) == 16.0);
    assert_true(polygon_twice_area(two, 2) == 0.0);
    for (int i = 0; i < 21; i++)
        pixels[i] = 1.0f;
    polygon_mask(two, 10, pixels, 7, 3, 1);
    for (int i = 0; i < 21; i++) {
        assert_int_equal(pixels[i] > 0.0f, i % 7 != 3);
        assert_int_equal(polygon_contains(two, 10, (struct point){i % 7, i / 7}), i % 7 != 3);
    }
}

/* A list that comes back to its first vertex on the way, and one that is not closed at its end, are one. */
static void test_other_lists_are_one_polygon(void **state)
{
    const struct point knot[] = {{0, 0}, {2, 0}, {2, 2}, {0, 0}, {-2, 0}, {-2, -2}, {0, 0}};
    (void)state;
    assert_int_equal(polygon_rings(knot, 7, NULL), 1);
    assert_int_equal(polygon_rings(two, 9, NULL), 1);
    assert_int_equal(polygon_rings(two, 5, NULL), 1);
    assert_true(polygon_contains(knot, 6, (struct point){-1.5, -1}));
    assert_true(polygon_contains(knot, 6, (struct point){1.5, 1}));
}

static void test_what_stands_twice_counts_once(void **state)
{
    struct point list[20];
    (void)state;
    memcpy(list, two, 5 * sizeof *two);
    memcpy(list + 5, two, 5 * sizeof *two);
    assert_int_equal(polygon_tidy(list, 10), 4);
    memcpy(list + 4, two, 4 * sizeof *two);
    assert_int_equal(polygon_tidy(list, 8), 4);
    memcpy(list, two, 10 * sizeof *two);
    memcpy(list + 10, two, 5 * sizeof *two);
    assert_int_equal(polygon_tidy(list, 15), 10);
    memcpy(list, two, 10 * sizeof *two);
    assert_int_equal(polygon_tidy(list, 10), 10);
    assert_memory_equal(list, two, sizeof two);
    assert_int_equal(polygon_tidy(list, 5), 4);
}

static void test_open_rings_are_seen(void **state)
{
    const struct point open[] = {{0, 0}, {2, 0}, {2, 2}, {0, 2}, {4, 0}, {6, 0}, {6, 2}, {4, 2}};
    const struct point comb[] = {{0, 0}, {6, 0}, {6, 2}, {4, 2}, {4, 1}, {2, 1}, {2, 2}, {0, 2}};
    (void)state;
    assert_true(polygon_looks_like_two(open, 8));
    assert_false(polygon_looks_like_two(two, 10));
    assert_false(polygon_looks_like_two(comb, 8));
    assert_false(polygon_looks_like_two(open, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_inpolygon),
        cmocka_unit_test(test_closed_rings_are_parts),
        cmocka_unit_test(test_other_lists_are_one_polygon),
        cmocka_unit_test(test_what_stands_twice_counts_once),
        cmocka_unit_test(test_open_rings_are_seen),
        cmocka_unit_test(test_repeated_last_vertex_is_dropped),
        cmocka_unit_test(test_mask_of_a_triangle),
        cmocka_unit_test(test_mask_is_containment_of_every_pixel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
