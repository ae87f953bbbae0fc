#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>

int scratch_make(char *out, size_t size)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(out, size, "%s/t.XXXXXX", parent && *parent ? parent : "/tmp");
    return n > 0 && (size_t)n < size && mkdtemp(out) ? 0 : -1;
}
