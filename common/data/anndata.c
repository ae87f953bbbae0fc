#include "data/anndata.h"

#include "child.h"
#include "h5.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TEXT = 4096, MOST_A_BYTE = 1024 };

/* One column as texts. */
struct texts {
    size_t n;
    char **text; /* (n) */
};

/* What is read from. */
struct h5ad {
    char path[LABELS_PATH_SIZE];
    char column[256]; /* "" : not named */
    unsigned long long bytes;
    hid_t obs;
};

static void release(struct texts *texts)
{
    for (size_t i = 0; texts->text && i < texts->n; i++)
        free(texts->text[i]);
    free(texts->text);
    *texts = (struct texts){0};
}

/* ---- datasets as texts ---- */

static int no_column(const struct h5ad *file, const char *name, const char *why, struct err *err)
{
    return err_set(err, E_IO, "%s: obs/%.80s %s", file->path, name, why);
}

/* Elements of a dataset of one dimension. */
static int count(const struct h5ad *file, hid_t set, const char *name, size_t *n, struct err *err)
{
    hid_t space = H5Dget_space(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    hssize_t points = rank == 1 ? H5Sget_simple_extent_npoints(space) : -1;
    if (space >= 0)
        H5Sclose(space);
    if (points < 0 || (unsigned long long)points > file->bytes * MOST_A_BYTE)
        return no_column(file, name, "is not a column of one value a cell", err);
    *n = (size_t)points;
    return 0;
}

static int cannot_read(const struct h5ad *file, const char *name, struct err *err)
{
    return no_column(
        file, name,
        "cannot be read: damaged, or compressed in a way that this HDF5 lacks; write the file again with "
        "compression='gzip'",
        err);
}

static int variable_strings(const struct h5ad *file, hid_t set, hid_t type, const char *name,
                            struct texts *out, struct err *err)
{
    char **read = err_calloc(out->n, sizeof *read, name, err);
    hid_t memory = H5Tcopy(H5T_C_S1), space = H5Dget_space(set);
    int rc = read ? 0 : E_IO;
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (rc == 0 && H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) < 0)
        rc = cannot_read(file, name, err);
    for (size_t i = 0; rc == 0 && i < out->n; i++)
        if (!(out->text[i] = strdup(read[i] ? read[i] : "")))
            rc = err_set(err, E_IO, "%s: out of memory for obs/%s", file->path, name);
    if (read && space >= 0)
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, read);
    if (space >= 0)
        H5Sclose(space);
    H5Tclose(memory);
    free(read);
    return rc;
}

static int fixed_strings(const struct h5ad *file, hid_t set, hid_t type, const char *name, struct texts *out,
                         struct err *err)
{
    size_t size = H5Tget_size(type) + 1;
    if (size <= 1 || size > MAX_TEXT)
        return no_column(file, name, "has texts of an impossible length", err);
    char *read = err_calloc(out->n, size, name, err);
    hid_t memory = h5_string_type(size);
    int rc = read ? 0 : E_IO;
    H5Tset_cset(memory, H5Tget_cset(type));
    if (rc == 0 && H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) < 0)
        rc = cannot_read(file, name, err);
    for (size_t i = 0; rc == 0 && i < out->n; i++)
        if (!(out->text[i] = strndup(read + i * size, size - 1)))
            rc = err_set(err, E_IO, "%s: out of memory for obs/%s", file->path, name);
    H5Tclose(memory);
    free(read);
    return rc;
}

/* Whole numbers and truth values; reals as short as they can be told from others. */
static int numbers(const struct h5ad *file, hid_t set, int is_real, const char *name, struct texts *out,
                   struct err *err)
{
    union {
        long long whole;
        double real;
    } *read = err_calloc(out->n, sizeof *read, name, err);
    int rc = read ? 0 : E_IO;
    if (rc == 0 &&
        H5Dread(set, is_real ? H5T_NATIVE_DOUBLE : H5T_NATIVE_LLONG, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) < 0)
        rc = cannot_read(file, name, err);
    for (size_t i = 0; rc == 0 && i < out->n; i++) {
        char text[40];
        if (is_real)
            snprintf(text, sizeof text, "%.9g", read[i].real);
        else
            snprintf(text, sizeof text, "%lld", read[i].whole);
        if (!(out->text[i] = strdup(text)))
            rc = err_set(err, E_IO, "%s: out of memory for obs/%s", file->path, name);
    }
    free(read);
    return rc;
}

/* The elements of an open dataset. */
static int read_texts(const struct h5ad *file, hid_t set, const char *name, struct texts *out,
                      struct err *err)
{
    hid_t type = H5Dget_type(set);
    H5T_class_t kind = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    int rc = count(file, set, name, &out->n, err);
    if (rc == 0 && !(out->text = err_calloc(out->n, sizeof *out->text, name, err)))
        rc = E_IO;
    if (rc == 0 && kind == H5T_STRING)
        rc = H5Tis_variable_str(type) > 0 ? variable_strings(file, set, type, name, out, err)
                                          : fixed_strings(file, set, type, name, out, err);
    else if (rc == 0 && (kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM))
        rc = numbers(file, set, kind == H5T_FLOAT, name, out, err);
    else if (rc == 0)
        rc = no_column(file, name, "holds neither texts nor numbers", err);
    if (type >= 0)
        H5Tclose(type);
    if (rc < 0)
        release(out);
    return rc;
}

/* ---- categories ---- */

/* Codes to the categories they count; -1 is no value. Takes both datasets, which may be invalid. */
static int read_categories(const struct h5ad *file, hid_t codes, hid_t categories, const char *name,
                           struct texts *out, struct err *err)
{
    struct texts code = {0}, category = {0};
    int rc =
        codes >= 0 && categories >= 0
            ? 0
            : no_column(file, name, "is of a kind that is not read; write it as categories or text", err);
    if (rc == 0)
        rc = read_texts(file, codes, name, &code, err);
    if (rc == 0)
        rc = read_texts(file, categories, name, &category, err);
    if (rc == 0 && !(out->text = err_calloc(out->n = code.n, sizeof *out->text, name, err)))
        rc = E_IO;
    for (size_t i = 0; rc == 0 && i < code.n; i++) {
        long k = strtol(code.text[i], NULL, 10);
        if (k < -1 || k >= (long)category.n)
            rc = no_column(file, name, "has codes that no category belongs to: damaged", err);
        else if (!(out->text[i] = strdup(k < 0 ? "" : category.text[k])))
            rc = err_set(err, E_IO, "%s: out of memory for obs/%s", file->path, name);
    }
    release(&code);
    release(&category);
    if (rc < 0)
        release(out);
    if (codes >= 0)
        H5Dclose(codes);
    if (categories >= 0)
        H5Dclose(categories);
    return rc;
}

static hid_t open_set(hid_t loc, const char *name)
{
    return h5_exists(loc, name) ? H5Dopen2(loc, name, H5P_DEFAULT) : H5I_INVALID_HID;
}

/* The dataset that the attribute `categories` of codes points to, as anndata wrote before 0.7. */
static hid_t open_referred(hid_t codes)
{
    hobj_ref_t ref;
    hid_t found = H5I_INVALID_HID, attr = H5Aopen(codes, "categories", H5P_DEFAULT);
    hid_t type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
    hid_t space = attr >= 0 ? H5Aget_space(attr) : H5I_INVALID_HID;
    if (type >= 0 && H5Tequal(type, H5T_STD_REF_OBJ) > 0 && space >= 0 &&
        H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attr, H5T_STD_REF_OBJ, &ref) >= 0)
        found = H5Rdereference2(attr, H5P_DEFAULT, H5R_OBJECT, &ref);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attr >= 0)
        H5Aclose(attr);
    if (found >= 0 && H5Iget_type(found) != H5I_DATASET) {
        H5Oclose(found);
        return H5I_INVALID_HID;
    }
    return found;
}

static int read_column(const struct h5ad *file, const char *name, struct texts *out, struct err *err)
{
    *out = (struct texts){0};
    hid_t object = h5_exists(file->obs, name) ? H5Oopen(file->obs, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (object < 0)
        return no_column(file, name, "is not there", err);
    if (H5Iget_type(object) == H5I_GROUP) {
        int rc =
            read_categories(file, open_set(object, "codes"), open_set(object, "categories"), name, out, err);
        H5Oclose(object);
        return rc;
    }
    if (H5Iget_type(object) != H5I_DATASET) {
        H5Oclose(object);
        return no_column(file, name, "is no column", err);
    }
    if (h5_has_attr(object, "categories"))
        return read_categories(file, object, open_referred(object), name, out, err);
    int rc = read_texts(file, object, name, out, err);
    H5Dclose(object);
    return rc;
}

/* ---- the table ---- */

/* Names of the columns, in quotes. */
static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *found)
{
    char *out = found;
    size_t n = strlen(out), size = sizeof((struct labels *)0)->found;
    (void)group;
    (void)info;
    if (name[0] != '_')
        snprintf(out + n, size - n, "%s\"%.60s\"", n ? ", " : "", name);
    return 0;
}

/* Columns of the fields that are asked for; NULL: none. */
struct wanted {
    char index[256];
    const char *column[N_LABELS_FIELDS];
    char meta[LABELS_MAX_META][LABELS_NAME_SIZE];
};

static int find_index(const struct h5ad *file, char out[256], struct err *err)
{
    char *text = NULL;
    if (h5_has_attr(file->obs, "_index")) {
        int rc = h5_read_text_attr(file->obs, "_index", &text, file->path, err);
        if (rc < 0)
            return rc;
    }
    snprintf(out, 256, "%s", text ? text : h5_exists(file->obs, "_index") ? "_index" : "index");
    free(text);
    return 0;
}

static int find_columns(const struct h5ad *file, const struct labels_options *options, struct labels *labels,
                        struct wanted *wanted, struct err *err)
{
    H5Literate(file->obs, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, labels->found);
    wanted->column[LABELS_LABEL] = file->column[0] ? file->column : options->label_column;
    wanted->column[LABELS_ID] = options->id_column;
    wanted->column[LABELS_GROUP] = options->groups;
    if (!wanted->column[LABELS_LABEL])
        return err_set(err, E_IO, "%s: which column of obs has the labels? %s:obs/COLUMN names it; found: %s",
                       file->path, file->path, labels->found);
    if (!wanted->column[LABELS_ID]) {
        int rc = find_index(file, wanted->index, err);
        wanted->column[LABELS_ID] = wanted->index;
        if (rc < 0)
            return rc;
    }
    for (int k = 0;
         options->meta && k < LABELS_MAX_META && labels_meta_name(options->meta, k, wanted->meta[k]); k++)
        wanted->column[LABELS_META + k] = wanted->meta[k];
    for (int f = 0; f < N_LABELS_FIELDS; f++) {
        labels->has[f] = wanted->column[f] != NULL;
        if (wanted->column[f] && !h5_exists(file->obs, wanted->column[f]))
            return err_set(err, E_IO, "%s: no column \"%.80s\" in obs, found: %s", file->path,
                           wanted->column[f], labels->found);
        if (wanted->column[f])
            snprintf(labels->column[f], LABELS_NAME_SIZE, "%.79s", wanted->column[f]);
    }
    return 0;
}

static int append_rows(const struct h5ad *file, const struct texts *texts, struct labels *labels,
                       struct err *err)
{
    const char *field[N_LABELS_FIELDS];
    int rc = 0;
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        if (labels->has[f] && texts[f].n != texts[LABELS_ID].n)
            return no_column(file, labels->column[f], "has another number of rows than the index: damaged",
                             err);
    for (size_t i = 0; i < texts[LABELS_ID].n && rc == 0; i++) {
        for (int f = 0; f < N_LABELS_FIELDS; f++)
            field[f] = labels->has[f] ? texts[f].text[i] : NULL;
        rc = labels_append(labels, field, (long)i + 1, err);
    }
    return rc;
}

static int read_table(const struct h5ad *file, const struct labels_options *options, struct labels *labels,
                      struct err *err)
{
    struct texts texts[N_LABELS_FIELDS] = {{0}};
    struct wanted wanted = {0};
    int rc = find_columns(file, options, labels, &wanted, err);
    for (int f = 0; f < N_LABELS_FIELDS && rc == 0; f++)
        if (wanted.column[f])
            rc = read_column(file, wanted.column[f], &texts[f], err);
    if (rc == 0)
        rc = append_rows(file, texts, labels, err);
    for (int f = 0; f < N_LABELS_FIELDS; f++)
        release(&texts[f]);
    return rc;
}

/* ---- the file ---- */

int anndata_is(const char *name)
{
    const char *end = strstr(name, ".h5ad");
    return end && (end[5] == '\0' || end[5] == ':');
}

/* FILE.h5ad:obs/COLUMN to its two parts. */
static int split_name(const char *name, struct h5ad *file, struct err *err)
{
    const char *end = strstr(name, ".h5ad") + 5, *column = *end ? end + 1 : end;
    if (*end && (strncmp(column, "obs/", 4) != 0 || !column[4] || strlen(column) - 4 >= sizeof file->column))
        return err_set(err, E_USAGE, "%.200s: a column of cells is FILE.h5ad:obs/COLUMN", name);
    snprintf(file->path, sizeof file->path, "%.*s", (int)(end - name), name);
    snprintf(file->column, sizeof file->column, "%s", *end ? column + 4 : "");
    return 0;
}

static int open_obs(hid_t file, struct h5ad *h5ad, struct err *err)
{
    struct stat status;
    h5ad->obs = h5_exists(file, "obs") ? H5Oopen(file, "obs", H5P_DEFAULT) : H5I_INVALID_HID;
    h5ad->bytes = stat(h5ad->path, &status) == 0 ? (unsigned long long)status.st_size : 0;
    if (h5ad->obs < 0)
        return err_set(err, E_IO, "%s: an HDF5 file without the table obs: not an AnnData file", h5ad->path);
    if (H5Iget_type(h5ad->obs) == H5I_GROUP)
        return 0;
    return err_set(
        err, E_IO,
        "%s: obs is written as anndata before 0.7 did; write it again: anndata.read_h5ad(...).write(...)",
        h5ad->path);
}

int anndata_read_here(const char *name, const struct labels_options *options, struct labels *labels,
                      struct err *err)
{
    struct h5ad h5ad = {.obs = H5I_INVALID_HID};
    hid_t file = H5I_INVALID_HID;
    *labels = (struct labels){0};
    int rc = split_name(name, &h5ad, err);
    if (rc == 0)
        rc = h5_open_read(h5ad.path, &file, err);
    if (rc < 0)
        return rc;
    snprintf(labels->path, sizeof labels->path, "%s", h5ad.path);
    rc = open_obs(file, &h5ad, err);
    if (rc == 0)
        rc = read_table(&h5ad, options, labels, err);
    if (h5ad.obs >= 0)
        H5Oclose(h5ad.obs);
    H5Fclose(file);
    if (rc < 0)
        labels_release(labels);
    return rc;
}

/* What the child is to read: it has no other argument than the name. */
static const struct labels_options *tried;

static int try_read(const char *name, struct err *err)
{
    struct labels labels;
    int rc = anndata_read_here(name, tried, &labels, err);
    labels_release(&labels);
    return rc;
}

int anndata_read(const char *name, const struct labels_options *options, struct labels *labels,
                 struct err *err)
{
    *labels = (struct labels){0};
    tried = options;
    int rc = child_run(try_read, name, err);
    return rc < 0 ? rc : anndata_read_here(name, options, labels, err);
}
