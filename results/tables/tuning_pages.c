#include "tables/tuning_pages.h"

#include "tables/columns.h"

#include <math.h>
#include <string.h>

const char tuning_note[] =
    "What tuning chose for each finished job. Trial 0 is the default, the values that the grid gives. "
    "score: of the val set (chosen_on test: where that was allowed, of the test set), by the metric under "
    "choose, the mean over the tuning seeds; the larger the "
    "better, so a loss is shown as minus the loss. The set that scores is the set that chose: the "
    "difference is never below 0, flatters, and says nothing of the test set. epochs: of all trials and "
    "seeds, and what they would have been without pruning.\n";

const char tuning_curve_note[] =
    "Expected best score on val of t trials, drawn with replacement from those that ran (Dodge et al. "
    "2019, exact), the mean over the n finished jobs of a row. Pruned trials count with the score that "
    "they had when they were left, after fewer epochs; those that diverged or failed as the worst of the "
    "others. Where the curve still rises at its end, more trials may help. Scores are of the val set that"
    " chose, the larger the better (minus a loss). The CSV file has every t.\n";

/* Finished jobs that are shown and have a choice, group by group: calls show(), if any, with each. */
static int each_job(const struct findings *f,
                    void (*show)(void *to, const struct findings *f, int group, int job), void *to)
{
    int n = 0;
    for (int g = 0; f->tuned && g < f->summary->n_groups; g++) {
        const struct summary_group *group = &f->summary->group[g];
        for (int i = 0; i < group->n_state[JOB_DONE]; i++) {
            if (f->tuned->job[group->job[i]].chosen < 0)
                continue;
            n++;
            if (show)
                show(to, f, g, group->job[i]);
        }
    }
    return n;
}

/* Of the scores of all jobs. */
static const char *set_that_chose(const struct findings *f)
{
    return f->tuned->n_on_test == 0                  ? "val"
           : f->tuned->n_on_test == f->tuned->n_jobs ? "test"
                                                     : "val or test";
}

/* ---- tuning ---- */

void tuning_csv_names(struct csv_out *csv, const struct tuned *tuned)
{
    static const char *const last[] = {"choose",     "score",  "score_default",
                                       "difference", "epochs", "epochs_full"};
    csv_out_text(csv, "n_trials");
    csv_out_text(csv, "chosen");
    for (int k = 0; k < tuned->tune->n_keys; k++)
        csv_out_text(csv, tuned->tune->range[k].key->name);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        csv_out_text(csv, last[i]);
}

void tuning_csv_job(struct csv_out *csv, const struct tuned *tuned, int job)
{
    const struct tuned_job *j = &tuned->job[job];
    int is_chosen = j->chosen >= 0;
    csv_out_int(csv, j->n);
    csv_out_count(csv, j->chosen);
    for (int k = 0; k < tuned->tune->n_keys; k++)
        csv_out_text(csv, j->value[k]);
    csv_out_text(csv, tuned->tune->choose);
    csv_out_real(csv, j->best);
    csv_out_real(csv, is_chosen ? j->plain : (double)NAN);
    csv_out_real(csv, j->best - j->plain);
    csv_out_real(csv, is_chosen ? (double)j->epochs : (double)NAN);
    csv_out_real(csv, is_chosen ? (double)j->full : (double)NAN);
}

int tuning_rows(const struct findings *f)
{
    return each_job(f, NULL, NULL);
}

static void show_csv(void *to, const struct findings *f, int group, int job)
{
    const struct store_job *row = &store_jobs(f->summary->store)[job];
    struct csv_out *csv = to;
    columns_csv(csv, f->summary->store, f->summary->group[group].cell, FACTORS_ALL);
    csv_out_int(csv, row->seed);
    csv_out_int(csv, row->fold);
    csv_out_int(csv, row->repeat);
    csv_out_text(csv, chosen_on_names[f->summary->group[group].chosen]);
    tuning_csv_job(csv, f->tuned, job);
    csv_out_end(csv);
}

void tuning_csv(struct csv_out *csv, const struct findings *f)
{
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    csv_out_text(csv, "seed");
    csv_out_text(csv, "fold");
    csv_out_text(csv, "repeat");
    csv_out_text(csv, "chosen_on");
    tuning_csv_names(csv, f->tuned);
    csv_out_end(csv);
    each_job(f, show_csv, csv);
}

static void add_score(struct texttable *table, const char *format, double score)
{
    char text[40];
    snprintf(text, sizeof text, *format == '+' ? "%+.3f" : "%.3f", fabs(score) < 0.0005 ? 0 : score);
    texttable_add(table, "%s", isnan(score) ? "-" : text);
}

static void show_row(void *to, const struct findings *f, int group, int job)
{
    const struct tuned_job *j = &f->tuned->job[job];
    const struct store_job *row = &store_jobs(f->summary->store)[job];
    struct texttable *table = to;
    columns_add(table, f->summary->store, f->summary->group[group].cell,
                combination_shown(f->summary->varying), 0);
    texttable_add(table, "%lld, %d, %d", (long long)row->seed, row->fold, row->repeat);
    texttable_add(table, "%d of %d", j->chosen, j->n);
    for (int k = 0; k < f->tuned->tune->n_keys; k++)
        texttable_add(table, "%s", *j->value[k] ? j->value[k] : "-");
    add_score(table, "", j->best);
    add_score(table, "", j->plain);
    add_score(table, "+", j->best - j->plain);
    texttable_add(table, "%lld of %lld", j->epochs, j->full);
    texttable_end(table);
}

void tuning_table(struct texttable *table, const struct findings *f)
{
    const struct tune *tune = f->tuned->tune;
    const char *minus = strcmp(tune->choose, "loss") == 0 ? "-" : "";
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying));
    texttable_add(table, "seed, fold, repeat");
    table->numeric_from = table->filled;
    texttable_add(table, "chosen trial");
    for (int k = 0; k < tune->n_keys; k++)
        texttable_add(table, "%s", tune->range[k].key->name);
    texttable_add(table, "%s %s%s", set_that_chose(f), minus, tune->choose);
    texttable_add(table, "of the default");
    texttable_add(table, "difference");
    texttable_add(table, "epochs");
    texttable_end(table);
    each_job(f, show_row, table);
}

/* ---- what more trials bring ---- */

/* Mean over the finished jobs of a group; *n: how many, *most: trials of the one that has most. */
static double expected(const struct findings *f, int group, int t, int *n, int *most)
{
    const struct summary_group *g = &f->summary->group[group];
    double sum = 0;
    *n = *most = 0;
    for (int i = 0; i < g->n_state[JOB_DONE]; i++) {
        const struct tuned_job *j = &f->tuned->job[g->job[i]];
        double one = j->chosen >= 0 ? tuned_expected(j->score, j->n, t) : (double)NAN;
        if (isnan(one))
            continue;
        sum += one;
        ++*n;
        *most = j->n > *most ? j->n : *most;
    }
    return *n > 0 ? sum / *n : (double)NAN;
}

/* Of every t, or with few 1 of the powers of two and the last. Returns how many rows. */
static int each_t(const struct findings *f, int few,
                  void (*show)(void *to, const struct findings *f, int group, int t, int n, double score),
                  void *to)
{
    int rows = 0, n, most;
    for (int g = 0; f->tuned && g < f->summary->n_groups; g++) {
        expected(f, g, 1, &n, &most);
        for (int t = 1, last = most; t <= last; t++) {
            if (few && t < last && (t & (t - 1)) != 0)
                continue;
            rows++;
            if (show) {
                double score = expected(f, g, t, &n, &most);
                show(to, f, g, t, n, score);
            }
        }
    }
    return rows;
}

int tuning_curve_rows(const struct findings *f)
{
    return each_t(f, 1, NULL, NULL);
}

static void show_t_csv(void *to, const struct findings *f, int group, int t, int n, double score)
{
    struct csv_out *csv = to;
    columns_csv(csv, f->summary->store, f->summary->group[group].cell, FACTORS_ALL);
    csv_out_text(csv, f->tuned->tune->choose);
    csv_out_int(csv, t);
    csv_out_int(csv, n);
    csv_out_real(csv, score);
    csv_out_end(csv);
}

void tuning_curve_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"choose", "trials", "n", "expected_best"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
    each_t(f, 0, show_t_csv, csv);
}

static void show_t(void *to, const struct findings *f, int group, int t, int n, double score)
{
    struct texttable *table = to;
    columns_add(table, f->summary->store, f->summary->group[group].cell,
                combination_shown(f->summary->varying), 0);
    texttable_add(table, "%d", t);
    texttable_add(table, "%d", n);
    add_score(table, "", score);
    texttable_end(table);
}

void tuning_curve_table(struct texttable *table, const struct findings *f)
{
    const char *choose = f->tuned->tune->choose;
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying));
    table->numeric_from = table->filled;
    texttable_add(table, "trials");
    texttable_add(table, "n");
    texttable_add(table, "expected best %s %s%s", set_that_chose(f), strcmp(choose, "loss") == 0 ? "-" : "",
                  choose);
    texttable_end(table);
    each_t(f, 1, show_t, table);
}

/* ---- in a sentence ---- */

struct tally {
    int n, changed; /* jobs with both scores, and those of them that left the default */
    double sum, most;
};

static void count(void *to, const struct findings *f, int group, int job)
{
    const struct tuned_job *j = &f->tuned->job[job];
    struct tally *tally = to;
    (void)group;
    if (isnan(j->best - j->plain))
        return;
    tally->n++;
    tally->changed += j->chosen > 0;
    tally->sum += j->best - j->plain;
    tally->most = fmax(tally->most, j->best - j->plain);
}

void tuning_sentence(FILE *file, const struct findings *f)
{
    struct tally tally = {0};
    each_job(f, count, &tally);
    if (tally.n == 0)
        return;
    const char *choose = f->tuned->tune->choose;
    fprintf(file,
            "Tuning chose other values than the default for %d of %d jobs; on %s the chosen %s %.3f "
            "%s over the default in the mean, and %.3f at most: %s chose them, so this flatters%s.\n",
            tally.changed, tally.n, set_that_chose(f), strcmp(choose, "loss") == 0 ? "saved" : "gained",
            tally.sum / tally.n,
            strcmp(choose, "balanced_accuracy") == 0 ? "of balanced accuracy"
            : strcmp(choose, "loss") == 0            ? "of loss"
            : strcmp(choose, "auroc") == 0           ? "of AUROC"
                                                     : "of accuracy",
            tally.most, set_that_chose(f),
            f->tuned->n_on_test ? ", as do the jobs' own numbers" : ", and says nothing of test");
}
