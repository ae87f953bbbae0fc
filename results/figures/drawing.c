#include "figures/drawing.h"

#include "figures/pagename.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add(struct figures *figures, const char *name, struct err *err)
{
    if (figures->n == figures->capacity) {
        int capacity = 2 * figures->capacity + 8;
        void *grown = realloc(figures->name, (size_t)capacity * sizeof *figures->name);
        if (!grown)
            return err_set(err, E_IO, "out of memory for %d figures", capacity);
        figures->name = grown;
        figures->capacity = capacity;
    }
    snprintf(figures->name[figures->n++], sizeof *figures->name, "%s", name);
    return 0;
}

int drawing_name(struct drawing *d, char *name, struct err *err)
{
    size_t n = strlen(name);
    d->n++;
    if (!d->dir)
        return 0;
    for (int i = 0, copy = 1; i < d->list->n; i++)
        if (strcmp(d->list->name[i], name) == 0) {
            snprintf(name + n, PAGENAME_SIZE - n, "_%d", ++copy);
            i = -1;
        }
    int rc = add(d->list, name, err);
    return rc < 0 ? rc : 1;
}
