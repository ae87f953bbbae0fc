#include "data/class_table.h"

#include "data/dataset.h"
#include "class_name.h"

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
    struct err why = {0};
    double number;
    int class = class_number(text, &why), rc = make_room(table, where, err);
    if (rc == 0 && class == CLASS_NONE)
        rc = err_set(err, E_IO, "%s: %s", where, why.text);
    if (rc < 0)
        return rc;
    struct class_label label = {
        .text = strdup(text), .where = strdup(where), .class = class, .is_number = number_of(text, &number)};
    if (!label.text || !label.where) {
        free(label.text);
        free(label.where);
        return err_set(err, E_IO, "%s: out of memory for classes", where);
    }
    table->label[table->n] = label;
    return idmap_add(table->by_text, label.text, table->n++, err);
}

int class_table_add(struct class_table *table, const char *text, const char *file, long line, struct err *err)
{
    char whole[CLASS_NAME_SIZE], where[400];
    int number = *text >= '0' && *text <= '9' ? class_number(text, NULL) : CLASS_NONE;
    if (number >= 0)
        text = class_text(number, whole);
    int place = table->by_text ? idmap_find(table->by_text, text) : -1;
    if (place >= 0)
        return place;
    snprintf(where, sizeof where, line ? "%.350s:%ld" : "%.350s", file, line);
    int rc = append(table, text, where, err);
    return rc < 0 ? rc : table->n - 1;
}

int class_table_check(const struct class_table *table, struct err *err)
{
    const struct class_label *odd = NULL;
    for (int i = 0; i < table->n; i++) {
        if (!table->label[i].is_number)
            return 0;
        if (class_is_name(table->label[i].class) && !odd)
            odd = &table->label[i];
    }
    if (!odd)
        return 0;
    return err_set(
        err, E_IO,
        "%s: the label is \"%.40s\", not a whole number from 0 to %d, while all others are numbers, "
        "too; give every class a whole number, or a name",
        odd->where, odd->text, CLASS_MOST);
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
