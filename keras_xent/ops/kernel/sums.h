// Sums that stay exact enough at a quarter of a million classes.
#ifndef KERAS_XENT_SUMS_H_
#define KERAS_XENT_SUMS_H_

#include "exp.h"
#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// How many vectors are added up in F before Flush() carries them into double. They
// are a block of a row, of a kilobyte at most: twice as much leaves no room in the
// L1 cache for what is fetched ahead.
constexpr int kVectorsPerFlush = kVectorBytes > 32 ? 16 : 32;

// A lane of type F is in one of this many vectors of double.
template <typename F>
constexpr int kParts = kLanes<F> / kLanes<double>;

// One sum a lane. Add() and AddProduct() add in F, Flush() moves what has gathered
// to double; call it before the others.
template <typename F>
class LaneSums {
 public:
  using V = Vec<F>;
  KERAS_XENT_ALWAYS_INLINE void Add(V v) { recent_ += v; }
  KERAS_XENT_ALWAYS_INLINE void AddProduct(V a, V b) { recent_ = a * b + recent_; }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    for (int part = 0; part < kParts<F>; ++part) totals_[part] += ToDoubles(recent_, part);
    recent_ = V{};
  }
  KERAS_XENT_ALWAYS_INLINE void AddToPart(int part, DoubleVec v) { totals_[part] += v; }
  DoubleVec Part(int part) const { return totals_[part]; }
  void AddScaled(const LaneSums& other, double factor) {
    for (int part = 0; part < kParts<F>; ++part) totals_[part] += other.totals_[part] * factor;
  }

 private:
  V recent_ = {};
  DoubleVec totals_[kParts<F>] = {};
};

// Sums of exps, each as it is before it is rounded. The powers of two are added
// with what each addition loses (Dekker's Fast2Sum, which is exact but for a power
// that is larger than all before it together).
template <typename F>
class ExpSums {
 public:
  using V = Vec<F>;
  KERAS_XENT_ALWAYS_INLINE void Add(const UnroundedExp<F>& exp) {
    const V sum = powers_of_two_ + exp.power_of_two;
    lost_ += exp.power_of_two - (sum - powers_of_two_);
    powers_of_two_ = sum;
    beyond_ = exp.power_of_two * exp.beyond + beyond_;
  }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    const V beyond = beyond_ + lost_;
    for (int part = 0; part < kParts<F>; ++part) {
      totals_[part] += ToDoubles(powers_of_two_, part) + ToDoubles(beyond, part);
    }
    powers_of_two_ = beyond_ = lost_ = V{};
  }
  DoubleVec Part(int part) const { return totals_[part]; }
  void Scale(double factor) {
    for (DoubleVec& total : totals_) total *= factor;
  }

 private:
  V powers_of_two_ = {}, beyond_ = {}, lost_ = {};
  DoubleVec totals_[kParts<F>] = {};
};

template <typename F, typename Sums>
KERAS_XENT_INLINE double Total(const Sums& sums) {
  DoubleVec lanes = sums.Part(0);
  for (int part = 1; part < kParts<F>; ++part) lanes += sums.Part(part);
  return SumOfLanes(lanes);
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
template <bool kSmoothed, typename F>
struct Sweep {
  using V = Vec<F>;
  ExpSums<F> rest;
  LaneSums<F> y, yd, d;  // d only if kSmoothed
  Integers<F> maxima = {};

  // A class without label mass adds nothing to yd even if its logit is -inf:
  // 0 * -inf is 0 here.
  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE void Add(const UnroundedExp<F>& exp, V difference, V labels,
                                    Mask is_max) {
    AddExp(exp, is_max);
    y.Add(labels);
    yd.AddProduct(labels, labels == V{} ? V{} : difference);
    if (kSmoothed) d.Add(difference);
  }
  // The same for a logit x and m, all but the exp in double: no difference and no
  // product is rounded to F. Only `rest` has something to flush after it.
  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE void AddInDouble(const UnroundedExp<F>& exp, V x, V m, V labels,
                                            Mask is_max) {
    AddExp(exp, is_max);
    for (int part = 0; part < kParts<F>; ++part) {
      const DoubleVec label = ToDoubles(labels, part);
      const DoubleVec difference = ToDoubles(x, part) - ToDoubles(m, part);
      y.AddToPart(part, label);
      yd.AddToPart(part, label * (label == DoubleVec{} ? DoubleVec{} : difference));
      if (kSmoothed) d.AddToPart(part, difference);
    }
  }
  // Classes without label mass, all of them below m.
  KERAS_XENT_ALWAYS_INLINE void AddUnlabelled(const UnroundedExp<F>& exp, V difference) {
    rest.Add(exp);
    if (kSmoothed) d.Add(difference);
  }
  KERAS_XENT_ALWAYS_INLINE void Flush() {
    rest.Flush();
    y.Flush();
    yd.Flush();
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

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_SUMS_H_
