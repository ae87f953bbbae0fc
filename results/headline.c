#include "headline.h"

#include "curves.h"

#include <math.h>
#include <string.h>

/* ---- what was run ---- */

static const char *cell_clusters(const struct store_job *cell)
{
    return cell->clusters;
}

static const char *cell_strategy(const struct store_job *cell)
{
    return cell->strategy;
}

static const char *cell_protocol(const struct store_job *cell)
{
    return cell->protocol;
}

/* Whether group g is the first with its text. */
static int is_first(const struct summary *summary, int g, const char *(*text)(const struct store_job *))
{
    for (int k = 0; k < g; k++)
        if (strcmp(text(summary->group[k].cell), text(summary->group[g].cell)) == 0)
            return 0;
    return 1;
}

static int count_different(const struct summary *summary, const char *(*text)(const struct store_job *))
{
    int n = 0;
    for (int g = 0; g < summary->n_groups; g++)
        n += is_first(summary, g, text);
    return n;
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

enum { MAX_LISTED = 6, MAX_LETTERS = 120 };

static int letters(const struct summary *summary, const char *(*text)(const struct store_job *))
{
    size_t n = 0;
    for (int g = 0; g < summary->n_groups; g++)
        if (is_first(summary, g, text))
            n += strlen(text(summary->group[g].cell));
    return (int)n;
}

/* "strategies none, oversample; ", or "17 strategies; " (counted) when they are too many to name in a sentence. */
static void list(FILE *file, const struct summary *summary, const char *(*text)(const struct store_job *),
                 const char *one, const char *many, const char *counted)
{
    int n = count_different(summary, text);
    if (n > 1 && (n > MAX_LISTED || letters(summary, text) > MAX_LETTERS)) {
        fprintf(file, "%d %s; ", n, counted);
        return;
    }
    const char *separator = n == 1 ? one : many;
    for (int g = 0; g < summary->n_groups; g++)
        if (is_first(summary, g, text)) {
            fprintf(file, "%s %s", separator, text(summary->group[g].cell));
            separator = ",";
        }
    fputs("; ", file);
}

/* Jobs a group and epochs a job; of both there may be several numbers. */
static void write_size(FILE *file, const struct summary *summary)
{
    const struct store *store = summary->store;
    const char *up_to = "";
    for (int a = 0; a < store_n_axes(store); a++)
        if (strcmp(store_axis_name(store, a), "train.epochs") == 0 && summary_axis_varies(summary, a))
            up_to = "up to ";
    if (summary->n_jobs % summary->n_groups == 0)
        fprintf(file, "%d job%s", summary->n_jobs / summary->n_groups,
                plural(summary->n_jobs / summary->n_groups));
    else
        fprintf(file, "%.1f jobs on average", (double)summary->n_jobs / summary->n_groups);
    fprintf(file, " a combination, %s%d epoch%s.", up_to, store_n_epochs(store),
            plural(store_n_epochs(store)));
}

void headline_run(FILE *file, const struct summary *summary)
{
    const struct store *store = summary->store;
    fprintf(file, "Sweep %s: %d of %d job%s finished on %d %simage%s: ", store_text(store, "name"),
            summary->n_state[JOB_DONE], summary->n_jobs, plural(summary->n_jobs), store_n_images(store),
            store_synthetic(store) ? "synthetic " : "", plural(store_n_images(store)));
    list(file, summary, cell_clusters, "clusters", "clusters", "sets of clusters");
    list(file, summary, cell_strategy, "strategy", "strategies", "strategies");
    list(file, summary, cell_protocol, "protocol", "protocols", "protocols");
    write_size(file, summary);
}

/* ---- what came out ---- */

/* Rows first .. end-1 of compare are all pairs of strategies of one cell: a family. */
static int family_end(const struct summary *summary, const struct compare *compare, int first)
{
    int i = first;
    while (i < compare->n && compare_same_but_strategy(summary, compare->row[first].a, compare->row[i].a))
        i++;
    return i;
}

static int is_clean_group(const struct summary_group *group)
{
    return group->leak.mean <= 0 && strcmp(group->cell->protocol, "tail") != 0;
}

static int has_tail(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->protocol, "tail") == 0)
            return 1;
    return 0;
}

static int is_clean(const struct compare *compare, int first, int end)
{
    for (int i = first; i < end; i++)
        if (!is_clean_group(compare->row[i].a) || !is_clean_group(compare->row[i].b))
            return 0;
    return 1;
}

static int beats_all(const struct compare *compare, int first, int end, int group)
{
    for (int i = first; i < end; i++) {
        const struct compare_row *row = &compare->row[i];
        if ((row->group_a == group && row->verdict != VERDICT_BETTER) ||
            (row->group_b == group && row->verdict != VERDICT_WORSE))
            return 0;
    }
    return 1;
}

/* The group that is better than all others of a family, NULL: none. */
static const struct summary_group *winner(const struct compare *compare, int first, int end)
{
    for (int i = first; i < end; i++) {
        const struct compare_row *row = &compare->row[i];
        if (beats_all(compare, first, end, row->group_a))
            return row->a;
        if (beats_all(compare, first, end, row->group_b))
            return row->b;
    }
    return NULL;
}

/* Of the families that count. */
struct outcome {
    int clean;                                /* 1: only those without copies in validation count */
    int families, left_out;                   /* that count, and that do not */
    int differences, significant, impossible; /* rows */
    int winners;                              /* families with one */
    const struct summary_group *first[3];     /* the first winners */
    double low, high;                         /* least and greatest mean */
    const struct summary_group *worst, *best; /* whose they are */
};

static void widen(struct outcome *o, const struct summary_group *group, double mean)
{
    if (!o->worst || mean < o->low) {
        o->low = mean;
        o->worst = group;
    }
    if (!o->best || mean > o->high) {
        o->high = mean;
        o->best = group;
    }
}

static void add_family(struct outcome *o, const struct compare *compare, int first, int end)
{
    const struct summary_group *best = winner(compare, first, end);
    if (o->clean && !is_clean(compare, first, end)) {
        o->left_out++;
        return;
    }
    o->families++;
    for (int i = first; i < end; i++) {
        enum verdict verdict = compare->row[i].verdict;
        o->differences++;
        o->significant += verdict == VERDICT_BETTER || verdict == VERDICT_WORSE;
        o->impossible += verdict == VERDICT_IMPOSSIBLE || verdict == VERDICT_MISSING;
        widen(o, compare->row[i].a, compare->row[i].mean_a);
        widen(o, compare->row[i].b, compare->row[i].mean_b);
    }
    if (best && o->winners++ < 3)
        o->first[o->winners - 1] = best;
}

static struct outcome judge(const struct summary *summary, const struct compare *compare, int clean)
{
    struct outcome o = {.clean = clean};
    for (int first = 0, end; first < compare->n; first = end) {
        end = family_end(summary, compare, first);
        add_family(&o, compare, first, end);
    }
    return o;
}

static void write_cell(FILE *file, const struct summary *summary, const struct summary_group *group)
{
    char axes[512] = "";
    curves_append_axes(axes, sizeof axes, summary, group, -1);
    fprintf(file, "clusters %s (protocol %s%s)", group->cell->clusters, group->cell->protocol, axes);
}

static void write_winners(FILE *file, const struct summary *summary, const struct outcome *o)
{
    fprintf(file, "in %d of %d settings one strategy is significantly better than every other: ", o->winners,
            o->families);
    for (int i = 0; i < o->winners && i < 3; i++) {
        fprintf(file, "%s%s for ", i ? "; " : "", o->first[i]->cell->strategy);
        write_cell(file, summary, o->first[i]);
        fprintf(file, ", %d jobs", o->first[i]->n_state[JOB_DONE]);
    }
    if (o->winners > 3)
        fprintf(file, " and %d more", o->winners - 3);
    fputs(".", file);
}

/* Strategies are named where there is one setting only: of several, the worst and best differ in more. */
static void write_range(FILE *file, const struct outcome *o)
{
    int one = o->families == 1 && o->worst != o->best;
    fprintf(file, "Mean validation balanced accuracy goes from %.2f", o->low);
    if (one)
        fprintf(file, " (%s)", o->worst->cell->strategy);
    fprintf(file, " to %.2f", o->high);
    if (one)
        fprintf(file, " (%s)", o->best->cell->strategy);
    else
        fprintf(file, " over %d settings", o->families);
    fputs("; ", file);
}

static void write_outcome(FILE *file, const struct summary *summary, const struct outcome *o)
{
    write_range(file, o);
    if (o->significant == 0)
        fprintf(file,
                "no difference between strategies is significant "
                "(%d comparison%s, Holm-adjusted p < 0.05)%s.",
                o->differences, plural(o->differences),
                o->impossible == o->differences ? ", and with so few runs none could be"
                : o->impossible > 0             ? "; some could not be with so few runs"
                                                : "");
    else if (o->winners == 0)
        fprintf(file,
                "%d of %d differences between strategies are significant, but in none of %d setting%s is one "
                "strategy better than every other.",
                o->significant, o->differences, o->families, plural(o->families));
    else
        write_winners(file, summary, o);
    if (!o->clean)
        fprintf(
            file,
            " All of it was judged on images that may have copies in training%s, so it does not tell which "
            "strategy is better on unseen cells.",
            has_tail(summary) ? ", or on a tail of one class" : "");
    else if (o->left_out > 0)
        fputs(" Settings judged on copies of training images are left out.", file);
}

void headline_outcome(FILE *file, const struct summary *summary, const struct findings *findings)
{
    if (!findings) {
        fputs("No job is finished yet, so there is no outcome.", file);
        return;
    }
    struct outcome o = judge(summary, findings->strategies[UNITS_VAL], 1);
    if (o.families == 0)
        o = judge(summary, findings->strategies[UNITS_VAL], 0);
    if (o.families == 0)
        fputs("No setting has two strategies with finished jobs, so nothing was compared.", file);
    else
        write_outcome(file, summary, &o);
}

/* ---- leak ---- */

static double largest_leak(const struct summary *summary, const char **strategy)
{
    double most = 0;
    for (int g = 0; g < summary->n_groups; g++)
        if (summary->group[g].leak_share.mean > most) {
            most = summary->group[g].leak_share.mean;
            *strategy = summary->group[g].cell->strategy;
        }
    return most;
}

void headline_leak(FILE *file, const struct summary *summary)
{
    const char *strategy = "";
    double most = largest_leak(summary, &strategy);
    int leaky = 0, finished = 0;
    for (int g = 0; g < summary->n_groups; g++) {
        leaky += summary->group[g].leak.mean > 0;
        finished += summary->group[g].leak.n > 0;
    }
    if (finished == 0)
        fputs("Whether validation images are in training is known when the first job is finished.", file);
    else if (leaky == 0)
        fputs("No validation image has a copy or an augmented sibling in training.", file);
    else
        fprintf(file,
                "Leak: in %d of %d combinations validation images have copies or augmented siblings in "
                "training, up to "
                "%.*f %% of them (%s); those accuracies are no test on unseen cells.",
                leaky, finished, most < 0.01 ? 1 : 0, 100 * most, strategy);
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

void headline_warnings(FILE *file, const struct summary *summary)
{
    int failed = summary->n_state[JOB_FAILED], diverged = summary->n_state[JOB_DIVERGED];
    int left = summary->n_state[JOB_WAITING] + summary->n_state[JOB_RUNNING];
    if (left > 0)
        fprintf(file, "%d of %d jobs are not finished: the numbers will change.\n", left, summary->n_jobs);
    if (failed + diverged > 0)
        fprintf(file, "%d failed and %d diverged jobs are in no mean; means of the others may mislead.\n",
                failed, diverged);
    int least = smallest_n(summary);
    if (least == 1)
        fputs("Some combinations have one finished job: no interval, no test.\n", file);
    else if (least > 1 && least < FEW)
        fprintf(
            file,
            "Some combinations have %d finished jobs only: intervals and tests of so few lean on assumptions "
            "that they cannot show to hold.\n",
            least);
    if (has_tail(summary))
        fputs("Protocol tail judges on the last images, unshuffled, which may be of one class only.\n", file);
    if (strstr(store_text(summary->store, "commit"), "dirty"))
        fputs("The program that ran it was built from sources with uncommitted changes.\n", file);
}
