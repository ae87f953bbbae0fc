/* replay.c - run one fuzz target over files, without libFuzzer: replay_<what> [--accept] FILE...
 * Prints how many inputs were accepted. --accept: fails unless all of them were; what a target is for must
 * not rot unseen. Fails, too, when they took too much memory. */
#include "fuzz.h"

#include "class_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MAX_KILOBYTES = 700 * 1000 }; /* what all inputs together may take; a sanitizer's own part included */

int main(int argc, char **argv)
{
    int all = argc > 1 && strcmp(argv[1], "--accept") == 0, first = 1 + all, accepted = 0;
    for (int i = first; i < argc; i++) {
        size_t n;
        uint8_t *bytes = fuzz_bytes(argv[i], &n);
        int yes = fuzz_one(bytes, n);
        class_forget_titles();
        if (all && !yes)
            fprintf(stderr, "%s: refused: %s\n", argv[i], fuzz_reason());
        accepted += yes;
        free(bytes);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%d inputs, %d accepted, %ld MB\n", argc - first, accepted, used.ru_maxrss / 1000);
    if (used.ru_maxrss > MAX_KILOBYTES)
        return 1;
    return all && (accepted < argc - first || argc == first);
}
