// The static shapes of the ops' outputs.
//
// In TensorFlow's C API, a shape function can only read the first input and set
// the first output (otherwise "index out of range", seen in 2.12 to 2.21), and
// the only attributes it can read are types. So these functions set what they
// can. The Python wrappers, which know the axis, set the exact static shapes,
// and the kernels check the shapes when they run.
#ifndef KERAS_XENT_TF_SHAPE_FUNCTIONS_H_
#define KERAS_XENT_TF_SHAPE_FUNCTIONS_H_

#include "tf/c_api.h"

namespace keras_xent {

void FirstInputShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

void ScalarShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

// The same, for logits that must have a class axis.
void ScalarOfClassesShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

// The shape of the logits without one axis, which is unknown here: dimension i of the
// losses is dimension i or i + 1 of the logits.
void LossesShape(TF_ShapeInferenceContext* ctx, TF_Status* status);

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_SHAPE_FUNCTIONS_H_
