#include "figures/gnuplot.h"

#include "class_name.h"
#include "write/output.h"
#include "target.h"

#include <math.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_FORMATS = 3 };
static const char *const formats[N_FORMATS] = {"png", "svg", "pdf"};

extern char **environ;

/* And what all figures have in common. Fonts of a PNG grow with its dots, and everything else with both. */
static void write_terminals(FILE *file)
{
    fputs("if (format eq 'png') set terminal pngcairo noenhanced font plain(12) size "
          "dots*scale*width,dots*scale*height fontscale dots linewidth dots*scale pointscale dots*scale "
          "dashlength dots*scale\n"
          "if (format eq 'svg') set terminal svg noenhanced font plain(9.6) size scale*width,scale*height "
          "background 'white' linewidth 1.2*scale\n"
          "if (format eq 'pdf') set terminal pdfcairo noenhanced font plain(12) size "
          "scale*width/96,scale*height/96 linewidth 1.5*scale dashlength 1.5*scale\n"
          "set encoding utf8\n"
          "set output target\n"
          "set datafile separator tab\n"
          "set datafile columnheaders\n"
          "set datafile missing 'NaN'\n"
          "set border 3 lc rgb '" PALETTE_GREY "'\n"
          "set tics nomirror out scale 0.5 textcolor rgb '" PALETTE_DARK "'\n"
          "set format '%g'\n" /* the default begins with a blank */
          "set grid lt 1 lc rgb '" PALETTE_GRID "'\n"
          "set key off\n"
          /* SVG keeps axes and their titles as far apart as larger letters would need */
          "set tics font ''.plain(12); set xlabel font ''.plain(12); set ylabel font ''.plain(12); set title "
          "font ''.plain(12)\n",
          file);
}

void gnuplot_begin(FILE *file, const char *name, int width, int height, const struct figstyle *style)
{
    fprintf(file,
            "# %s, drawn by cellsweep from the data beside this script. To draw it again:\n"
            "#     gnuplot %s.gp                          %s.png\n"
            "#     gnuplot -e \"format='pdf'\" %s.gp        %s.pdf (or svg)\n"
            "if (!exists('format')) format = 'png'\n"
            "if (!exists('target')) target = '%s.'.format\n"
            "width = %d.\n"
            "height = %d.\n"
            "scale = %.6g   # of everything; the layout is made for letters of 12 points\n"
            "dots = %s   # pixels of the PNG for one of the layout\n"
            "points = (format eq 'png' ? 1 : format eq 'svg' ? 4./3 : 1.5)*scale   # what a terminal calls a "
            "point differs\n"
            "mark = format eq 'png' ? 1 : format eq 'svg' ? 0.71 : scale/1.29   # marks differ, "
            "too; those of SVG follow its letters\n"
            "tight = format eq 'svg' ? 0.77 : 1   # and lines of a legend\n"
            "plain(size) = sprintf('DejaVu Sans,%%g', size*points)\n"
            "bold(size) = sprintf('DejaVu Sans Bold,%%g', size*points)\n",
            name, name, name, name, name, name, width, height, figstyle_scale(style),
            style && (style->width > 0 || style->font > 0) ? "300/96." : "2");
    write_terminals(file);
}

int gnuplot_open(struct output *out, const char *dir, const char *name, int width, int height,
                 const struct figstyle *style, struct err *err)
{
    char file[512];
    snprintf(file, sizeof file, "%s.gp", name);
    int rc = output_open(out, dir, file, err);
    if (rc == 0)
        gnuplot_begin(out->file, name, width, height, style);
    return rc;
}

int gnuplot_open_data(struct output *out, const char *dir, const char *name, struct err *err)
{
    char file[512];
    snprintf(file, sizeof file, "%s.tsv", name);
    return output_open(out, dir, file, err);
}

/* A doubled apostrophe is one, but not at the beginning; and after an odd one in double quotes @name
 * is taken for a macro. */
void gnuplot_quote(FILE *file, const char *text)
{
    fputc('\'', file);
    for (const char *c = text; *c; c++)
        if (*c == '\n')
            fputs("'.\"\\n\".'", file);
        else if (*c == '\'' || *c == '@')
            fprintf(file, "'.\"%c\".'", *c);
        else
            fputc((unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c, file);
    fputc('\'', file);
}

static int start(pid_t *pid, const char *dir, const char *name, const char *format, const char *target,
                 struct err *err)
{
    char program[] = "gnuplot", plain[] = "-d", flag[] = "-e", commands[OUTPUT_PATH_SIZE], script[512];
    char *argv[] = {program, plain, flag, commands, script, NULL}; /* -d: not the user's own defaults */
    posix_spawn_file_actions_t actions;
    setenv("LC_ALL", "C.UTF-8", 1); /* the texts are UTF-8 wherever this runs; numbers have points */
    int rc;
    snprintf(commands, sizeof commands, "format='%s'; target='%s'", format, strrchr(target, '/') + 1);
    snprintf(script, sizeof script, "%s.gp", name);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, dir);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    rc = posix_spawnp(pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc == ENOENT)
        return err_set(
            err, E_IO,
            "gnuplot is not installed (Debian: gnuplot-nox), so no pictures were drawn; data and scripts "
            "are in %s, run the command again after installing it",
            dir);
    if (rc != 0)
        return err_set(err, E_IO, "%s/%s: cannot start gnuplot: %s", dir, script, strerror(rc));
    return 0;
}

/* Wait for one child; its picture replaces the old one, or is removed when it is not whole. */
static int finish(pid_t pid, const char *dir, const char *name, const char *format, const char *target,
                  struct err *err)
{
    char path[OUTPUT_PATH_SIZE];
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        unlink(target);
        return err_set(err, E_IO, "%s/%s.gp: gnuplot could not draw the %s; what it says stands above", dir,
                       name, format);
    }
    snprintf(path, sizeof path, "%s/%s.%s", dir, name, format);
    if (rename(target, path) != 0) {
        unlink(target);
        return err_set(err, E_IO, "%s: cannot write the picture: %s", path, strerror(errno));
    }
    return 0;
}

/* An empty file for gnuplot to write into, which nobody else can have put there. */
static int begin_picture(char target[OUTPUT_PATH_SIZE], const char *dir, const char *file, struct err *err)
{
    char path[OUTPUT_PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s/%s", dir, file);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, E_IO, "%s/%s: the path is too long", dir, file);
    int fd = target_temporary(path, target, OUTPUT_PATH_SIZE, err);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

int gnuplot_render(const char *dir, const char *name, struct err *err)
{
    char target[N_FORMATS][OUTPUT_PATH_SIZE], file[512];
    pid_t pid[N_FORMATS];
    int started = 0, rc = 0;
    for (int i = 0; i < N_FORMATS && rc == 0; i++) {
        snprintf(file, sizeof file, "%s.%s", name, formats[i]);
        rc = begin_picture(target[i], dir, file, err);
        if (rc < 0)
            break;
        rc = start(&pid[i], dir, name, formats[i], target[i], err);
        if (rc == 0)
            started++;
        else
            unlink(target[i]);
    }
    for (int i = 0; i < started; i++) {
        int ended = finish(pid[i], dir, name, formats[i], target[i], rc == 0 ? err : NULL);
        rc = rc == 0 ? ended : rc;
    }
    return rc;
}

void gnuplot_number(FILE *file, double x)
{
    if (isnan(x))
        fputs("\tNaN", file);
    else
        fprintf(file, "\t%.9g", x);
}

void gnuplot_quote_class(FILE *file, int class, int letters)
{
    char name[CLASS_NAME_SIZE], text[2 * CLASS_NAME_SIZE];
    size_t n = 0;
    class_short(class, letters, name);
    for (const char *p = name; *p; p++) {
        if (*p == '%')
            text[n++] = '%';
        text[n++] = *p;
    }
    text[n] = '\0';
    gnuplot_quote(file, text);
}
