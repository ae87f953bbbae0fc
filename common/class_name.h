/* class_name.h - what classes are called: whole numbers, as clusters of old are, or names such as
 * "CD8+ T cell".
 *
 *     int class = class_number("CD8+ T cell", &err);
 *     printf("%s", class_text(class, room));
 *
 * Everywhere else a class is an int. A whole number from 0 to CLASS_MOST is itself, however it is written (3,
 * 03, 3.0); a name has a number below CLASS_NONE that is good within this process alone: files and messages
 * hold texts. So classes are equal when their numbers are, and class_compare() orders them.
 *
 * A number may be called something for people (class_call): its title. Titles stand wherever people name
 * classes (class_find, class_next), and where classes are shown; they are no part of results. They are the
 * process's, which works on one results file: titles that a file brings (class_call_stored) make way for
 * those of the next file, or of the same one written anew, and for what a user said.
 *
 * A list of classes as text joins them by '-': 8-10, Folded-Polylobed. A name in which one of - , | = "
 * stands, or a blank at its end, is in double quotes, in which "" is one: "T-cell"-3. Thread-safe. No MPI. */
#ifndef CELLSWEEP_CLASS_NAME_H
#define CELLSWEEP_CLASS_NAME_H

#include "err.h"

#include <stddef.h>

enum { CLASS_NAME_SIZE = 256, CLASS_TOKEN_SIZE = 2 * CLASS_NAME_SIZE + 2 };
enum { CLASS_NONE = -1, CLASS_MOST = 32767, CLASS_MOST_NAMES = 32766 };

/* The class that a text names. CLASS_NONE with *err set for what is no name: empty, CLASS_NAME_SIZE bytes or
 * more, control characters, backquotes, no UTF-8; and when a process has seen CLASS_MOST_NAMES names. */
int class_number(const char *text, struct err *err);

/* The same of what people write: the class with that title, else of that text. */
int class_find(const char *text, struct err *err);

/* Its text: a number written in `room`, or the name, which stays valid. "" for CLASS_NONE. */
const char *class_text(int class, char room[CLASS_NAME_SIZE]);

/* 1 when a class has a name and no number. */
static inline int class_is_name(int class)
{
    return class < CLASS_NONE;
}

/* Order of classes, < 0, 0 or > 0: numbers as numbers, then texts by their bytes; for qsort() of ints. */
int class_compare(int a, int b);
int class_compare_ints(const void *a, const void *b);

/* Call a number something for people; what it was called first stays. E_USAGE for a class that has a name,
 * for a title that is no name, and for one that another class has. */
int class_call(int class, const char *title, struct err *err);

/* The same for a title that a results file has: nothing is done where the class has one, or the title is
 * another class's. class_forget_stored() takes back all of these; texts that were handed out stay valid. */
int class_call_stored(int class, const char *title, struct err *err);
void class_forget_stored(void);

/* Its title, or else its text. */
const char *class_title(int class, char room[CLASS_NAME_SIZE]);

/* 1 when one of n classes is shown by a name, its own or a title. */
int class_any_named(const int *class, int n);

/* A title of at most `letters` letters in out (room for CLASS_NAME_SIZE): a longer one is cut and ends in
 * "..."; for figures, whose data files have it whole. Returns out. */
const char *class_short(int class, int letters, char out[CLASS_NAME_SIZE]);

/* Title number i in the order of class_call() and its class in *class; NULL behind the last. */
const char *class_titled(int i, int *class);

/* Forget all titles. Not beside other threads that ask for them. */
void class_forget_titles(void);

/* How a name stands in a list, in quotes where it needs them, in out: CLASS_TOKEN_SIZE are enough. Returns
 * the length it would have, like snprintf. */
size_t class_quote(const char *text, char *out, size_t size);

/* n classes as a list in out, by their texts or titles. Returns the length it would have. */
size_t class_list(const int *class, int n, int titles, char *out, size_t size);

/* Read the class at the front of a list into *class; *rest: what follows the '-' behind it, NULL behind the
 * last one. E_USAGE for a text that is no list, and as class_number(). */
int class_next(const char *list, int *class, const char **rest, struct err *err);

#endif
