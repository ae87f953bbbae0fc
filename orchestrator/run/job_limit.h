/* job_limit.h - how long an attempt at a job may take (run --job-limit): so many seconds, or a multiple of
 * what comparable jobs took. No MPI. */
#ifndef CELLSWEEP_JOB_LIMIT_H
#define CELLSWEEP_JOB_LIMIT_H

struct job_limit {
    double seconds; /* 0: not in seconds */
    double times;   /* of the usual time; 0: no multiple */
};

/* "5x" (a number above 1), or a time as deadline_parse() takes it. 0; -1 for anything else. */
int job_limit_parse(const char *text, struct job_limit *out);

/* Seconds for a job whose like usually take `usual`, NaN: not known yet. INFINITY: no limit. A multiple is
 * never below job_limit_least: what takes a moment may well take ten. */
double job_limit_of(const struct job_limit *limit, double usual);

extern const double job_limit_least;

#endif
