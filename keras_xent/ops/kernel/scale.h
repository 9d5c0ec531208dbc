// A gradient times the gradient that came from above.
#ifndef KERAS_XENT_SCALE_H_
#define KERAS_XENT_SCALE_H_

#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// `count` contiguous elements times one factor.
template <typename T>
void ScaleRun(const T* from, T* to, int64_t count, Real<T> factor) {
  using F = Real<T>;
  const Vec<F> factors = Broadcast<F>(factor);
  int64_t i = 0;
  for (; i + kLanes<F> <= count; i += kLanes<F>) Store(to + i, Load(from + i) * factors);
  if (i < count) StorePartial(to + i, LoadPartial(from + i, count - i) * factors, count - i);
}

// `count` contiguous elements times a factor each.
template <typename T>
void ScaleRun(const T* from, T* to, int64_t count, const Real<T>* factors) {
  using F = Real<T>;
  int64_t i = 0;
  for (; i + kLanes<F> <= count; i += kLanes<F>) {
    Store(to + i, Load(from + i) * Load(factors + i));
  }
  if (i < count) {
    StorePartial(to + i, LoadPartial(from + i, count - i) * LoadPartial(factors + i, count - i),
                 count - i);
  }
}

template <typename T>
void ScaleRange(const ScaleTask<T>& task, int64_t begin, int64_t end) {
  if (task.one_factor) {
    ScaleRun(task.from + begin, task.to + begin, end - begin, task.factors[0]);
    return;
  }
  // A run is what is left of a row of classes (inner is 1) or of `inner`.
  const int64_t length = task.inner == 1 ? task.classes : task.inner;
  for (int64_t e = begin; e < end;) {
    const int64_t offset = e % length;
    const int64_t run = length - offset < end - e ? length - offset : end - e;
    if (task.inner == 1) {
      ScaleRun(task.from + e, task.to + e, run, task.factors[e / length]);
    } else {
      const int64_t outer = e / (task.classes * task.inner);
      ScaleRun(task.from + e, task.to + e, run, task.factors + outer * task.inner + offset);
    }
    e += run;
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_SCALE_H_
