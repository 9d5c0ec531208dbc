// Losses that the kernels may have got wrong, or that TensorFlow writes otherwise.
#ifndef KERAS_XENT_UNUSUAL_LOSSES_H_
#define KERAS_XENT_UNUSUAL_LOSSES_H_

#include <cmath>
#include <cstdint>
#include <cstring>

#include "reduction.h"
#include "task.h"

namespace keras_xent {

// The square root of F's largest number. Where a sum over the classes overflows in a
// kernel, or where a difference of two logits has to, the loss is beyond this, unless the
// label there is next to nothing (5e-20 for float).
template <typename F>
constexpr double kMostUsualLoss = sizeof(F) == sizeof(double) ? 0x1p512 : 0x1p64;

// Bits that are in the order of the losses, if those of -0, of negative losses and of NaN come
// after all others: an unusual one among many shows as the largest.
inline uint64_t OrderedBits(double loss) {
  uint64_t bits;
  std::memcpy(&bits, &loss, sizeof(bits));
  return bits;
}

// Corrects the losses of a piece, as a kernel has left them.
template <typename Loss, typename T>
void CorrectUnusualLosses(const Examples<Loss, T>& examples, const Piece<Real<T>>& piece) {
  using F = Real<T>;
  for (int64_t i = 0; i < piece.end - piece.begin; ++i) {
    double& loss = piece.losses[i];
    if (!(std::fabs(loss) <= kMostUsualLoss<F>)) {
      loss = Loss::ByLabels(examples, piece.begin + i);
    }
    loss = InRange<F>(loss);
  }
}

}  // namespace keras_xent

#endif  // KERAS_XENT_UNUSUAL_LOSSES_H_
