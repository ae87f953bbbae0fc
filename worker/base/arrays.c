#include "base/arrays.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const array_type_names[N_ARRAY_TYPES] = {"float32", "int64", "uint8", "float64"};

size_t array_item_bytes(enum array_type type)
{
    return type == ARRAY_I64 || type == ARRAY_F64 ? 8 : type == ARRAY_F32 ? 4 : 1;
}

size_t array_bytes(const struct array *array)
{
    size_t n = array_item_bytes(array->type);
    for (int d = 0; d < array->rank; d++)
        n *= array->dim[d];
    return n;
}

/* 1 when there is room for one more. */
static int make_room(struct arrays *arrays)
{
    if (arrays->n < arrays->room)
        return 1;
    int room = 2 * arrays->room + 16;
    struct array *item = realloc(arrays->item, (size_t)room * sizeof *item);
    if (!item)
        return 0;
    arrays->item = item;
    arrays->room = room;
    return 1;
}

void arrays_add(struct arrays *arrays, const char *name, enum array_type type, const size_t *dim, void *data)
{
    if (!make_room(arrays)) {
        arrays->lacks = 1;
        return;
    }
    struct array *array = &arrays->item[arrays->n++];
    memset(array, 0, sizeof *array);
    snprintf(array->name, sizeof array->name, "%s%s", arrays->prefix, name);
    array->type = type;
    array->data = data;
    for (; dim[array->rank]; array->rank++) {
        assert(array->rank < ARRAY_MAX_RANK);
        array->dim[array->rank] = dim[array->rank];
    }
    assert(array->rank > 0);
}

int arrays_check(const struct arrays *arrays, struct err *err)
{
    return arrays->lacks
               ? err_set(err, E_IO, "out of memory for the arrays of a model; use fewer ranks a node")
               : 0;
}

const struct array *arrays_find(const struct arrays *arrays, const char *name)
{
    for (int i = 0; i < arrays->n; i++)
        if (strcmp(arrays->item[i].name, name) == 0)
            return &arrays->item[i];
    return NULL;
}

static int same_kind(const struct array *a, const struct array *b)
{
    return a->type == b->type && a->rank == b->rank && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

int arrays_match(const struct arrays *to, const struct arrays *from, struct err *err)
{
    for (int i = 0; i < to->n; i++) {
        const struct array *a = &to->item[i], *b = arrays_find(from, a->name);
        if (!b || !same_kind(a, b))
            return err_set(err, E_USAGE, "%s %s is %s", array_type_names[a->type], a->name,
                           b ? "there of another type or size" : "not there");
    }
    return 0;
}

int arrays_copy(const struct arrays *to, const struct arrays *from, struct err *err)
{
    int rc = arrays_match(to, from, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < to->n; i++)
        memcpy(to->item[i].data, arrays_find(from, to->item[i].name)->data, array_bytes(&to->item[i]));
    return 0;
}

size_t arrays_bytes(const struct arrays *arrays)
{
    size_t n = 0;
    for (int i = 0; i < arrays->n; i++)
        n += (array_bytes(&arrays->item[i]) + 3) / 4 * 4;
    return n;
}

void arrays_clear(struct arrays *arrays)
{
    arrays->n = 0;
    arrays->prefix[0] = '\0';
}

void arrays_free(struct arrays *arrays)
{
    free(arrays->item);
    memset(arrays, 0, sizeof *arrays);
}
