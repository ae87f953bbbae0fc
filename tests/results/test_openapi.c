/* results/web/openapi.yaml against the server: every path, parameter, status and reply member that it names
 * is asked for and checked, and a reply holds nothing that it does not name. */
#include "support/http_client.h"
#include "support/served_store.h"

#include "page/page.h"
#include "settings/tree.h"

#include <jansson.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char TOKEN[] = "openapi-0123456789";
static struct served served;
static struct err err;
static struct tree *api;

static int set_up(void **state)
{
    (void)state;
    if (tree_read("results/web/openapi.yaml", &api, &err) == 0 && served_make(&served, &err) == 0 &&
        served_start(&served, NULL, TOKEN, &err) == 0)
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    tree_free(api);
    served_end(&served);
    return 0;
}

/* ---- schemas ---- */

static const struct tree *need(const struct tree *map, const char *name)
{
    const struct tree *found = tree_get(map, name);
    if (!found)
        fail_msg("openapi.yaml:%d: has no %s", map->line, name);
    return found;
}

/* What a "$ref" points to, or the node itself. */
static const struct tree *resolve(const struct tree *node)
{
    const struct tree *ref = tree_get(node, "$ref"), *at = api;
    char path[256];
    if (!ref)
        return node;
    snprintf(path, sizeof path, "%s", ref->text);
    assert_int_equal(strncmp(path, "#/", 2), 0);
    for (char *part = strtok(path + 2, "/"); part; part = strtok(NULL, "/"))
        at = need(at, part);
    return at;
}

static int is_type(const json_t *value, const char *type)
{
    return strcmp(type, "object") == 0    ? json_is_object(value)
           : strcmp(type, "array") == 0   ? json_is_array(value)
           : strcmp(type, "string") == 0  ? json_is_string(value)
           : strcmp(type, "integer") == 0 ? json_is_integer(value)
           : strcmp(type, "number") == 0  ? json_is_number(value)
           : strcmp(type, "boolean") == 0 ? json_is_boolean(value)
           : strcmp(type, "null") == 0    ? json_is_null(value)
                                          : 0;
}

static void check_type(const json_t *value, const struct tree *schema, const char *where)
{
    const struct tree *type = need(schema, "type"), *choices = tree_get(schema, "enum");
    int fits = type->kind == TREE_TEXT && is_type(value, type->text);
    for (const struct tree *t = type->kind == TREE_LIST ? type->child : NULL; t; t = t->next)
        fits |= is_type(value, t->text);
    if (!fits)
        fail_msg("%s is not of the type in openapi.yaml:%d", where, schema->line);
    fits = !choices;
    for (const struct tree *c = choices ? choices->child : NULL; c; c = c->next)
        fits |= json_is_string(value) && strcmp(json_string_value(value), c->text) == 0;
    if (!fits)
        fail_msg("%s is none of the values in openapi.yaml:%d", where, schema->line);
}

static void check_schema(const json_t *value, const struct tree *schema, const char *where);

static void check_members(const json_t *value, const struct tree *schema, const char *where)
{
    const struct tree *required = tree_get(schema, "required"), *properties = tree_get(schema, "properties");
    const char *name;
    json_t *member;
    char inside[512];
    for (const struct tree *r = required ? required->child : NULL; r; r = r->next) {
        need(properties, r->text);
        if (!json_object_get(value, r->text))
            fail_msg("%s has no %s", where, r->text);
    }
    if (!properties)
        return;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const struct tree *property = tree_get(properties, name);
        snprintf(inside, sizeof inside, "%s.%s", where, name);
        if (property)
            check_schema(member, property, inside);
        else if (strcmp(where, "/api/sweep") != 0) /* DOCUMENT.md is its whole description */
            fail_msg("%s is not in openapi.yaml", inside);
    }
}

static void check_schema(const json_t *value, const struct tree *schema, const char *where)
{
    schema = resolve(schema);
    check_type(value, schema, where);
    const struct tree *items = tree_get(schema, "items");
    char inside[512];
    if (json_is_object(value))
        check_members(value, schema, where);
    for (size_t i = 0; json_is_array(value) && items && i < json_array_size(value); i++) {
        snprintf(inside, sizeof inside, "%s[%zu]", where, i);
        check_schema(json_array_get(value, i), items, inside);
    }
}

static void check_reply(const struct http_reply *reply, const struct tree *response, const char *path)
{
    const struct tree *content = tree_get(resolve(response), "content");
    char type[128];
    if (!content)
        return;
    http_header(reply, "Content-Type", type, sizeof type);
    type[strcspn(type, ";")] = '\0';
    const struct tree *schema = need(need(content, type), "schema");
    if (strcmp(type, "application/json") != 0) {
        assert_true(reply->n > 0);
        return;
    }
    json_t *root = json_loads(reply->body, 0, NULL);
    assert_non_null(root);
    check_schema(root, schema, path);
    json_decref(root);
}

/* ---- requests ---- */

#define BEARER "Authorization: Bearer openapi-0123456789\r\n"

/* A form with every field of the request's schema; without: one to leave out; only_one_image
 * as it is in most calls. */
static void full_form(struct http_form *form)
{
    static const char outline[] = "cell_id,vertex_x,vertex_y\nx,1,1\nx,3,1\nx,3,3\nx,1,3\n";
    size_t n;
    void *png = served_png(&served, 2, &n);
    http_form_add(form, "image", "x.png", png, n);
    http_form_add(form, "image", "y.png", "no", 2);
    http_form_add(form, "boundaries", "b.csv", outline, strlen(outline));
    http_form_add(form, "occlusion", NULL, "1", 1);
    http_form_add(form, "similar", NULL, "2", 1);
    http_form_end(form);
    free(png);
}

/* How to make the server answer a path with a status. */
struct provocation {
    const char *path, *status, *query, *headers;
    const char *raw; /* instead of all that; the Host and token are in it */
};

#define POST_HEAD "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" BEARER
#define FORM_TYPE "Content-Type: multipart/form-data; boundary=x\r\n"

static const struct provocation provocations[] = {
    {"/", "200", "", BEARER, NULL},
    {"/", "404", "", BEARER, NULL},
    {"/", "303", "?token=openapi-0123456789", "", NULL},
    {"/", "304", "", NULL, NULL},
    {"/", "401", "", "", NULL},
    {"/api/sweep", "200", "", BEARER, NULL},
    {"/api/sweep", "304", "", NULL, NULL},
    {"/api/sweep", "400", "?part=none", BEARER, NULL},
    {"/api/progress", "200", "", BEARER, NULL},
    {"/api/curves", "200", "?jobs=0,1", BEARER, NULL},
    {"/api/curves", "400", "?jobs=x", BEARER, NULL},
    {"/api/log", "200", "?jobs=0", BEARER, NULL},
    {"/api/log", "400", "?jobs=0,1", BEARER, NULL},
    {"/api/models", "200", "", BEARER, NULL},
    {"/api/predict", "200", "?model=0", BEARER, NULL},
    {"/api/predict", "400", "?model=x", BEARER, NULL},
    {"/api/predict", "403", "", BEARER "Origin: http://elsewhere\r\n", NULL},
    {"/api/predict", "411", "", "", POST_HEAD FORM_TYPE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"/api/predict", "413", "", "", POST_HEAD FORM_TYPE "Content-Length: 67108865\r\n\r\n"},
    {"/api/predict", "415", "", "", POST_HEAD "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"},
    {"/metrics", "200", "", BEARER, NULL},
    {"/api/openapi.yaml", "200", "", BEARER, NULL},
};
enum { N_PROVOCATIONS = sizeof provocations / sizeof *provocations };

/* As it is told; a 413 is answered when its body has been sent. */
static int ask_raw(const char *text, struct http_reply *reply)
{
    const char *length = strstr(text, "Content-Length: ");
    size_t head = strlen(text), n = length ? (size_t)atol(length + 16) : 0;
    if (strncmp(text + head - 4, "\r\n\r\n", 4) != 0 || n < 1000)
        n = 0;
    char *all = calloc(1, head + n);
    memcpy(all, text, head);
    int status = http_raw(served.port, all, head + n, reply);
    free(all);
    return status;
}

/* The ETag that makes the next answer a 304. */
static void etag_header(const char *path, char *out, size_t size)
{
    struct http_reply reply;
    char etag[64];
    http_ask(served.port, "GET", path, BEARER, &reply);
    http_header(&reply, "ETag", etag, sizeof etag);
    snprintf(out, size, BEARER "If-None-Match: %s\r\n", etag);
    http_free(&reply);
}

static int ask(const struct provocation *p, int is_post, struct http_reply *reply)
{
    char where[256], headers[256];
    struct http_form form = {0};
    snprintf(where, sizeof where, "%s%s", p->path, p->query);
    if (p->raw)
        return ask_raw(p->raw, reply);
    if (!p->headers)
        etag_header(p->path, headers, sizeof headers);
    if (!is_post)
        return http_ask(served.port, "GET", where, p->headers ? p->headers : headers, reply);
    full_form(&form);
    int status = http_post(served.port, where, &form, p->headers, reply);
    free(form.bytes);
    return status;
}

static const struct provocation *provocation_of(const char *path, const char *status)
{
    for (int i = 0; i < N_PROVOCATIONS; i++)
        if (strcmp(provocations[i].path, path) == 0 && strcmp(provocations[i].status, status) == 0)
            return &provocations[i];
    return NULL;
}

/* The page is in the program or not: one of these two cannot be had. */
static int depends_on_build(const char *path, const char *status)
{
    return strcmp(path, "/") == 0 && strstr(page_available() ? "404" : "200 304", status) != NULL;
}

static void check_status(const struct tree *path, const struct tree *operation, const struct tree *response)
{
    const struct provocation *p = provocation_of(path->name, response->name);
    struct http_reply reply;
    if (strcmp(response->name, "503") == 0 || depends_on_build(path->name, response->name))
        return; /* 503: when_the_file_is_gone */
    if (!p)
        fail_msg("openapi.yaml:%d: nobody knows how to make %s answer %s", response->line, path->name,
                 response->name);
    int status = ask(p, strcmp(operation->name, "post") == 0, &reply);
    if (status != atoi(response->name))
        fail_msg("%s%s: %d, expected %s: %.300s", p->path, p->query, status, response->name, reply.body);
    check_reply(&reply, response, path->name);
    http_free(&reply);
}

static void every_path_answers_every_status(void **state)
{
    int n = 0;
    (void)state;
    for (const struct tree *path = need(api, "paths")->child; path; path = path->next)
        for (const struct tree *operation = path->child; operation; operation = operation->next)
            for (const struct tree *r = need(operation, "responses")->child; r; r = r->next, n++)
                check_status(path, operation, r);
    assert_true(n >= N_PROVOCATIONS);
}

/* The other way round: a path of the server that the file does not name. */
static void the_file_names_every_path(void **state)
{
    (void)state;
    for (int i = 0; i < N_PROVOCATIONS; i++)
        need(need(need(need(api, "paths"), provocations[i].path),
                  strcmp(provocations[i].path, "/api/predict") == 0 ? "post" : "get"),
             "responses");
}

/* ---- parameters ---- */

static int status_with(const struct tree *path, int is_post, const char *query)
{
    const struct provocation p = {path->name, "", query, BEARER, NULL};
    struct http_reply reply;
    int status = ask(&p, is_post, &reply);
    http_free(&reply);
    return status;
}

/* "?jobs=0,1&": the examples of what an operation requires beside one parameter. */
static void beside(char *query, size_t size, const struct tree *operation, const char *but)
{
    size_t n = (size_t)snprintf(query, size, "?");
    for (const struct tree *p = need(operation, "parameters")->child; p; p = p->next)
        if (strcmp(need(p, "required")->text, "true") == 0 && strcmp(need(p, "name")->text, but) != 0)
            n += (size_t)snprintf(query + n, size - n, "%s=%s&", need(p, "name")->text,
                                  need(p, "example")->text);
}

/* Its example is taken; nonsense is refused; it may be left out unless it is required. */
static void check_parameter(const struct tree *path, const struct tree *operation,
                            const struct tree *parameter)
{
    int is_post = strcmp(operation->name, "post") == 0;
    const char *name = need(parameter, "name")->text;
    const struct tree *example = tree_get(parameter, "example");
    char others[96], query[160];
    beside(others, sizeof others, operation, name);
    assert_string_equal(need(parameter, "in")->text, "query");
    int without = status_with(path, is_post, others[1] ? others : "");
    if (strcmp(name, "token") == 0)
        return; /* a 303, above */
    assert_int_equal(without, strcmp(need(parameter, "required")->text, "true") == 0 ? 400 : 200);
    if (!example)
        fail_msg("openapi.yaml:%d: %s has no example", parameter->line, name);
    snprintf(query, sizeof query, "%s%s=%s", others, name, example->text);
    assert_int_equal(status_with(path, is_post, query), 200);
    snprintf(query, sizeof query, "%s%s=nonsense", others, name);
    assert_int_equal(status_with(path, is_post, query), 400);
}

static void every_parameter_is_read(void **state)
{
    int n = 0;
    (void)state;
    for (const struct tree *path = need(api, "paths")->child; path; path = path->next)
        for (const struct tree *operation = path->child; operation; operation = operation->next) {
            const struct tree *list = tree_get(operation, "parameters");
            for (const struct tree *p = list ? list->child : NULL; p; p = p->next, n++)
                check_parameter(path, operation, p);
        }
    assert_int_equal(n, 7);
}

/* Every field of the form shows in the answer, and members that are there only when asked for are there. */
static void every_field_of_the_form_counts(void **state)
{
    const struct provocation *p = provocation_of("/api/predict", "200");
    const struct tree *schema = need(
        need(need(need(need(need(need(api, "paths"), "/api/predict"), "post"), "requestBody"), "content"),
             "multipart/form-data"),
        "schema");
    const struct tree *members =
        need(resolve(need(need(need(api, "components"), "schemas"), "prediction")), "properties");
    struct http_form form = {0};
    struct http_reply reply;
    (void)state;
    full_form(&form);
    for (const struct tree *field = need(schema, "properties")->child; field; field = field->next) {
        char sent[64];
        snprintf(sent, sizeof sent, "name=\"%s\"", field->name);
        if (!memmem(form.bytes, form.n, sent, strlen(sent)))
            fail_msg("openapi.yaml:%d: nobody tests the field %s", field->line, field->name);
    }
    assert_int_equal(ask(p, 1, &reply), 200);
    json_t *root = json_loads(reply.body, 0, NULL);
    const json_t *images = json_object_get(root, "images"), *good = json_array_get(images, 0);
    for (const struct tree *m = members->child; m; m = m->next)
        if (!json_object_get(strcmp(m->name, "error") == 0 ? json_array_get(images, 1) : good, m->name))
            fail_msg("openapi.yaml:%d: %s is not in the answer", m->line, m->name);
    assert_true(json_is_true(json_object_get(good, "masked")));
    json_decref(root);
    http_free(&reply);
    free(form.bytes);
}

static void when_the_file_is_gone(void **state)
{
    char aside[160];
    struct http_reply reply;
    (void)state;
    snprintf(aside, sizeof aside, "%s.aside", served.path);
    assert_int_equal(rename(served.path, aside), 0);
    for (int i = 0; i < 6000; i++) { /* the file is not looked at anew for every request */
        int status = http_ask(served.port, "GET", "/api/progress", BEARER, &reply);
        http_free(&reply);
        if (status == 503)
            break;
        usleep(100000);
    }
    for (const struct tree *path = need(api, "paths")->child; path; path = path->next) {
        const struct tree *response = tree_get(need(path->child, "responses"), "503");
        const struct provocation *p = provocation_of(path->name, "200");
        if (!response)
            continue;
        int status = ask(p, strcmp(path->child->name, "post") == 0, &reply);
        if (status != 503)
            fail_msg("%s: %d, expected 503", path->name, status);
        check_reply(&reply, response, path->name);
        http_free(&reply);
    }
    assert_int_equal(rename(aside, served.path), 0);
}

static void it_serves_the_file_itself(void **state)
{
    struct http_reply reply;
    FILE *file = fopen("results/web/openapi.yaml", "r");
    char *text = calloc(1, 1 << 17);
    (void)state;
    assert_non_null(file);
    size_t n = fread(text, 1, (1 << 17) - 1, file);
    fclose(file);
    assert_int_equal(http_ask(served.port, "GET", "/api/openapi.yaml", BEARER, &reply), 200);
    assert_int_equal(reply.n, n);
    assert_string_equal(reply.body, text);
    http_free(&reply);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_answers_every_status), cmocka_unit_test(the_file_names_every_path),
        cmocka_unit_test(every_parameter_is_read),         cmocka_unit_test(every_field_of_the_form_counts),
        cmocka_unit_test(when_the_file_is_gone),           cmocka_unit_test(it_serves_the_file_itself),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
