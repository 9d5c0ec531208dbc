// The sums that a sweep over an example's classes computes.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_SUMS_H_
#define KERAS_XENT_LOSSES_SOFTMAX_SUMS_H_

#include "base/exp.h"
#include "base/sums.h"
#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// Over the classes, with m the largest logit (so far) and d = x - m:
//
//   rest   the sum of exp(x) over the classes whose logit is not m, on the scale of
//          a ScaledExp
//   maxima the number of classes with the logit m
//   d      the sum of d
//
// `rest` doesn't include the maxima. This preserves the precision of a loss near 0
// and of the gradient of a dominant class: with S = maxima + rest / exp(m),
// log(S) is log1p(S - 1) and 1 - 1/S is (S - 1)/S.
template <bool kSmoothed, typename F>
struct ClassSums {
  using V = Vec<F>;
  ExpSums<F> rest;
  LaneSums<F> d;  // only if kSmoothed
  Integers<F> maxima = {};

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE void Add(const UnroundedExp<F>& exp, V difference, Mask is_max) {
    AddExp(exp, is_max);
    if (kSmoothed) d.Add(difference);
  }
  // The same for a logit x and m. Everything except the exp is in double, so no
  // difference is rounded to F. Only `rest` has to be flushed after it.
  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE void AddInDouble(const UnroundedExp<F>& exp, V x, V m, Mask is_max) {
    AddExp(exp, is_max);
    if (!kSmoothed) return;
    for (int part = 0; part < kParts<F>; ++part) {
      d.AddToPart(part, ToDoubles(x, part) - ToDoubles(m, part));
    }
  }
  // Classes that are all below m.
  KERAS_XENT_ALWAYS_INLINE void AddBelow(const UnroundedExp<F>& exp, V difference) {
    rest.Add(exp);
    if (kSmoothed) d.Add(difference);
  }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    rest.Flush();
    if (kSmoothed) d.Flush();
  }
  double Maxima() const { return static_cast<double>(SumOfLanes(maxima)); }

 private:
  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE void AddExp(const UnroundedExp<F>& exp, Mask is_max) {
    rest.Add({is_max ? V{} : exp.power_of_two, exp.beyond});
    maxima -= is_max;
  }
};

// Sums of labels and of labels * d. A class whose label is 0 adds nothing, even if its
// logit is -inf: 0 * -inf is 0 here.
template <typename F>
struct LabelSums {
  using V = Vec<F>;
  LaneSums<F> y, yd;

  KERAS_XENT_ALWAYS_INLINE void Add(V labels, V difference) {
    y.Add(labels);
    yd.AddProduct(labels, labels == V{} ? V{} : difference);
  }
  // Like ClassSums, but nothing has to be flushed.
  KERAS_XENT_ALWAYS_INLINE void AddInDouble(V labels, V x, V m) {
    for (int part = 0; part < kParts<F>; ++part) {
      const DoubleVec label = ToDoubles(labels, part);
      const DoubleVec difference = ToDoubles(x, part) - ToDoubles(m, part);
      y.AddToPart(part, label);
      yd.AddToPart(part, label * (label == DoubleVec{} ? DoubleVec{} : difference));
    }
  }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    y.Flush();
    yd.Flush();
  }
};

// The sums of a few examples, one per lane, and the exp of the largest logit on the
// scale of `rest`.
struct Totals {
  DoubleVec max, rest, maxima, y, yd, d, exp_of_max;
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_SUMS_H_
