// Sums that stay exact enough at a quarter of a million classes.
#ifndef KERAS_XENT_SUMS_H_
#define KERAS_XENT_SUMS_H_

#include "exp.h"
#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// How many vectors are added up in F before Flush() carries them into double.
constexpr int kVectorsPerFlush = 16;

// One sum a lane. Add() adds in F, Flush() moves what has gathered to double.
template <typename F>
class LaneSums;

template <>
class LaneSums<float> {
 public:
  void Add(FloatVec v) { recent_ += v; }
  void Flush() {
    HalfFloatVec halves[2];
    std::memcpy(halves, &recent_, sizeof(recent_));
    totals_[0] += __builtin_convertvector(halves[0], DoubleVec);
    totals_[1] += __builtin_convertvector(halves[1], DoubleVec);
    recent_ = FloatVec{};
  }
  // Call Flush() before these.
  double Lane(int lane) const { return totals_[lane / kHalf][lane % kHalf]; }
  DoubleVec Lanes(int from) const { return totals_[from / kHalf]; }

 private:
  static constexpr int kHalf = kLanes<float> / 2;
  FloatVec recent_ = {};
  DoubleVec totals_[2] = {};
};

template <>
class LaneSums<double> {
 public:
  void Add(DoubleVec v) { total_ += v; }
  void Flush() {}
  double Lane(int lane) const { return total_[lane]; }
  DoubleVec Lanes(int) const { return total_; }

 private:
  DoubleVec total_ = {};
};

template <typename F>
KERAS_XENT_INLINE double Total(const LaneSums<F>& sums) {
  double total = 0;
  for (int lane = 0; lane < kLanes<F>; ++lane) total += sums.Lane(lane);
  return total;
}

// An integer vector as wide as Vec<F>, for counting.
template <typename F>
struct CountOf {
  using type = Int32Vec;
};
template <>
struct CountOf<double> {
  using type = Int64Vec;
};

// What one sweep over the classes gathers, with m the largest logit and
// d = x - m:
//
//   rest   sum of exp(d) over the classes whose logit is not m
//   maxima how many classes have the logit m
//   y, yd, d   sums of labels, labels * d, and d
//
// Keeping the maxima (each exp(0) = 1) out of `rest` is what keeps the
// precision of a loss near 0 and of the gradient of a dominant class: with
// S = maxima + rest, log(S) is log1p(S - 1) and 1 - 1/S is (S - 1)/S.
template <typename F>
struct Sweep {
  using V = Vec<F>;
  LaneSums<F> rest, y, yd, d;
  typename CountOf<F>::type maxima = {};

  // Returns exp(d). A class without label mass adds nothing even if its logit
  // is -inf: 0 * -inf is 0 here if kInfinite, and NaN otherwise, which is
  // faster and for nearly every row the same.
  template <bool kInfinite>
  KERAS_XENT_INLINE V Add(Sweep& sweep, V logits, V labels, V max) {
    auto is_max = logits == max;
    V difference = logits - max;
    V exp = ExpOfDifference<F>(logits, max);
    V product = labels * difference;
    sweep.rest.Add(is_max ? V{} : exp);
    sweep.maxima -= is_max;
    sweep.y.Add(labels);
    sweep.yd.Add(kInfinite ? (labels == V{} ? V{} : product) : product);
    sweep.d.Add(difference);
    return exp;
  }
  void Flush() {
    rest.Flush();
    y.Flush();
    yd.Flush();
    d.Flush();
  }
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_SUMS_H_
