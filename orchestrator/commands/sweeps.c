#include "commands/sweeps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sweeps_list(struct sweeps *sweeps, int n, const char *const *path, struct err *err)
{
    *sweeps = (struct sweeps){.merge = {.n = n}};
    if (n > STORE_MERGE_MOST)
        return err_set(err, E_USAGE, "%d results files, at most %d at once", n, STORE_MERGE_MOST);
    for (int s = 0; s < n; s++)
        sweeps->merge.path[s] = path[s];
    return 0;
}

/* What filters and tables take for their own becomes '_'. */
static void make_word(char *word)
{
    for (char *p = word; *p; p++)
        if ((unsigned char)*p <= ' ' || strchr(",|=\"'`()", *p))
            *p = '_';
}

static void call_by_path(struct sweeps *sweeps, int s, int whole)
{
    const char *path = sweeps->merge.path[s], *slash = whole ? NULL : strrchr(path, '/');
    char stem[4096];
    snprintf(stem, sizeof stem, "%s", slash ? slash + 1 : path);
    size_t n = strlen(stem);
    if (n > 3 && strcmp(stem + n - 3, ".h5") == 0)
        stem[n - 3] = '\0';
    store_field_text(sweeps->name[s], sizeof sweeps->name[s], stem);
    make_word(sweeps->name[s]);
}

/* 1 when two have one name. */
static int find_same(const struct sweeps *sweeps, int *a, int *b)
{
    for (*a = 0; *a < sweeps->merge.n; ++*a)
        for (*b = 0; *b < *a; ++*b)
            if (strcmp(sweeps->name[*a], sweeps->name[*b]) == 0)
                return 1;
    return 0;
}

static void call_by_paths(struct sweeps *sweeps)
{
    int a, b;
    for (int whole = 0; whole < 2; whole++) {
        for (int s = 0; s < sweeps->merge.n; s++)
            call_by_path(sweeps, s, whole);
        if (!find_same(sweeps, &a, &b))
            return;
    }
}

static int take_names(struct sweeps *sweeps, const char *names, struct err *err)
{
    int n = 0;
    for (const char *at = names; at; n++) {
        const char *comma = strchr(at, ',');
        size_t length = comma ? (size_t)(comma - at) : strlen(at);
        if (length == 0 || length >= CONFIG_WORD_SIZE)
            return err_set(err, E_USAGE, "sweeps: a name has 1 to %d characters, '%.80s' does not",
                           CONFIG_WORD_SIZE - 1, at);
        if (n < sweeps->merge.n) {
            snprintf(sweeps->name[n], sizeof sweeps->name[n], "%.*s", (int)length, at);
            make_word(sweeps->name[n]);
        }
        at = comma ? comma + 1 : NULL;
    }
    return n == sweeps->merge.n ? 0
                                : err_set(err, E_USAGE, "sweeps: %d name%s for %d files", n,
                                          n == 1 ? "" : "s", sweeps->merge.n);
}

int sweeps_name(struct sweeps *sweeps, const char *names, struct err *err)
{
    int a, b, rc = 0;
    if (*names)
        rc = take_names(sweeps, names, err);
    else
        call_by_paths(sweeps);
    if (rc == 0 && find_same(sweeps, &a, &b) && strcmp(sweeps->merge.path[a], sweeps->merge.path[b]) == 0)
        return err_set(err, E_USAGE, "%s stands there twice; name each file once", sweeps->merge.path[a]);
    if (rc == 0 && find_same(sweeps, &a, &b))
        rc = err_set(err, E_USAGE, "sweeps: %s and %s would both be called '%s'; give a name for each",
                     sweeps->merge.path[b], sweeps->merge.path[a], sweeps->name[a]);
    for (int s = 0; s < sweeps->merge.n; s++)
        sweeps->merge.name[s] = sweeps->name[s];
    return rc;
}

static int use_several(int n, const char *const *path, int (*try)(const char *path, struct err *err),
                       int (*use)(struct store *store, const void *self, struct err *err), const void *self,
                       struct err *err)
{
    struct sweeps sweeps;
    struct store_merged merged;
    struct store *store = NULL;
    int rc = sweeps_list(&sweeps, n, path, err);
    for (int s = 0; s < n && rc == 0; s++)
        rc = try(path[s], err);
    if (rc == 0)
        rc = sweeps_name(&sweeps, "", err);
    if (rc == 0)
        rc = store_merge_open(&sweeps.merge, &store, &merged, err);
    if (rc == 0)
        rc = use(store, self, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

int sweeps_use(const char *path, const struct arguments_rest *more,
               int (*try)(const char *path, struct err *err),
               int (*use)(struct store *store, const void *self, struct err *err), const void *self,
               struct err *err)
{
    if (more->n == 0)
        return store_use(path, try, use, self, err);
    const char **all = err_calloc((unsigned long)more->n + 1, sizeof *all, "results files", err);
    if (!all)
        return E_IO;
    all[0] = path;
    for (int s = 0; s < more->n; s++)
        all[s + 1] = more->text[s];
    int rc = use_several(more->n + 1, all, try, use, self, err);
    free(all);
    return rc;
}
