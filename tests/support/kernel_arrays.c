#include "support/kernel_arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rng.h"

static const double TOLERANCE = 1e-4; /* of the largest element */

const struct kernels *tables[3];
int n_tables;

float *uninitialised(size_t n)
{
    float *base = malloc((n + 1) * sizeof *base);
    assert_non_null(base);
    for (size_t i = 0; i <= n; i++)
        base[i] = nanf("");
    return base + 1;
}

/* n numbers in [-1, 1). */
float *random_array(size_t n, uint64_t key)
{
    struct rng rng = rng_start(key, 0);
    float *x = uninitialised(n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(&rng, -1, 1);
    return x;
}

void release(float *x)
{
    free(x - 1);
}

float *new_scratch(size_t n)
{
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 64, (n ? n : 1) * sizeof(float)), 0);
    for (size_t i = 0; i < n; i++)
        ((float *)p)[i] = nanf("");
    return p;
}

void check_close(const char *table, const char *what, const float *a, const float *expected, size_t n)
{
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - (double)expected[i]);
        error = e <= error ? error : isnan(e) ? HUGE_VAL : e;
        scale = fmax(scale, fabs((double)expected[i]));
    }
    if (!(error <= TOLERANCE * scale))
        fail_msg("%s, %s: error %g, largest element %g", table, what, error, scale);
}

/* Whatever is NaN or infinite in the reference must not look like a number. */
void check_propagates(const char *table, const char *what, const float *a, const float *expected, size_t n)
{
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        bad += isfinite(expected[i]) ? 0 : 1;
        if (!isfinite(expected[i]) && isfinite(a[i]))
            fail_msg("%s, %s: element %zu is %g where the reference has %g", table, what, i, (double)a[i],
                     (double)expected[i]);
    }
    assert_true(bad > 0);
}

void check_finite(const char *table, const char *what, const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(a[i]))
            fail_msg("%s, %s: element %zu is %g, far from any NaN of the inputs", table, what, i,
                     (double)a[i]);
}

/* Every table but the reference that this CPU runs. */
int find_tables(void **state)
{
    (void)state;
    for (int isa = KERNELS_BLAS; isa <= KERNELS_AVX512; isa++) {
        struct err err = {0};
        tables[n_tables] = kernels_get((enum kernels_isa)isa, &err);
        if (tables[n_tables])
            n_tables++;
        else
            print_message("skipped: %s\n", err.text);
    }
    return 0;
}
