#include "data/outline_way.h"

#include <math.h>

static void turn(const struct outline_way *way, struct point *vertex, int n)
{
    for (int i = 0; i < n; i++) {
        struct point p = vertex[i];
        if (way->swap_xy)
            p = (struct point){p.y, p.x};
        if (way->flip_y)
            p.y = -p.y;
        vertex[i] = p;
    }
}

/* The greatest x and y: after polygon_to_pixels() the extent of the box. */
static struct point greatest(const struct point *vertex, int n)
{
    struct point most = {0.0, 0.0};
    for (int i = 0; i < n; i++)
        most = (struct point){fmax(most.x, vertex[i].x), fmax(most.y, vertex[i].y)};
    return most;
}

void outline_to_pixels(const struct outline_way *way, struct point *vertex, int n, int width, int height)
{
    if (way->crop == CROP_PLACED)
        return;
    turn(way, vertex, n);
    polygon_to_pixels(vertex, n, way->pixel_size);
    if (way->crop != CROP_CENTRED)
        return;
    struct point most = greatest(vertex, n);
    for (int i = 0; i < n; i++) {
        vertex[i].x += (width - 1 - most.x) / 2.0;
        vertex[i].y += (height - 1 - most.y) / 2.0;
    }
}

int outline_misfits(const struct outline_way *way, const struct point *vertex, int n, int width, int height)
{
    struct point most = greatest(vertex, n);
    double x = most.x + 1.0 - width, y = most.y + 1.0 - height;
    if (n == 0)
        return 0;
    if (way->crop == CROP_CENTRED)
        return x > 2.0 || y > 2.0;
    return fabs(x) > 2.0 || fabs(y) > 2.0;
}
