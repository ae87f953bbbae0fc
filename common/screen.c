#include "screen.h"

#include "utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
    FILE *real, *fitted; /* stdout as it was and as it is; NULL: it breaks no lines */
    char *line;          /* not ended yet, n bytes of it */
    size_t n, capacity;
    FILE *page; /* the page under way; NULL: there is none */
    char *page_text;
    size_t page_size;
} screen;

/* ---- the window ---- */

static int from_environment(const char *name)
{
    const char *text = getenv(name);
    long value = text ? strtol(text, NULL, 10) : 0;
    return value > 0 && value < 10000 ? (int)value : 0;
}

/* 0 x 0: no terminal. */
static struct winsize window_of(FILE *file)
{
    struct winsize window = {0};
    int fd = fileno(screen.fitted && file == screen.fitted ? screen.real : file);
    if (fd < 0 || !isatty(fd))
        return window;
    ioctl(fd, TIOCGWINSZ, &window);
    int columns = from_environment("COLUMNS"), lines = from_environment("LINES");
    window.ws_col = columns ? (unsigned short)columns : window.ws_col;
    window.ws_row = lines ? (unsigned short)lines : window.ws_row;
    return window;
}

int screen_width(FILE *file)
{
    int width = window_of(file).ws_col;
    return width > 0 && width < SCREEN_MIN_WIDTH ? SCREEN_MIN_WIDTH : width;
}

/* ---- breaking lines ---- */

static int is_joint(const char *at, const char *start)
{
    return at - start > 1 && strchr("+_.,/", at[-1]) && isalpha((unsigned char)at[-2]) && *at != ' ';
}

/* The last place to break between start and fit; start: there is none. */
static const char *last_break(const char *start, const char *fit, int at_joints)
{
    const char *end = fit;
    while (end > start && !(at_joints ? is_joint(end, start) : *end == ' '))
        end--;
    return end;
}

size_t screen_break(const char *text, int width, int cut, const char **next)
{
    const char *start = text + strspn(text, " "), *fit = utf8_after(text, width), *end = fit;
    if (*fit) {
        end = last_break(start, fit, 0);
        if (end <= start && cut)
            end = last_break(start, fit, 1);
        if (end <= start)
            end = cut ? fit : start + strcspn(start, " ");
    }
    *next = *fit ? end + strspn(end, " ") : end;
    while (*fit && end > start && end[-1] == ' ')
        end--;
    return (size_t)(end - text);
}

int screen_piece(const char *text)
{
    int longest = 0;
    for (const char *start = text, *at = text;; at++)
        if (!*at || *at == ' ' || is_joint(at, text)) {
            int n = utf8_width(start) - utf8_width(at);
            longest = n > longest ? n : longest;
            if (!*at)
                return longest;
            start = at + (*at == ' ');
        }
}

/* Below what the rest of a line stands. */
static int hanging(const char *line, int width)
{
    int indent = (int)strspn(line, " ");
    for (const char *gap = line + indent; (gap = strstr(gap, "  ")); gap += strspn(gap, " ")) {
        const char *text = gap + strspn(gap, " ");
        if (*text && text - line <= width / 3)
            return utf8_width(line) - utf8_width(text);
        break;
    }
    return indent < width / 3 ? indent : 0;
}

static void put_line(FILE *to, const char *line, int width)
{
    int hang = 0;
    if (width == 0 || utf8_width(line) <= width) {
        fprintf(to, "%s\n", line);
        return;
    }
    for (const char *next, *at = line; *at; at = next) {
        size_t n = screen_break(at, width - hang, 0, &next);
        fprintf(to, "%*s%.*s\n", hang, "", (int)n, at);
        hang = hanging(line, width);
    }
}

/* ---- the stream ---- */

static void end_line(void)
{
    screen.line[screen.n] = '\0';
    screen.n = 0;
    put_line(screen.page ? screen.page : screen.real, screen.line, screen_width(screen.fitted));
}

static int has_room(size_t bytes)
{
    if (bytes <= screen.capacity)
        return 1;
    char *line = realloc(screen.line, 2 * bytes);
    if (!line)
        return 0;
    screen.line = line;
    screen.capacity = 2 * bytes;
    return 1;
}

/* As a FILE calls it: what is printed becomes lines. */
static ssize_t take(void *self, const char *bytes, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) {
        if (!has_room(screen.n + 2))
            return (ssize_t)i;
        if (bytes[i] == '\n')
            end_line();
        else
            screen.line[screen.n++] = bytes[i];
    }
    return !screen.page && fflush(screen.real) != 0 ? 0 : (ssize_t)n;
}

/* A last line without an end. */
static void finish(void)
{
    fflush(stdout);
    if (screen.n > 0)
        end_line();
    fflush(screen.real);
}

void screen_fit_stdout(void)
{
    FILE *fitted = isatty(STDOUT_FILENO) && !screen.fitted
                       ? fopencookie(NULL, "w", (cookie_io_functions_t){.write = take})
                       : NULL;
    if (!fitted)
        return;
    setvbuf(fitted, NULL, _IOLBF, BUFSIZ);
    screen.real = stdout;
    stdout = screen.fitted = fitted; /* a variable in glibc */
    atexit(finish);
}

/* ---- pages ---- */

void screen_page_begin(void)
{
    fflush(stdout);
    if (screen.fitted)
        screen.page = open_memstream(&screen.page_text, &screen.page_size);
}

/* Rows of the window that a line takes: one whose words do not fit takes several. */
static int rows_of(const char *line, int width)
{
    int n = utf8_width(line);
    return width == 0 || n <= width ? 1 : (n + width - 1) / width;
}

/* The first line and as many more as fit into so many rows, and how many do not. The cursor's row, the last
 * one, stays empty. */
static void show(char *text, int rows, int width)
{
    int all = 0, used = 0, hidden = 0;
    for (char *at = text; (at = strchr(at, '\n'));)
        *at++ = '\0';
    const char *end = screen.page_text + screen.page_size;
    for (const char *line = text; line < end; line += strlen(line) + 1)
        all += rows_of(line, width);
    int limit = rows == 0 || all < rows ? all : rows > 3 ? rows - 2 : 1;
    for (const char *line = text; line < end; line += strlen(line) + 1) {
        used += rows_of(line, width);
        if (used <= limit || line == text)
            fprintf(screen.real, "%s\n", line);
        else
            hidden++;
    }
    if (hidden)
        fprintf(screen.real, "and %d more line%s\n", hidden, hidden == 1 ? "" : "s");
}

void screen_page_end(void)
{
    fflush(stdout);
    if (!screen.page)
        return;
    fclose(screen.page);
    screen.page = NULL;
    fputs("\033[H\033[J", screen.real);
    show(screen.page_text, window_of(screen.fitted).ws_row, screen_width(screen.fitted));
    fflush(screen.real);
    free(screen.page_text);
    screen.page_text = NULL;
}
