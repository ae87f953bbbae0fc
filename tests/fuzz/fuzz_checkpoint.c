/* A checkpoint. Its checksum is made right in most inputs: else nothing behind it would ever be looked at. */
#include "fuzz.h"

#include "checkpoint.h"

#include <math.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed)
{
    n = LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, n, max) : n;
    if (n >= 16 && seed % 16)
        checkpoint_seal(bytes, n);
    return n;
}

/* Touch the ends of everything that a state points to. */
static double touch(const struct checkpoint *state)
{
    size_t n = state->n_params;
    double sum = 0;
    for (int i = 0; i < state->epoch * N_METRICS; i++)
        sum += (double)state->train[i] + (double)state->test[i];
    for (int m = 0; m < state->n_members && n; m++)
        sum += (double)state->params[m][n - 1] + (double)state->moments[m][2 * n - 1];
    if (state->best && n)
        sum += (double)state->best[(size_t)state->n_members * n - 1];
    return sum;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static const struct checkpoint_identity want = {"key", "data", "kernels", "program"};
    static volatile double sink;
    struct checkpoint state;
    struct err err = {0};
    int epoch = 0;
    int rc = fuzz_check(checkpoint_parse(bytes, n, "x.ckpt", &want, &state, &err), &err);
    if (rc == 0)
        sink = touch(&state);
    checkpoint_free(&state);
    fuzz_check(checkpoint_peek(fuzz_file(0, bytes, n), &want, &epoch, &err), &err);
    (void)sink;
    return rc == 0;
}
