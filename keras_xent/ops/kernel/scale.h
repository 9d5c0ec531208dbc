// A backprop tensor times the upstream gradient.
#ifndef KERAS_XENT_SCALE_H_
#define KERAS_XENT_SCALE_H_

#include <cstdint>

#include "shapes.h"
#ifdef KERAS_XENT_ISA
#include "base/vec.h"
#endif

namespace keras_xent {

// backprop * grads, with one grad for each example, or one for all. `to` can be `backprop`.
template <typename T>
struct ScaleTask {
  const T* backprop;
  const T* grads;
  bool is_one_grad;
  Extents extents;
  T* to;
};

// Scales the elements [begin, end), counted through the whole tensor.
template <typename T>
using ScaleFunction = void (*)(const ScaleTask<T>& task, int64_t begin, int64_t end);

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

// `count` contiguous elements times one grad.
template <typename T>
void ScaleRun(const T* from, T* to, int64_t count, Real<T> grad) {
  using F = Real<T>;
  const Vec<F> grads = Broadcast<F>(grad);
  int64_t i = 0;
  for (; i + kLanes<F> <= count; i += kLanes<F>) Store(to + i, Load(from + i) * grads);
  if (i < count) StorePartial(to + i, LoadPartial(from + i, count - i) * grads, count - i);
}

// `count` contiguous elements times a grad each.
template <typename T>
void ScaleRun(const T* from, T* to, int64_t count, const T* grads) {
  using F = Real<T>;
  int64_t i = 0;
  for (; i + kLanes<F> <= count; i += kLanes<F>) Store(to + i, Load(from + i) * Load(grads + i));
  if (i < count) {
    StorePartial(to + i, LoadPartial(from + i, count - i) * LoadPartial(grads + i, count - i),
                 count - i);
  }
}

template <typename T>
void ScaleRange(const ScaleTask<T>& task, int64_t begin, int64_t end) {
  const T* from = task.backprop;
  if (task.is_one_grad) {
    ScaleRun(from + begin, task.to + begin, end - begin, LoadOne(task.grads));
    return;
  }
  const auto [outer, classes, inner] = task.extents;
  if (classes == 1) {
    ScaleRun(from + begin, task.to + begin, end - begin, task.grads + begin);
    return;
  }
  // A run is the rest of a row of classes (if inner is 1) or of `inner`.
  const int64_t length = inner == 1 ? classes : inner;
  for (int64_t e = begin; e < end;) {
    const int64_t offset = e % length;
    const int64_t run = length - offset < end - e ? length - offset : end - e;
    if (inner == 1) {
      ScaleRun(from + e, task.to + e, run, LoadOne(task.grads + e / length));
    } else {
      const T* grads = task.grads + e / (classes * inner) * inner;
      ScaleRun(from + e, task.to + e, run, grads + offset);
    }
    e += run;
  }
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_SCALE_H_
