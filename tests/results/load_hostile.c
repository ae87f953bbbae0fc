/* load_hostile list FILE.h5                   every text of a file, found by its type: a line each
 * load_hostile write FILE.h5 TEXT FIELD...    TEXT into these of them, all rows, cut where there is no room
 *
 * An axis (a key with a dot) has another last letter in every other row, so that it goes on to vary; "\0" in
 * TEXT is a NUL. For tests/program/run_hostile.sh. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text;
static char **wanted;
static int n_wanted, n_written;

static int is_wanted(const char *field)
{
    int found = 0;
    for (int i = 0; i < n_wanted && !found; i++)
        found = strcmp(wanted[i], field) == 0;
    if (!text)
        puts(field);
    n_written += found;
    return found && text;
}

/* n texts of `size` bytes. */
static char *make(size_t n, size_t size, int varies)
{
    char *all = calloc(n + 1, size);
    for (size_t i = 0; i < n; i++) {
        size_t used = 0;
        for (const char *c = text; *c && used + 2 < size; c++) {
            int is_nul = c[0] == '\\' && c[1] == '0';
            all[i * size + used++] = is_nul ? '\0' : *c;
            c += is_nul;
        }
        if (used + 1 < size)
            all[i * size + used] = (char)('a' + (varies ? i % 2 : 0));
    }
    return all;
}

static hid_t string_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static void fail(const char *field)
{
    fprintf(stderr, "%s: cannot be written\n", field);
    exit(1);
}

static herr_t see_attribute(hid_t object, const char *name, const H5A_info_t *info, void *self)
{
    char field[512];
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    (void)info;
    snprintf(field, sizeof field, "%s@%s", (const char *)self, name);
    if (H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) && is_wanted(field)) {
        char *bytes = make(1, H5Tget_size(type), 0);
        if (H5Awrite(attribute, type, bytes) < 0)
            fail(field);
        free(bytes);
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return 0;
}

/* A member of a record, or (name NULL) the whole of it. */
static void see_cells(hid_t dataset, const char *path, const char *name, size_t size)
{
    char field[512];
    hid_t space = H5Dget_space(dataset), texts = string_type(size), type = texts;
    size_t n = (size_t)H5Sget_simple_extent_npoints(space);
    snprintf(field, sizeof field, "%s%s%s", path, name ? "." : "", name ? name : "");
    if (is_wanted(field)) {
        char *bytes = make(n, size, name && strchr(name, '.'));
        if (name) {
            type = H5Tcreate(H5T_COMPOUND, size);
            H5Tinsert(type, name, 0, texts);
        }
        if (H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
            fail(field);
        free(bytes);
        if (type != texts)
            H5Tclose(type);
    }
    H5Tclose(texts);
    H5Sclose(space);
}

static void see_dataset(hid_t dataset, const char *path)
{
    hid_t type = H5Dget_type(dataset);
    if (H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type))
        see_cells(dataset, path, NULL, H5Tget_size(type));
    int n = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
    for (int i = 0; i < n; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        char *name = H5Tget_member_name(type, (unsigned)i);
        if (H5Tget_class(member) == H5T_STRING)
            see_cells(dataset, path, name, H5Tget_size(member));
        H5free_memory(name);
        H5Tclose(member);
    }
    H5Tclose(type);
}

static herr_t see_object(hid_t root, const char *name, const H5O_info_t *info, void *self)
{
    char path[256];
    hid_t object = H5Oopen(root, name, H5P_DEFAULT);
    (void)self;
    snprintf(path, sizeof path, "/%s", strcmp(name, ".") == 0 ? "" : name);
    H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, see_attribute, path);
    if (info->type == H5O_TYPE_DATASET)
        see_dataset(object, path);
    H5Oclose(object);
    return 0;
}

int main(int argc, char **argv)
{
    int writes = argc > 3 && strcmp(argv[1], "write") == 0;
    if (argc < 3)
        return 2;
    text = writes ? argv[3] : NULL;
    wanted = writes ? argv + 4 : NULL;
    n_wanted = writes ? argc - 4 : 0;
    hid_t file = H5Fopen(argv[2], writes ? H5F_ACC_RDWR : H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0 || H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, see_object, NULL, H5O_INFO_BASIC) < 0)
        return 1;
    return H5Fclose(file) < 0 || n_written != n_wanted;
}
