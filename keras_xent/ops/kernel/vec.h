// Vectors as wide as the instruction set this file is compiled for, in the
// compiler's own vector extension: one text for SSE2, AVX2, AVX-512 and NEON.
//
// Everything here is in a namespace of the instruction set, so that the linker
// never merges two compilations of the same function.
#ifndef KERAS_XENT_VEC_H_
#define KERAS_XENT_VEC_H_

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "task.h"

#define KERAS_XENT_INLINE static inline __attribute__((always_inline))

namespace keras_xent {
namespace KERAS_XENT_ISA {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float FloatVec __attribute__((vector_size(kVectorBytes)));
typedef int32_t Int32Vec __attribute__((vector_size(kVectorBytes)));
typedef uint32_t UInt32Vec __attribute__((vector_size(kVectorBytes)));
typedef uint16_t UInt16Vec __attribute__((vector_size(kVectorBytes / 2)));
typedef float HalfFloatVec __attribute__((vector_size(kVectorBytes / 2)));
typedef double DoubleVec __attribute__((vector_size(kVectorBytes)));
typedef int64_t Int64Vec __attribute__((vector_size(kVectorBytes)));
typedef uint64_t UInt64Vec __attribute__((vector_size(kVectorBytes)));

template <typename F>
struct VecOf;
template <>
struct VecOf<float> {
  using type = FloatVec;
};
template <>
struct VecOf<double> {
  using type = DoubleVec;
};
template <typename F>
using Vec = typename VecOf<F>::type;

template <typename F>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(F));

template <typename To, typename From>
KERAS_XENT_INLINE To BitCast(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "BitCast keeps the size");
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

template <typename F>
KERAS_XENT_INLINE Vec<F> Broadcast(F value) {
  return value - Vec<F>{};
}

// ---- float16 and bfloat16, as vectors of float -----------------------------

KERAS_XENT_INLINE FloatVec ToFloat(Half, UInt16Vec stored) {
  UInt32Vec h = __builtin_convertvector(stored, UInt32Vec);
  UInt32Vec sign = (h & 0x8000u) << 16;
  UInt32Vec magnitude = (h & 0x7fffu) << 13;
  // The exponents' biases differ by 112. A multiplication moves subnormal
  // halves into place too; infinities and NaN get the largest exponent.
  FloatVec value = BitCast<FloatVec>(magnitude) * 0x1p112f;
  UInt32Vec bits = BitCast<UInt32Vec>(value);
  bits = magnitude >= (0x7c00u << 13) ? (bits | 0x7f800000u) : bits;
  return BitCast<FloatVec>(bits | sign);
}

KERAS_XENT_INLINE UInt16Vec FromFloat(Half, FloatVec value) {
  UInt32Vec bits = BitCast<UInt32Vec>(value);
  UInt32Vec sign = (bits >> 16) & 0x8000u;
  UInt32Vec magnitude = bits & 0x7fffffffu;
  // Round to nearest, ties to even: add just under half a unit of the last
  // place that stays, and one more where that place is odd.
  UInt32Vec normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // 0.5f has its last place at 2^-24, the step of subnormal halves: adding it
  // lets the processor round.
  UInt32Vec subnormal = BitCast<UInt32Vec>(BitCast<FloatVec>(magnitude) + 0.5f) - 0x3f000000u;
  UInt32Vec result = magnitude < 0x38800000u ? subnormal : normal;
  result = magnitude >= 0x477ff000u ? UInt32Vec{} + 0x7c00u : result;
  result = magnitude > 0x7f800000u ? UInt32Vec{} + 0x7e00u : result;
  return __builtin_convertvector(result | sign, UInt16Vec);
}

KERAS_XENT_INLINE FloatVec ToFloat(BFloat16, UInt16Vec stored) {
  return BitCast<FloatVec>(__builtin_convertvector(stored, UInt32Vec) << 16);
}

KERAS_XENT_INLINE UInt16Vec FromFloat(BFloat16, FloatVec value) {
  UInt32Vec bits = BitCast<UInt32Vec>(value);
  UInt32Vec rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  UInt32Vec quiet_nan = (bits >> 16) | 0x40u;
  UInt32Vec is_nan = BitCast<UInt32Vec>((bits & 0x7fffffffu) > 0x7f800000u);
  return __builtin_convertvector(is_nan ? quiet_nan : rounded, UInt16Vec);
}

// ---- loads and stores ------------------------------------------------------

template <typename V, typename T>
KERAS_XENT_INLINE V LoadRaw(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

KERAS_XENT_INLINE FloatVec Load(const float* from) { return LoadRaw<FloatVec>(from); }
KERAS_XENT_INLINE DoubleVec Load(const double* from) { return LoadRaw<DoubleVec>(from); }
KERAS_XENT_INLINE FloatVec Load(const Half* from) {
  return ToFloat(Half{}, LoadRaw<UInt16Vec>(from));
}
KERAS_XENT_INLINE FloatVec Load(const BFloat16* from) {
  return ToFloat(BFloat16{}, LoadRaw<UInt16Vec>(from));
}

template <typename F>
KERAS_XENT_INLINE void Store(F* to, Vec<F> v) {
  std::memcpy(to, &v, sizeof(v));
}
KERAS_XENT_INLINE void Store(Half* to, FloatVec v) {
  UInt16Vec raw = FromFloat(Half{}, v);
  std::memcpy(to, &raw, sizeof(raw));
}
KERAS_XENT_INLINE void Store(BFloat16* to, FloatVec v) {
  UInt16Vec raw = FromFloat(BFloat16{}, v);
  std::memcpy(to, &raw, sizeof(raw));
}

// Loads `count` < lanes elements; the other lanes are zero.
template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadPartial(const T* from, int64_t count) {
  T lanes[kLanes<Real<T>>] = {};
  std::memcpy(lanes, from, static_cast<size_t>(count) * sizeof(T));
  return Load(lanes);
}

template <typename T>
KERAS_XENT_INLINE void StorePartial(T* to, Vec<Real<T>> v, int64_t count) {
  T lanes[kLanes<Real<T>>];
  Store(lanes, v);
  std::memcpy(to, lanes, static_cast<size_t>(count) * sizeof(T));
}

#if defined(__AVX512F__)
// The same in one masked instruction.
KERAS_XENT_INLINE __mmask16 FirstLanes(int64_t count) {
  return static_cast<__mmask16>((1u << count) - 1u);
}
KERAS_XENT_INLINE FloatVec LoadPartial(const float* from, int64_t count) {
  return BitCast<FloatVec>(_mm512_maskz_loadu_ps(FirstLanes(count), from));
}
KERAS_XENT_INLINE DoubleVec LoadPartial(const double* from, int64_t count) {
  return BitCast<DoubleVec>(_mm512_maskz_loadu_pd(static_cast<__mmask8>(FirstLanes(count)), from));
}
KERAS_XENT_INLINE void StorePartial(float* to, FloatVec v, int64_t count) {
  _mm512_mask_storeu_ps(to, FirstLanes(count), BitCast<__m512>(v));
}
KERAS_XENT_INLINE void StorePartial(double* to, DoubleVec v, int64_t count) {
  _mm512_mask_storeu_pd(to, static_cast<__mmask8>(FirstLanes(count)), BitCast<__m512d>(v));
}
#endif

// Stores a vector past the caches; `to` is aligned to the vector that is
// written. StreamFence() orders the stores before whatever follows.
#if defined(__AVX512F__)
KERAS_XENT_INLINE void StreamBytes(void* to, __m512i v) {
  _mm512_stream_si512(static_cast<__m512i*>(to), v);
}
KERAS_XENT_INLINE void StreamBytes(void* to, __m256i v) {
  _mm256_stream_si256(static_cast<__m256i*>(to), v);
}
#elif defined(__AVX__)
KERAS_XENT_INLINE void StreamBytes(void* to, __m256i v) {
  _mm256_stream_si256(static_cast<__m256i*>(to), v);
}
KERAS_XENT_INLINE void StreamBytes(void* to, __m128i v) {
  _mm_stream_si128(static_cast<__m128i*>(to), v);
}
#elif defined(__x86_64__)
KERAS_XENT_INLINE void StreamBytes(void* to, __m128i v) {
  _mm_stream_si128(static_cast<__m128i*>(to), v);
}
#endif

#if defined(__AVX512F__)
typedef __m512i FullBits;
typedef __m256i HalfBits;
#elif defined(__AVX__)
typedef __m256i FullBits;
typedef __m128i HalfBits;
#elif defined(__x86_64__)
typedef __m128i FullBits;
#endif

#if defined(__x86_64__)
template <typename F>
KERAS_XENT_INLINE void StoreStreaming(F* to, Vec<F> v) {
  StreamBytes(to, BitCast<FullBits>(v));
}
KERAS_XENT_INLINE void StreamFence() { _mm_sfence(); }
#else
template <typename F>
KERAS_XENT_INLINE void StoreStreaming(F* to, Vec<F> v) {
  Store(to, v);
}
KERAS_XENT_INLINE void StreamFence() {}
#endif

#if defined(__AVX__)
template <typename T>
KERAS_XENT_INLINE void StoreStreaming16(T* to, FloatVec v) {
  StreamBytes(to, BitCast<HalfBits>(FromFloat(T{}, v)));
}
#else
template <typename T>
KERAS_XENT_INLINE void StoreStreaming16(T* to, FloatVec v) {
  Store(to, v);
}
#endif
KERAS_XENT_INLINE void StoreStreaming(Half* to, FloatVec v) { StoreStreaming16(to, v); }
KERAS_XENT_INLINE void StoreStreaming(BFloat16* to, FloatVec v) { StoreStreaming16(to, v); }

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_VEC_H_
