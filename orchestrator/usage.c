#include "usage.h"

#include <string.h>
#include <sys/ioctl.h>

enum { LABEL_WIDTH = 29, NARROW = 50, WIDE = 110, NO_TERMINAL = 79 };

/* Words run over lines of `width` columns; those after the first begin at `indent`. */
struct flow {
    FILE *out;
    int width, indent, column;
};

static struct flow flow_to(FILE *out)
{
    struct winsize size;
    int width = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col - 1 : NO_TERMINAL;
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

/* "=FILTER", "[=SECONDS]" */
static const char *value_of(const struct argument *row, char out[static 48])
{
    snprintf(out, 48, "%s%s%s",
             !row->value     ? ""
             : row->fallback ? "[="
                             : "=",
             row->value ? row->value : "", row->fallback ? "]" : "");
    return out;
}

static void put_options(struct flow *f, const struct argument *row)
{
    char label[80], value[48];
    for (; row->type; row++) {
        int n = row->letter ? snprintf(label, sizeof label, "-%c, ", row->letter)
                            : snprintf(label, sizeof label, "    ");
        if (!row->name || !row->help)
            continue;
        snprintf(label + n, sizeof label - (size_t)n, "--%s%s", row->name, value_of(row, value));
        put_row(f, label, row->help);
    }
}

static void synopsis_of(const struct command *command, char *out, size_t size)
{
    int n = snprintf(out, size, "%s%s", *command->name ? " " : "", command->name);
    if (command->verbs)
        snprintf(out + n, size - (size_t)n, " COMMAND [ARGUMENT...]");
    else
        arguments_synopsis(command->rows, out + n, size - (size_t)n);
}

static void put_verbs(struct flow *f, const struct command *const *verb)
{
    for (; *verb; verb++)
        put_row(f, (*verb)->name, (*verb)->summary);
}

void usage_page(FILE *out, const struct command *command)
{
    struct flow f = flow_to(out);
    char synopsis[256];
    synopsis_of(command, synopsis, sizeof synopsis);
    fprintf(out, "Usage: cellsweep%s\n", synopsis);
    const char *rest = put_paragraph(&f, command->text);
    fputc('\n', out);
    f.indent = command->verbs ? 14 : LABEL_WIDTH;
    if (command->verbs)
        put_verbs(&f, command->verbs);
    else {
        put_options(&f, command->rows);
        put_options(&f, arguments_common);
    }
    f.indent = 0;
    while (*rest) {
        fputc('\n', out);
        rest = put_paragraph(&f, rest + 1);
    }
}

void usage_short(FILE *out, const struct command *command)
{
    const struct argument *const table[] = {command->rows, arguments_common};
    struct flow f = flow_to(out);
    char synopsis[256], word[96], value[48];
    arguments_synopsis(command->rows, synopsis, sizeof synopsis);
    f.column = fprintf(out, "Usage: cellsweep %s", command->name);
    f.indent = (int)strlen("Usage: ");
    for (int t = 0; t < 2; t++)
        for (const struct argument *row = table[t]; row->type; row++) {
            char letter[8] = "";
            if (!row->name || !row->help || row->is_needed)
                continue;
            if (row->letter)
                snprintf(letter, sizeof letter, "-%c|", row->letter);
            int n = snprintf(word, sizeof word, "[%s--%s%s]", letter, row->name, value_of(row, value));
            put_word(&f, word, n);
        }
    put_words(&f, strchr(synopsis, ']') + 1);
    end_line(&f);
}
