#include "features/feature.h"

#include "rng.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct feature_kind *const kinds[] = {&feature_pixels, &feature_hog, &feature_shape,
                                                   &feature_embedding};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const struct setting settings[] = {
    {"features", SETTING_WORD, 0, 0, 0, "pixels", "pixels|hog|shape|embedding",
     "what a model is given of an image: its pixels, or numbers made of them"},
    {0},
};

static const struct setting scale_settings[] = {
    {"features.scale", SETTING_WORD, 0, 0, 0, "standard", "standard|none",
     "standard: of every number the mean of the training images is taken away, and their standard deviation "
     "is 1"},
    {0},
};

const struct section feature_section = {.setting = settings, .size = CONFIG_WORD_SIZE};
const struct section feature_scale_section = {.setting = scale_settings, .size = CONFIG_WORD_SIZE};

const struct feature_kind *feature_kind(int i)
{
    return i < N_KINDS ? kinds[i] : NULL;
}

const struct feature_kind *feature_of(const struct config *config)
{
    const char *name = config_of(config, &feature_section);
    const struct feature_kind *kind = NULL;
    for (int i = 0; i < N_KINDS && !kind; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            kind = kinds[i];
    assert(kind);
    return kind;
}

int feature_is_pixels(const struct config *config)
{
    return feature_of(config) == &feature_pixels;
}

int feature_is_scaled(const struct config *config)
{
    const char *scale = config_of(config, &feature_scale_section);
    return !feature_is_pixels(config) && strcmp(scale, "standard") == 0;
}

size_t feature_floats(const struct config *config)
{
    return feature_of(config)->floats(config);
}

static uint64_t hash_on(uint64_t hash, const char *text)
{
    char both[SETTING_TEXT_SIZE + 32];
    int n = snprintf(both, sizeof both, "%016llx%s", (unsigned long long)hash, text);
    return rng_key("features", both, (size_t)n);
}

void feature_identity(const struct config *config, char *out, size_t size)
{
    const struct feature_kind *kind = feature_of(config);
    uint64_t hash = (uint64_t)feature_is_scaled(config);
    char text[SETTING_TEXT_SIZE];
    *out = '\0';
    if (feature_is_pixels(config))
        return;
    for (int i = 0; kind->section && kind->section->setting[i].name; i++) {
        const struct setting *key = config_find(config->schema, kind->section->setting[i].name);
        config_get(config, key, text, sizeof text);
        hash = hash_on(hash, text);
    }
    if (kind->identity) {
        kind->identity(config, text, sizeof text);
        hash = hash_on(hash, text);
    }
    snprintf(out, size, " features %s %016llx", kind->name, (unsigned long long)hash);
}
