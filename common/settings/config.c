#include "settings/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIELD(f) offsetof(struct config, f)

static const struct setting task_settings[] = {
    {"clusters", SETTING_CLUSTERS, FIELD(clusters), 0, 0, "all", NULL,
     "cluster numbers of a job, e.g. [8, 10]; the position is the class index; or all"},
    {"protocol", SETTING_PROTOCOL, FIELD(protocol), 0, 0, "holdout", NULL,
     "which images a model sees and which judge it: report, tail, holdout, {kfold: {folds: 5, repeats: 1}}, "
     "{given: split}: the sets train and test that the images came with"},
    {"seed", SETTING_INT, FIELD(seed), 0, 9e15, "1", NULL,
     "seed of split, initial weights and everything random"},
    {"model", SETTING_WORD, FIELD(model), 0, 0, "cnn", NULL, "what is trained"},
    {"class_sizes", SETTING_SIZES, FIELD(class_sizes), 0, 0, "all", NULL,
     "originals to draw of each class before anything else, e.g. [900, 90]; the rest stays an untouched test "
     "set; or all"},
    {"groups", SETTING_WORD, FIELD(groups), 0, 0, "none", NULL,
     "column of clusters.csv, e.g. slide or animal: holdout and kfold have no value of it on both sides; or "
     "none"},
    {"image.size", SETTING_INT, FIELD(image_size), 10, 512, "50", NULL,
     "width and height of the network's input, pixels"},
    {"train.epochs", SETTING_INT, FIELD(epochs), 1, 100000, "100", NULL, "passes over the training images"},
    {0},
};

static const struct section task_section = {.setting = task_settings};

static const struct setting strategy_settings[] = {
    {"strategy", SETTING_WORD, FIELD(strategy), 0, 0, "none", NULL,
     "rebalancing strategy, or a list of them applied in turn"},
    {0},
};

static const struct setting batch_settings[] = {
    {"train.batch", SETTING_INT, FIELD(batch), 1, 4096, "32", NULL,
     "images of a mini-batch; the last one may be smaller"},
    {0},
};

const struct section config_strategy_section = {.setting = strategy_settings},
                     config_batch_section = {.setting = batch_settings};

static const struct setting share_settings[] = {
    {"validation", SETTING_REAL, FIELD(validation), 0.01, 0.99, "0.2", NULL,
     "share of images that report, tail and holdout keep as the test set"},
    {0},
};

static const struct section share_section = {.setting = share_settings};

/* Folds have their share of images from their number, given sets from their source. */
static int reads_share(const struct config *config, const struct section *section)
{
    (void)section;
    return config->protocol.kind != PROTOCOL_KFOLD && config->protocol.kind != PROTOCOL_GIVEN;
}

/* What config_reads_all() found before, of configs that differ in more than seed, fold and repeat: jobs of a
 * sweep are asked again and again, and there are few such configs among very many jobs (110 000 jobs are
 * planned in half the time). Equal hashes of 128 bits are equal configs of one schema, as with the keys of
 * jobs. */
enum { MEMO_SIZE = 256 };
struct memo {
    XXH128_hash_t of;
    unsigned char reads[CONFIG_MAX_KEYS];
    int is_known;
};
static _Thread_local struct memo memo[MEMO_SIZE];
static _Atomic unsigned n_begun;

void schema_begin(struct schema *schema)
{
    memset(schema, 0, sizeof *schema);
    schema->id = ++n_begun;
    schema_add(schema, &task_section, NULL, NULL, "");
    schema_add(schema, &share_section, reads_share, "protocol", "protocols report, tail, holdout");
}

static struct schema_place *find_place(struct schema *schema, const struct section *section)
{
    for (int i = 0; i < schema->n_sections; i++)
        if (schema->place[i].section == section)
            return &schema->place[i];
    return NULL;
}

/* Put the last key where its name belongs. */
static void sort_key(struct schema *schema)
{
    int k = schema->n_keys - 1, at = k;
    for (; at > 0 && strcmp(schema->key[schema->by_name[at - 1]].name, schema->key[k].name) > 0; at--)
        schema->by_name[at] = schema->by_name[at - 1];
    schema->by_name[at] = k;
}

static void add_keys(struct schema *schema, int place)
{
    const struct section *section = schema->place[place].section;
    for (const struct setting *setting = section->setting; setting->name; setting++) {
        assert(schema->n_keys < CONFIG_MAX_KEYS && !config_find(schema, setting->name));
        schema->place_of[schema->n_keys] = place;
        schema->key[schema->n_keys] = *setting;
        schema->key[schema->n_keys++].offset += schema->place[place].at;
        sort_key(schema);
    }
}

void schema_add(struct schema *schema, const struct section *section, section_is_used *is_used,
                const char *decided_by, const char *used_by)
{
    struct schema_place *place = find_place(schema, section);
    if (place) {
        size_t n = strlen(place->used_by);
        snprintf(place->used_by + n, sizeof place->used_by - n, ", %s", used_by);
        return;
    }
    size_t at = section->size ? FIELD(part) + schema->used : 0;
    schema->used += (section->size + 7) / 8 * 8;
    assert(schema->used <= CONFIG_ROOM && schema->n_sections < CONFIG_MAX_SECTIONS);
    place = &schema->place[schema->n_sections++];
    *place = (struct schema_place){section, is_used, decided_by, "", at};
    snprintf(place->used_by, sizeof place->used_by, "%s", used_by);
    add_keys(schema, schema->n_sections - 1);
}

const struct setting *config_find(const struct schema *schema, const char *name)
{
    for (const struct setting *key = schema->key; key->name; key++)
        if (key->name[0] == name[0] && strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

static const struct schema_place *place_of(const struct schema *schema, const struct setting *key)
{
    return &schema->place[schema->place_of[key - schema->key]];
}

const char *config_used_by(const struct schema *schema, const struct setting *key)
{
    return place_of(schema, key)->used_by;
}

const char *config_decided_by(const struct schema *schema, const struct setting *key)
{
    return place_of(schema, key)->decided_by;
}

static int is_used(const struct config *config, const struct schema_place *place)
{
    return !place->is_used || place->is_used(config, place->section);
}

int config_reads(const struct config *config, const struct setting *key)
{
    return is_used(config, place_of(config->schema, key));
}

int config_check(const struct config *config, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < config->schema->n_sections && rc == 0; i++) {
        const struct schema_place *place = &config->schema->place[i];
        if (place->section->check && is_used(config, place))
            rc = place->section->check((const char *)config + place->at, err);
    }
    return rc;
}

const void *config_of(const struct config *config, const struct section *section)
{
    int i = 0;
    while (config->schema->place[i].section != section) {
        i++;
        assert(i < config->schema->n_sections);
    }
    return (const char *)config + config->schema->place[i].at;
}

const char *config_groups(const struct config *config)
{
    return strcmp(config->groups, "none") == 0 ? NULL : config->groups;
}

/* What others call a key: Keras, PyTorch, scikit-learn. */
static const char *called_elsewhere(const char *name)
{
    static const char *const called[][2] = {
        {"lr", "train.learning_rate"},
        {"batch_size", "train.batch"},
        {"n_epochs", "train.epochs"},
        {"random_state", "seed"},
        {"early_stopping", "train.stop.patience"},
        {"classes", "clusters"},
        {"kernel_size", "cnn.kernel"},
    };
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (strcmp(last, called[i][0]) == 0)
            return called[i][1];
    return NULL;
}

const char *config_nearest(const struct schema *schema, const char *name)
{
    const char *best = called_elsewhere(name);
    if (best && config_find(schema, best))
        return best;
    best = NULL;
    int best_distance = 4;
    for (const struct setting *key = schema->key; key->name; key++) {
        const char *dot = strrchr(key->name, '.');
        int whole = setting_distance(name, key->name);
        int last = dot ? setting_distance(name, dot + 1) : whole;
        int distance = whole < last ? whole : last;
        if (distance < best_distance) {
            best_distance = distance;
            best = key->name;
        }
    }
    return best;
}

static const char *now_of(const struct section *section, const char *name)
{
    for (const struct renamed *r = section->renamed; r && r->name; r++)
        if (strcmp(r->name, name) == 0)
            return r->now;
    return NULL;
}

int config_unknown(const struct schema *schema, const char *name, struct err *err)
{
    const char *near = config_nearest(schema, name), *now = NULL;
    for (int i = 0; i < schema->n_sections && !now; i++)
        now = now_of(schema->place[i].section, name);
    if (now)
        return err_set(err, E_USAGE, "%s is no key any more; write %s", name, now);
    return err_set(err, E_USAGE, "unknown key '%.60s'%s%s%s", name, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "; `cellsweep plan --keys` lists them");
}

static void set_default(struct config *config, const struct setting *key)
{
    setting_parse(key, key->fallback, (char *)config + key->offset, NULL);
}

static void ask_sections(const struct config *config, unsigned char *reads)
{
    const struct schema *schema = config->schema;
    int used[CONFIG_MAX_SECTIONS] = {0};
    for (int i = 0; i < schema->n_sections; i++)
        used[i] = is_used(config, &schema->place[i]);
    for (int k = 0; k < schema->n_keys; k++)
        reads[k] = used[schema->place_of[k]] != 0;
}

static_assert(FIELD(repeat) == FIELD(fold) + sizeof(int64_t) &&
                  FIELD(seed) == FIELD(repeat) + sizeof(int64_t),
              "what no section asks stands together");

void config_reads_all(const struct config *config, unsigned char reads[CONFIG_MAX_KEYS])
{
    const size_t after = FIELD(seed) + sizeof config->seed, part = FIELD(part) + config->schema->used;
    XXH128_hash_t of = XXH3_128bits_withSeed((const char *)config + after, part - after,
                                             XXH3_64bits_withSeed(config, FIELD(fold), config->schema->id));
    struct memo *m = &memo[of.low64 % MEMO_SIZE];
    if (!m->is_known || !XXH128_isEqual(m->of, of)) {
        *m = (struct memo){.of = of, .is_known = 1};
        ask_sections(config, m->reads);
    }
    memcpy(reads, m->reads, sizeof m->reads);
}

void config_normalise(struct config *config, const struct config *defaults)
{
    unsigned char reads[CONFIG_MAX_KEYS] = {0};
    config_reads_all(config, reads);
    for (int k = 0; k < config->schema->n_keys; k++) {
        const struct setting *key = &config->schema->key[k];
        if (!reads[k])
            memcpy((char *)config + key->offset, (const char *)defaults + key->offset,
                   setting_size(key->type));
    }
}

struct config config_defaults(const struct schema *schema)
{
    struct config config;
    memset(&config, 0, sizeof config); /* padding too: configs are compared and copied by bytes */
    config.schema = schema;
    config.channels = 1;
    for (const struct setting *key = schema->key; key->name; key++)
        set_default(&config, key);
    return config;
}

int config_set(struct config *config, const char *name, const char *text, struct err *err)
{
    const struct setting *key = config_find(config->schema, name);
    if (key)
        return setting_parse(key, text, (char *)config + key->offset, err);
    return config_unknown(config->schema, name, err);
}

void config_get(const struct config *config, const struct setting *key, char *out, size_t size)
{
    setting_print(key, (const char *)config + key->offset, out, size);
}

/* Append to what `used` characters of out hold, as far as there is room. Returns the length of all. */
static size_t put_text(const char *text, char *out, size_t size, size_t used)
{
    size_t n = strlen(text);
    if (used < size) {
        size_t room = size - used - 1, fits = n < room ? n : room;
        memcpy(out + used, text, fits);
        out[used + fits] = '\0';
    }
    return used + n;
}

/* What tells a job apart for people stands in its text even at its default. */
static int is_always_told(const struct setting *key)
{
    static const char *const names[] = {"clusters", "model", "protocol", "seed", "strategy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(key->name, names[i]) == 0)
            return 1;
    return 0;
}

/* A job that can be asked for in two ways is one. */
static void unify(struct config *config)
{
    const struct schema *schema = config->schema;
    for (int i = 0; i < schema->n_sections; i++)
        if (schema->place[i].section->unify)
            schema->place[i].section->unify((char *)config + schema->place[i].at);
}

size_t config_canonical(const struct config *config, char *out, size_t size)
{
    const struct schema *schema = config->schema;
    struct config unified = *config;
    unsigned char reads[CONFIG_MAX_KEYS] = {0};
    size_t used = 0;
    unify(&unified);
    config_reads_all(config, reads);
    for (int i = 0; i < schema->n_keys; i++) {
        const struct setting *key = &schema->key[schema->by_name[i]];
        char value[SETTING_TEXT_SIZE];
        if (!reads[schema->by_name[i]])
            continue;
        config_get(&unified, key, value, sizeof value);
        if (!is_always_told(key) && strcmp(value, key->fallback) == 0)
            continue;
        used = put_text(key->name, out, size, used);
        used = put_text("=", out, size, used);
        used = put_text(value, out, size, used);
        used = put_text("\n", out, size, used);
    }
    return used + (size_t)snprintf(used < size ? out + used : NULL, used < size ? size - used : 0,
                                   "fold=%lld\nrepeat=%lld\n", (long long)config->fold,
                                   (long long)config->repeat);
}
