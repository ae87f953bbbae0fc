#include "samples/neighbours.h"

#include "samples/products.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Independent sums that the compiler can keep in vector registers without reordering any of them. */
enum { LANES = 8, CHUNK = 256 };

/* ---- the specification ---- */

static double add_lanes(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

double distance_squared(const float *a, const float *b, int dim, double enough)
{
    double lane[LANES] = {0}, tail = 0;
    int whole = dim - dim % LANES;
    for (int first = 0; first < whole; first += CHUNK) {
        int end = first + CHUNK < whole ? first + CHUNK : whole;
        for (int i = first; i < end; i += LANES)
            for (int l = 0; l < LANES; l++) {
                double d = (double)a[i + l] - (double)b[i + l];
                lane[l] += d * d;
            }
        if (add_lanes(lane) >= enough)
            return HUGE_VAL;
    }
    for (int i = whole; i < dim; i++) {
        double d = (double)a[i] - (double)b[i];
        tail += d * d;
    }
    return add_lanes(lane) + tail;
}

/* Insert a candidate into the k best, ascending; behind the equally far ones, which came first. */
static void insert(int *at, double *distance, int k, int candidate, double d)
{
    int i = k - 1;
    for (; i > 0 && distance[i - 1] > d; i--) {
        distance[i] = distance[i - 1];
        at[i] = at[i - 1];
    }
    distance[i] = d;
    at[i] = candidate;
}

/* Compare point r with query number q of the k best so far. */
static void consider(const struct cloud *cloud, int query, int r, struct neighbours *out, int q)
{
    double *distance = out->distance + (size_t)q * (size_t)out->k;
    double d = distance_squared(cloud->point[query], cloud->point[r], cloud->dim, distance[out->k - 1]);
    if (d < distance[out->k - 1])
        insert(out->at + (size_t)q * (size_t)out->k, distance, out->k, r, d);
}

static int consider_all(const struct cloud *cloud, struct positions query, struct positions reference,
                        struct pause *pause, struct neighbours *out, struct err *err)
{
    for (int q = 0; q < query.n; q++)
        for (int r = 0; r < reference.n; r++) {
            if (reference.at[r] == query.at[q])
                continue;
            consider(cloud, query.at[q], reference.at[r], out, q);
            int rc = pause_after(pause, cloud->dim, err);
            if (rc < 0)
                return rc;
        }
    return 0;
}

/* ---- by blocks ---- */

/* What may still be among the k nearest of each query. A point r is at least least(r), at most most(r) away
 * from the query: it is listed unless k others are certainly nearer, in the order of the reference. `bar`
 * says so in terms of what a tile holds. */
struct shortlist {
    const struct cloud *cloud;
    const struct products *products;
    struct positions query, reference;
    int k, room;
    double *most;  /* (query.n, k) the k smallest upper bounds so far, ascending */
    double *bound; /* (query.n) what is farther than this is not listed */
    float *bar;  /* (query.n) only points whose product less half their norm is at least this can be nearer */
    float *half; /* (reference.n) half the norm */
    int *n_listed; /* (query.n) */
    int *listed;   /* (query.n, room) numbers in the reference */
    double *least; /* (query.n, room) lower bounds of their distance */
    struct neighbours *out;
};

static void shortlist_free(struct shortlist *s)
{
    free(s->most);
    free(s->bound);
    free(s->bar);
    free(s->half);
    free(s->n_listed);
    free(s->listed);
    free(s->least);
}

static int shortlist_new(struct shortlist *s, struct err *err)
{
    size_t n = (size_t)s->query.n, k = (size_t)s->k, room = (size_t)s->room, m = (size_t)s->reference.n;
    s->most = err_calloc(n * k, sizeof *s->most, "nearest neighbours", err);
    s->bound = err_calloc(n, sizeof *s->bound, "nearest neighbours", err);
    s->bar = err_calloc(n, sizeof *s->bar, "nearest neighbours", err);
    s->half = err_calloc(m, sizeof *s->half, "nearest neighbours", err);
    s->n_listed = err_calloc(n, sizeof *s->n_listed, "nearest neighbours", err);
    s->listed = err_calloc(n * room, sizeof *s->listed, "nearest neighbours", err);
    s->least = err_calloc(n * room, sizeof *s->least, "nearest neighbours", err);
    if (!s->most || !s->bound || !s->bar || !s->half || !s->n_listed || !s->listed || !s->least)
        return E_IO;
    for (size_t i = 0; i < n * k; i++)
        s->most[i] = HUGE_VAL;
    for (size_t q = 0; q < n; q++) {
        s->bound[q] = HUGE_VAL;
        s->bar[q] = -HUGE_VALF;
    }
    for (size_t r = 0; r < m; r++)
        s->half[r] = (float)(s->products->least[s->reference.at[r]] / 2);
    return 0;
}

/* Nothing farther than `bound` is a neighbour of query q any more. */
static void lower_bound(struct shortlist *s, int q, double bound)
{
    if (!(bound < s->bound[q]))
        return;
    s->bound[q] = bound;
    s->bar[q] = nextafterf((float)((s->products->least[s->query.at[q]] - bound) / 2), -HUGE_VALF);
}

/* Compare what is listed for query q, and empty its list. */
static int settle(struct shortlist *s, int q, struct pause *pause, struct err *err)
{
    int *listed = s->listed + (size_t)q * (size_t)s->room, n = 0;
    const double *least = s->least + (size_t)q * (size_t)s->room;
    for (int i = 0; i < s->n_listed[q]; i++)
        if (least[i] <= s->bound[q]) {
            consider(s->cloud, s->query.at[q], s->reference.at[listed[i]], s->out, q);
            n++;
        }
    s->n_listed[q] = 0;
    lower_bound(s, q, s->out->distance[(size_t)(q + 1) * (size_t)s->k - 1]);
    return pause_after(pause, (double)n * s->cloud->dim, err);
}

/* Take those off the list that are out of the question by now. */
static void squeeze(struct shortlist *s, int q)
{
    int *listed = s->listed + (size_t)q * (size_t)s->room, n = 0;
    double *least = s->least + (size_t)q * (size_t)s->room;
    for (int i = 0; i < s->n_listed[q]; i++)
        if (least[i] <= s->bound[q]) {
            listed[n] = listed[i];
            least[n++] = least[i];
        }
    s->n_listed[q] = n;
}

/* List point r of the reference for query q, whose product with it is known. */
static int list(struct shortlist *s, int q, int r, float product, struct pause *pause, struct err *err)
{
    int a = s->query.at[q], b = s->reference.at[r], rc = 0;
    const struct products *p = s->products;
    double *most = s->most + (size_t)q * (size_t)s->k;
    double least = p->least[a] + p->least[b] - 2 * (double)product;
    double far = p->most[a] + p->most[b] - 2 * (double)product;
    if (a == b || least > s->bound[q])
        return 0;
    if (s->n_listed[q] == s->room)
        squeeze(s, q);
    if (s->n_listed[q] > s->room - s->room / 4)
        rc = settle(s, q, pause, err);
    size_t place = (size_t)q * (size_t)s->room + (size_t)s->n_listed[q]++;
    s->listed[place] = r;
    s->least[place] = least;
    if (far < most[s->k - 1]) {
        int i = s->k - 1;
        for (; i > 0 && most[i - 1] > far; i--)
            most[i] = most[i - 1];
        most[i] = far;
        lower_bound(s, q, most[s->k - 1]);
    }
    return rc;
}

/* A tile's place among the queries (its rows) and the reference (its columns). */
struct block {
    int query, n_query, reference, n_reference;
};

enum { STRIDE = 16 };

/* Whether any of the n <= STRIDE products, less half a norm, reaches a bar. */
static int any_reaches(const float *product, const float *half, float bar, int n)
{
    int any = 0;
    for (int j = 0; j < n; j++)
        any |= product[j] - half[j] >= bar;
    return any;
}

static int any_is_reached(const float *product, float half, const float *bar, int n)
{
    int any = 0;
    for (int j = 0; j < n; j++)
        any |= product[j] - half >= bar[j];
    return any;
}

/* What row i of a tile has for its query. */
static int scan_row(struct shortlist *s, struct block b, int i, struct pause *pause, struct err *err)
{
    const float *product = s->products->tile + (size_t)i * PRODUCTS_TILE, *half = s->half + b.reference;
    int q = b.query + i, rc = 0;
    for (int first = 0; first < b.n_reference; first += STRIDE) {
        int n = b.n_reference - first < STRIDE ? b.n_reference - first : STRIDE;
        if (!any_reaches(product + first, half + first, s->bar[q], n))
            continue;
        for (int j = first; rc == 0 && j < first + n; j++)
            if (product[j] - half[j] >= s->bar[q])
                rc = list(s, q, b.reference + j, product[j], pause, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The same the other way round, where the reference is the query: the point of row i for the
 * queries of the columns. */
static int scan_row_back(struct shortlist *s, struct block b, int i, struct pause *pause, struct err *err)
{
    const float *product = s->products->tile + (size_t)i * PRODUCTS_TILE, *bar = s->bar + b.reference;
    float half = s->half[b.query + i];
    int rc = 0;
    for (int first = 0; first < b.n_reference; first += STRIDE) {
        int n = b.n_reference - first < STRIDE ? b.n_reference - first : STRIDE;
        if (!any_is_reached(product + first, half, bar + first, n))
            continue;
        for (int j = first; rc == 0 && j < first + n; j++)
            if (product[j] - half >= bar[j])
                rc = list(s, b.reference + j, b.query + i, product[j], pause, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int do_block(struct shortlist *s, struct products *products, struct block b, int both_ways,
                    struct pause *pause, struct err *err)
{
    struct positions left = {s->query.at + b.query, b.n_query},
                     right = {s->reference.at + b.reference, b.n_reference};
    int rc = products_tile(products, left, right, pause, err);
    for (int i = 0; rc == 0 && i < b.n_query; i++) {
        rc = scan_row(s, b, i, pause, err);
        if (rc == 0 && both_ways)
            rc = scan_row_back(s, b, i, pause, err);
    }
    return rc;
}

static int tile_at(int first, int n)
{
    return n - first < PRODUCTS_TILE ? n - first : PRODUCTS_TILE;
}

/* Blocks in an order in which every query meets the reference from its first point to its last. */
static int do_blocks(struct shortlist *s, struct products *products, struct pause *pause, struct err *err)
{
    int same = s->query.n == s->reference.n &&
               memcmp(s->query.at, s->reference.at, (size_t)s->query.n * sizeof *s->query.at) == 0;
    int rc = 0;
    for (int q = 0; rc == 0 && q < s->query.n; q += PRODUCTS_TILE)
        for (int r = same ? q : 0; rc == 0 && r < s->reference.n; r += PRODUCTS_TILE)
            rc = do_block(s, products,
                          (struct block){q, tile_at(q, s->query.n), r, tile_at(r, s->reference.n)},
                          same && r > q, pause, err);
    for (int q = 0; rc == 0 && q < s->query.n; q++)
        rc = settle(s, q, pause, err);
    return rc;
}

/* ---- either way ---- */

/* All points of both lists, each once, in *out, which the caller frees; in *common: some are
 * in both. 0 or E_IO. */
static int join(const struct cloud *cloud, struct positions query, struct positions reference,
                struct positions *out, int **owned, int *common, struct err *err)
{
    unsigned char *is = err_calloc((size_t)cloud->n, sizeof *is, "nearest neighbours", err);
    *owned = err_calloc((size_t)query.n + (size_t)reference.n, sizeof **owned, "nearest neighbours", err);
    *common = 0;
    *out = (struct positions){*owned, 0};
    if (is && *owned) {
        for (int q = 0; q < query.n; q++) {
            if (!is[query.at[q]])
                (*owned)[out->n++] = query.at[q];
            is[query.at[q]] = 1;
        }
        for (int r = 0; r < reference.n; r++) {
            *common |= is[reference.at[r]] == 1;
            if (!is[reference.at[r]])
                (*owned)[out->n++] = reference.at[r];
            is[reference.at[r]] |= 2;
        }
    }
    int rc = is && *owned ? 0 : E_IO;
    free(is);
    return rc;
}

/* Room for the k nearest, none found yet. */
static int neighbours_new(int n, int k, struct neighbours *out, struct err *err)
{
    size_t size = (size_t)n * (size_t)k;
    *out = (struct neighbours){.n = n, .k = k};
    out->at = err_calloc(size, sizeof *out->at, "nearest neighbours", err);
    out->distance = err_calloc(size, sizeof *out->distance, "nearest neighbours", err);
    if (!out->at || !out->distance) {
        neighbours_free(out);
        return E_IO;
    }
    for (size_t i = 0; i < size; i++)
        out->distance[i] = HUGE_VAL;
    return 0;
}

static int by_blocks(const struct cloud *cloud, struct products *products, struct positions query,
                     struct positions reference, struct pause *pause, struct neighbours *out, struct err *err)
{
    enum { MORE = 48 };
    struct shortlist s = {.cloud = cloud,
                          .products = products,
                          .query = query,
                          .reference = reference,
                          .k = out->k,
                          .room = out->k + out->k / 2 + MORE,
                          .out = out};
    int rc = shortlist_new(&s, err);
    if (rc == 0)
        rc = do_blocks(&s, products, pause, err);
    shortlist_free(&s);
    return rc;
}

/* A search: the query, the reference, and how. */
struct search {
    const struct cloud *cloud;
    struct positions query, reference, both;
    struct pause *pause;
    int plain;
};

static int find(const struct search *s, struct neighbours *out, struct err *err)
{
    struct products products;
    int rc = s->plain ? 0 : products_new(s->cloud, s->both, s->pause, &products, err);
    if (rc == 0)
        return consider_all(s->cloud, s->query, s->reference, s->pause, out, err);
    if (rc < 0)
        return rc;
    rc = by_blocks(s->cloud, &products, s->query, s->reference, s->pause, out, err);
    products_free(&products);
    return rc;
}

static int search(struct search s, int k, struct neighbours *out, struct err *err)
{
    int *owned, common;
    *out = (struct neighbours){0};
    int rc = join(s.cloud, s.query, s.reference, &s.both, &owned, &common, err);
    int most = s.reference.n - common;
    if (rc == 0)
        rc = neighbours_new(s.query.n, k < most ? k : most, out, err);
    if (rc == 0 && out->k > 0 && out->n > 0)
        rc = find(&s, out, err);
    free(owned);
    if (rc < 0)
        neighbours_free(out);
    for (size_t i = 0; rc == 0 && i < (size_t)out->n * (size_t)out->k; i++)
        out->distance[i] = sqrt(out->distance[i]);
    return rc;
}

int neighbours_find(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                    struct pause *pause, struct neighbours *out, struct err *err)
{
    return search((struct search){.cloud = cloud, .query = query, .reference = reference, .pause = pause}, k,
                  out, err);
}

int neighbours_find_ref(const struct cloud *cloud, struct positions query, struct positions reference, int k,
                        struct pause *pause, struct neighbours *out, struct err *err)
{
    return search(
        (struct search){.cloud = cloud, .query = query, .reference = reference, .pause = pause, .plain = 1},
        k, out, err);
}

void neighbours_free(struct neighbours *neighbours)
{
    free(neighbours->at);
    free(neighbours->distance);
    *neighbours = (struct neighbours){0};
}
