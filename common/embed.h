/* embed.h - a file of the repository as a text of the program.
 *
 *     EMBED(page_text, "build/web/page.html");    at file scope of one .c file; others declare it
 *
 * C11 has no #embed: the assembler includes the file and ends it with a zero byte. The path is taken from
 * the folder that make gives by -Wa,-I, which also has to be told that the object depends on the file. */
#ifndef CELLSWEEP_EMBED_H
#define CELLSWEEP_EMBED_H

/* clang-format off */
#define EMBED(name, path)                                                                                  \
    extern const char name[] __attribute__((visibility("hidden")));                                        \
    __asm__(".pushsection .rodata\n"                                                                       \
            ".globl " #name "\n"                                                                           \
            ".hidden " #name "\n"                                                                          \
            #name ":\n"                                                                                    \
            ".incbin \"" path "\"\n"                                                                       \
            ".byte 0\n"                                                                                    \
            ".popsection\n")
/* clang-format on */

#endif
