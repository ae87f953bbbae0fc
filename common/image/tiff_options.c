#include "image/tiff_options.h"

#include <stdarg.h>
#include <stdio.h>

static int on_error(TIFF *tiff, void *self, const char *module, const char *format, va_list values)
    __attribute__((format(printf, 4, 0)));

/* The first error says most. */
static int on_error(TIFF *tiff, void *self, const char *module, const char *format, va_list values)
{
    char *reason = self;
    (void)tiff;
    (void)module;
    if (!reason[0])
        vsnprintf(reason, TIFF_REASON_SIZE, format, values);
    return 1;
}

static int on_warning(TIFF *tiff, void *self, const char *module, const char *format, va_list values)
{
    (void)tiff;
    (void)self;
    (void)module;
    (void)format;
    (void)values;
    return 1;
}

TIFFOpenOptions *tiff_options(char reason[TIFF_REASON_SIZE], tmsize_t most)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, reason);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, reason);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, most);
    return options;
}

uint16_t tiff_field(TIFF *tiff, uint32_t tag)
{
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : 0;
}
