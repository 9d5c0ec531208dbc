// Sums that stay precise over a quarter of a million numbers.
#ifndef KERAS_XENT_BASE_SUMS_H_
#define KERAS_XENT_BASE_SUMS_H_

#include "base/exp.h"
#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// How many vectors are added in F before Flush() adds them to sums in double. Together, they are
// one block of a row, of at most a kilobyte. With two kilobytes, the L1 cache would have no room
// for prefetched data.
constexpr int kVectorsPerFlush = kVectorBytes > 32 ? 16 : 32;

// The number of vectors of double that hold the lanes of a vector of F.
template <typename F>
constexpr int kParts = kLanes<F> / kLanes<double>;

// One sum per lane. Add() and AddProduct() add in F. Flush() moves their sum to
// double. Call it before the other functions.
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

// Sums of exps, each before its rounding. The powers of two are added together with
// the error of each addition (Dekker's Fast2Sum, which is exact unless a power is
// larger than the sum of all before it).
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

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_SUMS_H_
