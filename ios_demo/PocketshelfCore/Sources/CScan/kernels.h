#ifndef POCKETSHELF_CSCAN_KERNELS_H
#define POCKETSHELF_CSCAN_KERNELS_H

#include "include/cscan.h"

/// A kernel, and what it is called; all compute the same numbers.
typedef void (*cscan_kernel)(const int8_t *, const int8_t *, size_t, size_t, int32_t *);
typedef struct {
    cscan_kernel run;
    const char *name;
} cscan_choice;

/// The processor's best kernel; `run` is NULL where it has nothing better than portable C.
cscan_choice cscan_best_x86(void);
cscan_choice cscan_best_arm(void);

/// The dot product of the numbers from `from` on: what is left where `dimension` is no multiple of a register.
static inline int32_t cscan_rest(const int8_t *a, const int8_t *b, size_t from, size_t dimension) {
    int32_t sum = 0;
    for (size_t i = from; i < dimension; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

#endif
