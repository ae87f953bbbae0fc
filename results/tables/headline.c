#include "tables/headline.h"
#include "stats/overall.h"

#include "strategies/balance.h"
#include "store/classes.h"
#include "figures/curves.h"
#include "models/model.h"
#include "store/repeat.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was run ---- */

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

enum { MAX_LISTED = 6, MAX_LETTERS = 120 };

/* What a value of a factor is called beside the others of a summary. */
static const char *label(const struct summary *summary, const struct store_job *cell, int factor,
                         char out[COMBINATION_LABEL_SIZE])
{
    return combination_label(summary->store, cell, factor, summary->varying, out);
}

/* What a value is called in full: by a group that reads the settings in which sweeps differ, if any does. */
static const char *full_label(const struct summary *summary, const struct store_job *const *cell,
                              const struct partition *same, int part, int factor,
                              char out[COMBINATION_LABEL_SIZE])
{
    int full = same->member[same->begin[part]];
    size_t most = strlen(label(summary, cell[full], factor, out));
    for (int i = same->begin[part]; i < same->begin[part + 1]; i++) {
        size_t n = strlen(label(summary, cell[same->member[i]], factor, out));
        full = n > most ? same->member[i] : full;
        most = n > most ? n : most;
    }
    return label(summary, cell[full], factor, out);
}

/* "strategies none, oversample; ", or "17 strategies; " when they are too many to name in a sentence. */
static void list(FILE *file, const struct summary *summary, const struct store_job *const *cell, int factor)
{
    struct partition *same = NULL;
    size_t letters = 0;
    char name[COMBINATION_LABEL_SIZE];
    unsigned own =
        combination_own(summary->store, factor) & ~(store_bound_axes(summary->store) << FACTOR_AXES);
    if (partition_new(cell, summary->n_groups, own, &same, NULL) < 0)
        return;
    for (int part = 0; part < same->n_parts; part++)
        letters += strlen(full_label(summary, cell, same, part, factor, name));
    if (same->n_parts > 1 && (same->n_parts > MAX_LISTED || letters > MAX_LETTERS)) {
        fprintf(file, "%d %s%s; ", same->n_parts,
                factor == FACTOR_CLASSES ? "sets of "
                : factor >= FACTOR_AXES  ? "values of "
                                         : "",
                combination_noun(summary->store, factor, same->n_parts));
    } else {
        fputs(combination_noun(summary->store, factor, same->n_parts), file);
        for (int part = 0; part < same->n_parts; part++)
            fprintf(file, "%s%s", part ? ", " : " ", full_label(summary, cell, same, part, factor, name));
        fputs("; ", file);
    }
    partition_free(same);
}

/* Clusters, strategies and protocols, and whatever else varies; an axis that belongs to a factor is told with
 * it. */
static void write_factors(FILE *file, const struct summary *summary)
{
    const struct store_job **cell = summary_cells(summary, NULL);
    for (int f = 0; cell && f < combination_n_factors(summary->store); f++)
        if (f <= FACTOR_PROTOCOL ||
            (summary_varies(summary, f) && !(combination_owned(summary->store) >> f & 1)))
            list(file, summary, cell, f);
    free(cell);
}

/* Epochs of the longest job that is shown, and of the shortest: those of the file without such an axis. */
static int longest_job(const struct summary *summary, int *shortest)
{
    int longest = *shortest = store_n_epochs(summary->store);
    int factor = combination_find(summary->store, "train.epochs");
    for (int g = 0; g < summary->n_groups && factor >= 0; g++) {
        int epochs = atoi(combination_value(summary->group[g].cell, factor));
        longest = g == 0 || epochs > longest ? epochs : longest;
        *shortest = g == 0 || epochs < *shortest ? epochs : *shortest;
    }
    return longest;
}

/* Jobs a group and epochs a job; of both there may be several numbers. */
static void write_size(FILE *file, const struct summary *summary)
{
    int least = summary->n_jobs, most = 0, shortest, longest = longest_job(summary, &shortest);
    for (int g = 0; g < summary->n_groups; g++) {
        least = summary->group[g].n_jobs < least ? summary->group[g].n_jobs : least;
        most = summary->group[g].n_jobs > most ? summary->group[g].n_jobs : most;
    }
    if (least < most)
        fprintf(file, "%d to ", least);
    fprintf(file, "%d job%s a combination, %s%d epoch%s.", most, plural(most),
            shortest < longest ? "up to " : "", longest, plural(longest));
}

/* Images of the clusters that are shown: every job is judged on all of its clusters'. */
static int count_images(const struct summary *summary)
{
    const struct partition *same = summary->same[SUMMARY_CLUSTERS];
    const struct dataset_image *image = store_images(summary->store);
    int n_images = store_n_images(summary->store), n = 0, cluster[CONFIG_MAX_CLUSTERS];
    unsigned char *seen = calloc((size_t)n_images + 1, 1);
    for (int part = 0; part < same->n_parts && seen; part++) {
        int k = classes_of(summary->store, summary->group[same->member[same->begin[part]]].cell, cluster);
        for (int i = 0; i < n_images; i++)
            for (int c = 0; c < k && !seen[i]; c++)
                seen[i] = image[i].cluster == cluster[c];
    }
    for (int i = 0; i < n_images && seen; i++)
        n += seen[i];
    free(seen);
    return n;
}

/* "65 of 1000 synthetic images", "1000 images" where all of them are used. */
static void write_images(FILE *file, const struct summary *summary)
{
    int all = store_n_images(summary->store), used = count_images(summary);
    if (used > 0 && used < all)
        fprintf(file, "%d of ", used);
    fprintf(file, "%d %simage%s: ", all, store_synthetic(summary->store) ? "synthetic " : "", plural(all));
}

void headline_run(FILE *file, const struct summary *summary)
{
    const struct store *store = summary->store;
    char filter[SUMMARY_FILTER_SIZE];
    fprintf(file, "Sweep %s", store_text(store, "name"));
    if (*summary_filter_text(summary, filter, sizeof filter))
        fprintf(file, ", of which this is a part (%s)", filter);
    fprintf(file, ": %d of %d job%s finished on ", summary->n_state[JOB_DONE], summary->n_jobs,
            plural(summary->n_jobs));
    write_images(file, summary);
    write_factors(file, summary);
    write_size(file, summary);
}

/* ---- what came out ---- */

static int is_tail(const struct summary_group *group)
{
    return strcmp(group->cell->protocol, "tail") == 0;
}

static int has_tail(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (is_tail(&summary->group[g]))
            return 1;
    return 0;
}

enum { NOUN_SIZE = CONFIG_WORD_SIZE + 16 };

/* Of all settings, and of those that count. */
struct outcome {
    const struct findings *findings;
    const struct compare *compare;
    const struct overall *overall;
    int significant;                          /* rows that count */
    int alone, together;                      /* settings where p_holm, or that of all, finds a difference */
    int winners;                              /* settings with one */
    const struct compare_row *first[3];       /* a row of each of the first winners, */
    const struct summary_group *winner[3];    /* and who it is */
    double low, high;                         /* least and greatest mean */
    const struct summary_group *worst, *best; /* whose they are */
};

static void widen(struct outcome *o, const struct summary_group *group, double mean)
{
    if (isnan(mean))
        return;
    if (!o->worst || mean < o->low) {
        o->low = mean;
        o->worst = group;
    }
    if (!o->best || mean > o->high) {
        o->high = mean;
        o->best = group;
    }
}

static int beats_all(const struct outcome *o, const struct compare_family *family, int group)
{
    for (int i = family->begin; i < family->end; i++) {
        const struct compare_row *row = &o->compare->row[i];
        if ((row->group_a == group && overall_direction(o->overall, i) <= 0) ||
            (row->group_b == group && overall_direction(o->overall, i) >= 0))
            return 0;
    }
    return 1;
}

static void find_winner(struct outcome *o, const struct compare_family *family)
{
    for (int i = family->begin; i < family->end; i++) {
        const struct compare_row *row = &o->compare->row[i];
        int a_wins = beats_all(o, family, row->group_a);
        if (!a_wins && !beats_all(o, family, row->group_b))
            continue;
        if (o->winners < 3) {
            o->first[o->winners] = row;
            o->winner[o->winners] = a_wins ? row->a : row->b;
        }
        o->winners++;
        return;
    }
}

static void add_family(struct outcome *o, const struct compare_family *family)
{
    int alone = 0, together = 0;
    for (int i = family->begin; i < family->end; i++) {
        const struct compare_row *row = &o->compare->row[i];
        int significant = overall_direction(o->overall, i) != 0;
        o->significant += significant;
        together |= significant;
        alone |= row->verdict == VERDICT_BETTER || row->verdict == VERDICT_WORSE;
        widen(o, row->a, row->contrast.mean_first);
        widen(o, row->b, row->contrast.mean_second);
    }
    o->alone += alone;
    o->together += together;
    find_winner(o, family);
}

static struct outcome judge(const struct findings *f, const struct overall *overall)
{
    struct outcome o = {.findings = f, .compare = overall->compare, .overall = overall};
    for (int k = 0; k < o.compare->n_families; k++)
        if (overall_counts(overall, k))
            add_family(&o, &o.compare->family[k]);
    return o;
}

/* Where values of a factor are compared: all else. */
static void write_cell(FILE *file, const struct summary *summary, const struct summary_group *group,
                       int factor)
{
    char axes[512] = "", strategy[COMBINATION_LABEL_SIZE + 16] = "", name[COMBINATION_LABEL_SIZE];
    curves_append_factors(axes, sizeof axes, summary, group, combination_own(summary->store, factor));
    if (factor != FACTOR_STRATEGY)
        snprintf(strategy, sizeof strategy, ", strategy %s",
                 label(summary, group->cell, FACTOR_STRATEGY, name));
    fprintf(file, "clusters %s (protocol %s%s%s)", group->cell->clusters, group->cell->protocol, strategy,
            axes);
}

/* "strategy", "strategies", "values of train.batch": what is compared. */
static const char *noun(const struct outcome *o, int n, char out[NOUN_SIZE])
{
    int factor = o->compare->factor;
    snprintf(out, NOUN_SIZE, "%s%s",
             factor < FACTOR_AXES ? ""
             : n == 1             ? "value of "
                                  : "values of ",
             combination_noun(o->findings->whole->store, factor, n));
    return out;
}

static const char *value_of(const struct outcome *o, const struct summary_group *group,
                            char out[COMBINATION_LABEL_SIZE])
{
    return label(o->findings->whole, group->cell, o->compare->factor, out);
}

/* Pairs of runs a comparison of a family: the fewest, and the most. */
static void write_pairs(FILE *file, const struct outcome *o, const struct compare_row *of)
{
    int least = of->contrast.n, most = least;
    for (int i = 0; i < o->compare->n; i++) {
        const struct compare_row *row = &o->compare->row[i];
        const int *setting = o->compare->settings->part_of;
        if (setting[row->group_a] == setting[of->group_a]) {
            least = row->contrast.n < least ? row->contrast.n : least;
            most = row->contrast.n > most ? row->contrast.n : most;
        }
    }
    fprintf(file, ", %d", least);
    if (most > least)
        fprintf(file, " to %d", most);
    fprintf(file, " pair%s of runs", plural(most));
}

static void write_winners(FILE *file, const struct outcome *o)
{
    char one[NOUN_SIZE], name[COMBINATION_LABEL_SIZE];
    fprintf(file, "in %d of %d setting%s one %s is significantly better than every other: ", o->winners,
            o->overall->settings, plural(o->overall->settings), noun(o, 1, one));
    for (int i = 0; i < o->winners && i < 3; i++) {
        fprintf(file, "%s%s for ", i ? "; " : "", value_of(o, o->winner[i], name));
        write_cell(file, o->findings->whole, o->winner[i], o->compare->factor);
        write_pairs(file, o, o->first[i]);
    }
    if (o->winners > 3)
        fprintf(file, " and %d more", o->winners - 3);
}

/* Strategies are named where there is one setting only: of several, the worst and best differ in more. */
static void write_range(FILE *file, const struct outcome *o)
{
    int one = o->overall->settings == 1 && o->worst != o->best;
    char name[COMBINATION_LABEL_SIZE], every[NOUN_SIZE], low[32], high[32];
    if (!o->best)
        return;
    snprintf(low, sizeof low, "%.2f", o->low);
    snprintf(high, sizeof high, "%.2f", o->high);
    if (strcmp(low, high) == 0) {
        fprintf(file, "Mean test balanced accuracy is %s for every %s", low, noun(o, 1, every));
        if (o->overall->settings > 1)
            fprintf(file, " in all %d settings", o->overall->settings);
        fputs("; ", file);
        return;
    }
    fprintf(file, "Mean test balanced accuracy goes from %s", low);
    if (one)
        fprintf(file, " (%s)", value_of(o, o->worst, name));
    fprintf(file, " to %s", high);
    if (one)
        fprintf(file, " (%s)", value_of(o, o->best, name));
    else
        fprintf(file, " over %d setting%s", o->overall->settings, plural(o->overall->settings));
    fputs("; ", file);
}

/* "(10 comparisons, Holm-adjusted p < 0.05)". */
static void write_family(FILE *file, const struct outcome *o)
{
    fprintf(file, " (%d comparison%s%s, Holm-adjusted p < %g)", o->overall->rows, plural(o->overall->rows),
            o->overall->settings > 1 ? " in all settings together" : "", contrast_alpha);
}

static void write_significance(FILE *file, const struct outcome *o)
{
    char one[NOUN_SIZE], many[NOUN_SIZE];
    int impossible = overall_impossible(o->overall);
    if (o->significant == 0) {
        fprintf(file, "no difference between %s is significant", noun(o, 2, many));
        write_family(file, o);
        fputs(impossible == o->overall->rows ? ", and with so few runs none could be"
              : impossible > 0               ? "; some could not be with so few runs"
                                             : "",
              file);
    } else if (o->winners == 0) {
        fprintf(file, "%d of %d differences between %s %s significant", o->significant, o->overall->rows,
                noun(o, 2, many), o->significant == 1 ? "is" : "are");
        write_family(file, o);
        fprintf(file, ", but in none of %d setting%s is one %s better than every other", o->overall->settings,
                plural(o->overall->settings), noun(o, 1, one));
    } else {
        write_winners(file, o);
        write_family(file, o);
    }
}

/* Settings with a difference when each is adjusted alone, and how many of them may be chance: nothing when
 * there is one setting, or the adjustment for all of them finds as many. */
static void write_alone(FILE *file, const struct outcome *o)
{
    int settings = o->overall->settings;
    if (settings > 1 && o->alone > o->together)
        fprintf(
            file,
            " Taken setting by setting, %d of %d settings %s a significant difference; up to %.3g of %d may "
            "have one by chance.",
            o->alone, settings, o->alone == 1 ? "has" : "have", contrast_alpha * settings, settings);
}

static void write_left_out(FILE *file, const struct outcome *o)
{
    static const char *const why[][2] = {
        [LEAKS] = {"was judged on copies of training images", "were judged on copies of training images"},
        [TAIL] = {"was judged on an unshuffled tail", "were judged on an unshuffled tail"},
        [UNFINISHED] = {"has jobs that are unfinished or lost", "have jobs that are unfinished or lost"},
        [LACKING] = {"has jobs judged without a class", "have jobs judged without a class"},
        [REPEATED] = {"has runs of one split only", "have runs of one split each"}};
    const char *separator = " Not counted: ";
    for (int s = o->overall->clean ? LEAKS : UNFINISHED; s < N_STANDINGS; s++)
        if (o->overall->n_standing[s] > 0) {
            fprintf(file, "%s%d setting%s that %s", separator, o->overall->n_standing[s],
                    plural(o->overall->n_standing[s]), why[s][o->overall->n_standing[s] > 1]);
            separator = ", ";
        }
    if (*separator == ',')
        fputc('.', file);
}

/* What is significant of a factor, and on what it was judged. */
static void write_judged(FILE *file, const struct outcome *o)
{
    char one[NOUN_SIZE];
    write_significance(file, o);
    fputc('.', file);
    write_alone(file, o);
    if (!o->overall->clean)
        fprintf(file,
                " All of it was judged on images that %s, so it does not tell which %s is better on unseen "
                "cells.",
                o->overall->n_standing[LEAKS] == 0 ? "are an unshuffled tail, maybe of one class"
                : o->overall->n_standing[TAIL] == 0
                    ? "may have copies in training"
                    : "may have copies in training, or are an unshuffled tail",
                noun(o, 1, one));
}

static void write_strategies(FILE *file, const struct outcome *o)
{
    if (o->compare->n_families == 0)
        fputs("No setting has two strategies with finished jobs, so no strategies were compared.", file);
    else if (o->overall->settings == 0)
        fputs("No setting tells which of its strategies is better.", file);
    else {
        write_range(file, o);
        write_judged(file, o);
    }
    write_left_out(file, o);
}

/* " Models: in 3 of 3 settings ...", nothing where no two values were compared. */
static void write_others(FILE *file, const struct outcome *o)
{
    char many[NOUN_SIZE];
    if (o->compare->n_families == 0)
        return;
    noun(o, 2, many);
    fprintf(file, " %c%s: ", toupper((unsigned char)many[0]), many + 1);
    if (o->overall->settings == 0)
        fputs("no setting tells which is better.", file);
    else
        write_judged(file, o);
    write_left_out(file, o);
}

static void write_factor(FILE *file, const struct findings *findings, int factor)
{
    struct overall *overall = NULL;
    if (overall_new(findings->whole, findings->compared[factor][REPLICATES_TEST], &overall, NULL) < 0)
        return;
    struct outcome o = judge(findings, overall);
    (factor == FACTOR_STRATEGY ? write_strategies : write_others)(file, &o);
    overall_free(overall);
}

void headline_outcome(FILE *file, const struct findings *findings)
{
    if (findings->whole->n_state[JOB_DONE] == 0) {
        fputs("No job is finished yet, so there is no outcome.", file);
        return;
    }
    if (findings->summary->filter)
        fputs("Of all jobs of the file, whatever the filter shows: ", file);
    write_factor(file, findings, FACTOR_STRATEGY);
    for (int f = 0; f < FACTORS_MOST; f++)
        if (findings_compares(findings, f) && !(findings->versus[0] && findings->versus[0]->factor == f))
            write_factor(file, findings, f); /* sweeps have sentences of their own */
}

/* ---- leak ---- */

static double largest_leak(const struct summary *summary, const struct summary_group **whose)
{
    double most = 0;
    for (int g = 0; g < summary->n_groups; g++)
        if (summary->group[g].leak_share.mean > most) {
            most = summary->group[g].leak_share.mean;
            *whose = &summary->group[g];
        }
    return most;
}

void headline_leak(FILE *file, const struct summary *summary)
{
    const struct summary_group *whose = summary->group;
    char name[COMBINATION_LABEL_SIZE];
    double most = largest_leak(summary, &whose);
    int leaky = 0, finished = 0;
    for (int g = 0; g < summary->n_groups; g++) {
        leaky += summary->group[g].leak.mean > 0;
        finished += summary->group[g].leak.n > 0;
    }
    const char *of = summary->n_state[JOB_DONE] < summary->n_jobs ? " of the finished jobs" : "";
    if (finished == 0)
        fputs("Whether test images are in training is known when the first job is finished.", file);
    else if (leaky == 0)
        fprintf(file, "No test image%s has a copy or an augmented sibling in training.", of);
    else
        fprintf(file,
                "Leak: in %d of %d combinations test images%s have copies or augmented siblings in "
                "training, in the mean of a combination's jobs up to %.*f %% of them (%s); those accuracies "
                "are no test on unseen cells.",
                leaky, finished, of, most < 0.01 ? 1 : 0, 100 * most,
                label(summary, whose->cell, FACTOR_STRATEGY, name));
}

void headline_selection(FILE *file, const struct findings *findings)
{
    const struct inflation *inflation = findings->selection;
    const struct inflation_row *most = inflation->row;
    char name[COMBINATION_LABEL_SIZE];
    double sum = 0;
    int on_val = 0;
    for (int i = 0; i < inflation->n; i++) {
        sum += inflation->row[i].contrast.mean;
        on_val += inflation->row[i].on_val;
        if (inflation->row[i].contrast.mean > most->contrast.mean)
            most = &inflation->row[i];
    }
    if (inflation->n > 0)
        fprintf(file,
                "Selection: picking each job's epoch on the test set would have feigned %.3f of balanced "
                "accuracy in the mean of %d combination%s, up to %.3f (%s), against the %s.",
                sum / inflation->n, inflation->n, inflation->n == 1 ? "" : "s", most->contrast.mean,
                label(findings->whole, most->group->cell, FACTOR_STRATEGY, name),
                on_val == 0              ? "last epoch"
                : on_val == inflation->n ? "epoch chosen on val"
                                         : "epoch chosen on val, or where there is none the last one");
}

/* ---- warnings ---- */

enum { FEW = 5 };

static int smallest_n(const struct summary *summary)
{
    int least = -1;
    for (int g = 0; g < summary->n_groups; g++) {
        int n = summary->group[g].n_state[JOB_DONE];
        least = n > 0 && (least < 0 || n < least) ? n : least;
    }
    return least;
}

/* "oversample has 0 of 10 jobs finished (3 lost)" for each strategy of a setting that lacks some. */
static void write_unfinished(FILE *file, const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    const char *separator = "";
    char name[COMBINATION_LABEL_SIZE];
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct summary_group *group = &summary->group[settings->member[i]];
        int lost = group->n_state[JOB_FAILED] + group->n_state[JOB_DIVERGED];
        if (group->n_state[JOB_DONE] == group->n_jobs)
            continue;
        fprintf(file, "%s%s has %d of %d job%s finished", separator,
                label(summary, group->cell, FACTOR_STRATEGY, name), group->n_state[JOB_DONE], group->n_jobs,
                plural(group->n_jobs));
        if (lost > 0)
            fprintf(file, " (%d lost)", lost);
        separator = ", ";
    }
}

/* "none 7 of 20": jobs without a class, for each strategy of a setting that has some. */
static void write_lacking(FILE *file, const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    const char *separator = "";
    char name[COMBINATION_LABEL_SIZE];
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct summary_group *group = &summary->group[settings->member[i]];
        if (group->n_lacking == 0)
            continue;
        fprintf(file, "%s%s %d of %d", separator, label(summary, group->cell, FACTOR_STRATEGY, name),
                group->n_lacking, group->n_state[JOB_DONE]);
        separator = ", ";
    }
}

static int lacks(const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++)
        if (summary->group[settings->member[i]].n_lacking > 0)
            return 1;
    return 0;
}

/* The group of a setting with the most draws, of those that are few; NULL: none. */
static const struct draws_summary *few_draws(const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    const struct draws_summary *most = NULL;
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct draws_summary *draws = &summary->group[settings->member[i]].draws;
        if (draws_are_few(draws) && (!most || draws->drawn > most->drawn))
            most = draws;
    }
    return most;
}

static int is_given(const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    return strcmp(summary->group[settings->member[settings->begin[part]]].cell->protocol, "given") == 0;
}

static int has_few_draws(const struct summary *summary, int part)
{
    return !is_given(summary, part) && few_draws(summary, part) != NULL;
}

/* Where the split is given, seeds are not expected to draw others. */
static void write_given(FILE *file, const struct summary *summary)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    int given = 0;
    for (int part = 0; part < settings->n_parts; part++)
        given |= is_given(summary, part);
    if (given)
        fputs("Jobs of protocol given have one split, that of the images: n counts runs of it, intervals are "
              "over initial weights only, and comparisons have no verdict.\n",
              file);
}

static void write_draws(FILE *file, const struct summary *summary, int part)
{
    const struct draws_summary *draws = few_draws(summary, part);
    fprintf(file, "%d of %d different (overlap %.2f)", draws->distinct, draws->drawn, draws->overlap);
}

static int is_chosen_on_test(const struct summary *summary, int part)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++)
        if (summary->group[settings->member[i]].chosen == CHOSEN_TEST)
            return 1;
    return 0;
}

static void write_chosen(FILE *file, const struct summary *summary, int part)
{
    (void)summary, (void)part;
    fputs(chosen_on_test, file);
}

static int is_unfinished(const struct summary *summary, int part)
{
    return compare_setting_flaw(summary, summary->same[SUMMARY_SETTING], part, REPLICATES_TEST) ==
           FLAW_UNFINISHED;
}

enum { MAX_NAMED = 3 };

/* "intro: clusters 1-2 (protocol holdout): none ...; clusters ..., and 2 more." of the
 * settings that a test chooses. */
static void name_settings(FILE *file, const struct summary *summary, const char *intro,
                          int (*chooses)(const struct summary *, int part),
                          void (*write)(FILE *, const struct summary *, int part))
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    int n = 0;
    for (int part = 0; part < settings->n_parts; part++)
        if (chooses(summary, part) && n++ < MAX_NAMED) {
            fprintf(file, "%s", n == 1 ? intro : "; ");
            write_cell(file, summary, &summary->group[settings->member[settings->begin[part]]],
                       FACTOR_STRATEGY);
            fputs(": ", file);
            write(file, summary, part);
        }
    if (n > MAX_NAMED)
        fprintf(file, "; and %d more", n - MAX_NAMED);
    if (n > 0)
        fputs(".\n", file);
}

static int jobs_of(const struct summary *summary, const struct model_kind *kind)
{
    int n = 0;
    for (int g = 0; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->model, kind->name) == 0)
            n += summary->group[g].n_jobs;
    return n;
}

/* Numbers that are made up look like any other. */
static void write_made_up(FILE *file, const struct summary *summary)
{
    const struct model_kind *kind;
    for (int i = 0; (kind = model_kind(i)); i++)
        if (kind->can & MODEL_MADE_UP && jobs_of(summary, kind) > 0)
            fprintf(file,
                    "%d of %d jobs of the file are of model %s, which trains nothing: their numbers are made "
                    "up.\n",
                    jobs_of(summary, kind), summary->n_jobs, kind->name);
}

/* What such a model has seen is not in the file. */
static void write_elsewhere(FILE *file, const struct summary *summary)
{
    const struct model_kind *kind;
    for (int i = 0; (kind = model_kind(i)); i++)
        if (kind->can & MODEL_ELSEWHERE && jobs_of(summary, kind) > 0)
            fprintf(file, "%d of %d jobs of the file are of model %s, %s.\n", jobs_of(summary, kind),
                    summary->n_jobs, kind->name, chosen_elsewhere);
}

/* least: finished jobs of the combination that has fewest. */
static void write_few(FILE *file, int least)
{
    if (least == 1)
        fputs("Some combinations have one finished job: no interval, no test.\n", file);
    else if (least > 1 && least < FEW)
        fprintf(
            file,
            "Some combinations have %d finished jobs only: intervals and tests of so few lean on assumptions "
            "that they cannot show to hold.\n",
            least);
}

/* What tables are without, because there is too much of it. */
static void write_too_many(FILE *file, const struct findings *findings, int factor)
{
    const struct store *store = findings->whole->store;
    int n = findings->too_many[factor], most = findings_most_values(factor);
    if (factor == FACTOR_STRATEGY)
        fprintf(file, "There are %d strategies: all are compared, rankings are of %d at most.\n", n, most);
    else if (factor == FACTOR_MODEL)
        fprintf(
            file,
            "There are %d models, more than %d: they are not compared, and there are no tables models and "
            "models_by_clusters; figures of them and table final there are.\n",
            n, most);
    else
        fprintf(
            file,
            "%s has %d values, more than %d: table factors does not compare them; their figures and table "
            "final have them.\n",
            combination_name(store, factor), n, most);
}

void headline_warnings(FILE *file, const struct findings *findings)
{
    const struct summary *summary = findings->summary, *whole = findings->whole;
    int failed = summary->n_state[JOB_FAILED], diverged = summary->n_state[JOB_DIVERGED];
    int left = summary->n_state[JOB_WAITING] + summary->n_state[JOB_RUNNING];
    summary_print_damage(file, summary);
    if (left > 0)
        fprintf(file, "%d of %d jobs are not finished: the numbers will change.\n", left, summary->n_jobs);
    if (failed + diverged > 0)
        fprintf(file, "%d failed and %d diverged jobs are in no mean; means of the others may mislead.\n",
                failed, diverged);
    name_settings(file, whole,
                  "Settings that do not tell which strategy is best, for want of jobs: ", is_unfinished,
                  write_unfinished);
    name_settings(file, whole,
                  "Jobs judged on images that lack a class, so that their balanced accuracy is that of the "
                  "others, and comparisons with them have no verdict: ",
                  lacks, write_lacking);
    name_settings(
        file, whole,
        "Seeds and repeats that drew the same splits again, or ones that overlap, because groups of images "
        "leave few divisions or a tail is not shuffled; n counts different splits, and comparisons of runs "
        "of one split have no verdict: ",
        has_few_draws, write_draws);
    name_settings(file, whole,
                  "Epochs or settings picked on the very images that are reported, so that those numbers are "
                  "too high: ",
                  is_chosen_on_test, write_chosen);
    write_given(file, whole);
    write_few(file, smallest_n(summary));
    if (has_tail(summary))
        fputs("Protocol tail judges on the last images, unshuffled, which may be of one class only.\n", file);
    write_made_up(file, whole);
    write_elsewhere(file, whole);
    for (int factor = 0; factor < FACTORS_MOST; factor++)
        if (findings->too_many[factor])
            write_too_many(file, findings, factor);
    if (strstr(store_text(summary->store, "commit"), "dirty"))
        fputs("The program that ran it was built from sources with uncommitted changes.\n", file);
}
