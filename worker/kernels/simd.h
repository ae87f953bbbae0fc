/* simd.h - one vector of VL floats, so that each fast kernel is written once and compiled for
 * AVX-512 and for AVX2.
 *
 * Included by avx512.c and avx2.c only, before the .inc files. Types: vf floats, vi 32-bit integers, vm one
 * truth value a lane. VN is the number of vector registers: kernels choose their register blocks by it. Loads
 * and stores take any address; 64-byte alignment is faster. */
#ifndef CELLSWEEP_SIMD_H
#define CELLSWEEP_SIMD_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline, unused))

/* foreach (i, n): a loop over a register block, i from 0 to n - 1. Unrolled: only then do arrays of
 * vectors live in registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 36")
#endif
#define foreach(i, n) UNROLL for (size_t i = 0; i < (n); i++)

#if defined(__AVX512F__)

enum { VL = 16, VN = 32 };
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

#define PS(operation)    _mm512_##operation##_ps
#define EPI32(operation) _mm512_##operation##_epi32

#else

enum { VL = 8, VN = 16 };
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm; /* all ones or all zeros */

#define PS(operation)    _mm256_##operation##_ps
#define EPI32(operation) _mm256_##operation##_epi32

#endif

INLINE vf v_load(const float *p)
{
    return PS(loadu)(p);
}
INLINE void v_store(float *p, vf a)
{
    PS(storeu)(p, a);
}
INLINE vf v_set(float a)
{
    return PS(set1)(a);
}
INLINE vf v_zero(void)
{
    return PS(setzero)();
}
INLINE vf v_add(vf a, vf b)
{
    return PS(add)(a, b);
}
INLINE vf v_sub(vf a, vf b)
{
    return PS(sub)(a, b);
}
INLINE vf v_mul(vf a, vf b)
{
    return PS(mul)(a, b);
}
INLINE vf v_div(vf a, vf b)
{
    return PS(div)(a, b);
}
INLINE vf v_sqrt(vf a)
{
    return PS(sqrt)(a);
}
/* a * b + c */
INLINE vf v_fma(vf a, vf b, vf c)
{
    return PS(fmadd)(a, b, c);
}
/* c - a * b */
INLINE vf v_fnma(vf a, vf b, vf c)
{
    return PS(fnmadd)(a, b, c);
}
INLINE vi vi_set(int a)
{
    return EPI32(set1)(a);
}
INLINE vi vi_add(vi a, vi b)
{
    return EPI32(add)(a, b);
}
/* Lane i takes element index[i] (its low two bits) of its own group of four. */
INLINE vf v_pick(vf quads, vi index)
{
    return PS(permutevar)(quads, index);
}
/* Transposes each 128-bit lane of four vectors as a 4x4 matrix. */
INLINE void v_transpose_lanes(vf a[4])
{
    vf t0 = PS(unpacklo)(a[0], a[1]), t1 = PS(unpacklo)(a[2], a[3]);
    vf t2 = PS(unpackhi)(a[0], a[1]), t3 = PS(unpackhi)(a[2], a[3]);
    a[0] = PS(shuffle)(t0, t1, 0x44);
    a[1] = PS(shuffle)(t0, t1, 0xee);
    a[2] = PS(shuffle)(t2, t3, 0x44);
    a[3] = PS(shuffle)(t2, t3, 0xee);
}

#if defined(__AVX512F__)

/* a > b; false for NaN. */
INLINE vm v_gt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
/* Not a <= b; true for NaN. */
INLINE vm v_not_le(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ);
}
/* a != b; true for NaN. */
INLINE vm v_ne(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ);
}
/* a or b is NaN. */
INLINE vm v_unordered(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q);
}
INLINE vm vm_or(vm a, vm b)
{
    return (vm)(a | b);
}
INLINE vm vm_and(vm a, vm b)
{
    return (vm)(a & b);
}
/* Bit i is lane i. */
INLINE unsigned vm_bits(vm a)
{
    return a;
}
INLINE vf v_select(vm m, vf yes, vf no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}
/* a where m, else 0. */
INLINE vf v_keep(vm m, vf a)
{
    return _mm512_maskz_mov_ps(m, a);
}

INLINE vi vi_select(vm m, vi yes, vi no)
{
    return _mm512_mask_blend_epi32(m, no, yes);
}
INLINE vm vi_eq(vi a, vi b)
{
    return _mm512_cmpeq_epi32_mask(a, b);
}
/* VL bytes, widened. */
INLINE vi vi_load_u8(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
INLINE void vi_store_u8(uint8_t *p, vi a)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(a));
}

/* Four floats, repeated in every 128-bit lane. */
INLINE vf v_load_quad(const float *p)
{
    return _mm512_broadcast_f32x4(_mm_loadu_ps(p));
}
/* Four floats each from row[0], row[4], row[8], ..., at offset `at`, one group a 128-bit lane. */
INLINE vf v_load_lanes(const float *const *row, size_t at)
{
    __m512 a = _mm512_castps128_ps512(_mm_loadu_ps(row[0] + at));
    a = _mm512_insertf32x4(a, _mm_loadu_ps(row[4] + at), 1);
    a = _mm512_insertf32x4(a, _mm_loadu_ps(row[8] + at), 2);
    return _mm512_insertf32x4(a, _mm_loadu_ps(row[12] + at), 3);
}

INLINE vi vi_xor(vi a, vi b)
{
    return _mm512_xor_si512(a, b);
}
INLINE vf vi_as_float(vi a)
{
    return _mm512_castsi512_ps(a);
}
INLINE vi v_as_int(vf a)
{
    return _mm512_castps_si512(a);
}
INLINE vi vi_load(const int32_t *p)
{
    return _mm512_loadu_si512(p);
}
INLINE void vi_store(int32_t *p, vi a)
{
    _mm512_storeu_si512(p, a);
}
/* a < b as unsigned integers. */
INLINE vm vi_lt_unsigned(vi a, vi b)
{
    return _mm512_cmplt_epu32_mask(a, b);
}
/* Low and high words of the 64-bit products a * b, unsigned. */
INLINE void vi_mul_wide(vi a, vi b, vi *low, vi *high)
{
    __m512i even = _mm512_mul_epu32(a, b), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), b);
    *low = _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
    *high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
}
/* x (2 VL floats) times scale where the 16-bit half of bits is at least from, else 0. */
INLINE void v_drop(float *x, vi bits, int from, vf scale)
{
    __mmask32 keep = _mm512_cmpge_epu16_mask(bits, _mm512_set1_epi16((short)from));
    v_store(x, _mm512_maskz_mul_ps((vm)keep, v_load(x), scale));
    v_store(x + VL, _mm512_maskz_mul_ps((vm)(keep >> 16), v_load(x + VL), scale));
}

#else

INLINE vm v_gt(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}
INLINE vm v_not_le(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_NLE_UQ);
}
INLINE vm v_ne(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ);
}
INLINE vm v_unordered(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_UNORD_Q);
}
INLINE vm vm_or(vm a, vm b)
{
    return _mm256_or_ps(a, b);
}
INLINE vm vm_and(vm a, vm b)
{
    return _mm256_and_ps(a, b);
}
INLINE unsigned vm_bits(vm a)
{
    return (unsigned)_mm256_movemask_ps(a);
}
INLINE vf v_select(vm m, vf yes, vf no)
{
    return _mm256_blendv_ps(no, yes, m);
}
INLINE vf v_keep(vm m, vf a)
{
    return _mm256_and_ps(m, a);
}

INLINE vi vi_select(vm m, vi yes, vi no)
{
    return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(m));
}
INLINE vm vi_eq(vi a, vi b)
{
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}
INLINE vi vi_load_u8(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
INLINE void vi_store_u8(uint8_t *p, vi a)
{
    __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}

INLINE vf v_load_quad(const float *p)
{
    return _mm256_broadcast_ps((const __m128 *)(const void *)p);
}
INLINE vf v_load_lanes(const float *const *row, size_t at)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row[0] + at)), _mm_loadu_ps(row[4] + at),
                                1);
}

INLINE vi vi_xor(vi a, vi b)
{
    return _mm256_xor_si256(a, b);
}
INLINE vf vi_as_float(vi a)
{
    return _mm256_castsi256_ps(a);
}
INLINE vi v_as_int(vf a)
{
    return _mm256_castps_si256(a);
}
INLINE vi vi_load(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
INLINE void vi_store(int32_t *p, vi a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}
INLINE vm vi_lt_unsigned(vi a, vi b)
{
    __m256i top = _mm256_set1_epi32(INT32_MIN);
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_xor_si256(b, top), _mm256_xor_si256(a, top)));
}
INLINE void vi_mul_wide(vi a, vi b, vi *low, vi *high)
{
    __m256i even = _mm256_mul_epu32(a, b), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b);
    *low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
    *high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}
INLINE void v_drop(float *x, vi bits, int from, vf scale)
{
    __m256i limit = _mm256_set1_epi16((short)from);
    __m256i keep = _mm256_cmpeq_epi16(_mm256_max_epu16(bits, limit), bits);
    __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(keep));
    __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(keep, 1));
    v_store(x, v_keep(_mm256_castsi256_ps(low), v_mul(v_load(x), scale)));
    v_store(x + VL, v_keep(_mm256_castsi256_ps(high), v_mul(v_load(x + VL), scale)));
}

#endif

/* Integer vectors through the lane transpose. */
INLINE void vi_transpose_lanes(vi a[4])
{
    vf f[4] = {vi_as_float(a[0]), vi_as_float(a[1]), vi_as_float(a[2]), vi_as_float(a[3])};
    v_transpose_lanes(f);
    for (int i = 0; i < 4; i++)
        a[i] = v_as_int(f[i]);
}

/* column[q] = row[lane][at + q] for q in 0 .. 3: four columns of VL rows. */
INLINE void v_load_columns(vf column[4], const float *const *row, size_t at)
{
    for (size_t q = 0; q < 4; q++)
        column[q] = v_load_lanes(row + q, at);
    v_transpose_lanes(column);
}

/* The same to dst[q * stride + lane]. */
INLINE void v_transpose_columns(float *dst, size_t stride, const float *const *row, size_t at)
{
    vf a[4];
    v_load_columns(a, row, at);
    for (size_t q = 0; q < 4; q++)
        v_store(dst + q * stride, a[q]);
}

/* The compiler forgets how p came about, so that it keeps p in a register and does not
 * rebuild it from loop invariants. */
INLINE const float *keep_pointer(const float *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* The compiler believes that somebody reads a. */
INLINE void keep_vector(vf a)
{
    __asm__ volatile("" : : "x"(a));
}

/* First address at or after p that starts a cache line. */
INLINE float *align_line(float *p)
{
    return p + (-(uintptr_t)p % 64) / sizeof *p;
}

/* Copies n rows of from_bytes each to rows of to_bytes: as much as fits, zeros after it. */
static inline __attribute__((unused)) void copy_rows(void *to, size_t to_bytes, const void *from,
                                                     size_t from_bytes, size_t n)
{
    size_t bytes = to_bytes < from_bytes ? to_bytes : from_bytes;
    for (size_t i = 0; i < n; i++) {
        char *row = (char *)to + i * to_bytes;
        memcpy(row, (const char *)from + i * from_bytes, bytes);
        memset(row + bytes, 0, to_bytes - bytes);
    }
}

INLINE size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}
INLINE size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
