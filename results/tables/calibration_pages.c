#include "tables/calibration_pages.h"

#include "tables/columns.h"
#include "tables/cost.h"

#include <math.h>

const char calibration_note[] =
    "Mean and 95 % interval over finished jobs, as scores on test: how far their probabilities can be "
    "trusted, as they are stored (none) and put right on each job's own val set. prior: probabilities "
    "times the share of the class in the val set over its share in what was trained on (Elkan 2001; "
    "Saerens et al. 2002). temperature: logits over T, the T of least negative log-likelihood on the "
    "val set (Guo et al. 2017); left at 1 where no image of the val set is taken for another class. "
    "threshold tuned: the cut (with more than two classes an offset a class) of best balanced accuracy "
    "on the val set; it moves accuracy and balanced accuracy alone. Brier score, summed over classes, = "
    "reliability - resolution + uncertainty + within_bins, in 10 bins of equal width. ece: 15 bins of "
    "the largest probability. slope and intercept: logistic regression of the label on the logit of the "
    "positive class, or the mean over classes, one against the rest; calibrated is 1 and 0, a slope "
    "below 1 is overconfident; left out where the classes do not overlap.\n";

const char reliability_note[] =
    "Reliability diagrams: test images of all finished jobs of a combination by their probability of "
    "the positive class (with more than two classes: by the largest probability), in 10 bins of equal "
    "width, and how many of them are of that class. The same image counts once a job that judges it, so "
    "counts are no number of independent images. Bins without an image are left out.\n";

const char calibration_cost_note[] =
    "What a strategy gained over none in balanced accuracy, and what it cost in Brier score, log loss "
    "(mean of minus the log of the probability of the own class) and expected calibration error (ECE), on "
    "test: differences, intervals and p as in the comparisons of strategies; positive is more of the score, "
    "so better of balanced accuracy and worse of the others. gained, lost and cost are said only "
    "where p, adjusted for all pairs of strategies of the setting (Holm), each score by itself, is "
    "below 0.05. Of stored probabilities, before any recalibration.\n";

/* ---- calibration ---- */

/* Calls show for each group and recalibration with a finished job that has scores, or could not be fitted.
 * Returns how many. */
static int each_way(const struct findings *f,
                    void (*show)(void *to, const struct findings *f, int group, int how), void *to)
{
    const struct calibration *c = f->calibration;
    int n = 0;
    for (int g = 0; g < c->n_groups; g++)
        for (int how = 0; how < N_RECALIBRATIONS; how++) {
            const struct calibration_way *way = &c->group[g].way[how];
            if (way->score[CALIBRATION_BRIER].n == 0 && way->n_unfit == 0)
                continue;
            n++;
            if (show)
                show(to, f, g, how);
        }
    return n;
}

int calibration_rows(const struct findings *f)
{
    return each_way(f, NULL, NULL);
}

static void show_way_csv(void *to, const struct findings *f, int g, int how)
{
    const struct calibration_way *way = &f->calibration->group[g].way[how];
    struct csv_out *csv = to;
    for (int s = 0; s < N_CALIBRATION; s++) {
        const struct stats_summary *x = &way->score[s];
        if (x->n == 0)
            continue;
        columns_csv(csv, f->summary->store, f->summary->group[g].cell, FACTORS_ALL);
        csv_out_text(csv, recalibration_names[how]);
        csv_out_text(csv, threshold_names[f->calibration->readout.threshold]);
        csv_out_text(csv, calibration_scores[s].name);
        csv_out_int(csv, x->n);
        csv_out_real(csv, x->mean);
        csv_out_real(csv, x->sd);
        csv_out_real(csv, x->low);
        csv_out_real(csv, x->high);
        csv_out_int(csv, way->n_unfit);
        csv_out_end(csv);
    }
}

void calibration_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"recalibrate", "threshold", "score", "n",         "mean",
                                        "sd",          "low",       "high",  "jobs_unfit"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
    each_way(f, show_way_csv, csv);
}

static void show_way(void *to, const struct findings *f, int g, int how)
{
    const struct calibration_way *way = &f->calibration->group[g].way[how];
    struct texttable *table = to;
    int n = way->score[CALIBRATION_BRIER].n;
    char text[64];
    columns_add(table, f->summary->store, f->summary->group[g].cell, combination_shown(f->summary->varying),
                0);
    texttable_add(table, "%s", recalibration_names[how]);
    texttable_add(table, "%s", threshold_names[f->calibration->readout.threshold]);
    texttable_add(table, way->n_unfit > 0 ? "%d (%d not fitted: %s)" : "%d", n, way->n_unfit, way->why);
    for (int s = 0; s < N_CALIBRATION; s++) {
        const struct stats_summary *x = &way->score[s];
        stats_text(text, sizeof text, x);
        texttable_add(table, x->n == n || x->n == 0 ? "%s" : "%s [n %d]", text, x->n);
    }
    texttable_end(table);
}

void calibration_table(struct texttable *table, const struct findings *f)
{
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying));
    texttable_add(table, "recalibrate");
    texttable_add(table, "threshold");
    table->numeric_from = table->filled;
    texttable_add(table, "n");
    for (int s = 0; s < N_CALIBRATION; s++)
        texttable_add(table, "%s", calibration_scores[s].name);
    texttable_end(table);
    each_way(f, show_way, table);
}

/* ---- reliability ---- */

/* A bin that holds images. */
struct bin {
    int group, how, bin;
    const struct reliability *of;
};

static int each_bin(const struct findings *f,
                    void (*show)(void *to, const struct findings *f, struct bin bin), void *to)
{
    const struct calibration *c = f->calibration;
    int n = 0;
    for (int i = 0; i < c->n_groups * N_RECALIBRATIONS * RELIABILITY_BINS; i++) {
        struct bin b = {.bin = i % RELIABILITY_BINS,
                        .how = i / RELIABILITY_BINS % N_RECALIBRATIONS,
                        .group = i / RELIABILITY_BINS / N_RECALIBRATIONS};
        b.of = &c->group[b.group].way[b.how].reliability;
        if (b.of->n[b.bin] == 0)
            continue;
        n++;
        if (show)
            show(to, f, b);
    }
    return n;
}

int reliability_rows(const struct findings *f)
{
    return each_bin(f, NULL, NULL);
}

static void show_bin_csv(void *to, const struct findings *f, struct bin b)
{
    struct csv_out *csv = to;
    double n = (double)b.of->n[b.bin];
    columns_csv(csv, f->summary->store, f->summary->group[b.group].cell, FACTORS_ALL);
    csv_out_text(csv, recalibration_names[b.how]);
    csv_out_class(csv, f->calibration->group[b.group].positive);
    csv_out_int(csv, b.bin + 1);
    csv_out_real(csv, (double)b.bin / RELIABILITY_BINS);
    csv_out_real(csv, (double)(b.bin + 1) / RELIABILITY_BINS);
    csv_out_int(csv, b.of->n[b.bin]);
    csv_out_real(csv, b.of->q[b.bin] / n);
    csv_out_real(csv, b.of->hit[b.bin] / n);
    csv_out_end(csv);
}

void reliability_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"recalibrate", "positive", "bin",         "above",
                                        "to",          "n",        "probability", "observed"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
    each_bin(f, show_bin_csv, csv);
}

static void show_bin(void *to, const struct findings *f, struct bin b)
{
    struct texttable *table = to;
    int class = f->calibration->group[b.group].positive;
    char name[CLASS_NAME_SIZE];
    double n = (double)b.of->n[b.bin];
    columns_add(table, f->summary->store, f->summary->group[b.group].cell,
                combination_shown(f->summary->varying), 0);
    texttable_add(table, "%s", recalibration_names[b.how]);
    texttable_add(table, "%s", class == CLASS_NONE ? "the largest" : class_title(class, name));
    texttable_add(table, "%.1f to %.1f", (double)b.bin / RELIABILITY_BINS,
                  (double)(b.bin + 1) / RELIABILITY_BINS);
    texttable_add(table, "%ld", b.of->n[b.bin]);
    texttable_add(table, "%.3f", b.of->q[b.bin] / n);
    texttable_add(table, "%.3f", b.of->hit[b.bin] / n);
    texttable_end(table);
}

void reliability_table(struct texttable *table, const struct findings *f)
{
    static const char *const names[] = {"probability", "n", "mean probability", "observed share"};
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying));
    texttable_add(table, "recalibrate");
    texttable_add(table, "of class");
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        texttable_add(table, "%s", names[i]);
    texttable_end(table);
    each_bin(f, show_bin, table);
}

/* ---- what rebalancing costs ---- */

int calibration_cost_rows(const struct findings *f)
{
    struct cost cost;
    int n = 0;
    for (int at = 0; cost_next(f, &at, &cost);)
        n++;
    return n;
}

static void csv_side(struct csv_out *csv, const struct cost_side *side)
{
    csv_out_real(csv, side->difference);
    csv_out_real(csv, side->low);
    csv_out_real(csv, side->high);
    csv_out_real(csv, side->p_holm);
    csv_out_text(csv, side->word);
}

void calibration_cost_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const names[] = {"n",
                                        "balanced_accuracy",
                                        "balanced_accuracy_low",
                                        "balanced_accuracy_high",
                                        "p_holm",
                                        "outcome",
                                        "brier",
                                        "brier_low",
                                        "brier_high",
                                        "brier_p_holm",
                                        "brier_outcome",
                                        "log_loss",
                                        "log_loss_low",
                                        "log_loss_high",
                                        "log_loss_p_holm",
                                        "log_loss_outcome",
                                        "ece",
                                        "ece_low",
                                        "ece_high",
                                        "ece_p_holm",
                                        "ece_outcome"};
    struct cost cost;
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_out_text(csv, names[i]);
    csv_out_end(csv);
    for (int at = 0; cost_next(f, &at, &cost);) {
        columns_csv(csv, f->summary->store, cost.group->cell, FACTORS_ALL);
        csv_out_int(csv, cost.n);
        csv_side(csv, &cost.balanced);
        csv_side(csv, &cost.brier);
        csv_side(csv, &cost.log_loss);
        csv_side(csv, &cost.ece);
        csv_out_end(csv);
    }
}

static void add_side(struct texttable *table, const struct cost_side *side)
{
    if (isnan(side->difference))
        texttable_add(table, "-");
    else if (isnan(side->low))
        texttable_add(table, "%+.3f, %s", side->difference, side->word);
    else
        texttable_add(table, "%+.3f (%+.3f to %+.3f), %s", side->difference, side->low, side->high,
                      side->word);
}

void calibration_cost_table(struct texttable *table, const struct findings *f)
{
    struct cost cost;
    columns_add_names(table, f->summary->store, combination_shown(f->summary->varying));
    table->numeric_from = table->filled;
    texttable_add(table, "n");
    texttable_add(table, "balanced accuracy");
    texttable_add(table, "Brier score");
    texttable_add(table, "log loss");
    texttable_add(table, "ECE");
    texttable_end(table);
    for (int at = 0; cost_next(f, &at, &cost);) {
        columns_add(table, f->summary->store, cost.group->cell, combination_shown(f->summary->varying), 0);
        texttable_add(table, "%d", cost.n);
        add_side(table, &cost.balanced);
        add_side(table, &cost.brier);
        add_side(table, &cost.log_loss);
        add_side(table, &cost.ece);
        texttable_end(table);
    }
}
