#include "draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

const double draws_high_overlap = 0.5;

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* ---- collecting ---- */

/* Room for one more item of an array. */
static void *grow(void *array, int n, int *room, size_t size, struct err *err)
{
    if (n < *room)
        return array;
    int more = 2 * *room + 16;
    void *grown = realloc(array, (size_t)more * size);
    if (!grown)
        err_set(err, E_IO, "no memory for %d test sets", more);
    else
        *room = more;
    return grown;
}

static int open_draw(struct draws *draws, int64_t seed, int64_t repeat, struct err *err)
{
    const struct draws_draw *last = draws->n_draws ? &draws->draw[draws->n_draws - 1] : NULL;
    if (last && last->seed == seed && last->repeat == repeat)
        return 0;
    struct draws_draw *draw = grow(draws->draw, draws->n_draws, &draws->draw_room, sizeof *draws->draw, err);
    if (!draw)
        return E_IO;
    draws->draw = draw;
    draw[draws->n_draws++] = (struct draws_draw){seed, repeat, draws->n_sets, 0};
    return 0;
}

/* image (n) ascending, each once; returns how many. */
static int tidy(int *image, int n)
{
    int kept = 0;
    qsort(image, (size_t)n, sizeof *image, compare_ints);
    for (int i = 0; i < n; i++)
        if (i == 0 || image[i] != image[i - 1])
            image[kept++] = image[i];
    return kept;
}

int draws_add(struct draws *draws, int64_t seed, int64_t repeat, const int *image, int n, struct err *err)
{
    int rc = open_draw(draws, seed, repeat, err);
    struct draws_set *set =
        rc == 0 ? grow(draws->set, draws->n_sets, &draws->set_room, sizeof *draws->set, err) : NULL;
    if (!set)
        return E_IO;
    draws->set = set;
    int *copy = err_calloc((unsigned long)n + 1, sizeof *copy, "a test set", err);
    if (!copy)
        return E_IO;
    if (n > 0)
        memcpy(copy, image, (size_t)n * sizeof *copy);
    set = &set[draws->n_sets++];
    set->n = tidy(copy, n);
    set->hash = XXH3_64bits(copy, (size_t)set->n * sizeof *copy);
    set->image = draws->n_draws <= DRAWS_COMPARED ? copy : NULL;
    if (!set->image)
        free(copy);
    draws->draw[draws->n_draws - 1].n++;
    return 0;
}

/* ---- comparing ---- */

static double jaccard(const struct draws_set *a, const struct draws_set *b)
{
    int both = 0;
    if (a->hash == b->hash && a->n == b->n)
        return 1;
    for (int i = 0, k = 0; i < a->n && k < b->n;) {
        int x = a->image[i], y = b->image[k];
        both += x == y;
        i += x <= y;
        k += y <= x;
    }
    return (double)both / (a->n + b->n - both);
}

/* How well the sets of a are met by those of b. */
static double met(const struct draws *draws, const struct draws_draw *a, const struct draws_draw *b)
{
    double sum = 0;
    for (int i = 0; i < a->n; i++) {
        double best = 0;
        for (int k = 0; k < b->n; k++)
            best = fmax(best, jaccard(&draws->set[a->begin + i], &draws->set[b->begin + k]));
        sum += best;
    }
    return sum / a->n;
}

static double mean_overlap(const struct draws *draws, int n_sets)
{
    int compared = draws->n_draws < DRAWS_COMPARED ? draws->n_draws : DRAWS_COMPARED, pairs = 0;
    double sum = 0;
    for (int i = 0; i < compared; i++)
        for (int k = i + 1; k < compared; k++)
            if (draws->draw[i].n == n_sets && draws->draw[k].n == n_sets) {
                sum += met(draws, &draws->draw[i], &draws->draw[k]);
                pairs++;
            }
    return pairs ? sum / pairs : (double)NAN;
}

/* Of all sets of a draw, in whatever order they stand. room: one number a set. */
static uint64_t draw_hash(const struct draws *draws, const struct draws_draw *draw, uint64_t *room)
{
    for (int i = 0; i < draw->n; i++)
        room[i] = draws->set[draw->begin + i].hash;
    qsort(room, (size_t)draw->n, sizeof *room, compare_hashes);
    return XXH3_64bits(room, (size_t)draw->n * sizeof *room);
}

static void measure_sets(const struct draws *draws, struct draws_summary *out)
{
    for (int d = 0; d < draws->n_draws; d++)
        out->n_sets = draws->draw[d].n > out->n_sets ? draws->draw[d].n : out->n_sets;
    for (int i = 0; i < draws->n_sets; i++) {
        int n = draws->set[i].n;
        out->least = i == 0 || n < out->least ? n : out->least;
        out->most = n > out->most ? n : out->most;
    }
}

int draws_summarise(const struct draws *draws, struct draws_summary *out, struct err *err)
{
    *out = (struct draws_summary){.overlap = (double)NAN};
    measure_sets(draws, out);
    uint64_t *hash = err_calloc((unsigned long)draws->n_draws + 1, sizeof *hash, "test sets", err);
    uint64_t *room = err_calloc((unsigned long)out->n_sets + 1, sizeof *room, "test sets", err);
    int rc = hash && room ? 0 : E_IO;
    for (int d = 0; d < draws->n_draws && rc == 0; d++)
        if (draws->draw[d].n == out->n_sets)
            hash[out->drawn++] = draw_hash(draws, &draws->draw[d], room);
    if (rc == 0) {
        qsort(hash, (size_t)out->drawn, sizeof *hash, compare_hashes);
        for (int i = 0; i < out->drawn; i++)
            out->distinct += i == 0 || hash[i] != hash[i - 1];
        out->overlap = mean_overlap(draws, out->n_sets);
    }
    free(room);
    free(hash);
    return rc;
}

int draws_are_few(const struct draws_summary *s)
{
    return s->drawn > 1 && (s->distinct < s->drawn || s->overlap > draws_high_overlap);
}

int draws_are_one(const struct draws_summary *s)
{
    return s->drawn > 1 && s->distinct == 1;
}

void draws_release(struct draws *draws)
{
    for (int i = 0; i < draws->n_sets; i++)
        free(draws->set[i].image);
    free(draws->set);
    free(draws->draw);
    *draws = (struct draws){0};
}
