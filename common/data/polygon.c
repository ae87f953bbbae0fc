#include "data/polygon.h"

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

static struct edge edge_of(const struct point *vertex, int n, int i)
{
    return (struct edge){vertex[i], vertex[i ? i - 1 : n - 1]};
}

/* Does the edge reach the height y? One that does not decides nothing there. */
static int reaches(struct edge e, double y)
{
    return !((e.a.y < y && e.b.y < y) || (e.a.y > y && e.b.y > y));
}

int polygon_contains(const struct point *vertex, int n, struct point p)
{
    int inside = 0;
    for (int i = 0; i < n; i++) {
        struct edge e = edge_of(vertex, n, i);
        if (!reaches(e, p.y))
            continue;
        if (on_edge(e.a, e.b, p))
            return 1;
        inside ^= crosses(e.a, e.b, p);
    }
    return inside;
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
void polygon_mask(const struct point *vertex, int n, float *pixels, int width, int height)
{
    struct edge edge[MAX_REACHING];
    for (int j = 0; j < height; j++) {
        int reaching = 0;
        for (int i = 0; i < n && reaching <= MAX_REACHING; i++) {
            struct edge e = edge_of(vertex, n, i);
            if (reaches(e, j) && reaching++ < MAX_REACHING)
                edge[reaching - 1] = e;
        }
        for (int i = 0; i < width; i++, pixels++) {
            struct point p = {i, j};
            if (!(reaching <= MAX_REACHING ? inside_of(edge, reaching, p) : polygon_contains(vertex, n, p)))
                *pixels = 0.0f;
        }
    }
}
