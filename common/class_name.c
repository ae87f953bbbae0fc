#include "class_name.h"

#include "utf8.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of this process, and the titles of classes. Names stay where they are, so that they can be read
 * without the lock. */
enum { PLACES = 1 << 16 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *name[CLASS_MOST_NAMES]; /* of class CLASS_NONE - 1 - k */
static int16_t place[PLACES];              /* hash to k + 1; 0: free */
static int n_names;

struct title {
    int class; /* CLASS_NONE: taken back; its text may still be in use */
    char *text;
    int is_stored;
};
static struct title *title;
static int n_titles;

static unsigned start_of(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return (hash ^ hash >> 16) % PLACES;
}

/* The number of a name, which is added when it is new. Under the lock. */
static int find_name(const char *text, struct err *err)
{
    unsigned at = start_of(text);
    for (; place[at]; at = (at + 1) % PLACES)
        if (strcmp(name[place[at] - 1], text) == 0)
            return CLASS_NONE - place[at];
    const char *copy = n_names < CLASS_MOST_NAMES ? strdup(text) : NULL;
    if (!copy) {
        err_set(err, E_IO, "no room for another name of a class, of %d", n_names);
        return CLASS_NONE;
    }
    name[n_names++] = copy;
    place[at] = (int16_t)n_names;
    return CLASS_NONE - n_names;
}

/* The class with a title; CLASS_NONE: no class has it. Under the lock. */
static int titled(const char *text)
{
    for (int i = 0; i < n_titles; i++)
        if (title[i].class != CLASS_NONE && strcmp(title[i].text, text) == 0)
            return title[i].class;
    return CLASS_NONE;
}

static const char *title_of(int class)
{
    for (int i = 0; i < n_titles; i++)
        if (title[i].class == class)
            return title[i].text;
    return NULL;
}

/* 3, 03, 3.0: a whole number that a class may have. */
static int whole_number(const char *text, int *number)
{
    size_t n = strspn(text, "0123456789"), zeros = text[n] == '.' ? 1 + strspn(text + n + 1, "0") : 0;
    long value = n > 0 && n < 16 ? strtol(text, NULL, 10) : -1;
    *number = (int)value;
    return value >= 0 && value <= CLASS_MOST && zeros != 1 && text[n + zeros] == '\0';
}

static int check_name(const char *text, struct err *err)
{
    if (!*text)
        return err_set(err, E_USAGE, "a class needs a name, found nothing");
    if (strlen(text) >= CLASS_NAME_SIZE)
        return err_set(err, E_USAGE, "the class name \"%.40s...\" is longer than %d bytes; shorten it", text,
                       CLASS_NAME_SIZE - 1);
    if (!utf8_is_harmless(text))
        return err_set(err, E_USAGE,
                       "the class name \"%.60s\" has control characters, backquotes or bytes that are no "
                       "UTF-8; rename it",
                       text);
    return 0;
}

static int number_of(const char *text, int with_titles, struct err *err)
{
    int class;
    if (whole_number(text, &class))
        return class;
    if (check_name(text, err) < 0)
        return CLASS_NONE;
    pthread_mutex_lock(&lock);
    class = with_titles ? titled(text) : CLASS_NONE;
    if (class == CLASS_NONE)
        class = find_name(text, err);
    pthread_mutex_unlock(&lock);
    return class;
}

int class_number(const char *text, struct err *err)
{
    return number_of(text, 0, err);
}

int class_find(const char *text, struct err *err)
{
    return number_of(text, 1, err);
}

const char *class_text(int class, char room[CLASS_NAME_SIZE])
{
    if (class_is_name(class) && class >= CLASS_NONE - CLASS_MOST_NAMES)
        return name[CLASS_NONE - 1 - class] ? name[CLASS_NONE - 1 - class] : "";
    room[0] = '\0';
    if (class >= 0)
        snprintf(room, CLASS_NAME_SIZE, "%d", class);
    return room;
}

/* The number that a text is, for their order: 2.5 stands between 2 and 3. */
static int is_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && strspn(text, "0123456789+-.") == strlen(text);
}

int class_compare(int a, int b)
{
    char room[2][CLASS_NAME_SIZE];
    if (a == b)
        return 0;
    if (a >= 0 && b >= 0)
        return a < b ? -1 : 1;
    double x, y;
    const char *first = class_text(a, room[0]), *second = class_text(b, room[1]);
    int is_x = is_number(first, &x), is_y = is_number(second, &y);
    if (is_x != is_y)
        return is_x ? -1 : 1;
    if (is_x && (x < y || x > y))
        return x < y ? -1 : 1;
    return strcmp(first, second);
}

int class_compare_ints(const void *a, const void *b)
{
    return class_compare(*(const int *)a, *(const int *)b);
}

/* ---- titles ---- */

/* One that was taken back is given again. */
static int revive(int class, const char *text, int is_stored)
{
    for (int i = 0; i < n_titles; i++)
        if (title[i].class == CLASS_NONE && strcmp(title[i].text, text) == 0) {
            title[i].class = class;
            title[i].is_stored = is_stored;
            return 1;
        }
    return 0;
}

static int add_title(int class, const char *text, int is_stored, struct err *err)
{
    if (revive(class, text, is_stored))
        return 0;
    struct title *grown = realloc(title, (size_t)(n_titles + 1) * sizeof *grown);
    if (grown)
        title = grown;
    char *copy = grown ? strdup(text) : NULL;
    if (!copy)
        return err_set(err, E_IO, "out of memory for the names of classes");
    title[n_titles++] = (struct title){class, copy, is_stored};
    return 0;
}

/* Under the lock. */
static int give_title(int class, const char *text, int is_stored, struct err *err)
{
    int other = titled(text);
    if (title_of(class) || (is_stored && other != CLASS_NONE))
        return 0;
    if (other != CLASS_NONE)
        return err_set(err, E_USAGE, "two classes are called \"%.60s\"; give every class another name", text);
    return add_title(class, text, is_stored, err);
}

static int call(int class, const char *text, int is_stored, struct err *err)
{
    char room[CLASS_NAME_SIZE];
    int number, rc = check_name(text, err);
    if (rc == 0 && class < 0)
        return err_set(err, E_USAGE,
                       "\"%.60s\" is no number from 0 to %d: only numbered classes are given names",
                       class_text(class, room), CLASS_MOST);
    if (rc == 0 && whole_number(text, &number) && number != class)
        return err_set(err, E_USAGE, "class %d cannot be called %s, which is a number; give it a name", class,
                       text);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&lock);
    rc = give_title(class, text, is_stored, err);
    pthread_mutex_unlock(&lock);
    return rc;
}

int class_call(int class, const char *text, struct err *err)
{
    return call(class, text, 0, err);
}

int class_call_stored(int class, const char *text, struct err *err)
{
    return call(class, text, 1, err);
}

void class_forget_stored(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n_titles; i++)
        if (title[i].is_stored)
            title[i].class = CLASS_NONE;
    pthread_mutex_unlock(&lock);
}

const char *class_title(int class, char room[CLASS_NAME_SIZE])
{
    pthread_mutex_lock(&lock);
    const char *text = title_of(class);
    pthread_mutex_unlock(&lock);
    return text ? text : class_text(class, room);
}

int class_any_named(const int *class, int n)
{
    char room[CLASS_NAME_SIZE];
    for (int c = 0; c < n; c++)
        if (class_title(class[c], room) != room)
            return 1;
    return 0;
}

const char *class_short(int class, int letters, char out[CLASS_NAME_SIZE])
{
    char room[CLASS_NAME_SIZE];
    snprintf(out, CLASS_NAME_SIZE, "%s", class_title(class, room));
    if (utf8_width(out) > letters) {
        size_t n = (size_t)(utf8_after(out, letters - 3) - out);
        while (n > 0 && out[n - 1] == ' ')
            n--;
        snprintf(out + n, CLASS_NAME_SIZE - n, "...");
    }
    return out;
}

const char *class_titled(int i, int *class)
{
    pthread_mutex_lock(&lock);
    int at = 0;
    for (; at < n_titles && (title[at].class == CLASS_NONE || i > 0); at++)
        i -= title[at].class != CLASS_NONE;
    const char *text = at < n_titles ? title[at].text : NULL;
    *class = text ? title[at].class : CLASS_NONE;
    pthread_mutex_unlock(&lock);
    return text;
}

void class_forget_titles(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n_titles; i++)
        free(title[i].text);
    free(title);
    title = NULL;
    n_titles = 0;
    pthread_mutex_unlock(&lock);
}

/* ---- lists ---- */

static void put(char letter, char *out, size_t size, size_t *used)
{
    if (*used + 1 < size)
        out[*used] = letter;
    ++*used;
}

size_t class_quote(const char *text, char *out, size_t size)
{
    size_t used = 0, n = strlen(text);
    int quoted = n == 0 || text[strcspn(text, "-,|=\"")] || text[0] == ' ' || text[n - 1] == ' ';
    if (quoted)
        put('"', out, size, &used);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            put('"', out, size, &used);
        put(*p, out, size, &used);
    }
    if (quoted)
        put('"', out, size, &used);
    if (size)
        out[used < size ? used : size - 1] = '\0';
    return used;
}

size_t class_list(const int *class, int n, int titles, char *out, size_t size)
{
    char room[CLASS_NAME_SIZE];
    size_t used = 0;
    if (size)
        *out = '\0';
    for (int i = 0; i < n; i++) {
        const char *text = titles ? class_title(class[i], room) : class_text(class[i], room);
        if (i)
            put('-', out, size, &used);
        used += class_quote(text, used < size ? out + used : NULL, used < size ? size - used : 0);
    }
    return used;
}

/* Copy the name at the front of a list; what follows it, or NULL for quotes that do not end, or are
 * missing. */
static const char *take_name(const char *list, char out[CLASS_NAME_SIZE + 1])
{
    size_t used = 0, blanks = 0;
    int quoted = *list == '"', closed = 0;
    const char *p = list + quoted;
    for (; *p && (quoted || *p != '-'); p++) {
        closed = quoted && *p == '"' && *++p != '"';
        if (closed)
            break;
        put(*p, out, CLASS_NAME_SIZE + 1, &used);
        blanks = *p == ' ' && !quoted ? blanks + 1 : 0;
    }
    out[used <= CLASS_NAME_SIZE ? used - blanks : CLASS_NAME_SIZE] = '\0';
    int bad = quoted ? !closed : p == list || strcspn(list, ",|=\"") < (size_t)(p - list);
    return bad ? NULL : p;
}

int class_next(const char *list, int *class, const char **rest, struct err *err)
{
    char text[CLASS_NAME_SIZE + 1];
    struct err why = {0};
    *rest = NULL;
    list += strspn(list, " ");
    const char *end = take_name(list, text);
    end = end ? end + strspn(end, " ") : NULL;
    if (!end || (*end && *end != '-'))
        return err_set(err, E_USAGE,
                       "'%.80s' is no list of classes: names are joined by -, and one with - , | = or \" in "
                       "it stands in double quotes",
                       list);
    *class = class_find(text, &why);
    if (*class == CLASS_NONE)
        return err_set(err, why.code, "%s", why.text);
    *rest = *end ? end + 1 : NULL;
    return 0;
}
