#include "store/store_merge_parts.h"

#include "settings/sweep_unite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct store *store_of(const struct merging *m, int s)
{
    return m->source[s].store;
}

/* ---- what goes together ---- */

static int refuse(const struct merging *m, int s, const char *what, const char *a, const char *b,
                  struct err *err)
{
    return err_set(
        err, E_USAGE,
        "%s and %s were made with other %s (%.60s, %.60s): their rows are not one sweep's; keep them "
        "apart with --as-sweep",
        store_path(store_of(m, 0)), store_path(store_of(m, s)), what, a, b);
}

static int check_engine(const struct merging *m, int s, struct err *err)
{
    static const char *const part[][2] = {{"kernels", "kernels"}, {"version", "versions of cellsweep"}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const char *a = store_text(store_of(m, 0), part[i][0]), *b = store_text(store_of(m, s), part[i][0]);
        if (strcmp(a, b) != 0)
            return refuse(m, s, part[i][1], a, b, err);
    }
    return 0;
}

/* The groups of images that some files do not have are those of the others. */
static int unite_images(struct merging *m, int s, struct err *err)
{
    const struct dataset_image *image = store_images(store_of(m, s));
    for (int i = 0; i < m->data.n_images; i++) {
        struct dataset_image *to = &m->data.image[i];
        if (!*to->group)
            memcpy(to->group, image[i].group, sizeof to->group);
        if (strcmp(to->id, image[i].id) != 0 || to->cluster != image[i].cluster ||
            (*image[i].group && strcmp(to->group, image[i].group) != 0))
            return err_set(
                err, E_USAGE,
                "%s and %s: image %d (%.60s) has another name, class or group there: they are not of "
                "the same images; report them one by one",
                store_path(store_of(m, 0)), store_path(store_of(m, s)), i, to->id);
    }
    return 0;
}

static int check_data(struct merging *m, int s, struct err *err)
{
    const char *a = store_text(store_of(m, 0), "dataset_checksum"),
               *b = store_text(store_of(m, s), "dataset_checksum");
    if (strcmp(a, b) != 0 || store_n_images(store_of(m, s)) != m->data.n_images)
        return err_set(
            err, E_USAGE,
            "%s and %s were made from other data (checksum %.12s, %.12s): no job of the one has a like "
            "in the other; report them one by one",
            store_path(store_of(m, 0)), store_path(store_of(m, s)), a, b);
    return unite_images(m, s, err);
}

static int check_sources(struct merging *m, struct err *err)
{
    int rc = 0;
    for (int s = 0; s < m->asked->n && rc == 0; s++) {
        if (store_is_apart(store_of(m, s)))
            return err_set(err, E_USAGE,
                           "%s: keeps several sweeps apart already; merge the files that it was made of",
                           store_path(store_of(m, s)));
        rc = check_data(m, s, err);
        if (rc == 0 && !m->asked->name[0])
            rc = check_engine(m, s, err);
    }
    return rc;
}

static int take_data(struct merging *m, struct err *err)
{
    const struct store *first = store_of(m, 0);
    struct dataset *data = &m->data;
    struct err why = {0};
    size_t n = (size_t)store_n_images(first);
    *data = (struct dataset){.n_images = (int)n,
                             .size = atoi(store_text(first, "image_size")),
                             .channels = atoi(store_text(first, "channels")),
                             .pixel_size = strtod(store_text(first, "pixel_size"), NULL),
                             .synthetic = store_synthetic(first),
                             .cluster = first->number,
                             .n_clusters = (int)first->n[DIM_NAME]};
    snprintf(data->checksum, sizeof data->checksum, "%s", store_text(first, "dataset_checksum"));
    if (preprocess_parse(store_text(first, "preprocess"), &data->preprocess, &why) < 0)
        return err_set(err, E_IO, "%s: preprocess: %.700s; restore a copy", store_path(first), why.text);
    if (!(data->image = err_calloc(n, sizeof *data->image, "/images", err)))
        return E_IO;
    memcpy(data->image, store_images(first), n * sizeof *data->image);
    return 0;
}

/* ---- the sweep file ---- */

/* Opening a file called classes by its titles: by those of the first file that has some, from here on. */
static int take_titles(const struct merging *m, struct err *err)
{
    struct sweep_file *file = NULL;
    int s = 0;
    while (s < m->asked->n - 1 && !store_sweep(store_of(m, s))->has_labels)
        s++;
    int rc = sweep_file_parse(store_text(store_of(m, s), "yaml_resolved"), store_path(store_of(m, s)),
                              store_sweep(store_of(m, s))->base.schema, NULL, &file, err);
    sweep_file_free(file);
    return rc;
}

static int is_one_sweep(const struct merging *m)
{
    int same = 1;
    for (int s = 1; s < m->asked->n; s++)
        same &= strcmp(store_text(store_of(m, 0), "yaml_resolved"),
                       store_text(store_of(m, s), "yaml_resolved")) == 0;
    return same;
}

static int unite_sweeps(struct merging *m, struct err *err)
{
    const struct sweep_file *file[STORE_MERGE_MOST];
    for (int s = 0; s < m->asked->n; s++)
        file[s] = store_sweep(store_of(m, s));
    int rc = take_titles(m, err);
    return rc < 0 ? rc
                  : sweep_unite(file, m->asked->n, m->asked->path, m->asked->name[0] != NULL, &m->sweep, err);
}

/* The texts that people wrote, one after the other, as far as there is room. */
static int unite_texts(struct merging *m, struct err *err)
{
    size_t size = 0, used = 0;
    FILE *out = open_memstream(&m->yaml, &size);
    if (!out)
        return err_set(err, E_IO, "out of memory for the sweep files");
    if (is_one_sweep(m))
        fputs(store_text(store_of(m, 0), "yaml"), out);
    for (int s = 0; s < m->asked->n && !is_one_sweep(m); s++) {
        const char *text = store_text(store_of(m, s), "yaml");
        int fits = used + strlen(text) < SWEEP_MAX_TEXT - 4096;
        fprintf(out, "%s# ---- %s of %d files: %.200s%s\n%s", s ? "\n" : "", s ? "another" : "one",
                m->asked->n, m->asked->path[s], fits ? "" : " (left out, it is too long)", fits ? text : "");
        used += fits ? strlen(text) + 256 : 256;
    }
    return fclose(out) != 0 ? err_set(err, E_IO, "out of memory for the sweep files") : 0;
}

/* ---- what made the rows ---- */

/* The different values of an attribute. */
static void print_different(FILE *out, const struct merging *m, const char *attribute)
{
    for (int s = 0; s < m->asked->n; s++) {
        const char *text = store_text(store_of(m, s), attribute);
        int known = 0;
        for (int r = 0; r < s; r++)
            known |= strcmp(text, store_text(store_of(m, r), attribute)) == 0;
        if (!known)
            fprintf(out, "%s%.500s", s ? "; " : "", text);
    }
}

static void print_files(FILE *out, const struct merging *m)
{
    for (int s = 0; s < m->asked->n; s++) {
        const struct store *store = store_of(m, s);
        const char *name = m->asked->name[s];
        fprintf(out, "%s%s%.200s: %d jobs, cellsweep %.40s (%.60s), %.20s kernels, created %.40s on %.60s\n",
                name ? name : "", name ? " = " : "", m->asked->path[s],
                store_n_rows(store) - store_n_trials(store), store_text(store, "version"),
                store_text(store, "commit"), store_text(store, "kernels"), store_text(store, "created"),
                store_text(store, "host"));
    }
}

static int unite_origins(struct merging *m, struct err *err)
{
    static const char *const attribute[ORIGIN_FILES] = {"version", "commit", "host", "libraries", "cpu"};
    for (int i = 0; i < N_ORIGIN_TEXTS; i++) {
        size_t size = 0;
        FILE *out = open_memstream(&m->origin[i], &size);
        if (out && i < ORIGIN_FILES)
            print_different(out, m, attribute[i]);
        else if (out)
            print_files(out, m);
        if (!out || fclose(out) != 0)
            return err_set(err, E_IO, "out of memory for what made the files");
    }
    return 0;
}

int merge_describe(struct merging *m, struct err *err)
{
    int rc = take_data(m, err);
    if (rc == 0)
        rc = check_sources(m, err);
    if (rc == 0)
        rc = unite_sweeps(m, err);
    if (rc == 0)
        rc = unite_texts(m, err);
    return rc < 0 ? rc : unite_origins(m, err);
}

void merge_forget(struct merging *m)
{
    for (int i = 0; i < N_ORIGIN_TEXTS; i++)
        free(m->origin[i]);
    free(m->yaml);
    free(m->data.image);
    sweep_file_free(m->sweep);
}
