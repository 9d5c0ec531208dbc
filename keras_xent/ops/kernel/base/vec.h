// Vectors of the width of the instruction set that this file is compiled for. They
// use the compiler's vector extension: one source for SSE2, AVX2, AVX-512 and NEON.
//
// Everything here is in a namespace of the instruction set. Otherwise the linker
// would merge two compilations of the same function.
#ifndef KERAS_XENT_BASE_VEC_H_
#define KERAS_XENT_BASE_VEC_H_

#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/numbers.h"

#define KERAS_XENT_INLINE static KERAS_XENT_ALWAYS_INLINE

namespace keras_xent {
namespace KERAS_XENT_ISA {

#if defined(KERAS_XENT_VECTOR_BYTES)
constexpr int kVectorBytes = KERAS_XENT_VECTOR_BYTES;  // for tests: wider than the instructions
#elif defined(__AVX512F__)
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

// An integer vector as wide as Vec<F>, for counting and for the results of comparisons.
template <typename F>
struct IntegersOf {
  using type = Int32Vec;
};
template <>
struct IntegersOf<double> {
  using type = Int64Vec;
};
template <typename F>
using Integers = typename IntegersOf<F>::type;

// As many stored elements as a Vec<Real<T>> has lanes.
template <typename T>
struct RawOf {
  using type = UInt16Vec;
};
template <>
struct RawOf<float> {
  using type = UInt32Vec;
};
template <>
struct RawOf<double> {
  using type = UInt64Vec;
};
template <typename T>
using Raw = typename RawOf<T>::type;

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

template <typename F>
constexpr F kInfinity = std::numeric_limits<F>::infinity();

template <typename F>
KERAS_XENT_INLINE Vec<F> MinusInfinity() {
  return Vec<F>{} - kInfinity<F>;
}

// In this order, it keeps a NaN in a, ignores a NaN in b, and is one instruction on x86.
template <typename F>
KERAS_XENT_INLINE Vec<F> Max(Vec<F> a, Vec<F> b) {
  return b > a ? b : a;
}

// ---- lanes -----------------------------------------------------------------

// The lanes kIndices of a followed by b.
template <typename V, int... kIndices>
KERAS_XENT_INLINE V Shuffle(V a, V b, std::integer_sequence<int, kIndices...>) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define KERAS_XENT_HAS_SHUFFLE
#endif
#endif
#ifdef KERAS_XENT_HAS_SHUFFLE
  return __builtin_shufflevector(a, b, kIndices...);
#else
  constexpr int kCount = sizeof...(kIndices);
  return V{(kIndices < kCount ? a : b)[kIndices % kCount]...};
#endif
}

template <int kBy, typename V, int... I>
KERAS_XENT_INLINE V Rotate(V v, std::integer_sequence<int, I...>) {
  return Shuffle(v, v, std::integer_sequence<int, (I + kBy) % static_cast<int>(sizeof...(I))...>());
}

// Combines all lanes by halves, so few operations wait for one another.
template <typename V, typename Combine, int kBy = sizeof(V) / sizeof(V{}[0]) / 2>
KERAS_XENT_INLINE auto Fold(V v, Combine combine) {
  constexpr int kCount = sizeof(V) / sizeof(V{}[0]);
  const V folded = combine(v, Rotate<kBy>(v, std::make_integer_sequence<int, kCount>()));
  if constexpr (kBy > 1) {
    return Fold<V, Combine, kBy / 2>(folded, combine);
  } else {
    return folded[0];
  }
}

template <typename F>
KERAS_XENT_INLINE F MaxOfLanes(Vec<F> v) {
  return Fold(v, [](Vec<F> a, Vec<F> b) __attribute__((always_inline)) { return Max<F>(a, b); });
}

template <typename V>
KERAS_XENT_INLINE auto SumOfLanes(V v) {
  return Fold(v, [](V a, V b) __attribute__((always_inline)) { return a + b; });
}

// Which lanes are in [from, to). Both can be far outside of the lanes.
template <typename F>
KERAS_XENT_INLINE Integers<F> LanesBetween(int64_t from, int64_t to) {
  const auto clamp = [](int64_t n) {
    return static_cast<int>(n < 0 ? 0 : n > kLanes<F> ? kLanes<F> : n);
  };
  Integers<F> lane;
  for (int i = 0; i < kLanes<F>; ++i) lane[i] = i;
  return (lane >= clamp(from)) & (lane < clamp(to));
}

template <typename V>
KERAS_XENT_INLINE bool IsAnyBitSet(V v) {
  uint64_t words[sizeof(V) / sizeof(uint64_t)];
  std::memcpy(words, &v, sizeof(v));
  uint64_t any = 0;
  for (uint64_t word : words) any |= word;
  return any != 0;
}

// ---- float16 and bfloat16, as vectors of float -----------------------------

#if defined(__AVX512F__)
KERAS_XENT_INLINE FloatVec ToFloat(Half, UInt16Vec stored) {
  return BitCast<FloatVec>(_mm512_cvtph_ps(BitCast<__m256i>(stored)));
}
KERAS_XENT_INLINE UInt16Vec FromFloat(Half, FloatVec value) {
  return BitCast<UInt16Vec>(
      _mm512_cvtps_ph(BitCast<__m512>(value), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#elif defined(__F16C__)
KERAS_XENT_INLINE FloatVec ToFloat(Half, UInt16Vec stored) {
  return BitCast<FloatVec>(_mm256_cvtph_ps(BitCast<__m128i>(stored)));
}
KERAS_XENT_INLINE UInt16Vec FromFloat(Half, FloatVec value) {
  return BitCast<UInt16Vec>(_mm256_cvtps_ph(BitCast<__m256>(value), _MM_FROUND_TO_NEAREST_INT));
}
#else
KERAS_XENT_INLINE FloatVec ToFloat(Half, UInt16Vec stored) {
  UInt32Vec h = __builtin_convertvector(stored, UInt32Vec);
  UInt32Vec sign = (h & 0x8000u) << 16;
  UInt32Vec magnitude = (h & 0x7fffu) << 13;
  // The exponents' biases differ by 112. A multiplication moves subnormal
  // halves into place too. Infinities and NaN get the largest exponent.
  FloatVec value = BitCast<FloatVec>(magnitude) * 0x1p112f;
  UInt32Vec bits = BitCast<UInt32Vec>(value);
  bits = magnitude >= (0x7c00u << 13) ? (bits | 0x7f800000u) : bits;
  return BitCast<FloatVec>(bits | sign);
}

KERAS_XENT_INLINE UInt16Vec FromFloat(Half, FloatVec value) {
  UInt32Vec bits = BitCast<UInt32Vec>(value);
  UInt32Vec sign = (bits >> 16) & 0x8000u;
  UInt32Vec magnitude = bits & 0x7fffffffu;
  // Rounds to nearest, ties to even: adds slightly less than half a unit of the
  // last remaining place, and one more if that place is odd.
  UInt32Vec normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // The last place of 0.5f is 2^-24, the step of subnormal halves, so adding it makes the processor
  // round.
  UInt32Vec subnormal = BitCast<UInt32Vec>(BitCast<FloatVec>(magnitude) + 0.5f) - 0x3f000000u;
  UInt32Vec result = magnitude < 0x38800000u ? subnormal : normal;
  result = magnitude >= 0x477ff000u ? UInt32Vec{} + 0x7c00u : result;
  result = magnitude > 0x7f800000u ? UInt32Vec{} + 0x7e00u : result;
  return __builtin_convertvector(result | sign, UInt16Vec);
}
#endif

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

// ---- float and double ------------------------------------------------------
//
// Converts the lower (0) or upper (1) half of a vector of float to double, and both
// back, with a few instructions that GCC doesn't find.

KERAS_XENT_INLINE DoubleVec ToDoubles(FloatVec v, int half) {
#if defined(__AVX512F__)
  const __m512d bits = BitCast<__m512d>(v);
  const __m256d part = half ? _mm512_extractf64x4_pd(bits, 1) : _mm512_castpd512_pd256(bits);
  return BitCast<DoubleVec>(_mm512_cvtps_pd(_mm256_castpd_ps(part)));
#elif defined(__AVX__)
  const __m256 all = BitCast<__m256>(v);
  const __m128 part = half ? _mm256_extractf128_ps(all, 1) : _mm256_castps256_ps128(all);
  return BitCast<DoubleVec>(_mm256_cvtps_pd(part));
#else
  HalfFloatVec halves[2];
  std::memcpy(halves, &v, sizeof(v));
  return __builtin_convertvector(halves[half], DoubleVec);
#endif
}
KERAS_XENT_INLINE DoubleVec ToDoubles(DoubleVec v, int) { return v; }

KERAS_XENT_INLINE FloatVec FromDoubles(float, DoubleVec low, DoubleVec high) {
#if defined(__AVX512F__)
  const __m256 lower = _mm512_cvtpd_ps(BitCast<__m512d>(low));
  const __m256 upper = _mm512_cvtpd_ps(BitCast<__m512d>(high));
  const __m512d lower_bits = _mm512_castpd256_pd512(_mm256_castps_pd(lower));
  return BitCast<FloatVec>(_mm512_insertf64x4(lower_bits, _mm256_castps_pd(upper), 1));
#elif defined(__AVX__)
  const __m128 lower = _mm256_cvtpd_ps(BitCast<__m256d>(low));
  const __m128 upper = _mm256_cvtpd_ps(BitCast<__m256d>(high));
  return BitCast<FloatVec>(_mm256_insertf128_ps(_mm256_castps128_ps256(lower), upper, 1));
#else
  const HalfFloatVec halves[2] = {__builtin_convertvector(low, HalfFloatVec),
                                  __builtin_convertvector(high, HalfFloatVec)};
  FloatVec v;
  std::memcpy(&v, halves, sizeof(v));
  return v;
#endif
}
// A vector of double has only one part. The second is not used.
KERAS_XENT_INLINE DoubleVec FromDoubles(double, DoubleVec part, DoubleVec) { return part; }

// ---- loads and stores ------------------------------------------------------

template <typename V, typename T>
KERAS_XENT_INLINE V LoadRaw(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

// Converts the stored type to the type of the arithmetic, and back.
template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> FromRaw(Raw<T> raw) {
  if constexpr (sizeof(T) == sizeof(Real<T>)) {
    return BitCast<Vec<T>>(raw);
  } else {
    return ToFloat(T{}, raw);
  }
}
template <typename T>
KERAS_XENT_INLINE Raw<T> ToRaw(Vec<Real<T>> v) {
  if constexpr (sizeof(T) == sizeof(Real<T>)) {
    return BitCast<Raw<T>>(v);
  } else {
    return FromFloat(T{}, v);
  }
}

template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> Load(const T* from) {
  return FromRaw<T>(LoadRaw<Raw<T>>(from));
}

template <typename T>
KERAS_XENT_INLINE void Store(T* to, Vec<Real<T>> v) {
  const Raw<T> raw = ToRaw<T>(v);
  std::memcpy(to, &raw, sizeof(raw));
}

// Copies `count` < 2 * kMost elements, in pieces of constant size. The count is usually the same as
// before, and calling memcpy takes longer.
template <int kMost, typename T>
KERAS_XENT_INLINE void CopyFew(const T* from, T* to, int64_t count) {
  if (count & kMost) {
    std::memcpy(to, from, kMost * sizeof(T));
    from += kMost;
    to += kMost;
  }
  if constexpr (kMost > 1) CopyFew<kMost / 2>(from, to, count);
}

// Loads `count` < lanes elements. The other lanes are zero.
template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadPartial(const T* from, int64_t count) {
  T lanes[kLanes<Real<T>>] = {};
  CopyFew<kLanes<Real<T>> / 2>(from, lanes, count);
  return Load(lanes);
}

template <typename T>
KERAS_XENT_INLINE Real<T> LoadOne(const T* from) {
  return LoadPartial(from, 1)[0];
}

template <typename T>
KERAS_XENT_INLINE void StorePartial(T* to, Vec<Real<T>> v, int64_t count) {
  T lanes[kLanes<Real<T>>];
  Store(lanes, v);
  CopyFew<kLanes<Real<T>> / 2>(lanes, to, count);
}

// Stores a vector past the caches. `to` is aligned to the stored vector.
// StreamFence() orders the stores before everything that follows.
template <typename T>
KERAS_XENT_INLINE void StoreStreaming(T* to, Vec<Real<T>> v) {
  const Raw<T> raw = ToRaw<T>(v);
#if defined(__AVX512F__)
  if constexpr (sizeof(raw) == 64) {
    return _mm512_stream_si512(reinterpret_cast<__m512i*>(to), BitCast<__m512i>(raw));
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(raw) == 32) {
    return _mm256_stream_si256(reinterpret_cast<__m256i*>(to), BitCast<__m256i>(raw));
  }
#endif
#if defined(__x86_64__)
  if constexpr (sizeof(raw) == 16) {
    return _mm_stream_si128(reinterpret_cast<__m128i*>(to), BitCast<__m128i>(raw));
  }
#endif
  std::memcpy(to, &raw, sizeof(raw));
}

KERAS_XENT_INLINE void StreamFence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_VEC_H_
