// AVX-512 VNNI, as servers and newer laptops have it, and AVX2, as nearly all others: simulators and tests.

#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define AVX2 __attribute__((target("avx2")))

// VPDPBUSD multiplies unsigned by signed bytes: a gallery's byte g enters as g + 128, and 128 * sum(query)
// is taken off again.
VNNI static inline __m512i biased(const int8_t *bytes) {
    return _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)0x80));
}

// The sums of four registers' lanes, in four numbers.
VNNI static inline __m128i sums_of_four(__m512i a, __m512i b, __m512i c, __m512i d) {
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

VNNI static void dots_vnni(
    const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots) {
    size_t whole = dimension - dimension % 64, row = 0;
    int32_t bias = 0;
    for (size_t i = 0; i < whole; i++) bias += 128 * (int32_t)query[i];
    for (; row + 4 <= rows; row += 4) {
        const int8_t *at = vectors + row * dimension;
        __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
        for (size_t i = 0; i < whole; i += 64) {
            __m512i q = _mm512_loadu_si512(query + i);
            a = _mm512_dpbusd_epi32(a, biased(at + i), q);
            b = _mm512_dpbusd_epi32(b, biased(at + dimension + i), q);
            c = _mm512_dpbusd_epi32(c, biased(at + 2 * dimension + i), q);
            d = _mm512_dpbusd_epi32(d, biased(at + 3 * dimension + i), q);
        }
        __m128i sums = _mm_sub_epi32(sums_of_four(a, b, c, d), _mm_set1_epi32(bias));
        _mm_storeu_si128((__m128i *)(dots + row), sums);
        for (size_t k = 0; whole < dimension && k < 4; k++) {
            dots[row + k] += cscan_rest(query, at + k * dimension, whole, dimension);
        }
    }
    cscan_dots_portable(query, vectors + row * dimension, rows - row, dimension, dots + row);
}

AVX2 static void dots_avx2(
    const int8_t *query, const int8_t *vectors, size_t rows, size_t dimension, int32_t *dots) {
    size_t whole = dimension - dimension % 16;
    for (size_t row = 0; row < rows; row++) {
        const int8_t *at = vectors + row * dimension;
        __m256i sum = _mm256_setzero_si256();
        for (size_t i = 0; i < whole; i += 16) {
            __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + i)));
            __m256i g = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(at + i)));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(q, g));
        }
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
        dots[row] = _mm_cvtsi128_si32(half) + cscan_rest(query, at, whole, dimension);
    }
}

cscan_choice cscan_best_x86(void) {
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) {
        return (cscan_choice){dots_vnni, "avx512vnni"};
    }
    if (__builtin_cpu_supports("avx2")) return (cscan_choice){dots_avx2, "avx2"};
    return (cscan_choice){0, ""};
}

#else

cscan_choice cscan_best_x86(void) {
    return (cscan_choice){0, ""};
}

#endif
