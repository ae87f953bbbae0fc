#include "edits.h"

#include "h5.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EDITS = 12 };

/* The bytes not yet used; zeros after the last. */
struct source {
    const uint8_t *at;
    size_t left;
};

static unsigned take(struct source *s)
{
    if (!s->left)
        return 0;
    s->left--;
    return *s->at++;
}

static void fill(struct source *s, unsigned char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)take(s);
}

/* One of the types that somebody might have written; closed by the caller. */
static hid_t pick_type(struct source *s)
{
    unsigned which = take(s), size = take(s);
    hid_t type;
    switch (which % 10) {
    case 0:
        return H5Tcopy(H5T_STD_I8LE);
    case 1:
        return H5Tcopy(H5T_STD_I32LE);
    case 2:
        return H5Tcopy(H5T_STD_U64BE);
    case 3:
        return H5Tcopy(H5T_IEEE_F32LE);
    case 4:
        return H5Tcopy(H5T_IEEE_F64BE);
    case 5:
        return h5_string_type(size + 1);
    case 6:
        return h5_string_type(H5T_VARIABLE);
    case 7:
        return H5Tcreate(H5T_OPAQUE, size + 1);
    case 8:
        return H5Tvlen_create(H5T_NATIVE_INT);
    default:
        type = H5Tcreate(H5T_COMPOUND, 8);
        H5Tinsert(type, "key", 0, H5T_NATIVE_INT);
        return type;
    }
}

static hid_t pick_space(struct source *s, int *rank)
{
    hsize_t dims[4];
    *rank = (int)(take(s) % 5);
    for (int i = 0; i < 4; i++)
        dims[i] = take(s) % 24;
    return *rank ? H5Screate_simple(*rank, dims, NULL) : H5Screate(H5S_SCALAR);
}

static int holds_pointers(hid_t type)
{
    return H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0 ||
           H5Tget_class(type) == H5T_COMPOUND;
}

/* ---- datasets ---- */

/* Bytes of all elements in memory; 0 when there are none. */
static size_t bytes_of(hid_t dataset, hid_t type)
{
    hid_t space = H5Dget_space(dataset);
    hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
    if (space >= 0)
        H5Sclose(space);
    return n > 0 ? (size_t)n * H5Tget_size(type) : 0;
}

/* Overwrite some bytes of a dataset's elements; in a compound only where no pointer can be. */
static void edit_bytes(hid_t file, const char *name, struct source *s)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    size_t n = type >= 0 ? bytes_of(dataset, type) : 0;
    int safe = type >= 0 && H5Tdetect_class(type, H5T_VLEN) == 0 && H5Tis_variable_str(type) <= 0;
    size_t at = take(s) | (size_t)take(s) << 8, count = 1 + take(s) % 8;
    unsigned char *data = safe && n && n < 100000 ? malloc(n) : NULL;
    if (data && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0) {
        at %= n;
        fill(s, data + at, count < n - at ? count : n - at);
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    }
    free(data);
    if (type >= 0)
        H5Tclose(type);
    if (dataset >= 0)
        H5Dclose(dataset);
}

static hid_t pick_layout(struct source *s, int rank)
{
    static const hsize_t chunk[4] = {2, 2, 2, 2};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    unsigned which = take(s);
    if (which % 3 == 1 && rank > 0) {
        H5Pset_chunk(list, rank, chunk);
        if (which & 64)
            H5Pset_deflate(list, 1);
    } else if (which % 3 == 2) {
        H5Pset_layout(list, H5D_COMPACT);
    }
    return list;
}

static void make_dataset(hid_t file, const char *name, hid_t type, hid_t space, hid_t list, struct source *s)
{
    unsigned char data[64];
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    fill(s, data, sizeof data);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    if (dataset >= 0 && n > 0 && !holds_pointers(type) && (size_t)n * H5Tget_size(type) <= sizeof data)
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    if (dataset >= 0)
        H5Dclose(dataset);
}

static void edit_dataset(hid_t file, const char *name, struct source *s)
{
    int rank;
    hid_t type = pick_type(s), space = pick_space(s, &rank), list = pick_layout(s, rank);
    make_dataset(file, name, type, space, list, s);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
}

/* The same type and contents, another shape; or the same shape with another type. */
static void edit_shape_or_type(hid_t file, const char *name, int keep_type, struct source *s)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    int rank;
    if (dataset < 0)
        return;
    hid_t type = keep_type ? H5Dget_type(dataset) : pick_type(s);
    hid_t space = keep_type ? pick_space(s, &rank) : H5Dget_space(dataset);
    rank = H5Sget_simple_extent_ndims(space);
    H5Dclose(dataset);
    hid_t list = pick_layout(s, rank);
    make_dataset(file, name, type, space, list, s);
    H5Pclose(list);
    H5Sclose(space);
    H5Tclose(type);
}

/* A compound like `old` whose member `which` is renamed, of another type, left out, or followed by many
 * more. */
static hid_t bent_compound(hid_t old, struct source *s)
{
    unsigned n = (unsigned)H5Tget_nmembers(old), which = take(s) % (n ? n : 1), how = take(s) % 4;
    hid_t bent = H5Tcreate(H5T_COMPOUND, 8192);
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        char *name = H5Tget_member_name(old, i), other[24];
        hid_t type = i == which && how == 1 ? pick_type(s) : H5Tget_member_type(old, i);
        snprintf(other, sizeof other, "x%u", take(s) % 4);
        if ((i != which || how != 2) && at + H5Tget_size(type) <= 8000 &&
            H5Tinsert(bent, i == which && how == 0 ? other : name, at, type) >= 0)
            at += H5Tget_size(type);
        H5Tclose(type);
        H5free_memory(name);
    }
    for (int k = 0; how == 3 && k < 30 && at + 4 <= 8192; k++, at += 4) {
        char name[24];
        snprintf(name, sizeof name, "axis%d", k);
        H5Tinsert(bent, name, at, H5T_NATIVE_INT);
    }
    H5Tset_size(bent, at ? at : 1);
    return bent;
}

static void edit_compound(hid_t file, const char *name, struct source *s)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0)
        return;
    hid_t old = H5Dget_type(dataset), space = H5Dget_space(dataset);
    H5Dclose(dataset);
    if (H5Tget_class(old) == H5T_COMPOUND) {
        hid_t type = bent_compound(old, s);
        make_dataset(file, name, type, space, H5P_DEFAULT, s);
        H5Tclose(type);
    }
    H5Sclose(space);
    H5Tclose(old);
}

/* ---- links and attributes ---- */

static void edit_link(hid_t file, const char *name, const char *other, unsigned how)
{
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t group = H5I_INVALID_HID;
    if (how % 5 == 1)
        group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 2)
        H5Lcreate_soft(other, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 3)
        H5Lcreate_soft(name, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (how % 5 == 4)
        H5Lcreate_hard(file, other, file, name, H5P_DEFAULT, H5P_DEFAULT);
    if (group >= 0)
        H5Gclose(group);
}

static void edit_attribute(hid_t file, const char *name, struct source *s)
{
    unsigned char data[256];
    int rank;
    H5Adelete(file, name);
    if (take(s) % 8 == 0)
        return;
    hid_t type = pick_type(s), space = pick_space(s, &rank);
    hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    fill(s, data, sizeof data);
    if (attribute >= 0 && n > 0 && !holds_pointers(type) && (size_t)n * H5Tget_size(type) <= sizeof data)
        H5Awrite(attribute, type, data);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

/* A text that may say anything, of the type that is expected. */
static void edit_text(hid_t file, const char *name, struct source *s)
{
    char text[200];
    size_t n = take(s) % sizeof text;
    fill(s, (unsigned char *)text, n);
    text[n] = '\0';
    H5Adelete(file, name);
    h5_write_text_attr(file, name, text, "", NULL);
}

static void edit(hid_t file, const struct edits_names *names, struct source *s)
{
    unsigned how = take(s), which = take(s), other = take(s), detail = take(s);
    const char *object = names->object[which % (unsigned)names->n_objects];
    const char *attribute = names->attribute[which % (unsigned)names->n_attributes];
    switch (how % 12) {
    case 0:
        edit_dataset(file, object, s);
        break;
    case 1:
        edit_link(file, object, names->object[other % (unsigned)names->n_objects], detail);
        break;
    case 2:
        edit_attribute(file, attribute, s);
        break;
    case 3:
        edit_text(file, attribute, s);
        break;
    case 4:
        edit_compound(file, object, s);
        break;
    case 5:
    case 6:
        edit_shape_or_type(file, object, how % 12 == 5, s);
        break;
    default:
        edit_bytes(file, object, s);
    }
}

void edits_apply(const char *path, const struct edits_names *names, const uint8_t *bytes, size_t n)
{
    struct source s = {bytes, n};
    h5_silence();
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0)
        abort();
    for (int i = 0; i < MAX_EDITS && s.left; i++)
        edit(file, names, &s);
    if (H5Fget_obj_count(file, H5F_OBJ_ALL | H5F_OBJ_LOCAL) != 1 || H5Fclose(file) < 0)
        abort();
}
