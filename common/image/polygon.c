#include "image/polygon.h"

#include <math.h>
#include <string.h>

/* Twice the signed area of the triangle (a, b, p): 0 when p is on the line through a and b. */
static double cross(struct point a, struct point b, struct point p)
{
    return (b.x - a.x) * (p.y - a.y) - (p.x - a.x) * (b.y - a.y);
}

static int between(double a, double v, double b)
{
    return a <= b ? a <= v && v <= b : b <= v && v <= a;
}

static int on_edge(struct point a, struct point b, struct point p)
{
    return between(a.x, p.x, b.x) && between(a.y, p.y, b.y) && cross(a, b, p) == 0.0;
}

/* Does the edge pass to the right of p at p's height? */
static int crosses(struct point a, struct point b, struct point p)
{
    if ((a.y <= p.y) == (b.y <= p.y))
        return 0;
    double side = cross(a, b, p);
    return b.y > a.y ? side > 0.0 : side < 0.0;
}

struct edge {
    struct point a, b;
};

static int same(struct point a, struct point b)
{
    return a.x == b.x && a.y == b.y;
}

/* Place of the vertex that closes the ring beginning at `first`, after three edges or more; n: none. */
static int ring_end(const struct point *vertex, int n, int first)
{
    int end = first + 3;
    while (end < n && !same(vertex[end], vertex[first]))
        end++;
    return end < n ? end : n;
}

int polygon_rings(const struct point *vertex, int n, int *end)
{
    int rings = 0;
    for (int first = 0; first < n; rings++) {
        int last = ring_end(vertex, n, first);
        if (last == n)
            return 1;
        if (end)
            end[rings] = last;
        first = last + 1;
    }
    return rings > 1 ? rings : 1;
}

/* Edge i of n: from vertex i to the one before it. rings: how many; *first: where the ring of vertex i
 * begins, 0 for i = 0, kept by the caller. */
static struct edge edge_of(const struct point *vertex, int n, int i, int rings, int *first)
{
    if (rings == 1)
        return (struct edge){vertex[i], vertex[i ? i - 1 : n - 1]};
    struct edge e = {vertex[i], vertex[i > *first ? i - 1 : i]};
    if (i >= *first + 3 && same(vertex[i], vertex[*first]))
        *first = i + 1;
    return e;
}

/* Does the edge reach the height y? One that does not decides nothing there. */
static int reaches(struct edge e, double y)
{
    return !((e.a.y < y && e.b.y < y) || (e.a.y > y && e.b.y > y));
}

int polygon_contains(const struct point *vertex, int n, struct point p)
{
    int inside = 0, rings = polygon_rings(vertex, n, NULL), first = 0;
    for (int i = 0; i < n; i++) {
        struct edge e = edge_of(vertex, n, i, rings, &first);
        if (!reaches(e, p.y))
            continue;
        if (on_edge(e.a, e.b, p))
            return 1;
        inside ^= crosses(e.a, e.b, p);
    }
    return inside;
}

/* From the first vertex: whole coordinates of a slide would cost the digits. */
static double ring_area(const struct point *v, int n)
{
    double sum = 0.0;
    for (int i = 0, j = n - 1; i < n; j = i++)
        sum += (v[j].x - v[0].x) * (v[i].y - v[0].y) - (v[i].x - v[0].x) * (v[j].y - v[0].y);
    return fabs(sum);
}

double polygon_twice_area(const struct point *vertex, int n)
{
    double area = 0.0;
    if (polygon_rings(vertex, n, NULL) == 1)
        return n < 3 ? 0.0 : ring_area(vertex, n);
    for (int first = 0, last; first < n; first = last + 1) {
        last = ring_end(vertex, n, first);
        area += ring_area(vertex + first, last - first);
    }
    return area;
}

/* ---- two rings that were not closed ---- */

struct box {
    double x0, y0, x1, y1;
};

static struct box box_of(const struct point *v, int n)
{
    struct box b = {v[0].x, v[0].y, v[0].x, v[0].y};
    for (int i = 1; i < n; i++)
        b = (struct box){fmin(b.x0, v[i].x), fmin(b.y0, v[i].y), fmax(b.x1, v[i].x), fmax(b.y1, v[i].y)};
    return b;
}

static int lie_apart(struct box a, struct box b)
{
    return a.x1 < b.x0 || b.x1 < a.x0 || a.y1 < b.y0 || b.y1 < a.y0;
}

/* Does the edge from vertex i to vertex j cross another one, not only touch it? */
static int crosses_others(const struct point *v, int n, int i, int j)
{
    for (int k = 0; k < n; k++) {
        int l = (k + 1) % n;
        if (k == i || k == j || l == i || l == j)
            continue;
        if (cross(v[i], v[j], v[k]) * cross(v[i], v[j], v[l]) < 0.0 &&
            cross(v[k], v[l], v[i]) * cross(v[k], v[l], v[j]) < 0.0)
            return 1;
    }
    return 0;
}

enum { MOST_LOOKED_AT = 2000 };

int polygon_looks_like_two(const struct point *vertex, int n)
{
    if (n < 6 || n > MOST_LOOKED_AT || polygon_rings(vertex, n, NULL) > 1)
        return 0;
    for (int cut = 3; cut <= n - 3; cut++)
        if (lie_apart(box_of(vertex, cut), box_of(vertex + cut, n - cut)) && ring_area(vertex, cut) > 0.0 &&
            ring_area(vertex + cut, n - cut) > 0.0 &&
            (crosses_others(vertex, n, cut - 1, cut) || crosses_others(vertex, n, n - 1, 0)))
            return 1;
    return 0;
}

/* ---- what stands twice ---- */

static int same_vertices(const struct point *a, const struct point *b, int n)
{
    for (int i = 0; i < n; i++)
        if (!same(a[i], b[i]))
            return 0;
    return 1;
}

/* A list of n vertices, closed or open, and the same again: the half that counts, else n. */
static int first_half(const struct point *vertex, int n)
{
    int open = polygon_corners(vertex, n);
    if (n >= 6 && n % 2 == 0 && same_vertices(vertex, vertex + n / 2, n / 2))
        return n / 2;
    if (open != n && open >= 6 && open % 2 == 0 && same_vertices(vertex, vertex + open / 2, open / 2))
        return open / 2;
    return n;
}

static int is_kept(const struct point *vertex, int n_kept, const struct point *ring, int n)
{
    for (int first = 0, last; first < n_kept; first = last + 1) {
        last = ring_end(vertex, n_kept, first);
        if (last - first + 1 == n && same_vertices(vertex + first, ring, n))
            return 1;
    }
    return 0;
}

int polygon_tidy(struct point *vertex, int n)
{
    n = first_half(vertex, n);
    if (polygon_rings(vertex, n, NULL) == 1)
        return polygon_corners(vertex, n);
    int kept = 0;
    for (int first = 0, last; first < n; first = last + 1) {
        last = ring_end(vertex, n, first);
        int length = last - first + 1;
        if (is_kept(vertex, kept, vertex + first, length))
            continue;
        memmove(vertex + kept, vertex + first, (size_t)length * sizeof *vertex);
        kept += length;
    }
    return polygon_rings(vertex, kept, NULL) == 1 ? polygon_corners(vertex, kept) : kept;
}

int polygon_corners(const struct point *vertex, int n)
{
    return n > 1 && vertex[0].x == vertex[n - 1].x && vertex[0].y == vertex[n - 1].y ? n - 1 : n;
}

void polygon_to_pixels(struct point *vertex, int n, double pixel_size)
{
    struct point low = vertex[0];
    for (int i = 1; i < n; i++) {
        low.x = vertex[i].x < low.x ? vertex[i].x : low.x;
        low.y = vertex[i].y < low.y ? vertex[i].y : low.y;
    }
    for (int i = 0; i < n; i++) {
        vertex[i].x = (vertex[i].x - low.x) / pixel_size;
        vertex[i].y = (vertex[i].y - low.y) / pixel_size;
    }
}

enum { MAX_REACHING = 64 };

/* polygon_contains() from the n edges that reach the height of p. */
static int inside_of(const struct edge *edge, int n, struct point p)
{
    int inside = 0;
    for (int i = 0; i < n; i++) {
        if (on_edge(edge[i].a, edge[i].b, p))
            return 1;
        inside ^= crosses(edge[i].a, edge[i].b, p);
    }
    return inside;
}

/* Few edges reach a row: only those are looked at for its pixels. All of them for each took half of
 * the time of predicting. */
void polygon_mask(const struct point *vertex, int n, float *pixels, int width, int height, int channels)
{
    struct edge edge[MAX_REACHING];
    int rings = polygon_rings(vertex, n, NULL);
    for (int j = 0; j < height; j++) {
        int reaching = 0, first = 0;
        for (int i = 0; i < n && reaching <= MAX_REACHING; i++) {
            struct edge e = edge_of(vertex, n, i, rings, &first);
            if (reaches(e, j) && reaching++ < MAX_REACHING)
                edge[reaching - 1] = e;
        }
        for (int i = 0; i < width; i++, pixels += channels) {
            struct point p = {i, j};
            if (!(reaching <= MAX_REACHING ? inside_of(edge, reaching, p) : polygon_contains(vertex, n, p)))
                memset(pixels, 0, (size_t)channels * sizeof *pixels);
        }
    }
}
