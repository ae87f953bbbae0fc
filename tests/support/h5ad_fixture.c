#include "support/h5ad_fixture.h"

#include <stdlib.h>
#include <string.h>

static hid_t h5ad_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

void h5ad_put(hid_t loc, const char *name, hid_t type, hsize_t n, const void *data)
{
    hid_t space = H5Screate_simple(1, &n, NULL);
    hid_t set = H5Dcreate2(loc, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (set < 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        abort();
    H5Dclose(set);
    H5Sclose(space);
}

static void h5ad_put_texts(hid_t loc, const char *name, hsize_t n, const char *const *text)
{
    hid_t type = h5ad_text_type();
    h5ad_put(loc, name, type, n, text);
    H5Tclose(type);
}

static void h5ad_put_attr(hid_t loc, const char *name, hid_t type, const void *data)
{
    hid_t space = H5Screate(H5S_SCALAR), attr = H5Acreate2(loc, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attr < 0 || H5Awrite(attr, type, data) < 0)
        abort();
    H5Aclose(attr);
    H5Sclose(space);
}

static void h5ad_put_leiden(hid_t obs, enum h5ad_style style)
{
    static const char *const categories[] = {"B", "T"};
    const signed char codes[] = {1, 0, 1, -1};
    hid_t group =
        H5Gcreate2(obs, style == H5AD_NEW ? "leiden" : "__categories", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    h5ad_put_texts(group, style == H5AD_NEW ? "categories" : "leiden", 2, categories);
    h5ad_put(style == H5AD_NEW ? group : obs, style == H5AD_NEW ? "codes" : "leiden", H5T_NATIVE_SCHAR, 4,
             codes);
    if (style == H5AD_OLD) {
        hobj_ref_t ref;
        hid_t set = H5Dopen2(obs, "leiden", H5P_DEFAULT);
        H5Rcreate(&ref, obs, "__categories/leiden", H5R_OBJECT, -1);
        h5ad_put_attr(set, "categories", H5T_STD_REF_OBJ, &ref);
        H5Dclose(set);
    }
    H5Gclose(group);
}

void put_h5ad(const char *path, enum h5ad_style style)
{
    static const char *const id[] = {"1", "2", "3", "4"}, *const kind[] = {"a", "b", "a b", "c"};
    static const char *const index = "cell_id";
    const long long n[] = {3, 4, 3, 4};
    const double score[] = {0.5, 1.0, 2.5, 3.0};
    const char slide[4][3] = {"s1", "s2", "s1", "s2"};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t obs = H5Gcreate2(file, "obs", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t text = h5ad_text_type(), fixed = H5Tcopy(H5T_C_S1);
    if (obs < 0)
        abort();
    H5Tset_size(fixed, 3);
    h5ad_put_attr(obs, "_index", text, &index);
    h5ad_put_texts(obs, "cell_id", 4, id);
    h5ad_put_texts(obs, "kind", 4, kind);
    h5ad_put(obs, "n", H5T_NATIVE_LLONG, 4, n);
    h5ad_put(obs, "score", H5T_NATIVE_DOUBLE, 4, score);
    h5ad_put(obs, "slide", fixed, 4, slide);
    h5ad_put_leiden(obs, style);
    H5Tclose(fixed);
    H5Tclose(text);
    H5Gclose(obs);
    H5Fclose(file);
}
