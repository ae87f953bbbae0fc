#include "figures/versus_page.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "figures/pagename.h"

#include <math.h>
#include <string.h>

/* Pixels, and the most rows of a page. */
enum {
    WIDTH = 900,
    EDGE = 14,
    ROW = 24,
    KEY = 18,    /* a line of the key */
    RIGHT = 150, /* numbers beside the plot */
    LEAST_PLOT = 240,
    AXIS = 52,
    LETTER = 9, /* of a row's name, about */
    MOST_ROWS = 60,
    LABEL_SIZE = 256
};

/* How a row is drawn, and its key. */
enum look { LOOK_DIFFERS, LOOK_OPEN, LOOK_EQUAL, N_LOOKS };
static const struct {
    const char *key, *colour;
    int point;
} looks[N_LOOKS] = {{"significant after Holm's correction", PALETTE_BLUE, 13},
                    {"not significant, or not tested", PALETTE_GREY, 7},
                    {"equal to the bit", PALETTE_GREEN, 6}};

struct layout {
    int width, height, top, left, plot_width, plot_height;
    int n; /* rows that are drawn */
    const struct versus_row *row[MOST_ROWS];
    double points;    /* size of their names */
    int left_out;     /* rows that were compared, and have no room */
    double low, high; /* of the axis */
    char title[512];
    struct figtext_notes notes;
};

int versus_page_drawn(const struct versus *versus, int pair)
{
    int n = 0;
    for (int i = versus->pair[pair].begin; i < versus->pair[pair].end; i++)
        n += versus->row[i].compared;
    return n > 0;
}

void versus_page_name(const struct versus *versus, int pair, char *out)
{
    snprintf(out, PAGENAME_SIZE, "sweeps_");
    pagename_append(out, versus->pair[pair].second);
}

static enum look look_of(const struct versus_row *row)
{
    if (row->n_same > 0 && row->n_equal == row->n_same && row->n_same >= row->contrast.n)
        return LOOK_EQUAL;
    return row->verdict == VERDICT_BETTER || row->verdict == VERDICT_WORSE ? LOOK_DIFFERS : LOOK_OPEN;
}

/* "8-10, none, report". */
static void name_row(const struct versus *v, const struct versus_row *row, char out[LABEL_SIZE])
{
    unsigned factors =
        combination_shown(v->summary->varying) & ~combination_own(v->summary->store, v->factor);
    size_t n = 0;
    *out = '\0';
    for (int f = 0; f < combination_n_factors(v->summary->store) && n < LABEL_SIZE; f++)
        if (factors >> f & 1 && *combination_value(row->first->cell, f))
            n += (size_t)snprintf(out + n, LABEL_SIZE - n, "%s%s%s%s", n ? ", " : "",
                                  f < FACTOR_AXES ? "" : combination_name(v->summary->store, f),
                                  f < FACTOR_AXES ? "" : " ", combination_value(row->first->cell, f));
}

static int has_look(const struct layout *l, enum look look)
{
    int n = 0;
    for (int i = 0; i < l->n; i++)
        n += look_of(l->row[i]) == look;
    return n;
}

static int count_looks(const struct layout *l)
{
    int n = 0;
    for (int look = 0; look < N_LOOKS; look++)
        n += has_look(l, (enum look)look) > 0;
    return n;
}

/* ---- layout ---- */

static void collect_rows(struct layout *l, const struct versus *v, const struct versus_pair *pair)
{
    double most = 0.02;
    for (int i = pair->begin; i < pair->end; i++) {
        const struct contrast *c = &v->row[i].contrast;
        if (!v->row[i].compared)
            continue;
        if (l->n == MOST_ROWS) {
            l->left_out++;
            continue;
        }
        l->row[l->n++] = &v->row[i];
        most = fmax(most, fabs(c->mean));
        most = isnan(c->low) ? most : fmax(most, fmax(fabs(c->low), fabs(c->high)));
    }
    l->high = 1.08 * most;
    l->low = -l->high;
}

static void collect_texts(struct layout *l, const struct summary *summary, const struct versus *v, int p)
{
    const struct versus_pair *pair = &v->pair[p];
    char footer[CURVES_FOOTER_SIZE], words[1000] = "";
    snprintf(l->title, sizeof l->title, "Sweep %s against %s", pair->second, pair->first);
    FILE *file = fmemopen(words, sizeof words, "w");
    if (file) {
        versus_words(file, v, p);
        fclose(file);
    }
    figtext_note(&l->notes, "%s", words);
    figtext_note(&l->notes,
                 "Points: mean difference of runs with the same seed, repeat and fold; bars: 95 %% "
                 "interval of one comparison; beside them the difference and the number of pairs.");
    if (l->left_out > 0)
        figtext_note(&l->notes, "%d more combinations are in the table sweeps.", l->left_out);
    curves_footer(footer, sizeof footer, summary, NULL, v->summary->n_state[JOB_DONE], v->summary->n_jobs);
    figtext_note(&l->notes, "%s", footer);
}

static int write_heading(FILE *file, const struct summary *summary, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    return 8 + figtext_heading(&text, EDGE, l->title,
                               "Difference in test balanced accuracy, of every combination that both have",
                               store_synthetic(summary->store));
}

static struct layout lay_out(const struct summary *summary, const struct versus *v, int p,
                             const struct figstyle *style)
{
    struct layout l = {.width = figstyle_width(style, WIDTH)};
    char name[LABEL_SIZE];
    collect_rows(&l, v, &v->pair[p]);
    collect_texts(&l, summary, v, p);
    for (int i = 0; i < l.n; i++) {
        name_row(v, l.row[i], name);
        int needs = EDGE + 10 + LETTER * (int)strlen(name);
        l.left = needs > l.left ? needs : l.left;
    }
    int most = l.width - RIGHT - LEAST_PLOT;
    l.left = l.left > most ? most : l.left;
    l.plot_width = l.width - l.left - RIGHT;
    l.plot_height = ROW * l.n;
    l.points = 10.5;
    for (int i = 0; i < l.n; i++) {
        name_row(v, l.row[i], name);
        l.points = fmin(l.points, figtext_fit(name, l.points, l.left - EDGE - 8));
    }
    l.top = write_heading(NULL, summary, &l) + KEY * count_looks(&l);
    l.height = l.top + l.plot_height + AXIS + figtext_notes_height(&l.notes, l.width - 2 * EDGE) + 14;
    return l;
}

/* ---- files ---- */

static int write_data(const struct versus *v, const struct layout *l, const char *name, const char *dir,
                      struct err *err)
{
    struct output out;
    char row[LABEL_SIZE];
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("row\tlook\tdifference\tlow\thigh\tn\tcombination\n", out.file);
    for (int i = 0; i < l->n; i++) {
        const struct contrast *c = &l->row[i]->contrast;
        name_row(v, l->row[i], row);
        fprintf(out.file, "%d\t%d\t%.9g\t%.9g\t%.9g\t%d\t%s\n", l->n - i, (int)look_of(l->row[i]), c->mean,
                isnan(c->low) ? c->mean : c->low, isnan(c->high) ? c->mean : c->high, c->n, row);
    }
    return output_close(&out, err);
}

/* Names on the left, numbers on the right. */
static void write_rows(FILE *file, const struct versus *v, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    char name[LABEL_SIZE], number[64], font[64];
    snprintf(font, sizeof font, "right font plain(%.3g)", l->points);
    for (int i = 0; i < l->n; i++) {
        int y = l->top + ROW * i + ROW / 2;
        name_row(v, l->row[i], name);
        figtext_cut(name, FIGTEXT_LEAST, 0, l->left - EDGE - 8);
        figtext_label(&text, l->left - 8, y, font, name);
        snprintf(number, sizeof number, "%+.3f  (n %d)", l->row[i]->contrast.mean, l->row[i]->contrast.n);
        figtext_label(&text, l->left + l->plot_width + 10, y, "left font plain(10)", number);
    }
}

static void write_plot(FILE *file, const struct layout *l, const char *name)
{
    const struct figtext_page text = {file, l->width, l->height};
    const char *separator = "plot ";
    figtext_place(&text, l->left, l->top, l->plot_width, l->plot_height);
    fprintf(
        file,
        "set xrange [%.9g:%.9g]; set yrange [0.5:%d.5]; unset ytics; set grid x\n"
        "set xlabel 'Difference in test balanced accuracy' offset 0,0.4\n"
        "set arrow from first 0,graph 0 to first 0,graph 1 nohead lw 1.4 lc rgb '" PALETTE_DARK "'\n"
        "set key at screen %.5f,%.5f left top Left reverse vertical maxcols 1 samplen 1 spacing 1.2*tight "
        "font "
        "''.plain(10)\nf = '%s.tsv'\n",
        l->low, l->high, l->n, (double)l->left / l->width,
        1 - (double)(l->top - 6 - KEY * count_looks(l)) / l->height, name);
    for (int look = 0; look < N_LOOKS; look++) {
        if (!has_look(l, (enum look)look))
            continue;
        fprintf(file,
                "%sf using (column('look') == %d ? column('difference') : NaN):'row':'low':'high' with "
                "xerrorbars pt %d ps mark*1.2 lw 1.6 lc rgb '%s' title ",
                separator, look, looks[look].point, looks[look].colour);
        gnuplot_quote(file, looks[look].key);
        separator = ", \\\n     ";
    }
    fputs("\nunset output\n", file);
}

int versus_page_write(const struct summary *summary, const struct versus *versus, int pair, const char *name,
                      const struct figstyle *style, const char *dir, struct err *err)
{
    struct layout l = lay_out(summary, versus, pair, style);
    struct output out;
    int rc = write_data(versus, &l, name, dir, err);
    if (rc == 0)
        rc = gnuplot_open(&out, dir, name, l.width, l.height, style, err);
    if (rc != 0)
        return rc;
    const struct figtext_page page = {out.file, l.width, l.height};
    write_heading(out.file, summary, &l);
    figtext_write_foot(&page, EDGE, l.width - 2 * EDGE, 0, &l.notes);
    write_rows(out.file, versus, &l);
    write_plot(out.file, &l, name);
    return output_close(&out, err);
}
