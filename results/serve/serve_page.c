/* / and /api/openapi.yaml: what never changes. */
#include "serve/serve_core.h"

#include "embed.h"
#include "page/page.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

EMBED(serve_openapi_text, "results/web/openapi.yaml");

enum { POLICY_SIZE = 4096 };

/* " 'sha256-...'" of a script, appended to the policy: a script that is not the program's own does not
 * run. */
static void append_hash(char *policy, const char *script, size_t n)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, n, (const uint8_t *)script);
    sha256_digest(&hash, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    size_t used = strlen(policy);
    if (used + sizeof text + 16 < POLICY_SIZE)
        snprintf(policy + used, POLICY_SIZE - used, " 'sha256-%s'", text);
}

/* The policy of a page with scripts inside. Styles may be inline: the plots set them element by element. */
static void make_policy(char policy[POLICY_SIZE], const char *html)
{
    int n = snprintf(
        policy, POLICY_SIZE,
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: blob:; font-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src");
    for (const char *at = strcasestr(html, "<script"); at; at = strcasestr(at, "<script")) {
        const char *begin = strchr(at, '>'), *end = begin ? strcasestr(begin, "</script") : NULL;
        if (!end)
            break;
        append_hash(policy, begin + 1, (size_t)(end - begin - 1));
        at = end + 1;
    }
    if (policy[n] == '\0')
        snprintf(policy + n, (size_t)(POLICY_SIZE - n), " 'none'");
}

/* The page as text, owned by the caller; NULL without memory. */
static char *make_html(size_t *n)
{
    char *html = NULL;
    FILE *file = open_memstream(&html, n);
    if (!file)
        return NULL;
    page_write(file, NULL, 0);
    int bad = ferror(file) != 0;
    bad |= fclose(file) != 0;
    if (!bad)
        return html;
    free(html);
    return NULL;
}

int serve_page_make(struct serve_fixed *page, struct err *err)
{
    char policy[POLICY_SIZE];
    size_t n = 0;
    if (!page_available())
        return 0;
    char *html = make_html(&n);
    if (!html)
        return err_set(err, E_IO, "out of memory: the page cannot be kept; free some memory");
    make_policy(policy, html);
    return serve_fixed_make(page, "text/html; charset=utf-8", policy, html, n, err);
}

enum MHD_Result serve_answer_page(struct serve_request *request)
{
    char *text = NULL;
    if (request->serve->page.plain)
        return serve_fixed_send(request, &request->serve->page);
    int n =
        asprintf(&text, "cellsweep serve: %s.\nWhat the page shows is under /api: see /api/openapi.yaml.\n",
                 page_remedy);
    return serve_send_text(request, MHD_HTTP_NOT_FOUND, "text/plain; charset=utf-8", n < 0 ? NULL : text,
                           n < 0 ? 0 : (size_t)n);
}

enum MHD_Result serve_answer_openapi(struct serve_request *request)
{
    char *text = strdup(serve_openapi_text);
    return serve_send_text(request, MHD_HTTP_OK, "application/yaml; charset=utf-8", text,
                           text ? strlen(text) : 0);
}
