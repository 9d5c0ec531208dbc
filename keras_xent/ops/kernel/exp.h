// exp(x - m) for m >= x, in vectors.
#ifndef KERAS_XENT_EXP_H_
#define KERAS_XENT_EXP_H_

#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// exp(d) = 2^n * exp(r) with n = round(d / ln 2) and r = d - n * ln 2, so that
// |r| <= ln(2) / 2, and exp(r) = 1 + r + r^2 * p(r). p is the minimax
// polynomial of (exp(r) - 1 - r) / r^2, weighted by r^2, found with the Remez
// algorithm in 60 digits; its error is 4.8e-11 for float and 5.4e-20 for
// double, far below the rounding.
//
// kRound has its last place at 1: adding it rounds to an integer and leaves
// that integer, in two's complement, in the low bits. ln 2 is split so that
// n * kLn2High is exact.
struct FloatExp {
  using Bits = UInt32Vec;
  static constexpr float kLog2E = 1.4426950408889634f;
  static constexpr float kRound = 0x1.8p23f;
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -2.1219444005469058277e-4f;
  static constexpr float kSmallest = -87.33654475f;  // ln(2^-126)
  static constexpr int kMantissaBits = 23;
  static constexpr uint32_t kOne = 0x3f800000u;
  KERAS_XENT_INLINE FloatVec Polynomial(FloatVec r) {
    FloatVec p = r * 0.00019918387176345223f + 0.0013946073546362051f;
    p = p * r + 0.0083332643517659217f;
    p = p * r + 0.041666269938655737f;
    p = p * r + 0.16666666860709471f;
    return p * r + 0.50000000779042714f;
  }
};

struct DoubleExp {
  using Bits = UInt64Vec;
  static constexpr double kLog2E = 1.4426950408889634074;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kLn2High = 0x1.62e42fefa38p-1;
  static constexpr double kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kSmallest = -708.39641853226410622;  // ln(2^-1022)
  static constexpr int kMantissaBits = 52;
  static constexpr uint64_t kOne = 0x3ff0000000000000;
  KERAS_XENT_INLINE DoubleVec Polynomial(DoubleVec r) {
    DoubleVec p = r * 2.0926897337187268353e-9 + 2.5112240197615786201e-8;
    p = p * r + 2.7557233515262972861e-7;
    p = p * r + 2.7557234235650646261e-6;
    p = p * r + 0.000024801587373549183592;
    p = p * r + 0.00019841269897060243418;
    p = p * r + 0.0013888888888858545512;
    p = p * r + 0.0083333333333167380095;
    p = p * r + 0.041666666666666724281;
    p = p * r + 0.16666666666666683845;
    return p * r + 0.49999999999999999966;
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

// Results below the smallest normal number are 0; NaN stays NaN.
template <typename F>
KERAS_XENT_INLINE Vec<F> ExpOfDifference(Vec<F> x, Vec<F> m) {
  using E = typename ExpOf<F>::type;
  using V = Vec<F>;
  V d = x - m;
  // The rounding error of the subtraction (Knuth's two-sum: x - m == d + lost
  // exactly). Without it exp would be off by up to |d| / 2 units in the last
  // place, 16 of them for logits 0.1 and 20.1.
  V b = d - x;
  V lost = (x - (d - b)) - (m + b);
  V shifted = d * E::kLog2E + E::kRound;
  V n = shifted - E::kRound;
  V r = ((d - n * E::kLn2High) - n * E::kLn2Low) + lost;
  V exp_r = (r * r * E::Polynomial(r) + r) + F(1);
  using Bits = typename E::Bits;
  V two_to_n = BitCast<V>((BitCast<Bits>(shifted) << E::kMantissaBits) + E::kOne);
  V result = exp_r * two_to_n;
  return d < E::kSmallest ? V{} : result;
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_EXP_H_
