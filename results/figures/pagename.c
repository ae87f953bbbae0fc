#include "figures/pagename.h"

#include <ctype.h>
#include <string.h>

void pagename_append(char *name, const char *text)
{
    size_t n = strlen(name);
    for (; *text && n < PAGENAME_LENGTH; text++)
        name[n++] = isalnum((unsigned char)*text) || strchr("._=+", *text) ? *text : '-';
    name[n] = '\0';
}

const char *pagename_axis(const struct summary *summary, int axis)
{
    const char *key = store_axis_name(summary->store, axis), *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

void pagename_append_cell(char *name, const struct summary *summary, const struct summary_group *group,
                          int without)
{
    if (summary_protocol_varies(summary)) {
        pagename_append(name, "_");
        pagename_append(name, group->cell->protocol);
    }
    if (summary_model_varies(summary)) {
        pagename_append(name, "_");
        pagename_append(name, group->cell->model);
    }
    for (int i = 0; i < store_n_axes(summary->store); i++)
        if (i != without && summary_axis_varies(summary, i)) {
            pagename_append(name, "_");
            pagename_append(name, pagename_axis(summary, i));
            pagename_append(name, "=");
            pagename_append(name, group->cell->axis[i]);
        }
}
