/* rng.h - counter-based random numbers (Philox4x32-10 of Random123), one stream a purpose.
 *
 * A stream is a 64-bit key, hashed from a purpose and whatever identifies the thing it decides
 * ("split" of these clusters, "weights" of this network and seed), and a 64-bit substream (an epoch,
 * an image). Block i of a stream is a pure function of (key, substream, i): nothing depends on what
 * was drawn before, by whom, or where.
 *
 *     struct rng rng = rng_start(rng_key("shuffle", job_key, strlen(job_key)), epoch);
 *     rng_shuffle(&rng, order, n);
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11. Pure functions, thread-safe. */
#ifndef CELLSWEEP_RNG_H
#define CELLSWEEP_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t key;       /* what the numbers are for */
    uint64_t substream; /* high half of the counter */
    uint64_t block;     /* low half of the counter: next block to draw */
    uint32_t word[4];   /* the block in use */
    int left;           /* words of it not yet handed out, 0 to 4 */
};

/* Key of the stream for `purpose`, a short constant name, and n bytes of identity. XXH3, 64 bits. */
uint64_t rng_key(const char *purpose, const void *identity, size_t n);

/* A stream at its beginning. */
struct rng rng_start(uint64_t key, uint64_t substream);

/* Block `block` of a stream, 4 words of 32 random bits, without any state: for masks made in any order. */
void rng_block(uint64_t key, uint64_t substream, uint64_t block, uint32_t out[4]);

/* Next 32 random bits. */
uint32_t rng_u32(struct rng *rng);

/* Next integer, uniform on 0 .. n-1 without bias (Lemire's method with rejection). n >= 1. */
uint32_t rng_below(struct rng *rng, uint32_t n);

/* Next double, uniform on [0, 1): 53 random bits. */
double rng_uniform(struct rng *rng);

/* Next double, uniform on [low, high). */
double rng_between(struct rng *rng, double low, double high);

/* Next standard normal double (Box-Muller, one of the pair used). */
double rng_normal(struct rng *rng);

/* Permute n ints in place, uniformly (Fisher and Yates). */
void rng_shuffle(struct rng *rng, int *items, int n);

#endif
