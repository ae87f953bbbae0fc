#include "kernels/kernels.h"

#include <cblas.h>
#include <string.h>

struct entry {
    enum kernels_isa isa;
    const struct kernels *table;
};

/* Best last. */
static const struct entry TABLES[] = {{KERNELS_REFERENCE, &kernels_reference},
                                      {KERNELS_BLAS, &kernels_blas},
                                      {KERNELS_AVX2, &kernels_avx2},
                                      {KERNELS_AVX512, &kernels_avx512}};
enum { N_TABLES = sizeof TABLES / sizeof *TABLES };

static const struct kernels *selected;

static int cpu_runs(enum kernels_isa isa)
{
    if (isa == KERNELS_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == KERNELS_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    return 1;
}

const struct kernels *kernels_get(enum kernels_isa isa, struct err *err)
{
    const struct kernels *found = NULL;
    for (int i = 0; i < N_TABLES; i++)
        if ((isa == KERNELS_AUTO || isa == TABLES[i].isa) && cpu_runs(TABLES[i].isa))
            found = TABLES[i].table;
    if (!found)
        err_set(err, E_USAGE, "this CPU cannot run the %s kernels; use --isa auto",
                isa == KERNELS_AVX2 ? "avx2" : "avx512");
    /* Any table may fall back to sgemm, whose order of additions depends on its number of threads. */
    openblas_set_num_threads(1);
    return found;
}

int kernels_isa_from_name(const char *name, enum kernels_isa *isa, struct err *err)
{
    *isa = KERNELS_AUTO;
    if (strcmp(name, "auto") == 0)
        return 0;
    for (int i = 0; i < N_TABLES; i++)
        if (strcmp(name, TABLES[i].table->name) == 0) {
            *isa = TABLES[i].isa;
            return 0;
        }
    return err_set(err, E_USAGE, "unknown instruction set '%s'; use auto, reference, blas, avx2 or avx512",
                   name);
}

const char *kernels_isa_name(enum kernels_isa isa)
{
    for (int i = 0; i < N_TABLES; i++)
        if (isa == TABLES[i].isa)
            return TABLES[i].table->name;
    return "auto";
}

enum kernels_isa kernels_best(void)
{
    enum kernels_isa best = KERNELS_REFERENCE;
    for (int i = 0; i < N_TABLES; i++)
        if (cpu_runs(TABLES[i].isa))
            best = TABLES[i].isa;
    return best;
}

int kernels_select(enum kernels_isa isa, struct err *err)
{
    const struct kernels *wanted = kernels_get(isa, err);
    if (!wanted)
        return E_USAGE;
    selected = wanted;
    return 0;
}

const struct kernels *kernels_selected(void)
{
    if (!selected)
        selected = kernels_get(KERNELS_AUTO, NULL);
    return selected;
}
