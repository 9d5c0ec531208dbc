// What TensorFlow is told of the ops' shapes before they run.
//
// TensorFlow's C API refuses to read a shape function's inputs, or to set its
// outputs, other than the first ("index out of range"; seen in 2.12 to 2.21),
// and gives it no attributes but types. So a shape function here says what it
// can of the first output; the Python wrappers, which know the axis, set the
// exact static shapes, and the kernels check the real ones.
#ifndef KERAS_XENT_TF_SHAPE_FUNCTIONS_H_
#define KERAS_XENT_TF_SHAPE_FUNCTIONS_H_

#include "tf/c_api.h"

namespace keras_xent {

void FirstInputShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

void ScalarShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

// The same, for logits that must have a class axis.
void ScalarOfClassesShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

// The shape of the logits less one axis. Which one isn't known here: dimension i of the
// losses is dimension i or i + 1 of the logits.
void LossesShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_SHAPE_FUNCTIONS_H_
