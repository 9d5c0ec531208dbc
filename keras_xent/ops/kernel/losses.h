// The list of all losses. To add a loss, add a header in losses/ and two lines here.
//
// A loss is a type with
//
//   kName             the stem of its ops' names
//   Labels<T>         the type of its labels (see labels.h) for logits of type T
//   kHasClassAxis     whether an example is a row of classes, or one element
//   ByLabels()        an example's loss, added in TensorFlow's order (see
//                     unusual_losses.h)
//
// and, for each instruction set, an overload of Compute(task, piece).
#ifndef KERAS_XENT_LOSSES_H_
#define KERAS_XENT_LOSSES_H_

#include "base/numbers.h"
#include "losses/sigmoid_cross_entropy.h"
#include "losses/softmax_cross_entropy.h"
#include "losses/sparse_softmax_cross_entropy.h"

namespace keras_xent {

using Losses = TypeList<SigmoidCrossEntropy, SoftmaxCrossEntropy, SparseSoftmaxCrossEntropy>;

}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_H_
