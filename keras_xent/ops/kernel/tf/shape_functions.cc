#include "tf/shape_functions.h"

#include <utility>

#include "tf/handles.h"

namespace keras_xent {
namespace {

// Sets all outputs to unknown and returns the first input's shape, or null
// (the status says why).
ShapeHandle FirstInput(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(ctx, status);
  if (TF_GetCode(status) != TF_OK) return nullptr;
  ShapeHandle shape(TF_NewShapeHandle());
  TF_ShapeInferenceContextGetInput(ctx, 0, shape.get(), status);
  if (TF_GetCode(status) != TF_OK) return nullptr;
  return shape;
}

// The shape of the logits, or null if their rank is unknown or 0.
ShapeHandle LogitsOfKnownRank(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle logits = FirstInput(ctx, status);
  if (!logits || !TF_ShapeInferenceContextRankKnown(ctx, logits.get())) return nullptr;
  if (TF_ShapeInferenceContextRank(ctx, logits.get()) < 1) {
    TF_SetStatus(status, TF_INVALID_ARGUMENT,
                 "logits have rank 0, expected rank 1 or more: they need a class axis");
    return nullptr;
  }
  return logits;
}

}  // namespace

void FirstInputShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  ShapeHandle shape = FirstInput(ctx, status);
  if (shape) TF_ShapeInferenceContextSetOutput(ctx, 0, shape.get(), status);
}

void ScalarShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  FirstInput(ctx, status);
  if (TF_GetCode(status) != TF_OK) return;
  // An empty slice of dimensions, because not every version of the C API has Scalar().
  ShapeHandle any(TF_ShapeInferenceContextVectorFromSize(ctx, 0));
  ShapeHandle scalar(TF_NewShapeHandle());
  TF_ShapeInferenceContextSubshape(ctx, any.get(), 0, 0, scalar.get(), status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSetOutput(ctx, 0, scalar.get(), status);
}

void ScalarOfClassesShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
  LogitsOfKnownRank(ctx, status);
  if (TF_GetCode(status) == TF_OK) ScalarShape(ctx, status);
}

void LossesShape(TF_ShapeInferenceContext* ctx, TF_Status* status) {
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

}  // namespace keras_xent
