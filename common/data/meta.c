#include "data/meta.h"

#include "h5.h"
#include "utf8.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_values(const void *word, const void *value)
{
    return strcmp(word, value);
}

static int is_word(const char *word)
{
    return word && *word;
}

static int check_word(const char *name, const char *word, struct err *err)
{
    if (strlen(word) < META_WORD_SIZE && utf8_is_harmless(word))
        return 0;
    return err_set(
        err, E_IO,
        "column %.60s: \"%.40s\" is longer than %d bytes, or has control characters, backquotes or bytes "
        "that are no UTF-8; shorten or rename it, or leave the column out",
        name, word, META_WORD_SIZE - 1);
}

/* Distinct words to column->value; sorted has room for n. */
static int take_values(struct meta_column *column, const char *const *word, int n, const char **sorted,
                       struct err *err)
{
    int n_words = 0, rc = 0;
    for (int i = 0; i < n && rc == 0; i++)
        if (is_word(word[i])) {
            rc = check_word(column->name, word[i], err);
            sorted[n_words++] = word[i];
        }
    if (rc < 0)
        return rc;
    qsort(sorted, (size_t)n_words, sizeof *sorted, compare_words);
    for (int i = 0; i < n_words; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            sorted[column->n_values++] = sorted[i];
    column->value = err_calloc((size_t)column->n_values, sizeof *column->value, column->name, err);
    for (int k = 0; column->value && k < column->n_values; k++)
        snprintf(column->value[k], META_WORD_SIZE, "%s", sorted[k]);
    return column->value ? 0 : E_IO;
}

static void take_codes(struct meta_column *column, const char *const *word, int n)
{
    for (int i = 0; i < n; i++) {
        const char(*found)[META_WORD_SIZE] = NULL;
        if (is_word(word[i]))
            found = bsearch(word[i], column->value, (size_t)column->n_values, sizeof *column->value,
                            compare_values);
        column->code[i] = found ? (int)(found - (const char(*)[META_WORD_SIZE])column->value) : -1;
    }
}

static void release_column(struct meta_column *column)
{
    free(column->value);
    free(column->code);
    *column = (struct meta_column){0};
}

int meta_add(struct meta *meta, const char *name, const char *const *word, int n, struct err *err)
{
    struct meta_column column = {0};
    if (meta->n_columns == META_MAX_COLUMNS)
        return err_set(err, E_USAGE, "column %.60s: more than %d columns are kept", name, META_MAX_COLUMNS);
    int rc = check_word(name, name, err);
    if (rc == 0 && (!*name || strchr(name, '/')))
        rc = err_set(err, E_IO, "column \"%.60s\": its name is empty or has a slash; rename it", name);
    if (rc < 0)
        return rc;
    snprintf(column.name, sizeof column.name, "%s", name);
    const char **sorted = err_calloc((size_t)n, sizeof *sorted, name, err);
    column.code = err_calloc((size_t)n, sizeof *column.code, name, err);
    rc = sorted && column.code ? take_values(&column, word, n, sorted, err) : E_IO;
    free(sorted);
    if (rc < 0) {
        release_column(&column);
        return rc;
    }
    take_codes(&column, word, n);
    meta->column[meta->n_columns++] = column;
    return 0;
}

void meta_keep(struct meta *meta, const int *keep, int n)
{
    for (int c = 0; c < meta->n_columns; c++)
        for (int i = 0; i < n; i++) /* keep[i] >= i: what is read has not been written yet */
            meta->column[c].code[i] = meta->column[c].code[keep[i]];
}

const struct meta_column *meta_find(const struct meta *meta, const char *name)
{
    for (int c = 0; c < meta->n_columns; c++)
        if (strcmp(meta->column[c].name, name) == 0)
            return &meta->column[c];
    return NULL;
}

const char *meta_word(const struct meta_column *column, int i)
{
    return column->code[i] >= 0 ? column->value[column->code[i]] : "";
}

void meta_release(struct meta *meta)
{
    for (int c = 0; c < meta->n_columns; c++)
        release_column(&meta->column[c]);
    meta->n_columns = 0;
}

/* ---- in a file ---- */

static int write_column(hid_t file, const struct meta_column *column, int n, const char *path,
                        struct err *err)
{
    char name[META_WORD_SIZE + 16];
    hsize_t n_values = (hsize_t)column->n_values, n_images = (hsize_t)n;
    hid_t type = h5_string_type(META_WORD_SIZE);
    snprintf(name, sizeof name, "/meta/%s/value", column->name);
    int rc = h5_write(file, name, type, 1, &n_values, column->value, path, err);
    H5Tclose(type);
    snprintf(name, sizeof name, "/meta/%s/code", column->name);
    return rc == 0 ? h5_write(file, name, H5T_NATIVE_INT, 1, &n_images, column->code, path, err) : rc;
}

int meta_write(hid_t file, const struct meta *meta, int n, const char *path, struct err *err)
{
    int rc = 0;
    for (int c = 0; c < meta->n_columns && rc == 0; c++)
        rc = write_column(file, &meta->column[c], n, path, err);
    return rc;
}

static int read_values(hid_t file, struct meta_column *column, const char *path, struct err *err)
{
    char name[META_WORD_SIZE + 16];
    hsize_t n = 0;
    snprintf(name, sizeof name, "/meta/%s/value", column->name);
    int rc = h5_dims(file, name, 1, &n, path, err);
    if (rc == 0 && n > INT_MAX / META_WORD_SIZE)
        rc = err_set(err, E_IO, "%s: %s has an impossible shape; pack it again", path, name);
    if (rc < 0)
        return rc;
    column->n_values = (int)n;
    column->value = err_calloc((unsigned long)n, sizeof *column->value, name, err);
    if (!column->value)
        return E_IO;
    hid_t type = h5_string_type(META_WORD_SIZE);
    rc = h5_read(file, name, type, 1, &n, column->value, path, err);
    H5Tclose(type);
    for (int k = 0; k < column->n_values; k++)
        utf8_plain(column->value[k]);
    return rc;
}

static int read_codes(hid_t file, struct meta_column *column, int n, const char *path, struct err *err)
{
    char name[META_WORD_SIZE + 16];
    hsize_t dims = (hsize_t)n;
    snprintf(name, sizeof name, "/meta/%s/code", column->name);
    column->code = err_calloc((size_t)n, sizeof *column->code, name, err);
    int rc = column->code ? h5_read(file, name, H5T_NATIVE_INT, 1, &dims, column->code, path, err) : E_IO;
    for (int i = 0; rc == 0 && i < n; i++)
        if (column->code[i] < -1 || column->code[i] >= column->n_values)
            rc = err_set(err, E_IO, "%s: %s is %d for image %d; pack it again", path, name, column->code[i],
                         i);
    return rc;
}

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *self)
{
    struct meta *meta = self;
    (void)group;
    (void)info;
    if (meta->n_columns < META_MAX_COLUMNS && strlen(name) < META_WORD_SIZE && utf8_is_harmless(name))
        snprintf(meta->column[meta->n_columns++].name, META_WORD_SIZE, "%s", name);
    return 0;
}

int meta_read(hid_t file, struct meta *meta, int n, const char *path, struct err *err)
{
    int rc = 0;
    if (!h5_exists(file, "/meta"))
        return 0;
    if (H5Literate_by_name(file, "/meta", H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, meta, H5P_DEFAULT) < 0)
        rc = err_set(err, E_IO, "%s: /meta cannot be read; pack it again", path);
    for (int c = 0; c < meta->n_columns && rc == 0; c++) {
        rc = read_values(file, &meta->column[c], path, err);
        if (rc == 0)
            rc = read_codes(file, &meta->column[c], n, path, err);
    }
    return rc;
}
