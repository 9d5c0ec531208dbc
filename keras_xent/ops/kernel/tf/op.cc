#include "tf/op.h"

#include "tf/attributes.h"

namespace keras_xent {

void RegisterOp(const OpDefinition& definition) {
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(definition.name.c_str());
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
  for (const char* attr : definition.attrs) TF_OpDefinitionBuilderAddAttr(builder, attr);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, definition.shape);
  StatusHandle status(TF_NewStatus());
  TF_RegisterOpDefinition(builder, status.get());
}

void RegisterKernel(const KernelDefinition& definition) {
  const char* op = definition.op.c_str();
  StatusHandle status(TF_NewStatus());
  TF_KernelBuilder* builder =
      TF_NewKernelBuilder(op, "CPU", definition.create, definition.compute, &Delete);
  for (const auto& type : definition.types) {
    TF_KernelBuilder_TypeConstraint(builder, type.first, type.second, status.get());
  }
  TF_RegisterKernelBuilder(op, builder, status.get());
}

}  // namespace keras_xent
