#include "figures/figstyle.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    struct figstyle style;
} presets[] = {{"single", {85, 7}}, {"double", {174, 8}}, {"slide", {250, 12}}};

static int parse_part(const char *part, struct figstyle *style, struct err *err)
{
    char *end = NULL;
    int is_width = strncmp(part, "column=", 7) == 0, is_font = strncmp(part, "font=", 5) == 0;
    double x = is_width ? strtod(part + 7, &end) : is_font ? strtod(part + 5, &end) : 0;
    if (is_width && end > part + 7 && (!*end || strcmp(end, "mm") == 0) && x >= 50 && x <= 1000)
        style->width = x;
    else if (is_font && end > part + 5 && (!*end || strcmp(end, "pt") == 0) && x >= 4 && x <= 48)
        style->font = x;
    else
        return err_set(
            err, E_USAGE,
            "'%s' is not single, double, slide, or column=85mm (50 to 1000) and font=8 (4 to 48 points), or "
            "both with a comma",
            part);
    return 0;
}

int figstyle_parse(const char *text, struct figstyle *style, struct err *err)
{
    char copy[128], *rest = NULL;
    int rc = 0;
    *style = (struct figstyle){0};
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, text) == 0) {
            *style = presets[i].style;
            return 0;
        }
    snprintf(copy, sizeof copy, "%s", text);
    if (copy[strspn(copy, ",")] == '\0')
        return parse_part(copy, style, err);
    for (char *part = strtok_r(copy, ",", &rest); part && rc == 0; part = strtok_r(NULL, ",", &rest))
        rc = parse_part(part, style, err);
    return rc;
}

double figstyle_scale(const struct figstyle *style)
{
    return style && style->font > 0 ? style->font / FIGSTYLE_FONT : 1;
}

/* Pixels of the layout. */
static int pixels(const struct figstyle *style, double millimetres)
{
    return (int)(millimetres / 25.4 * 96 / figstyle_scale(style));
}

int figstyle_width(const struct figstyle *style, int own)
{
    return style && style->width > 0 ? pixels(style, style->width) : own;
}

int figstyle_height(const struct figstyle *style)
{
    return style && style->width > 0 ? pixels(style, FIGSTYLE_SHEET) : INT_MAX;
}
