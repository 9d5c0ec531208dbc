// Converts single numbers of the stored types to and from double.
#ifndef KERAS_XENT_BASE_CONVERT_H_
#define KERAS_XENT_BASE_CONVERT_H_

#include <cmath>
#include <cstring>

#include "base/numbers.h"

namespace keras_xent {

inline uint32_t FloatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float FloatFromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

template <typename T>
T FromDouble(double value);

template <>
inline double FromDouble<double>(double value) {
  return value;
}

template <>
inline float FromDouble<float>(double value) {
  return static_cast<float>(value);
}

template <>
inline BFloat16 FromDouble<BFloat16>(double value) {
  const uint32_t bits = FloatBits(static_cast<float>(value));
  if (std::isnan(value)) return {static_cast<uint16_t>((bits >> 16) | 0x40u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

template <>
inline Half FromDouble<Half>(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000u : 0;
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return {static_cast<uint16_t>(sign | 0x7e00u)};
  // 65520 is halfway between the largest half and the next step, and rounds up.
  if (magnitude >= 65520.0) return {static_cast<uint16_t>(sign | 0x7c00u)};
  if (magnitude < 0x1p-14) {  // subnormal: a multiple of 2^-24
    return {
        static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24)))};
  }
  int exponent;
  const double mantissa = std::frexp(magnitude, &exponent);                     // in [0.5, 1)
  const auto steps = static_cast<uint32_t>(std::nearbyint(mantissa * 0x1p11));  // 1024..2048
  // A mantissa that rounds up to 2048 carries into the exponent.
  return {static_cast<uint16_t>(sign | ((static_cast<uint32_t>(exponent + 13) << 10) + steps))};
}

inline double ToDouble(double value) { return value; }
inline double ToDouble(float value) { return value; }
inline double ToDouble(BFloat16 value) {
  return FloatFromBits(static_cast<uint32_t>(value.bits) << 16);
}
inline double ToDouble(Half value) {
  const int exponent = (value.bits >> 10) & 0x1f;
  const int mantissa = value.bits & 0x3ff;
  double magnitude;
  if (exponent == 0x1f) {
    magnitude = mantissa ? NAN : INFINITY;
  } else if (exponent == 0) {
    magnitude = mantissa * 0x1p-24;
  } else {
    magnitude = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return value.bits & 0x8000u ? -magnitude : magnitude;
}

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_CONVERT_H_
