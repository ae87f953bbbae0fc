#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Texts from a file may hold line ends or escape sequences; the line stays one, and does not steer a terminal. */
static void make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;
        err->code = code;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        make_plain(err->text);
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
