#include "settings/sweep_reading.h"

#include "class_name.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int reading_line(const struct reading *r, const struct tree *node)
{
    return r->is_copy ? SWEEP_KEY_NOT_GIVEN : node->line;
}

/* config_set() and the caller's own check, with file and line in front of their message. */
int reading_set(const struct reading *r, const struct tree *node, struct config *config, const char *key,
                const char *text)
{
    struct err err = {0};
    if (config_set(config, key, text, &err) < 0)
        return tree_fail(node, r->path, r->err, "%s", err.text);
    if (r->check && r->check(key, text, &err) < 0)
        return tree_fail(node, r->path, r->err, "%s", err.text);
    return 0;
}

/* The texts of a list joined by `glue` in out. */
static int join(const struct reading *r, const struct tree *list, const struct setting *key, char glue,
                char *out, size_t size)
{
    const char *name = key->name;
    char quoted[CLASS_TOKEN_SIZE];
    size_t used = 0;
    out[0] = '\0';
    for (const struct tree *item = list->child; item; item = item->next) {
        if (item->kind != TREE_TEXT)
            return tree_fail(item, r->path, r->err, "%s: a list inside a list is one level too deep", name);
        const char *text = item->text;
        if (key->type == SETTING_CLUSTERS && strlen(text) < CLASS_NAME_SIZE) {
            class_quote(text, quoted, sizeof quoted);
            text = quoted;
        }
        if (used + strlen(text) + 2 > size)
            return tree_fail(item, r->path, r->err, "%s: the list is too long", name);
        if (used)
            out[used++] = glue;
        memcpy(out + used, text, strlen(text) + 1);
        used += strlen(text);
    }
    if (!used && (key->type == SETTING_INTS || key->type == SETTING_REALS))
        snprintf(out, size, "none");
    else if (!used)
        return tree_fail(list, r->path, r->err, "%s: the list is empty", name);
    return 0;
}

/* {given: split} as "given". */
static int given_text(const struct reading *r, const struct tree *given, char *out, size_t size)
{
    if (given->kind != TREE_TEXT || strcmp(given->text, "split") != 0)
        return tree_fail(given, r->path, r->err,
                         "protocol: given takes split, which stands for the sets that the images came with: "
                         "{given: split}");
    snprintf(out, size, "given");
    return 0;
}

/* {kfold: {folds: 5, repeats: 3}} as "kfold:5x3", {given: split} as "given". */
static int protocol_text(const struct reading *r, const struct tree *map, char *out, size_t size)
{
    const struct tree *kfold = tree_get(map, "kfold"), *given = tree_get(map, "given");
    if (given && tree_count(map) == 1)
        return given_text(r, given, out, size);
    if (!kfold || kfold->kind != TREE_MAP || tree_count(map) != 1)
        return tree_fail(
            map, r->path, r->err,
            "protocol: expected report, tail, holdout, {kfold: {folds: 5, repeats: 1}} or {given: "
            "split}");
    const char *folds = "5", *repeats = "1";
    for (const struct tree *entry = kfold->child; entry; entry = entry->next) {
        if (entry->kind != TREE_TEXT ||
            (strcmp(entry->name, "folds") != 0 && strcmp(entry->name, "repeats") != 0))
            return tree_fail(entry, r->path, r->err, "protocol: kfold takes folds and repeats, not '%s'",
                             entry->name);
        *(entry->name[0] == 'f' ? &folds : &repeats) = entry->text;
    }
    snprintf(out, size, "kfold:%sx%s", folds, repeats);
    return 0;
}

/* {share: 0.2} as "share:0.2", {folds: 5} as "folds:5". */
static int inner_text(const struct reading *r, const struct tree *map, char *out, size_t size)
{
    const struct tree *entry = map->child;
    if (tree_count(map) != 1 || entry->kind != TREE_TEXT ||
        (strcmp(entry->name, "share") != 0 && strcmp(entry->name, "folds") != 0))
        return tree_fail(map, r->path, r->err, "inner: expected none, {share: 0.2} or {folds: 5}");
    snprintf(out, size, "%s:%s", entry->name, entry->text);
    return 0;
}

/* The path that a key has, as found from the working directory, else from the sweep file's folder, in out. */
int reading_find(const struct reading *r, const char *key, const struct tree *node, char *out, size_t size)
{
    const char *slash = strrchr(r->path, '/');
    if (strlen(node->text) + strlen(r->path) + 2 > size)
        return tree_fail(node, r->path, r->err, "%s: the path is too long", key);
    snprintf(out, size, "%s", node->text);
    if (r->is_copy || access(out, R_OK) == 0)
        return 0;
    if (slash && node->text[0] != '/') {
        snprintf(out, size, "%.*s/%s", (int)(slash - r->path), r->path, node->text);
        if (access(out, R_OK) == 0)
            return 0;
    }
    return tree_fail(node, r->path, r->err,
                     "%s: %s: %s (looked from the working directory and from the sweep file's folder)", key,
                     node->text, strerror(errno));
}

/* One value of a key, however the file writes it, as canonical text. */
int reading_value(const struct reading *r, const struct setting *key, const struct tree *node, char *out,
                  size_t size)
{
    if (node->kind == TREE_TEXT && key->type == SETTING_PATH && strcmp(node->text, key->fallback) != 0)
        return reading_find(r, key->name, node, out, size);
    if (node->kind == TREE_TEXT) {
        snprintf(out, size, "%s", node->text);
        return 0;
    }
    if (node->kind == TREE_LIST && setting_is_list(key))
        return join(r, node, key, '-', out, size);
    if (node->kind == TREE_LIST && strcmp(key->name, "strategy") == 0)
        return join(r, node, key, '+', out, size);
    if (node->kind == TREE_MAP && key->type == SETTING_PROTOCOL)
        return protocol_text(r, node, out, size);
    if (node->kind == TREE_MAP && key->type == SETTING_INNER)
        return inner_text(r, node, out, size);
    return tree_fail(node, r->path, r->err,
                     "%s: expected one value, found a %s; several values stand under `grid`%s%s", key->name,
                     node->kind == TREE_LIST ? "list" : "map", node->line ? "" : ": --set grid.",
                     node->line ? "" : key->name);
}

/* In quotes: names and paths may be any text. */
void reading_print_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            fprintf(out, "\\x%02x", (unsigned)*p);
        else
            fprintf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    putc('"', out);
}
