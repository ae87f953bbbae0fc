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

int tree_parse_any(const char *text, const char *path, struct tree **out, struct err *err)
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
    int rc = tree_parse_any(text, path, out, err);
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
