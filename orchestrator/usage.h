/* usage.h - what a command tells of itself, as wide as the terminal.
 *
 * A page is the usage, the first paragraph of the command's text, its options or verbs, and the rest of the
 * text. Paragraphs of the text are filled; lines that begin with a space stay as they are. */
#ifndef CELLSWEEP_USAGE_H
#define CELLSWEEP_USAGE_H

#include "command.h"

#include <stdio.h>

/* is_short: only the usage and the options. */
void usage_page(FILE *out, const struct command *command, int is_short);

#endif
