// Corrects losses that the kernels may compute wrongly, or differently from TensorFlow.
#ifndef KERAS_XENT_UNUSUAL_LOSSES_H_
#define KERAS_XENT_UNUSUAL_LOSSES_H_

#include <cmath>
#include <cstdint>
#include <cstring>

#include "reduction.h"
#include "task.h"

namespace keras_xent {

// The square root of F's largest number. If a sum over the classes or a difference of two
// logits overflows in a kernel, the loss is larger than this, unless the label there is tiny
// (5e-20 for float).
template <typename F>
constexpr double kMostUsualLoss = sizeof(F) == sizeof(double) ? 0x1p512 : 0x1p64;

// Bits in the order of the losses, except that -0, negative losses and NaN come after all
// others. So the largest bits show whether there is an unusual loss.
inline uint64_t OrderedBits(double loss) {
  uint64_t bits;
  std::memcpy(&bits, &loss, sizeof(bits));
  return bits;
}

// Corrects the losses of a piece, after a kernel computed them.
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
