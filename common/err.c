#include "err.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err) {
        char text[sizeof err->text]; /* an argument may be err->text itself */
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        /* Texts from a file may hold line ends, escape sequences or no text at all, and the end may have been
         * cut within a letter: the line stays one, does not steer a terminal, and can be a text of JSON. */
        utf8_plain(text);
        memcpy(err->text, text, strlen(text) + 1);
        err->code = code;
    }
    return code;
}

int err_exit_status(int code)
{
    return code <= 0 ? -code : 3;
}

void *err_calloc(unsigned long n, unsigned long size, const char *what, struct err *err)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        err_set(err, E_IO,
                "out of memory: cannot allocate %lu x %lu bytes for %s; use fewer ranks a node or a smaller "
                "batch",
                n, size, what);
    return p;
}
