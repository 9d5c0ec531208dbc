// Rows of few classes turned into columns and back, so that lanes can lie
// across rows.
#ifndef KERAS_XENT_TRANSPOSE_H_
#define KERAS_XENT_TRANSPOSE_H_

#include <utility>

#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// Up to this many classes rows are turned: a tile of them fits the L1 cache.
constexpr int64_t kTileClasses = 128;

// a0 b0 a1 b1 ... of the first (kHigh: second) halves of a and b.
template <typename F, bool kHigh, int... I>
KERAS_XENT_INLINE Vec<F> Interleave(Vec<F> a, Vec<F> b, std::integer_sequence<int, I...>) {
  constexpr int kStep = kLanes<F>;
  constexpr int kFrom = kHigh ? kStep / 2 : 0;
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define KERAS_XENT_HAS_SHUFFLE
#endif
#endif
#ifdef KERAS_XENT_HAS_SHUFFLE
  return __builtin_shufflevector(a, b, (kFrom + I / 2 + (I % 2) * kStep)...);
#else
  return Vec<F>{(I % 2 ? b : a)[kFrom + I / 2]...};
#endif
}

// Interleaving row i with row i + n/2, log2(n) times, transposes n rows of n.
template <typename F>
KERAS_XENT_INLINE void Transpose(Vec<F>* rows) {
  constexpr int kStep = kLanes<F>;
  constexpr auto kIndices = std::make_integer_sequence<int, kStep>();
  for (int round = 1; round < kStep; round *= 2) {
    Vec<F> next[kStep];
    for (int i = 0; i < kStep / 2; ++i) {
      next[2 * i] = Interleave<F, false>(rows[i], rows[i + kStep / 2], kIndices);
      next[2 * i + 1] = Interleave<F, true>(rows[i], rows[i + kStep / 2], kIndices);
    }
    for (int i = 0; i < kStep; ++i) rows[i] = next[i];
  }
}

// tile[c * lanes + r] = rows[r * classes + c] for r < count; tile has room for
// the classes rounded up to whole vectors. `limit` is the end of the tensor.
template <typename T>
void PackTile(const T* rows, int64_t classes, int count, const T* limit, Real<T>* tile) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  for (int64_t c = 0; c < classes; c += kStep) {
    Vec<F> block[kStep];
    for (int r = 0; r < kStep; ++r) {
      const T* from = rows + r * classes + c;
      if (r >= count) {
        block[r] = Vec<F>{};
      } else if (limit - from >= kStep) {
        block[r] = Load(from);  // what is past the row's end goes unused
      } else {
        block[r] = LoadPartial(from, limit - from);
      }
    }
    Transpose<F>(block);
    for (int r = 0; r < kStep; ++r) Store(tile + (c + r) * kStep, block[r]);
  }
}

// The reverse. A vector that reaches past its row's end is stored before what
// belongs there, and never past the last of the `count` rows: so the blocks go
// from the last to the first, and the rows from the first to the last.
template <typename T>
void UnpackTile(const Real<T>* tile, int64_t classes, int count, T* rows) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const T* end = rows + count * classes;
  for (int64_t c = (classes - 1) / kStep * kStep; c >= 0; c -= kStep) {
    Vec<F> block[kStep];
    for (int r = 0; r < kStep; ++r) block[r] = Load(tile + (c + r) * kStep);
    Transpose<F>(block);
    for (int r = 0; r < count; ++r) {
      T* to = rows + r * classes + c;
      if (end - to >= kStep) {
        Store(to, block[r]);
      } else {
        StorePartial(to, block[r], classes - c < kStep ? classes - c : kStep);
      }
    }
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_TRANSPOSE_H_
