#include "write/number_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_EXPONENT = -4 };

/* 1e-4 as far as double knows it; all from 1 on are exact. */
static const double power[] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                               1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static double power_of(int exponent)
{
    return power[exponent - LEAST_EXPONENT];
}

/* Of 1e-4 <= x < 10^(most + 1). */
static int exponent_of(double x, int most)
{
    int e = LEAST_EXPONENT;
    while (e < most && x >= power_of(e + 1))
        e++;
    return e;
}

/* The digits of x as a whole number; 0 where the product below, which is rounded once, may be on the wrong
 * side of a half, or where x has another exponent than was thought. */
static uint64_t digits_of(double x, int exponent, int digits)
{
    long double shifted = (long double)x * (long double)power_of(digits - 1 - exponent);
    if (!(shifted >= (long double)power_of(digits - 1) && shifted < (long double)power_of(digits) - 1))
        return 0;
    uint64_t whole = (uint64_t)shifted;
    long double rest = shifted - (long double)whole;
    if (fabsl(rest - 0.5L) < 1e-3L) /* the error is below 2e-4, even where long double is double */
        return 0;
    return whole + (rest > 0.5L);
}

/* Digits without zeros at their end, and a dot if any are behind it. */
static size_t place(char *out, uint64_t value, int exponent, int digits)
{
    char all[NUMBER_TEXT_MOST_DIGITS] = {0};
    int n = digits, i = exponent < 0 ? exponent : 0;
    for (int k = digits - 1; k >= 0; k--, value /= 10)
        all[k] = (char)('0' + value % 10);
    while (n > 1 && all[n - 1] == '0')
        n--;
    char *at = out;
    for (int dot = i < 0 ? i + 1 : exponent + 1; i < n || i < dot; i++) {
        if (i == dot)
            *at++ = '.';
        *at++ = (char)(i >= 0 && i < n ? all[i] : '0');
    }
    *at = '\0';
    return (size_t)(at - out);
}

size_t number_text(char out[NUMBER_TEXT_SIZE], double x, int digits)
{
    double size = fabs(x);
    uint64_t value = 0;
    int exponent = 0, is_plain = size >= power_of(LEAST_EXPONENT) && size < power_of(digits - 1);
    if (is_plain) {
        exponent = exponent_of(size, digits - 2);
        value = digits_of(size, exponent, digits);
    }
    if (value == 0)
        return (size_t)snprintf(out, NUMBER_TEXT_SIZE, "%.*g", digits, x);
    *out = '-';
    return (x < 0) + place(out + (x < 0), value, exponent, digits);
}
