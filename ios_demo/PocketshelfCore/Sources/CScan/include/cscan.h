#ifndef POCKETSHELF_CSCAN_H
#define POCKETSHELF_CSCAN_H

#include <stddef.h>
#include <stdint.h>

/// Dot products of one int8 query with `rows` int8 vectors of `dimension` numbers, one after the other.
///
/// Exact: sums are 32-bit, so `dimension` may be up to 131,071 (131,071 * 128 * 128 < 2^31).
/// The widest instructions that the processor has are chosen at the first call.
void cscan_dots(const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots);

/// The same in portable C, whatever the processor has: what the others are tested against.
void cscan_dots_portable(
    const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots);

/// Which instructions `cscan_dots` uses here: "avx512vnni", "avx2", "neon-dotprod" or "portable".
const char *cscan_instructions(void);

#endif
