/* A pair of versus.h in words. */
#include "stats/versus.h"

#include <math.h>
#include <string.h>

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

/* What the rows of a pair come to. */
struct tally {
    int compared, tested, better, worse, impossible;
    double low, high, sum;
};

static struct tally count(const struct versus *v, const struct versus_pair *pair)
{
    struct tally t = {.low = HUGE_VAL, .high = -HUGE_VAL};
    for (int i = pair->begin; i < pair->end; i++) {
        const struct versus_row *row = &v->row[i];
        if (!row->compared)
            continue;
        t.compared++;
        t.tested += !isnan(row->p_holm);
        t.better += row->verdict == VERDICT_BETTER;
        t.worse += row->verdict == VERDICT_WORSE;
        t.impossible += row->verdict == VERDICT_IMPOSSIBLE;
        t.sum += row->contrast.mean;
        t.low = fmin(t.low, row->contrast.mean);
        t.high = fmax(t.high, row->contrast.mean);
    }
    return t;
}

/* Settings of their own in which the two of a pair differ. */
static unsigned differing(const struct versus *v, const struct versus_pair *pair)
{
    unsigned own = combination_own(v->summary->store, v->factor), found = 0;
    for (int f = 0; f < combination_n_factors(v->summary->store); f++)
        if (own >> f & 1 &&
            strcmp(combination_value(pair->job[0], f), combination_value(pair->job[1], f)) != 0)
            found |= FACTOR(f);
    return found;
}

static void write_what_both_have(FILE *file, const struct versus *v, const struct versus_pair *pair)
{
    char label[COMBINATION_LABEL_SIZE];
    fprintf(file, "Sweep %s against %s: ",
            combination_label(v->summary->store, pair->job[1], v->factor, differing(v, pair), label),
            pair->first);
    fprintf(file, "%d combination%s in both", pair->both, plural(pair->both));
    int compared = count(v, pair).compared;
    if (compared < pair->both)
        fprintf(file, " (%d with finished jobs in both)", compared);
    if (pair->only_first)
        fprintf(file, ", %d only in %s", pair->only_first, pair->first);
    if (pair->only_second)
        fprintf(file, ", %d only in %s", pair->only_second, pair->second);
    fputc('.', file);
}

static void write_bits(FILE *file, const struct versus *v, const struct versus_pair *pair)
{
    const struct store_difference *d = &pair->difference;
    char job[512];
    if (pair->n_same == 0) {
        fputs(" No finished job is the same in both, so there are no bits to compare.", file);
        return;
    }
    fprintf(file, " Equal to the bit: %d of %d job%s that both finished", pair->n_equal, pair->n_same,
            plural(pair->n_same));
    if (pair->unequal[0] < 0) {
        fputc('.', file);
        return;
    }
    const struct store_job *row = &store_jobs(v->summary->store)[pair->unequal[0]];
    combination_filter(v->summary->store, row,
                       combination_shown(v->summary->varying) &
                           ~combination_own(v->summary->store, v->factor),
                       job, sizeof job);
    fprintf(file,
            "; the first that is not: %s, seed %lld, fold %d, repeat %d, where cell %llu of %s is %s and %s.",
            job, (long long)row->seed, row->fold, row->repeat, d->at, d->path, d->from, d->to);
}

static void write_differences(FILE *file, const struct versus *v, const struct versus_pair *pair)
{
    struct tally t = count(v, pair);
    if (t.compared == 0)
        return;
    if (t.low == 0 && t.high == 0) {
        fputs(" No mean test balanced accuracy differs.", file);
        return;
    }
    fprintf(file, " Test balanced accuracy of %s is %+.3f in the mean of %d combination%s (%+.3f to %+.3f)",
            pair->second, t.sum / t.compared, t.compared, plural(t.compared), t.low, t.high);
    if (t.better + t.worse > 0)
        fprintf(file, ", significantly higher in %d and lower in %d of the %d tested", t.better, t.worse,
                t.tested);
    else if (t.tested > 0)
        fprintf(file, ", significantly different in none%s",
                t.impossible == t.tested ? ", and with so few runs in none it could be" : "");
    else
        fputs(", which one run tells no more about", file);
    if (t.tested > 0)
        fprintf(file, " (paired by seed and fold, Holm-adjusted for %d test%s, p < %g)", t.tested,
                plural(t.tested), contrast_alpha);
    fputc('.', file);
}

void versus_words(FILE *file, const struct versus *versus, int pair)
{
    write_what_both_have(file, versus, &versus->pair[pair]);
    write_bits(file, versus, &versus->pair[pair]);
    write_differences(file, versus, &versus->pair[pair]);
}
