// log(1 + e) for e >= 0, in vectors of double.
#ifndef KERAS_XENT_LOG1P_H_
#define KERAS_XENT_LOG1P_H_

#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// u = 1 + e loses `lost` of e; log1p(e) = log(u) + lost / u up to rounding. The
// caller has `inverse_u`, 1 / u, to a few digits or better.
//
// log(u) = k * ln 2 + log(m) with m in [sqrt(1/2), sqrt(2)), and with
// s = (m - 1) / (m + 1), log(m) = 2 s + s^3 * p(s^2). p is the minimax
// polynomial of (log(m) - 2 s) / s^3, found with the Remez algorithm in 60
// digits; its error relative to log(m) is 1.2e-18.
KERAS_XENT_INLINE DoubleVec Log1p(DoubleVec e, DoubleVec inverse_u) {
  DoubleVec u = 1.0 + e;
  DoubleVec lost = e - (u - 1.0);
  // Adding `bias` to the bits carries into the exponent where m would be above
  // sqrt(2).
  constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
  constexpr uint64_t kOne = 0x3ff0000000000000;
  constexpr uint64_t kMantissa = 0x000fffffffffffff;
  UInt64Vec bits = BitCast<UInt64Vec>(u) + (kOne - kSqrtHalf);
  DoubleVec k = __builtin_convertvector(BitCast<Int64Vec>(bits >> 52) - 0x3ff, DoubleVec);
  DoubleVec m = BitCast<DoubleVec>((bits & kMantissa) + kSqrtHalf);
  DoubleVec s = (m - 1.0) / (m + 1.0);
  DoubleVec z = s * s;
  DoubleVec p = z * 0.14797508410453424787 + 0.15313903169156026193;
  p = p * z + 0.18183569743210729357;
  p = p * z + 0.22222198475911116006;
  p = p * z + 0.28571428743263543611;
  p = p * z + 0.39999999999411087578;
  p = p * z + 0.66666666666667348965;
  DoubleVec log_m = s * z * p + 2.0 * s;
  return (k * 0x1.62e42fefa38p-1 + log_m) + (k * 0x1.ef35793c7673p-45 + lost * inverse_u);
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOG1P_H_
