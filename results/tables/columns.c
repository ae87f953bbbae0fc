#include "tables/columns.h"

void columns_add_names(struct texttable *table, const struct store *store, unsigned factors)
{
    for (int f = 0; f < combination_n_factors(store); f++)
        if (factors >> f & 1)
            texttable_add(table, "%s", combination_name(store, f));
}

void columns_add(struct texttable *table, const struct store *store, const struct store_job *cell,
                 unsigned factors, unsigned compared)
{
    for (int f = 0; f < combination_n_factors(store); f++)
        if (factors >> f & 1)
            texttable_add(table, "%s", compared >> f & 1 ? "" : combination_shown_value(cell, f));
}

void columns_csv_names(struct csv_out *csv, const struct store *store, unsigned factors)
{
    for (int f = 0; f < combination_n_factors(store); f++)
        if (factors >> f & 1)
            csv_out_text(csv, combination_name(store, f));
}

void columns_csv(struct csv_out *csv, const struct store *store, const struct store_job *cell,
                 unsigned factors)
{
    for (int f = 0; f < combination_n_factors(store); f++)
        if (factors >> f & 1)
            csv_out_set(csv, combination_value(cell, f));
}

void columns_add_leak(struct texttable *table, double share)
{
    if (share > 0 && share < 0.0005)
        texttable_add(table, "<0.1 %%");
    else
        texttable_add(table, "%.*f %%", share > 0 && share < 0.005, 100 * share);
}

void columns_put(json_t *object, const struct store *store, const struct store_job *cell, unsigned factors,
                 int *failed)
{
    json_t *axis = json_array();
    for (int f = 0; f < combination_n_factors(store); f++) {
        if (f >= FACTOR_AXES)
            json_out_add(axis, json_out_text(combination_value(cell, f)), failed);
        else if (factors >> f & 1)
            json_out_put(object, combination_name(store, f), json_out_text(combination_value(cell, f)),
                         failed);
    }
    json_out_put(object, "axis", axis, failed);
}
