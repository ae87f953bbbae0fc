#include "support/golden_cases.h"

#include <string.h>

int golden_case(FILE *file, char line[GOLDEN_LINE], void (*take)(void *to, char *line), void *to)
{
    if (!*line)
        return 0;
    do {
        take(to, line);
        if (!fgets(line, GOLDEN_LINE, file))
            *line = '\0';
    } while (*line && strncmp(line, "case", 4) != 0);
    return 1;
}
