#include "data/labels.h"

#include "data/anndata.h"
#include "table/csv.h"
#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct labels_row {
    size_t at[N_LABELS_FIELDS]; /* in text */
    long line;
};

/* Usual names of columns, those that leave least doubt first. */
static const char *const id_names[] = {
    "barcode",      "cell_id",   "cellid", "cell id",  "cell",       "barcodes", "cell_ids",
    "cell_barcode", "cell_name", "id",     "image_id", "cell_label", NULL};
static const char *const file_names[] = {"path",      "file",       "filename", "file_name", "filepath",
                                         "file_path", "image_path", "image",    "img",       NULL};
static const char *const label_names[] = {
    "cluster",    "group",      "label",       "labels",       "true_label", "class",       "cell_type",
    "celltype",   "cell type",  "cluster_id",  "clusters",     "leiden",     "louvain",     "seurat_clusters",
    "graphclust", "annotation", "clustername", "cluster_name", "class_name", "class_label", NULL};
static const char *const set_names[] = {"split", "set", "subset", NULL};

/* ---- which columns ---- */

/* What is chosen while the header is looked at: number of the column of each field, -1: none. */
struct choice {
    const struct csv *csv;
    int column[N_LABELS_FIELDS];
    int n_columns;
    int is_guess;
};

static int is_taken(const struct choice *choice, int column)
{
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        if (choice->column[f] == column)
            return 1;
    return 0;
}

/* Column of the first of the usual names; *n grows by how many of them the table has. */
static int find_usual(const struct choice *choice, const char *const *names, int *n)
{
    int found = -1;
    for (; *names; names++)
        for (int k = 0; k < choice->n_columns; k++)
            if (!is_taken(choice, k) && strcasecmp(csv_name(choice->csv, k), *names) == 0) {
                found = found < 0 ? k : found;
                ++*n;
            }
    return found;
}

static int find_named(const struct choice *choice, const char *name, struct err *err)
{
    int k = csv_find(choice->csv, name);
    for (int i = 0; k < 0 && i < choice->n_columns; i++)
        if (strcasecmp(csv_name(choice->csv, i), name) == 0)
            k = i;
    return k >= 0 ? k : csv_no_column(choice->csv, name, err);
}

/* The index that R and pandas write. */
static int find_unnamed(const struct choice *choice)
{
    const char *first = csv_name(choice->csv, 0);
    int is_index = !*first || strcasecmp(first, "index") == 0 || strcmp(first, "Unnamed: 0") == 0;
    return is_index && !is_taken(choice, 0) ? 0 : -1;
}

static int choose_ids(struct choice *choice, const char *wanted, struct err *err)
{
    int n = 0, k = wanted ? find_named(choice, wanted, err) : find_usual(choice, id_names, &n);
    if (wanted && k < 0)
        return k;
    int unnamed = wanted ? -1 : find_unnamed(choice);
    choice->is_guess |= n > 1 || unnamed >= 0;
    choice->column[LABELS_ID] = k >= 0 ? k : unnamed;
    n = 0;
    choice->column[LABELS_FILE] = find_usual(choice, file_names, &n);
    choice->is_guess |= n > 1;
    return 0;
}

static int choose_label(struct choice *choice, const char *wanted, struct err *err)
{
    int n = 0, k = wanted ? find_named(choice, wanted, err) : find_usual(choice, label_names, &n);
    if (wanted && k < 0)
        return k;
    if (k < 0 && choice->n_columns == 2)
        for (int i = 0; i < 2; i++)
            if (!is_taken(choice, i) && k < 0) {
                k = i;
                choice->is_guess = 1;
            }
    choice->is_guess |= n > 1;
    choice->column[LABELS_LABEL] = k;
    return 0;
}

/* Ids are the other one of two columns, when nothing else tells which they are. */
static int need_ids(struct choice *choice, struct err *err)
{
    if (choice->column[LABELS_ID] >= 0 || choice->column[LABELS_FILE] >= 0)
        return 0;
    if (choice->n_columns == 2 && choice->column[LABELS_LABEL] >= 0) {
        choice->column[LABELS_ID] = 1 - choice->column[LABELS_LABEL];
        choice->is_guess = 1;
        return 0;
    }
    struct err why;
    csv_no_column(choice->csv, "Barcode", &why);
    return err_set(err, E_IO, "%s; --id-column names the one that has the cells' ids", why.text);
}

static int too_many(const char *list, struct err *err)
{
    return err_set(err, E_USAGE, "--meta %.80s: more than %d columns; name those that matter", list,
                   LABELS_MAX_META);
}

/* Every column that is not taken for something else. */
static int choose_rest(struct choice *choice, const char *list, struct err *err)
{
    int n = 0;
    for (int k = 0; k < choice->n_columns; k++)
        if (!is_taken(choice, k) && *csv_name(choice->csv, k)) {
            if (n == LABELS_MAX_META)
                return too_many(list, err);
            choice->column[LABELS_META + n++] = k;
        }
    return 0;
}

static int choose_meta(struct choice *choice, const char *list, struct err *err)
{
    char name[LABELS_NAME_SIZE];
    if (!list)
        return 0;
    if (strcmp(list, "all") == 0)
        return choose_rest(choice, list, err);
    for (int k = 0; labels_meta_name(list, k, name); k++) {
        if (k == LABELS_MAX_META)
            return too_many(list, err);
        int column = find_named(choice, name, err);
        if (column < 0)
            return column;
        choice->column[LABELS_META + k] = column;
    }
    return 0;
}

static int choose_columns(struct choice *choice, const struct labels_options *options, struct err *err)
{
    int n = 0, rc = 0;
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        choice->column[f] = -1;
    while (csv_name(choice->csv, choice->n_columns))
        choice->n_columns++;
    if (options->groups && (rc = choice->column[LABELS_GROUP] = csv_find(choice->csv, options->groups)) < 0)
        rc = csv_no_column(choice->csv, options->groups, err);
    if (rc >= 0 && options->label_column)
        rc = choose_label(choice, options->label_column, err);
    if (rc >= 0)
        rc = choose_ids(choice, options->id_column, err);
    if (rc >= 0 && !options->label_column)
        rc = choose_label(choice, NULL, err);
    if (rc >= 0)
        rc = need_ids(choice, err);
    if (rc >= 0)
        choice->column[LABELS_SET] = find_usual(choice, set_names, &n);
    return rc < 0 ? rc : choose_meta(choice, options->meta, err);
}

static void tell_columns(const struct choice *choice, struct labels *labels)
{
    size_t n = 0;
    for (int k = 0; k < choice->n_columns && n < sizeof labels->found; k++)
        n += (size_t)snprintf(labels->found + n, sizeof labels->found - n, "%s\"%s\"", k ? ", " : "",
                              csv_name(choice->csv, k));
    for (int f = 0; f < N_LABELS_FIELDS; f++) {
        labels->has[f] = choice->column[f] >= 0;
        if (labels->has[f])
            snprintf(labels->column[f], LABELS_NAME_SIZE, "%.79s", csv_name(choice->csv, choice->column[f]));
    }
    labels->is_guess = choice->is_guess;
}

/* ---- rows ---- */

static int grow(struct labels *labels, size_t more, struct err *err)
{
    if (labels->n == labels->capacity) {
        int capacity = labels->capacity ? 2 * labels->capacity : 256;
        struct labels_row *row = realloc(labels->row, (size_t)capacity * sizeof *row);
        if (!row)
            return err_set(err, E_IO, "%s: out of memory for its rows", labels->path);
        labels->row = row;
        labels->capacity = capacity;
    }
    if (labels->used + more > labels->room) {
        size_t room = 2 * (labels->used + more) + 4096;
        char *text = realloc(labels->text, room);
        if (!text)
            return err_set(err, E_IO, "%s: out of memory for its rows", labels->path);
        labels->text = text;
        labels->room = room;
    }
    return 0;
}

/* Python's way to print bytes: b'abc' is abc. */
static void unwrap_bytes(char *text)
{
    size_t n = strlen(text);
    if (n > 3 && text[0] == 'b' && (text[1] == '\'' || text[1] == '"') && text[n - 1] == text[1]) {
        memmove(text, text + 2, n - 3);
        text[n - 3] = '\0';
    }
}

int labels_append(struct labels *labels, const char *const *field, long line, struct err *err)
{
    size_t more = 0;
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        more += field[f] ? strlen(field[f]) + 1 : 0;
    int rc = grow(labels, more, err);
    if (rc < 0)
        return rc;
    struct labels_row *row = &labels->row[labels->n++];
    row->line = line;
    for (int f = 0; f < N_LABELS_FIELDS; f++) {
        if (!field[f])
            continue;
        const char *from = field[f] + strspn(field[f], " ");
        size_t n = strlen(from);
        while (n && from[n - 1] == ' ')
            n--;
        row->at[f] = labels->used;
        memcpy(labels->text + labels->used, from, n);
        labels->text[labels->used + n] = '\0';
        if (f == LABELS_ID)
            unwrap_bytes(labels->text + labels->used);
        labels->used += n + 1;
    }
    return 0;
}

/* A column called `set` may mean anything: what is no set at all is no column of sets. */
static void check_sets(struct labels *labels)
{
    for (int i = 0; i < labels->n && labels->has[LABELS_SET]; i++)
        labels->has[LABELS_SET] = labels_set(labels_text(labels, i, LABELS_SET)) >= 0;
}

static int read_rows(struct csv *csv, const struct choice *choice, struct labels *labels, struct err *err)
{
    int column[N_LABELS_FIELDS], place[N_LABELS_FIELDS] = {0}, n = 0, rc;
    const char *field[N_LABELS_FIELDS], *wanted[N_LABELS_FIELDS];
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        if (choice->column[f] >= 0) {
            place[n] = f;
            column[n++] = choice->column[f];
        }
    csv_select(csv, column, n);
    memset(wanted, 0, sizeof wanted);
    while ((rc = csv_next(csv, field, err)) > 0) {
        for (int k = 0; k < n; k++)
            wanted[place[k]] = field[k];
        if ((rc = labels_append(labels, wanted, csv_line(csv), err)) < 0)
            break;
    }
    return rc;
}

int labels_read(const char *path, const struct labels_options *options, struct labels *labels,
                struct err *err)
{
    struct csv *csv = NULL;
    struct choice choice = {0};
    *labels = (struct labels){0};
    if (anndata_is(path))
        return anndata_read(path, options, labels, err);
    int rc = csv_open(path, NULL, 0, &csv, err);
    if (rc < 0)
        return rc;
    snprintf(labels->path, sizeof labels->path, "%s", path);
    choice.csv = csv;
    rc = choose_columns(&choice, options, err);
    if (rc == 0) {
        tell_columns(&choice, labels);
        rc = read_rows(csv, &choice, labels, err);
    }
    csv_close(csv);
    if (rc == 0)
        check_sets(labels);
    else
        labels_release(labels);
    return rc;
}

const char *labels_text(const struct labels *labels, int row, enum labels_field field)
{
    return labels->has[field] ? labels->text + labels->row[row].at[field] : NULL;
}

long labels_line(const struct labels *labels, int row)
{
    return labels->row[row].line;
}

/* ---- words ---- */

int labels_is_none(const char *text)
{
    static const char *const words[] = {"",     "na",   "n/a", "<na>", "nan",
                                        "null", "none", "-1",  "-1.0", "unassigned"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strcasecmp(text, words[k]) == 0)
            return 1;
    return 0;
}

int labels_meta_name(const char *list, int k, char *out)
{
    for (; k > 0 && list; k--)
        list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL;
    if (!list)
        return 0;
    list += strspn(list, " ");
    snprintf(out, LABELS_NAME_SIZE, "%.*s", (int)strcspn(list, ","), list);
    return 1;
}

int labels_set(const char *text)
{
    static const struct {
        const char *word;
        enum given_set set;
    } words[] = {{"", GIVEN_NONE},     {"train", GIVEN_TRAIN}, {"training", GIVEN_TRAIN},
                 {"val", GIVEN_VAL},   {"valid", GIVEN_VAL},   {"validation", GIVEN_VAL},
                 {"test", GIVEN_TEST}, {"testing", GIVEN_TEST}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strcasecmp(text, words[k].word) == 0)
            return (int)words[k].set;
    return -1;
}

int labels_lack(const struct labels *labels, struct err *err)
{
    return err_set(err, E_IO,
                   "%s: no column of labels (Cluster, group, label, ...), found: %s; --label-column names it",
                   labels->path, labels->found);
}

void labels_release(struct labels *labels)
{
    free(labels->text);
    free(labels->row);
    *labels = (struct labels){0};
}
