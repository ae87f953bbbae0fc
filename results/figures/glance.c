#include "figures/glance.h"

#include "figures/gnuplot.h"
#include "figures/glance_parts.h"
#include "store/classes.h"
#include "strategies/balance.h"
#include "write/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pages ---- */

unsigned glance_row_factors(const struct summary *summary)
{
    return FACTORS_ALL & ~(combination_like(summary->store, FACTOR_STRATEGY) &
                           combination_like(summary->store, FACTOR_MODEL));
}

/* Items of a part that are the same but for some factors have one place: place (n of the part), in order of
 * their first. Returns how many places. */
static int find_places(const struct summary *summary, const int *member, int n, unsigned but, int *place)
{
    int n_places = 0;
    for (int i = 0; i < n; i++) {
        int first = 0;
        while (!combination_same(summary->group[member[first]].cell, summary->group[member[i]].cell, but))
            first++;
        place[i] = first < i ? place[first] : n_places++;
    }
    return n_places;
}

static void begin_page(struct glance_page *page, const struct summary *summary, const struct overall *overall,
                       const struct summary_group *first, int part)
{
    *page = (struct glance_page){.summary = summary, .overall = overall, .part = part};
    snprintf(page->name, sizeof page->name, "summary");
    pagename_append_cell(page->name, summary, first, glance_row_factors(summary));
    if (part > 0)
        snprintf(page->name + strlen(page->name), 16, "_more%d", part);
}

/* One page of panels first_panel on. row, panel (n): places of the members. */
static int fill_page(struct glance_page *page, const int *member, int n, const int *row, const int *panel,
                     int first_panel, struct err *err)
{
    size_t cells = (size_t)page->n_rows * (size_t)page->n_panels;
    page->group = err_calloc(cells, sizeof *page->group, "a figure", err);
    if (!page->group)
        return E_IO;
    for (size_t i = 0; i < cells; i++)
        page->group[i] = -1;
    for (int i = 0; i < n; i++)
        if (panel[i] >= first_panel && panel[i] < first_panel + page->n_panels)
            page->group[(panel[i] - first_panel) * page->n_rows + row[i]] = member[i];
    return 0;
}

/* The pages of one part, at page[*n]. place: room for two numbers a member. */
static int add_part(struct glance_page *page, int *n, const struct summary *summary,
                    const struct overall *overall, const int *member, int n_members, int *place,
                    struct err *err)
{
    int *row = place, *panel = place + n_members, rc = 0;
    int n_rows = find_places(summary, member, n_members, FACTOR(FACTOR_CLASSES), row);
    int n_panels = find_places(summary, member, n_members, glance_row_factors(summary), panel);
    if (n_rows < 2 || n_rows > GLANCE_MOST_ROWS)
        return 0;
    for (int first = 0; first < n_panels && rc == 0; first += GLANCE_MOST_PANELS) {
        struct glance_page *p = &page[*n];
        int left = n_panels - first;
        begin_page(p, summary, overall, &summary->group[member[0]], first / GLANCE_MOST_PANELS);
        p->n_rows = n_rows;
        p->n_panels = left < GLANCE_MOST_PANELS ? left : GLANCE_MOST_PANELS;
        rc = fill_page(p, member, n_members, row, panel, first, err);
        *n += 1;
    }
    return rc;
}

/* Groups that are the same but for clusters, strategy and model. */
static int divide(const struct summary *summary, struct partition **out, struct err *err)
{
    const struct store_job **cell = summary_cells(summary, err);
    if (!cell)
        return E_IO;
    int rc = partition_new(cell, summary->n_groups,
                           FACTORS_ALL & ~FACTOR(FACTOR_CLASSES) & ~glance_row_factors(summary), out, err);
    free(cell);
    return rc;
}

int glance_pages(const struct summary *summary, const struct overall *overall, struct glance_page **out,
                 struct err *err)
{
    struct partition *same = NULL;
    size_t room = (size_t)summary->n_groups;
    int n = 0, rc = divide(summary, &same, err);
    *out = err_calloc(room, sizeof **out, "figures", err);
    int *place = err_calloc(2 * room, sizeof *place, "figures", err);
    if (!*out || !place)
        rc = E_IO;
    for (int p = 0; rc == 0 && p < same->n_parts; p++)
        rc = add_part(*out, &n, summary, overall, same->member + same->begin[p],
                      same->begin[p + 1] - same->begin[p], place, err);
    partition_free(same);
    free(place);
    if (rc == 0)
        return n;
    glance_free(*out, n);
    *out = NULL;
    return rc;
}

void glance_free(struct glance_page *page, int n)
{
    for (int i = 0; i < n; i++)
        free(page[i].group);
    free(page);
}

/* ---- what is in a page ---- */

const struct summary_group *glance_group(const struct glance_page *page, int panel, int row)
{
    int g = page->group[panel * page->n_rows + row];
    return g < 0 || page->summary->group[g].n_state[JOB_DONE] == 0 ? NULL : &page->summary->group[g];
}

const struct stats_summary *glance_number(const struct summary_group *group)
{
    return &group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
}

int glance_leaks(const struct summary_group *group)
{
    return group->leak.mean > 0;
}

/* A group of a row, of any panel. */
const struct summary_group *glance_of_row(const struct glance_page *page, int row)
{
    const struct summary_group *group = NULL;
    for (int p = 0; p < page->n_panels && !group; p++)
        if (page->group[p * page->n_rows + row] >= 0)
            group = &page->summary->group[page->group[p * page->n_rows + row]];
    return group;
}

const struct summary_group *glance_of_page(const struct glance_page *page)
{
    const struct summary_group *group = NULL;
    for (int r = 0; r < page->n_rows && !group; r++)
        group = glance_of_row(page, r);
    return group;
}

double glance_chance(const struct glance_page *page, int panel)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    for (int r = 0; r < page->n_rows; r++) {
        int g = page->group[panel * page->n_rows + r];
        if (g >= 0)
            return 1.0 / classes_of(page->summary->store, page->summary->group[g].cell, cluster);
    }
    return (double)NAN;
}

/* The row of strategy none of the model of a row, in a panel; -1: there is none. */
int glance_none(const struct glance_page *page, int panel, int row)
{
    const struct summary_group *group = glance_group(page, panel, row);
    unsigned strategy = combination_own(page->summary->store, FACTOR_STRATEGY);
    for (int r = 0; r < page->n_rows && group; r++) {
        const struct summary_group *other = glance_group(page, panel, r);
        if (other && strcmp(other->cell->strategy, "none") == 0 &&
            combination_same(group->cell, other->cell, strategy))
            return r;
    }
    return -1;
}

/* ---- data ---- */

static int colour_of(const struct summary_group *group)
{
    return (int)strtol(balance_colour(group->cell->strategy) + 1, NULL, 16);
}

static void write_cell(FILE *file, const struct glance_page *page, int panel, int row,
                       const struct replicates *replicates)
{
    const struct summary_group *group = glance_group(page, panel, row);
    if (!group)
        return;
    int g = page->group[panel * page->n_rows + row];
    const struct stats_summary *number = glance_number(group);
    const char *kind = glance_leaks(group) ? "leaky" : "mean";
    fprintf(file, "%d\t%d\t%s\t%.9g\t%.9g\t%.9g\t%d\t%d\t%s\t%s\t%s\n", panel, row, kind, number->mean,
            isnan(number->low) ? number->mean : number->low,
            isnan(number->high) ? number->mean : number->high, number->n, colour_of(group),
            group->cell->clusters, group->cell->model, group->cell->strategy);
    for (int i = 0; i < replicates->group[g].n; i++)
        fprintf(file, "%d\t%d\trun\t%.9g\tNaN\tNaN\t1\t%d\t%s\t%s\t%s\n", panel, row,
                replicates->group[g].replicate[i].value, colour_of(group), group->cell->clusters,
                group->cell->model, group->cell->strategy);
}

static int write_data(const struct glance_page *page, const struct replicates *replicates, const char *dir,
                      struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, page->name, err);
    if (rc < 0)
        return rc;
    fputs("panel\trow\tkind\tbalanced_accuracy\tlow\thigh\tn\tcolour\tclusters\tmodel\tstrategy\n", out.file);
    for (int p = 0; p < page->n_panels; p++)
        for (int r = 0; r < page->n_rows; r++)
            write_cell(out.file, page, p, r, replicates);
    return output_close(&out, err);
}

int glance_write(const struct glance_page *page, const struct figstyle *style, const char *dir,
                 struct err *err)
{
    struct replicates *replicates = NULL;
    struct glance_facts *facts = NULL;
    int rc = replicates_new(page->summary->store, page->summary, "balanced_accuracy", REPLICATES_TEST,
                            &replicates, err);
    if (rc == 0)
        rc = glance_facts_new(page->summary, page->overall, &facts, err);
    if (rc == 0)
        rc = write_data(page, replicates, dir, err);
    if (rc == 0)
        rc = glance_write_script(page, replicates, facts, style, dir, err);
    replicates_free(replicates);
    glance_facts_free(facts);
    return rc;
}
