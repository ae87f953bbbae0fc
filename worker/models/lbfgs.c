#include "models/lbfgs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lbfgs {
    const struct lbfgs_function *f;
    size_t n;
    double *x, value, *gradient;  /* (n) where it is */
    double *next, *next_gradient; /* (n) where a step leads */
    double *direction;            /* (n) */
    double *step, *turn; /* (LBFGS_MEMORY, n) rings of steps and of what they changed the gradient by */
    double curvature[LBFGS_MEMORY]; /* step . turn */
    int n_steps;                    /* taken into the rings so far */
};

size_t lbfgs_doubles(size_t n)
{
    return (4 + 2 * LBFGS_MEMORY) * n;
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

/* Minus the gradient, by the inverse of the Hessian that the steps so far suggest. */
static void find_direction(struct lbfgs *s)
{
    double share[LBFGS_MEMORY];
    int oldest = s->n_steps > LBFGS_MEMORY ? s->n_steps - LBFGS_MEMORY : 0;
    for (size_t i = 0; i < s->n; i++)
        s->direction[i] = -s->gradient[i];
    for (int k = s->n_steps - 1; k >= oldest; k--) {
        size_t at = (size_t)(k % LBFGS_MEMORY);
        share[at] = dot(s->step + at * s->n, s->direction, s->n) / s->curvature[at];
        add(s->direction, -share[at], s->turn + at * s->n, s->n);
    }
    if (s->n_steps > 0) {
        size_t at = (size_t)((s->n_steps - 1) % LBFGS_MEMORY);
        const double *turn = s->turn + at * s->n;
        double scale = s->curvature[at] / dot(turn, turn, s->n);
        for (size_t i = 0; i < s->n; i++)
            s->direction[i] *= scale;
    }
    for (int k = oldest; k < s->n_steps; k++) {
        size_t at = (size_t)(k % LBFGS_MEMORY);
        double back = dot(s->turn + at * s->n, s->direction, s->n) / s->curvature[at];
        add(s->direction, share[at] - back, s->step + at * s->n, s->n);
    }
}

/* Remember the step to `next`, if the function curves upwards along it. */
static void remember(struct lbfgs *s)
{
    size_t at = (size_t)(s->n_steps % LBFGS_MEMORY);
    double *step = s->step + at * s->n, *turn = s->turn + at * s->n;
    for (size_t i = 0; i < s->n; i++) {
        step[i] = s->next[i] - s->x[i];
        turn[i] = s->next_gradient[i] - s->gradient[i];
    }
    s->curvature[at] = dot(step, turn, s->n);
    s->n_steps += s->curvature[at] > 1e-12 * dot(turn, turn, s->n);
}

/* 1: a step down was made; 0: there is none. */
static int go(struct lbfgs *s, struct err *err)
{
    double slope = dot(s->direction, s->gradient, s->n), value = 0;
    double length = s->n_steps ? 1 : fmin(1, 1 / sqrt(dot(s->gradient, s->gradient, s->n)));
    for (int halvings = 0; halvings < 40 && slope < 0; halvings++, length /= 2) {
        memcpy(s->next, s->x, s->n * sizeof *s->x);
        add(s->next, length, s->direction, s->n);
        int rc = s->f->at(s->f->self, s->next, &value, s->next_gradient, err);
        if (rc < 0)
            return rc;
        if (value > s->value + 1e-4 * length * slope || !isfinite(value))
            continue;
        remember(s);
        memcpy(s->x, s->next, s->n * sizeof *s->x);
        memcpy(s->gradient, s->next_gradient, s->n * sizeof *s->x);
        s->value = value;
        return 1;
    }
    return 0;
}

int lbfgs_minimise(const struct lbfgs_function *f, double *x, double tolerance, int n_steps, struct err *err)
{
    double *room = err_calloc(lbfgs_doubles(f->n), sizeof *room, "a minimum", err);
    if (!room)
        return E_IO;
    struct lbfgs s = {.f = f,
                      .n = f->n,
                      .x = x,
                      .gradient = room,
                      .next = room + f->n,
                      .next_gradient = room + 2 * f->n,
                      .direction = room + 3 * f->n,
                      .step = room + 4 * f->n,
                      .turn = room + (4 + LBFGS_MEMORY) * f->n};
    int rc = f->at(f->self, x, &s.value, s.gradient, err);
    int more = rc == 0;
    for (int i = 0; more > 0 && i < n_steps && largest(s.gradient, s.n) > tolerance; i++) {
        find_direction(&s);
        more = go(&s, err);
    }
    free(room);
    return rc < 0 ? rc : more < 0 ? more : 0;
}
