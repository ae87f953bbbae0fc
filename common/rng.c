#include "rng.h"

#include <math.h>
#include <Random123/philox.h>
#include <string.h>
#include <xxhash.h>

uint64_t rng_key(const char *purpose, const void *identity, size_t n)
{
    return XXH3_64bits_withSeed(identity, n, XXH3_64bits(purpose, strlen(purpose)));
}

struct rng rng_start(uint64_t key, uint64_t substream)
{
    struct rng rng = {.key = key, .substream = substream};
    return rng;
}

void rng_block(uint64_t key, uint64_t substream, uint64_t block, uint32_t out[4])
{
    philox4x32_ctr_t ctr = {
        {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)substream, (uint32_t)(substream >> 32)}};
    philox4x32_key_t k = {{(uint32_t)key, (uint32_t)(key >> 32)}};
    philox4x32_ctr_t r = philox4x32(ctr, k);
    memcpy(out, r.v, sizeof r.v);
}

uint32_t rng_u32(struct rng *rng)
{
    if (rng->left == 0) {
        rng_block(rng->key, rng->substream, rng->block++, rng->word);
        rng->left = 4;
    }
    return rng->word[4 - rng->left--];
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)rng_u32(rng) * n;
    if ((uint32_t)product < n) {
        uint32_t threshold = (0u - n) % n;
        while ((uint32_t)product < threshold)
            product = (uint64_t)rng_u32(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

double rng_uniform(struct rng *rng)
{
    uint64_t high = rng_u32(rng) >> 5, low = rng_u32(rng) >> 6;
    return (double)((high << 26) | low) * 0x1p-53;
}

double rng_between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
}

double rng_normal(struct rng *rng)
{
    double radius = sqrt(-2.0 * log1p(-rng_uniform(rng)));
    return radius * cos(6.283185307179586 * rng_uniform(rng));
}

void rng_shuffle(struct rng *rng, int *items, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(rng, (uint32_t)i + 1);
        int item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}
