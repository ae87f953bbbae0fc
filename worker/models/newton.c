#include "models/newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PRODUCTS = 1000, N_VECTORS = 6 };

struct newton {
    const struct newton_function *f;
    size_t n;
    double *x, value, *gradient;          /* (n) where it is */
    double *next;                         /* (n) where a step leads */
    double *direction;                    /* (n) */
    double *residual, *conjugate, *curve; /* (n) of the conjugate gradients */
};

size_t newton_doubles(size_t n)
{
    return N_VECTORS * n;
}

/* Four sums, which a compiler may hold in one register. */
static double dot(const double *a, const double *b, size_t n)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t l = 0; l < 4; l++)
            sum[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void add(double *to, double share, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += share * from[i];
}

static double largest(const double *a, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

/* One product of the conjugate gradients. *square: of the residual. 1: there is more to do. */
static int improve(struct newton *s, double *square, double enough, struct err *err)
{
    int rc = s->f->curve(s->f->self, s->conjugate, s->curve, err);
    if (rc < 0)
        return rc;
    double along = dot(s->conjugate, s->curve, s->n), before = *square;
    if (!(along > 0))
        return 0;
    add(s->direction, before / along, s->conjugate, s->n);
    add(s->residual, -before / along, s->curve, s->n);
    *square = dot(s->residual, s->residual, s->n);
    for (size_t i = 0; i < s->n; i++)
        s->conjugate[i] = s->residual[i] + *square / before * s->conjugate[i];
    return *square > enough;
}

/* Where the quadratic function with this gradient and Hessian is least, nearly: the better, the nearer. */
static int find_direction(struct newton *s, struct err *err)
{
    double square = dot(s->gradient, s->gradient, s->n), share = fmin(0.5, pow(square, 0.25));
    double enough = share * share * square;
    int more = 1;
    for (size_t i = 0; i < s->n; i++) {
        s->direction[i] = 0;
        s->residual[i] = s->conjugate[i] = -s->gradient[i];
    }
    for (int k = 0; more > 0 && k < MOST_PRODUCTS; k++)
        more = improve(s, &square, enough, err);
    return more < 0 ? more : 0;
}

/* 1: a step down was made; 0: there is none. Its gradient is made in the room of the residual. */
static int go(struct newton *s, struct err *err)
{
    double slope = dot(s->direction, s->gradient, s->n), value = 0, length = 1;
    for (int halvings = 0; halvings < 40 && slope < 0; halvings++, length /= 2) {
        memcpy(s->next, s->x, s->n * sizeof *s->x);
        add(s->next, length, s->direction, s->n);
        int rc = s->f->at(s->f->self, s->next, &value, s->residual, err);
        if (rc < 0)
            return rc;
        if (value > s->value + 1e-4 * length * slope || !isfinite(value))
            continue;
        memcpy(s->x, s->next, s->n * sizeof *s->x);
        memcpy(s->gradient, s->residual, s->n * sizeof *s->x);
        s->value = value;
        return 1;
    }
    return 0;
}

int newton_minimise(const struct newton_function *f, double *x, double tolerance, int n_steps,
                    struct err *err)
{
    double *room = err_calloc(newton_doubles(f->n), sizeof *room, "a minimum", err);
    if (!room)
        return E_IO;
    struct newton s = {.f = f,
                       .n = f->n,
                       .x = x,
                       .gradient = room,
                       .next = room + f->n,
                       .direction = room + 2 * f->n,
                       .residual = room + 3 * f->n,
                       .conjugate = room + 4 * f->n,
                       .curve = room + 5 * f->n};
    int rc = f->at(f->self, x, &s.value, s.gradient, err), more = rc == 0;
    for (int i = 0; more > 0 && i < n_steps && largest(s.gradient, s.n) > tolerance; i++) {
        more = find_direction(&s, err);
        if (more == 0)
            more = go(&s, err);
    }
    free(room);
    return rc < 0 ? rc : more < 0 ? more : 0;
}
