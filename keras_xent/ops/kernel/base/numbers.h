// The types of numbers in tensors, and the types of the arithmetic.
#ifndef KERAS_XENT_BASE_NUMBERS_H_
#define KERAS_XENT_BASE_NUMBERS_H_

#include <cstdint>

// Functions that are compiled for several instruction sets under one name must be inlined.
// Otherwise, the linker would use one of them for all.
#define KERAS_XENT_ALWAYS_INLINE inline __attribute__((always_inline))

namespace keras_xent {

// Stored 16-bit floating point numbers. Arithmetic on them is in float.
struct Half {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

template <typename...>
struct TypeList {};

using Numbers = TypeList<Half, BFloat16, float, double>;

// The type of the arithmetic on elements of type T.
template <typename T>
struct RealOf {
  using type = float;
};
template <>
struct RealOf<double> {
  using type = double;
};
template <typename T>
using Real = typename RealOf<T>::type;

// A cache line, the unit in which memory is read and written.
constexpr int64_t kLineBytes = 64;

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_NUMBERS_H_
