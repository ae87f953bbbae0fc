#include "sweep/order.h"

#include <stdlib.h>
#include <xxhash.h>

const char *const order_names[N_ORDERS + 1] = {"seed", "longest", NULL};

/* Where a job stands among those that differ in nothing but seed, repeat and fold. */
struct turn {
    XXH64_hash_t combination; /* all but these */
    int64_t seed;
    int number;        /* of the seed, from 0, as they come in the grid */
    int job, is_later; /* 1: others go first */
    int repeat, fold;
};

static XXH64_hash_t combination_of(const struct config *config)
{
    struct config same = *config;
    same.seed = same.repeat = same.fold = 0;
    return XXH3_64bits(&same, sizeof same);
}

static int by_combination(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->combination != y->combination)
        return x->combination < y->combination ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static int compare(int a, int b)
{
    return (a > b) - (a < b);
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    int order = compare(x->is_later, y->is_later);
    order = order ? order : compare(x->number, y->number);
    order = order ? order : compare(x->repeat, y->repeat);
    return order ? order : compare(x->fold, y->fold);
}

static void number_seeds(struct turn *turn, int n)
{
    qsort(turn, (size_t)n, sizeof *turn, by_combination);
    for (int i = 1; i < n; i++)
        if (turn[i].combination == turn[i - 1].combination)
            turn[i].number = turn[i - 1].number + (turn[i].seed != turn[i - 1].seed);
}

static void list_turns(const struct sweep *sweep, enum order order, const char *first, struct turn *turn,
                       int n)
{
    for (int j = 0; j < n; j++) {
        struct config config;
        turn[j] = (struct turn){.job = j, .is_later = first && !first[j]};
        if (order == ORDER_LONGEST)
            continue;
        sweep_config(sweep, j, &config);
        turn[j].combination = combination_of(&config);
        turn[j].seed = config.seed;
        turn[j].repeat = sweep->job[j].repeat;
        turn[j].fold = sweep->job[j].fold;
    }
    if (order == ORDER_SEED)
        number_seeds(turn, n);
}

int order_waves(const struct sweep *sweep, enum order order, const char *first, int *wave, int *n_first,
                struct err *err)
{
    int n = sweep->n_jobs - sweep->n_trials, number = 0;
    struct turn *turn = err_calloc((size_t)n, sizeof *turn, "the order of jobs", err);
    *n_first = 0;
    if (!turn)
        return E_IO;
    list_turns(sweep, order, first, turn, n);
    qsort(turn, (size_t)n, sizeof *turn, by_turn);
    for (int i = 0; i < n; i++) {
        number += i > 0 && by_turn(&turn[i - 1], &turn[i]) != 0;
        wave[turn[i].job] = number;
        if (first && !turn[i].is_later)
            *n_first = number + 1;
    }
    for (int j = n; j < sweep->n_jobs; j++)
        wave[j] = wave[sweep->job[j].of];
    free(turn);
    return 0;
}
