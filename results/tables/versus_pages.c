#include "tables/versus_pages.h"

#include "tables/columns.h"
#include "tables/findings_pages.h"

#include <math.h>
#include <string.h>

const char versus_note[] =
    "Each sweep against the first one: test balanced accuracy (the CSV file has accuracy, AUROC and "
    "loss, too) of the second minus that of the first, of the n pairs of runs with the same seed, "
    "repeat and fold, which have the same split unless groups differ. Tests and intervals are those of "
    "the comparisons of strategies; p is adjusted for all combinations that both sweeps have (Holm). "
    "jobs: finished in both by one key, so that they are the same job, and how many of them left equal "
    "bits. Settings in which the sweeps differ as such belong to the sweep. A combination that one "
    "sweep has alone is compared with nothing.\n";

static int is_shown(const struct findings *f, const struct versus_row *row)
{
    const struct summary_group *group = f->whole->group;
    return (row->first && f->shown[row->first - group]) || (row->second && f->shown[row->second - group]);
}

int versus_rows(const struct findings *f)
{
    int n = 0;
    for (int i = 0; f->versus[0] && i < f->versus[0]->n; i++)
        n += is_shown(f, &f->versus[0]->row[i]);
    return n;
}

static const struct store_job *cell_of(const struct versus_row *row)
{
    return row->first ? row->first->cell : row->second->cell;
}

static const char *place_of(const struct versus_row *row)
{
    return row->first && row->second ? "both" : row->first ? "first" : "second";
}

/* All that tells combinations apart but for the sweep and its own settings. */
static unsigned factors_of(const struct findings *f)
{
    return FACTORS_ALL & ~combination_own(f->whole->store, f->versus[0]->factor);
}

/* 1 when every run that was compared is the same job in both, with equal bits. */
static int is_equal(const struct versus_row *row)
{
    return row->n_same > 0 && row->n_equal == row->n_same && row->n_same >= row->contrast.n;
}

/* bits: the row that has them. */
static void verdict_of(const struct versus_pair *pair, const struct versus_row *row,
                       const struct versus_row *bits, char *out, size_t size)
{
    if (!row->first || !row->second)
        snprintf(out, size, "only in %s", row->first ? pair->first : pair->second);
    else if (!row->compared)
        snprintf(out, size, "not finished in both");
    else if (is_equal(bits))
        snprintf(out, size, "equal to the bit");
    else
        contrast_verdict_text(out, size, row->verdict, &row->contrast, pair->family);
}

static void csv_row(struct csv_out *csv, const struct findings *f, const struct versus *v,
                    const struct versus_pair *pair, int i)
{
    const struct versus_row *row = &v->row[i], *bits = &f->versus[0]->row[i];
    char verdict[128];
    struct contrast none = {.mean = (double)NAN, .method = "none"};
    none.mean_first = none.mean_second = none.low = none.high = none.p = none.p_sign_flip = none.p_wilcoxon =
        none.mean;
    const struct contrast *c = row->compared ? &row->contrast : &none;
    csv_out_text(csv, pair->first);
    csv_out_text(csv, pair->second);
    csv_out_text(csv, v->compare->metric);
    columns_csv(csv, f->whole->store, cell_of(row), factors_of(f));
    csv_out_text(csv, place_of(row));
    csv_out_real(csv, c->mean_first);
    csv_out_real(csv, c->mean_second);
    findings_csv_contrast(csv, c);
    csv_out_real(csv, row->compared ? row->p_holm : (double)NAN);
    csv_out_int(csv, pair->family);
    csv_out_int(csv, row->lacking);
    verdict_of(pair, row, bits, verdict, sizeof verdict);
    csv_out_text(csv, verdict);
    csv_out_int(csv, bits->n_same);
    csv_out_int(csv, bits->n_equal);
    csv_out_end(csv);
}

static void csv_header(struct csv_out *csv, const struct findings *f)
{
    static const char *const first[] = {"first", "second", "metric"},
                             *const middle[] = {"in", "first_mean", "second_mean"},
                             *const last[] = {"p_holm",  "comparisons", "jobs_lacking_a_class",
                                              "verdict", "jobs_same",   "jobs_equal_bits"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        csv_out_text(csv, first[i]);
    columns_csv_names(csv, f->whole->store, factors_of(f));
    for (size_t i = 0; i < sizeof middle / sizeof *middle; i++)
        csv_out_text(csv, middle[i]);
    findings_csv_contrast_names(csv);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        csv_out_text(csv, last[i]);
    csv_out_end(csv);
}

void versus_csv(struct csv_out *csv, const struct findings *f)
{
    csv_header(csv, f);
    for (int m = 0; m < FINDINGS_VERSUS; m++)
        for (int p = 0; p < f->versus[m]->n_pairs; p++)
            for (int i = f->versus[m]->pair[p].begin; i < f->versus[m]->pair[p].end; i++)
                if (is_shown(f, &f->versus[m]->row[i]))
                    csv_row(csv, f, f->versus[m], &f->versus[m]->pair[p], i);
}

static void add_row(struct texttable *table, const struct findings *f, const struct versus_pair *pair,
                    const struct versus_row *row)
{
    static const struct contrast none = {.method = "-"};
    char verdict[128];
    const struct contrast *c = row->compared ? &row->contrast : &none;
    verdict_of(pair, row, row, verdict, sizeof verdict);
    texttable_add(table, "%s", pair->second);
    texttable_add(table, "%s", pair->first);
    columns_add(table, f->whole->store, cell_of(row), combination_shown(f->whole->varying) & factors_of(f),
                0);
    texttable_add(table, "%s", verdict);
    texttable_add(table, "%s", c->method);
    const double number[] = {c->mean_first, c->mean_second, c->mean};
    for (int i = 0; i < 3; i++)
        findings_add_number(table, i == 2 ? "+" : "", row->compared ? number[i] : (double)NAN);
    if (row->compared)
        findings_add_interval(table, c);
    else
        texttable_add(table, "-");
    findings_add_number(table, "p", row->compared ? row->p_holm : (double)NAN);
    texttable_add(table, "%d", c->n);
    if (row->n_same > 0)
        texttable_add(table, "%d of %d", row->n_equal, row->n_same);
    else
        texttable_add(table, "-");
    texttable_end(table);
}

void versus_table(struct texttable *table, const struct findings *f)
{
    static const char *const numbers[] = {"mean of against",     "mean of sweep", "difference",
                                          "95 % interval",       "p (Holm)",      "n",
                                          "jobs with equal bits"};
    const struct versus *v = f->versus[0];
    texttable_add(table, "sweep");
    texttable_add(table, "against");
    columns_add_names(table, f->whole->store, combination_shown(f->whole->varying) & factors_of(f));
    texttable_add(table, "sweep is");
    texttable_add(table, "method");
    table->numeric_from = table->filled;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        texttable_add(table, "%s", numbers[i]);
    texttable_end(table);
    for (int p = 0; p < v->n_pairs; p++)
        for (int i = v->pair[p].begin; i < v->pair[p].end; i++)
            if (is_shown(f, &v->row[i]))
                add_row(table, f, &v->pair[p], &v->row[i]);
}

void versus_sentences(FILE *file, const struct findings *f)
{
    for (int p = 0; f->versus[0] && p < f->versus[0]->n_pairs; p++) {
        versus_words(file, f->versus[0], p);
        fputc('\n', file);
    }
}
