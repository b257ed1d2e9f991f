// Chooses the kernel; the portable one, which compilers vectorise by themselves.

#include "kernels.h"

void cscan_dots_portable(
    const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots) {
    for (size_t row = 0; row < rows; row++) {
        dots[row] = cscan_rest(query, vectors + row * dimension, 0, dimension);
    }
}

static cscan_choice best(void) {
    cscan_choice choice = cscan_best_x86();
    if (!choice.run) choice = cscan_best_arm();
    if (!choice.run) choice = (cscan_choice){cscan_dots_portable, "portable"};
    return choice;
}

void cscan_dots(const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots) {
    best().run(query, vectors, rows, dimension, dots);
}

const char *cscan_instructions(void) {
    return best().name;
}
