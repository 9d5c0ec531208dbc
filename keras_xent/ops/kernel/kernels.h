// Everything that is compiled for an instruction set.
#ifndef KERAS_XENT_KERNELS_H_
#define KERAS_XENT_KERNELS_H_

#include <tuple>

#include "base/instruction_set.h"
#include "class_ids.h"
#include "element_losses.h"
#include "losses.h"
#include "scale.h"
#include "task.h"

namespace keras_xent {

template <typename T, typename List>
struct KernelsFor;
template <typename T, typename... Loss>
struct KernelsFor<T, TypeList<Loss...>> {
  std::tuple<LossFunction<Loss, T>...> losses;
  ElementLossesFunction<T> add_up_elements;
  ScaleFunction<T> scale;
};

template <typename List>
struct KernelsForAll;
template <typename... T>
struct KernelsForAll<TypeList<T...>> {
  std::tuple<KernelsFor<T, Losses>...> types;
};

struct Kernels {
  KernelsForAll<Numbers> all;
  AreInRangeFunction are_ids_in_range;
};

template <typename T>
const KernelsFor<T, Losses>& CurrentKernels() {
  return std::get<KernelsFor<T, Losses>>(CurrentInstructionSet().kernels->all.types);
}

template <typename Loss, typename T>
LossFunction<Loss, T> CurrentKernel() {
  return std::get<LossFunction<Loss, T>>(CurrentKernels<T>().losses);
}

}  // namespace keras_xent

#endif  // KERAS_XENT_KERNELS_H_
