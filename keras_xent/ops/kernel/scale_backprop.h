// A whole backprop tensor times the upstream gradient, on all threads.
#ifndef KERAS_XENT_SCALE_BACKPROP_H_
#define KERAS_XENT_SCALE_BACKPROP_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/convert.h"
#include "kernels.h"
#include "pieces.h"
#include "scale.h"

namespace keras_xent {

// Whether scaling by these grads changes nothing.
template <typename T>
bool AreAllOne(const T* grads, int64_t count) {
  constexpr int64_t kAtATime = 256;
  const T one = FromDouble<T>(1.0);
  for (int64_t begin = 0; begin < count; begin += kAtATime) {
    bool differs = false;
    for (int64_t i = begin; i < std::min(count, begin + kAtATime); ++i) {
      differs |= std::memcmp(&grads[i], &one, sizeof(T)) != 0;
    }
    if (differs) return false;
  }
  return true;
}

template <typename T>
void ScaleBackprop(const ScaleTask<T>& task) {
  const ScaleFunction<T> scale = CurrentKernels<T>().scale;
  ForEachRun(task.extents.elements(), kElementsPerTurn,
             [&](int64_t begin, int64_t end) { scale(task, begin, end); });
}

}  // namespace keras_xent

#endif  // KERAS_XENT_SCALE_BACKPROP_H_
