#include "commands/plan_keys.h"

#include "models/model.h"
#include "sections.h"
#include "settings/sweep_file.h"
#include "strategies/balance.h"
#include "write/texttable.h"

#include <string.h>

static void add_row(struct texttable *table, const char *const cell[6])
{
    for (int i = 0; i < 6; i++)
        texttable_add(table, "%s", cell[i]);
    texttable_end(table);
}

static void add_choice(struct texttable *table, const char *name, const char *help)
{
    add_row(table, (const char *const[6]){"", "", "", name, "", help});
}

/* What a key can be that names a row of a table. */
static void add_choices(struct texttable *table, const char *key)
{
    const struct model_kind *kind;
    const struct balance_strategy *strategy;
    for (int i = 0; strcmp(key, "model") == 0 && (kind = model_kind(i)); i++)
        add_choice(table, kind->name, kind->help);
    for (int i = 0; strcmp(key, "strategy") == 0 && (strategy = balance_strategy(i)); i++)
        add_choice(table, strategy->name, strategy->help);
}

static void add_key(struct texttable *table, const struct setting *key)
{
    const char *used_by = config_used_by(worker_schema(), key), *dot = strchr(key->name, '.');
    char section[CONFIG_WORD_SIZE], range[128];
    snprintf(section, sizeof section, "%.*s", dot ? (int)(dot - key->name) : 4, dot ? key->name : "task");
    setting_range(key, range, sizeof range);
    add_row(table, (const char *const[6]){section, key->name, key->fallback, range,
                                          *used_by ? used_by : "all jobs", key->help});
    add_choices(table, key->name);
}

/* Keys of the sweep as a whole, and the grid. */
static void add_sweep(struct texttable *table)
{
    for (const struct sweep_file_key *key = sweep_file_keys; key->name; key++)
        add_row(table, (const char *const[6]){"sweep", key->name, key->fallback, key->range, "the sweep",
                                              key->help});
}

/* One setting, "model=cnn", of n characters. */
static int choose(struct config *config, const char *text, size_t n, struct err *err)
{
    char key[CONFIG_WORD_SIZE], value[SETTING_TEXT_SIZE];
    const char *equals = memchr(text, '=', n);
    if (!equals || (size_t)(equals - text) >= sizeof key || n >= sizeof value)
        return err_set(err, E_USAGE, "plan --keys: '%.*s' is no setting of a job; write e.g. model=cnn",
                       n < 60 ? (int)n : 60, text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    snprintf(value, sizeof value, "%.*s", (int)(text + n - equals - 1), equals + 1);
    int rc = config_set(config, key, value, err);
    if (rc == 0 && strcmp(key, "strategy") == 0)
        rc = balance_check(value, err);
    return rc == 0 && strcmp(key, "model") == 0 ? model_check(value, err) : rc;
}

static int choose_all(struct config *config, const char *chosen, struct err *err)
{
    int rc = 0;
    while (chosen && rc == 0) {
        size_t n = strcspn(chosen, ",");
        rc = choose(config, chosen, n, err);
        chosen = chosen[n] ? chosen + n + 1 : NULL;
    }
    return rc;
}

int plan_keys_print(FILE *file, const char *chosen, struct err *err)
{
    struct texttable table = {.numeric_from = TEXTTABLE_COLUMNS, .keys = 2};
    struct config config = config_defaults(worker_schema());
    int rc = choose_all(&config, chosen, err);
    if (rc < 0)
        return rc;
    add_row(&table, (const char *const[6]){"section", "key", "default", "range", "used by", "meaning"});
    if (!chosen)
        add_sweep(&table);
    for (const struct setting *key = config.schema->key; key->name; key++)
        if (!chosen || config_reads(&config, key))
            add_key(&table, key);
    texttable_print(file, &table);
    texttable_release(&table);
    return 0;
}
