/* tree.h - a YAML file as a small tree that knows its lines (libyaml underneath).
 *
 *     struct tree *tree = NULL;
 *     if (tree_read("sweep.yaml", &tree, &err) < 0) ...
 *     if (tree_override(tree, "train.epochs=20", &err) < 0) ...
 *     const struct tree *train = tree_get(tree, "train");
 *     tree_free(tree);
 *
 * A call is one text inside {}, too, although YAML divides it at its comma: {a: log(1, 2), b: 3}.
 * Duplicate keys, aliases, several documents and more than 16 levels are errors. No MPI. */
#ifndef CELLSWEEP_TREE_H
#define CELLSWEEP_TREE_H

#include "err.h"

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree {
    enum tree_kind kind;
    char *name;         /* key inside the parent map, else NULL */
    char *text;         /* TREE_TEXT: the scalar, else NULL */
    int quoted;         /* TREE_TEXT: 1 when written in quotes */
    int line;           /* 1 = first line; 0: from an override */
    struct tree *child; /* first entry of a list or map, in file order */
    struct tree *next;  /* next sibling */
};

/* Parse a file whose root is a map. Errors name file and line. *out is owned by the caller. */
int tree_read(const char *path, struct tree **out, struct err *err);

/* The same from text; `path` is only for messages. */
int tree_parse(const char *text, const char *path, struct tree **out, struct err *err);

/* Any YAML, in *out a text, list or map, owned by the caller; NULL: there is nothing in it. */
int tree_parse_any(const char *text, const char *path, struct tree **out, struct err *err);

/* Apply "dotted.key=value", the value in YAML (flow style for lists): replaces the entry or adds it. On the
 * way through a list N is its entry N, from 1; without a number all entries that have the rest are meant. */
int tree_override(struct tree *root, const char *assignment, struct err *err);

/* Entry of a map by name, or NULL. */
const struct tree *tree_get(const struct tree *map, const char *name);

/* E_USAGE with a line about a node of the tree of `path`: "path:line: ", or "--set: " of an override. */
int tree_fail(const struct tree *node, const char *path, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Number of entries of a list or map. */
int tree_count(const struct tree *node);

void tree_free(struct tree *node);

#endif
