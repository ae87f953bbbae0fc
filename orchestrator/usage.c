#include "usage.h"

#include "screen.h"

#include <string.h>

enum { LABEL_WIDTH = 29, VERB_WIDTH = 14, NARROW = 50, WIDE = 110, NO_TERMINAL = 79 };

/* Words run over lines of `width` columns; those after the first begin at `indent`. */
struct flow {
    FILE *out;
    int width, indent, column;
};

static struct flow flow_to(FILE *out)
{
    int width = screen_width(out) > 0 ? screen_width(out) - 1 : NO_TERMINAL;
    return (struct flow){out, width < NARROW ? NARROW : width > WIDE ? WIDE : width, 0, 0};
}

static void end_line(struct flow *f)
{
    if (f->column > 0)
        fputc('\n', f->out);
    f->column = 0;
}

static void put_word(struct flow *f, const char *word, int n)
{
    int begins = f->column <= f->indent;
    if (!begins && f->column + 1 + n > f->width) {
        end_line(f);
        begins = 1;
    }
    f->column += begins ? fprintf(f->out, "%*s%.*s", f->indent - f->column, "", n, word)
                        : fprintf(f->out, " %.*s", n, word);
}

/* All words up to the end of the text or line. */
static const char *put_words(struct flow *f, const char *text)
{
    while (*text && *text != '\n') {
        int n = (int)strcspn(text, " \n");
        if (n)
            put_word(f, text, n);
        text += n + (text[n] == ' ');
    }
    return text;
}

/* A paragraph, or lines that stay as they are; returns what follows. */
static const char *put_paragraph(struct flow *f, const char *text)
{
    while (*text && *text != '\n') {
        if (*text == ' ') {
            int n = (int)strcspn(text, "\n");
            end_line(f);
            f->column = fprintf(f->out, "%.*s", n, text);
            text += n;
            end_line(f);
        } else
            text = put_words(f, text);
        text += *text == '\n';
    }
    end_line(f);
    return text;
}

/* "  -f, --filter=FILTER" and its help beside it. */
static void put_row(struct flow *f, const char *label, const char *help)
{
    f->column = fprintf(f->out, "  %s", label);
    if (f->column + 2 > f->indent)
        end_line(f);
    put_words(f, help);
    end_line(f);
}

static void put_options(struct flow *f, const struct argument *row)
{
    char label[80];
    for (; row->type; row++) {
        int n = row->letter ? snprintf(label, sizeof label, "-%c, ", row->letter)
                            : snprintf(label, sizeof label, "    ");
        if (!row->name || !row->help)
            continue;
        snprintf(label + n, sizeof label - (size_t)n, "--%s%s%s%s", row->name,
                 row->fallback ? "[="
                 : row->value  ? "="
                               : "",
                 row->value ? row->value : "", row->fallback ? "]" : "");
        put_row(f, label, row->help);
    }
}

void usage_page(FILE *out, const struct command *command, int is_short)
{
    struct flow f = flow_to(out);
    char synopsis[256] = " COMMAND [ARGUMENT...]";
    if (!command->verbs)
        arguments_synopsis(command->rows, synopsis, sizeof synopsis);
    fprintf(out, "Usage: cellsweep%s%s%s\n", *command->name ? " " : "", command->name, synopsis);
    const char *rest = is_short ? "" : put_paragraph(&f, command->text);
    fputc('\n', out);
    f.indent = command->verbs ? VERB_WIDTH : LABEL_WIDTH;
    for (const struct command *const *verb = command->verbs; verb && *verb; verb++)
        put_row(&f, (*verb)->name, (*verb)->summary);
    if (!command->verbs) {
        put_options(&f, command->rows);
        put_options(&f, arguments_common);
    }
    for (f.indent = 0; *rest; rest = put_paragraph(&f, rest + 1))
        fputc('\n', out);
}
