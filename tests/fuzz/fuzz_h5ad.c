/* An AnnData file whose content somebody changed (edits.h); the first byte says in which of the two
 * styles it was written. */
#include "edits.h"
#include "fuzz.h"

#include "data/anndata.h"
#include "support/h5ad_fixture.h"

#include <stdio.h>

static const char *const object[] = {"/obs/leiden",  "/obs/leiden/codes", "/obs/leiden/categories",
                                     "/obs/cell_id", "/obs/slide",        "/obs/__categories/leiden",
                                     "/obs"};
static const char *const attribute[] = {"_index"};
static const struct edits_names names = {object, sizeof object / sizeof *object, attribute, 1};

int fuzz_one(const uint8_t *bytes, size_t n)
{
    const struct labels_options options = {.groups = "slide"};
    struct labels labels;
    struct err err = {0};
    char path[500], name[600];
    snprintf(path, sizeof path, "%s/x.h5ad", fuzz_folder());
    put_h5ad(path, n && bytes[0] % 2 ? H5AD_OLD : H5AD_NEW);
    edits_apply(path, &names, bytes + (n > 0), n - (n > 0));
    snprintf(name, sizeof name, "%s:obs/leiden", path);
    int rc = fuzz_check(anndata_read_here(name, &options, &labels, &err), &err);
    for (int i = 0; rc == 0 && i < labels.n; i++)
        for (int f = 0; f < N_LABELS_FIELDS; f++)
            labels_text(&labels, i, (enum labels_field)f);
    labels_release(&labels);
    return rc == 0;
}
