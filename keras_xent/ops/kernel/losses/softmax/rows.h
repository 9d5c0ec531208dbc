// Loss and backprop of a softmax cross entropy, example by example, for any kind of
// labels.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_ROWS_H_
#define KERAS_XENT_LOSSES_SOFTMAX_ROWS_H_

#include <cstring>

#include "losses/softmax/across_rows.h"
#include "losses/softmax/along_rows.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// Up to this many contiguous classes, the lanes are examples, because their tiles fit the L1 cache.
constexpr int64_t kMostTileClasses = 64;

template <typename Loss, typename T>
void ComputeRows(const Task<Loss, T>& task, const Piece<Real<T>>& piece) {
  if (task.extents.classes == 0) {
    const auto examples = static_cast<size_t>(piece.end - piece.begin);
    if (piece.losses) std::memset(piece.losses, 0, sizeof(double) * examples);
  } else if (task.extents.inner != 1) {
    AcrossRows<Loss, T>(task, piece).Columns();
  } else if (task.extents.classes <= kMostTileClasses) {
    AcrossRows<Loss, T>(task, piece).Rows();
  } else {
    AlongRows<Loss, T>(task, piece).Run();
  }
  if (task.stream) StreamFence();
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_ROWS_H_
