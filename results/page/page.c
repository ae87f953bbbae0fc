#include "page/page.h"

#include "embed.h"

#include <string.h>

/* Empty when the page could not be built. */
EMBED(page_text, "build/web/page.html");

static const char marker[] = "<!--cellsweep-data-->";

const char page_remedy[] = "the interactive page was not built into this program; install npm, let it reach "
                           "its registry once, and run `make web build`";

int page_available(void)
{
    return strstr(page_text, marker) != NULL;
}

size_t page_size(void)
{
    return strlen(page_text);
}

/* In JSON '<' stands only within texts, where it may be written as a number: then no tag and no
 * comment begins or ends. */
static void write_harmless(FILE *file, const char *json, size_t n)
{
    const char *end = json + n;
    for (const char *next; json < end; json = next + 1) {
        next = memchr(json, '<', (size_t)(end - json));
        fwrite(json, 1, (size_t)((next ? next : end) - json), file);
        if (!next)
            break;
        fputs("\\u003c", file);
    }
}

void page_fill(FILE *file, const char *page, const char *json, size_t n)
{
    const char *at = strstr(page, marker);
    fwrite(page, 1, (size_t)(at - page), file);
    if (json) {
        fputs("<script type=\"application/json\" id=\"cellsweep-data\">", file);
        write_harmless(file, json, n);
        fputs("</script>", file);
    } else {
        fputs("<meta name=\"cellsweep-mode\" content=\"serve\">", file);
    }
    fputs(at + strlen(marker), file);
}

void page_write(FILE *file, const char *json, size_t n)
{
    page_fill(file, page_text, json, n);
}
