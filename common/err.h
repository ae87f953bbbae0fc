/* err.h - one complete line about what went wrong.
 *
 * A function that can fail takes a `struct err *` as its last argument and returns 0, or the negative code it
 * stored there. The line names what failed, the file or job, and what to do. Callers pass it on untouched;
 * only main() prints it and turns the code into the exit status. */
#ifndef CELLSWEEP_ERR_H
#define CELLSWEEP_ERR_H

enum err_code {
    E_OK = 0,
    E_JOB = -1,     /* some jobs failed: exit status 1 */
    E_USAGE = -2,   /* wrong usage or configuration: exit status 2 */
    E_IO = -3,      /* input, output or memory: exit status 3 */
    E_STOPPED = -75 /* stopped early, work left: exit status 75 */
};

struct err {
    int code;        /* an enum err_code */
    char text[1024]; /* one line, no newline, empty when code is E_OK */
};

/* Store code and the formatted line in *err (which may be NULL) and return code. A longer line is cut,
 * control characters become spaces. Arguments may be err->text, so that a line can be put into a longer one
 * or be given another code. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Exit status of the program for a code: 0, 1, 2, 3 or 75. */
int err_exit_status(int code);

/* malloc of n * size bytes, zeroed; NULL with *err set to E_IO, naming `what`, when there is no memory or n *
 * size overflows. n == 0 gives a valid pointer. The caller frees. */
void *err_calloc(unsigned long n, unsigned long size, const char *what, struct err *err);

#endif
