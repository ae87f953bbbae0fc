#include "tables/cost.h"

#include <math.h>
#include <string.h>

static int is_none(const struct summary_group *group)
{
    return strcmp(group->cell->strategy, "none") == 0;
}

/* Words for better, worse, no evidence and no verdict. */
static const char *const balanced_words[] = {"gained", "lost", "no evidence", "no verdict"},
                         *const brier_words[] = {"gained", "cost", "no evidence", "no verdict"};

/* A comparison as the strategy minus none. better: 1 when more of the score is better. */
static struct cost_side side_of(const struct compare_row *row, const char *const *word, const char *metric)
{
    struct cost_side side = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, 0, word[3]};
    if (!row)
        return side;
    struct contrast c = row->contrast;
    int turned = is_none(row->a), better = row->verdict == VERDICT_BETTER;
    contrast_within(&c, metric);
    side.difference = turned ? -c.mean : c.mean;
    side.low = turned ? -c.high : c.low;
    side.high = turned ? -c.low : c.high;
    side.p_holm = row->p_holm;
    if (better || row->verdict == VERDICT_WORSE)
        side.sign = better != turned ? 1 : -1;
    side.word = side.sign > 0                  ? word[0]
                : side.sign < 0                ? word[1]
                : row->verdict == VERDICT_NONE ? word[2]
                                               : word[3];
    return side;
}

/* The same pair in another comparison, which is most often at the same place. */
static const struct compare_row *same_pair(const struct compare *compare, const struct compare_row *row,
                                           int at)
{
    for (int i = 0; i < compare->n; i++) {
        const struct compare_row *other = &compare->row[(at + i) % compare->n];
        if (other->group_a == row->group_a && other->group_b == row->group_b)
            return other;
    }
    return NULL;
}

static int setting_of(const struct compare *compare, int row)
{
    int family = 0;
    while (compare->family[family].end <= row)
        family++;
    return compare->family[family].part;
}

int cost_next(const struct findings *f, int *at, struct cost *out)
{
    const struct compare *compare = f->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    for (int i = *at; i < compare->n; i++) {
        const struct compare_row *row = &compare->row[i];
        if (is_none(row->a) == is_none(row->b) || !findings_shows(f, row))
            continue;
        *at = i + 1;
        *out = (struct cost){is_none(row->a) ? row->b : row->a, setting_of(compare, i), row->contrast.n,
                             side_of(row, balanced_words, "balanced_accuracy"),
                             side_of(same_pair(f->brier, row, i), brier_words, "brier")};
        return 1;
    }
    return 0;
}

/* ---- the sentence ---- */

int cost_n_settings(const struct findings *f)
{
    struct cost cost;
    int n = 0, last = -1;
    for (int at = 0; cost_next(f, &at, &cost); last = cost.setting)
        n += cost.setting != last;
    return n;
}

static void write_side(FILE *file, const struct cost_side *side, const char *score)
{
    double sign = side->difference < 0 ? -1 : 1;
    double low = sign > 0 ? side->low : -side->high, high = sign > 0 ? side->high : -side->low;
    fprintf(file, "%s %.3f (%.3f to %.3f) in %s", side->word, fabs(side->difference), low, high, score);
}

/* Of one setting: every strategy with something to say. Returns how many. */
static int write_strategies(FILE *file, const struct findings *f)
{
    struct cost cost;
    char name[COMBINATION_LABEL_SIZE];
    int n = 0;
    for (int at = 0; cost_next(f, &at, &cost);) {
        if (cost.balanced.sign == 0 && cost.brier.sign == 0)
            continue;
        fprintf(
            file, "%s%s ", n++ ? "; " : "Against none: ",
            combination_label(f->summary->store, cost.group->cell, FACTOR_STRATEGY, f->whole->varying, name));
        if (cost.balanced.sign != 0)
            write_side(file, &cost.balanced, "balanced accuracy");
        if (cost.balanced.sign != 0 && cost.brier.sign != 0)
            fputs(" and ", file);
        if (cost.brier.sign != 0)
            write_side(file, &cost.brier, "Brier score");
    }
    return n;
}

/* What a strategy did over settings. */
struct tally {
    const char *strategy;
    int n, gained, lost, better, cost;
    double balanced, brier; /* sums of differences */
};

static void add(struct tally *tally, const struct cost *cost)
{
    tally->n++;
    tally->gained += cost->balanced.sign > 0;
    tally->lost += cost->balanced.sign < 0;
    tally->better += cost->brier.sign > 0;
    tally->cost += cost->brier.sign < 0;
    tally->balanced += cost->balanced.difference;
    tally->brier += cost->brier.difference;
}

/* The strategy of the k-th comparison, when none before it has it, over all of them; else n is 0. */
static struct tally tally_of(const struct findings *f, int k)
{
    struct tally tally = {0};
    struct cost cost;
    int at = 0;
    for (int i = 0; i <= k && cost_next(f, &at, &cost); i++)
        tally.strategy = cost.group->cell->strategy;
    at = 0;
    for (int i = 0; tally.strategy && cost_next(f, &at, &cost); i++)
        if (strcmp(cost.group->cell->strategy, tally.strategy) == 0) {
            if (i < k)
                return (struct tally){0};
            add(&tally, &cost);
        }
    return tally;
}

static void write_counts(FILE *file, int better, int worse, const char *word, double mean, const char *score)
{
    if (better > 0)
        fprintf(file, "gained %s in %d", score, better);
    if (better > 0 && worse > 0)
        fputs(" and ", file);
    if (worse > 0)
        fprintf(file, "%s %s in %d", word, score, worse);
    if (better > 0 || worse > 0)
        fprintf(file, " (mean %+.3f)", mean);
}

/* Of several settings: every strategy that has something to say in one of them. Returns how many. */
static int write_tallies(FILE *file, const struct findings *f, int n_settings)
{
    int n = 0, rows = 0, at = 0;
    struct cost cost;
    while (cost_next(f, &at, &cost))
        rows++;
    for (int k = 0; k < rows; k++) {
        struct tally t = tally_of(f, k);
        if (t.gained + t.lost + t.better + t.cost == 0)
            continue;
        if (n == 0)
            fprintf(file, "Against none, taken setting by setting, of %d: ", n_settings);
        fprintf(file, "%s%s ", n++ ? "; " : "", t.strategy);
        write_counts(file, t.gained, t.lost, "lost", t.balanced / t.n, "balanced accuracy");
        if (t.gained + t.lost > 0 && t.better + t.cost > 0)
            fputs(", ", file);
        write_counts(file, t.better, t.cost, "cost", t.brier / t.n, "Brier score");
    }
    return n;
}

void cost_sentence(FILE *file, const struct findings *f)
{
    int settings = cost_n_settings(f);
    if (settings == 0)
        return;
    int said = settings == 1 ? write_strategies(file, f) : write_tallies(file, f, settings);
    fputs(said ? ".\n"
               : "No strategy is shown to gain balanced accuracy over none, or to cost Brier score.\n",
          file);
}
