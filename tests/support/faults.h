/* faults.h - memory and files that fail on demand: the n-th call of a kind, or that and all later ones.
 *
 *     faults_arm(FAULT_WRITE, 3, ENOSPC, 1);      the third write and all after it
 *     ... code under test ...
 *     hit = faults_disarm();                      0: there were not that many calls
 *
 * Link with faults.o and FAULTS of the Makefile. Files fail inside HDF5, too (the functions
 * here come before those of the C library); memory only in this program's own code (the linker's --wrap). */
#ifndef CELLSWEEP_FAULTS_H
#define CELLSWEEP_FAULTS_H

enum fault { FAULT_NONE, FAULT_MEMORY, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME };

/* Instead of an errno: the write takes only half of the bytes. */
enum { FAULT_SHORT = -1 };

/* From now on the n-th call of the kind (n from 1) fails with errno `error`; stays 1: all after it, too. */
void faults_arm(enum fault kind, long n, int error, int stays);

/* No call fails any more. 1 when the n-th was reached, 0 when there were not that many. */
int faults_disarm(void);

#endif
