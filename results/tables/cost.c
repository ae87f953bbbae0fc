#include "tables/cost.h"
#include "stats/overall.h"

#include <math.h>
#include <stdlib.h>
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

/* The same pair in another comparison, which is most often at the same place; -1: it is not there. */
static int same_pair(const struct compare *compare, const struct compare_row *row, int at)
{
    for (int i = 0; i < compare->n; i++) {
        const struct compare_row *other = &compare->row[(at + i) % compare->n];
        if (other->group_a == row->group_a && other->group_b == row->group_b)
            return (at + i) % compare->n;
    }
    return -1;
}

static int family_of(const struct compare *compare, int row)
{
    int least = 0, most = compare->n_families - 1;
    while (least < most) {
        int middle = (least + most) / 2;
        if (compare->family[middle].end <= row)
            least = middle + 1;
        else
            most = middle;
    }
    return least;
}

static struct cost_side trust_side(const struct findings *f, int t, const struct compare_row *row, int at)
{
    int same = same_pair(f->trust[t], row, at);
    return side_of(same < 0 ? NULL : &f->trust[t]->row[same], brier_words, trust_names[t]);
}

int cost_next(const struct findings *f, int *at, struct cost *out)
{
    const struct compare *compare = f->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    for (int i = *at; i < compare->n; i++) {
        const struct compare_row *row = &compare->row[i];
        if (is_none(row->a) == is_none(row->b) || !findings_shows(f, row))
            continue;
        int brier = same_pair(f->trust[TRUST_BRIER], row, i);
        *at = i + 1;
        *out = (struct cost){is_none(row->a) ? row->b : row->a,
                             family_of(compare, i),
                             row->contrast.n,
                             i,
                             brier,
                             side_of(row, balanced_words, "balanced_accuracy"),
                             trust_side(f, TRUST_BRIER, row, i),
                             trust_side(f, TRUST_LOG_LOSS, row, i),
                             trust_side(f, TRUST_ECE, row, i)};
        return 1;
    }
    return 0;
}

static struct costs_side drawn(const struct cost_side *side)
{
    return (struct costs_side){side->difference, side->low, side->high, side->sign};
}

int cost_rows(const struct findings *f, struct costs_row **out, struct err *err)
{
    struct cost cost;
    int n = 0, at = 0;
    while (cost_next(f, &at, &cost))
        n++;
    struct costs_row *row = *out = err_calloc((unsigned long)n, sizeof *row, "costs", err);
    at = 0;
    for (int i = 0; i < n && row && cost_next(f, &at, &cost); i++)
        row[i] = (struct costs_row){
            cost.group,
            cost.family,
            cost.n,
            {drawn(&cost.balanced), drawn(&cost.brier), drawn(&cost.log_loss), drawn(&cost.ece)}};
    return row ? n : E_IO;
}

/* ---- the sentence ---- */

/* Comparisons by each score, as one family over all settings. */
struct judged {
    const struct findings *findings;
    struct overall *balanced, *brier;
};

/* A side as the adjustment for all settings leaves it. */
static void judge_side(struct cost_side *side, const struct overall *overall, int row,
                       const char *const *word)
{
    int turned = row >= 0 && is_none(overall->compare->row[row].a);
    side->sign = row < 0 ? 0 : (turned ? -1 : 1) * overall_direction(overall, row);
    side->word = word[side->sign > 0 ? 0 : side->sign < 0 ? 1 : 2];
}

/* The next one of a setting that counts. alone: how it is judged in its setting alone, 1 or 0 a score. */
static int next(const struct judged *j, int *at, struct cost *out, int alone[2])
{
    while (cost_next(j->findings, at, out)) {
        if (!overall_counts(j->balanced, out->family))
            continue;
        alone[0] = out->balanced.sign != 0;
        alone[1] = out->brier.sign != 0;
        judge_side(&out->balanced, j->balanced, out->row, balanced_words);
        judge_side(&out->brier, j->brier, out->brier_row, brier_words);
        return 1;
    }
    return 0;
}

/* What is significant over settings: in how many of them, by either score, together and each alone. */
struct counts {
    int settings, together[2], alone[2];
};

static struct counts count_settings(const struct judged *j)
{
    struct counts n = {0};
    struct cost cost;
    int alone[2], last = -1, seen[4] = {0};
    for (int at = 0; next(j, &at, &cost, alone); last = cost.family) {
        int is[4] = {cost.balanced.sign != 0, cost.brier.sign != 0, alone[0], alone[1]};
        if (cost.family != last) {
            n.settings++;
            memset(seen, 0, sizeof seen);
        }
        for (int k = 0; k < 4; k++) {
            (k < 2 ? n.together : n.alone)[k % 2] += is[k] && !seen[k];
            seen[k] |= is[k];
        }
    }
    return n;
}

static void write_side(FILE *file, const struct cost_side *side, const char *score)
{
    double sign = side->difference < 0 ? -1 : 1;
    double low = sign > 0 ? side->low : -side->high, high = sign > 0 ? side->high : -side->low;
    fprintf(file, "%s %.3f (%.3f to %.3f) in %s", side->word, fabs(side->difference), low, high, score);
}

/* Of one setting: every strategy with something to say. */
static void write_strategies(FILE *file, const struct judged *j)
{
    const struct findings *f = j->findings;
    struct cost cost;
    char name[COMBINATION_LABEL_SIZE];
    int n = 0, alone[2];
    for (int at = 0; next(j, &at, &cost, alone);) {
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

/* What every strategy did, in the order of their first comparisons; tally has room for all of them. Returns
 * how many they are. */
static int take_tallies(const struct judged *j, struct tally *tally)
{
    struct cost cost;
    int n = 0, alone[2];
    for (int at = 0; next(j, &at, &cost, alone);) {
        int k = 0;
        while (k < n && strcmp(tally[k].strategy, cost.group->cell->strategy) != 0)
            k++;
        if (k == n)
            tally[n++] = (struct tally){.strategy = cost.group->cell->strategy};
        add(&tally[k], &cost);
    }
    return n;
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
        fprintf(file, " (mean of all %+.3f)", mean);
}

/* Of several settings: every strategy that has something to say in one of them. */
static void write_tallies(FILE *file, const struct judged *j, int n_settings)
{
    struct tally *tally = calloc((size_t)j->balanced->compare->n + 1, sizeof *tally);
    int n = 0, n_tallies = tally ? take_tallies(j, tally) : 0;
    for (int k = 0; k < n_tallies; k++) {
        struct tally t = tally[k];
        if (t.gained + t.lost + t.better + t.cost == 0)
            continue;
        if (n == 0)
            fprintf(file, "Against none, over %d settings: ", n_settings);
        fprintf(file, "%s%s ", n++ ? "; " : "", t.strategy);
        write_counts(file, t.gained, t.lost, "lost", t.balanced / t.n, "balanced accuracy");
        if (t.gained + t.lost > 0 && t.better + t.cost > 0)
            fputs(", ", file);
        write_counts(file, t.better, t.cost, "cost", t.brier / t.n, "Brier score");
    }
    free(tally);
}

/* " (10 comparisons a score, in all settings together, Holm-adjusted p < 0.05)". */
static void write_family(FILE *file, const struct overall *o)
{
    fprintf(file, " (%d comparison%s a score%s, Holm-adjusted p < %g)", o->rows, o->rows == 1 ? "" : "s",
            o->settings > 1 ? ", in all settings together" : "", contrast_alpha);
}

static void write_sentence(FILE *file, const struct judged *j)
{
    struct counts n = count_settings(j);
    int impossible = overall_impossible(j->balanced) + overall_impossible(j->brier);
    if (n.settings == 0)
        return;
    if (n.together[0] + n.together[1] == 0) {
        fputs("No strategy is shown to gain balanced accuracy over none, or to cost Brier score", file);
        write_family(file, j->balanced);
        fputs(impossible == j->balanced->rows + j->brier->rows ? ", and with so few runs none could be"
              : impossible > 0                                 ? "; some could not be with so few runs"
                                                               : "",
              file);
    } else {
        if (n.settings == 1)
            write_strategies(file, j);
        else
            write_tallies(file, j, n.settings);
        write_family(file, j->balanced);
    }
    fputc('.', file);
    if (n.alone[0] > n.together[0] || n.alone[1] > n.together[1])
        fprintf(file,
                " Taken setting by setting, balanced accuracy differs from that of none in %d and the Brier "
                "score in %d of %d; up to %.3g of each may by chance.",
                n.alone[0], n.alone[1], n.settings, contrast_alpha * n.settings);
    fputc('\n', file);
}

static int judge(struct judged *j, const struct findings *f)
{
    *j = (struct judged){.findings = f};
    int rc = overall_new(f->whole, f->compared[FACTOR_STRATEGY][REPLICATES_TEST], &j->balanced, NULL);
    return rc == 0 ? overall_new(f->whole, f->trust[TRUST_BRIER], &j->brier, NULL) : rc;
}

static void release(struct judged *j)
{
    overall_free(j->balanced);
    overall_free(j->brier);
}

int cost_n_settings(const struct findings *f)
{
    struct judged j;
    int n = judge(&j, f) == 0 ? count_settings(&j).settings : 0;
    release(&j);
    return n;
}

void cost_sentence(FILE *file, const struct findings *f)
{
    struct judged j;
    if (judge(&j, f) == 0)
        write_sentence(file, &j);
    release(&j);
}
