#include "models/form.h"

#include <assert.h>
#include <stdlib.h>

void *model_form_room(struct model_form *form, size_t n, size_t size, struct err *err)
{
    assert(form->n_owned < (int)(sizeof form->owned / sizeof *form->owned));
    return form->owned[form->n_owned++] = err_calloc(n ? n : 1, size, "a model in plain numbers", err);
}

int model_form_trees(struct model_form *form, size_t n, size_t n_values, struct err *err)
{
    struct form_trees *t = &form->trees;
    int64_t **number[] = {&t->tree, &t->id, &t->feature, &t->yes, &t->no, &t->at, &t->class};
    int lacks = 0;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        *number[i] = model_form_room(form, i < 5 ? n : n_values, sizeof **number[i], err);
        lacks |= !*number[i];
    }
    t->threshold = model_form_room(form, n, sizeof *t->threshold, err);
    t->value = model_form_room(form, n_values, sizeof *t->value, err);
    t->base = model_form_room(form, form->n_classes, sizeof *t->base, err);
    form->kind = FORM_TREES;
    return lacks || !t->threshold || !t->value || !t->base ? E_IO : 0;
}

void model_form_free(struct model_form *form)
{
    for (int i = 0; i < form->n_owned; i++)
        free(form->owned[i]);
    *form = (struct model_form){0};
}
