#include "write/texttable.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int has_room(struct texttable *table)
{
    if (table->rows < table->capacity)
        return 1;
    int capacity = 2 * table->capacity + 16;
    void *cell = realloc(table->cell, (size_t)capacity * sizeof *table->cell);
    if (!cell)
        return 0;
    table->cell = cell;
    table->capacity = capacity;
    return 1;
}

void texttable_add(struct texttable *table, const char *format, ...)
{
    if (table->filled < TEXTTABLE_COLUMNS && has_room(table)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(table->cell[table->rows][table->filled++], TEXTTABLE_CELL, format, arguments);
        va_end(arguments);
    }
}

void texttable_end(struct texttable *table)
{
    if (!has_room(table))
        return;
    if (table->rows == 0)
        table->columns = table->filled;
    for (int c = table->filled; c < table->columns; c++)
        table->cell[table->rows][c][0] = 0;
    table->rows++;
    table->filled = 0;
}

void texttable_release(struct texttable *table)
{
    free(table->cell);
    *table = (struct texttable){.numeric_from = table->numeric_from};
}

/* ---- aligned ---- */

/* Characters on the screen of UTF-8 text. */
static int text_width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void column_widths(const struct texttable *table, int *width)
{
    for (int c = 0; c < table->columns; c++) {
        width[c] = 3;
        for (int row = 0; row < table->rows; row++) {
            int w = text_width(table->cell[row][c]);
            width[c] = w > width[c] ? w : width[c];
        }
    }
}

static void print_row(FILE *file, const struct texttable *table, int row, const int *width,
                      const char *before, const char *between, const char *after)
{
    fputs(before, file);
    for (int c = 0; c < table->columns; c++) {
        const char *cell = table->cell[row][c];
        int pad = width[c] - text_width(cell), left = c < table->numeric_from;
        int last = c == table->columns - 1;
        int fill = left && last && !*after ? 0 : pad; /* no blanks at the end of a line */
        fprintf(file, "%*s%s%*s%s", left ? 0 : pad, "", cell, left ? fill : 0, "", last ? after : between);
    }
    fputc('\n', file);
}

void texttable_print(FILE *file, const struct texttable *table)
{
    int width[TEXTTABLE_COLUMNS];
    column_widths(table, width);
    for (int row = 0; row < table->rows; row++)
        print_row(file, table, row, width, "", "  ", "");
}

/* The line of dashes under a Markdown header; a colon marks columns flushed right. */
static void print_rule(FILE *file, const struct texttable *table, const int *width)
{
    for (int c = 0; c < table->columns; c++) {
        int right = c >= table->numeric_from;
        fputc('|', file);
        for (int i = 0; i < width[c] + 2 - right; i++)
            fputc('-', file);
        fputs(right ? ":" : "", file);
    }
    fputs("|\n", file);
}

/* A cell is text whatever it holds: no column more, no markup, no link. */
static void escape_markdown(char cell[TEXTTABLE_CELL])
{
    char out[TEXTTABLE_CELL] = "";
    size_t n = 0;
    for (const char *at = cell; *at && n + 2 < sizeof out; at++) {
        if (strchr("\\`*|<", *at) || (*at == ']' && at[1] == '('))
            out[n++] = '\\';
        out[n++] = *at;
    }
    memcpy(cell, out, n);
    cell[n] = '\0';
    utf8_mend(cell); /* cut within a letter */
}

void texttable_markdown(FILE *file, const struct texttable *table)
{
    int width[TEXTTABLE_COLUMNS];
    size_t bytes = (size_t)table->rows * sizeof *table->cell;
    struct texttable escaped = *table;
    escaped.cell = malloc(bytes + 1);
    if (!escaped.cell || !table->cell) {
        free(escaped.cell);
        return;
    }
    memcpy(escaped.cell, table->cell, bytes);
    for (int row = 0; row < table->rows; row++)
        for (int c = 0; c < table->columns; c++)
            escape_markdown(escaped.cell[row][c]);
    column_widths(&escaped, width);
    for (int row = 0; row < table->rows; row++) {
        print_row(file, &escaped, row, width, "| ", " | ", " |");
        if (row == 0)
            print_rule(file, &escaped, width);
    }
    free(escaped.cell);
}

/* ---- LaTeX ---- */

static int is_minus(const char *text, const char *begin)
{
    return *text == '-' && text[1] >= '0' && text[1] <= '9' && (text == begin || text[-1] == ' ');
}

static void latex_text(FILE *file, const char *begin)
{
    static const char plus_minus[] = "±";
    for (const char *text = begin; *text; text++)
        if (strchr("#$%&_{}", *text)) {
            fprintf(file, "\\%c", *text);
        } else if (strncmp(text, plus_minus, strlen(plus_minus)) == 0) {
            fputs("$\\pm$", file);
            text += strlen(plus_minus) - 1;
        } else if (*text == '<' || *text == '>' || is_minus(text, begin)) {
            fprintf(file, "$%c$", *text);
        } else if (strchr("\\^~", *text)) {
            fprintf(file, "\\char%d ", *text);
        } else {
            fputc(*text, file);
        }
}

void texttable_latex(FILE *file, const struct texttable *table)
{
    fputs("\\begin{tabular}{", file);
    for (int c = 0; c < table->columns; c++)
        fputc(c < table->numeric_from ? 'l' : 'r', file);
    fputs("}\n\\toprule\n", file);
    for (int row = 0; row < table->rows; row++) {
        for (int c = 0; c < table->columns; c++) {
            fputs(c ? " & " : "", file);
            latex_text(file, table->cell[row][c]);
        }
        fputs(row == 0 ? " \\\\\n\\midrule\n" : " \\\\\n", file);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", file);
}
