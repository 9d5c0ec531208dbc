// The names and signatures of the registered ops.
#ifndef KERAS_XENT_OPS_H_
#define KERAS_XENT_OPS_H_

namespace keras_xent {

// Inputs (logits: T, labels: T, weights: W, label_smoothing: double).
// Reduced to a scalar; with the backprop of the result, or without.
constexpr char kLoss[] = "KerasXent>SoftmaxCrossEntropy";
constexpr char kLossWithBackprop[] = "KerasXent>SoftmaxCrossEntropyWithBackprop";
// The weighted loss of every element.
constexpr char kUnreduced[] = "KerasXent>UnreducedSoftmaxCrossEntropy";
constexpr char kUnreducedWithBackprop[] = "KerasXent>UnreducedSoftmaxCrossEntropyWithBackprop";
// Inputs (logits: T, labels: T, coefficients: W, label_smoothing: double):
// coefficients * (softmax(logits) - smoothed labels).
constexpr char kGrad[] = "KerasXent>SoftmaxCrossEntropyGrad";
// Inputs (backprop: T, grad: T): their product, grad broadcast over the classes.
constexpr char kScaleBackprop[] = "KerasXent>ScaleBackprop";

}  // namespace keras_xent

#endif  // KERAS_XENT_OPS_H_
