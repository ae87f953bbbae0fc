#include "write/texttable.h"

#include "screen.h"
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
    memset(table->cell + table->capacity, 0, (size_t)(capacity - table->capacity) * sizeof *table->cell);
    table->capacity = capacity;
    return 1;
}

void texttable_add(struct texttable *table, const char *format, ...)
{
    if (table->filled < TEXTTABLE_COLUMNS && has_room(table)) {
        char **cell = &table->cell[table->rows][table->filled++];
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(cell, format, arguments) < 0)
            *cell = NULL;
        va_end(arguments);
    }
}

void texttable_end(struct texttable *table)
{
    if (!has_room(table))
        return;
    if (table->rows == 0)
        table->columns = table->filled;
    table->rows++;
    table->filled = 0;
}

void texttable_release(struct texttable *table)
{
    for (int row = 0; row < table->capacity; row++)
        for (int c = 0; c < TEXTTABLE_COLUMNS; c++)
            free(table->cell[row][c]);
    free(table->cell);
    *table = (struct texttable){.numeric_from = table->numeric_from};
}

static const char *cell_of(const struct texttable *table, int row, int c)
{
    return table->cell[row][c] ? table->cell[row][c] : "";
}

/* ---- aligned ---- */

static void column_widths(const struct texttable *table, int *width)
{
    for (int c = 0; c < table->columns; c++) {
        width[c] = 3;
        for (int row = 0; row < table->rows; row++) {
            int w = utf8_width(cell_of(table, row, c));
            width[c] = w > width[c] ? w : width[c];
        }
    }
}

static void print_row(FILE *file, const struct texttable *table, int row, const int *width,
                      const char *before, const char *between, const char *after)
{
    fputs(before, file);
    for (int c = 0; c < table->columns; c++) {
        const char *cell = cell_of(table, row, c);
        int pad = width[c] - utf8_width(cell), left = c < table->numeric_from;
        int last = c == table->columns - 1;
        int fill = left && last && !*after ? 0 : pad; /* no blanks at the end of a line */
        fprintf(file, "%*s%s%*s%s", left ? 0 : pad, "", cell, left ? fill : 0, "", last ? after : between);
    }
    fputc('\n', file);
}

void texttable_print(FILE *file, const struct texttable *table)
{
    texttable_fit(file, table, screen_width(file));
}

/* ---- in so many characters ---- */

enum { GAP = 2, NARROW_GAP = 1, MIN_TEXT = 16 };

/* Columns side by side: the first `again` ones, which every block has, and those from begin to end. */
struct block {
    int again, begin, end;
    int gap; /* blanks between columns */
};

static int next_column(const struct block *block, int c)
{
    return c + 1 == block->again ? block->begin : c + 1;
}

static int total_width(const int *width, const struct block *block)
{
    int total = -block->gap;
    for (int c = 0; c < block->end; c = next_column(block, c))
        total += width[c] + block->gap;
    return total;
}

/* The least width that a column is read in: numbers are not broken, words of texts neither, and long texts
 * not into columns of single words. Half the width has room for any, so that one fits beside another. */
static int least_width(const struct texttable *table, int c, int natural, int width)
{
    int least = c >= table->numeric_from ? 1 : natural < 2 * MIN_TEXT ? (natural + 1) / 2 : MIN_TEXT;
    for (int row = 0; row < table->rows; row++) {
        const char *cell = cell_of(table, row, c);
        int n = row > 0 && c >= table->numeric_from ? utf8_width(cell) : screen_piece(cell);
        least = n > least ? n : least;
    }
    least = least < natural ? least : natural;
    return least < width / 2 - GAP ? least : width / 2 - GAP;
}

/* The columns that say what a row is, or as many of them as leave room for the widest other one; the first at
 * least. */
static int columns_again(const struct texttable *table, const int *least, int width)
{
    int keys = table->keys ? table->keys : table->numeric_from, n = 1, used = least[0] + GAP, widest = 0;
    for (int c = 1; c < table->columns; c++)
        widest = least[c] > widest ? least[c] : widest;
    while (n < keys && n < table->columns - 1 && used + least[n] + GAP + widest <= width)
        used += least[n++] + GAP;
    return n;
}

/* The widest column that may get narrower; -1: none may. */
static int widest_column(const int *now, const int *least, const struct block *block)
{
    int widest = -1;
    for (int c = 0; c < block->end; c = next_column(block, c))
        if (now[c] > least[c] && (widest < 0 || now[c] > now[widest]))
            widest = c;
    return widest;
}

static int letters(const char *text, int n_bytes)
{
    int n = 0;
    for (const char *at = text; at < text + n_bytes; at = utf8_after(at, 1))
        n++;
    return n;
}

/* Cells that are wider than their column go on below. No line ends with blanks. */
static void print_broken_row(FILE *file, const struct texttable *table, int row, const int *width,
                             const struct block *block)
{
    const char *rest[TEXTTABLE_COLUMNS], *next;
    for (int c = 0; c < table->columns; c++)
        rest[c] = cell_of(table, row, c);
    for (int more = 1; more;) {
        int blanks = 0;
        more = 0;
        for (int c = 0; c < block->end; c = next_column(block, c)) {
            int n = (int)screen_break(rest[c], width[c], 1, &next), left = c < table->numeric_from;
            int pad = width[c] - letters(rest[c], n), before = blanks + (left ? 0 : pad);
            if (n > 0)
                fprintf(file, "%*s%.*s", before, "", n, rest[c]);
            blanks = (n > 0 ? 0 : before) + (left ? pad : 0) + block->gap;
            rest[c] = next;
            more |= *next != '\0';
        }
        fputc('\n', file);
    }
}

/* As many columns from block->begin on as fit. */
static void print_block(FILE *file, const struct texttable *table, const int *natural, const int *least,
                        struct block *block, int width)
{
    int now[TEXTTABLE_COLUMNS];
    memcpy(now, natural, sizeof now);
    for (block->end = table->columns; block->end > block->begin + 1 && total_width(least, block) > width;)
        block->end--;
    for (int c; total_width(now, block) > width && (c = widest_column(now, least, block)) >= 0;)
        now[c]--;
    for (int row = 0; row < table->rows; row++)
        print_broken_row(file, table, row, now, block);
}

void texttable_fit(FILE *file, const struct texttable *table, int width)
{
    int natural[TEXTTABLE_COLUMNS] = {0}, least[TEXTTABLE_COLUMNS];
    struct block block = {0, 0, table->columns, GAP};
    column_widths(table, natural);
    if (width == 0 || table->columns < 1 || total_width(natural, &block) <= width) {
        for (int row = 0; row < table->rows; row++)
            print_row(file, table, row, natural, "", "  ", "");
        return;
    }
    for (int c = 0; c < table->columns; c++)
        least[c] = least_width(table, c, natural[c], width);
    if (total_width(least, &block) > width)
        block.gap = NARROW_GAP;
    if (total_width(least, &block) > width) {
        block.gap = GAP;
        block.again = block.begin = columns_again(table, least, width);
    }
    for (int first = block.begin; block.begin < table->columns; block.begin = block.end) {
        fputs(block.begin > first ? "\n" : "", file);
        print_block(file, table, natural, least, &block, width);
    }
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
static void add_escaped(struct texttable *table, const char *cell)
{
    char *out = malloc(2 * strlen(cell) + 1), *end = out;
    for (const char *at = cell; *at && out; at++) {
        if (strchr("\\`*|<", *at) || (*at == ']' && at[1] == '('))
            *end++ = '\\';
        *end++ = *at;
    }
    if (out) {
        *end = '\0';
        texttable_add(table, "%s", out);
    }
    free(out);
}

void texttable_markdown(FILE *file, const struct texttable *table)
{
    int width[TEXTTABLE_COLUMNS];
    struct texttable escaped = {.numeric_from = table->numeric_from};
    for (int row = 0; row < table->rows; row++) {
        for (int c = 0; c < table->columns; c++)
            add_escaped(&escaped, cell_of(table, row, c));
        texttable_end(&escaped);
    }
    column_widths(&escaped, width);
    for (int row = 0; row < escaped.rows; row++) {
        print_row(file, &escaped, row, width, "| ", " | ", " |");
        if (row == 0)
            print_rule(file, &escaped, width);
    }
    texttable_release(&escaped);
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
            latex_text(file, cell_of(table, row, c));
        }
        fputs(row == 0 ? " \\\\\n\\midrule\n" : " \\\\\n", file);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", file);
}
