#include "tables/findings.h"

#include "tables/findings_pages.h"
#include "write/output.h"

#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

enum format { FORMAT_CSV, FORMAT_MARKDOWN, FORMAT_LATEX };

static int write_page(const struct findings *f, const struct findings_page *page, enum format format,
                      const char *dir, struct err *err)
{
    static const char *const extension[] = {"csv", "md", "tex"};
    struct texttable table = {0};
    struct output out;
    char name[64];
    snprintf(name, sizeof name, "%s.%s", page->name, extension[format]);
    int rc = output_open(&out, dir, name, err);
    if (rc < 0)
        return rc;
    if (format == FORMAT_CSV) {
        struct csv_out csv = {.file = out.file};
        page->csv(&csv, f);
    } else {
        page->table(&table, f);
        if (format == FORMAT_MARKDOWN) {
            texttable_markdown(out.file, &table);
            fputc('\n', out.file);
            findings_print_note(out.file, f, page);
        } else {
            findings_latex_filter(out.file, f->summary);
            texttable_latex(out.file, &table);
        }
    }
    texttable_release(&table);
    return output_close(&out, err);
}

int findings_write(const struct findings *findings, const char *dir, struct err *err)
{
    int rc = 0;
    for (int p = 0; p < N_FINDINGS_PAGES; p++)
        for (int format = FORMAT_CSV; format <= FORMAT_LATEX && rc == 0; format++)
            if (findings_pages[p].rows(findings) > 0)
                rc = write_page(findings, &findings_pages[p], (enum format)format, dir, err);
    return rc;
}

/* ---- beginning and end ---- */

/* Which groups of the whole file have a job of what is shown: those with the cell of a group of it. */
static int find_shown(struct findings *f, struct err *err)
{
    const struct summary *whole = f->whole, *part = f->summary;
    int n = whole->n_groups + part->n_groups, rc = E_IO;
    struct partition *same = NULL;
    const struct store_job **cell = err_calloc((size_t)n, sizeof *cell, "groups", err);
    f->shown = err_calloc((size_t)whole->n_groups, 1, "groups", err);
    for (int i = 0; i < n && cell; i++)
        cell[i] = i < whole->n_groups ? whole->group[i].cell : part->group[i - whole->n_groups].cell;
    if (cell && f->shown)
        rc = partition_new(cell, n, FACTORS_ALL, &same, err);
    for (int g = 0; g < whole->n_groups && rc == 0; g++) {
        int p = same->part_of[g];
        f->shown[g] = same->begin[p + 1] - same->begin[p] > 1;
    }
    partition_free(same);
    free(cell);
    return rc;
}

static int find_whole(struct findings *f, struct store *store, struct err *err)
{
    int rc = f->summary->filter ? summary_outline(store, NULL, &f->outline, err) : 0;
    f->whole = f->outline ? f->outline : f->summary;
    return rc == 0 ? find_shown(f, err) : rc;
}

/* How many values a factor has in the whole file, its own axes told apart. */
static int count_values(const struct findings *f, int factor, int *n, struct err *err)
{
    const struct store_job **cell = summary_cells(f->whole, err);
    struct partition *values = NULL;
    int rc =
        cell ? partition_new(cell, f->whole->n_groups, combination_own(f->whole->store, factor), &values, err)
             : E_IO;
    *n = rc == 0 ? values->n_parts : 0;
    partition_free(values);
    free(cell);
    return rc;
}

int findings_most_values(int factor)
{
    return factor < FACTOR_AXES ? FINDINGS_MOST_MODELS : FINDINGS_MOST_VALUES;
}

/* Clusters are other images, protocols are compared in leak inflation, and an axis that belongs to a
 * factor with that factor. */
static int is_factor_compared(const struct findings *f, int factor)
{
    return factor == FACTOR_STRATEGY || (factor >= FACTOR_MODEL && summary_varies(f->whole, factor) &&
                                         !(combination_owned(f->whole->store) >> factor & 1));
}

static int find_too_many(struct findings *f, struct err *err)
{
    int rc = 0, n;
    for (int factor = 0; factor < combination_n_factors(f->whole->store) && rc == 0; factor++)
        if (is_factor_compared(f, factor)) {
            rc = count_values(f, factor, &n, err);
            f->too_many[factor] = n > findings_most_values(factor) ? n : 0;
        }
    return rc;
}

/* Strategies are compared on every set, however many they are. */
static int is_compared(const struct findings *f, int factor, enum replicates_set on)
{
    return is_factor_compared(f, factor) &&
           (factor == FACTOR_STRATEGY || (on != REPLICATES_ALL && !f->too_many[factor]));
}

static int compare_all(struct findings *f, enum replicates_set on, struct err *err)
{
    struct store *store = f->store;
    struct replicates *replicates = NULL;
    int rc = replicates_new(store, f->whole, "balanced_accuracy", on, &replicates, err);
    for (int factor = 0; factor < combination_n_factors(store) && rc == 0; factor++)
        if (is_compared(f, factor, on))
            rc = compare_factor(f->whole, replicates, factor, &f->compared[factor][on], err);
    if (rc == 0 && on == REPLICATES_TEST)
        rc = compare_leak(f->whole, replicates, &f->leak, err);
    replicates_free(replicates);
    return rc;
}

static int compare_sweeps(struct findings *f, struct err *err)
{
    static const char *const metric[FINDINGS_VERSUS] = {"balanced_accuracy", "accuracy", "auroc", "loss"};
    int rc = 0;
    for (int m = 0; m < FINDINGS_VERSUS && rc == 0; m++)
        rc = versus_new(f->store, f->whole, metric[m], m == 0, &f->versus[m], err);
    return rc;
}

/* ---- parts ---- */

static int find_sets(struct findings *f, struct err *err)
{
    int rc = compare_all(f, REPLICATES_ALL, err);
    return rc == 0 ? compare_all(f, REPLICATES_OOF, err) : rc;
}

static int find_scores(struct findings *f, struct err *err)
{
    int rc = 0;
    for (int s = 0; s < N_REPLICATES_SETS && rc == 0; s++)
        rc = replicates_scores(f->store, f->summary, (enum replicates_set)s, &f->scores[s], err);
    return rc;
}

/* Strategies by what a gain in balanced accuracy may cost. */
static int find_trust(struct findings *f, struct err *err)
{
    struct replicates *trust[N_TRUST];
    int rc = trust_new(f->store, f->whole, trust, err);
    for (int t = 0; t < N_TRUST && rc == 0; t++)
        rc = compare_factor(f->whole, trust[t], FACTOR_STRATEGY, &f->trust[t], err);
    trust_free(trust);
    return rc;
}

static int find_models(struct findings *f, struct err *err)
{
    const struct compare *compared = f->compared[FACTOR_MODEL][REPLICATES_TEST];
    return compared ? which_model_new(f->store, f->whole, compared, &f->which, err) : 0;
}

/* What training takes. */
static int find_training(struct findings *f, struct err *err)
{
    int rc = training_size_new(f->summary, &f->size, err);
    return rc == 0 ? training_cost_new(f->store, f->whole, f->compared[FACTOR_STRATEGY][REPLICATES_TEST],
                                       f->compared[FACTOR_MODEL][REPLICATES_TEST], &f->cost, err)
                   : rc;
}

static int find_calibration(struct findings *f, struct err *err)
{
    return calibration_new(f->store, f->summary, f->asked, &f->calibration, err);
}

static int find_roc(struct findings *f, struct err *err)
{
    return roc_new(f->store, f->summary, &f->roc, err);
}

static int find_claims(struct findings *f, struct err *err)
{
    return claims_new(f->store, f->whole, &f->claims, err);
}

static int find_literature(struct findings *f, struct err *err)
{
    return literature_new(f->store, f->whole, &f->literature, err);
}

static int find_tuned(struct findings *f, struct err *err)
{
    return tuned_new(f->store, &f->tuned, err);
}

static int (*const find_part[N_FOUND])(struct findings *, struct err *) = {
    [FOUND_SETS] = find_sets,     [FOUND_SCORES] = find_scores,     [FOUND_TRUST] = find_trust,
    [FOUND_MODELS] = find_models, [FOUND_TRAINING] = find_training, [FOUND_CALIBRATION] = find_calibration,
    [FOUND_ROC] = find_roc,       [FOUND_CLAIMS] = find_claims,     [FOUND_LITERATURE] = find_literature,
    [FOUND_TUNED] = find_tuned,
};

/* What a part that could not be made whole has of it already. */
static void drop_part(struct findings *f, int part);

int findings_need(struct findings *findings, unsigned parts, struct err *err)
{
    for (int p = 0; p < N_FOUND; p++) {
        if (!(parts & ~findings->made & FOUND(p)))
            continue;
        int rc = find_part[p](findings, err);
        if (rc < 0) {
            drop_part(findings, p);
            return rc;
        }
        findings->made |= FOUND(p);
    }
    return 0;
}

int findings_begin(struct store *store, const struct summary *summary, struct readout asked,
                   struct findings **out, struct err *err)
{
    struct findings *f = err_calloc(1, sizeof *f, "findings", err);
    *out = NULL;
    if (!f)
        return E_IO;
    f->store = store;
    f->summary = summary;
    f->asked = asked;
    int rc = find_whole(f, store, err);
    if (rc == 0)
        rc = find_too_many(f, err);
    if (rc == 0)
        rc = compare_all(f, REPLICATES_TEST, err);
    if (rc == 0)
        rc = inflation_new(f->store, f->whole, &f->selection, err);
    if (rc == 0)
        rc = compare_sweeps(f, err);
    if (rc < 0)
        findings_free(f);
    else
        *out = f;
    return rc;
}

int findings_new_read(struct store *store, const struct summary *summary, struct readout asked,
                      struct findings **out, struct err *err)
{
    int rc = findings_begin(store, summary, asked, out, err);
    if (rc == 0 && (rc = findings_need(*out, FOUND_ALL, err)) < 0) {
        findings_free(*out);
        *out = NULL;
    }
    return rc;
}

int findings_new(struct store *store, const struct summary *summary, struct findings **out, struct err *err)
{
    return findings_new_read(store, summary, readout_unsaid(), out, err);
}

int findings_compares(const struct findings *findings, int factor)
{
    return factor != FACTOR_STRATEGY && findings->compared[factor][REPLICATES_TEST] != NULL;
}

int findings_shows(const struct findings *findings, const struct compare_row *row)
{
    return findings->shown[row->group_a] && findings->shown[row->group_b];
}

static void drop_sets(struct findings *f, int from, int to)
{
    for (int s = from; s <= to; s++)
        for (int factor = 0; factor < FACTORS_MOST; factor++) {
            compare_free(f->compared[factor][s]);
            f->compared[factor][s] = NULL;
        }
}

static void drop_part(struct findings *f, int part)
{
    if (part == FOUND_SETS)
        drop_sets(f, REPLICATES_ALL, REPLICATES_OOF);
    for (int s = 0; s < N_REPLICATES_SETS && part == FOUND_SCORES; s++) {
        free(f->scores[s]);
        f->scores[s] = NULL;
    }
    for (int t = 0; t < N_TRUST && part == FOUND_TRUST; t++) {
        compare_free(f->trust[t]);
        f->trust[t] = NULL;
    }
    if (part == FOUND_TRAINING) {
        training_size_free(f->size);
        training_cost_free(f->cost);
        f->size = NULL;
        f->cost = NULL;
    }
}

void findings_free(struct findings *findings)
{
    if (!findings)
        return;
    drop_sets(findings, 0, N_REPLICATES_SETS - 1);
    for (int part = 0; part < N_FOUND; part++)
        drop_part(findings, part);
    for (int m = 0; m < FINDINGS_VERSUS; m++)
        versus_free(findings->versus[m]);
    which_model_free(findings->which);
    compare_free(findings->leak);
    inflation_free(findings->selection);
    calibration_free(findings->calibration);
    roc_free(findings->roc);
    claims_free(findings->claims);
    literature_free(findings->literature);
    tuned_free(findings->tuned);
    summary_free(findings->outline);
    free(findings->shown);
    free(findings);
}
