// For few classes, or if the class axis isn't the last: transposes examples into lanes, class by
// class, and back.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_TILES_H_
#define KERAS_XENT_LOSSES_SOFTMAX_TILES_H_

#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// A tile has a vector for every class: tile[c * lanes + r] is class c of
// example r. Rows are loaded in groups of 16 bytes of Real<T>; a vector of
// kGroups groups, each from a different row, is transposed group by group.
template <typename F>
constexpr int kGroup = 16 / static_cast<int>(sizeof(F));
template <typename F>
constexpr int kGroups = kLanes<F> / kGroup<F>;

// In every group of n lanes: a0 b0 a1 b1 ... from the first half of the group (if kHigh, the
// second).
template <typename F, bool kHigh, int... I>
KERAS_XENT_INLINE Vec<F> InterleaveGroups(Vec<F> a, Vec<F> b, std::integer_sequence<int, I...>) {
  constexpr int n = kGroup<F>;
  return Shuffle(a, b,
                 std::integer_sequence<int, (I / n * n + (kHigh ? n / 2 : 0) + I % n / 2 +
                                             I % 2 * kLanes<F>)...>());
}

// Transposes n vectors of groups of n, by interleaving vector i with vector
// i + n/2, log2(n) times.
template <typename F>
KERAS_XENT_INLINE void TransposeGroups(Vec<F>* v) {
  constexpr int n = kGroup<F>;
  constexpr auto kIndices = std::make_integer_sequence<int, kLanes<F>>();
  for (int round = 1; round < n; round *= 2) {
    Vec<F> next[n];
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = InterleaveGroups<F, false>(v[i], v[i + n / 2], kIndices);
      next[2 * i + 1] = InterleaveGroups<F, true>(v[i], v[i + n / 2], kIndices);
    }
    for (int i = 0; i < n; ++i) v[i] = next[i];
  }
}

// Loads groups from rows that are `stride` apart as one vector of stored elements, and
// stores them. For groups of 16 bytes, the compiler would go through memory, which
// is slow.
template <typename T>
KERAS_XENT_INLINE Raw<T> LoadGroups(const T* rows, int64_t stride) {
  constexpr int n = kGroup<Real<T>>;
#if defined(__AVX__)
  if constexpr (n * sizeof(T) == 16) {
    auto group = [&](int i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows + i * n * stride));
    };
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(group(0)), group(1), 1);
#if defined(__AVX512F__)
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(group(2)), group(3), 1);
    return BitCast<Raw<T>>(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
#else
    return BitCast<Raw<T>>(low);
#endif
  }
#endif
  T elements[kLanes<Real<T>>];
  for (int g = 0; g < kGroups<Real<T>>; ++g) {
    std::memcpy(elements + g * n, rows + g * n * stride, n * sizeof(T));
  }
  return LoadRaw<Raw<T>>(elements);
}

template <typename T>
KERAS_XENT_INLINE void StoreGroups(T* rows, int64_t stride, Raw<T> v) {
  constexpr int n = kGroup<Real<T>>;
#if defined(__AVX__)
  if constexpr (n * sizeof(T) == 16) {
    auto store = [&](int i, __m128i group) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(rows + i * n * stride), group);
    };
#if defined(__AVX512F__)
    const __m512i all = BitCast<__m512i>(v);
    store(0, _mm512_castsi512_si128(all));
    store(1, _mm512_extracti32x4_epi32(all, 1));
    store(2, _mm512_extracti32x4_epi32(all, 2));
    store(3, _mm512_extracti32x4_epi32(all, 3));
#else
    const __m256i all = BitCast<__m256i>(v);
    store(0, _mm256_castsi256_si128(all));
    store(1, _mm256_extracti128_si256(all, 1));
#endif
    return;
  }
#endif
  T elements[kLanes<Real<T>>];
  std::memcpy(elements, &v, sizeof(v));
  for (int g = 0; g < kGroups<Real<T>>; ++g) {
    std::memcpy(rows + g * n * stride, elements + g * n, n * sizeof(T));
  }
}

// Packs as many rows as a vector has lanes into a tile, which has room for the
// classes rounded up to whole groups. The last group of a row overlaps the one
// before. Meanwhile, it prefetches the same number of rows at `next`, piece by piece,
// because the processor doesn't detect that neighboring rows are one stream.
// Not inlined, so the loop can use all registers.
template <typename T>
__attribute__((noinline)) void PackRows(const T* rows, int64_t classes, Real<T>* tile,
                                        const T* next) {
  using F = Real<T>;
  constexpr int n = kGroup<F>;
  for (int64_t c = 0; c < classes; c += n) {
    if (c + n > classes) c = classes - n;
    for (int i = 0; i < n; ++i) __builtin_prefetch(next + (c + i) * kLanes<F>);
    Vec<F> v[n];
    for (int r = 0; r < n; ++r) v[r] = FromRaw<T>(LoadGroups(rows + r * classes + c, classes));
    TransposeGroups<F>(v);
    for (int i = 0; i < n; ++i) Store(tile + (c + i) * kLanes<F>, v[i]);
  }
}

// Unpacks a tile into rows.
template <typename T>
__attribute__((noinline)) void UnpackRows(const Real<T>* tile, int64_t classes, T* rows) {
  using F = Real<T>;
  constexpr int n = kGroup<F>;
  for (int64_t c = 0; c < classes; c += n) {
    if (c + n > classes) c = classes - n;
    Vec<F> v[n];
    for (int i = 0; i < n; ++i) v[i] = Load(tile + (c + i) * kLanes<F>);
    TransposeGroups<F>(v);
    for (int r = 0; r < n; ++r) {
      StoreGroups(rows + r * classes + c, classes, ToRaw<T>(v[r]));
    }
  }
}

// For any number of rows or classes: packs one element at a time. Lanes after `count`
// are 0.
template <typename T>
void PackFewRows(const T* rows, int64_t classes, int count, Real<T>* tile) {
  using F = Real<T>;
  for (int64_t c = 0; c < classes; ++c) {
    T elements[kLanes<F>] = {};
    for (int r = 0; r < count; ++r) elements[r] = rows[r * classes + c];
    Store(tile + c * kLanes<F>, Load(elements));
  }
}

template <typename T>
void UnpackFewRows(const Real<T>* tile, int64_t classes, int count, T* rows) {
  using F = Real<T>;
  for (int64_t c = 0; c < classes; ++c) {
    T elements[kLanes<F>];
    Store(elements, Load(tile + c * kLanes<F>));
    for (int r = 0; r < count; ++r) rows[r * classes + c] = elements[r];
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_TILES_H_
