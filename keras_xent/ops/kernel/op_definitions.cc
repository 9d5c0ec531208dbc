// Registers the ops and their shape functions with TensorFlow.
//
// TensorFlow's C API refuses to read a shape function's inputs, or to set its
// outputs, other than the first ("index out of range"; seen in 2.12 to 2.21),
// and gives it no attributes but types. So a shape function here says what it
// can of the first output; the Python wrappers, which know the axis, set the
// exact static shapes, and the kernels check the real ones.
#include "op_definitions.h"

#include <initializer_list>

#include "ops.h"
#include "tf_handles.h"

namespace keras_xent {
namespace {

// Sets all outputs to unknown and returns the first input's shape, or null
// (with the status telling why).
ShapeHandle FirstInput(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(ctx, status);
  if (TF_GetCode(status) != TF_OK) return nullptr;
  ShapeHandle shape(TF_NewShapeHandle());
  TF_ShapeInferenceContextGetInput(ctx, 0, shape.get(), status);
  if (TF_GetCode(status) != TF_OK) return nullptr;
  return shape;
}

// The logits, or null where nothing more can be said of them.
ShapeHandle LogitsOfKnownRank(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle logits = FirstInput(ctx, status);
  if (!logits || !TF_ShapeInferenceContextRankKnown(ctx, logits.get())) return nullptr;
  if (TF_ShapeInferenceContextRank(ctx, logits.get()) < 1) {
    TF_SetStatus(status, TF_INVALID_ARGUMENT,
                 "logits must have a class axis, that is rank 1 or more; they are a scalar");
    return nullptr;
  }
  return logits;
}

void ScalarShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle logits = LogitsOfKnownRank(ctx, status);
  if (TF_GetCode(status) != TF_OK) return;
  // A slice of no dimensions: the C API's Scalar() is not in every version.
  ShapeHandle any(TF_ShapeInferenceContextVectorFromSize(ctx, 0));
  ShapeHandle scalar(TF_NewShapeHandle());
  TF_ShapeInferenceContextSubshape(ctx, any.get(), 0, 0, scalar.get(), status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSetOutput(ctx, 0, scalar.get(), status);
}

void FirstInputShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle shape = FirstInput(ctx, status);
  if (shape) TF_ShapeInferenceContextSetOutput(ctx, 0, shape.get(), status);
}

// The losses have the shape of the logits less one axis. Which one isn't known
// here: dimension i of the losses is dimension i or i + 1 of the logits.
void UnreducedShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle logits = LogitsOfKnownRank(ctx, status);
  if (!logits) return;
  ShapeHandle empty(TF_ShapeInferenceContextVectorFromSize(ctx, 0));
  ShapeHandle losses(TF_NewShapeHandle());
  TF_ShapeInferenceContextSubshape(ctx, empty.get(), 0, 0, losses.get(), status);
  const int64_t rank = TF_ShapeInferenceContextRank(ctx, logits.get());
  DimensionHandle here(TF_NewDimensionHandle()), next(TF_NewDimensionHandle());
  for (int64_t i = 0; i + 1 < rank && TF_GetCode(status) == TF_OK; ++i) {
    TF_ShapeInferenceContextDim(ctx, logits.get(), i, here.get());
    TF_ShapeInferenceContextDim(ctx, logits.get(), i + 1, next.get());
    const bool same = TF_DimensionHandleValueKnown(here.get()) &&
                      TF_DimensionHandleValueKnown(next.get()) &&
                      TF_DimensionHandleValue(here.get()) == TF_DimensionHandleValue(next.get());
    const int64_t value = same ? TF_DimensionHandleValue(here.get()) : -1;  // -1: unknown
    ShapeHandle dim(TF_ShapeInferenceContextVectorFromSize(ctx, static_cast<size_t>(value)));
    ShapeHandle longer(TF_NewShapeHandle());
    TF_ShapeInferenceContextConcatenateShapes(ctx, losses.get(), dim.get(), longer.get(), status);
    losses = std::move(longer);
  }
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSetOutput(ctx, 0, losses.get(), status);
}

struct OpDefinition {
  const char* name;
  std::initializer_list<const char*> inputs;
  std::initializer_list<const char*> outputs;
  std::initializer_list<const char*> attrs;
  void (*shape)(TF_ShapeInferenceContext*, TF_Status*);
};

void Register(const OpDefinition& definition) {
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
  for (const char* attr : definition.attrs) TF_OpDefinitionBuilderAddAttr(builder, attr);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, definition.shape);
  StatusHandle status(TF_NewStatus());
  TF_RegisterOpDefinition(builder, status.get());
}

constexpr char kT[] = "T: {half, bfloat16, float, double}";
// Weights are double beside double logits and float beside all others.
constexpr char kW[] = "W: {float, double}";
constexpr char kAxis[] = "axis: int = -1";
constexpr char kReduction[] =
    "reduction: {'sum', 'sum_over_batch_size', 'mean_with_sample_weight', "
    "'sum_by_nonzero_weights'}";

}  // namespace

void RegisterOpDefinitions() {
  const std::initializer_list<const char*> inputs = {"logits: T", "labels: T", "weights: W",
                                                     "label_smoothing: double"};
  Register({kLoss, inputs, {"loss: T"}, {kT, kW, kAxis, kReduction}, ScalarShape});
  Register({kLossWithBackprop,
            inputs,
            {"loss: T", "backprop: T"},
            {kT, kW, kAxis, kReduction},
            ScalarShape});
  Register({kUnreduced, inputs, {"loss: T"}, {kT, kW, kAxis}, UnreducedShape});
  Register({kUnreducedWithBackprop,
            inputs,
            {"loss: T", "backprop: T"},
            {kT, kW, kAxis},
            UnreducedShape});
  Register({kGrad,
            {"logits: T", "labels: T", "coefficients: W", "label_smoothing: double"},
            {"backprop: T"},
            {kT, kW, kAxis},
            FirstInputShape});
  Register(
      {kScaleBackprop, {"backprop: T", "grad: T"}, {"output: T"}, {kT, kAxis}, FirstInputShape});
}

}  // namespace keras_xent
