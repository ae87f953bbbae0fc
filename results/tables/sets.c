#include "tables/sets.h"

#include "samples/given.h"
#include "write/csv_out.h"
#include "write/output.h"
#include "write/texttable.h"

#include <stdlib.h>
#include <string.h>

int sets_matter(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->protocol, "given") == 0)
            return 1;
    return 0;
}

/* A row of the table: what images of a set share with those of an earlier one. */
struct row {
    struct given_pair pair;
    const char *what;       /* "equal pixels", "nearly equal pixels", or a column */
    int n_images, n_values; /* n_values -1: no column */
};

typedef void (*visitor)(void *to, const struct row *row, int n_of_set);

static int each_row(const struct dataset *data, const struct given_leak *leak, visitor visit, void *to,
                    struct err *err)
{
    int rc = 0;
    for (int p = 0; p < N_GIVEN_PAIRS && rc == 0; p++) {
        struct row row = {given_pairs[p], "equal pixels", leak->equal[p], -1};
        int n = leak->n[row.pair.to];
        if (n == 0 || leak->n[row.pair.from] == 0)
            continue;
        visit(to, &row, n);
        row.what = "nearly equal pixels";
        row.n_images = leak->near[p];
        visit(to, &row, n);
        for (int c = 0; c < data->meta.n_columns && rc == 0; c++) {
            struct given_shared shared;
            rc = given_shared(data, &data->meta.column[c], row.pair, &shared, err);
            row = (struct row){row.pair, data->meta.column[c].name, shared.n_images, shared.n_values};
            if (rc == 0)
                visit(to, &row, n);
        }
    }
    return rc;
}

static void visit_csv(void *to, const struct row *row, int n_of_set)
{
    struct csv_out *csv = to;
    csv_out_text(csv, given_set_names[row->pair.from]);
    csv_out_text(csv, given_set_names[row->pair.to]);
    csv_out_text(csv, row->what);
    csv_out_int(csv, row->n_images);
    csv_out_int(csv, n_of_set);
    csv_out_count(csv, row->n_values);
    csv_out_end(csv);
}

static void visit_table(void *to, const struct row *row, int n_of_set)
{
    texttable_add(to, "%s", given_set_names[row->pair.from]);
    texttable_add(to, "%s", given_set_names[row->pair.to]);
    texttable_add(to, "%s", row->what);
    texttable_add(to, "%d", row->n_images);
    texttable_add(to, "%d", n_of_set);
    if (row->n_values >= 0)
        texttable_add(to, "%d", row->n_values);
    texttable_end(to);
}

static const char *const names[] = {"from", "to", "shares", "images", "of", "values"};
enum { N_NAMES = sizeof names / sizeof *names };

static int write_csv(const struct dataset *data, const struct given_leak *leak, const char *dir,
                     struct err *err)
{
    struct output out;
    int rc = output_open(&out, dir, "sets.csv", err);
    if (rc < 0)
        return rc;
    struct csv_out csv = {.file = out.file};
    for (int i = 0; i < N_NAMES; i++)
        csv_out_text(&csv, names[i]);
    csv_out_end(&csv);
    rc = each_row(data, leak, visit_csv, &csv, err);
    if (rc == 0)
        return output_close(&out, err);
    output_abandon(&out);
    return rc;
}

static int write_markdown(const struct dataset *data, const struct given_leak *leak, const char *dir,
                          struct err *err)
{
    struct texttable table = {.numeric_from = 3};
    struct output out;
    int rc = output_open(&out, dir, "sets.md", err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < N_NAMES; i++)
        texttable_add(&table, "%s", names[i]);
    texttable_end(&table);
    rc = each_row(data, leak, visit_table, &table, err);
    if (rc == 0) {
        texttable_markdown(out.file, &table);
        fprintf(
            out.file,
            "\nOf all images, whatever their cluster: %d are in set train, %d in test, %d in val, which no "
            "job trains or is judged on, %d in none. images: those of set `to` that share something with "
            "one of set `from`. Nearly equal: the root mean square difference of the pixels is at most "
            "%g of the standard deviation of either. values: of a column, that both sets have.\n",
            leak->n[GIVEN_TRAIN], leak->n[GIVEN_TEST], leak->n[GIVEN_VAL], leak->n[GIVEN_NONE],
            given_nearness);
    }
    texttable_release(&table);
    if (rc == 0)
        return output_close(&out, err);
    output_abandon(&out);
    return rc;
}

int sets_write(const struct dataset *data, const char *dir, FILE *text, struct err *err)
{
    struct given_leak leak;
    int rc = given_measure(data, &leak, err);
    if (rc == 0)
        rc = write_csv(data, &leak, dir, err);
    if (rc == 0)
        rc = write_markdown(data, &leak, dir, err);
    return rc == 0 ? given_print(text, data, &leak, err) : rc;
}
