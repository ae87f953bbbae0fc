#include "tables/scores_pages.h"

#include "tables/columns.h"

const char scores_note[] = "Mean and 95 % interval of the mean from the stored probabilities: test "
                           "over finished jobs, Student's t widened where splits share images (Nadeau "
                           "and Bengio 2003); oof (out of fold: the folds of a repeat pooled, every "
                           "image judged once by a network that has not seen it) over repeats and all "
                           "(every original, training images included) over jobs, Student's t: they "
                           "judge the same images each time and say nothing about others. With two "
                           "classes the one of which fewer originals are drawn is positive. A score "
                           "is left out where it is undefined (no image predicted as the class, one "
                           "class only); where that leaves fewer values than the n of the row, it has "
                           "its own n behind it, and those left out are often the bad runs.\n";

void scores_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const numbers[] = {"n", "mean", "sd", "low", "high"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    findings_csv_names(csv, (const char *const[]){"set", "score"}, 2);
    findings_csv_names(csv, numbers, sizeof numbers / sizeof *numbers);
    csv_out_end(csv);
    for (int i = 0; i < f->summary->n_groups * N_REPLICATES_SETS * n_scores; i++) {
        int s = i % n_scores, set = i / n_scores % N_REPLICATES_SETS, g = i / n_scores / N_REPLICATES_SETS;
        const struct store_job *cell = f->summary->group[g].cell;
        const struct stats_summary *x = &f->scores[set][g * n_scores + s];
        if (x->n == 0)
            continue;
        columns_csv(csv, f->summary->store, cell, FACTORS_ALL);
        csv_out_text(csv, replicates_set_names[set]);
        csv_out_text(csv, scores[s].name);
        csv_out_int(csv, x->n);
        csv_out_real(csv, x->mean);
        csv_out_real(csv, x->sd);
        csv_out_real(csv, x->low);
        csv_out_real(csv, x->high);
        csv_out_end(csv);
    }
}

/* A score of a row of n values: with its own number of them where it has fewer. */
static void add_score(struct texttable *table, const struct stats_summary *x, int n)
{
    char text[64];
    stats_text(text, sizeof text, x);
    if (x->n == n || x->n == 0)
        texttable_add(table, "%s", text);
    else
        texttable_add(table, "%s [n %d]", text, x->n);
}

static void add_scores(struct texttable *table, const struct findings *f, int g, int set)
{
    const struct store_job *cell = f->summary->group[g].cell;
    const struct stats_summary *x = f->scores[set] + g * n_scores;
    int n = 0;
    for (int s = 0; s < n_scores; s++)
        n = x[s].n > n ? x[s].n : n;
    if (n == 0)
        return;
    findings_add_factors(table, f, cell, 0);
    texttable_add(table, "%s", replicates_set_names[set]);
    texttable_add(table, "%d", n);
    for (int s = 0; s < n_scores; s++)
        add_score(table, &x[s], n);
    texttable_end(table);
}

void scores_table(struct texttable *table, const struct findings *f)
{
    findings_add_factor_names(table, f, 0);
    texttable_add(table, "set");
    table->numeric_from = table->filled;
    texttable_add(table, "n");
    for (int s = 0; s < n_scores; s++)
        texttable_add(table, "%s", scores[s].name);
    texttable_end(table);
    for (int g = 0; g < f->summary->n_groups; g++)
        for (int set = 0; set < N_REPLICATES_SETS; set++)
            add_scores(table, f, g, set);
}

int scores_rows(const struct findings *f)
{
    for (int i = 0; i < f->summary->n_groups * n_scores; i++)
        if (f->scores[REPLICATES_TEST][i].n > 0)
            return 1;
    return 0;
}
