// SDOT, which iPhones have from the A13 on (ARMv8.2's optional dot product); older ones run the portable kernel,
// whose loop compilers turn into plain NEON.

#include "kernels.h"

#if defined(__aarch64__) && defined(__clang__)

#include <arm_neon.h>

#if defined(__APPLE__)
#include <sys/sysctl.h>
static int has_dot_product(void) {
    int present = 0;
    size_t size = sizeof present;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &present, &size, 0, 0) == 0 && present;
}
#elif defined(__linux__)
#include <sys/auxv.h>
// HWCAP_ASIMDDP of asm/hwcap.h.
static int has_dot_product(void) {
    return (getauxval(AT_HWCAP) >> 20) & 1;
}
#else
static int has_dot_product(void) {
    return 0;
}
#endif

__attribute__((target("dotprod"))) static void dots_neon(
    const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots) {
    size_t whole = dimension - dimension % 32;
    for (size_t row = 0; row < rows; row++) {
        const int8_t *at = vectors + row * dimension;
        int32x4_t low = vdupq_n_s32(0), high = low;
        for (size_t i = 0; i < whole; i += 32) {
            low = vdotq_s32(low, vld1q_s8(query + i), vld1q_s8(at + i));
            high = vdotq_s32(high, vld1q_s8(query + i + 16), vld1q_s8(at + i + 16));
        }
        dots[row] = vaddvq_s32(vaddq_s32(low, high)) + cscan_rest(query, at, whole, dimension);
    }
}

cscan_choice cscan_best_arm(void) {
    static int known = -1;  // Whoever races here writes the same.
    if (known < 0) known = has_dot_product();
    return known ? (cscan_choice){dots_neon, "neon-dotprod"} : (cscan_choice){0, ""};
}

#else

cscan_choice cscan_best_arm(void) {
    return (cscan_choice){0, ""};
}

#endif
