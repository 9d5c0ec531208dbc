#ifndef KERAS_XENT_TF_SCALE_BACKPROP_OP_H_
#define KERAS_XENT_TF_SCALE_BACKPROP_OP_H_

namespace keras_xent {

// KerasXent>ScaleBackprop, the product of its inputs (backprop: T, grad: T). grad is a scalar,
// has a number for each loss, which is broadcast over the classes, or has backprop's shape.
void RegisterScaleBackprop();

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_SCALE_BACKPROP_OP_H_
