#include "run/deadline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int two_digits(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
}

/* HH:MM:SS or MM:SS; the first number may have any length, the others have two digits below 60. */
static double parse_clock(const char *text)
{
    char *end;
    double seconds = (double)strtoul(text, &end, 10);
    int parts = 1;
    if (end == text || *text < '0' || *text > '9')
        return -1;
    for (; *end == ':'; end += 3, parts++) {
        if (!two_digits(end + 1) || end[1] > '5')
            return -1;
        seconds = 60 * seconds + 10 * (end[1] - '0') + (end[2] - '0');
    }
    return *end == '\0' && (parts == 2 || parts == 3) ? seconds : -1;
}

double deadline_parse(const char *text)
{
    char *end;
    double days = 0, seconds;
    const char *dash = strchr(text, '-');
    if (strchr(text, ':')) {
        if (dash && dash > text) {
            days = (double)strtoul(text, &end, 10);
            if (end != dash || *text < '0' || *text > '9')
                return -1;
            text = dash + 1;
        }
        seconds = parse_clock(text);
        return seconds < 0 || 86400 * days + seconds <= 0 ? -1 : 86400 * days + seconds;
    }
    seconds = strtod(text, &end);
    return end != text && !*end && !strpbrk(text, "xX") && isfinite(seconds) && seconds > 0 ? seconds : -1;
}

/* squeue tells local time, "2026-11-23T02:00:00", or a word when there is no end. */
static double ask_squeue(const char *job)
{
    char command[256], line[128] = "";
    struct tm t = {.tm_isdst = -1};
    if (strspn(job, "0123456789_") != strlen(job))
        return (double)INFINITY;
    snprintf(command, sizeof command, "squeue -h -j %.100s -o %%e 2>/dev/null", job);
    FILE *f = popen(command, "r");
    if (!f)
        return (double)INFINITY;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    pclose(f);
    if (!strptime(line, "%Y-%m-%dT%H:%M:%S", &t))
        return (double)INFINITY;
    return (double)mktime(&t);
}

static double slurm_end(void)
{
    const char *job = getenv("SLURM_JOB_ID"), *end = getenv("SLURM_JOB_END_TIME");
    char *rest;
    if (!job)
        return (double)INFINITY;
    double seconds = end ? strtod(end, &rest) : 0;
    return end && rest != end && seconds > 0 ? seconds : ask_squeue(job);
}

double deadline_find(double own)
{
    return fmin(own, slurm_end());
}
