#include "samples/products.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points that the centre is the mean of. Any centre will do; near ones make small norms, and
 * so a narrow bound. */
enum { CENTRE_POINTS = 64 };

/* Relative to |a'|^2 + |b'|^2; see products.h. */
static double error_bound(int dim)
{
    const int chunks = dim / PRODUCTS_CHUNK + 1;
    const double u = (double)FLT_EPSILON / 2, n = dim + chunks + 1;
    return n * u / (1 - n * u) + 16 * u + 8 * (dim + 64) * DBL_EPSILON;
}

/* All that underflow can do to the products of a pair, were subnormal numbers taken for 0. */
static double tiny(int dim)
{
    return 8.0 * dim * (double)FLT_MIN;
}

static void find_centre(const struct cloud *cloud, struct positions list, float *centre)
{
    int n = list.n < CENTRE_POINTS ? list.n : CENTRE_POINTS;
    for (int k = 0; k < n; k++) {
        const float *point = cloud->point[list.at[(long)k * list.n / n]];
        for (int i = 0; i < cloud->dim; i++)
            centre[i] += point[i] / (float)n;
    }
}

/* |a - centre|^2, the difference rounded to float as products_tile() does. */
static double centred_norm(const float *point, const float *centre, int dim)
{
    enum { LANES = 8 };
    double lane[LANES] = {0}, sum = 0;
    int whole = dim - dim % LANES;
    for (int i = 0; i < whole; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float d = point[i + l] - centre[i + l];
            lane[l] += (double)d * (double)d;
        }
    for (int i = whole; i < dim; i++) {
        float d = point[i] - centre[i];
        sum += (double)d * (double)d;
    }
    for (int l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

/* Bounds of the norms of all listed points. 1, or 0 when one is out of range, or a code. */
static int find_norms(struct products *p, struct positions list, struct pause *pause, struct err *err)
{
    const struct cloud *cloud = p->cloud;
    const double error = error_bound(cloud->dim), largest = 1e30;
    for (int i = 0; i < cloud->n; i++)
        p->least[i] = p->most[i] = (double)NAN;
    for (int k = 0; k < list.n; k++) {
        int i = list.at[k];
        double norm = centred_norm(cloud->point[i], p->centre, cloud->dim);
        if (!(norm <= largest))
            return 0;
        p->least[i] = norm * (1 - error) - tiny(cloud->dim);
        p->most[i] = norm * (1 + error) + tiny(cloud->dim);
        int rc = pause_after(pause, cloud->dim, err);
        if (rc < 0)
            return rc;
    }
    return 1;
}

int products_new(const struct cloud *cloud, struct positions list, struct pause *pause, struct products *out,
                 struct err *err)
{
    const size_t n = (size_t)cloud->n, side = (size_t)PRODUCTS_TILE;
    const size_t rows = (size_t)list.n < side ? (size_t)list.n : side;
    *out = (struct products){.cloud = cloud};
    out->centre = err_calloc((size_t)cloud->dim, sizeof *out->centre, "distances of images", err);
    out->least = err_calloc(n, sizeof *out->least, "distances of images", err);
    out->most = err_calloc(n, sizeof *out->most, "distances of images", err);
    out->tile = err_calloc(rows * side, sizeof *out->tile, "distances of images", err);
    out->left = err_calloc(rows * PRODUCTS_CHUNK, sizeof *out->left, "distances of images", err);
    out->right = err_calloc(rows * PRODUCTS_CHUNK, sizeof *out->right, "distances of images", err);
    int rc = E_IO;
    if (out->centre && out->least && out->most && out->tile && out->left && out->right) {
        find_centre(cloud, list, out->centre);
        rc = find_norms(out, list, pause, err);
    }
    if (rc <= 0)
        products_free(out);
    return rc;
}

/* Coordinates first .. first + n - 1 of the points of a list, centred, one point behind the other. */
static void pack(const struct products *p, struct positions list, int first, int n, float *out)
{
    const float *centre = p->centre + first;
    for (int k = 0; k < list.n; k++, out += n) {
        const float *point = p->cloud->point[list.at[k]] + first;
        for (int i = 0; i < n; i++)
            out[i] = point[i] - centre[i];
    }
}

int products_tile(struct products *p, struct positions left, struct positions right, struct pause *pause,
                  struct err *err)
{
    for (int first = 0, n; first < p->cloud->dim; first += n) {
        n = p->cloud->dim - first < PRODUCTS_CHUNK ? p->cloud->dim - first : PRODUCTS_CHUNK;
        pack(p, left, first, n, p->left);
        pack(p, right, first, n, p->right);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, left.n, right.n, n, 1.0F, p->left, n, p->right,
                    n, first ? 1.0F : 0.0F, p->tile, PRODUCTS_TILE);
        int rc = pause_after(pause, PAUSE_BLAS * left.n * right.n * n, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void products_free(struct products *products)
{
    free(products->centre);
    free(products->least);
    free(products->most);
    free(products->tile);
    free(products->left);
    free(products->right);
    *products = (struct products){0};
}
