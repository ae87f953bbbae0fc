#include "figures/figtext.h"

#include "utf8.h"

#include <stdarg.h>
#include <math.h>
#include <string.h>

/* Mean width of a letter of DejaVu Sans, in pixels, from sizes in points; figures and capitals are
 * wider than the mean text. */
static double letter_width(double points, int bold)
{
    return points * 96 / 72 * (bold ? 0.66 : 0.56);
}

static int letters(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Bytes of the next line of a text: as many words as have room, one at least. */
static size_t line_bytes(const char *text, int room)
{
    size_t best = strlen(text);
    int n = 0;
    if (letters(text) <= room)
        return best;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == ' ' && (n <= room || best == strlen(text)))
            best = i;
        if (text[i] == ' ' && n > room)
            break;
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return best;
}

static int line_room(double points, int width)
{
    return (int)(width / letter_width(points, 0));
}

void figtext_label(const struct figtext_page *page, int x, int y, const char *options, const char *text)
{
    if (!page->file)
        return;
    fputs("set label ", page->file);
    gnuplot_quote(page->file, text);
    fprintf(page->file, " at screen %.5f,%.5f %s\n", (double)x / page->width, 1 - (double)y / page->height,
            options);
}

int figtext_lines(const char *text, double points, int width)
{
    int n = 0, room = line_room(points, width);
    while (*text) {
        text += line_bytes(text, room);
        text += strspn(text, " ");
        n++;
    }
    return n;
}

int figtext_step(double points)
{
    return (int)(1.9 * points + 0.5);
}

/* A text as lines of at most `room` letters, the first at y. Returns how many. */
static int write_lines(const struct figtext_page *page, int x, int y, int step, int room, const char *look,
                       const char *text)
{
    int n = 0;
    char line[1024];
    while (*text) {
        size_t bytes = line_bytes(text, room);
        snprintf(line, sizeof line, "%.*s", (int)bytes, text);
        figtext_label(page, x, y + n++ * step, look, line);
        text += bytes;
        text += strspn(text, " ");
    }
    return n;
}

void figtext_place(const struct figtext_page *page, double x, double y, double width, double height)
{
    double w = page->width, h = page->height;
    fprintf(page->file,
            "set lmargin at screen %.5f; set rmargin at screen %.5f; set tmargin at screen %.5f; set bmargin "
            "at screen %.5f\n",
            x / w, (x + width) / w, 1 - y / h, 1 - (y + height) / h);
}

int figtext_paragraph(const struct figtext_page *page, int x, int y, int width, double points,
                      const char *text)
{
    char look[96];
    snprintf(look, sizeof look, "left font plain(%g) textcolor rgb '" PALETTE_GREY "'", points);
    return write_lines(page, x, y, figtext_step(points), line_room(points, width), look, text);
}

double figtext_fit(const char *text, double points, int width)
{
    double fits = width / (letters(text) * letter_width(1, 1) + 1e-9);
    return fits >= points ? points : fits < FIGTEXT_LEAST ? FIGTEXT_LEAST : fits;
}

void figtext_cut(char *text, double points, int bold, int width)
{
    static const char ellipsis[] = "…";
    int room = (int)(width / letter_width(points, bold) + 1e-6);
    if (letters(text) <= room)
        return;
    char *end = text + (utf8_after(text, room > 1 ? room - 1 : 1) - text);
    size_t left = strlen(end);
    snprintf(end, left + 1, "%s", left + 1 >= sizeof ellipsis ? ellipsis : ".");
}

/* ---- heading and notes ---- */

enum { TITLE = 16, SMALLEST_TITLE = 11, SUBTITLE = 11, NOTE_STEP = 18, EDGE = 24, SYNTHETIC_WIDTH = 160 };
static const double NOTE = 9.5;

/* A title as large as fits into a line, or else in lines. Returns how much lower than y the last one is. */
static int write_title(const struct figtext_page *page, int x, int y, int width, const char *title)
{
    double points = figtext_fit(title, TITLE, width);
    char look[64];
    if (points < SMALLEST_TITLE)
        points = SMALLEST_TITLE;
    snprintf(look, sizeof look, "left font bold(%.3g)", points);
    int room = (int)(width / letter_width(points, 1) + 1e-6), step = figtext_step(points);
    int lines = write_lines(page, x, y, step, room, look, title);
    return lines > 1 ? (lines - 1) * step : 0;
}

int figtext_heading(const struct figtext_page *page, int left, const char *title, const char *subtitle,
                    int synthetic)
{
    static const char *const look = "font bold(13) textcolor rgb '" PALETTE_SYNTHETIC "'";
    int width = page->width - left - EDGE, y = 30, less = width - (synthetic ? SYNTHETIC_WIDTH : 0);
    int beside = figtext_fit(title, TITLE, less) >= SMALLEST_TITLE;
    char side[96];
    snprintf(side, sizeof side, "%s %s", beside ? "right" : "left", look);
    y += write_title(page, left, y, beside ? less : width, title);
    if (synthetic && beside)
        figtext_label(page, page->width - EDGE, y, side, "synthetic data");
    else if (synthetic)
        figtext_label(page, left, y += 24, side, "synthetic data");
    y += 26;
    return y + figtext_step(SUBTITLE) * figtext_paragraph(page, left, y, width, SUBTITLE, subtitle);
}

void figtext_note(struct figtext_notes *notes, const char *format, ...)
{
    va_list arguments;
    if (notes->n == FIGTEXT_MAX_NOTES)
        return;
    va_start(arguments, format);
    vsnprintf(notes->text[notes->n++], sizeof notes->text[0], format, arguments);
    va_end(arguments);
}

int figtext_notes_height(const struct figtext_notes *notes, int width)
{
    int lines = 0;
    for (int i = 0; i < notes->n; i++)
        lines += figtext_lines(notes->text[i], NOTE, width);
    return NOTE_STEP * lines;
}

void figtext_write_notes(const struct figtext_page *page, int x, int y, int width,
                         const struct figtext_notes *notes)
{
    for (int i = 0; i < notes->n; i++)
        y += NOTE_STEP * figtext_paragraph(page, x, y, width, NOTE, notes->text[i]);
}

void figtext_write_foot(const struct figtext_page *page, int x, int width, int above,
                        const struct figtext_notes *notes)
{
    int y = page->height + 4 - above - figtext_notes_height(notes, width);
    figtext_write_notes(page, x, y, width, notes);
}

void figtext_leak_ground(FILE *file)
{
    fputs("set object 1 rect from graph 0,0 to graph 1,1 behind fs solid noborder fc rgb '#FBE9E7'\n", file);
}

void figtext_leak_words(const struct figtext_page *page, int x, int y, double share)
{
    char words[96];
    snprintf(words, sizeof words, "LEAK: up to %.*f %% of test seen", share < 0.1,
             100 * fmax(share, 0.001)); /* "up to": never 0 */
    figtext_label(page, x, y, "right font bold(9.5) textcolor rgb '" PALETTE_SYNTHETIC "'", words);
}

/* ---- whole pages ---- */

enum { SHEET_GAP = 14 }; /* pixels between a picture and the notes */

static int write_sheet_heading(FILE *file, const struct figtext_sheet *sheet)
{
    const struct figtext_page page = {file, sheet->width, sheet->height};
    return figtext_heading(&page, sheet->edge, sheet->title, sheet->subtitle, sheet->synthetic);
}

int figtext_sheet_top(const struct figtext_sheet *sheet)
{
    return write_sheet_heading(NULL, sheet);
}

int figtext_sheet_height(const struct figtext_sheet *sheet, int picture)
{
    return figtext_sheet_top(sheet) + picture + SHEET_GAP +
           figtext_notes_height(sheet->notes, sheet->width - 2 * sheet->edge);
}

int figtext_sheet_open(struct output *out, const char *dir, const char *name,
                       const struct figtext_sheet *sheet, const struct figstyle *style, struct err *err)
{
    int rc = gnuplot_open(out, dir, name, sheet->width, sheet->height, style, err);
    if (rc < 0)
        return rc;
    const struct figtext_page page = {out->file, sheet->width, sheet->height};
    write_sheet_heading(out->file, sheet);
    figtext_write_foot(&page, sheet->edge, sheet->width - 2 * sheet->edge, 0, sheet->notes);
    return 0;
}
