/* idmap.h - from an id to the number of what carries it; for hundreds of thousands of cells.
 *
 * The ids are not copied: they must outlive the map. Open addressing, XXH3. */
#ifndef CELLSWEEP_IDMAP_H
#define CELLSWEEP_IDMAP_H

#include "err.h"

struct idmap;

/* An empty map; NULL with *err set. Freed with idmap_free. */
struct idmap *idmap_new(struct err *err);

/* Number stored for id, or -1. */
int idmap_find(const struct idmap *map, const char *id);

/* Store value (>= 0) for an id that is not in the map yet. 0 or E_IO when out of memory. */
int idmap_add(struct idmap *map, const char *id, int value, struct err *err);

/* map may be NULL. */
void idmap_free(struct idmap *map);

#endif
