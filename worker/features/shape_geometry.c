/* Where an object is, whatever its brightness. */
#include "features/shape_parts.h"

#include <math.h>
#include <stdlib.h>

const char *const shape_geometry_names[N_GEOMETRY] = {"area",         "perimeter",  "form_factor",
                                                      "eccentricity", "solidity",   "extent",
                                                      "major_axis",   "minor_axis", "equivalent_diameter"};

static int is_in(const struct object *o, int row, int column)
{
    return row >= 0 && column >= 0 && row < o->size && column < o->size && o->in[row * o->size + column];
}

/* ---- perimeter ---- */

/* On the border: in, and not all of its four neighbours are. */
static int is_border(const struct object *o, int row, int column)
{
    return is_in(o, row, column) && !(is_in(o, row - 1, column) && is_in(o, row + 1, column) &&
                                      is_in(o, row, column - 1) && is_in(o, row, column + 1));
}

/* A border pixel counts by its neighbours that are border, too: 2 of each beside it, 10 of each across. */
static double length_of(const struct object *o, int row, int column)
{
    int code = 1;
    for (int r = -1; r <= 1; r++)
        for (int c = -1; c <= 1; c++)
            if ((r || c) && is_border(o, row + r, column + c))
                code += r && c ? 10 : 2;
    switch (code) {
    case 5:
    case 7:
    case 15:
    case 17:
    case 25:
    case 27:
        return 1;
    case 21:
    case 33:
        return sqrt(2);
    case 13:
    case 23:
        return (1 + sqrt(2)) / 2;
    default:
        return 0;
    }
}

static double perimeter_of(const struct object *o)
{
    double sum = 0;
    for (int row = 0; row < o->size; row++)
        for (int column = 0; column < o->size; column++)
            if (is_border(o, row, column))
                sum += length_of(o, row, column);
    return sum;
}

/* ---- convex hull ---- */

static int by_place(const void *a, const void *b)
{
    const struct corner *x = a, *y = b;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row)
                            : (x->column > y->column) - (x->column < y->column);
}

/* The middles of the four sides of the first and the last pixel of each row. */
static int list_corners(const struct object *o, struct corner *corner)
{
    int n = 0;
    for (int row = 0; row < o->size; row++) {
        int first = 0, last = o->size - 1;
        while (first < o->size && !is_in(o, row, first))
            first++;
        while (last > first && !is_in(o, row, last))
            last--;
        if (first == o->size)
            continue;
        corner[n++] = (struct corner){2 * row, 2 * first - 1};
        corner[n++] = (struct corner){2 * row, 2 * last + 1};
        for (int step = -1; step <= 1; step += 2) {
            corner[n++] = (struct corner){2 * row + step, 2 * first};
            corner[n++] = (struct corner){2 * row + step, 2 * last};
        }
    }
    qsort(corner, (size_t)n, sizeof *corner, by_place);
    return n;
}

/* > 0: c is to the left of the way from a to b, rows down. */
static long turn(struct corner a, struct corner b, struct corner c)
{
    return (long)(b.row - a.row) * (c.column - a.column) - (long)(b.column - a.column) * (c.row - a.row);
}

/* Andrew's monotone chain: the hull of n sorted corners, in the room of 6 size behind them. */
static int hull_of(const struct corner *corner, int n, struct corner *hull)
{
    int k = 0;
    for (int i = 0; i < n; i++) {
        while (k >= 2 && turn(hull[k - 2], hull[k - 1], corner[i]) <= 0)
            k--;
        hull[k++] = corner[i];
    }
    for (int i = n - 2, lower = k + 1; i >= 0; i--) {
        while (k >= lower && turn(hull[k - 2], hull[k - 1], corner[i]) <= 0)
            k--;
        hull[k++] = corner[i];
    }
    return k - 1;
}

static int is_inside(const struct corner *hull, int n, int row, int column)
{
    const struct corner at = {2 * row, 2 * column};
    for (int i = 0; i < n; i++)
        if (turn(hull[i], hull[(i + 1) % n], at) < 0)
            return 0;
    return 1;
}

/* Pixels whose middle the hull holds. */
static int hull_area(const struct object *o, struct corner *corner)
{
    struct corner *hull = corner + 6 * o->size;
    int n = hull_of(corner, list_corners(o, corner), hull), area = 0;
    for (int row = 0; row < o->size; row++) {
        int first = 0, last = o->size - 1;
        while (first < o->size && !is_inside(hull, n, row, first))
            first++;
        while (last >= first && !is_inside(hull, n, row, last))
            last--;
        area += last - first + 1;
    }
    return area;
}

/* ---- moments ---- */

struct moments {
    double row, column;           /* centre */
    double rr, rc, cc;            /* second, central, a pixel */
    int top, bottom, left, right; /* first and last rows and columns */
};

static void add_second(const struct object *o, struct moments *m)
{
    for (int row = 0; row < o->size; row++)
        for (int column = 0; column < o->size; column++)
            if (is_in(o, row, column)) {
                double r = row - m->row, c = column - m->column;
                m->rr += r * r / o->n;
                m->rc += r * c / o->n;
                m->cc += c * c / o->n;
            }
}

static struct moments moments_of(const struct object *o)
{
    struct moments m = {.top = o->size, .left = o->size, .bottom = -1, .right = -1};
    for (int row = 0; row < o->size; row++)
        for (int column = 0; column < o->size; column++)
            if (is_in(o, row, column)) {
                m.row += (double)row / o->n;
                m.column += (double)column / o->n;
                m.top = row < m.top ? row : m.top;
                m.bottom = row;
                m.left = column < m.left ? column : m.left;
                m.right = column > m.right ? column : m.right;
            }
    add_second(o, &m);
    return m;
}

void shape_geometry(const struct object *o, struct corner *corner, double out[N_GEOMETRY])
{
    const struct moments m = moments_of(o);
    double middle = (m.rr + m.cc) / 2, spread = hypot((m.rr - m.cc) / 2, m.rc);
    double large = fmax(middle + spread, 0), small = fmax(middle - spread, 0), perimeter = perimeter_of(o);
    out[0] = o->n;
    out[1] = perimeter;
    out[2] = perimeter > 0 ? 4 * M_PI * o->n / (perimeter * perimeter) : 0;
    out[3] = large > 0 ? sqrt(1 - small / large) : 0;
    out[4] = (double)o->n / hull_area(o, corner);
    out[5] = (double)o->n / ((m.bottom - m.top + 1) * (m.right - m.left + 1));
    out[6] = 4 * sqrt(large);
    out[7] = 4 * sqrt(small);
    out[8] = sqrt(4 * o->n / M_PI);
}
