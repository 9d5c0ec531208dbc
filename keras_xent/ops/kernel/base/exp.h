// exp(x), scaled so that it neither overflows nor underflows, in vectors.
#ifndef KERAS_XENT_BASE_EXP_H_
#define KERAS_XENT_BASE_EXP_H_

#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// exp(z) = 2^n * exp(r) with n = round(z / ln 2) and r = z - n * ln 2, so that
// |r| <= ln(2) / 2, and exp(r) = 1 + r + r^2 * p(r). p is the minimax
// polynomial of (exp(r) - 1 - r) / r^2, weighted by r^2 / exp(r), found with the
// Remez algorithm in 60 digits. The relative error of exp(r) is 3.1e-9 for float
// and 5.3e-20 for double, far below the rounding. It is evaluated as a tree (Estrin),
// which has a shorter latency.
//
// The last place of kRound is 1, so adding it rounds to an integer and leaves that integer,
// in two's complement, in the low bits. ln 2 is split so that n * kLn2High is exact for every
// possible n (see kNear).
struct FloatExp {
  using Bits = UInt32Vec;
  using Bit = uint32_t;
  static constexpr float kLog2E = 1.4426950408889634f;
  static constexpr float kRound = 0x1.8p23f;
  static constexpr float kLn2High = 0x1.62e4p-1f;
  static constexpr float kLn2Low = 0x1.7f7d1cf79abcap-20f;
  static constexpr float kNear = 256;
  static constexpr int kBias = 127;
  static constexpr int kMantissaBits = 23;
  KERAS_XENT_INLINE FloatVec Polynomial(FloatVec r, FloatVec r2) {
    const FloatVec low = r * 0.16666520706341847f + 0.49999993439582925f;
    const FloatVec high = r * 0.0083687077844995575f + 0.041668392328175361f;
    return (r2 * 0.0013814219013155915f + high) * r2 + low;
  }
};

struct DoubleExp {
  using Bits = UInt64Vec;
  using Bit = uint64_t;
  static constexpr double kLog2E = 1.4426950408889634074;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kLn2High = 0x1.62e42fefa2p-1;
  static constexpr double kLn2Low = 0x1.9ef35793c7673p-41;
  static constexpr double kNear = 2048;
  static constexpr int kBias = 1023;
  static constexpr int kMantissaBits = 52;
  KERAS_XENT_INLINE DoubleVec Polynomial(DoubleVec r, DoubleVec r2) {
    const DoubleVec p0 = r * 0.16666666666666683399 + 0.5000000000000000044;
    const DoubleVec p2 = r * 0.0083333333333170511058 + 0.041666666666666092535;
    const DoubleVec p4 = r * 0.00019841269896340886131 + 0.001388888888911654485;
    const DoubleVec p6 = r * 2.7557234905864991326e-6 + 0.000024801586924690773934;
    const DoubleVec p8 = r * 2.5112021191568568456e-8 + 2.7557583630945693069e-7;
    const DoubleVec r4 = r2 * r2;
    const DoubleVec low = p2 * r2 + p0;
    const DoubleVec middle = p6 * r2 + p4;
    const DoubleVec high = r2 * 2.082603703004968529e-9 + p8;
    return (high * r4 + middle) * r4 + low;
  }
};

template <typename F>
struct ExpOf {
  using type = FloatExp;
};
template <>
struct ExpOf<double> {
  using type = DoubleExp;
};

// An exp before its last rounding: power_of_two + power_of_two * beyond, where beyond is between
// -0.3 and 0.42. The power of two is exact.
template <typename F>
struct UnroundedExp {
  Vec<F> power_of_two, beyond;
  // One instruction, if it can be fused.
  KERAS_XENT_ALWAYS_INLINE Vec<F> Rounded() const { return beyond * power_of_two + power_of_two; }
};

// exp(x - shift) * 2^-power for numbers x that are not much larger than the number
// that the scale was made for. NaN stays NaN. A result below the smallest normal
// number is 0.
//
// For a number near 0, shift is 0, and the power brings the result into range, without
// rounding. For a number beyond kNear, shift is the number itself. Then x - shift is
// exact for every x whose result is not 0, because x is between half and twice the
// shift (Sterbenz). If x - shift were rounded, exp would be off by |x - shift| / 2
// units in the last place.
template <typename F>
class ScaledExp {
 public:
  using V = Vec<F>;
  using E = typename ExpOf<F>::type;
  using Bits = typename E::Bits;

  ScaledExp() = default;

  KERAS_XENT_INLINE ScaledExp NearTo(V x) {
    ScaledExp exp;
    const auto is_near = (x < E::kNear) & (x > -E::kNear);
    const V power = is_near ? (x * E::kLog2E + E::kRound) - E::kRound : V{};
    exp.shift_ = is_near ? V{} : x;
    exp.power_ = power;
    exp.lowest_ = (power - F(E::kBias)) * static_cast<F>(0.69314718055994530942);
    // n - power in the low bits, moved to where the exponent is.
    exp.exponent_ = Exponent(F(E::kBias) - power);
    return exp;
  }

  KERAS_XENT_ALWAYS_INLINE V operator()(V x) const { return Unrounded(x).Rounded(); }

  KERAS_XENT_ALWAYS_INLINE UnroundedExp<F> Unrounded(V x) const {
    V z = x - shift_;
    z = Max<F>(z, lowest_);  // in this order, it keeps NaN
    const V rounded = z * E::kLog2E + E::kRound;
    const V n = rounded - E::kRound;
    const V r = (z - n * E::kLn2High) - n * E::kLn2Low;
    const V r2 = r * r;
    const V exp_r_minus_1 = r2 * E::Polynomial(r, r2) + r;
    // At lowest_ the exponent is 0, and so is the number with these bits.
    const V two_to_n = BitCast<V>((BitCast<Bits>(rounded) << E::kMantissaBits) + exponent_);
    return {two_to_n, exp_r_minus_1};
  }

  V shift() const { return shift_; }
  V power() const { return power_; }

 private:
  KERAS_XENT_INLINE Bits Exponent(V integer) {
    return BitCast<Bits>(integer + E::kRound) << E::kMantissaBits;
  }

  V shift_, power_, lowest_;
  Bits exponent_;
};

// x - shift - power * ln 2: ScaledExp's result is the exp of this.
KERAS_XENT_INLINE DoubleVec Remainder(DoubleVec x, DoubleVec shift, DoubleVec power) {
  return ((x - shift) - power * DoubleExp::kLn2High) - power * DoubleExp::kLn2Low;
}

// exp(r) for |r| <= ln(2) / 2, with the precision that results of type F need. For float, the
// polynomial is shorter, with a relative error of 5.2e-11.
template <typename F>
KERAS_XENT_INLINE DoubleVec ExpOfRemainder(DoubleVec r) {
  const DoubleVec r2 = r * r;
  if constexpr (sizeof(F) == sizeof(double)) {
    return (r2 * DoubleExp::Polynomial(r, r2) + r) + 1.0;
  } else {
    const DoubleVec p0 = r * 0.16666665869415550308 + 0.5000000067642729909;
    const DoubleVec p2 = r * 0.0083334970086300221323 + 0.041666295092932362882;
    const DoubleVec p4 = r * 0.00019790352226506716439 + 0.0013944648637828888639;
    return (r2 * ((p4 * r2 + p2) * r2 + p0) + r) + 1.0;
  }
}

// The factor that converts exps from one scale to the other.
template <typename F>
KERAS_XENT_INLINE double ScaleRatio(F from_shift, F from_power, F to_shift, F to_power) {
  const double powers = static_cast<double>(from_power) - static_cast<double>(to_power);
  const double shifts = static_cast<double>(from_shift) - static_cast<double>(to_shift);
  const double z = (shifts + powers * DoubleExp::kLn2High) + powers * DoubleExp::kLn2Low;
  return ScaledExp<double>::NearTo(DoubleVec{})(Broadcast<double>(z))[0];
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_EXP_H_
