#include "table/idmap.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct slot {
    const char *id; /* NULL: free */
    int value;
};

struct idmap {
    struct slot *slot;
    size_t capacity, used; /* capacity is a power of two, at most 2/3 used */
};

struct idmap *idmap_new(struct err *err)
{
    struct idmap *map = err_calloc(1, sizeof *map, "an id table", err);
    if (!map)
        return NULL;
    map->capacity = 64;
    map->slot = err_calloc(map->capacity, sizeof *map->slot, "an id table", err);
    if (!map->slot) {
        free(map);
        return NULL;
    }
    return map;
}

/* The slot that holds id, or the free one where it would go. */
static struct slot *locate(struct slot *slot, size_t capacity, const char *id)
{
    size_t i = (size_t)XXH3_64bits(id, strlen(id)) & (capacity - 1);
    while (slot[i].id && strcmp(slot[i].id, id) != 0)
        i = (i + 1) & (capacity - 1);
    return &slot[i];
}

int idmap_find(const struct idmap *map, const char *id)
{
    const struct slot *s = locate(map->slot, map->capacity, id);
    return s->id ? s->value : -1;
}

static int grow(struct idmap *map, struct err *err)
{
    size_t capacity = 2 * map->capacity;
    struct slot *slot = err_calloc(capacity, sizeof *slot, "an id table", err);
    if (!slot)
        return E_IO;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slot[i].id)
            *locate(slot, capacity, map->slot[i].id) = map->slot[i];
    free(map->slot);
    map->slot = slot;
    map->capacity = capacity;
    return 0;
}

int idmap_add(struct idmap *map, const char *id, int value, struct err *err)
{
    if (3 * (map->used + 1) > 2 * map->capacity) {
        int rc = grow(map, err);
        if (rc < 0)
            return rc;
    }
    struct slot *s = locate(map->slot, map->capacity, id);
    s->id = id;
    s->value = value;
    map->used++;
    return 0;
}

void idmap_free(struct idmap *map)
{
    if (!map)
        return;
    free(map->slot);
    free(map);
}
