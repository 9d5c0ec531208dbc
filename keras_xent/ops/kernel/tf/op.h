// Registers an op and its kernels with TensorFlow.
#ifndef KERAS_XENT_TF_OP_H_
#define KERAS_XENT_TF_OP_H_

#include <string>
#include <utility>
#include <vector>

#include "tf/c_api.h"
#include "tf/handles.h"

namespace keras_xent {

constexpr char kNumberAttr[] = "T: {half, bfloat16, float, double}";
// Weights are double for double logits, and float for all others.
constexpr char kWeightAttr[] = "W: {float, double}";

struct OpDefinition {
  std::string name;
  std::vector<const char*> inputs, outputs, attrs;
  void (*shape)(TF_ShapeInferenceContext*, TF_Status*);
};

void RegisterOp(const OpDefinition& definition);

struct KernelDefinition {
  std::string op;
  std::vector<std::pair<const char*, TF_DataType>> types;  // of its attributes
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
};

// Registers CPU kernels. `create` returns Attributes.
void RegisterKernel(const KernelDefinition& definition);

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_OP_H_
