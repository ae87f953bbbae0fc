#include "settings/tree.h"

#include <stdlib.h>
#include <string.h>

/* The entry `name` (n characters) of a map, made when missing. */
static struct tree *entry_of(struct tree *map, const char *name, size_t n, struct err *err)
{
    struct tree **tail = &map->child;
    for (; *tail; tail = &(*tail)->next)
        if ((*tail)->name && strlen((*tail)->name) == n && strncmp((*tail)->name, name, n) == 0)
            return *tail;
    struct tree *entry = err_calloc(1, sizeof *entry, "an override", err);
    if (!entry)
        return NULL;
    entry->kind = TREE_MAP;
    entry->name = strndup(name, n);
    if (!entry->name) {
        free(entry);
        err_set(err, E_IO, "out of memory for the override of %.*s", (int)n, name);
        return NULL;
    }
    *tail = entry;
    return entry;
}

/* The characters of path, up to `end`, that name an entry of a map: the longest that the file wrote with
 * dots, else those before the next dot. */
static size_t name_length(const struct tree *map, const char *path, const char *end)
{
    size_t most = 0, all = (size_t)(end - path);
    for (const struct tree *entry = map->child; entry; entry = entry->next) {
        size_t n = entry->name ? strlen(entry->name) : 0;
        int is_here = n > most && n <= all && strncmp(entry->name, path, n) == 0;
        if (is_here && (n == all || (path[n] == '.' && entry->kind == TREE_MAP)))
            most = n;
    }
    return most ? most : strcspn(path, ".=");
}

/* Nothing below came from a line of the file. */
static void forget_lines(struct tree *node)
{
    for (; node; node = node->next) {
        node->line = 0;
        forget_lines(node->child);
    }
}

/* Whether a path, up to `end`, names an entry that is there. */
static int leads_somewhere(const struct tree *node, const char *path, const char *end)
{
    while (path < end) {
        size_t n = name_length(node, path, end);
        const struct tree *entry = node->kind == TREE_MAP ? node->child : NULL;
        while (entry && (strlen(entry->name) != n || strncmp(entry->name, path, n) != 0))
            entry = entry->next;
        if (!entry)
            return 0;
        node = entry;
        path += n + 1;
    }
    return 1;
}

/* An override: where its value goes, and how it was asked for. */
struct override {
    const char *assignment, *equals;
    struct err *err;
};

/* What the text behind the = says, in place of what a node is. */
static int replace(const struct override *o, struct tree *node)
{
    struct tree *value = NULL;
    int rc = tree_parse_any(o->equals + 1, "--set", &value, o->err);
    if (rc < 0)
        return rc;
    if (!value)
        return err_set(o->err, E_USAGE, "--set %.80s: has no value behind the =", o->assignment);
    tree_free(node->child);
    free(node->text);
    node->kind = value->kind;
    node->text = value->text;
    node->quoted = value->quoted;
    node->child = value->child;
    node->line = 0;
    forget_lines(node->child);
    value->text = NULL;
    value->child = NULL;
    tree_free(value);
    return 0;
}

static int assign(const struct override *o, struct tree *node, const char *path);

/* Whether a path leads somewhere in the `zip` of an entry: one map, or a list of them. */
static int stands_in_zip(const struct tree *entry, const char *path, const char *end)
{
    static const char zip[] = "zip";
    const struct tree *node = entry->kind == TREE_MAP ? entry->child : NULL;
    while (node && strcmp(node->name, zip) != 0)
        node = node->next;
    if (!node || node->kind == TREE_MAP)
        return node && leads_somewhere(node, path, end);
    for (const struct tree *map = node->child; map; map = map->next)
        if (leads_somewhere(map, path, end))
            return 1;
    return 0;
}

/* E_USAGE where an override of all entries that have the path would leave one as it is that has it in its
 * zip. */
static int refuse_zip(const struct override *o, const struct tree *list, const char *path)
{
    int n = 0, before = (int)(path - o->assignment), after = (int)(o->equals - path);
    for (const struct tree *entry = list->child; entry; entry = entry->next)
        if (n++, stands_in_zip(entry, path, o->equals))
            return err_set(o->err, E_USAGE,
                           "--set %.80s: entry %d of '%s' has %.*s in its zip, where this does not reach; "
                           "write --set %.*sN.%.*s=... for those that are meant, or %.*s%d.zip.%.*s=...",
                           o->assignment, n, list->name, after, path, before, o->assignment, after, path,
                           before, o->assignment, n, after, path);
    return 0;
}

/* Entry number N of a list for `N.path`, else all entries that have the path. */
static int assign_in_list(const struct override *o, struct tree *list, const char *path)
{
    int n = 0, n_done = 0, rc = 0;
    char *end = NULL;
    long wanted = strtol(path, &end, 10);
    int is_number = end > path && (*end == '.' || end == o->equals);
    if (!is_number && (rc = refuse_zip(o, list, path)) < 0)
        return rc;
    for (struct tree *entry = list->child; entry && rc == 0; entry = entry->next) {
        n++;
        if (is_number ? n == wanted : leads_somewhere(entry, path, o->equals)) {
            rc = assign(o, entry, is_number && *end == '.' ? end + 1 : is_number ? end : path);
            n_done++;
        }
    }
    if (rc < 0 || n_done > 0)
        return rc;
    int before = (int)(path - o->assignment), after = (int)(o->equals - path);
    if (is_number)
        return err_set(o->err, E_USAGE, "--set %.80s: '%s' has entries 1 to %d", o->assignment, list->name,
                       n);
    return err_set(o->err, E_USAGE,
                   "--set %.80s: no entry of '%s' has %.*s; say which of the %d is to have it: --set "
                   "%.*s1.%.*s=...",
                   o->assignment, list->name, after, path, n, before, o->assignment, after, path);
}

/* Go on from a node along the path, up to the =, and make what is missing. */
static int assign(const struct override *o, struct tree *node, const char *path)
{
    while (path < o->equals) {
        if (node->kind == TREE_LIST && node->name)
            return assign_in_list(o, node, path);
        if (node->kind != TREE_MAP)
            return err_set(o->err, E_USAGE, "--set %.80s: '%s' has no entries", o->assignment,
                           node->name ? node->name : "a list");
        size_t n = name_length(node, path, o->equals);
        node = entry_of(node, path, n, o->err);
        if (!node)
            return E_IO;
        path += n + (path[n] == '.');
    }
    return replace(o, node);
}

int tree_override(struct tree *root, const char *assignment, struct err *err)
{
    const struct override o = {assignment, strchr(assignment, '='), err};
    if (!o.equals || o.equals == assignment)
        return err_set(err, E_USAGE, "--set %.80s: expected key=value, e.g. --set train.epochs=20",
                       assignment);
    return assign(&o, root, assignment);
}
