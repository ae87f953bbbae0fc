#include "run/job_limit.h"

#include "run/deadline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double job_limit_least = 10;

int job_limit_parse(const char *text, struct job_limit *out)
{
    char *end;
    double number = strtod(text, &end);
    int is_hex = text + strcspn(text, "xX") != end; /* 0x10x */
    *out = (struct job_limit){0, 0};
    if (strcmp(end, "x") != 0)
        out->seconds = deadline_parse(text);
    else if (!is_hex && *text >= '0' && *text <= '9' && number > 1 && isfinite(number))
        out->times = number;
    return out->seconds > 0 || out->times > 0 ? 0 : -1;
}

double job_limit_of(const struct job_limit *limit, double usual)
{
    if (limit->seconds > 0)
        return limit->seconds;
    if (limit->times > 0 && !isnan(usual))
        return fmax(job_limit_least, limit->times * usual);
    return (double)INFINITY;
}
