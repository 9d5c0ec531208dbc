// Sums that stay exact enough at a quarter of a million classes.
#ifndef KERAS_XENT_SUMS_H_
#define KERAS_XENT_SUMS_H_

#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// How many vectors are added up in F before Flush() carries them into double.
constexpr int kVectorsPerFlush = 32;

// One sum a lane. Add() adds in F, Flush() moves what has gathered to double.
template <typename F>
class LaneSums;

template <>
class LaneSums<float> {
 public:
  KERAS_XENT_ALWAYS_INLINE void Add(FloatVec v) { recent_ += v; }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    totals_[0] += ToDoubles(recent_, 0);
    totals_[1] += ToDoubles(recent_, 1);
    recent_ = FloatVec{};
  }
  // Call Flush() before these.
  DoubleVec Part(int half) const { return totals_[half]; }
  DoubleVec Folded() const { return totals_[0] + totals_[1]; }
  void Scale(double factor) {
    for (DoubleVec& total : totals_) total *= factor;
  }
  void AddProduct(const LaneSums& other, double factor) {
    for (int i = 0; i < 2; ++i) totals_[i] += other.totals_[i] * factor;
  }

 private:
  FloatVec recent_ = {};
  DoubleVec totals_[2] = {};
};

template <>
class LaneSums<double> {
 public:
  KERAS_XENT_ALWAYS_INLINE void Add(DoubleVec v) { total_ += v; }
  KERAS_XENT_ALWAYS_INLINE void Flush() {}
  DoubleVec Part(int) const { return total_; }
  DoubleVec Folded() const { return total_; }
  void Scale(double factor) { total_ *= factor; }
  void AddProduct(const LaneSums& other, double factor) { total_ += other.total_ * factor; }

 private:
  DoubleVec total_ = {};
};

template <typename F>
KERAS_XENT_INLINE double Total(const LaneSums<F>& sums) {
  const DoubleVec lanes = sums.Folded();
  double total = 0;
  for (int lane = 0; lane < kLanes<double>; ++lane) total += lanes[lane];
  return total;
}

// What is gathered over the classes, with m the largest logit (so far) and
// d = x - m:
//
//   rest   sum of exp(x) over the classes whose logit is not m, on the scale of
//          a ScaledExp
//   maxima how many classes have the logit m
//   y, yd, d   sums of labels, labels * d, and d
//
// Keeping the maxima out of `rest` is what keeps the precision of a loss near 0
// and of the gradient of a dominant class: with S = maxima + rest / exp(m),
// log(S) is log1p(S - 1) and 1 - 1/S is (S - 1)/S.
template <typename F>
struct Sweep {
  using V = Vec<F>;
  LaneSums<F> rest, y, yd, d;
  Integers<F> maxima = {};

  // A class without label mass adds nothing to yd even if its logit is -inf:
  // 0 * -inf is 0 here.
  template <bool kSmoothed, typename Mask>
  KERAS_XENT_ALWAYS_INLINE void Add(V exp, V difference, V labels, Mask is_max) {
    rest.Add(is_max ? V{} : exp);
    maxima -= is_max;
    y.Add(labels);
    yd.Add(labels == V{} ? V{} : labels * difference);
    if (kSmoothed) d.Add(difference);
  }
  // Classes without label mass, all of them below m.
  template <bool kSmoothed>
  KERAS_XENT_ALWAYS_INLINE void AddUnlabelled(V exp, V difference) {
    rest.Add(exp);
    if (kSmoothed) d.Add(difference);
  }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    rest.Flush();
    y.Flush();
    yd.Flush();
    d.Flush();
  }
  double Maxima() const {
    const Integers<F> lanes = maxima;  // a copy, so that maxima can stay in a register
    double count = 0;
    for (int lane = 0; lane < kLanes<F>; ++lane) count += static_cast<double>(lanes[lane]);
    return count;
  }
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_SUMS_H_
