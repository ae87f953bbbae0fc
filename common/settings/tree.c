#include "settings/tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 16, MAX_BYTES = 1 << 20 };

void tree_free(struct tree *node)
{
    while (node) {
        struct tree *next = node->next;
        tree_free(node->child);
        free(node->name);
        free(node->text);
        free(node);
        node = next;
    }
}

const struct tree *tree_get(const struct tree *map, const char *name)
{
    for (const struct tree *entry = map ? map->child : NULL; entry; entry = entry->next)
        if (entry->name && strcmp(entry->name, name) == 0)
            return entry;
    return NULL;
}

int tree_fail(const struct tree *node, const char *path, struct err *err, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (node->line == 0)
        return err_set(err, E_USAGE, "--set: %s", text);
    return err_set(err, E_USAGE, "%s:%d: %s", path, node->line, text);
}

int tree_count(const struct tree *node)
{
    int n = 0;
    for (const struct tree *entry = node->child; entry; entry = entry->next)
        n++;
    return n;
}

/* What the recursion over libyaml's events shares. */
struct reader {
    yaml_parser_t parser;
    const char *path;
    struct err *err;
};

static int fail_at(struct reader *reader, size_t line, const char *what)
{
    return err_set(reader->err, E_USAGE, "%s:%zu: %s", reader->path, line + 1, what);
}

/* The next event, or a code with libyaml's own words about what is wrong. The caller deletes the event. */
static int next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return 0;
    const char *problem = reader->parser.problem ? reader->parser.problem : "not YAML";
    if (strstr(problem, "cannot start any token"))
        problem = "a tab, or one of @ ` %, where a value begins: indent by blanks, put such a text in quotes";
    return fail_at(reader, reader->parser.problem_mark.line, problem);
}

static int build(struct reader *reader, const yaml_event_t *event, int depth, struct tree **out);

/* The last entry of a map when a comma of YAML cut it: `log(1` of {a: log(1, 2)}; else NULL. */
static struct tree *cut_call(const struct tree *map)
{
    struct tree *last = map->child;
    while (last && last->next)
        last = last->next;
    if (!last || !last->text || last->quoted)
        return NULL;
    size_t word = strspn(last->text, "abcdefghijklmnopqrstuvwxyz");
    return word > 0 && last->text[word] == '(' && !strchr(last->text, ')') ? last : NULL;
}

/* Put the rest of a call, which YAML takes for a key without value, back behind its beginning. */
static int mend_call(struct reader *reader, struct tree *call, const yaml_event_t *rest)
{
    char *whole = NULL;
    yaml_event_t value;
    int rc = next_event(reader, &value);
    if (rc < 0)
        return rc;
    int is_empty = value.type == YAML_SCALAR_EVENT && value.data.scalar.length == 0;
    yaml_event_delete(&value);
    if (!is_empty)
        return fail_at(reader, rest->start_mark.line, "a '(' without its ')'");
    if (asprintf(&whole, "%s, %s", call->text, (const char *)rest->data.scalar.value) < 0)
        return err_set(reader->err, E_IO, "%s: out of memory", reader->path);
    free(call->text);
    call->text = whole;
    return 0;
}

/* Append a copy of scalar `event` as the name of what follows, read that, link it at *tail. */
static int build_entry(struct reader *reader, const yaml_event_t *event, int depth, struct tree *map,
                       struct tree **tail)
{
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(reader, event->start_mark.line, "a key must be a plain word");
    const char *name = (const char *)event->data.scalar.value;
    struct tree *call = cut_call(map);
    if (call)
        return mend_call(reader, call, event);
    if (tree_get(map, name))
        return err_set(reader->err, E_USAGE, "%s:%zu: key '%.60s' stands twice; remove one", reader->path,
                       event->start_mark.line + 1, name);
    yaml_event_t value;
    int rc = next_event(reader, &value);
    if (rc < 0)
        return rc;
    rc = build(reader, &value, depth, tail);
    yaml_event_delete(&value);
    if (rc == 0 && *tail && !((*tail)->name = strdup(name)))
        rc = err_set(reader->err, E_IO, "%s: out of memory", reader->path);
    return rc;
}

static int build_children(struct reader *reader, struct tree *parent, int depth)
{
    yaml_event_type_t end = parent->kind == TREE_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    struct tree **tail = &parent->child;
    for (;;) {
        yaml_event_t event;
        int rc = next_event(reader, &event);
        if (rc < 0)
            return rc;
        int done = event.type == end;
        if (!done && parent->kind == TREE_LIST)
            rc = build(reader, &event, depth, tail);
        else if (!done)
            rc = build_entry(reader, &event, depth, parent, tail);
        yaml_event_delete(&event);
        if (rc < 0 || done)
            return rc;
        if (*tail) /* else what was read mended the entry before */
            tail = &(*tail)->next;
    }
}

/* The node that starts at `event`, in *out even when a child fails: the root owns everything. */
static int build(struct reader *reader, const yaml_event_t *event, int depth, struct tree **out)
{
    if (event->type == YAML_ALIAS_EVENT)
        return fail_at(reader, event->start_mark.line,
                       "aliases (*name) are not supported; write the value out");
    if (depth > MAX_DEPTH)
        return fail_at(reader, event->start_mark.line, "nested too deeply");
    struct tree *node = err_calloc(1, sizeof *node, "a sweep file", reader->err);
    if (!node)
        return E_IO;
    *out = node;
    node->line = (int)event->start_mark.line + 1;
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = TREE_TEXT;
        node->quoted = !event->data.scalar.plain_implicit;
        node->text = strdup((const char *)event->data.scalar.value);
        return node->text ? 0 : err_set(reader->err, E_IO, "%s: out of memory", reader->path);
    }
    node->kind = event->type == YAML_SEQUENCE_START_EVENT ? TREE_LIST : TREE_MAP;
    return build_children(reader, node, depth + 1);
}

/* Skip stream and document starts, build the one document, insist on the end. */
static int build_document(struct reader *reader, struct tree **out)
{
    for (;;) {
        yaml_event_t event;
        int rc = next_event(reader, &event);
        if (rc < 0)
            return rc;
        yaml_event_type_t type = event.type;
        int is_node = type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                      type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT;
        if (is_node && *out)
            rc = fail_at(reader, event.start_mark.line, "a second document; a sweep file has one");
        else if (is_node)
            rc = build(reader, &event, 0, out);
        yaml_event_delete(&event);
        if (rc < 0 || type == YAML_STREAM_END_EVENT)
            return rc;
    }
}

/* *out NULL: there is nothing in it. */
static int parse_any(const char *text, const char *path, struct tree **out, struct err *err)
{
    struct reader reader = {.path = path, .err = err};
    *out = NULL;
    if (!yaml_parser_initialize(&reader.parser))
        return err_set(err, E_IO, "%s: out of memory", path);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, strlen(text));
    int rc = build_document(&reader, out);
    yaml_parser_delete(&reader.parser);
    if (rc < 0) {
        tree_free(*out);
        *out = NULL;
    }
    return rc;
}

int tree_parse(const char *text, const char *path, struct tree **out, struct err *err)
{
    int rc = parse_any(text, path, out, err);
    if (rc == 0 && !*out)
        return err_set(err, E_USAGE, "%s: is empty; a sweep file needs at least `data` and `grid`", path);
    if (rc == 0 && (*out)->kind != TREE_MAP) {
        rc = err_set(err, E_USAGE, "%s:%d: expected `key: value` lines, as in experiments/fig4.yaml", path,
                     (*out)->line);
        tree_free(*out);
        *out = NULL;
    }
    return rc;
}

int tree_read(const char *path, struct tree **out, struct err *err)
{
    *out = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_set(err, E_IO, "%s: cannot read the sweep file: %s", path, strerror(errno));
    char *text = err_calloc(MAX_BYTES + 1, 1, path, err);
    size_t n = text ? fread(text, 1, MAX_BYTES + 1, file) : 0;
    int bad = ferror(file);
    fclose(file);
    int rc;
    if (!text)
        rc = E_IO;
    else if (bad)
        rc = err_set(err, E_IO, "%s: cannot read the sweep file: is it a folder?", path);
    else if (n > MAX_BYTES || memchr(text, '\0', n))
        rc = err_set(err, E_USAGE, "%s: not a sweep file (binary, or over 1 MiB)", path);
    else
        rc = tree_parse(text, path, out, err);
    free(text);
    return rc;
}

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
    int rc = parse_any(o->equals + 1, "--set", &value, o->err);
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

/* Entry number N of a list for `N.path`, else all entries that have the path. */
static int assign_in_list(const struct override *o, struct tree *list, const char *path)
{
    int n = 0, n_done = 0, rc = 0;
    char *end = NULL;
    long wanted = strtol(path, &end, 10);
    int is_number = end > path && (*end == '.' || end == o->equals);
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
