// log(1 + rest / part) for rest >= 0, in vectors of double.
#ifndef KERAS_XENT_BASE_LOG1P_H_
#define KERAS_XENT_BASE_LOG1P_H_

#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// The minimax polynomial of (log(m) - 2 s) / s^3 in s^2, weighted by
// s^3 / log(m), for |s| <= 1/5, found with the Remez algorithm in 60 digits. The
// error of log(m) relative to it is 1.5e-17 for results in double and 2.3e-11
// for those in float.
template <typename F>
KERAS_XENT_INLINE DoubleVec LogPolynomial(DoubleVec z) {
  if constexpr (sizeof(F) == sizeof(double)) {
    DoubleVec p = z * 0.15367270227907130007 + 0.15250315884046050804;
    p = p * z + 0.18186349187521562529;
    p = p * z + 0.22222138684562107632;
    p = p * z + 0.28571429392829388022;
    p = p * z + 0.39999999996176889273;
    return p * z + 0.66666666666672679472;
  } else {
    const DoubleVec low = z * 0.4000085845268785625 + 0.66666663111305175855;
    const DoubleVec high = z * 0.24097222399595001648 + 0.28507228606975734994;
    return high * (z * z) + low;
  }
}

// log(sum / part) for the rounded sum = part + rest, with the precision that a result of type F
// needs. Its error is relative to log1p(rest / part), even if that is small.
//
// sum / part = 2^k * m, and with s = (m - 1) / (m + 1),
// log(m) = 2 s + s^3 * p(s^2). Both terms of s are multiplied by 2^k * part, so
// there is only one division. The bits of a positive number, read as an integer,
// approximate its logarithm to base 2 within 0.09. k is the rounded difference of two
// of them, so m is in [2/3, 3/2], and k is 0 if rest is small compared with part.
template <typename F>
KERAS_XENT_INLINE DoubleVec Log1p(DoubleVec rest, DoubleVec part, DoubleVec sum) {
  constexpr int kMantissaBits = 52;
  constexpr uint64_t kHalf = uint64_t{1} << (kMantissaBits - 1);
  // Its last place is 1, so an integer that is added to its bits is added to the number.
  constexpr double kInteger = 0x1.8p52;
  const UInt64Vec part_bits = BitCast<UInt64Vec>(part);
  const UInt64Vec k = (BitCast<UInt64Vec>(sum) - part_bits + kHalf) >> kMantissaBits;
  const DoubleVec two_to_k_parts = BitCast<DoubleVec>(part_bits + (k << kMantissaBits));
  const DoubleVec n =
      BitCast<DoubleVec>(k + BitCast<UInt64Vec>(Broadcast<double>(kInteger))) - kInteger;
  const DoubleVec s = (rest + (part - two_to_k_parts)) / (sum + two_to_k_parts);
  const DoubleVec z = s * s;
  const DoubleVec log_m = s * z * LogPolynomial<F>(z) + 2.0 * s;
  return (n * 0x1.62e42fefa38p-1 + log_m) + n * 0x1.ef35793c7673p-45;
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_LOG1P_H_
