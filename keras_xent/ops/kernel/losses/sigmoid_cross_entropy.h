// Sigmoid cross entropy: every element is an example, with its own label.
#ifndef KERAS_XENT_LOSSES_SIGMOID_CROSS_ENTROPY_H_
#define KERAS_XENT_LOSSES_SIGMOID_CROSS_ENTROPY_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/convert.h"
#include "labels.h"
#include "task.h"
#ifdef KERAS_XENT_ISA
#include "base/exact.h"
#include "base/exp.h"
#include "base/log1p.h"
#include "base/sums.h"
#include "base/vec.h"
#endif

namespace keras_xent {

// With y' = (1 - label_smoothing) * y + label_smoothing / 2, an example's loss is
// max(x, 0) - x * y' + log1p(exp(-|x|)), and its backprop is sigmoid(x) - y'.
//
// Let `opposite` be the part of the label that disagrees with the logit's sign: 1 - y' if
// x >= 0, and y' if x < 0. Then, without a difference that could cancel,
//
//   loss = log1p(exp(-|x|)) + |x| * opposite
//   backprop = opposite - sigmoid(-|x|), with the opposite sign if x < 0
struct SigmoidCrossEntropy {
  static constexpr char kName[] = "SigmoidCrossEntropy";
  template <typename T>
  using Labels = DenseLabels<T>;
  static constexpr bool kHasClassAxis = false;

  // Infinite if the sum of the terms that TensorFlow adds is infinite.
  template <typename T>
  static double ByLabels(const Examples<SigmoidCrossEntropy, T>& examples, int64_t example) {
    const double x = ToDouble(examples.logits[example]);
    const double y = ToDouble(examples.labels.data[example]);
    const double on = 1.0 - examples.label_smoothing, off = examples.label_smoothing / 2;
    const auto product = static_cast<Real<T>>(x * (y * on + off));
    const double terms = std::max(x, 0.0) - product;
    if (std::isinf(terms)) return terms;
    const double opposite = (x < 0 ? y : 1.0 - y) * on + off;
    const double distance = std::fabs(x);
    return std::log1p(std::exp(-distance)) + (opposite == 0 ? 0.0 : distance * opposite);
  }
};

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

// log1p(exp(x)) for x <= 0, before its last roundings.
template <typename F>
struct Log1pOfExp;

// log1p(e) for e = exp(x) in [0, 1], which is e + e^2 * q(e). q is the minimax polynomial of
// (log1p(e) - e) / e^2, weighted by e^2 / log1p(e), found with the Remez algorithm in 60
// digits. The relative error of log1p(e) is 5.1e-9. The rounding error of e is multiplied by
// 1 / (1 + e), for which 1 - e / 2 is close enough, and added.
//
// The last steps are in double. In float, their roundings alone can add up to a unit in the last
// place.
template <>
struct Log1pOfExp<float> {
  FloatVec e, lost, q;

  KERAS_XENT_INLINE Log1pOfExp Of(const UnroundedExp<float>& exp, FloatVec e) {
    const FloatVec e2 = e * e;
    const FloatVec q0 = e * 0.33330511329493561f - 0.49999932763989123f;
    const FloatVec q2 = e * 0.19695400932609634f - 0.24958587505273199f;
    const FloatVec q4 = e * 0.10680557298732104f - 0.15355397382546436f;
    const FloatVec q6 = e * 0.020204594150459595f - 0.057664461647247717f;
    const FloatVec low = q2 * e2 + q0;
    const FloatVec high = q6 * e2 + q4;
    const FloatVec e4 = e2 * e2;
    const FloatVec lost_of_e = exp.power_of_two * exp.beyond - (e - exp.power_of_two);
    return {e, lost_of_e * (1.0f - e * 0.5f), (e4 * -0.0033184745852095059f + high) * e4 + low};
  }

  KERAS_XENT_ALWAYS_INLINE DoublePair Part(int part) const {
    const DoubleVec large = ToDoubles(e, part);
    return {large, large * large * ToDoubles(q, part) + ToDoubles(lost, part)};
  }
};

// In double, there is a division (see Log1p): with m = 1 + e, or (1 + e) / 2 from e = 1/2 on,
// log(m) = 2 s + s^3 * p(s^2), where s = (m - 1) / (m + 1). For the rounding errors of e and the
// divisor, a quotient with an error of a tenth is sufficient.
template <>
struct Log1pOfExp<double> {
  DoublePair sum;

  KERAS_XENT_INLINE Log1pOfExp Of(const UnroundedExp<double>& exp, DoubleVec e) {
    const auto is_halved = e > 0.5;
    const DoubleVec base = is_halved ? Broadcast(3.0) : Broadcast(2.0);
    const DoubleVec divisor = base + e;
    const DoubleVec s = (is_halved ? e - 1.0 : e) / divisor;
    const DoubleVec lost_of_e = exp.power_of_two * exp.beyond - (e - exp.power_of_two);
    const DoubleVec lost_of_divisor = e - (divisor - base);
    const DoubleVec inverse = is_halved ? Broadcast(0.268) : Broadcast(0.447);
    const DoubleVec lost_of_s = (lost_of_e - s * lost_of_divisor) * inverse;
    const DoubleVec z = s * s;
    const DoubleVec ln2 = is_halved ? Broadcast(0x1.62e42fefa39efp-1) : DoubleVec{};
    const DoubleVec lost_of_ln2 = is_halved ? Broadcast(0x1.abc9e3b39803fp-56) : DoubleVec{};
    const DoubleVec large = 2.0 * s + ln2;
    const DoubleVec lost_of_large = 2.0 * s - (large - ln2);
    return {{large,
             s * z * LogPolynomial<double>(z) + (2.0 * lost_of_s + (lost_of_large + lost_of_ln2))}};
  }

  KERAS_XENT_ALWAYS_INLINE DoublePair Part(int) const { return sum; }
};

template <typename F>
class SigmoidFormula {
 public:
  using V = Vec<F>;
  using Bits = Integers<F>;

  explicit SigmoidFormula(double label_smoothing)
      : on_(1 - label_smoothing),
        lost_of_on_((1 - on_) - label_smoothing),
        off_(label_smoothing / 2),
        sign_(BitCast<Bits>(-V{})),
        exp_(ScaledExp<F>::NearTo(V{})),
        without_distance_(Broadcast<F>(off_ == 0 ? F(0) : static_cast<F>(__builtin_nanf("")))) {}

  struct Element {
    V exp;                // exp(-|x|)
    Log1pOfExp<F> log1p;  // log1p(exp(-|x|))
    V distance;           // |x|
    V label;              // y
    V opposite;           // without smoothing
    V smoothed;           // opposite
    Bits sign_bit;        // of x
  };

  template <bool kWithLoss>
  KERAS_XENT_ALWAYS_INLINE Element At(V x, V y) const {
    Element element;
    const Bits bits = BitCast<Bits>(x);
    const UnroundedExp<F> exp = exp_.Unrounded(BitCast<V>(bits | sign_));
    element.exp = exp.Rounded();
    element.sign_bit = bits & sign_;
    element.label = y;
    element.opposite = bits < 0 ? y : F(1) - y;
    element.smoothed = element.opposite * static_cast<F>(on_) + static_cast<F>(off_);
    if constexpr (kWithLoss) {
      element.log1p = Log1pOfExp<F>::Of(exp, element.exp);
      // 0 * inf is 0 here.
      element.distance = element.opposite == without_distance_ ? V{} : BitCast<V>(bits & ~sign_);
    }
    return element;
  }

  // In double, because smoothing rounded to F would cause the same error in many losses.
  KERAS_XENT_ALWAYS_INLINE DoubleVec LossOfPart(const Element& element, int part) const {
    const DoubleVec distance = ToDoubles(element.distance, part);
    const DoubleVec opposite = ToDoubles(element.opposite, part);
    const DoublePair log1p = element.log1p.Part(part);
    if constexpr (sizeof(F) == sizeof(double)) {
      // Results in double are rounded only once, at the end.
      const DoublePair on_label = ExactProduct(opposite, Broadcast(on_));
      const DoublePair smoothed = ExactSum(on_label.large, Broadcast(off_));
      const DoubleVec lost =
          (LostOfOpposite(element) + opposite * lost_of_on_) + (on_label.small + smoothed.small);
      const DoublePair product = ExactProduct(distance, smoothed.large);
      const DoublePair sum = ExactSum(product.large, log1p.large);
      return sum.large + ((sum.small + log1p.small) + (product.small + distance * lost));
    }
    return (distance * (opposite * on_ + off_) + log1p.small) + log1p.large;
  }

  KERAS_XENT_ALWAYS_INLINE V Backprop(const Element& element, V coefficients) const {
    const V difference = element.smoothed - element.exp / (element.exp + F(1));
    return difference * BitCast<V>(BitCast<Bits>(coefficients) ^ element.sign_bit);
  }

 private:
  // The rounding error of 1 - y.
  KERAS_XENT_ALWAYS_INLINE V LostOfOpposite(const Element& element) const {
    const V lost = (F(1) - element.opposite) - element.label;
    return element.sign_bit < 0 ? V{} : lost;
  }

  const double on_, lost_of_on_, off_;  // y' = on * y + off
  const Bits sign_;
  const ScaledExp<F> exp_;
  const V without_distance_;  // the unsmoothed value for which `opposite` is 0, if there is one
};

template <bool kWithLoss, bool kWithBackprop, typename T>
void ComputeElements(const Task<SigmoidCrossEntropy, T>& task, const Piece<Real<T>>& piece) {
  using F = Real<T>;
  using V = Vec<F>;
  constexpr int64_t kStep = kLanes<F>;
  const SigmoidFormula<F> formula(task.label_smoothing);
  const V unit_coefficients = Broadcast<F>(static_cast<F>(task.unit_coefficient));
  const bool stream = task.stream;
  const int64_t count = piece.end - piece.begin;
  const T* const x = task.logits + piece.begin;
  const T* const y = task.labels.data + piece.begin;
  const F* const weights = piece.weights;
  double* const losses = piece.losses;
  T* const backprop = task.backprop + piece.begin;

  const auto coefficients = [&](V weight) __attribute__((always_inline)) {
    // In double, because the unit can be out of F's range even if the coefficients aren't.
    return FromDoubles(F(), ToDoubles(weight, 0) * task.unit_coefficient,
                       ToDoubles(weight, kParts<F> - 1) * task.unit_coefficient);
  };
  int64_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const auto element = formula.template At<kWithLoss>(Load(x + i), Load(y + i));
    if constexpr (kWithLoss) {
      for (int part = 0; part < kParts<F>; ++part) {
        Store(losses + i + part * kLanes<double>, formula.LossOfPart(element, part));
      }
    }
    if constexpr (kWithBackprop) {
      const V g =
          formula.Backprop(element, weights ? coefficients(Load(weights + i)) : unit_coefficients);
      if (stream) {
        StoreStreaming(backprop + i, g);
      } else {
        Store(backprop + i, g);
      }
    }
  }
  if (i < count) {
    const int64_t left = count - i;
    const auto element =
        formula.template At<kWithLoss>(LoadPartial(x + i, left), LoadPartial(y + i, left));
    if constexpr (kWithLoss) {
      double lanes[kStep];
      for (int part = 0; part < kParts<F>; ++part) {
        Store(lanes + part * kLanes<double>, formula.LossOfPart(element, part));
      }
      CopyFew<kStep / 2>(lanes, losses + i, left);
    }
    if constexpr (kWithBackprop) {
      const V g = formula.Backprop(
          element, weights ? coefficients(LoadPartial(weights + i, left)) : unit_coefficients);
      StorePartial(backprop + i, g, left);
    }
  }
  if (stream) StreamFence();
}

template <typename T>
void Compute(const Task<SigmoidCrossEntropy, T>& task, const Piece<Real<T>>& piece) {
  if (!task.backprop) return ComputeElements<true, false>(task, piece);
  if (!piece.losses) return ComputeElements<false, true>(task, piece);
  ComputeElements<true, true>(task, piece);
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SIGMOID_CROSS_ENTROPY_H_
