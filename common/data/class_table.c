#include "data/class_table.h"

#include "data/dataset.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number that a text is; 0 when it is none. */
static int number_of(const char *text, double *number)
{
    char *end = NULL;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number);
}

static int is_cluster(double number)
{
    return number >= 0.0 && number <= DATASET_MAX_CLUSTER && number - floor(number) <= 0.0;
}

static int check_name(const char *text, const char *where, struct err *err)
{
    if (strlen(text) >= DATASET_CLASS_SIZE)
        return err_set(err, E_IO, "%s: the class name \"%.40s...\" is longer than %d bytes; shorten it",
                       where, text, DATASET_CLASS_SIZE - 1);
    if (!utf8_is_harmless(text))
        return err_set(err, E_IO,
                       "%s: the class name \"%.60s\" has control characters, backquotes or bytes that are no "
                       "UTF-8; rename it",
                       where, text);
    return 0;
}

static int make_room(struct class_table *table, const char *where, struct err *err)
{
    if (!table->by_text && !(table->by_text = idmap_new(err)))
        return E_IO;
    if (table->n >= DATASET_MAX_CLASSES)
        return err_set(err, E_IO, "%s: more than %d classes; is this the column of the labels?", where,
                       DATASET_MAX_CLASSES);
    if (table->n < table->capacity)
        return 0;
    int capacity = table->capacity ? 2 * table->capacity : 32;
    struct class_label *label = realloc(table->label, (size_t)capacity * sizeof *label);
    if (!label)
        return err_set(err, E_IO, "%s: out of memory for classes", where);
    table->label = label;
    table->capacity = capacity;
    return 0;
}

static int append(struct class_table *table, const char *text, const char *where, struct err *err)
{
    int rc = check_name(text, where, err);
    if (rc == 0)
        rc = make_room(table, where, err);
    if (rc < 0)
        return rc;
    struct class_label label = {.text = strdup(text), .where = strdup(where)};
    if (!label.text || !label.where) {
        free(label.text);
        free(label.where);
        return err_set(err, E_IO, "%s: out of memory for classes", where);
    }
    label.is_number = number_of(text, &label.number);
    label.is_whole = label.is_number && is_cluster(label.number);
    table->label[table->n] = label;
    return idmap_add(table->by_text, label.text, table->n++, err);
}

int class_table_add(struct class_table *table, const char *text, const char *file, long line, struct err *err)
{
    char whole[16], where[400];
    double number;
    if (number_of(text, &number) && is_cluster(number)) {
        snprintf(whole, sizeof whole, "%d", (int)number);
        text = whole;
    }
    int place = table->by_text ? idmap_find(table->by_text, text) : -1;
    if (place >= 0)
        return place;
    snprintf(where, sizeof where, line ? "%.350s:%ld" : "%.350s", file, line);
    int rc = append(table, text, where, err);
    return rc < 0 ? rc : table->n - 1;
}

static int compare(const void *a, const void *b)
{
    const struct class_label *x = *(const struct class_label *const *)a,
                             *y = *(const struct class_label *const *)b;
    if (x->is_number != y->is_number)
        return y->is_number - x->is_number;
    if (x->is_number && (x->number < y->number || x->number > y->number))
        return x->number < y->number ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* cluster of a label: its place in their order. */
static int order_names(const struct class_table *table, int *cluster, struct err *err)
{
    size_t n = (size_t)table->n;
    const struct class_label **sorted = err_calloc(n, sizeof *sorted, "classes", err);
    if (!sorted)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &table->label[i];
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < n; i++)
        cluster[sorted[i] - table->label] = (int)i;
    free(sorted);
    return 1;
}

int class_table_finish(const struct class_table *table, int *cluster, struct err *err)
{
    const struct class_label *odd = NULL;
    for (int i = 0; i < table->n; i++) {
        if (!table->label[i].is_number)
            return order_names(table, cluster, err);
        if (!table->label[i].is_whole && !odd)
            odd = &table->label[i];
        cluster[i] = (int)fmax(-1.0, fmin(table->label[i].number, DATASET_MAX_CLUSTER));
    }
    if (!odd)
        return 0;
    return err_set(
        err, E_IO,
        "%s: the label is \"%.40s\", not a whole number from 0 to %d, while all others are numbers, "
        "too; give every class a whole number, or a name",
        odd->where, odd->text, DATASET_MAX_CLUSTER);
}

void class_table_release(struct class_table *table)
{
    for (int i = 0; i < table->n; i++) {
        free(table->label[i].text);
        free(table->label[i].where);
    }
    free(table->label);
    idmap_free(table->by_text);
    *table = (struct class_table){0};
}
