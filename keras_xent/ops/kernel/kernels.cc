// The kernels of one instruction set. This file is compiled once for each one:
// KERAS_XENT_ISA is the namespace, and compiler flags select the instructions.
#include "kernels.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {
namespace {

template <typename T, typename... Loss>
constexpr KernelsFor<T, Losses> Make(TypeList<Loss...>) {
  return {std::tuple<LossFunction<Loss, T>...>(static_cast<LossFunction<Loss, T>>(&Compute<T>)...),
          &AddUpElements<T>, &ScaleRange<T>};
}

template <typename... T>
constexpr KernelsForAll<Numbers> MakeAll(TypeList<T...>) {
  return {std::tuple<KernelsFor<T, Losses>...>(Make<T>(Losses())...)};
}

constexpr Kernels kKernels = {MakeAll(Numbers()), &AreIdsInRange};

}  // namespace

extern const InstructionSet kInstructionSet;
const InstructionSet kInstructionSet = {KERAS_XENT_ISA_NAME, &kKernels};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent
