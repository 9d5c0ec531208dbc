// Every loss there is. A loss is a header in losses/ and its two lines here.
//
// A loss is a type with
//
//   kName             the stem of its ops' names
//   Labels<T>         what its labels are (see labels.h), beside logits of type T
//   kHasClassAxis     whether an example is a row of classes, or else one element
//   ByLabels()        an example's loss as TensorFlow adds it up, where that
//                     matters (see unusual_losses.h)
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
