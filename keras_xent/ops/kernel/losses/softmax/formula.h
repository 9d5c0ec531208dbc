// Loss and backprop of softmax cross entropy from the sums over the classes.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_FORMULA_H_
#define KERAS_XENT_LOSSES_SOFTMAX_FORMULA_H_

#include "base/exp.h"
#include "base/log1p.h"
#include "base/vec.h"
#include "losses/softmax/sums.h"
#include "task.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// y' = on * y + off.
struct Smoothing {
  double classes, on, off, one_minus_off;

  Smoothing(double label_smoothing, int64_t class_count)
      : classes(static_cast<double>(class_count)),
        on(1.0 - label_smoothing),
        off(label_smoothing / classes),
        one_minus_off(label_smoothing - off) {}
};

// exp(max - shift) * 2^-power, as in ScaledExp, with the precision of double.
KERAS_XENT_INLINE DoubleVec ExpOfMax(DoubleVec max, DoubleVec shift, DoubleVec power) {
  return ScaledExp<double>::NearTo(DoubleVec{})(Remainder(max, shift, power));
}

struct Results {
  DoubleVec loss;
  DoubleVec inverse;  // the factor that converts an exp on that scale to a probability
  DoubleVec others;   // one minus the probability of a class with the largest logit
};

// loss = sum_c y'_c * (log S - d_c), where S = sum_c exp(d_c).
template <typename F>
KERAS_XENT_INLINE Results Finish(const Smoothing& smoothing, const Totals& t) {
  // All exps except one of the largest. max - max is 0, or NaN if max is
  // infinite: such a row has no softmax.
  const DoubleVec all_but_one = t.rest + (t.maxima - 1.0) * t.exp_of_max + (t.max - t.max);
  Results results;
  const DoubleVec sum = all_but_one + t.exp_of_max;
  results.inverse = 1.0 / sum;
  results.others = all_but_one * results.inverse;
  const DoubleVec log_s = Log1p<F>(all_but_one, t.exp_of_max, sum);
  results.loss = smoothing.on * (t.y * log_s - t.yd);
  // Only with smoothing: d is -inf if a logit is, and without smoothing that class
  // adds nothing.
  if (smoothing.off != 0) results.loss += smoothing.off * (smoothing.classes * log_s - t.d);
  return results;
}

// The largest logits (or their exps) of dominant classes, which have at least half of the
// probability. The others become NaN, which isn't equal to anything.
template <typename F>
KERAS_XENT_INLINE Vec<F> OfDominant(Vec<F> largest, Vec<F> others) {
  return others > F(0.5) ? Broadcast<F>(__builtin_nanf("")) : largest;
}

// backprop = coefficient * (p - y'). For a dominant class p - y' is
// (1 - y') - (1 - p), which doesn't cancel if p is near 1. For small p, it would be less
// precise than p - y'.
template <typename F>
struct Backprop {
  using V = Vec<F>;
  V on, off, one_minus_off, inverse, others, coefficient;

  explicit Backprop(const Smoothing& smoothing)
      : on(Broadcast<F>(static_cast<F>(smoothing.on))),
        off(Broadcast<F>(static_cast<F>(smoothing.off))),
        one_minus_off(Broadcast<F>(static_cast<F>(smoothing.one_minus_off))),
        inverse(V{}),
        others(V{}),
        coefficient(V{}) {}

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE V At(V exp, V labels, Mask is_dominant) const {
    const V p_minus_y = exp * inverse - (labels * on + off);
    const V one_minus_y = (F(1) - labels) * on + one_minus_off;
    return coefficient * (is_dominant ? one_minus_y - others : p_minus_y);
  }
  // With a label of 1 or 0, the same.
  template <typename Label, typename Mask>
  KERAS_XENT_ALWAYS_INLINE V AtClass(V exp, Label is_label, Mask is_dominant) const {
    const V p_minus_y = exp * inverse - (is_label ? on + off : off);
    const V of_dominant = is_label ? one_minus_off - others : on + one_minus_off - others;
    return coefficient * (is_dominant ? of_dominant : p_minus_y);
  }
  // With a label of 0. Computed in the same order as At(), so the same results overflow or
  // underflow.
  KERAS_XENT_ALWAYS_INLINE V WithoutLabels(V exp) const {
    return coefficient * (exp * inverse - off);
  }
};

// The coefficient of the i-th example of a piece.
template <typename Task, typename F>
KERAS_XENT_INLINE F CoefficientAt(const Task& task, const Piece<F>& piece, int64_t i) {
  const double unit = task.unit_coefficient;
  return static_cast<F>(piece.weights ? unit * piece.weights[i] : unit);
}

// Whether an example's weight is 0. This isn't decided by its coefficient, which may have
// underflowed. If the unit is infinite or NaN (the weights' sum may be), a weight of 0
// results in NaN.
template <typename Task, typename F>
KERAS_XENT_INLINE bool IsWithoutWeight(const Task& task, const Piece<F>& piece, int64_t i) {
  if (task.unit_coefficient - task.unit_coefficient != 0) return false;
  return piece.weights ? piece.weights[i] == 0 : task.unit_coefficient == 0;
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_FORMULA_H_
