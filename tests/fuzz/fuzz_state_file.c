/* A checkpoint. Its checksum is made right in most inputs: else nothing behind it would ever be looked at. */
#include "fuzz.h"

#include "state_file.h"

#include <math.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed)
{
    n = LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, n, max) : n;
    if (n >= 16 && seed % 16)
        state_file_seal(bytes, n);
    return n;
}

/* Touch the ends of everything that a state points to. */
static double touch(const struct state_file *state)
{
    double sum = 0;
    for (int i = 0; i < state->epoch * N_ALL_METRICS; i++)
        for (int k = 0; k < N_CURVE_SETS; k++)
            sum += (double)state->metrics[curve_sets[k]][i];
    for (int i = 0; i < state->arrays.n; i++) {
        const struct array *a = &state->arrays.item[i];
        const unsigned char *bytes = a->data;
        sum += bytes[0] + bytes[array_bytes(a) - 1] + (int)strlen(a->name);
    }
    return sum;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static const struct state_file_identity want = {"key", "data", "kernels", "program"};
    static volatile double sink;
    struct state_file state;
    struct err err = {0};
    int epoch = 0;
    int rc = fuzz_check(state_file_parse(bytes, n, "x.ckpt", &want, &state, &err), &err);
    if (rc == 0)
        sink = touch(&state);
    state_file_free(&state);
    fuzz_check(state_file_peek(fuzz_file(0, bytes, n), &want, &epoch, &err), &err);
    (void)sink;
    return rc == 0;
}
