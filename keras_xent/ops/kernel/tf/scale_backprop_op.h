#ifndef KERAS_XENT_TF_SCALE_BACKPROP_OP_H_
#define KERAS_XENT_TF_SCALE_BACKPROP_OP_H_

namespace keras_xent {

// KerasXent>ScaleBackprop, inputs (backprop: T, grad: T): their product. grad is a scalar,
// or a number for each loss, broadcast over the classes, or has backprop's shape.
void RegisterScaleBackprop();

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_SCALE_BACKPROP_OP_H_
