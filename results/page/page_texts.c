/* Sentences and tables, as the report has them. */
#include "page/page_parts.h"

#include "tables/columns.h"
#include "tables/cost.h"
#include "tables/findings_pages.h"
#include "tables/headline.h"
#include "tables/tables.h"
#include "tables/versus_pages.h"

#include <stdlib.h>
#include <string.h>

/* What a function prints, as JSON: one text, or an array of lines. */
static json_t *printed(struct document *d, void (*print)(FILE *, const struct summary *), int lines)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    print(file, d->summary);
    json_t *value = fclose(file) != 0 ? NULL : lines ? json_out_lines(text) : json_out_text(text);
    free(text);
    return value;
}

/* The same of the findings. */
static json_t *found(struct document *d, void (*print)(FILE *, const struct findings *), int lines)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    print(file, d->findings);
    json_t *value = fclose(file) != 0 ? NULL : lines ? json_out_lines(text) : json_out_text(text);
    free(text);
    return value;
}

/* A place of which_model.h in words. */
static json_t *model_words(struct document *d, const struct which_model *which, int place)
{
    unsigned own = combination_own(d->store, FACTOR_MODEL) | FACTOR(FACTOR_CLASSES);
    json_t *object = json_object();
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (file) {
        which_model_words(file, d->findings->whole, which, place);
        d->failed |= fclose(file) != 0;
    }
    struct store_job cell = *which->place[place].ranking->cell;
    combination_blank(&cell, own);
    columns_put(object, d->store, &cell, FACTORS_ALL & ~own, &d->failed);
    document_put(d, object, "text", text ? json_out_text(text) : NULL);
    free(text);
    return object;
}

static json_t *models_in_words(struct document *d)
{
    const struct which_model *which = d->findings->which;
    json_t *list = json_array();
    for (int p = 0; which && p < which->n_places; p++)
        document_add(d, list, model_words(d, which, p));
    return list;
}

/* A place of training_cost.h in words, with how many models stand there. */
static json_t *cost_words(struct document *d, const struct training_cost *cost, int p)
{
    const struct training_cost_place *place = &cost->place[p];
    unsigned own = combination_own(d->store, FACTOR_STRATEGY) |
                   (place->n_models > 1 ? combination_own(d->store, FACTOR_MODEL) : 0);
    struct store_job cell = *place->point[0].group->cell;
    json_t *object = json_object();
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (file) {
        training_cost_words(file, d->findings->whole, cost, p);
        d->failed |= fclose(file) != 0;
    }
    combination_blank(&cell, own);
    columns_put(object, d->store, &cell, FACTORS_ALL & ~own, &d->failed);
    document_put(d, object, "models", json_integer(place->n_models));
    document_put(d, object, "text", text ? json_out_text(text) : NULL);
    free(text);
    return object;
}

static json_t *costs_in_words(struct document *d)
{
    const struct training_cost *cost = d->findings->cost;
    json_t *list = json_array();
    for (int p = 0; p < cost->n_places; p++)
        document_add(d, list, cost_words(d, cost, p));
    return list;
}

void document_put_sentences(struct document *d)
{
    json_t *object = json_object(), *sentences = json_array();
    document_add(d, sentences, printed(d, headline_run, 0));
    document_add(d, sentences, found(d, headline_outcome, 0));
    document_add(d, sentences, printed(d, headline_leak, 0));
    if (d->findings->selection->n > 0)
        document_add(d, sentences, found(d, headline_selection, 0));
    document_put(d, object, "sentences", sentences);
    if (d->findings->versus[0])
        document_put(d, object, "sweeps", found(d, versus_sentences, 1));
    document_put(d, object, "warnings", found(d, headline_warnings, 1));
    document_put(d, d->root, "summary", object);
}

void document_put_words(struct document *d, enum document_words words)
{
    json_t *object = json_object_get(d->root, "summary");
    if (words == WORDS_COST)
        document_put(d, object, "cost", found(d, cost_sentence, 0));
    else if (words == WORDS_MODELS)
        document_put(d, object, "models", models_in_words(d));
    else
        document_put(d, object, "training_cost", costs_in_words(d));
}

/* A table from its rows, the header the first of them; rows and notes are taken over. */
static json_t *table(struct document *d, json_t *rows, json_t *notes)
{
    json_t *object = json_object(), *header = json_incref(json_array_get(rows, 0));
    document_put(d, object, "columns", header ? header : json_array());
    if (header && json_array_remove(rows, 0) < 0)
        d->failed = 1;
    document_put(d, object, "rows", rows);
    document_put(d, object, "notes", notes);
    return object;
}

/* Filter and note of a table of findings, an array of lines. */
static json_t *notes(const struct document *d, const struct findings_page *page)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    findings_print_note(file, d->findings, page);
    json_t *value = fclose(file) != 0 ? NULL : json_out_lines(text);
    free(text);
    return value;
}

void document_put_final(struct document *d)
{
    struct csv_out csv = {.rows = json_array()};
    tables_csv(&csv, d->summary);
    d->failed |= csv.failed;
    document_put(d, json_object_get(d->root, "tables"), "final",
                 table(d, csv.rows, printed(d, tables_print_notes, 1)));
}

void document_put_table(struct document *d, int page)
{
    const struct findings_page *of = &findings_pages[page];
    struct csv_out csv = {.rows = json_array()};
    if (of->rows(d->findings) > 0)
        of->csv(&csv, d->findings);
    d->failed |= csv.failed;
    document_put(d, json_object_get(d->root, "tables"), of->name, table(d, csv.rows, notes(d, of)));
}
